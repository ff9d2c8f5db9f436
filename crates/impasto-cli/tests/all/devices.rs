//! `impasto devices`, and the option `--device`.
#![cfg(feature = "gpu")]

use serde_json::{Value, json};

use crate::common::{Folder, Ran, finish, skip};

/// The devices that the command lists.
pub(crate) fn devices(folder: &Folder) -> Vec<Value> {
    serde_json::from_str(&folder.succeeds("devices --json").stdout).unwrap()
}

#[test]
fn the_processor_comes_first_and_programs_are_never_taken() {
    let folder = Folder::new();
    let devices = devices(&folder);
    assert_eq!((&devices[0]["name"], &devices[0]["kind"]), (&"cpu".into(), &"processor".into()));
    for (index, card) in devices[1..].iter().enumerate() {
        assert_eq!(card["name"], format!("gpu:{index}"));
        if !["discrete", "integrated"].contains(&card["kind"].as_str().unwrap()) {
            assert_eq!(card["auto_may_take_it"], false);
        }
    }
    assert!(devices[1..].iter().filter(|card| card["auto_may_take_it"] == true).count() <= 1);
    assert!(folder.succeeds("devices").stdout.contains("cpu"));
}

#[test]
fn a_device_that_is_not_there_is_an_error() {
    let folder = Folder::with_pictures();
    let ran = folder.fails(2, "stylize c.png s.png -o o.png --device abacus");
    ran.assert_says(&["no device abacus", "expected one of auto, cpu"]);
    assert!(ran.hint().contains("--device cpu"), "{}", ran.hint());
    folder.fails(2, "stylize c.png s.png -o o.png --device gpu:99").assert_says(&["gpu:99"]);
    assert!(!folder.has("o.png"));
}

#[test]
fn the_default_on_a_machine_without_a_card_is_the_processor() {
    let folder = Folder::with_pictures();
    if devices(&folder).iter().any(|device| device["auto_may_take_it"] == true && device["name"] != "cpu") {
        return skip("the_default_on_a_machine_without_a_card_is_the_processor", "there is a card");
    }
    for (name, option) in [("a.png", ""), ("b.png", "--device auto"), ("c2.png", "--device cpu")] {
        folder.succeeds(&format!("stylize c.png s.png -o {name} --iterations 2 {option}"));
    }
    assert!(
        folder.bytes("a.png") == folder.bytes("b.png") && folder.bytes("a.png") == folder.bytes("c2.png")
    );
}

#[test]
fn a_card_evaluates_paints_and_is_named() {
    let folder = Folder::with_pictures();
    let Some(card) = devices(&folder).into_iter().nth(1) else {
        return skip("a_card_evaluates_paints_and_is_named", "there is no card");
    };
    let model = card["model"].as_str().unwrap();
    let total = |device: &str| -> f64 {
        let line = format!("evaluate c.png --content c.png --style s.png --json --device {device}");
        let losses: Value = serde_json::from_str(&folder.succeeds(&line).stdout).unwrap();
        losses["total"].as_f64().unwrap()
    };
    let (on_card, on_processor) = (total("gpu"), total("cpu"));
    assert!((on_card / on_processor - 1.0).abs() < 1e-4, "{on_card} {on_processor}");
    let word = model.split(' ').next().unwrap();
    folder.succeeds(&format!("stylize c.png s.png -o o.png --iterations 2 --device {word} --report r.json"));
    assert!(folder.json("r.json")["instruction_set"].as_str().unwrap().contains(model));
    folder.decoded("o.png");
}

