//! `impasto stylize`: every option does what it says. Names, places and disks of all kinds work.
#![allow(clippy::unwrap_used)] // a failing test

use std::fs;

use crate::common::{
    Folder, RUN, Ran, finish, impasto, in_small_file_system, largest_difference, painted, report, scales,
    skip,
};
use impasto::Preset;
use serde_json::{Value, json};

// === Options ===

#[test]
fn every_preset_runs() {
    let folder = Folder::with_pictures();
    for &preset in Preset::ALL {
        // This encoder has all layers of VGG-19 but is narrow, so that a run takes a fraction of a second.
        let ran = folder.succeeds(&format!(
            "{RUN} --preset {} --model random:vgg19?width=1/16 --report r.json",
            preset.name
        ));
        assert_eq!(folder.json("r.json")["recipe"]["preset"], preset.name);
        assert_eq!(folder.decoded("o.png").picture.size(), (48, 36), "{}", preset.name);
        ran.assert_says(&["note: ", preset.name]);
    }
    assert!(!folder.succeeds(RUN).stderr.contains("note: "), "our own preset is tuned for lite");
}

#[test]
fn every_option_changes_the_picture() {
    let folder = Folder::with_pictures();
    let plain = painted(&folder, "");
    for options in [
        "--preset gatys",
        "--model random:vgg19?width=1/16",
        "--size 40",
        "--iterations 3",
        "--content-weight 100",
        "--style-weight 0.001",
        "--tv-weight 200",
        "--content-layers relu1_1 --content-weight 100",
        "--style-layers relu1_1",
        "--style-layer-weights 0,0,0,0,1",
        "--statistic gram",
        "--pooling average",
        "--optimizer lbfgs",
        "--learning-rate 0.1",
        "--init gray",
        "--init noise",
        "--init style-stats",
        "--init t.png",
        "--min-size 34",
        "--style-scale 0.6",
        "--keep last",
        "--keep best",
        "--first-iterations 5",
        "--average-decay 0.1 --iterations 5",
        "--init noise --seed 1",
    ] {
        let options = if options.contains("--iterations") {
            options.into()
        } else {
            format!("--iterations 2 {options}")
        };
        folder.succeeds(&format!("stylize c.png s.png -o o.png {options}"));
        let picture = folder.decoded("o.png").picture;
        assert!(picture.size() != plain.size() || largest_difference(&picture, &plain) > 0.5, "{options}");
    }
    let (zero, one) = (painted(&folder, "--init noise --seed 0"), painted(&folder, "--init noise --seed 1"));
    assert!(largest_difference(&zero, &one) > 10.0);
}

#[test]
fn styles_are_blended_by_their_weights() {
    let folder = Folder::with_pictures();
    let with = |styles: &str| {
        folder.succeeds(&format!("stylize c.png {styles} -o o.png --iterations 2"));
        folder.decoded("o.png").picture
    };
    let (s, t, both) = (with("s.png"), with("t.png"), with("s.png t.png"));
    assert!(s != t && s != both && t != both);
    assert!(both == with("s.png t.png --style-weights 1,1"));
    assert!(both == with("s.png t.png --style-weights 0.25,0.25"), "only the proportion matters");
    assert!(both == with("s.png t.png --style-weights 8 --style-weights 8"));
    assert!(both != with("s.png t.png --style-weights 1,3"));
    assert!(s == with("s.png t.png --style-weights 5,0"));
    assert!(t == with("s.png t.png --style-weights 0,0.1"));
    assert!(s == with("s.png --style-weights 2"));
}

#[test]
fn very_large_style_weights_keep_their_proportion() {
    let folder = Folder::with_pictures();
    let ran = folder.line(
        "stylize c.png s.png t.png -o o.png --iterations 1 --style-weights 1e308,1e308 --report r.json",
    );
    if ran.code == Some(0) {
        let report = folder.json("r.json");
        assert_eq!(
            (&report["styles"][0]["weight"], &report["styles"][1]["weight"]),
            (&json!(0.5), &json!(0.5))
        );
    } else {
        ran.assert_failed(2, "--style-weights 1e308,1e308");
    }
}

