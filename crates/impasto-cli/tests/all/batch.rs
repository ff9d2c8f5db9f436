//! `batch` paints every content in every style. It skips results that exist and reports failures at the end. If it is
//! killed, nothing is lost, and nothing is made twice.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // a failing test

use std::collections::BTreeMap;
use std::fs;

use crate::common::{Folder, Ran, Running, finish, in_small_file_system, wait, wait_until};

/// Makes a folder with two pictures to repaint, and two styles.
fn pictures() -> Folder {
    let folder = Folder::new();
    fs::create_dir(folder.path("in")).unwrap();
    folder.draw("in/a.png", 40, 30, 0.0);
    folder.draw("in/b.jpg", 36, 44, 1.0);
    folder.write("in/notes.txt", b"no picture");
    folder.draw("s.png", 40, 56, 2.0);
    folder.draw("t.png", 44, 44, 3.0);
    folder
}

const BATCH: &str = "batch in --style s.png t.png -o out --iterations 3";

/// Returns the results by name, with their bytes. Hidden files are left out.
fn results(folder: &Folder) -> BTreeMap<String, Vec<u8>> {
    let Ok(entries) = fs::read_dir(folder.path("out")) else { return BTreeMap::new() };
    let named = entries.map(|entry| entry.unwrap().path());
    let named = named.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path));
    named
        .filter(|(name, _)| !name.starts_with('.'))
        .map(|(name, path)| (name, fs::read(path).unwrap()))
        .collect()
}

/// Returns the names of hidden files.
fn hidden(folder: &Folder) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder.path("out")) else { return Vec::new() };
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with('.')).collect()
}

/// Returns one line for each result that was made, from all journals.
fn journal(folder: &Folder) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder.path("out")) else { return Vec::new() };
    let entries = entries.map(|entry| entry.unwrap().path());
    let journals = entries.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    let text: String = journals.map(|path| fs::read_to_string(path).unwrap()).collect();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    lines.map(|line| line["output"].as_str().unwrap().to_string()).collect()
}

fn count(ran: &Ran) -> &str {
    ran.stdout.lines().next().unwrap()
}

#[test]
fn every_content_comes_in_every_style_as_stylize_makes_it() {
    let folder = pictures();
    let ran = folder.succeeds(BATCH);
    assert_eq!(count(&ran), "4 made, 0 there already, 0 failed");
    let names = ["a_s.png", "a_t.png", "b_s.png", "b_t.png"];
    assert_eq!(results(&folder).keys().collect::<Vec<_>>(), names);
    // A batch computes some data once for several pictures. This does not change any picture.
    for (content, style, name) in [("in/a.png", "s.png", "a_s.png"), ("in/b.jpg", "t.png", "b_t.png")] {
        folder.succeeds(&format!("stylize {content} {style} -o one.png --iterations 3"));
        assert_eq!(folder.bytes("one.png"), results(&folder)[name], "{name}");
    }
    // Several jobs at once, patterns and another output folder give the same pictures.
    let ran = folder.run([
        "batch",
        "in/*.png",
        "in/b.jpg",
        "--style",
        "[st].png",
        "-o",
        "more",
        "--iterations",
        "3",
        "--jobs",
        "3",
    ]);
    assert_eq!(ran.code, Some(0), "{ran}");
    for name in names {
        assert_eq!(folder.bytes(format!("more/{name}")), results(&folder)[name], "{name}");
    }
}

#[test]
fn what_is_there_is_skipped_and_what_is_not_ours_is_left_alone() {
    let folder = pictures();
    folder.succeeds(BATCH);
    assert_eq!(count(&folder.succeeds(BATCH)), "0 made, 4 there already, 0 failed");
    assert_eq!(
        count(&folder.succeeds(&format!("{BATCH} --threads 1 --jobs 2"))),
        "0 made, 4 there already, 0 failed"
    );
    // Other options, or another picture under the same name, make a result again.
    let other = BATCH.replace("--iterations 3", "--iterations 2");
    assert_eq!(count(&folder.succeeds(&other)), "4 made, 0 there already, 0 failed");
    folder.draw("in/a.png", 40, 30, 0.7);
    assert_eq!(count(&folder.succeeds(&other)), "2 made, 2 there already, 0 failed");
    // The journals of other shards have entries for older results. Digests tell which result is there now.
    for line in [format!("{BATCH} --shard 1/2"), format!("{BATCH} --shard 2/2")] {
        assert_eq!(count(&folder.succeeds(&line)), "2 made, 0 there already, 0 failed");
        assert_eq!(count(&folder.succeeds(&line)), "0 made, 2 there already, 0 failed");
    }
    assert_eq!(count(&folder.succeeds(BATCH)), "0 made, 4 there already, 0 failed");
    assert_eq!(count(&folder.succeeds(&other)), "4 made, 0 there already, 0 failed");
    // A file that the user put there or changed is not overwritten.
    folder.write("out/a_s.png", b"precious");
    let ran = folder.line(&other);
    ran.assert_says(&["1 picture was not made"]);
    assert_eq!((ran.code, count(&ran)), (Some(1), "0 made, 3 there already, 1 failed"));
    assert!(ran.stdout.contains("a_s.png  out/a_s.png is there already"), "{ran}");
    assert_eq!(folder.bytes("out/a_s.png"), b"precious");
}

