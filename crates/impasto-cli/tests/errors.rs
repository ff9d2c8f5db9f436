//! Mistakes: each is refused before any work, with the right code, in words that name what is wrong, and without touching
//! a file.
#![allow(clippy::unwrap_used)] // a failing test

mod common;

use std::fs;

use common::{Folder, Ran, skip, waves};
use impasto::image::{Encoding, save};

const RUN: &str = "stylize c.png s.png -o o.png --iterations 1";

/// The pictures, and an older result that must survive every mistake.
struct Older(Folder);

impl Older {
    fn new() -> Older {
        let folder = Folder::with_pictures();
        folder.write("o.png", b"an older result");
        Older(folder)
    }

    #[track_caller]
    fn fails(&self, code: i32, line: &str) -> Ran {
        let ran = self.0.fails(code, &format!("{line} --progress json"));
        assert!(ran.steps().is_empty(), "{line}: found out after the work\n{ran}");
        assert_eq!(self.0.bytes("o.png"), b"an older result", "{line}");
        ran
    }
}

// === Inputs ===

#[test]
fn what_is_no_picture_is_refused() {
    let older = Older::new();
    let folder = &older.0;
    save(&folder.path("whole.jpg"), &waves(64, 64, 0.0), None, &Encoding::default()).unwrap();
    let (png, jpg) = (folder.bytes("c.png"), folder.bytes("whole.jpg"));
    folder.write("empty.png", b"");
    folder.write("text.png", b"This is not a picture.\n");
    folder.write("page.jpg", b"<!DOCTYPE html><html><body>Not found</body></html>");
    folder.write("cut.png", &png[..png.len() / 2]);
    folder.write("cut.jpg", &jpg[..jpg.len() / 2]);
    fs::create_dir(folder.path("folder")).unwrap();
    for name in
        ["empty.png", "text.png", "page.jpg", "cut.png", "cut.jpg", "folder", "missing.png", "no/folder.png"]
    {
        for line in [
            format!("stylize {name} s.png -o o.png"),
            format!("stylize c.png {name} -o o.png"),
            format!("stylize c.png s.png {name} -o o.png"),
            format!("{RUN} --init {name}"),
        ] {
            older.fails(2, &line).assert_says(&[name, "hint: "]);
        }
        for line in [
            format!("evaluate {name} --content c.png --style s.png"),
            format!("evaluate c.png --content {name} --style s.png"),
            format!("evaluate c.png --content c.png --style s.png {name}"),
        ] {
            folder.fails(2, &line).assert_says(&[name]);
        }
    }
}

#[test]
fn an_input_that_cannot_be_read_is_refused_with_the_reason() {
    if !cfg!(target_os = "linux") {
        return skip("an_input_that_cannot_be_read_is_refused_with_the_reason", "no /proc/self/mem");
    }
    let older = Older::new();
    // Whoever asks, its first bytes cannot be read.
    older
        .fails(2, "stylize /proc/self/mem s.png -o o.png")
        .assert_says(&["/proc/self/mem", "nput/output error"]);
}

#[test]
fn a_picture_that_is_too_small_is_named() {
    let older = Older::new();
    let folder = &older.0;
    folder.draw("dot.png", 1, 1, 0.0);
    folder.draw("thin.png", 15, 60, 0.0);
    folder.draw("thread.png", 1, 3000, 0.0);
    for name in ["dot.png", "thin.png", "thread.png"] {
        older.fails(2, &format!("stylize {name} s.png -o o.png")).assert_says(&[
            "too small",
            "16",
            "hint: ",
            "content",
        ]);
        older.fails(2, &format!("stylize c.png {name} -o o.png")).assert_says(&[
            "too small",
            "16",
            "hint: ",
            "style",
        ]);
    }
    for options in ["--size 1", "--size 16", "--size 20"] {
        older.fails(2, &format!("{RUN} {options}")).assert_says(&["too small"]);
    }
    // Smaller pictures will do for shallower layers, as the hint says.
    folder.succeeds(
        "stylize thin.png s.png -o p.png --iterations 1 --content-layers relu2_2 --style-layers relu1_1",
    );
}

