//! `impasto evaluate`: the terms that it prints and the gradient that it writes.
#![allow(clippy::unwrap_used)] // a failing test

use std::collections::BTreeMap;
use std::process::Stdio;

use crate::common::{Folder, Ran, finish, impasto, skip};
use impasto::{Picture, Preset};
use serde::Deserialize;

const LINE: &str = "evaluate i.png --content c.png --style s.png";

/// All fields that `--json` prints.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Losses {
    content: BTreeMap<String, f64>,
    style: BTreeMap<String, f64>,
    tv: f64,
    total: f64,
}

impl Losses {
    fn sum(&self) -> f64 {
        self.content.values().chain(self.style.values()).sum::<f64>() + self.tv
    }
}

/// Makes a folder with the content, the style, and `i.png`, a third picture.
fn pictures() -> Folder {
    let folder = Folder::with_pictures();
    folder.draw("i.png", 48, 36, 3.0);
    folder
}

fn losses(folder: &Folder, line: &str) -> Losses {
    let ran = folder.succeeds(&format!("{line} --json"));
    assert_eq!(ran.stderr, "");
    assert_eq!(ran.stdout.lines().count(), 1);
    serde_json::from_str(&ran.stdout).unwrap()
}

fn near(a: f64, b: f64, part: f64) -> bool {
    (a - b).abs() <= part * a.abs().max(b.abs())
}

/// Returns the height, the width and the values of a NumPy file. The parser follows the format strictly.
fn read_npy(bytes: &[u8]) -> (usize, usize, Vec<f32>) {
    assert_eq!(bytes[..8], *b"\x93NUMPY\x01\0");
    let length = u16::from_le_bytes([bytes[8], bytes[9]]) as usize;
    let header = std::str::from_utf8(&bytes[10..10 + length]).unwrap();
    assert!((10 + length).is_multiple_of(64) && header.ends_with('\n'), "{header:?}");
    assert!(header.contains("'descr': '<f4'") && header.contains("'fortran_order': False"), "{header}");
    let (_, shape) = header.split_once("'shape': (").unwrap();
    let shape: Vec<usize> =
        shape.split_once(')').unwrap().0.split(',').filter_map(|number| number.trim().parse().ok()).collect();
    let [3, height, width] = shape[..] else { panic!("shape {shape:?}") };
    let data = &bytes[10 + length..];
    assert_eq!(data.len(), 4 * 3 * height * width);
    let values = data.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    (height, width, values)
}

// === Terms ===

#[test]
fn terms_add_up() {
    let folder = pictures();
    let losses = losses(&folder, LINE);
    assert_eq!(losses.content.keys().collect::<Vec<_>>(), ["relu4_2"]);
    assert_eq!(
        losses.style.keys().collect::<Vec<_>>(),
        ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]
    );
    assert!(losses.content.values().chain(losses.style.values()).all(|&value| value > 0.0), "{losses:?}");
    assert!(losses.tv > 0.0 && near(losses.sum(), losses.total, 1e-12), "{losses:?}");
}

#[test]
fn text_says_what_json_says() {
    let folder = pictures();
    let losses = losses(&folder, LINE);
    let ran = folder.succeeds(LINE);
    assert_eq!(ran.stderr, "");
    let rows: Vec<Vec<&str>> = ran.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows.len(), 8);
    for row in &rows {
        let (printed, expected) = match row[..] {
            ["content", layer, value] => (value, losses.content[layer]),
            ["style", layer, value] => (value, losses.style[layer]),
            ["tv", value] => (value, losses.tv),
            ["total", value] => (value, losses.total),
            _ => panic!("{row:?}"),
        };
        assert!(near(printed.parse().unwrap(), expected, 1e-6), "{row:?}, expected {expected}");
    }
}

#[test]
fn a_picture_like_itself_loses_nothing() {
    let folder = pictures();
    let own = losses(&folder, "evaluate c.png --content c.png --style c.png --tv-weight 0 --statistic gram");
    assert_eq!((own.total, own.tv), (0.0, 0.0), "{own:?}");
    assert_eq!(losses(&folder, "evaluate c.png --content c.png --style s.png").content["relu4_2"], 0.0);
}