#[test]
fn layers_share_the_weight_of_the_preset() {
    let folder = Folder::with_pictures();
    let layers = |options: &str, key: &str| report(&folder, options)["recipe"][key].clone();
    let sum = |layers: &Value| -> f64 {
        layers.as_array().unwrap().iter().map(|pair| pair[1].as_f64().unwrap()).sum()
    };
    let preset = layers("", "style_layers");
    let given = layers("--style-layers relu1_2,relu3_2", "style_layers");
    assert_eq!((&given[0][0], &given[1][0]), (&json!("relu1_2"), &json!("relu3_2")));
    assert_eq!(given[0][1], given[1][1]);
    assert!((sum(&given) - sum(&preset)).abs() < 1e-12);
    assert_eq!(
        layers("--style-layers relu1_2,relu3_2 --style-layer-weights 0.5,7", "style_layers"),
        json!([["relu1_2", 0.5], ["relu3_2", 7.0]])
    );
}

#[test]
fn scales_run_from_min_size_to_size() {
    let folder = Folder::with_pictures();
    let of = |options: &str| scales(&report(&folder, options));
    assert_eq!(of(""), [(48, 36, 2)]);
    assert_eq!(of("--size 64 --min-size 30"), [(32, 24, 2), (45, 34, 2), (64, 48, 2)]);
    assert_eq!(of("--size 64 --min-size 33"), [(45, 34, 2), (64, 48, 2)]);
}

#[test]
fn the_style_has_the_size_that_was_asked_for() {
    let folder = Folder::with_pictures();
    // This style is too small for the deepest layer.
    folder.fails(2, &format!("{RUN} --style-scale 0.01")).assert_says(&["style", "hint: "]);
    let plain = painted(&folder, "");
    assert_eq!(largest_difference(&plain, &painted(&folder, "--style-scale 1.0")), 0.0);
}

#[test]
fn styles_have_settings_of_their_own() {
    let folder = Folder::with_pictures();
    let with = |styles: &str| {
        folder.succeeds(&format!("stylize c.png {styles} -o o.png --iterations 2"));
        folder.decoded("o.png").picture
    };
    assert!(with("s.png t.png --style-weights 3,1") == with("s.png:weight=3 t.png"));
    assert!(with("s.png --style-scale 0.8") == with("s.png:scale=0.8"));
    assert!(with("s.png t.png") != with("s.png t.png:scale=0.8"));
    let shown = folder.succeeds("show o.png").stdout;
    assert!(shown.starts_with("impasto stylize c.png s.png t.png:scale=0.8 -o OUT"), "{shown}");
    let plain = with("s.png");
    assert!(plain != with("s.png:rotate=90") && plain != with("s.png:rotate=20"));
    assert!(plain == with("s.png:rotate=360"));
    // If a file has the whole name, that file is meant.
    folder.write("s.png:weight=0", &folder.bytes("t.png"));
    assert!(with("s.png:weight=0") == with("t.png"));
    for (bad, says) in [
        ("s.png:weight=x", "expected a number"),
        ("s.png:colour=1", "no setting of a style"),
        ("s.png:scale=0", "above 0"),
        ("s.png:weight=1 t.png --style-weights 1,2", "--style-weights"),
    ] {
        folder.fails(2, &format!("stylize c.png {bad} -o bad.png --iterations 2")).assert_says(&[says]);
    }
}

#[test]
fn colours_are_those_asked_for() {
    let folder = Folder::with_pictures();
    let plain = painted(&folder, "");
    let mut all = vec![plain];
    for options in [
        "--colour keep",
        "--colour luminance",
        "--colour match",
        "--color match --color-map cholesky",
        "--colour match --colour-map pca",
        "--colour match --colour-map histogram",
    ] {
        let picture = painted(&folder, options);
        assert!(all.iter().all(|other| largest_difference(&picture, other) > 0.5), "{options}");
        all.push(picture);
    }
    assert!(all[3] == painted(&folder, "--colour match --colour-map monge-kantorovich"));
    folder.fails(2, &format!("{RUN} --colour none")).assert_says(&["--colour", "luminance"]);
    folder.fails(2, &format!("{RUN} --colour match --colour-map none")).assert_says(&["--colour-map", "pca"]);
    folder.fails(2, &format!("{RUN} --colour-map pca")).assert_says(&["--colour match"]);
    folder.succeeds(&format!("{RUN} --colour keep"));
    folder.succeeds("stylize c.png s.png -o p.png --like o.png");
    assert_eq!(folder.bytes("o.png"), folder.bytes("p.png"));
    folder.succeeds(&format!("{RUN} --colour luminance --report r.json"));
    assert_eq!(folder.json("r.json")["colour"], "luminance");
}

