//! `impasto bench`, `impasto models`, the version and the help.
#![allow(clippy::unwrap_used)] // a failing test

use std::process::Stdio;

use crate::common::{Folder, Ran, finish, impasto};
use impasto::engine::InstructionSet;
use serde_json::Value;

fn line(line: &str) -> Ran {
    finish(impasto(line.split_whitespace()))
}

#[track_caller]
fn prints(words: &str) -> String {
    let ran = line(words);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{words}\n{ran}");
    ran.stdout
}

// === bench ===

#[test]
fn bench_says_everything_in_json() {
    let stdout = prints("bench --size 48 --iterations 3 --threads 2 --json");
    assert_eq!(stdout.lines().count(), 1);
    let result: Value = serde_json::from_str(&stdout).unwrap();
    let number = |key: &str| result[key].as_f64().unwrap_or_else(|| panic!("{key} in {result}"));
    assert_eq!((number("width"), number("height"), number("threads")), (48.0, 48.0, 2.0));
    assert_eq!(result["model"], "lite");
    let seconds = number("seconds_per_evaluation");
    assert!(seconds > 0.0 && seconds < 10.0);
    let megapixels = 48.0 * 48.0 / 1e6 / seconds;
    assert!((number("megapixels_per_second") / megapixels - 1.0).abs() < 1e-9);
    // The field `gflops` is this speed times the encoder's cost. `models show` prints the cost rounded to a thousand.
    let shown = prints("models show lite");
    let cost = shown.lines().find_map(|line| line.strip_prefix("cost")).unwrap();
    let kiloflops: f64 = cost.split_whitespace().next().unwrap().parse().unwrap();
    assert!((number("gflops") / (kiloflops * megapixels) - 1.0).abs() < 0.01, "{cost}, {result}");
    if cfg!(target_os = "linux") {
        assert!((1e6..1e10).contains(&number("peak_rss_bytes")), "{result}");
    }
}

#[test]
fn bench_prints_text() {
    let stdout = prints("bench --model random:vgg16?width=1/16 --size 32 --iterations 2 --threads 1");
    for words in ["random:vgg16?width=1/16", "32x32", "s per evaluation", "megapixels/s", "GFLOP/s"] {
        assert!(stdout.contains(words), "{words:?} in {stdout}");
    }
}

