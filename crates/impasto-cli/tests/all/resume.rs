//! `resume`: a run may be stopped by anything at any moment. It continues from its checkpoint and ends with the same
//! bytes.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // a failing test

use std::fs;

use crate::common::{Folder, Running, in_small_file_system, wait};
use serde_json::Value;

/// A run of three scales with a checkpoint after every step. Its messages are longer than a pipe holds. So the run
/// cannot end before the test has read all but the last half of the steps.
const RUN: &str = "stylize c.png s.png -o o.png --size 96 --min-size 48 --iterations 80 --progress json \
                   --checkpoint k --checkpoint-every 0s";

fn start(folder: &Folder, line: &str) -> Running {
    Running::start(folder.command(line.split_whitespace()))
}

/// Returns the result of the run if nothing stops it.
fn undisturbed() -> Vec<u8> {
    let folder = Folder::with_pictures();
    folder.succeeds(RUN);
    assert_eq!(folder.names(), ["c.png", "o.png", "s.png", "t.png"], "the checkpoint goes away at the end");
    folder.bytes("o.png")
}

#[test]
fn a_killed_run_ends_with_the_same_bytes() {
    a_run_killed(5);
}

#[test]
#[ignore = "soak: run by .ci/run full"]
fn soak_a_run_killed_twenty_times_ends_with_the_same_bytes() {
    a_run_killed(20);
}

fn a_run_killed(times: usize) {
    let expected = undisturbed();
    let folder = Folder::with_pictures();
    let (mut kills, mut furthest) = (0, 0);
    let next = |folder: &Folder| if folder.has("k") { "resume k --progress json" } else { RUN };
    for time in 0..times {
        let mut run = start(&folder, next(&folder));
        // The kill comes after some steps, in an irregular order, or before the first. Each run continues from the last
        // checkpoint.
        for _ in 0..[3, 0, 7, 1, 5, 0, 2, 8, 4][time % 9] {
            run.read_until(|line| line.contains("\"step\""));
        }
        run.child.kill().unwrap();
        kills += usize::from(wait(&mut run.into_child()).is_none());
        // A picture is whole or does not exist.
        if folder.has("o.png") {
            folder.decoded("o.png");
        }
        if folder.has("k") {
            let done = impasto::Checkpoint::read(&folder.path("k")).unwrap();
            let note: Value = serde_json::from_str(done.note()).unwrap();
            let steps = note["steps"].as_array().unwrap().len();
            assert!(steps >= furthest, "from {furthest} back to {steps} iterations");
            furthest = steps;
        }
    }
    // Late kills may come after the end. Early kills do not.
    assert!(kills > 0 && furthest > 0, "{kills} of {times} kills, the last after {furthest} iterations");
    folder.succeeds(next(&folder));
    assert_eq!(folder.bytes("o.png"), expected);
    assert_eq!(folder.names(), ["c.png", "o.png", "s.png", "t.png"]);
}

#[test]
fn an_interrupted_run_says_how_to_go_on() {
    let expected = undisturbed();
    for signal in ["INT", "TERM"] {
        let folder = Folder::with_pictures();
        // With this interval, only the last checkpoint is written.
        let mut run =
            start(&folder, &RUN.replace("--checkpoint-every 0s", "--checkpoint-every 1h --report r.json"));
        run.read_until(|line| line.contains("\"step\""));
        run.signal(signal);
        let ran = run.end();
        ran.assert_failed(130, signal);
        ran.assert_says(&["impasto resume k", "o.png"]);
        // The run continues from another folder, with another number of threads.
        let elsewhere = Folder::new();
        let path = folder.path("k").display().to_string();
        let resumed = elsewhere.run(["resume", &path, "--threads", "1", "--progress", "none"]);
        assert_eq!(resumed.code, Some(0), "{resumed}");
        assert_eq!(folder.bytes("o.png"), expected, "{signal}");
        assert!(!folder.has("k"));
        // The report covers the whole run.
        let steps = folder.json("r.json")["steps"].as_array().unwrap().len();
        assert_eq!(steps, 3 * 80);
    }
}

#[test]
fn what_cannot_be_resumed_is_refused_with_what_is_wrong() {
    let folder = Folder::with_pictures();
    let mut run = start(&folder, RUN);
    run.read_until(|line| line.contains("\"step\""));
    run.signal("INT");
    run.end();
    let (good, content) = (folder.bytes("k"), folder.bytes("c.png"));

    folder.fails(2, "resume nothing").assert_says(&["cannot read nothing"]);
    folder.fails(2, "resume c.png").assert_says(&[
        "c.png is a picture",
        "expected a checkpoint",
        "start the run again",
    ]);
    folder.write("c.png.checkpoint", &good);
    folder.fails(2, "resume c.png").assert_says(&["`impasto resume c.png.checkpoint` goes on"]);
    for (what, bytes) in [("flipped", flipped(&good)), ("cut", good[..good.len() - 7].to_vec())] {
        folder.write("bad", &bytes);
        folder.fails(2, "resume bad").assert_says(&["bad is not an intact checkpoint"]);
        assert_eq!(folder.bytes("bad"), bytes, "{what}: touched");
    }
    folder.draw("c.png", 48, 36, 0.3);
    folder.fails(2, "resume k").assert_says(&["c.png has changed since the checkpoint was written"]);
    fs::remove_file(folder.path("c.png")).unwrap();
    folder.fails(2, "resume k").assert_says(&["c.png"]);
    folder.write("c.png", &content);
    let mut other_set = folder.command(["resume", "k"]);
    other_set.env("IMPASTO_INSTRUCTION_SET", "portable");
    // The checkpoint's instruction set takes precedence, so that the bytes are the same.
    assert_eq!(crate::common::finish(other_set).code, Some(0));
}