// === Names and places ===

#[test]
fn pictures_may_come_from_pipes() {
    let folder = Folder::with_pictures();
    folder.succeeds(RUN);
    let plain = folder.decoded("o.png").picture;
    if cfg!(unix) {
        let script = r#"cat c.png | "$0" stylize /dev/stdin s.png -o o.png --iterations 2"#;
        let mut command = std::process::Command::new("sh");
        command.args(["-c", script, env!("CARGO_BIN_EXE_impasto")]).current_dir(folder.path("."));
        let ran = finish(command);
        assert_eq!(ran.code, Some(0), "{ran}");
        assert!(plain == folder.decoded("o.png").picture);
    }
}

#[test]
fn names_may_have_spaces() {
    let folder = Folder::with_pictures();
    fs::create_dir(folder.path("my pictures")).unwrap();
    folder.draw("my pictures/a b.png", 48, 36, 0.0);
    let ran = folder.run(
        "stylize|my pictures/a b.png|s.png|-o|my pictures/r e s.png|--iterations|1|--save-every|1|--report|my pictures/r.json|--init|my pictures/a b.png"
            .split('|'),
    );
    assert_eq!(ran.code, Some(0), "{ran}");
    for name in ["r e s.png", "r e s_0001.png", "r.json"] {
        assert!(folder.has(format!("my pictures/{name}")), "{name}");
    }
    assert_eq!(folder.json("my pictures/r.json")["content"]["path"], "my pictures/a b.png");
}

#[cfg(target_os = "linux")]
mod names_that_are_not_utf8 {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    fn name(end: &str) -> std::ffi::OsString {
        OsStr::from_bytes(&[b"caf\xe9", end.as_bytes()].concat()).into()
    }

    fn run(folder: &Folder, end: &[&OsStr]) -> Ran {
        let start = ["stylize", "s.png", "--iterations", "1"].map(OsStr::new);
        folder.run(start.into_iter().chain(end.iter().copied()))
    }

    #[test]
    fn are_read_and_written() {
        let folder = Folder::with_pictures();
        folder.draw(name(".png"), 48, 36, 0.0);
        let ran = run(
            &folder,
            &[&name(".png"), OsStr::new("-o"), &name("-o.png"), OsStr::new("--report"), &name(".json")],
        );
        assert_eq!(ran.code, Some(0), "{ran}");
        assert!(folder.has(name("-o.png")) && folder.has(name(".json")));
    }

    #[test]
    fn are_kept_with_a_number() {
        let folder = Folder::with_pictures();
        let ran = run(
            &folder,
            &["c.png", "-o"]
                .map(OsStr::new)
                .into_iter()
                .chain([&*name(".png"), OsStr::new("--save-every"), OsStr::new("1")])
                .collect::<Vec<_>>(),
        );
        assert_eq!(ran.code, Some(0), "{ran}");
        assert!(folder.has(name("_0001.png")), "{:?}", folder.names());
    }

