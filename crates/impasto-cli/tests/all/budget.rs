//! `--time`, `--plateau` and lists of iterations by scale: when a run ends, and how it is repeated.
#![allow(clippy::unwrap_used)] // a failing test

use crate::common::Folder;

const SMALL: &str = "--size 96 --min-size 64 --model random:vgg19?width=1/8";

/// Returns the iterations at each scale, from the report.
fn done(folder: &Folder, report: &str) -> Vec<u64> {
    let report = folder.json(report);
    let mut counts = Vec::new();
    for step in report["steps"].as_array().unwrap() {
        counts.resize(step["scale"].as_u64().unwrap() as usize, 0);
        *counts.last_mut().unwrap() += 1;
    }
    counts
}

#[test]
fn a_run_in_limited_time_can_be_had_again_without_the_limit() {
    let folder = Folder::with_pictures();
    folder.draw("c.png", 96, 72, 0.0);
    // An hour is enough on any machine. The library's tests check how time is shared, with a clock of their own.
    let line = format!("stylize c.png s.png -o o.png --time 1h --iterations 6 --report r.json {SMALL}");
    folder.succeeds(&line);
    assert_eq!(folder.decoded("o.png").picture.size(), (96, 72));
    let counts = done(&folder, "r.json");
    assert_eq!(counts, [6, 6]);
    let shown = folder.succeeds("show o.png").stdout;
    let first = shown.lines().next().unwrap();
    let listed = counts.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
    assert!(first.contains(&format!("--iterations {listed}")) && !first.contains("--time"), "{first}");
    folder.succeeds("stylize c.png s.png -o again.png --like o.png");
    assert!(folder.decoded("again.png").picture == folder.decoded("o.png").picture);
    // `--like` also works with options that the list of iterations replaces.
    let line = format!("stylize c.png s.png -o q.png --time 1h --first-iterations 3 --iterations 2 {SMALL}");
    folder.succeeds(&line);
    folder.succeeds("stylize c.png s.png -o again.png --like q.png");
    assert!(folder.decoded("again.png").picture == folder.decoded("q.png").picture);
    let ran = folder.fails(2, &format!("stylize c.png s.png -o p.png --time 0.001s --checkpoint k {SMALL}"));
    ran.assert_says(&["--time", "at least"]);
    folder
        .fails(2, &format!("stylize c.png s.png -o p.png --time soon {SMALL}"))
        .assert_says(&["--time", "5m"]);
    folder
        .fails(2, &format!("stylize c.png s.png -o p.png --time 0s {SMALL}"))
        .assert_says(&["--time", "above 0"]);
}

#[test]
fn a_scale_is_left_on_a_plateau_unless_that_is_switched_off() {
    let folder = Folder::with_pictures();
    folder.draw("c.png", 96, 72, 0.0);
    // A plateau needs 40 iterations to be detected. No loss falls by 99.99 % in that time, so this scale ends after
    // exactly 40.
    let line =
        |more: &str| format!("stylize c.png s.png -o o.png --iterations 60 --report r.json {more} {SMALL}");
    folder.succeeds(&line("--plateau 0.9999"));
    assert_eq!(done(&folder, "r.json"), [40, 40]);
    folder.succeeds(&line("--plateau 0"));
    assert_eq!(done(&folder, "r.json"), [60, 60]);
    // The default is that of the preset.
    for (preset, plateau) in [("impasto", 0.002), ("crowson", 0.0), ("gatys", 0.0)] {
        folder.succeeds(&line(&format!("--preset {preset} --iterations 1")).replace("--iterations 60", ""));
        assert_eq!(folder.json("r.json")["recipe"]["plateau"], plateau, "{preset}");
    }
    folder.fails(2, &line("--plateau 1")).assert_says(&["--plateau", "less than 1"]);
    folder.fails(2, &line("--plateau -0.1")).assert_says(&["--plateau", "0 or more"]);
}

#[test]
fn iterations_may_be_given_for_each_scale() {
    let folder = Folder::with_pictures();
    folder.draw("c.png", 96, 72, 0.0);
    let line =
        |counts: &str| format!("stylize c.png s.png -o o.png --iterations {counts} --report r.json {SMALL}");
    folder.succeeds(&line("5,3"));
    assert_eq!(done(&folder, "r.json"), [5, 3]);
    folder.succeeds(&line("4"));
    assert_eq!(done(&folder, "r.json"), [4, 4]);
    let before = folder.bytes("r.json");
    for (counts, expected) in
        [("5,3,2", "2 scales, found 3"), ("5,x", "x: expected a whole number"), ("5,2000000", "1000000")]
    {
        folder.fails(2, &line(counts)).assert_says(&["--iterations", expected]);
    }
    assert!(folder.bytes("r.json") == before);
}
