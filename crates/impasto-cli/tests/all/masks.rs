//! `--mask`, `--protect` and the regions of styles: what they do, their place in recipes and checkpoints, and invalid
//! values.
#![allow(clippy::unwrap_used)] // a failing test

use crate::common::Folder;
use impasto::Picture;
use impasto::image::{Encoding, save};

/// A few iterations at a small size.
const FEW: &str = "--size 48 --min-size 48 --iterations 3 --model random:vgg19?width=1/8";

/// Draws a picture of any size whose halves have two colours.
fn halves(folder: &Folder, name: &str, (width, height): (usize, usize), colours: [[f32; 3]; 2]) {
    let at = |plane: usize, x: usize| colours[usize::from(2 * x >= width)][plane];
    let rgb = (0..3 * width * height).map(|i| at(i / (width * height), i % width)).collect();
    save(&folder.path(name), &Picture::new(width, height, rgb).unwrap(), None, &Encoding::default()).unwrap();
}

const RED: [f32; 3] = [1.0, 0.0, 0.0];
const BLUE: [f32; 3] = [0.0, 0.0, 1.0];
const BLACK: [f32; 3] = [0.0; 3];
const WHITE: [f32; 3] = [1.0; 3];

fn pictures() -> Folder {
    let folder = Folder::with_pictures();
    halves(&folder, "colours.png", (96, 72), [RED, BLUE]);
    halves(&folder, "style-colours.png", (40, 56), [BLUE, RED]);
    halves(&folder, "grey.png", (48, 36), [BLACK, WHITE]);
    folder
}

/// Returns the first and the last column in which the result differs from the content.
fn painted(folder: &Folder, result: &str) -> (usize, usize) {
    let (result, content) = (folder.decoded(result).picture, folder.decoded("c.png").picture);
    let width = content.width();
    let pairs = result.rgb().iter().zip(content.rgb()).enumerate();
    // A difference of one 8-bit step is rounding.
    let columns = pairs.filter(|(_, (a, b))| (**a - **b).abs() > 1.5 / 255.0).map(|(at, _)| at % width);
    columns.fold((width, 0), |(first, last), x| (first.min(x), last.max(x)))
}

#[test]
fn a_mask_says_where_and_the_rest_is_kept() {
    let folder = pictures();
    folder.succeeds(&format!("stylize c.png s.png -o o.png --mask grey.png --feather 0 {FEW}"));
    let (first, last) = painted(&folder, "o.png");
    assert!((23..27).contains(&first) && last == 47, "{first} {last}");
    folder.succeeds(&format!("stylize c.png s.png -o p.png --protect grey.png --feather 0 {FEW}"));
    let (first, last) = painted(&folder, "p.png");
    assert!(first == 0 && (20..25).contains(&last), "{first} {last}");
    // With both options, the protected area is not painted, although the mask includes it.
    let all =
        format!("stylize c.png s.png t.png -o q.png --mask grey.png --rest first --protect grey.png {FEW}");
    folder.succeeds(&all);
    let (first, last) = painted(&folder, "q.png");
    assert!(first == 0 && (20..27).contains(&last), "{first} {last}");
}

#[test]
fn what_several_styles_leave_outside_of_a_mask_is_noted() {
    let folder = pictures();
    let run = |options: &str| folder.succeeds(&format!("stylize c.png {options} -o o.png {FEW}")).stderr;
    let note = "note: outside of the mask the photograph stays; --rest first";
    let said = run("s.png t.png --mask grey.png");
    assert!(said.contains(&format!("{note} paints it in s.png\n")), "{said}");
    let said = run("s.png t.png s.png --mask grey.png");
    assert!(
        said.contains(&format!("{note} with a mask for each of the 2 others paints it in s.png\n")),
        "{said}"
    );
    for options in [
        "s.png --mask grey.png",
        "s.png t.png --mask grey.png --rest first",
        "s.png t.png --mask grey.png --rest keep",
        "s.png t.png --mask grey.png --mask grey.png",
        "s.png:region=red t.png:region=blue --mask colours.png",
    ] {
        let said = run(options);
        assert!(!said.contains("the photograph stays"), "{options}: {said}");
    }
}