/// A card that offers none paints without, and a note says so.
#[test]
fn matrix_units_are_used_when_the_variable_says_so_and_are_named() {
    let folder = Folder::with_pictures();
    let with = |value: &str, line: &str| {
        let mut command = folder.command(line.split_whitespace());
        command.env("IMPASTO_MATRIX_UNITS", value);
        finish(command)
    };
    let ran = with("perhaps", &format!("{RUN} -o wrong.png"));
    assert_eq!(ran.code, Some(2), "{ran}");
    ran.assert_says(&["IMPASTO_MATRIX_UNITS", "expected on or off, found perhaps"]);
    assert!(ran.hint().contains("unset IMPASTO_MATRIX_UNITS"), "{ran}");
    assert!(!folder.has("wrong.png"));
    let Some(card) = devices(&folder).into_iter().nth(1) else {
        return skip("matrix_units_are_used_when_the_variable_says_so_and_are_named", "there is no card");
    };
    let offers = !card["matrix_units"].is_null();
    let paint = |value: &str| {
        let line = format!("{RUN} -o {value}.png --report {value}.json --checkpoint k --device gpu");
        let ran = with(value, &line);
        assert_eq!(ran.code, Some(0), "{ran}");
        let device = folder.json(&format!("{value}.json"))["instruction_set"].as_str().unwrap().to_owned();
        (ran, device)
    };
    let (ran, device) = paint("on");
    let used = device.ends_with(", matrix units)");
    assert!(offers || !used, "{device}");
    assert_eq!(ran.stderr.contains("no usable matrix units"), !used, "{ran}");
    let (ran, device) = paint("off");
    assert!(!device.contains("matrix units") && !ran.stderr.contains("matrix units"), "{device} {ran}");
    assert_eq!(folder.bytes("on.png") != folder.bytes("off.png"), used);
}

/// Drivers of Vulkan let programs keep the kernels that they have translated.
#[test]
fn translated_kernels_are_kept_in_the_cache_folder() {
    let folder = Folder::with_pictures();
    let Some(card) = devices(&folder).into_iter().nth(1).filter(|card| card["api"] == "vulkan") else {
        return skip("translated_kernels_are_kept_in_the_cache_folder", "there is no card with Vulkan");
    };
    let paint = |output: &str| {
        let line =
            format!("stylize c.png s.png -o {output} --size 32 --iterations 2 --no-metadata --device gpu");
        let mut command = folder.command(line.split_whitespace());
        command.env("IMPASTO_CACHE", folder.path("cache"));
        let ran = finish(command);
        assert_eq!(ran.code, Some(0), "{card} {ran}");
    };
    paint("a.png");
    let kept = || std::fs::read_dir(folder.path("cache")).unwrap().map(|file| file.unwrap().path());
    let file = kept().find(|path| path.to_string_lossy().contains("wgpu_pipeline_cache_vulkan_")).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    // One that is damaged changes nothing, and is written anew.
    for wrong in [Vec::new(), b"kernels".repeat(99), [&bytes[..], b"x"].concat()] {
        std::fs::write(&file, &wrong).unwrap();
        paint("b.png");
        assert!(folder.bytes("b.png") == folder.bytes("a.png"));
        assert!(std::fs::read(&file).unwrap() != wrong);
    }
}

/// A card is measured once. What was found stays, so later runs have the same bytes, and a checkpoint goes on with it.
#[test]
fn the_ways_of_a_card_are_measured_once_and_kept() {
    let folder = Folder::with_pictures();
    if devices(&folder).len() < 2 {
        return skip("the_ways_of_a_card_are_measured_once_and_kept", "there is no card");
    }
    let kept = folder.path("cache/devices.json");
    let read = || -> serde_json::Map<String, Value> {
        serde_json::from_slice(&std::fs::read(&kept).unwrap()).unwrap()
    };
    let ran = |line: &str| {
        let mut command = folder.command(line.split_whitespace());
        command.env("IMPASTO_CACHE", folder.path("cache")).env("IMPASTO_TEST_MEASURE_LAYERS", "1");
        let ran = finish(command);
        assert_eq!(ran.code, Some(0), "{ran}");
    };
    let paint = |output: &str, more: &str| {
        ran(&format!("stylize c.png s.png -o {output}.png --report {output}.json {RUN_ON_CARD} {more}"));
        folder.json(&format!("{output}.json"))["instruction_set"].as_str().unwrap().to_owned()
    };
    paint("first", "");
    let key = read().keys().find(|key| key.starts_with("layers ")).unwrap().clone();
    assert_eq!(read()[&key].as_str().unwrap().len(), 7, "{key}");
    // The entry of the file decides.
    std::fs::write(&kept, json!({ (&key): "wdwdwdw" }).to_string()).unwrap();
    let identity = paint("second", "");
    assert!(identity.ends_with(", layers wdwdwdw)"), "{identity}");
    assert!(paint("third", "") == identity && folder.bytes("third.png") == folder.bytes("second.png"));
    assert_eq!(read()[&key], "wdwdwdw");
    // A run goes on in the ways in which it began, whatever was measured since.
    let line = "stylize c.png s.png -o half.png --checkpoint half.checkpoint --checkpoint-every 0s";
    let mut command = folder.command(format!("{line} {RUN_ON_CARD}").split_whitespace());
    command.env("IMPASTO_CACHE", folder.path("cache")).env("IMPASTO_TEST_MEASURE_LAYERS", "1");
    command.env("IMPASTO_TEST_LOSE_DEVICE", "4");
    assert_ne!(finish(command).code, Some(0));
    std::fs::write(&kept, json!({ (&key): "ddddddd" }).to_string()).unwrap();
    ran("resume half.checkpoint");
    assert!(folder.bytes("half.png") == folder.bytes("second.png"));
    assert!(paint("other", "") != identity && folder.bytes("other.png") != folder.bytes("second.png"));
}

