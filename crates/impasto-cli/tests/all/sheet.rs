//! `sheet`: its pictures are those of `stylize` with the same options, and invalid sheets are refused.
#![allow(clippy::unwrap_used)] // a failing test

use crate::common::Folder;

const FEW: &str = "--min-size 48 --iterations 3 --model random:vgg19?width=1/8";

#[test]
fn each_picture_is_what_stylize_makes_of_its_options() {
    let folder = Folder::with_pictures();
    let ran = folder.succeeds(&format!(
        "sheet c.png s.png -o sheet.png --size 48 --vary strength=0.2,1 --vary seed=1,2,3 --init noise {FEW}"
    ));
    ran.assert_says(&["[6/6] strength 1, seed 3", "6 pictures"]);
    let sheet = folder.decoded("sheet.png").picture;
    // Pictures are 48x36, gaps are 8 and lines of text are 28 pixels.
    assert_eq!(sheet.size(), (8 + 3 * 56, 8 + 28 + 2 * (44 + 28)));
    for (row, strength) in ["0.2", "1"].into_iter().enumerate() {
        for (column, seed) in ["1", "2", "3"].into_iter().enumerate() {
            let line = format!(
                "stylize c.png s.png -o o.png --size 48 --init noise --strength {strength} --seed {seed} {FEW}"
            );
            folder.succeeds(&line);
            let picture = folder.decoded("o.png").picture;
            let (left, top) = (8 + column * 56, 8 + 28 + 28 + row * 72);
            for (at, value) in picture.rgb().iter().enumerate() {
                let (plane, y, x) = (at / (48 * 36), at / 48 % 36, at % 48);
                let found = sheet.rgb()[(plane * sheet.height() + top + y) * sheet.width() + left + x];
                assert_eq!(found, *value, "strength {strength}, seed {seed}");
            }
        }
    }
}

#[test]
fn one_option_makes_a_row_and_any_option_can_be_varied() {
    let folder = Folder::with_pictures();
    folder.succeeds(&format!(
        "sheet c.png s.png t.png -o sheet.jpg --vary colour=style,keep,luminance --size 32 {FEW}"
    ));
    assert_eq!(folder.decoded("sheet.jpg").picture.size(), (8 + 3 * 40, 8 + 28 + 32));
    folder.succeeds(&format!(
        "sheet c.png s.png -o sheet.png --vary preset=impasto,gatys --vary stroke-size=0.5,2 --size 64 {FEW}"
    ));
    // The default size is 256 pixels.
    folder
        .succeeds(&format!("sheet c.png s.png -o sheet.png --vary content-weight=0.1 {FEW} --progress json"));
    assert_eq!(folder.decoded("sheet.png").picture.width(), 8 + 264);
}

#[test]
fn what_is_known_of_a_style_is_not_taken_for_another_way_to_look_at_it() {
    let folder = Folder::with_pictures();
    let line = format!("sheet c.png s.png -o sheet.png --vary resize=linear,gamma --size 48 {FEW}");
    folder.succeeds(&line);
    folder.succeeds(&format!("stylize c.png s.png -o o.png --size 48 --resize gamma {FEW}"));
    let (sheet, picture) = (folder.decoded("sheet.png").picture, folder.decoded("o.png").picture);
    let (left, top) = (8 + 56, 8 + 28);
    for (at, value) in picture.rgb().iter().enumerate() {
        let (plane, y, x) = (at / (48 * 36), at / 48 % 36, at % 48);
        assert_eq!(sheet.rgb()[(plane * sheet.height() + top + y) * sheet.width() + left + x], *value);
    }
}

#[test]
fn a_picture_of_a_sheet_is_painted_alone_at_any_size() {
    let folder = Folder::with_pictures();
    let few = "--min-size 48 --iterations 3 --tv-weight 0.01";
    let ran = folder.succeeds(&format!(
        "sheet c.png s.png:weight=2 t.png -o sheet.png --size 32 --vary strength=0.2,1 --vary seed=1,2,3 {few}"
    ));
    ran.assert_says(&["impasto stylize c.png s.png t.png -o OUT --like sheet.png --cell N"]);
    let alone = format!("stylize c.png s.png:weight=2 t.png -o a.png --strength 1 --seed 2 {few}");
    folder.succeeds(&alone);
    folder.succeeds("stylize c.png s.png t.png -o b.png --like sheet.png --cell 5");
    // The recipe of the picture is that of a run with the same options: the sheet has left no trace in it.
    assert_eq!(folder.bytes("a.png"), folder.bytes("b.png"));
    let shown = folder.succeeds("show sheet.png").stdout;
    let (_, fifth) = shown.split_once("# 5: strength 1, seed 2\n").unwrap();
    let command = fifth.lines().next().unwrap().strip_prefix("impasto ").unwrap().replace("OUT", "c5.png");
    folder.succeeds(&command);
    assert_eq!(folder.bytes("a.png"), folder.bytes("c5.png"));
    // Options beside `--like` count more.
    folder.succeeds("stylize c.png s.png t.png -o b.png --like sheet.png --cell 6 --seed 2");
    assert_eq!(folder.bytes("a.png"), folder.bytes("b.png"));
    for (options, says) in [
        ("--like sheet.png", "--cell 1 to 6"),
        ("--like sheet.png --cell 7", "pictures 1 to 6"),
        ("--like sheet.png --cell 0", "pictures 1 to 6"),
        ("--like a.png --cell 1", "no sheet"),
        ("--cell 1", "--like"),
    ] {
        folder.fails(2, &format!("stylize c.png s.png t.png -o d.png {options}")).assert_says(&[says]);
    }
}

#[test]
fn what_cannot_be_varied_is_an_error_before_the_work() {
    let folder = Folder::with_pictures();
    let cases: [(&str, &[&str]); 11] = [
        ("--vary strength", &["strength", "such as --vary"]),
        ("--vary strength=", &["strength="]),
        ("--vary strength=0.1,,2", &["strength"]),
        ("--vary strength=0.1,1.5", &["--strength", "0 to 1"]),
        ("--vary strength=high", &["--vary", "high"]),
        ("--vary magic=1", &["magic", "no option"]),
        ("--vary init=c.png,noise", &["init c.png", "only names"]),
        ("--vary size=1,2", &["size", "no option"]),
        ("--vary seed=1 --vary seed=2", &["seed", "twice"]),
        ("--vary seed=1 --vary strength=1 --vary tv-weight=1", &["one or two", "found 3"]),
        ("--vary seed=1,2,3,4,5,6,7,8,9,10,11 --vary iterations=1,2,3,4,5,6,7,8,9,10", &["100", "110"]),
    ];
    for (options, expected) in cases {
        folder.fails(2, &format!("sheet c.png s.png -o sheet.png {options}")).assert_says(expected);
    }
    let wide = "sheet c.png s.png -o sheet.webp --size 3000 --vary seed=1,2,3,4,5,6 --iterations 0";
    folder.fails(2, wide).assert_says(&["WebP", "16384"]);
    folder.fails(2, "sheet c.png s.png -o c.png --vary seed=1,2").assert_says(&["c.png", "overwritten"]);
}