#[test]
fn weights_multiply_terms() {
    let folder = pictures();
    let base = losses(&folder, &format!("{LINE} --content-weight 1 --style-weight 1 --tv-weight 1"));
    let more = losses(&folder, &format!("{LINE} --content-weight 2 --style-weight 3 --tv-weight 5"));
    assert!(near(more.content["relu4_2"], 2.0 * base.content["relu4_2"], 1e-9));
    assert!(base.style.iter().all(|(layer, value)| near(more.style[layer], 3.0 * value, 1e-9)));
    assert!(near(more.tv, 5.0 * base.tv, 1e-9));
    let one = losses(&folder, &format!("{LINE} --style-layers relu1_1,relu3_1 --style-layer-weights 1,4"));
    let two = losses(&folder, &format!("{LINE} --style-layers relu1_1,relu3_1 --style-layer-weights 2,1"));
    assert!(near(2.0 * one.style["relu1_1"], two.style["relu1_1"], 1e-9));
    assert!(near(one.style["relu3_1"], 4.0 * two.style["relu3_1"], 1e-9));
}

#[test]
fn terms_without_weight_are_nothing() {
    let folder = pictures();
    let losses = losses(&folder, &format!("{LINE} --content-weight 0 --tv-weight 0"));
    assert!(losses.content.values().all(|&value| value == 0.0) && losses.tv == 0.0, "{losses:?}");
    assert!(near(losses.total, losses.style.values().sum(), 1e-12) && losses.total > 0.0);
}

#[test]
fn objective_options_act() {
    let folder = pictures();
    let plain = losses(&folder, LINE).total;
    for options in [
        "--preset gatys",
        "--model random:vgg19?width=1/16",
        "--content-layers relu2_2",
        "--style-layers relu2_2",
        "--statistic mean-std",
        "--pooling l2",
        "--style-scale 0.6",
        "--size 40",
    ] {
        assert!(!near(losses(&folder, &format!("{LINE} {options}")).total, plain, 1e-6), "{options}");
    }
}

#[test]
fn every_preset_judges() {
    let folder = pictures();
    for Preset { name, .. } in Preset::ALL {
        let losses = losses(&folder, &format!("{LINE} --preset {name} --model random:vgg19?width=1/16"));
        assert!(losses.total > 0.0 && near(losses.sum(), losses.total, 1e-12), "{name}: {losses:?}");
    }
}

#[test]
fn styles_are_blended_by_their_weights() {
    let folder = pictures();
    let of = |styles: &str| losses(&folder, &format!("evaluate i.png --content c.png {styles}"));
    let both = of("--style s.png t.png");
    assert_eq!(both, of("--style s.png --style t.png"));
    assert_eq!(both, of("--style s.png t.png --style-weights 7,7"));
    assert_ne!(both, of("--style s.png t.png --style-weights 1,3"));
    assert_eq!(of("--style s.png"), of("--style s.png t.png --style-weights 2,0"));
}

#[test]
fn threads_do_not_matter() {
    let folder = pictures();
    let runs: Vec<(String, Vec<u8>)> = [1, 2, 3]
        .iter()
        .map(|threads| {
            let ran = folder.succeeds(&format!("{LINE} --json --gradient g.npy --threads {threads}"));
            (ran.stdout, folder.bytes("g.npy"))
        })
        .collect();
    assert!(runs[0] == runs[1] && runs[0] == runs[2]);
}

// === Gradient ===

#[test]
fn the_gradient_is_a_numpy_file() {
    let folder = pictures();
    let before = folder.names();
    let ran = folder.succeeds(&format!("{LINE} --gradient g.npy"));
    assert!(ran.stdout.contains("total"), "{ran}");
    let (height, width, values) = read_npy(&folder.bytes("g.npy"));
    assert_eq!((height, width), (36, 48));
    assert!(values.iter().all(|value| value.is_finite()) && values.iter().any(|&value| value != 0.0));
    assert_eq!(folder.names().len(), before.len() + 1, "{:?}", folder.names());
    // At another size, the command writes the gradient at that size.
    folder.succeeds(&format!("{LINE} --gradient g.npy --size 40"));
    let (height, width, _) = read_npy(&folder.bytes("g.npy"));
    assert_eq!((height, width), (30, 40));
}

#[test]
fn a_step_against_the_gradient_lowers_the_total_as_much_as_it_says() {
    let folder = pictures();
    let i = folder.decoded("i.png").picture;
    folder.draw_16_bits("i.png", &i);
    for options in ["", "--preset gatys", "--statistic covariance --pooling average", "--tv-weight 100"] {
        let line = format!("{LINE} {options}");
        folder.succeeds(&format!("{line} --gradient g.npy"));
        let before = losses(&folder, &line).total;
        let gradient = read_npy(&folder.bytes("g.npy")).2;
        let square: f64 = gradient.iter().map(|&value| f64::from(value).powi(2)).sum();
        // This step should lower the total by a hundredth. The total is nearly linear along the gradient for so small a
        // step.
        let step = (0.01 * before / square) as f32;
        let moved = i.rgb().iter().zip(&gradient).map(|(value, slope)| value - step * slope).collect();
        folder.draw_16_bits("moved.png", &Picture::new(48, 36, moved).unwrap());
        let after = losses(&folder, &line.replace("i.png", "moved.png")).total;
        let fell = (before - after) / (0.01 * before);
        assert!((0.7..1.3).contains(&fell), "{options}: the total fell by {fell} of what the gradient says");
    }
}