#[test]
fn a_picture_without_colours_is_refused() {
    let older = Older::new();
    let clear = impasto::image::Plane::new(48, 36, vec![0.0; 48 * 36]).unwrap();
    save(&older.0.path("clear.png"), &waves(48, 36, 0.0), Some(&clear), &Encoding::default()).unwrap();
    older.fails(2, "stylize clear.png s.png -o o.png").assert_says(&["clear.png", "transparent"]);
}

// === Outputs ===

#[test]
fn an_output_that_cannot_be_is_refused_before_the_work() {
    let older = Older::new();
    fs::create_dir(older.0.path("folder.png")).unwrap();
    for (name, word) in [
        ("missing/o.png", "missing"),
        ("noextension", "extension"),
        (".png", "extension"),
        ("o.gif", ".gif"),
        ("o.png.txt", ".txt"),
        ("folder.png", "folder"),
        ("c.png/o.png", "c.png"),
    ] {
        older.fails(2, &format!("stylize c.png s.png -o {name}")).assert_says(&[word]);
    }
}

#[test]
fn an_output_that_ends_in_a_slash_is_refused_before_the_work() {
    let older = Older::new();
    older.fails(2, "stylize c.png s.png -o new.png/ --iterations 1").assert_says(&["new.png/"]);
}

#[test]
fn an_output_whose_name_is_too_long_is_refused_before_the_work_with_the_reason() {
    let older = Older::new();
    let name = "x".repeat(300) + ".png";
    let ran = older.fails(3, &format!("stylize c.png s.png -o {name} --iterations 1"));
    assert!(ran.stderr.to_lowercase().contains("too long"), "{ran}");
}

#[test]
fn an_input_is_never_overwritten() {
    let older = Older::new();
    let folder = &older.0;
    let (c, s, t) = (folder.bytes("c.png"), folder.bytes("s.png"), folder.bytes("t.png"));
    #[cfg(unix)]
    std::os::unix::fs::symlink("s.png", folder.path("link.png")).unwrap();
    #[cfg(not(unix))]
    folder.write("link.png", &s);
    for line in [
        "stylize c.png s.png -o c.png",
        "stylize c.png s.png -o s.png",
        "stylize c.png t.png s.png -o ./s.png",
        "stylize c.png s.png -o t.png --init t.png",
        "stylize c.png s.png -o o.png --report c.png",
        "stylize c.png s.png -o o.png --report t.png --init t.png",
        #[cfg(unix)]
        "stylize c.png s.png -o link.png",
        #[cfg(unix)]
        "stylize c.png link.png -o s.png",
    ] {
        older.fails(2, &format!("{line} --iterations 1")).assert_says(&["input", "hint: "]);
    }
    assert!((c, s, t) == (folder.bytes("c.png"), folder.bytes("s.png"), folder.bytes("t.png")));
}

#[test]
fn an_input_is_never_overwritten_by_a_saved_iterate() {
    let older = Older::new();
    older.0.draw("o_0002.png", 40, 40, 1.0);
    let before = older.0.bytes("o_0002.png");
    let ran = older.0.line("stylize c.png o_0002.png -o o.png --iterations 2 --save-every 2");
    assert!(older.0.bytes("o_0002.png") == before, "the style was overwritten\n{ran}");
    ran.assert_failed(2, "--save-every");
}

#[test]
fn a_model_is_never_overwritten_by_a_report() {
    let older = Older::new();
    let lite = include_bytes!("../../impasto-encoder/src/lite.safetensors");
    older.0.write("m.safetensors", lite);
    let ran = older.0.line(&format!("{RUN} --model m.safetensors --report m.safetensors"));
    assert!(older.0.bytes("m.safetensors") == lite, "the model was overwritten\n{ran}");
    ran.assert_failed(2, "--report");
}

#[test]
fn a_report_is_not_the_result() {
    let older = Older::new();
    for report in ["o.png", "./o.png"] {
        older.fails(2, &format!("{RUN} --report {report}")).assert_says(&["--report"]);
    }
    // Nor where neither is there yet.
    older.fails(2, "stylize c.png s.png -o new.png --iterations 1 --report ./new.png");
}

#[test]
fn a_report_that_cannot_be_is_refused_before_the_work() {
    let older = Older::new();
    fs::create_dir(older.0.path("folder")).unwrap();
    for name in ["missing/r.json", "folder", "c.png/r.json"] {
        older.fails(2, &format!("{RUN} --report {name}")).assert_says(&["--report", name]);
    }
}

