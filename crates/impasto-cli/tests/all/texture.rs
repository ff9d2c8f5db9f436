//! `texture`: a run without a content has the same features as other runs.
#![allow(clippy::unwrap_used)] // a failing test

use crate::common::{Folder, waves};

const FEW: &str = "--min-size 64 --iterations 3 --model random:vgg19?width=1/8";

#[test]
fn a_texture_has_its_size_its_recipe_and_its_report() {
    let folder = Folder::with_pictures();
    folder.succeeds(&format!(
        "texture s.png t.png:weight=2 -o o.png --size 96x64 --seamless --seed 3 --report r.json {FEW}"
    ));
    assert_eq!(folder.decoded("o.png").picture.size(), (96, 64));
    let report = folder.json("r.json");
    assert!(report["content"].is_null() && report["seamless"] == true, "{report}");
    assert_eq!(report["recipe"]["padding"], "wrap");
    let shown = folder.succeeds("show o.png").stdout;
    let first = shown.lines().next().unwrap();
    assert!(
        first.starts_with("impasto texture s.png t.png:weight=2 -o OUT --size 96x64 --seamless"),
        "{first}"
    );
    // The command that `show` prints makes the same picture.
    folder.succeeds(&first.strip_prefix("impasto ").unwrap().replace("OUT", "again.png").replace('\'', ""));
    assert_eq!(folder.decoded("again.png").picture, folder.decoded("o.png").picture);
    folder.succeeds(&format!("texture s.png -o p.tif --size 80 {FEW}"));
    assert_eq!(folder.decoded("p.tif").picture.size(), (80, 80));
}

#[test]
fn a_shallow_texture_and_a_list_of_iterations_are_as_asked_for() {
    let folder = Folder::with_pictures();
    folder.succeeds(&format!("texture s.png -o o.png --size 50x44 --seamless --style-layers relu1_1 {FEW}"));
    assert_eq!(folder.decoded("o.png").picture.size(), (50, 44));
    let few = FEW.replace("--iterations 3", "--iterations 2,3,4 --report r.json");
    folder.succeeds(&format!("texture s.png -o o.png --size 128 --seamless {few}"));
    let counts: Vec<u64> = folder.json("r.json")["scales"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["iterations"].as_u64().unwrap())
        .collect();
    assert_eq!(counts, [2, 3, 4]);
}

#[test]
fn what_a_texture_cannot_be_is_an_error() {
    let folder = Folder::with_pictures();
    let cases: [(&str, &[&str]); 6] = [
        ("--size 100x96 --seamless", &["--size", "multiples of 16", "100x96"]),
        ("--size 0x96", &["--size", "1024x512"]),
        ("--size 96x", &["--size", "1024x512"]),
        ("--size 99999x96", &["--size", "30000"]),
        ("--init content", &["--init", "no content"]),
        ("--size 8x8", &["too small"]),
    ];
    for (options, expected) in cases {
        folder.fails(2, &format!("texture s.png -o o.png {options}")).assert_says(expected);
    }
    folder.fails(2, "texture s.png -o s.png").assert_says(&["s.png", "overwritten"]);
    folder
        .fails(2, "texture s.png -o o.jpg --keep-gps")
        .assert_says(&["--keep-gps", "a texture has no content"]);
    // The first style gives the bit depth.
    folder.draw_16_bits("deep.png", &waves(40, 40, 0.0));
    let ran = folder.fails(2, &format!("texture deep.png -o o.jpg --size 64 {FEW}"));
    ran.assert_says(&["the style has 16 bits", "--depth 8"]);
    assert!(!ran.stderr.contains("content"), "{ran}");
}
