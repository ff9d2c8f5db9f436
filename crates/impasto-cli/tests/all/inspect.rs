//! `impasto inspect`: its pictures, its table, and what it refuses.
#![allow(clippy::unwrap_used)] // a failing test

use crate::common::{Folder, Running};
use impasto::Picture;
use serde_json::{Value, json};

/// A narrow VGG-19 with all layers.
const NARROW: &str = "--model random:vgg19?width=1/16";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.draw("c.png", 48, 36, 0.0);
    folder
}

fn entries(folder: &Folder, name: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder.path(name))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn pixel(picture: &Picture, x: usize, y: usize) -> [u8; 3] {
    let area = picture.width() * picture.height();
    [0, 1, 2].map(|plane| (picture.rgb()[plane * area + y * picture.width() + x] * 255.0).round() as u8)
}

#[test]
fn every_layer_has_its_pictures_and_its_row() {
    let folder = folder();
    let ran = folder.succeeds("inspect c.png -o d");
    let layers = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu4_2", "relu5_1"];
    let files: Vec<String> = layers
        .iter()
        .flat_map(|layer| [format!("{layer}_features.png"), format!("{layer}_gram.png")])
        .collect();
    assert_eq!(entries(&folder, "d"), files);
    let rows: Vec<Vec<&str>> = ran.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows.len(), 7, "{ran}");
    assert_eq!(rows[0], ["layer", "channels", "size", "mean", "zeros", "largest"]);
    // `lite` has a quarter of VGG-19's widths.
    assert_eq!(rows[1][..3], ["relu1_1", "16", "48x36"]);
    assert_eq!(rows[6][..3], ["relu5_1", "128", "3x2"]);
    assert!(ran.stderr.contains("wrote 12 pictures to d"), "{ran}");
    // There are 16 maps of 96x72 (each feature twice as large), 4 pixels apart, in 4 columns.
    assert_eq!(folder.decoded("d/relu1_1_features.png").picture.size(), (4 * 100 + 4, 4 * 76 + 4));
    let map = folder.decoded("d/relu2_1_gram.png").picture;
    assert_eq!(map.size(), (512, 512));
    // The Gram matrix of 32 channels is symmetric. Each entry is 16 pixels wide.
    for (a, b) in [(0, 5), (3, 31), (17, 20)] {
        assert_eq!(pixel(&map, 16 * a + 8, 16 * b + 8), pixel(&map, 16 * b + 8, 16 * a + 8));
    }
}

#[test]
fn json_says_what_the_table_says() {
    let folder = folder();
    let table = folder.succeeds("inspect c.png -o d --layers relu1_1,relu3_2").stdout;
    let ran = folder.succeeds("inspect c.png -o d --layers relu1_1,relu3_2 --json --progress json");
    let found: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(found["image"], json!({ "width": 48, "height": 36 }));
    for (row, layer) in table.lines().skip(1).zip(found["layers"].as_array().unwrap()) {
        let words: Vec<&str> = row.split_whitespace().collect();
        assert_eq!((&layer["layer"], &layer["channels"].to_string()[..]), (&json!(words[0]), words[1]));
        assert_eq!(format!("{}x{}", layer["width"], layer["height"]), words[2]);
        for (name, word) in [("mean", words[3]), ("largest", words[5])] {
            let (said, known) = (word.parse::<f64>().unwrap(), layer[name].as_f64().unwrap());
            assert!(known > 0.0 && (said - known).abs() <= 5.1e-5, "{name} {said} {known}");
        }
        let zeros: f64 = words[4].trim_end_matches('%').parse().unwrap();
        assert!((zeros - 100.0 * layer["zeros"].as_f64().unwrap()).abs() <= 0.051);
    }
}

#[test]
fn sizes_and_channels_are_those_asked_for() {
    let folder = folder();
    let size = |options: &str| {
        folder.succeeds(&format!("inspect c.png -o d --layers relu1_1 {options}"));
        folder.decoded("d/relu1_1_features.png").picture.size()
    };
    // One map has 96x72 pixels. At size 32 the map is 32x24, and is enlarged three times.
    assert_eq!(size("--channels 1"), (104, 80));
    assert_eq!(size("--channels 1 --size 32"), (104, 80));
    assert_eq!(size("--channels 4"), (2 * 100 + 4, 2 * 76 + 4));
    // A picture is never enlarged before the encoder.
    assert!(folder.succeeds("inspect c.png -o d --layers relu1_1 --size 900").stdout.contains("48x36"));
    let first = folder.bytes("d/relu1_1_features.png");
    folder.succeeds("inspect c.png -o e --layers relu1_1 --threads 1");
    assert_eq!(first, folder.bytes("e/relu1_1_features.png"));
}