fn protect(older: &Older, name: &str) {
    let mut permissions = fs::metadata(older.0.path(name)).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(older.0.path(name), permissions).unwrap();
}

#[test]
fn a_write_protected_result_stays() {
    let older = Older::new();
    protect(&older, "o.png");
    older.fails(3, RUN).assert_says(&["o.png", "hint: "]);
}

#[test]
fn a_write_protected_report_is_found_out_before_the_work() {
    let older = Older::new();
    older.0.write("r.json", b"an older report");
    protect(&older, "r.json");
    older.fails(3, "stylize c.png s.png -o new.png --iterations 1 --report r.json").assert_says(&["r.json"]);
    assert_eq!(older.0.bytes("r.json"), b"an older report");
}

#[cfg(unix)]
#[test]
fn a_folder_without_write_permission_is_found_out_before_the_work() {
    use std::os::unix::fs::PermissionsExt;

    /// A folder that is made writable again, so that it can be removed.
    struct Locked(std::path::PathBuf);

    impl Drop for Locked {
        fn drop(&mut self) {
            let _ = fs::set_permissions(&self.0, PermissionsExt::from_mode(0o755));
        }
    }

    let older = Older::new();
    let folder = Locked(older.0.path("locked"));
    fs::create_dir(&folder.0).unwrap();
    fs::write(folder.0.join("o.png"), b"an older result").unwrap();
    fs::set_permissions(&folder.0, PermissionsExt::from_mode(0o555)).unwrap();
    if fs::write(folder.0.join("probe"), b"").is_ok() {
        return skip(
            "a_folder_without_write_permission_is_found_out_before_the_work",
            "root may write everywhere",
        );
    }
    older
        .fails(3, "stylize c.png s.png -o locked/o.png --iterations 1")
        .assert_says(&["locked/o.png", "hint: "]);
    older.fails(3, "stylize c.png s.png -o locked/new.png --iterations 1");
    assert_eq!(fs::read(folder.0.join("o.png")).unwrap(), b"an older result");
    older.fails(3, &format!("{RUN} --report locked/r.json")).assert_says(&["locked/r.json"]);
}

#[test]
fn a_run_that_diverges_leaves_the_older_result() {
    let older = Older::new();
    for options in ["--style-weight 1e308", "--optimizer lbfgs --learning-rate 1e300"] {
        let ran = older.fails(1, &format!("{RUN} {options}"));
        ran.assert_says(&["not a finite number", "scale 1", "iteration 1", "hint: "]);
    }
    let ran = older.0.line(&format!("{RUN} --style-weight 1e308 --report r.json"));
    assert_eq!(ran.code, Some(1), "{ran}");
    assert_eq!(older.0.json("r.json")["outcome"], "failed");
}

// === Options ===

#[test]
fn numbers_that_make_no_sense_are_refused() {
    let older = Older::new();
    const NEVER: [&str; 7] = ["-1", "nan", "NaN", "inf", "-inf", "text", ""];
    let options = [
        // Numbers of 0 or more; whole ones; whole ones above 0; numbers above 0.
        ("content-weight style-weight tv-weight", &[][..]),
        ("iterations seed", &["1.5", "1e3", "99999999999999999999"]),
        ("size min-size threads save-every", &["0", "1.5", "99999999999999999999"]),
        ("learning-rate style-scale", &["0", "-0.0", "1,2"]),
        // Lists of one number for each of one style and of five layers.
        ("style-weights", &["0", "1,", ",1", "1,1", "1 1", "1;1"]),
        ("style-layer-weights", &["1", "1,1,1,1", "1,1,1,1,-1", "1,1,1,1,nan", "1,1,1,1,1,1", "1,1,1,1,"]),
    ];
    for (names, more) in options {
        for name in names.split_whitespace() {
            for value in NEVER.iter().chain(more) {
                let args = ["stylize", "c.png", "s.png", "-o", "o.png", "--progress", "json"];
                let option = [format!("--{name}={value}")];
                let ran = older.0.run(args.iter().copied().chain(option.iter().map(String::as_str)));
                ran.assert_failed(2, &option[0]);
                ran.assert_says(&[&format!("--{name}")]);
                assert!(ran.steps().is_empty(), "{option:?}");
                // With a space, `-1` may be taken for an option; a mistake it is anyhow.
                let option = [format!("--{name}"), value.to_string()];
                let ran = older.0.run(args.iter().copied().chain(option.iter().map(String::as_str)));
                ran.assert_failed(2, &option.join(" "));
            }
        }
    }
    assert_eq!(older.0.bytes("o.png"), b"an older result");
}

