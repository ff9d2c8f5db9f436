//! Strips: pictures much wider than high. Every command takes them, as contents and as styles.
#![allow(clippy::unwrap_used)] // a failing test

use serde_json::Value;

use crate::common::Folder;

const FEW: &str = "--iterations 1 --model random:vgg19?width=1/16";

fn strips() -> Folder {
    let folder = Folder::with_pictures();
    folder.draw("strip.png", 270, 30, 0.0);
    folder.draw("tall.png", 20, 300, 1.0);
    folder
}

#[test]
fn every_command_takes_strips() {
    let folder = strips();
    for size in [150, 182, 256, 300] {
        folder.succeeds(&format!("stylize strip.png tall.png -o o{size}.png --size {size} {FEW}"));
        assert_eq!(folder.decoded(format!("o{size}.png")).picture.long_edge(), size);
    }
    folder.succeeds("stylize strip.png tall.png -o draft.png --effort draft");
    folder.succeeds(&format!("texture tall.png -o t.png --size 200x16 {FEW}"));
    assert_eq!(folder.decoded("t.png").picture.size(), (200, 16));
    folder.succeeds(&format!("sheet strip.png tall.png --vary seed=1,2 -o sheet.png {FEW}"));
    folder.succeeds(&format!("batch strip.png --style tall.png -o out {FEW}"));
    folder.succeeds("compare o300.png draft.png --content strip.png --style tall.png");
    folder.succeeds("evaluate strip.png --content strip.png --style tall.png --size 200");
    for size in ["", "--size 512", "--size 768", "--min-size 10"] {
        let plan = folder.succeeds(&format!("plan strip.png tall.png --json {size} {FEW}")).stdout;
        let plan: Value = serde_json::from_str(&plan).unwrap();
        let sides: Vec<u64> = plan["scales"]
            .as_array()
            .unwrap()
            .iter()
            .map(|scale| scale["height"].as_u64().unwrap())
            .collect();
        assert!(sides.iter().all(|side| *side >= 16) && sides.is_sorted(), "{size}: {sides:?}");
    }
}

#[test]
fn what_is_too_small_at_its_final_size_is_refused_with_the_size_that_would_do() {
    let folder = strips();
    let ran = folder.fails(2, &format!("stylize strip.png s.png -o o.png --size 100 {FEW}"));
    ran.assert_says(&["the content at its final size has 100x11 pixels", "expected at least 16x16"]);
    assert_eq!(ran.hint(), "give --size 140 or more, or shallower layers");
    folder.succeeds(&format!("stylize strip.png s.png -o o.png --size 140 {FEW}"));
    let ran = folder.fails(2, &format!("stylize c.png s.png -o p.png --style-scale 0.2 {FEW}"));
    ran.assert_says(&["a style at the final size has", "--style-scale"]);
    let words: Vec<&str> = ran.hint().split(' ').collect();
    folder.succeeds(&format!("stylize c.png s.png -o p.png {} {} {FEW}", words[1], words[2]));
    let ran = folder.fails(2, &format!("texture s.png -o p.png --size 40x9 {FEW}"));
    ran.assert_says(&["the texture has 40x9 pixels"]);
    assert!(!ran.stderr.contains("content"), "{ran}");
    assert_eq!(ran.hint(), "give --size 40x16 or more, or shallower layers");
}