const RUN_ON_CARD: &str = "--size 32 --iterations 6 --no-metadata --device gpu";

const RUN: &str = "stylize c.png s.png --size 48 --iterations 6 --no-metadata";

/// Runs a command on a card that is lost after some evaluations. `auto` takes it.
pub(crate) fn with_a_card_that_is_lost(folder: &Folder, after: usize, line: &str) -> Ran {
    let mut command = folder.command(line.split_whitespace());
    command.env("IMPASTO_AUTO_DEVICE", "gpu:0").env("IMPASTO_TEST_LOSE_DEVICE", after.to_string());
    finish(command)
}

#[test]
fn a_card_that_auto_took_and_that_is_lost_is_replaced_by_the_processor() {
    let folder = Folder::with_pictures();
    if devices(&folder).len() < 2 {
        return skip(
            "a_card_that_auto_took_and_that_is_lost_is_replaced_by_the_processor",
            "there is no card",
        );
    }
    folder.succeeds(&format!("{RUN} --device cpu -o cpu.png"));
    // Before the first step, and in the middle of a run that keeps no checkpoint: it begins again.
    for after in [0, 4] {
        let ran = with_a_card_that_is_lost(&folder, after, &format!("{RUN} -o o.png"));
        assert_eq!(ran.code, Some(0), "{ran}");
        ran.assert_says(&["was lost", "begins again on the processor"]);
        assert!(folder.bytes("o.png") == folder.bytes("cpu.png"));
    }
    // From a checkpoint it goes on, and the report counts all steps once.
    let kept = format!("{RUN} -o o.png --checkpoint k --checkpoint-every 0s --report r.json");
    let ran = with_a_card_that_is_lost(&folder, 5, &kept);
    assert_eq!(ran.code, Some(0), "{ran}");
    ran.assert_says(&["was lost", "goes on after step "]);
    assert_eq!(folder.json("r.json")["steps"].as_array().unwrap().len(), 6);
    assert!(!folder.has("k"));
    // A card that was named is not replaced.
    let ran = with_a_card_that_is_lost(&folder, 5, &format!("{RUN} -o named.png --device gpu:0"));
    assert_eq!(ran.code, Some(3), "{ran}");
    assert!(ran.hint().contains("--device cpu"), "{ran}");
}

#[test]
fn a_run_that_begins_again_tells_each_note_once() {
    let folder = Folder::with_pictures();
    if devices(&folder).len() < 2 {
        return skip("a_run_that_begins_again_tells_each_note_once", "there is no card");
    }
    let made =
        "stylize c.png s.png:scale=0.5 -o like.png --size 48 --iterations 6 --model random:vgg19?width=1/16";
    folder.succeeds(made);
    for after in [0, 4] {
        let ran =
            with_a_card_that_is_lost(&folder, after, "stylize c.png s.png c.png --like like.png -o o.png");
        assert_eq!(ran.code, Some(0), "{ran}");
        ran.assert_says(&["begins again on the processor"]);
        for note in ["has another number of styles", "was tuned for"] {
            assert_eq!(ran.stderr.matches(note).count(), 1, "{after}: {ran}");
        }
    }
}

#[test]
fn a_card_for_auto_that_is_not_there_is_an_error() {
    let folder = Folder::with_pictures();
    let mut command = folder.command(format!("{RUN} -o o.png").split_whitespace());
    command.env("IMPASTO_AUTO_DEVICE", "abacus");
    let ran = finish(command);
    assert_eq!(ran.code, Some(2), "{ran}");
    ran.assert_says(&["no device abacus", "IMPASTO_AUTO_DEVICE"]);
    assert!(!folder.has("o.png"));
}