#[test]
fn numbers_that_make_no_sense_to_evaluate_are_refused() {
    let folder = Folder::with_pictures();
    for option in
        "content-weight style-weight tv-weight size threads style-scale style-weights style-layer-weights"
            .split_whitespace()
    {
        for value in ["-1", "nan", "inf", "text", ""] {
            let option = format!("--{option}={value}");
            folder.fails(2, &format!("evaluate c.png --content c.png --style s.png {option}"));
        }
    }
}

#[test]
fn a_negative_number_is_told_from_an_option() {
    let older = Older::new();
    for option in ["--content-weight", "--learning-rate", "--seed", "--style-weights"] {
        let ran = older.fails(2, &format!("{RUN} {option} -1"));
        assert!(ran.stderr.contains(option) && !ran.stderr.contains("'-- -1'"), "{ran}");
    }
}

#[test]
fn numbers_beyond_all_bounds_are_refused() {
    let older = Older::new();
    for options in ["--size 30001", "--threads 1000000", "--size 99999999999", "--min-size 1"] {
        older.fails(2, &format!("{RUN} {options}"));
    }
}

#[test]
fn more_iterations_than_can_be_counted_are_refused() {
    let older = Older::new();
    older
        .fails(2, "stylize c.png s.png -o o.png --iterations 18446744073709551615")
        .assert_says(&["--iterations"]);
}

#[test]
fn names_that_are_not_known_are_refused_with_the_nearest() {
    let older = Older::new();
    for (option, hint) in [
        ("--preset gatis", "gatys"),
        ("--preset Impasto", "impasto"),
        ("--preset johnson_pt", "johnson-pt"),
        ("--preset xyz", "crowson"),
        ("--model lit", "lite"),
        ("--model LITE", "lite"),
        ("--content-layers relu42", "relu4_2"),
        ("--content-layers relu4_9", "relu4_"),
        ("--content-layers relu5_2", "relu5_1"),
        ("--style-layers relu1_1,relu2-1", "relu2_1"),
        ("--style-layers relu5_2", "relu5_1"),
        ("--statistic gramm", "gram"),
        ("--statistic gram+mean_std", "mean-std"),
        ("--optimizer adm", "adam"),
        ("--optimizer sgd", "lbfgs"),
        ("--init gary", "gray"),
        ("--init style_stats", "style-stats"),
        ("--keep averag", "average"),
        ("--keep all", "best"),
    ] {
        let ran = older.fails(2, &format!("{RUN} {option}"));
        assert!(ran.hint().contains(hint), "{option}: no {hint}\n{ran}");
    }
    let ran = older.fails(2, &format!("{RUN} --pooling maxx"));
    assert!(
        ran.stderr.contains("max") && ran.stderr.contains("average") && ran.stderr.contains("l2"),
        "{ran}"
    );
    older.0.line(&format!("{RUN} --progress jsn")).assert_failed(2, "--progress jsn");
    older.0.line("stylize c.png s.png -o o.png --iteration 3").assert_says(&["--iterations"]);
}

#[test]
fn a_layer_that_is_not_there_at_all_has_a_hint_too() {
    let older = Older::new();
    for option in ["--content-layers", "--style-layers"] {
        let ran = older.fails(2, &format!("{RUN} {option} mixed4a"));
        assert!(ran.hint().contains("relu"), "{ran}");
    }
}

#[test]
fn a_preset_that_needs_more_layers_says_what_to_do() {
    let older = Older::new();
    let ran = older.fails(2, &format!("{RUN} --preset keras"));
    ran.assert_says(&["keras", "relu5_2", "relu5_1"]);
    assert!(ran.hint().contains("--content-layers relu5_1"), "{ran}");
    fs::remove_file(older.0.path("o.png")).unwrap();
    older.0.succeeds(&format!("{RUN} --preset keras --content-layers relu5_1"));
}

