//! Properties of input and output pictures: transparency, 16 bits, colour profiles, and standard input.
#![allow(clippy::unwrap_used)] // a failing test

use std::process::Command;

use crate::common::{Folder, RUN, largest_difference, waves};
use impasto::Picture;
use impasto::image::{Depth, Encoding, Plane, Space, save};

/// Draws `wide.png`, in Display P3.
fn draw_wide(folder: &Folder) {
    let wide = Encoding {
        space: Space::DisplayP3,
        icc_profile: Some(Space::DisplayP3.icc()),
        ..Encoding::default()
    };
    save(&folder.path("wide.png"), &waves(48, 36, 0.0), None, &wide).unwrap();
}

#[test]
fn transparency_is_kept() {
    let folder = Folder::with_pictures();
    folder.draw_transparent("a.png", 48, 36);
    let before = folder.decoded("a.png").alpha.unwrap();
    for name in ["o.png", "o.tif", "o.webp"] {
        folder.succeeds(&format!("stylize a.png s.png -o {name} --iterations 2"));
        assert_eq!(folder.decoded(name).alpha.unwrap(), before, "{name}");
    }
    folder.succeeds("stylize a.png s.png -o o.png --iterations 2 --size 64");
    let alpha = folder.decoded("o.png").alpha.unwrap();
    assert_eq!(alpha.size(), (64, 48));
    assert!(alpha.data()[..64].windows(2).all(|pair| pair[0] <= pair[1]), "still clear left, opaque right");
    // A transparent style does not make the result transparent.
    folder.succeeds("stylize c.png a.png -o o.png --iterations 2");
    assert!(folder.decoded("o.png").alpha.is_none());
    folder.fails(2, "stylize a.png s.png -o o.jpg --iterations 2").assert_says(&["transparency", "hint: "]);
}

#[test]
fn sixteen_bits_are_kept() {
    let folder = Folder::with_pictures();
    folder.draw_16_bits("deep.png", &waves(48, 36, 0.0));
    for name in ["o.png", "o.tif"] {
        folder.succeeds(&format!("stylize deep.png s.png -o {name} --iterations 2"));
        let result = folder.decoded(name);
        assert_eq!(result.depth, Depth::Sixteen, "{name}");
        let between = |value: f32| (value * 255.0 - (value * 255.0).round()).abs() > 0.05;
        assert!(result.picture.rgb().iter().any(|&value| between(value)), "{name}: 8 bits in 16");
    }
    let ran = folder.fails(2, "stylize deep.png s.png -o o.jpg --iterations 2");
    ran.assert_says(&["16 bits", "JPEG holds 8", "--depth 8"]);
    folder.succeeds("stylize deep.png s.png -o o.jpg --iterations 2 --depth 8");
    assert_eq!(folder.decoded("o.jpg").depth, Depth::Eight);
    folder.succeeds("stylize c.png s.png -o o.png --iterations 2 --depth 16");
    assert_eq!(folder.decoded("o.png").depth, Depth::Sixteen);
    folder.fails(2, "stylize c.png s.png -o o.webp --depth 16").assert_says(&["--depth 16"]);
    folder.fails(2, "stylize c.png s.png -o o.png --depth 12").assert_says(&["--depth"]);
    // Without painting, nothing is lost.
    folder.succeeds("stylize deep.png s.png -o o.png --init content --iterations 0 --size 48");
    assert_eq!(folder.decoded("o.png").picture, folder.decoded("deep.png").picture);
}

#[test]
fn what_lies_under_transparency_has_no_influence() {
    let folder = Folder::with_pictures();
    let opacity = |i: usize| if i % 48 < 24 { 1.0 } else { 0.0 };
    let alpha = Plane::new(48, 36, (0..48 * 36).map(opacity).collect()).unwrap();
    for (name, hidden) in [("black.png", 0.0), ("white.png", 1.0)] {
        let mut picture = waves(48, 36, 0.0);
        let hide = picture.rgb_mut().iter_mut().enumerate().filter(|(i, _)| opacity(*i) == 0.0);
        hide.for_each(|(_, value)| *value = hidden);
        save(&folder.path(name), &picture, Some(&alpha), &Encoding::default()).unwrap();
        folder.succeeds(&format!("stylize {name} s.png -o content-{name} --iterations 2"));
        folder.succeeds(&format!("stylize c.png {name} -o style-{name} --iterations 2"));
    }
    for kind in ["content", "style"] {
        let [black, white] = ["black", "white"].map(|name| folder.decoded(format!("{kind}-{name}.png")));
        assert!(black.picture == white.picture, "hidden colours of the {kind} show");
    }
}