fn flipped(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let place = bytes.len() / 2;
    bytes[place] ^= 1;
    bytes
}

#[test]
fn options_of_checkpoints_are_checked() {
    let folder = Folder::with_pictures();
    let quick = "stylize c.png s.png -o o.png --iterations 1";
    folder.write("there", b"something");
    folder
        .fails(2, &format!("{quick} --checkpoint there"))
        .assert_says(&["there is there already", "impasto resume there"]);
    folder.fails(2, &format!("{quick} --checkpoint c.png")).assert_says(&["c.png is an input"]);
    folder.fails(2, &format!("{quick} --checkpoint no/where")).assert_says(&["--checkpoint"]);
    folder.fails(2, &format!("{quick} --checkpoint k --checkpoint-every often")).assert_says(&[
        "--checkpoint-every",
        "found often",
        "5m",
    ]);
    folder.fails(2, &format!("{quick} --no-checkpoint --checkpoint k")).assert_says(&["--no-checkpoint"]);
    // The end of a run removes its checkpoint, so no other file may have its name.
    folder.fails(2, &format!("{quick} --checkpoint o.png")).assert_says(&["--output names the checkpoint"]);
    folder
        .fails(2, &format!("{quick} --checkpoint r --report r"))
        .assert_says(&["--report names the checkpoint"]);
    folder
        .fails(2, &format!("{quick} --report o.png.checkpoint"))
        .assert_says(&["--report names the checkpoint"]);
    folder
        .fails(2, &format!("{quick} --save-every 1 --checkpoint o_0001.png"))
        .assert_says(&["--save-every would overwrite o_0001.png"]);
    // A short run leaves no checkpoint and needs none.
    folder.succeeds(quick);
    assert!(!folder.has("o.png.checkpoint"));
}

#[test]
fn a_full_disk_for_the_checkpoint_does_not_end_the_run() {
    let folder = Folder::with_pictures();
    // The result is on another disk. Only the checkpoint does not fit.
    let script = "\"$0\" stylize c.png s.png -o o.png --size 96 --iterations 3 --progress none \
                  --checkpoint m/k --checkpoint-every 0s; echo code $?; ls -A m";
    let Some(ran) = in_small_file_system(&folder, "a_full_disk_for_the_checkpoint", script) else { return };
    assert!(ran.stdout.contains("code 0"), "{ran}");
    assert!(ran.stderr.contains("warning: the run goes on, but cannot be saved"), "{ran}");
    assert_eq!(ran.stdout.lines().last(), Some("code 0"), "something was left behind: {ran}");
    folder.decoded("o.png");
}

#[test]
fn a_long_run_is_saved_without_being_asked() {
    let folder = Folder::with_pictures();
    let line = "stylize c.png s.png -o o.png --size 96 --iterations 1000000 --progress json";
    for earlier in 0..3 {
        let mut run = start(&folder, line);
        run.read_until(|line| line.contains("\"iteration\":20,"));
        run.signal("INT");
        let ran = run.end();
        ran.assert_failed(130, "interrupted");
        assert_eq!(ran.hint(), "`impasto resume o.png.checkpoint` goes on");
        impasto::Checkpoint::read(&folder.path("o.png.checkpoint")).unwrap();
        // The checkpoint of another run in the same place is kept.
        let old = ["o.png.checkpoint.old", "o.png.checkpoint.old2"].map(|name| folder.has(name));
        assert_eq!(old.into_iter().filter(|there| *there).count(), earlier);
    }
}

#[test]
fn what_vanishes_while_it_runs_is_not_missed() {
    let expected = undisturbed();
    let folder = Folder::with_pictures();
    let mut run = start(&folder, RUN);
    run.read_until(|line| line.contains("\"step\""));
    fs::remove_file(folder.path("c.png")).unwrap();
    fs::remove_file(folder.path("s.png")).unwrap();
    run.read_until(|line| line.contains("wrote"));
    assert_eq!(run.end().code, Some(0));
    assert_eq!(folder.bytes("o.png"), expected);
}

/// A model's name or a way to begin keeps its meaning in a checkpoint, even if a file or a folder has the same name.
#[test]
fn names_stay_names_in_a_checkpoint() {
    let folder = Folder::with_pictures();
    fs::create_dir(folder.path("content")).unwrap();
    fs::create_dir(folder.path("lite")).unwrap();
    let mut run = start(&folder, &format!("{RUN} --init content"));
    run.read_until(|line| line.contains("\"step\""));
    run.signal("INT");
    run.end();
    folder.succeeds("resume k --progress none");
}