#[test]
fn colours_match_and_one_without_a_style_is_named() {
    let folder = pictures();
    let line = |more: &str| format!("stylize c.png {more} -o o.png --mask colours.png {FEW}");
    let both = "s.png:mask=style-colours.png t.png:region=blue";
    let ran = folder.succeeds(&line(both));
    assert!(!ran.stderr.contains("note: #"), "{ran}");
    let with_both = folder.decoded("o.png").picture;
    let ran = folder.succeeds(&line("t.png:region=#0000ff"));
    ran.assert_says(&["#ff0000", "50.0 %", "stays as it is"]);
    assert!(painted(&folder, "o.png").0 > 20);
    let ran = folder.succeeds(&line("s.png t.png:region=#0000ff --rest first"));
    ran.assert_says(&["#ff0000", "is painted in the first"]);
    assert_eq!(painted(&folder, "o.png").0, 0);
    assert_ne!(folder.decoded("o.png").picture, with_both);
}

#[test]
fn the_mask_of_a_style_that_takes_the_rest_counts() {
    let folder = pictures();
    halves(&folder, "half.png", (40, 56), [WHITE, BLACK]);
    let run = |style: &str, mask: &str| {
        folder.succeeds(&format!("stylize c.png {style} t.png{mask} --rest first -o o.png {FEW}"));
        folder.decoded("o.png").picture
    };
    for mask in [" --mask grey.png", ":region=blue --mask colours.png"] {
        assert!(run("s.png", mask) != run("s.png:mask=half.png", mask), "{mask}");
    }
}

#[test]
fn masks_are_in_report_recipe_and_checkpoint() {
    let folder = pictures();
    let line = "stylize c.png s.png:mask=style-colours.png,layers=relu1_1+relu2_1 t.png:region=blue -o o.png \
                --mask colours.png --protect grey.png --feather 0.01 --report r.json";
    folder.succeeds(&format!("{line} {FEW}"));
    let report = folder.json("r.json");
    assert_eq!(report["masks"][0]["path"], "colours.png");
    assert_eq!(report["protect"]["path"], "grey.png");
    assert_eq!(report["styles"][0]["mask"]["path"], "style-colours.png");
    assert_eq!(report["styles"][0]["layers"][1], "relu2_1");
    assert_eq!(report["styles"][1]["region"], "blue");
    let shown = folder.succeeds("show o.png").stdout;
    let first = shown.lines().next().unwrap();
    for part in
        ["s.png:mask=style-colours.png,layers=relu1_1+relu2_1", "--mask colours.png", "--protect grey.png"]
    {
        assert!(first.contains(part), "{part}: {first}");
    }
    folder.succeeds("stylize c.png s.png t.png -o again.png --like o.png");
    assert_eq!(folder.bytes("again.png"), folder.bytes("o.png"));
    // An option that is given beside `--like` takes precedence.
    folder
        .succeeds("stylize c.png s.png:region=red t.png:region=blue -o other.png --like o.png --feather 0.2");
    assert_ne!(folder.decoded("other.png").picture, folder.decoded("o.png").picture);
    // A changed mask makes another run.
    folder.succeeds(&format!("plan c.png s.png:region=red t.png:region=blue --mask colours.png {FEW}"));
    folder.succeeds(&format!(
        "evaluate c.png --content c.png --style s.png:region=red t.png:region=blue --mask colours.png --model {}",
        "random:vgg19?width=1/8"
    ));
}

/// Draws halves of the greys 0 and `value` of `white`, with 8 or 16 bits.
fn numbers(folder: &Folder, name: &str, (width, height): (usize, usize), (value, white): (f32, f32)) {
    let rgb = (0..3 * width * height).map(|i| if 2 * (i % width) >= width { value / white } else { 0.0 });
    let picture = Picture::new(width, height, rgb.collect()).unwrap();
    match white > 255.0 {
        true => folder.draw_16_bits(name, &picture),
        false => save(&folder.path(name), &picture, None, &Encoding::default()).unwrap(),
    }
}