#[test]
fn bench_shows_layers_of_any_preset() {
    let stdout = prints("bench --size 48 --iterations 1 --preset impasto --layers");
    for words in ["conv1_1", "with the next", "conv5_1", "moments", "judging"] {
        assert!(stdout.contains(words), "{words:?} in {stdout}");
    }
    let stdout = prints("bench --size 48 --iterations 1 --preset impasto --json");
    let result: Value = serde_json::from_str(&stdout).unwrap();
    let layers = result["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 13);
    let sum = |key: &str| layers.iter().map(|layer| layer[key].as_f64().unwrap()).sum::<f64>();
    let both = sum("forward_seconds") + sum("backward_seconds");
    assert!(both > 0.0 && both <= result["seconds_per_evaluation"].as_f64().unwrap(), "{result}");
}

#[test]
fn the_instruction_set_can_be_chosen() {
    for set in InstructionSet::ALL.iter().copied().filter(|set| set.is_available()) {
        let mut command = impasto("bench --size 32 --iterations 1 --json".split_whitespace());
        command.env("IMPASTO_INSTRUCTION_SET", set.name());
        let ran = finish(command);
        let result: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(result["instruction_set"], set.name());
    }
    for wrong in ["", "sse9", "AVX2 "] {
        let mut command = impasto("bench --size 32 --iterations 1".split_whitespace());
        command.env("IMPASTO_INSTRUCTION_SET", wrong);
        let ran = finish(command);
        ran.assert_failed(2, "IMPASTO_INSTRUCTION_SET");
        assert!(ran.stderr.contains("portable") && ran.stderr.contains("hint:"), "{ran}");
    }
}

#[test]
fn bench_refuses_what_it_cannot_do() {
    for options in [
        "--size 0",
        "--size 8",
        "--size 30001",
        "--size many",
        "--iterations 0",
        "--iterations=-1",
        "--threads 0",
        "--threads 1000000",
        "--model nothing",
        "--model missing.safetensors",
        "--preset nobody",
        "extra",
    ] {
        line(&format!("bench {options}")).assert_failed(2, options);
    }
}

// === models ===

#[test]
fn models_are_listed() {
    let stdout = prints("models list");
    for name in ["lite", "random:vgg19", "random:vgg16", "safetensors"] {
        assert!(stdout.contains(name), "{name}");
    }
    for known in impasto::encoder::known() {
        assert!(stdout.contains(known.name) && stdout.contains(known.about), "{}", known.name);
    }
}

#[test]
fn models_are_shown() {
    let lite = prints("models show lite");
    let digest = "4467e57ab0ba141cd41afac0578b14d6da316318bb1b22c86297cebffd0b8bb3";
    for words in [
        "vgg19-lite",
        "licence",
        "replicate-first",
        "styles look through one at relu1_1, relu2_1",
        "16 x H x W",
        "128 x H/16 x W/16",
        "max",
        digest,
    ] {
        assert!(lite.contains(words), "{words:?} in {lite}");
    }
    let random = prints("models show random:vgg19?seed=3&width=1/8");
    assert!(random.contains("64x64x3x3"), "{random}");
    assert_eq!(random, prints("models show random:vgg19?seed=3&width=1/8"));
    assert_ne!(random, prints("models show random:vgg19?seed=4&width=1/8"));
    // The same weights from a file differ only in the name.
    let folder = Folder::new();
    folder.write("m.safetensors", include_bytes!("../../../impasto-encoder/src/lite.safetensors"));
    let file = folder.succeeds("models show m.safetensors").stdout;
    assert_eq!(file.lines().skip(1).collect::<Vec<_>>(), lite.lines().skip(1).collect::<Vec<_>>());
}

#[test]
fn a_model_from_a_file_paints_what_it_paints_from_inside() {
    let folder = Folder::with_pictures();
    folder.write("m.safetensors", include_bytes!("../../../impasto-encoder/src/lite.safetensors"));
    folder.succeeds("stylize c.png s.png -o a.png --iterations 2");
    folder.succeeds("stylize c.png s.png -o b.png --iterations 2 --model m.safetensors");
    assert!(folder.decoded("a.png").picture == folder.decoded("b.png").picture);
}

#[test]
fn models_are_found_by_their_nearest_names() {
    for (name, nearest) in
        [("lit", "lite"), ("Lite", "lite"), ("randm:vgg19", "random:vgg19"), ("random:vgg18", "random:vgg19")]
    {
        let ran = line(&format!("models show {name}"));
        ran.assert_failed(2, name);
        assert!(ran.hint().contains(nearest), "{ran}");
    }
    for name in ["random:vgg19?seed=x", "random:vgg19?width=0", "random:vgg19?depth=3", "random:", "vgg"] {
        let ran = line(&format!("models show {name}"));
        ran.assert_failed(2, name);
        assert!(!ran.hint().is_empty(), "{ran}");
    }
}

#[test]
fn damaged_models_are_refused_with_their_names() {
    let folder = Folder::with_pictures();
    let lite = include_bytes!("../../../impasto-encoder/src/lite.safetensors");
    folder.write("cut.safetensors", &lite[..lite.len() / 2]);
    folder.write("head.safetensors", &lite[..5]);
    folder.write("empty.safetensors", b"");
    folder.write("page.safetensors", b"<!DOCTYPE html><html><body>404 not found</body></html>");
    folder.write("torch.pth", b"PK\x03\x04\0\0\x08\x08\0\0\0\0\0\0\0\0archive/data.pkl");
    std::fs::create_dir(folder.path("folder")).unwrap();
    for name in [
        "cut.safetensors",
        "head.safetensors",
        "empty.safetensors",
        "page.safetensors",
        "torch.pth",
        "c.png",
        "./folder",
        "missing.safetensors",
    ] {
        for command in ["models show", "stylize c.png s.png -o o.png --model", "bench --model"] {
            folder.fails(2, &format!("{command} {name}")).assert_says(&[name]);
        }
    }
}

// === Help ===

#[test]
fn version_and_help() {
    assert_eq!(prints("--version"), format!("impasto {}\n", env!("CARGO_PKG_VERSION")));
    let help = prints("--help");
    for command in ["stylize", "evaluate", "bench", "models"] {
        assert!(help.contains(command), "{command}");
        assert!(prints(&format!("{command} --help")).contains("Usage: "));
    }
    for option in ["model", "size", "iterations", "threads", "json"] {
        assert!(prints("bench --help").contains(&format!("--{option}")), "{option}");
    }
    let models = prints("models --help");
    assert!(models.contains("list") && models.contains("show"));
    assert!(prints("models show --help").contains("NAME"));
}

#[test]
fn no_command_is_a_mistake() {
    for words in ["", "models", "paint", "--wrong", "models shw lite"] {
        let ran = line(words);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{words}\n{ran}");
        let helps = ["Usage: ", "--help` lists", "did you mean"];
        assert!(helps.iter().any(|help| ran.stderr.contains(help)), "{words}\n{ran}");
    }
    line("stylise c.png").assert_says(&["stylize"]);
}

#[test]
fn nothing_is_coloured() {
    for words in ["--help", "stylize --help", "models list", "--wrong", "stylize", "models show lit"] {
        let ran = line(words);
        assert!(!(ran.stdout + &ran.stderr).contains('\x1b'), "{words}");
    }
}

#[test]
fn a_reader_may_go_away() {
    for words in ["models list", "models show lite", "--help", "bench --size 16 --iterations 1"] {
        let mut command = impasto(words.split_whitespace());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ran = Ran::of(child.wait_with_output().unwrap());
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{words}");
    }
}
