//! Ctrl-C and other signals: the command stops during its work, saves the current picture, reports that, and leaves no
//! temporary file.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // a failing test

use std::process::Command;

use crate::common::{Folder, Ran, Running, wait, wait_until};
use serde_json::json;

fn start(folder: &Folder, line: &str) -> Running {
    Running::start(folder.command(line.split_whitespace()))
}

fn is_step(line: &str) -> bool {
    line.contains("\"step\"")
}

/// Checks the exit code and the message of an interrupted command.
#[track_caller]
fn assert_interrupted(ran: &Ran) {
    ran.assert_failed(130, "interrupted");
    ran.assert_says(&["interrupted"]);
}

/// The size that the message names: `(WxH)`.
fn size_said(ran: &Ran) -> (usize, usize) {
    // A hint may follow: a run that would take long on this machine has a checkpoint.
    let said = ran.stderr.lines().find(|line| line.contains("holds the picture")).unwrap();
    let (_, rest) = said.rsplit_once('(').unwrap();
    let (width, height) = rest.split_once(')').unwrap().0.split_once('x').unwrap();
    (width.parse().unwrap(), height.parse().unwrap())
}

// === stylize ===

#[test]
fn a_signal_saves_what_there_is() {
    for signal in ["INT", "TERM"] {
        let folder = Folder::with_pictures();
        folder.write("o.png", b"an older result");
        let mut run = start(
            &folder,
            "stylize c.png s.png -o o.png --size 96 --no-checkpoint --iterations 100000 --progress json --report r.json",
        );
        run.read_until(is_step);
        run.signal(signal);
        let ran = run.end();
        assert_interrupted(&ran);
        ran.assert_says(&["o.png"]);
        let picture = folder.decoded("o.png").picture;
        assert_eq!((picture.size(), size_said(&ran)), ((96, 72), (96, 72)), "{signal}");
        let report = folder.json("r.json");
        assert_eq!((&report["outcome"], &report["output"]), (&json!("interrupted"), &json!("o.png")));
        assert!(!report["steps"].as_array().unwrap().is_empty());
        assert_eq!(folder.names(), ["c.png", "o.png", "r.json", "s.png", "t.png"], "{signal}");
    }
}

#[test]
fn a_short_run_can_go_on() {
    let folder = Folder::with_pictures();
    let mut run = start(&folder, "stylize c.png s.png -o o.png --size 96 --iterations 5000 --progress json");
    run.read_until(is_step);
    run.signal("INT");
    let ran = run.end();
    assert_interrupted(&ran);
    ran.assert_says(&["o.png holds the picture", "`impasto resume o.png.checkpoint` goes on"]);
    assert!(folder.has("o.png") && folder.has("o.png.checkpoint"));
    let mut resumed = start(&folder, "resume o.png.checkpoint --progress json");
    resumed.read_until(is_step);
    resumed.signal("INT");
    assert_interrupted(&resumed.end());
}

#[test]
fn what_is_saved_has_the_transparency_of_the_content() {
    let folder = Folder::with_pictures();
    folder.draw_transparent("a.png", 48, 36);
    let mut run =
        start(&folder, "stylize a.png s.png -o o.png --no-checkpoint --iterations 100000 --progress json");
    run.read_until(is_step);
    run.signal("INT");
    assert_interrupted(&run.end());
    assert_eq!(folder.decoded("o.png").alpha, folder.decoded("a.png").alpha);
}

#[test]
fn before_the_first_iteration_the_older_result_stays() {
    for signal in ["INT", "TERM"] {
        let folder = Folder::with_pictures();
        folder.write("o.png", b"an older result");
        // At this size the first iteration takes seconds. The note about the preset comes just before it.
        let mut run = start(
            &folder,
            "stylize c.png s.png -o o.png --size 3000 --min-size 3000 --preset gatys --iterations 9 --report r.json",
        );
        run.read_until(|line| line.contains("note: "));
        run.signal(signal);
        let ran = run.end();
        assert_interrupted(&ran);
        ran.assert_says(&["nothing was"]);
        assert_eq!(folder.bytes("o.png"), b"an older result");
        let report = folder.json("r.json");
        assert_eq!((&report["outcome"], &report["steps"]), (&json!("interrupted"), &json!([])));
        assert_eq!(folder.names(), ["c.png", "o.png", "r.json", "s.png", "t.png"], "{signal}");
    }
}

#[test]
fn the_message_tells_of_the_picture_that_was_written() {
    let folder = Folder::with_pictures();
    let mut run = start(
        &folder,
        "stylize c.png s.png -o o.png --size 1000 --min-size 500 --iterations 1,1,1000 --progress json --report r.json",
    );
    // The last scale but one is done, and the last has just begun.
    run.read_until(|line| is_step(line) && line.contains("\"width\":707"));
    run.signal("INT");
    let ran = run.end();
    assert_interrupted(&ran);
    let size = folder.decoded("o.png").picture.size();
    assert_eq!(size_said(&ran), size, "said and written");
    let report = folder.json("r.json");
    assert_eq!((&report["width"], &report["height"]), (&json!(size.0), &json!(size.1)));
}