#[test]
fn masks_of_0_and_1_are_black_and_white_and_a_note_says_so() {
    let folder = pictures();
    halves(&folder, "half.png", (40, 56), [BLACK, WHITE]);
    numbers(&folder, "c8.png", (48, 36), (1.0, 255.0));
    numbers(&folder, "s8.png", (40, 56), (1.0, 255.0));
    numbers(&folder, "c16.png", (48, 36), (1.0, 65_535.0));
    numbers(&folder, "s16.png", (40, 56), (1.0, 65_535.0));
    let run = |options: &str| {
        let ran = folder.succeeds(&format!("stylize c.png {options} -o o.png {FEW}"));
        (ran.stderr, folder.decoded("o.png").picture)
    };
    for usual in ["s.png --mask grey.png", "s.png --protect grey.png", "s.png:mask=half.png"] {
        let (said, expected) = run(usual);
        assert!(!said.contains("taken as white"), "{said}");
        for (bits, white) in [(8, 255), (16, 65_535)] {
            let options = usual.replace("grey", &format!("c{bits}")).replace("half", &format!("s{bits}"));
            let (said, found) = run(&options);
            assert!(said.contains(&format!(".png is 1 of {white}: 1 is taken as white")), "{said}");
            assert!(found == expected, "{options}");
        }
    }
}

#[test]
fn labels_are_refused_with_what_to_do() {
    let folder = pictures();
    for (name, white) in [("8.png", 255.0), ("16.png", 65_535.0)] {
        numbers(&folder, &format!("c{name}"), (48, 36), (2.0, white));
        numbers(&folder, &format!("s{name}"), (40, 56), (3.0, white));
        for (options, option, file, hint) in [
            (format!("s.png --mask c{name}"), "--mask", format!("c{name}"), "colour of its own"),
            (format!("s.png --protect c{name}"), "--protect", format!("c{name}"), "white is kept"),
            (format!("s.png:mask=s{name}"), "mask", format!("s{name}"), "colour of its own"),
        ] {
            let ran = folder.fails(2, &format!("stylize c.png {options} -o o.png {FEW}"));
            ran.assert_says(&[option, &file, "look like labels", &format!("of {white}"), "hint: ", hint]);
        }
    }
}