    #[test]
    fn are_something_to_begin_with() {
        let folder = Folder::with_pictures();
        folder.draw(name(".png"), 48, 36, 0.0);
        let ran = run(
            &folder,
            &[
                OsStr::new("c.png"),
                OsStr::new("-o"),
                OsStr::new("o.png"),
                OsStr::new("--init"),
                &name(".png"),
            ],
        );
        assert_eq!(ran.code, Some(0), "{ran}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_followed() {
    let folder = Folder::with_pictures();
    fs::create_dir(folder.path("d")).unwrap();
    for (target, exists) in [("d/old.png", true), ("d/new.png", false)] {
        if exists {
            folder.write(target, b"an older result");
        }
        std::os::unix::fs::symlink(target, folder.path("o.png")).unwrap();
        folder.succeeds(RUN);
        assert!(
            fs::symlink_metadata(folder.path("o.png")).unwrap().is_symlink(),
            "{target}: the link was replaced"
        );
        assert_eq!(folder.decoded(target).picture.size(), (48, 36));
        fs::remove_file(folder.path("o.png")).unwrap();
    }
}

// === Disks ===

#[test]
fn a_full_disk_leaves_the_older_result() {
    const TEST: &str = "a_full_disk_leaves_the_older_result";
    let folder = Folder::with_pictures();
    folder.draw("large.png", 120, 90, 0.0);
    // The older result fills most of the disk, so that the new one does not fit.
    let script = "head -c 20000 /dev/urandom > m/o.png && cp m/o.png older
        $0 stylize large.png s.png -o m/o.png --iterations 1 --report r.json
        code=$?; ls -A m; cmp m/o.png older && exit $code";
    let Some(ran) = in_small_file_system(&folder, TEST, script) else { return };
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), "o.png\n"), "{ran}");
    ran.assert_says(&["error: ", "m/o.png", "hint: "]);
}

#[test]
fn a_full_disk_is_no_reason_to_lose_the_report() {
    const TEST: &str = "a_full_disk_is_no_reason_to_lose_the_report";
    let folder = Folder::with_pictures();
    folder.draw("large.png", 120, 90, 0.0);
    let script = "head -c 20000 /dev/urandom > m/other
        $0 stylize large.png s.png -o m/o.png --iterations 1 --report r.json";
    let Some(ran) = in_small_file_system(&folder, TEST, script) else { return };
    assert_eq!(ran.code, Some(3), "{ran}");
    assert_eq!(folder.json("r.json")["outcome"], "failed");
}

#[test]
fn a_disk_without_room_for_the_report_has_room_for_the_picture() {
    if !cfg!(target_os = "linux") {
        return skip("a_disk_without_room_for_the_report_has_room_for_the_picture", "no /dev/full");
    }
    let folder = Folder::with_pictures();
    let ran = folder.line(&format!("{RUN} --report /dev/full"));
    ran.assert_failed(3, "--report /dev/full");
    ran.assert_says(&["/dev/full", "hint: "]);
    assert_eq!(folder.decoded("o.png").picture.size(), (48, 36));
}

#[test]
fn a_read_only_disk_is_found_out_before_the_work() {
    const TEST: &str = "a_read_only_disk_is_found_out_before_the_work";
    let folder = Folder::with_pictures();
    let script = "cp c.png m/o.png && mount -o remount,bind,ro m || exit 99
        $0 stylize c.png s.png -o m/o.png --iterations 1 --progress json
        code=$?; cmp m/o.png c.png && exit $code";
    let Some(ran) = in_small_file_system(&folder, TEST, script) else { return };
    ran.assert_failed(3, "read-only");
    assert!(ran.steps().is_empty(), "{ran}");
}

#[test]
fn a_report_on_a_read_only_disk_is_found_out_before_the_work() {
    const TEST: &str = "a_report_on_a_read_only_disk_is_found_out_before_the_work";
    let folder = Folder::with_pictures();
    let script = "mount -o remount,bind,ro m || exit 99
        $0 stylize c.png s.png -o o.png --iterations 1 --progress json --report m/r.json";
    let Some(ran) = in_small_file_system(&folder, TEST, script) else { return };
    ran.assert_failed(3, "read-only");
    assert!(ran.steps().is_empty() && !folder.has("o.png"), "{ran}");
}

// === Help ===

#[test]
fn help_names_every_preset_and_option() {
    let ran = finish(impasto(["stylize", "--help"]));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    for &preset in Preset::ALL {
        assert!(ran.stdout.contains(preset.name), "{}", preset.name);
    }
    for option in "output preset model size iterations content-weight style-weight style-weights tv-weight content-layers \
                   style-layers style-layer-weights statistic pooling optimizer learning-rate init min-size style-scale \
                   seed threads save-every keep report progress"
        .split_whitespace()
    {
        assert!(ran.stdout.contains(&format!("--{option}")), "{option}");
    }
}