#[test]
fn a_large_picture_stops_as_soon() {
    let folder = Folder::with_pictures();
    let mut run = start(
        &folder,
        "stylize c.png s.png -o o.png --size 1600 --min-size 1600 --content-layers relu1_1 --style-layers relu1_1 \
         --statistic mean-std --iterations 1000 --progress json",
    );
    run.read_until(is_step);
    run.signal("TERM");
    assert_interrupted(&run.end());
    assert_eq!(folder.decoded("o.png").picture.size(), (1600, 1200));
}

#[test]
fn a_second_signal_leaves_no_temporary_file() {
    let folder = Folder::with_pictures();
    // The file has some megabytes, so that the test can see it being written.
    folder.draw_16_bits("deep.png", &crate::common::waves(48, 36, 0.0));
    let mut run = start(
        &folder,
        "stylize deep.png s.png -o o.tif --size 1600 --min-size 1600 --content-layers relu1_1 --style-layers relu1_1 \
         --statistic mean-std --iterations 1000 --progress json",
    );
    run.read_until(is_step);
    run.signal("INT");
    wait_until("the picture to be written", || {
        run.child.try_wait().unwrap().is_some()
            || folder.names().iter().any(|name| name.contains("impasto-part"))
    });
    // The second signal ends the command at once. If the command has ended already, `kill` finds no process.
    let id = run.child.id().to_string();
    let _ = Command::new("kill").args(["-s", "INT", &id]).output().unwrap();
    let ran = run.end();
    assert_eq!(ran.code, Some(130), "{ran}");
    let names = folder.names();
    assert!(!names.iter().any(|name| name.contains("impasto-part")), "{names:?}");
}

#[test]
#[ignore = "handlers are set for all signals: SIGHUP under nohup ends the run, with its picture saved"]
fn what_the_parent_ignores_stays_ignored() {
    // The script does what `nohup` does: the terminal closes, and the run continues.
    for signal in ["HUP", "INT"] {
        let folder = Folder::with_pictures();
        let script = format!(r#"trap '' {signal}; exec "$0" "$@""#);
        let mut command = Command::new("sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_impasto")]).current_dir(folder.path("."));
        command.args(
            "stylize c.png s.png -o o.png --no-checkpoint --iterations 100000 --progress json"
                .split_whitespace(),
        );
        let mut run = Running::start(command);
        run.read_until(is_step);
        run.signal(signal);
        // The pipe held fewer lines than this when the signal came.
        for _ in 0..500 {
            run.read_until(is_step);
        }
        run.signal("TERM");
        assert_interrupted(&run.end());
    }
}

#[test]
fn a_terminal_that_goes_away_saves_too() {
    let folder = Folder::with_pictures();
    let mut run =
        start(&folder, "stylize c.png s.png -o o.png --no-checkpoint --iterations 100000 --progress json");
    run.read_until(is_step);
    run.signal("HUP");
    assert_interrupted(&run.end());
    assert_eq!(folder.decoded("o.png").picture.size(), (48, 36));
}

// === Other commands ===

/// Lets a command work for a while, interrupts it, and returns its end.
#[cfg(target_os = "linux")]
fn in_its_work(line: &str) -> Ran {
    let folder = Folder::with_pictures();
    let before = folder.names();
    let mut run = start(&folder, line);
    // The command would work for many seconds.
    run.work(50);
    assert!(run.child.try_wait().unwrap().is_none(), "too quick to interrupt: {line}");
    run.signal("INT");
    let ran = run.end();
    assert_eq!(folder.names(), before);
    ran
}

#[cfg(target_os = "linux")]
#[test]
fn evaluate_stops() {
    let ran = in_its_work("evaluate c.png --content c.png --style s.png --style-scale 50 --gradient g.npy");
    assert_interrupted(&ran);
}

#[cfg(target_os = "linux")]
#[test]
fn bench_stops() {
    assert_interrupted(&in_its_work("bench --size 400 --iterations 10000"));
}

#[cfg(target_os = "linux")]
#[test]
fn bench_stops_while_it_draws_a_large_picture() {
    assert_interrupted(&in_its_work("bench --size 4000 --iterations 1"));
}

#[test]
fn waiting_for_a_pipe_stops() {
    let folder = Folder::with_pictures();
    let made = Command::new("mkfifo").arg(folder.path("pipe")).status().unwrap();
    assert!(made.success());
    let mut command = folder.command("stylize pipe s.png -o o.png".split_whitespace());
    let mut child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
    // This open succeeds once the command opens the pipe. Nothing is written to the pipe.
    let _pipe = std::fs::File::options().write(true).open(folder.path("pipe")).unwrap();
    // TERM, not INT: a shell's background processes ignore INT until the program sets its own handler.
    Command::new("kill").args(["-s", "TERM", &child.id().to_string()]).status().unwrap();
    // The signal ends the command directly or through its handler. A shell reports 130 or 143 in both cases.
    let code = wait(&mut child);
    assert!(code.is_none() || code == Some(130), "{code:?}");
    assert!(!folder.has("o.png"));
}