#[test]
fn a_bad_picture_does_not_stop_the_rest() {
    let folder = pictures();
    folder.write("in/broken.png", b"not a picture");
    let ran = folder.line("batch in gone.png --style s.png -o out --iterations 1");
    assert_eq!((ran.code, count(&ran)), (Some(1), "2 made, 0 there already, 2 failed"));
    for word in ["broken_s.png", "gone_s.png"] {
        assert!(ran.stdout.contains(word), "{ran}");
    }
    ran.assert_says(&["error: 2 pictures were not made"]);
    assert_eq!(results(&folder).keys().collect::<Vec<_>>(), ["a_s.png", "b_s.png"]);
}

#[test]
fn what_cannot_be_is_refused_once_before_the_work() {
    let folder = pictures();
    folder.write("file", b"no folder");
    for (line, message, hint) in [
        ("batch in --style gone.png -o out", "gone.png: no such file", "check the spelling"),
        ("batch in --style s.png gone.png -o out", "gone.png: no such file", "check the spelling"),
        ("batch in --style s.jpg -o out", "s.jpg: no such file", "did you mean s.png?"),
        ("batch in gone/ --style s.png -o out", "gone/: no such file or folder", "check the spelling"),
        ("batch gone.png --style s.png -o out", "gone.png: no such file", "check the spelling"),
        (
            "batch in --style s.png -o file",
            "--output: expected a folder, found the file file",
            "--output results",
        ),
    ] {
        let ran = folder.fails(2, line);
        ran.assert_says(&[&format!("error: {message}\n")]);
        assert!(ran.hint().contains(hint), "{line}\n{ran}");
    }
}

#[test]
fn shards_divide_the_work() {
    let folder = pictures();
    folder.succeeds(BATCH);
    let all = results(&folder);
    fs::remove_dir_all(folder.path("out")).unwrap();
    folder.succeeds(&format!("{BATCH} --shard 1/3"));
    assert_eq!(results(&folder).len(), 2);
    for (variables, expected) in [
        ([("JOB_COMPLETION_INDEX", "1"), ("JOB_COMPLETION_COUNT", "3")], 3),
        ([("SLURM_ARRAY_TASK_ID", "2"), ("SLURM_ARRAY_TASK_COUNT", "3")], 4),
    ] {
        let mut command = folder.command(BATCH.split_whitespace());
        command.envs(variables);
        let ran = finish(command);
        assert_eq!((ran.code, results(&folder).len()), (Some(0), expected), "{ran}");
    }
    assert_eq!(results(&folder), all);
    assert_eq!(count(&folder.succeeds(BATCH)), "0 made, 4 there already, 0 failed");
    let mut command = folder.command(BATCH.split_whitespace());
    command.env("JOB_COMPLETION_INDEX", "1");
    let ran = finish(command);
    ran.assert_failed(2, "a number of jobs that is not known");
    ran.assert_says(&["JOB_COMPLETION_COUNT is not"]);
    for wrong in ["0/3", "4/3", "3", "x/y"] {
        folder.fails(2, &format!("{BATCH} --shard {wrong}")).assert_says(&["--shard", wrong]);
    }
}

#[test]
fn names_must_be_of_one_picture_each() {
    let folder = pictures();
    folder
        .fails(2, &format!("{BATCH} --name {{content}}.png"))
        .assert_says(&["a.png would be the result of both"]);
    folder.fails(2, &format!("{BATCH} --name {{picture}}.png")).assert_says(&["no {picture}", "{content}"]);
    folder.fails(2, &format!("{BATCH} --name x/{{content}}_{{style}}.png")).assert_says(&["--name"]);
    folder.fails(2, &format!("{BATCH} --name {{content}}_{{style}}.txt")).assert_says(&["--name"]);
    folder.fails(2, "batch out/*.png --style s.png -o out").assert_says(&["no content picture"]);
    folder.fails(2, &format!("{BATCH} --jobs 0")).assert_says(&["--jobs"]);
    folder.fails(2, &format!("{BATCH} --preset none")).assert_says(&["none"]);
    folder
        .fails(2, "batch in --style s.png -o in --iterations 1")
        .assert_says(&["same folder", "choose another"]);
    // With a single style, the content's name is enough for the result's name.
    folder.succeeds("batch in --style s.png -o out --iterations 1 --name {content}.jpg");
    assert_eq!(results(&folder).keys().collect::<Vec<_>>(), ["a.jpg", "b.jpg"]);
}

