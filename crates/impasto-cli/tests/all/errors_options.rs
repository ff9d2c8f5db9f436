//! Mistakes in options. `errors.rs` has the same tests for pictures and outputs.
#![allow(clippy::unwrap_used)] // a failing test

use std::fs;

use crate::common::{Folder, Older};

const RUN: &str = "stylize c.png s.png -o o.png --iterations 1";

// === Options ===

#[test]
fn numbers_that_make_no_sense_are_refused() {
    let older = Older::new();
    const NEVER: [&str; 7] = ["-1", "nan", "NaN", "inf", "-inf", "text", ""];
    let options = [
        // The four rows: numbers of 0 or more, whole numbers, whole numbers above 0, and numbers above 0.
        ("content-weight style-weight tv-weight", &[][..]),
        ("iterations seed", &["1.5", "1e3", "99999999999999999999"]),
        ("size min-size threads save-every", &["0", "1.5", "99999999999999999999"]),
        ("learning-rate style-scale", &["0", "-0.0", "1,2"]),
        // These lists need one number for one style and five numbers for five layers.
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
                // After a space, `-1` may be read as an option. The command is a mistake in both cases.
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
    for options in ["--size 30001", "--threads 1000000", "--size 99999999999"] {
        older.fails(2, &format!("{RUN} {options}"));
    }
    for scale in ["1e6", "1e30", "1e300"] {
        let ran = older.fails(2, &format!("{RUN} --style-scale {scale}"));
        ran.assert_says(&["--style-scale", "at most 30000 pixels"]);
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
        ("stylize c.png s.png", "-o out.png"),
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