#[test]
fn statistics_that_make_no_sense_are_refused() {
    let older = Older::new();
    for statistic in
        ["gram:0", "gram:-1", "gram:nan", "gram:inf", "gram:x", "gram:", "gram+", "+gram", "gram:1:2", "+"]
    {
        older.fails(2, &format!("{RUN} --statistic {statistic}")).assert_says(&["statistic"]);
    }
}

#[test]
fn lists_that_do_not_fit_are_refused() {
    let older = Older::new();
    for options in [
        "--style-weights 1,2,3",
        "--style-layer-weights 1,2",
        "--style-layers relu1_1,relu2_1 --style-layer-weights 1,2,3",
        "--style-layers relu1_1,relu1_1",
        "--content-layers relu4_2,relu4_2",
        "--style-layers relu1_1,",
        "--content-layers ,",
    ] {
        older.fails(2, &format!("{RUN} {options}"));
    }
    let two = "stylize c.png s.png t.png -o o.png --iterations 1";
    for weights in ["1", "1,2,3", "0,0", "1,-1", "1,nan"] {
        older.fails(2, &format!("{two} --style-weights={weights}")).assert_says(&["--style-weights"]);
    }
}

#[test]
fn blanks_after_commas_do_no_harm() {
    let folder = Folder::with_pictures();
    let lists = ["--style-layers", "relu1_1, relu2_1", "--style-layer-weights", "1, 2"];
    let ran = folder.run(RUN.split_whitespace().chain(lists));
    assert_eq!(ran.code, Some(0), "{ran}");
}

#[test]
fn an_option_twice_is_refused() {
    let older = Older::new();
    for options in ["--size 40 --size 48", "--seed 1 --seed 1", "--preset gatys --preset impasto", "-o p.png"]
    {
        older.fails(2, &format!("{RUN} {options}")).assert_says(&["multiple times"]);
    }
}

#[test]
fn what_is_required_is_named() {
    let folder = Folder::with_pictures();
    for (line, missing) in [
        ("stylize", "CONTENT"),
        ("stylize c.png", "STYLE"),
        ("stylize c.png -o o.png", "STYLE"),
        ("stylize c.png s.png", "--output"),
        ("evaluate", "IMAGE"),
        ("evaluate c.png --style s.png", "--content"),
        ("evaluate c.png --content c.png", "--style"),
        ("models show", "NAME"),
    ] {
        folder.fails(2, line).assert_says(&[missing]);
    }
}

// === Options that cannot act ===

#[test]
fn a_picture_to_begin_with_must_be_there() {
    let older = Older::new();
    let ran = older.fails(2, &format!("{RUN} --init missing.png"));
    ran.assert_says(&["--init missing.png", "hint: "]);
    older.fails(2, &format!("{RUN} --init picture"));
}

#[test]
fn nothing_to_look_at_is_refused() {
    let older = Older::new();
    for options in [
        "--content-weight 0 --style-weight 0",
        "--content-weight 0 --style-layers relu1_1 --style-layer-weights 0",
        "--content-weight 0 --style-weight 0 --tv-weight 1",
    ] {
        older.fails(2, &format!("{RUN} {options}")).assert_says(&["--content-weight"]);
    }
}

#[test]
fn saving_every_so_many_iterations_of_fewer_is_refused() {
    let older = Older::new();
    for options in ["--iterations 3 --save-every 4", "--iterations 0 --save-every 1"] {
        older.fails(2, &format!("stylize c.png s.png -o o.png {options}")).assert_says(&["--save-every"]);
    }
}

#[test]
fn layers_and_statistics_without_weight_are_refused() {
    let older = Older::new();
    for (options, named) in [
        ("--content-weight 0 --content-layers relu3_1", "--content-layers"),
        ("--style-weight 0 --style-layers relu3_1", "--style-layers"),
        ("--style-weight 0 --style-layer-weights 1,2,3,4,5", "--style-layer-weights"),
        ("--style-weight 0 --statistic gram", "--statistic"),
    ] {
        older.fails(2, &format!("{RUN} {options}")).assert_says(&[named]);
    }
}