#[test]
fn a_killed_batch_makes_everything_once() {
    a_batch_killed(4);
}

#[test]
#[ignore = "soak: run by .ci/run full"]
fn soak_a_batch_killed_twenty_times_makes_everything_once() {
    a_batch_killed(20);
}

fn a_batch_killed(times: usize) {
    let folder = pictures();
    for extra in 0..4 {
        folder.draw(format!("in/x{extra}.png"), 40 + extra, 34, extra as f32);
    }
    let line = BATCH.replace("--iterations 3", "--iterations 25 --jobs 2");
    folder.succeeds(&line);
    let expected = results(&folder);
    assert_eq!(expected.len(), 12);
    fs::remove_dir_all(folder.path("out")).unwrap();

    let mut kills = 0;
    for i in 0..times {
        let (lines, named) = (journal(&folder).len(), results(&folder).len());
        let mut run = Running::start(folder.command(line.split_whitespace()));
        // The kill comes after the first journal, the first unnamed result, the next line of a journal or the next
        // named result, or after the batch has ended.
        wait_until("the batch to go on", || {
            let happened = match i % 4 {
                0 => !hidden(&folder).is_empty(),
                1 => hidden(&folder).iter().any(|name| !name.ends_with(".jsonl")),
                2 => journal(&folder).len() > lines,
                _ => results(&folder).len() > named,
            };
            happened || run.child.try_wait().unwrap().is_some()
        });
        run.child.kill().unwrap();
        kills += usize::from(wait(&mut run.into_child()).is_none());
        for (name, bytes) in results(&folder) {
            assert!(bytes == expected[&name], "kill {i}: {name} is not what it should be");
        }
    }
    assert!(kills > 0, "no kill came in time");
    let before = results(&folder).len();
    let ran = folder.succeeds(&line);
    // A result that was complete but not yet named counts as there. Each job has at most one such result.
    let told: Vec<usize> = count(&ran).split(' ').filter_map(|word| word.parse().ok()).collect();
    assert!(told[0] + told[1] == 12 && told[2] == 0, "{ran}");
    assert!((before..=before + 2).contains(&told[1]), "{before} were there: {ran}");
    assert_eq!(results(&folder), expected);
    let mut made = journal(&folder);
    let lines = made.len();
    made.sort();
    made.dedup();
    assert_eq!((made.len(), lines), (12, 12), "something was made twice");
    let left: Vec<_> = hidden(&folder).into_iter().filter(|name| !name.ends_with(".jsonl")).collect();
    assert!(left.is_empty(), "left behind: {left:?}");
}

#[test]
fn an_interrupted_batch_says_what_is_left() {
    let folder = pictures();
    // This picture fails at once, and the batch reports it before the long work begins.
    folder.write("in/0.png", b"not a picture");
    let line = BATCH.replace("--iterations 3", "--iterations 1000000 --plateau 0 --progress json");
    let mut run = Running::start(folder.command(line.split_whitespace()));
    run.read_until(|line| line.contains("\"failed\""));
    run.signal("INT");
    let ran = run.end();
    assert_eq!(ran.code, Some(130), "{ran}");
    ran.assert_says(&["error: interrupted", "the same command makes the rest"]);
}

#[test]
fn a_full_disk_fails_what_does_not_fit_and_nothing_else() {
    let folder = pictures();
    // Results of 40x30 pixels fit into the 32 kB. Results of 400x300 pixels do not.
    folder.draw("in/large.png", 400, 300, 0.5);
    let script = "\"$0\" batch in --style s.png -o m --iterations 1 --progress none; echo code $?; ls m; \
                  ls -A m | grep -v jsonl | grep '^[.]'";
    let Some(ran) = in_small_file_system(&folder, "a_full_disk_fails_what_does_not_fit", script) else {
        return;
    };
    assert!(ran.stdout.contains("2 made, 0 there already, 1 failed"), "{ran}");
    assert!(ran.stdout.contains("\nlarge_s.png  ") && ran.stdout.contains("could not be written"), "{ran}");
    assert!(ran.stdout.ends_with("code 1\na_s.png\nb_s.png\n"), "something was left behind: {ran}");
}