#[test]
fn what_cannot_be_is_an_error_with_a_reason() {
    let folder = pictures();
    folder.draw("tall.png", 36, 48, 0.0);
    halves(&folder, "black.png", (48, 36), [BLACK, BLACK]);
    halves(&folder, "white.png", (48, 36), [WHITE, WHITE]);
    halves(&folder, "high.png", (36, 48), [BLACK, WHITE]);
    folder.write("broken.png", b"no picture");
    // Ten colours, each in as many columns.
    let level = |at: usize| [at / 5, at % 5, 0].map(|level| level as f32 / 4.0);
    let rgb = (0..3 * 80 * 60).map(|i| level(i % 80 / 8)[i / (80 * 60)]).collect();
    let stripes = Picture::new(80, 60, rgb).unwrap();
    save(&folder.path("stripes.png"), &stripes, None, &Encoding::default()).unwrap();
    let cases: [(&str, &[&str]); 20] = [
        ("s.png --rest first", &["--rest", "--mask"]),
        ("s.png --feather 0.1", &["--feather", "--protect"]),
        ("s.png --protect grey.png --feather 0.3", &["--feather", "0 to 0.25"]),
        ("s.png --protect grey.png --feather -1", &["--feather", "0 to 0.25"]),
        ("s.png --protect white.png", &["nothing is left to paint"]),
        ("s.png --protect colours.png", &["--protect", "grey"]),
        ("s.png --mask black.png", &["--mask: black.png", "hint: white is where the style goes"]),
        ("s.png --mask tall.png", &["--mask", "no area of one colour", "hint: ", "black and white"]),
        ("s.png --mask high.png", &["--mask", "48x36, found 36x48", "hint: any size", "crop", "resize"]),
        ("s.png --mask grey.png --rest first", &["expected a second style", "hint: ", "a.jpg b.jpg"]),
        ("s.png t.png s.png --mask grey.png --rest first", &["the 2 styles after the first, found 1"]),
        ("s.png --mask stripes.png", &["(10.0 %) and 4 more\n", "hint: STYLE:region=#"]),
        ("s.png --mask broken.png", &["--mask", "broken.png"]),
        ("s.png:mask=none.png", &["mask", "none.png"]),
        ("s.png:mask=style-colours.png", &["--mask", "one mask with colours"]),
        ("s.png --mask colours.png", &["style 1 goes nowhere", "#ff0000 (50.0 %)"]),
        ("s.png:region=green --mask colours.png", &["no region #008000", "#0000ff"]),
        ("s.png:region=pinkish --mask colours.png", &["region=pinkish", "#ff0000, or black"]),
        (
            "s.png t.png --mask grey.png --mask grey.png --mask grey.png",
            &["one for each of 2 styles, found 3"],
        ),
        ("s.png:layers=relu1_1+relu1_2", &["layers", "relu1_2", "relu2_1"]),
    ];
    for (options, expected) in cases {
        let ran = folder.fails(2, &format!("stylize c.png {options} -o o.png {FEW}"));
        ran.assert_says(expected);
    }
    // A style may be transparent in parts, if its mask leaves some opaque pixels.
    folder.draw_transparent("clear.png", 40, 56);
    halves(&folder, "left.png", (40, 56), [WHITE, BLACK]);
    let ran = folder.line(&format!("stylize c.png clear.png:mask=left.png -o ok.png {FEW}"));
    assert_eq!(ran.code, Some(0), "{ran}");
    let ran = folder.fails(2, &format!("stylize c.png s.png --mask colours.png --rest first -o o.png {FEW}"));
    ran.assert_says(&["no style has a region"]);
    // A mask is not overwritten by a result.
    folder
        .fails(2, &format!("stylize c.png s.png -o grey.png --mask grey.png {FEW}"))
        .assert_says(&["grey.png"]);
}

#[test]
fn none_leaves_out_the_masks_of_a_recipe() {
    let folder = pictures();
    folder.draw("tall.png", 30, 60, 2.0);
    folder.succeeds(&format!(
        "stylize c.png s.png:mask=style-colours.png t.png:region=blue -o o.png --mask colours.png --rest first --protect \
         grey.png --feather 0.1 {FEW}"
    ));
    let again = "stylize tall.png s.png t.png -o p.png --like o.png";
    let ran = folder.fails(2, again);
    assert!(ran.hint().contains("--mask none leaves out"), "{ran}");
    let ran = folder.fails(2, &format!("{again} --mask none"));
    assert!(ran.hint().contains("--protect none leaves out"), "{ran}");
    // What is left is the run without masks, and its recipe says so.
    folder.succeeds(&format!("{again} --mask none --protect none"));
    folder.succeeds(&format!("stylize tall.png s.png t.png -o q.png {FEW}"));
    assert_eq!(folder.bytes("p.png"), folder.bytes("q.png"));
    // A protected part alone may go, with its feather.
    folder.succeeds("stylize c.png s.png t.png -o p.png --like o.png --protect none");
    let shown = folder.succeeds("show p.png").stdout;
    assert!(shown.contains("--mask colours.png") && !shown.contains("--protect"), "{shown}");
    // Without a recipe, `none` is what there is anyway.
    folder.succeeds(&format!("stylize tall.png s.png t.png -o p.png --mask none --protect none {FEW}"));
    assert_eq!(folder.bytes("p.png"), folder.bytes("q.png"));
}
