//! `impasto compat` accepts, names or refuses every option as docs/compat.md says. The command that it prints is the
//! command that it runs.
#![allow(clippy::unwrap_used)] // a failing test

use std::collections::BTreeSet;
use std::fs;

use crate::common::{Folder, Ran};

/// The effect of an option on the command.
enum Fate {
    /// The equal command has these words.
    Says(&'static str),
    /// The equal command does not have these words.
    SaysNot(&'static str),
    /// A note has these words.
    Notes(&'static str),
    /// An error has these words.
    Refused(&'static str),
}
use Fate::{Notes, Refused, Says, SaysNot};

const STYLE: &str = "-style_image s.png";

/// Each entry has the name of an option, a command line with it, and the fate of the option.
const NEURAL_STYLE: &[(&str, &str, Fate)] = &[
    ("-style_image", "-style_image s.png,t.png", Says("stylize c.png s.png t.png -o")),
    ("-style_image", "-style_image styles", Says("stylize c.png styles/a.jpg styles/b.png -o")),
    ("-style_image", "-style_image styles", Notes("a folder of styles")),
    ("-style_image", "-style_image empty", Refused("no picture there")),
    (
        "-style_blend_weights",
        "-style_image s.png,t.png -style_blend_weights 1,3.5",
        Says("--style-weights 1,3.5"),
    ),
    ("-content_image", STYLE, Says("impasto stylize c.png")),
    ("-image_size", STYLE, Says("--size 512")),
    ("-image_size", "-style_image s.png -image_size 300 -image_size 301", Says("--size 301")),
    ("-image_size", "-style_image s.png -image_size=300", Says("--size 300")),
    ("-gpu", "-style_image s.png -gpu 0,1", Notes("-gpu 0,1 has no meaning")),
    ("-gpu", "-style_image s.png -gpu -1", Says("--preset johnson --")),
    ("-gpu", "-style_image s.png -gpu c", Says("--preset johnson-pt")),
    ("-gpu", "-style_image s.png -gpu -1", Says("--device cpu")),
    ("-gpu", "-style_image s.png -gpu c", Says("--device cpu")),
    (
        "-multigpu_strategy",
        "-style_image s.png -multigpu_strategy 3,6",
        Notes("-multigpu_strategy 3,6 has no meaning"),
    ),
    (
        "-multidevice_strategy",
        "-style_image s.png -multidevice_strategy 3",
        Notes("-multidevice_strategy 3 has no"),
    ),
    ("-multidevice_strategy", "-style_image s.png -multidevice_strategy 3", Says("johnson-pt")),
    ("-content_weight", "-style_image s.png -content_weight 7.5", Says("--content-weight 7.5")),
    (
        "-content_weight",
        "-style_image s.png -content_weight 2 -content_layers relu2_2,relu3_2",
        Says("--content-weight 4"),
    ),
    ("-style_weight", "-style_image s.png -style_weight 1e3", Says("--style-weight 1000")),
    ("-tv_weight", "-style_image s.png -tv_weight 0", Says("--tv-weight 0")),
    ("-num_iterations", STYLE, Says("--iterations 1000")),
    ("-num_iterations", "-style_image s.png -num_iterations 40", Says("--iterations 40")),
    ("-normalize_gradients", "-style_image s.png -normalize_gradients", Refused("-normalize_gradients")),
    (
        "-normalize_gradients",
        "-style_image s.png -normalize_gradients --pt",
        Refused("-content_weight 25 -style_weight 10000"),
    ),
    ("-normalize_weights", "-style_image s.png -normalize_weights", Refused("-normalize_weights")),
    ("-init", "-style_image s.png -init random", SaysNot("--init")),
    ("-init", "-style_image s.png -init image", Says("--init content")),
    ("-init_image", "-style_image s.png -init image -init_image t.png", Says("--init t.png")),
    ("-init_image", "-style_image s.png -init_image t.png", Refused("-init image")),
    ("-optimizer", "-style_image s.png -optimizer adam", Says("--optimizer adam")),
    ("-learning_rate", "-style_image s.png -optimizer adam -learning_rate 64", Says("--learning-rate 0.25")),
    (
        "-learning_rate",
        "-style_image s.png -optimizer adam -learning_rate 51 --pt",
        Says("--learning-rate 0.2"),
    ),
    ("-learning_rate", "-style_image s.png -learning_rate 1", Notes("-learning_rate 1")),
    ("-lbfgs_num_correction", "-style_image s.png -lbfgs_num_correction 0", SaysNot("--history")),
    ("-lbfgs_num_correction", "-style_image s.png -lbfgs_num_correction 20", Says("--history 20")),
    (
        "-lbfgs_num_correction",
        "-style_image s.png -optimizer adam -lbfgs_num_correction 20",
        Notes("20: the optimizer is adam"),
    ),
    ("-print_iter", "-style_image s.png -print_iter 0", Says("--progress none")),
    ("-print_iter", "-style_image s.png -print_iter 10", Notes("-print_iter 10")),
    ("-save_iter", STYLE, Says("--save-every 100")),
    ("-save_iter", "-style_image s.png -save_iter 0", SaysNot("--save-every")),
    ("-save_iter", "-style_image s.png -save_iter 30 -num_iterations 30", SaysNot("--save-every")),
    ("-output_image", STYLE, Says("-o out.png")),
    ("-output_image", "-style_image s.png -output_image x.jpg", Says("-o x.jpg")),
    ("-style_scale", "-style_image s.png -style_scale 0.5", Says("--style-scale 0.5")),
    ("-original_colors", "-style_image s.png -original_colors 0", SaysNot("--colour")),
    ("-original_colors", "-style_image s.png -original_colors 1", Says("--colour keep")),
    ("-original_colors", "-style_image s.png -original_colors 1", Notes("Oklab")),
    ("-pooling", STYLE, Says("--pooling max")),
    ("-pooling", "-style_image s.png -pooling avg", Says("--pooling average")),
    (
        "-proto_file",
        "-style_image s.png -proto_file x.prototxt",
        Notes("-proto_file x.prototxt has no meaning"),
    ),
    ("-model_file", "-style_image s.png -model_file narrow.safetensors", Says("--model narrow.safetensors")),
    ("-model_file", "-style_image s.png -model_file c.png", Notes("the picture is made with lite")),
    ("-model_file", "-style_image s.png -model_file m/vgg.caffemodel", Notes("no such file")),
    ("-model_file", "-style_image s.png -model_file m/vgg19.pth", Says("--preset johnson-pt")),
    ("-backend", "-style_image s.png -backend cudnn", Notes("-backend cudnn has no meaning")),
    ("-backend", "-style_image s.png -backend mkl", Says("--preset johnson-pt")),
    ("-cudnn_autotune", "-style_image s.png -cudnn_autotune", Notes("-cudnn_autotune has no meaning")),
    ("-disable_check", "-style_image s.png -disable_check", Notes("-disable_check has no meaning")),
    ("-seed", STYLE, SaysNot("--seed")),
    ("-seed", "-style_image s.png -seed 12", Says("--seed 12")),
    ("-seed", "-style_image s.png -seed -1", Notes("-seed -1: drawn was")),
    ("-content_layers", "-style_image s.png -content_layers relu3_2", Says("--content-layers relu3_2")),
    (
        "-content_layers",
        "-style_image s.png -content_weight 0 -content_layers relu3_2",
        Notes("-content_weight is 0"),
    ),
    (
        "-style_layers",
        "-style_image s.png -style_layers relu1_1,relu2_1",
        Says("--style-layers relu1_1,relu2_1 --style-layer-weights 1,1"),
    ),
    (
        "-style_layers",
        "-style_image s.png -style_weight 0 -style_layers relu3_2",
        Notes("-style_weight is 0"),
    ),
    ("--pt", "-style_image s.png --pt", Says("--preset johnson-pt")),
    ("--print", "-style_image s.png --dry-run", Says("--resize gamma")),
];

const STYLE_TRANSFER: &[(&str, &str, Fate)] = &[
    ("-o", "", Says("stylize c.png s.png -o out.png --preset crowson --resize gamma")),
    ("--output", "--output x.tif", Says("-o x.tif")),
    ("--output", "-o x.tif", Says("--depth 16")),
    ("-sw", "t.png -sw 1 2.5", Says("--style-weights 1,2.5")),
    ("--style-weights", "t.png --style-weights 1 3", Says("--style-weights 1,3")),
    ("--devices", "--devices cpu", Says("--device cpu")),
    ("--devices", "--devices cuda:0 cuda:1", Notes("--devices cuda:0 cuda:1 has no meaning")),
    ("-r", "-r 5", Says("--seed 5")),
    ("--random-seed", "--random-seed 6", Says("--seed 6")),
    ("-cw", "-cw 0.1", Says("--content-weight 0.1")),
    ("--content-weight", "--content-weight 2", Says("--content-weight 2")),
    ("-tw", "-tw 3", Says("--tv-weight 3")),
    ("--tv-weight", "--tv-weight 0", Says("--tv-weight 0")),
    ("--optimizer", "--optimizer lbfgs", Says("--optimizer lbfgs")),
    ("-ms", "-ms 64", Says("--min-size 64")),
    ("--min-scale", "--min-scale 32", Says("--min-size 32")),
    ("-s", "", Says("--size 512")),
    ("-s", "-s 700", Says("--size 700")),
    // The content has 48x36 pixels: sqrt(4/3) * 300 = 346.4.
    ("--end-scale", "--end-scale 300+", Says("--size 346")),
    ("--end-scale", "--end-scale large", Refused("--end-scale: expected pixels")),
    ("-i", "-i 20", Says("--iterations 20 --first-iterations 1000")),
    ("--iterations", "--iterations 20 -ii 30", Says("--iterations 20 --first-iterations 30")),
    ("-ii", "-ii 30", Says("--first-iterations 30")),
    ("-ii", "-ii 30", SaysNot("--iterations 500")),
    ("--initial-iterations", "--initial-iterations 8", Says("--first-iterations 8")),
    ("--save-every", "", SaysNot("--save-every")),
    ("--save-every", "--save-every 50", Says("--save-every 50")),
    ("--save-every", "--save-every 50", Notes("--save-every 50")),
    ("-ss", "-ss 0.05", Says("--learning-rate 0.05")),
    ("-ss", "-ss 0.05 --optimizer lbfgs", Notes("-ss 0.05")),
    ("--step-size", "--step-size 0.5", Says("--learning-rate 0.5")),
    ("-ad", "-ad 0.9", Says("--average-decay 0.9")),
    ("--avg-decay", "--avg-decay 0.8", Says("--average-decay 0.8")),
    ("--init", "--init content", SaysNot("--init")),
    ("--init", "--init gray", Says("--init gray")),
    ("--init", "--init uniform", Says("--init noise")),
    ("--init", "--init style_stats", Says("--init style-stats")),
    ("--init", "--init normal", Refused("--init normal")),
    ("--style-scale-fac", "--style-scale-fac 0.5", Says("--style-scale 0.5")),
    ("--style-scale-fac", "--style-scale-fac 2", Notes("--style-scale-fac 2")),
    ("--style-size", "--style-size 300", Refused("--style-scale-fac")),
    ("--pooling", "--pooling l2", Says("--pooling l2")),
    ("--proof", "--proof cmyk.icc", Refused("--proof")),
    ("--web", "--web", Notes("--web has no meaning")),
    ("--host", "--host localhost", Notes("--host localhost has no meaning")),
    ("--port", "--port 80", Notes("--port 80 has no meaning")),
    ("--browser", "--browser firefox", Notes("--browser firefox has no meaning")),
    ("--print", "", Says("impasto stylize")),
];

fn folder() -> Folder {
    let folder = Folder::with_pictures();
    fs::create_dir(folder.path("styles")).unwrap();
    fs::create_dir(folder.path("empty")).unwrap();
    for name in ["styles/b.png", "styles/a.jpg"] {
        folder.draw(name, 40, 40, 3.0);
    }
    folder.write("styles/readme.txt", b"no picture");
    let narrow = concat!(env!("CARGO_MANIFEST_DIR"), "/../impasto/tests/fixtures/narrow.safetensors");
    fs::copy(narrow, folder.path("narrow.safetensors")).unwrap();
    folder
}

#[track_caller]
fn assert_fate(ran: &Ran, line: &str, fate: &Fate) {
    if let Refused(words) = fate {
        ran.assert_failed(2, line);
        return ran.assert_says(&[words]);
    }
    assert_eq!(ran.code, Some(0), "{line}\n{ran}");
    assert_eq!(ran.stdout.lines().count(), 1, "{line}\n{ran}");
    match fate {
        Says(words) => assert!(ran.stdout.contains(words), "{line}\n{ran}"),
        SaysNot(words) => assert!(!ran.stdout.contains(words), "{line}\n{ran}"),
        Notes(words) => {
            assert!(
                ran.stderr.lines().any(|line| line.starts_with("note: ") && line.contains(words)),
                "{line}\n{ran}"
            );
        }
        Refused(_) => {}
    }
}

/// Returns the options in the table of one section of docs/compat.md.
fn documented(heading: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/compat.md")).unwrap();
    let section = text.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split(" |").next());
    rows.flat_map(|cell| {
        cell.split('`').filter(|part| part.starts_with('-')).map(str::to_owned).collect::<Vec<_>>()
    })
    .collect()
}

fn tested(table: &[(&str, &str, Fate)]) -> BTreeSet<String> {
    table.iter().map(|(option, ..)| (*option).to_owned()).collect()
}

#[test]
fn every_option_of_neural_style_has_its_fate() {
    let folder = folder();
    assert_eq!(documented("`impasto compat neural-style`"), tested(NEURAL_STYLE));
    let before = folder.names();
    for (_, options, fate) in NEURAL_STYLE {
        let line = format!("compat neural-style -content_image c.png {options} --print");
        assert_fate(&folder.line(&line), &line, fate);
    }
    assert_eq!(folder.names(), before, "nothing was run");
}

#[test]
fn every_option_of_style_transfer_has_its_fate() {
    let folder = folder();
    assert_eq!(documented("`impasto compat style-transfer`"), tested(STYLE_TRANSFER));
    for (_, options, fate) in STYLE_TRANSFER {
        let line = format!("compat style-transfer c.png s.png {options} --print");
        assert_fate(&folder.line(&line), &line, fate);
    }
}

#[test]
fn the_equal_command_makes_the_same_bytes() {
    let folder = folder();
    for line in [
        "neural-style -content_image c.png -style_image s.png,t.png -style_blend_weights 3,1 -image_size 40 -num_iterations 5 -seed 3 -save_iter 0 -content_layers relu2_2,relu3_1 -content_weight 3",
        "neural-style -content_image c.png -style_image s.png -image_size 40 -num_iterations 4 -optimizer adam -learning_rate 5 -init image -init_image t.png -pooling avg -gpu c -original_colors 1 -style_layers relu1_1,relu2_1 -save_iter 2",
        "style-transfer c.png s.png t.png -sw 1 2 -s 45 -ms 32 -i 3 -ii 4 -ad 0.5 -ss 0.05 --init uniform -r 2 --pooling average",
        "style-transfer c.png s.png -s 40+ -i 2 -ii 3 --optimizer lbfgs -o out.png -- --keep last",
    ] {
        let ran = folder.succeeds(&format!("compat {line}"));
        assert!(ran.stderr.contains("wrote out.png"), "{ran}");
        let first = folder.bytes("out.png");
        fs::remove_file(folder.path("out.png")).unwrap();
        let (theirs, ours) = line.split_once(" -- ").map_or((line, ""), |(theirs, ours)| (theirs, ours));
        let print =
            if ours.is_empty() { format!("{theirs} --print") } else { format!("{theirs} --print -- {ours}") };
        let printed = folder.succeeds(&format!("compat {print}")).stdout;
        let equal = printed.trim().strip_prefix("impasto ").unwrap();
        folder.succeeds(equal);
        assert_eq!(folder.bytes("out.png"), first, "{line}\n{printed}");
    }
    assert!(folder.has("out_0002.png"), "-save_iter 2");
}

#[test]
fn layers_weigh_what_they_weigh_there() {
    let folder = folder();
    folder.succeeds(
        "compat neural-style -content_image c.png -style_image s.png -image_size 40 -num_iterations 1 -content_layers relu1_1,relu2_1 -style_layers relu1_1,relu2_1,relu3_1 -- --report r.json",
    );
    let recipe = &folder.json("r.json")["recipe"];
    let weights = |layers: &str, weight: &str| -> Vec<f64> {
        let layers = recipe[layers].as_array().unwrap().iter();
        layers.map(|layer| layer[1].as_f64().unwrap() * recipe[weight].as_f64().unwrap()).collect()
    };
    // Each layer has the weight of the original program.
    assert_eq!(weights("content_layers", "content_weight"), [5.0; 2]);
    assert_eq!(weights("style_layers", "style_weight"), [100.0; 3]);
}

#[test]
fn what_is_missing_or_unknown_is_an_error() {
    let folder = folder();
    for (line, says) in [
        ("neural-style -style_image s.png", "-content_image"),
        ("neural-style -content_image c.png", "-style_image"),
        ("neural-style", "-content_image"),
        ("neural-style -content_image c.png -style_image s.png -frobnicate 3", "frobnicate"),
        ("neural-style -content_image c.png -style_image s.png -content_weight heavy", "content_weight"),
        ("neural-style -content_image c.png -style_image missing.png", "missing.png"),
        ("neural-style -content_image c.png -style_image s.png -output_image nowhere/out.png", "nowhere"),
        ("neural-style -content_image c.png -style_image s.png -content_layers relu9_9", "relu9_9"),
        ("style-transfer c.png", "STYLES"),
        ("style-transfer c.png s.png -sw 1 2 -i 1", "--style-weights"),
        ("style-transfer missing.png s.png -s 100+", "missing.png"),
        ("style-transfer c.png s.png -- --nonsense", "nonsense"),
        ("fast-style c.png", "fast-style"),
    ] {
        folder.fails(2, &format!("compat {line}")).assert_says(&[says]);
    }
    for help in ["neural-style --help", "neural-style -help", "style-transfer -h"] {
        let ran = folder.succeeds(&format!("compat {help}"));
        assert!(ran.stdout.contains("Usage: impasto compat") && ran.stdout.contains("--pooling"), "{ran}");
    }
}

#[test]
fn printed_names_can_be_pasted() {
    let folder = folder();
    folder.draw("my photo.png", 48, 36, 0.0);
    let ran = folder.run(["compat", "style-transfer", "my photo.png", "s.png", "--print"]);
    assert!(ran.stdout.starts_with("impasto stylize 'my photo.png' s.png"), "{ran}");
    // A file that is named like a way to begin is still read as a file.
    folder.write("noise", &folder.bytes("t.png"));
    let line =
        "compat neural-style -content_image c.png -style_image s.png -init image -init_image noise --print";
    assert!(folder.succeeds(line).stdout.contains("--init ./noise"));
}