#[test]
fn the_gradient_may_go_to_a_pipe() {
    if !cfg!(target_os = "linux") {
        return skip("the_gradient_may_go_to_a_pipe", "no /dev/stderr");
    }
    let folder = pictures();
    folder.succeeds(&format!("{LINE} --gradient g.npy"));
    let mut command = folder.command(LINE.split_whitespace());
    command.args(["--gradient", "/dev/stderr"]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr == folder.bytes("g.npy"));
}

#[test]
fn a_gradient_does_not_overwrite_what_was_read() {
    let folder = pictures();
    folder.write("m.safetensors", include_bytes!("../../../impasto-encoder/src/lite.safetensors"));
    for name in ["i.png", "c.png", "s.png", "m.safetensors"] {
        let before = folder.bytes(name);
        let ran = folder.line(&format!("{LINE} --model m.safetensors --gradient {name}"));
        assert!(before == folder.bytes(name), "{name} was overwritten");
        ran.assert_failed(2, name);
    }
}

#[test]
fn a_gradient_that_cannot_be_written_is_found_out_and_named() {
    let folder = pictures();
    std::fs::create_dir(folder.path("d")).unwrap();
    folder.fails(2, &format!("{LINE} --gradient missing/g.npy")).assert_says(&["missing/g.npy", "hint: "]);
    folder.fails(2, &format!("{LINE} --gradient d")).assert_says(&["d: ", "folder"]);
    if cfg!(target_os = "linux") {
        folder.fails(3, &format!("{LINE} --gradient /dev/full")).assert_says(&["/dev/full"]);
    }
}

// === Sizes ===

#[test]
fn picture_and_content_have_one_size() {
    let folder = pictures();
    folder.draw("large.png", 96, 72, 3.0);
    folder
        .fails(2, "evaluate s.png --content c.png --style s.png")
        .assert_says(&["48x36", "40x56", "hint: "]);
    folder.fails(2, "evaluate large.png --content c.png --style s.png").assert_says(&["96x72", "--size"]);
    assert!(losses(&folder, "evaluate large.png --content c.png --style s.png --size 48").total > 0.0);
    // Pictures are never enlarged: a smaller picture keeps its size.
    folder.fails(2, "evaluate large.png --content c.png --style s.png --size 64");
}

#[test]
fn no_size_brings_pictures_of_different_shapes_together() {
    let folder = pictures();
    let ran = folder.fails(2, "evaluate s.png --content c.png --style s.png --size 40");
    assert!(!ran.hint().contains("give --size"), "{ran}");
}

#[test]
fn sizes_out_of_range_are_refused() {
    let folder = pictures();
    for options in ["--size 0", "--size 4", "--size 30001", "--style-scale 0.01"] {
        folder.fails(2, &format!("{LINE} {options}"));
    }
}

#[test]
fn a_style_beyond_all_memory_is_refused() {
    let folder = pictures();
    // These sizes need terabytes or more, so they must be refused before any allocation.
    for scale in ["1e6", "1e9", "1e300"] {
        folder.fails(2, &format!("{LINE} --style-scale {scale}")).assert_says(&["--style-scale"]);
    }
}

// === Standard output ===

#[test]
fn a_reader_may_go_away() {
    let folder = pictures();
    for end in ["", "--json"] {
        let mut command = folder.command(LINE.split_whitespace().chain(end.split_whitespace()));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ran = Ran::of(child.wait_with_output().unwrap());
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{end:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn results_that_cannot_be_written_are_not_lost_silently() {
    let folder = pictures();
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    for line in [LINE, "models list", "models show lite", "bench --size 16 --iterations 1 --json"] {
        let mut command = folder.command(line.split_whitespace());
        let ran = Ran::of(command.stdout(full()).output().unwrap());
        ran.assert_failed(3, line);
    }
}

#[test]
fn help_names_every_preset_and_option() {
    let ran = finish(impasto(["evaluate", "--help"]));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    for &preset in Preset::ALL {
        assert!(ran.stdout.contains(preset.name), "{}", preset.name);
    }
    for option in
        "content style preset model content-weight style-weight style-weights tv-weight content-layers \
                   style-layers style-layer-weights statistic pooling style-scale size gradient threads json"
            .split_whitespace()
    {
        assert!(ran.stdout.contains(&format!("--{option}")), "{option}");
    }
}