#[test]
fn colours_are_written_by_the_profile_asked_for() {
    let folder = Folder::with_pictures();
    draw_wide(&folder);
    // Without painting, the picture keeps its colours, with its own profile or another one.
    for (options, space) in
        [("", Space::DisplayP3), ("--profile p3", Space::DisplayP3), ("--profile srgb", Space::Srgb)]
    {
        folder.succeeds(&format!(
            "stylize wide.png s.png -o o.png --init content --iterations 0 --size 48 {options}"
        ));
        let mut expected = folder.decoded("wide.png");
        expected.bring_to(space);
        let found = folder.decoded("o.png");
        assert_eq!(found.space, space, "{options}");
        assert!(largest_difference(&found.picture, &expected.picture) <= 1.0, "{options}");
    }
    folder.succeeds("stylize c.png s.png -o o.jpg --iterations 1 --profile srgb --quality 80");
    assert_eq!(folder.decoded("o.jpg").icc_profile, Some(Space::Srgb.icc()));
    folder.fails(2, "stylize c.png s.png -o o.bmp --profile p3").assert_says(&["BMP", "hint: "]);
    folder.fails(2, "stylize c.png s.png -o o.png --quality 80").assert_says(&["--quality", "JPEG"]);
    let ran = folder.succeeds("stylize wide.png s.png -o o.bmp --iterations 1");
    ran.assert_says(&["warning: BMP holds no colour profile"]);
}

#[test]
fn resizing_averages_light_unless_asked_otherwise() {
    let folder = Folder::with_pictures();
    let checkers = (0..3 * 96 * 72).map(|i| ((i % 96 + i / 96 % 72) % 2) as f32).collect();
    save(&folder.path("k.png"), &Picture::new(96, 72, checkers).unwrap(), None, &Encoding::default())
        .unwrap();
    for (options, expected) in [("", 0.735), ("--resize linear", 0.735), ("--resize gamma", 0.5)] {
        folder.succeeds(&format!(
            "stylize k.png s.png -o o.png --init content --iterations 0 --size 24 {options}"
        ));
        let picture = folder.decoded("o.png").picture;
        let mean = picture.rgb().iter().sum::<f32>() / picture.rgb().len() as f32;
        assert!((mean - expected).abs() < 0.01, "{options}: {mean}");
    }
}

#[test]
fn a_picture_may_come_from_standard_input() {
    let folder = Folder::with_pictures();
    folder.succeeds(RUN);
    let expected = folder.decoded("o.png").picture;
    let script = "cat c.png | \"$0\" stylize - s.png -o piped.png --iterations 2";
    let ran = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_impasto")])
        .current_dir(folder.path("."))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert!(folder.decoded("piped.png").picture == expected);
}

#[test]
fn wide_colours_go_into_light_and_out_of_it() {
    let folder = Folder::with_pictures();
    draw_wide(&folder);
    let run =
        |line: &str| folder.succeeds(&format!("stylize {line} --init content --iterations 0 --size 48"));
    run("wide.png s.png -o w.exr");
    assert_eq!(folder.decoded("w.exr").space, Space::DisplayP3);
    run("wide.png s.png -o n.exr --profile srgb");
    assert_eq!(folder.decoded("n.exr").space, Space::Srgb);
    run("c.png s.png -o p.exr --profile p3");
    assert_eq!(folder.decoded("p.exr").space, Space::DisplayP3);
    // A picture of light has no profile, but its colours stay the same.
    run("w.exr s.png -o w.png --depth 16");
    let found = folder.decoded("w.png");
    assert_eq!(found.space, Space::DisplayP3);
    assert!(largest_difference(&found.picture, &folder.decoded("wide.png").picture) < 0.01);
}

#[test]
fn names_without_an_extension_and_none() {
    let folder = Folder::with_pictures();
    folder.succeeds("stylize c.png s.png -o picture --format png --iterations 2 --save-every 1");
    assert!(folder.has("picture") && folder.has("picture_0001") && folder.has("picture_0002"));
    folder.fails(2, "stylize c.png s.png -o - --format png").assert_says(&["-o -", "/dev/stdout"]);
    assert!(!folder.has("-"));
}