#[test]
fn reconstructions_come_of_noise_and_repeat() {
    let folder = folder();
    let line = |options: &str, to: &str| {
        let common = "--layers relu1_1 --iterations 20 --reconstruct relu1_2,relu2_1";
        folder.succeeds(&format!("inspect c.png -o {to} {common} --reconstruct-style relu2_1 {options}"));
    };
    line("--reconstruct-style relu1_1,relu2_1", "a");
    assert_eq!(
        entries(&folder, "a"),
        [
            "reconstruct_relu1_2.png",
            "reconstruct_relu2_1.png",
            "reconstruct_style_relu1_1-relu2_1.png",
            "reconstruct_style_relu2_1.png",
            "relu1_1_features.png",
            "relu1_1_gram.png",
        ]
    );
    // A style layer alone stands for all style layers up to it.
    assert_eq!(
        folder.bytes("a/reconstruct_style_relu1_1-relu2_1.png"),
        folder.bytes("a/reconstruct_style_relu2_1.png")
    );
    line("", "b");
    line("--seed 7", "c");
    for name in ["reconstruct_relu1_2.png", "reconstruct_style_relu2_1.png"] {
        let bytes = |at: &str| folder.bytes(format!("{at}/{name}"));
        assert_eq!(bytes("a"), bytes("b"), "{name}");
        assert_ne!(bytes("a"), bytes("c"), "{name}");
        assert_eq!(folder.decoded(format!("a/{name}")).picture.size(), (48, 36));
    }
}

#[test]
fn what_is_asked_for_wrongly_is_refused_before_the_work() {
    let folder = folder();
    folder.write("file", b"not a folder");
    folder.draw("small.png", 15, 30, 0.0);
    std::fs::create_dir(folder.path("own")).unwrap();
    folder.draw("own/relu1_1_gram.png", 48, 36, 0.0);
    for (line, says, hint) in [
        ("c.png -o d --layers relu4_9", "relu4_9", "relu4_4"),
        ("c.png -o d --reconstruct relu6_1", "relu6_1", "relu5_1"),
        ("c.png -o d --reconstruct-style relu1_1,conv1_1", "conv1_1", "relu1_1"),
        ("small.png -o d", "too small", "16"),
        ("small.png -o d --layers relu1_1 --reconstruct relu5_1", "too small", ""),
        ("c.png -o file", "file is a file", "folder"),
        ("c.png -o file/d", "file/d", ""),
        ("own/relu1_1_gram.png -o own --layers relu1_1", "is an input", "--output"),
        ("missing.png -o d", "missing.png", ""),
        ("c.png -o d --model nonsense", "nonsense", ""),
        ("c.png -o d --layers relu1_1,relu1_1", "twice", ""),
        ("c.png -o d --reconstruct relu1_1,relu1_1", "twice", ""),
        ("c.png -o d --channels 0", "--channels", ""),
        ("c.png -o d --size 0", "--size", ""),
        ("c.png -o d --threads 0", "--threads", ""),
        ("c.png -o d --seed 3", "--seed is for", ""),
        ("c.png -o d --iterations 3", "--iterations is for", ""),
    ] {
        let model = if line.contains("--model") { "" } else { NARROW };
        let code = if line.contains("file/d") { 3 } else { 2 };
        let ran = folder.fails(code, &format!("inspect {line} {model}"));
        ran.assert_says(&[says]);
        assert!(ran.hint().contains(hint), "{line}\n{ran}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_reconstruction_leaves_what_is_complete() {
    let folder = folder();
    let line =
        "inspect c.png -o d --layers relu1_1 --reconstruct relu1_2 --iterations 100000 --progress json";
    let mut run = Running::start(folder.command(line.split_whitespace()));
    run.read_until(|line| line.contains("\"step\""));
    run.signal("INT");
    let ran = run.end();
    ran.assert_failed(130, line);
    ran.assert_says(&["interrupted", "complete"]);
    assert_eq!(entries(&folder, "d"), ["relu1_1_features.png", "relu1_1_gram.png"]);
}
