//! Weight files on the command line: `show`, `verify`, `import`, and painting with them.

#![allow(clippy::unwrap_used)] // a failing test

use std::path::Path;

use crate::common::{Folder, Ran, finish, impasto};

fn line(line: &str) -> Ran {
    finish(impasto(line.split_whitespace()))
}

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../impasto-encoder/tests/fixtures");
    std::fs::read(folder.join(name)).unwrap();
    folder.join(name).display().to_string()
}

#[test]
fn a_table_sums_up_the_network() {
    let ran = line("models show random:vgg19");
    // Keras' summary of VGG19 without its top has the same numbers.
    for words in
        ["1,792", "36,928", "590,080", "2,359,808", "20,024,384", "64 x H x W", "512 x H/16 x W/16", "pool4"]
    {
        assert!(ran.stdout.contains(words), "{words:?} in {ran}");
    }
    let of = |layer: &str| ran.stdout.lines().find(|line| line.starts_with(layer)).unwrap().to_string();
    let cells: Vec<String> = of("conv5_1").split_whitespace().map(String::from).collect();
    // relu5_1 sees 156 pixels, at every sixteenth pixel.
    assert_eq!(cells[cells.len() - 3..cells.len() - 1], ["156", "16"], "{ran}");
    assert!(of("memory").contains("bytes per pixel"), "{ran}");
}

#[test]
fn files_are_verified() {
    let ran = line(&format!("models verify {}", fixture("new.mat")));
    for words in ["MatConvNet", "vgg19-oxford", "red, green, blue", "16 convolutions", "all finite", "sha256"]
    {
        assert!(ran.stdout.contains(words), "{words:?} in {ran}");
    }
    assert_eq!(ran.code, Some(0));
    assert!(line("models verify lite").stdout.contains("vgg19-lite"));
    let folder = Folder::new();
    folder.write("page.pth", b"<!DOCTYPE html><html></html>");
    let whole = std::fs::read(fixture("legacy.pth")).unwrap();
    folder.write("cut.pth", &whole[..whole.len() / 2]);
    folder.fails(1, "models verify page.pth").assert_says(&["page.pth", "a web page"]);
    folder.fails(1, "models verify cut.pth").assert_says(&["cut.pth", "PyTorch (legacy)"]);
    folder
        .fails(1, &format!("models verify {}", fixture("eval.pth")))
        .assert_says(&["eval", "nothing of it was executed"]);
    folder.fails(1, &format!("models verify {}", fixture("unknown.npz"))).assert_says(&["--family"]);
    folder.fails(2, "models verify missing.pth").assert_says(&["missing.pth"]);
    folder.fails(2, "models verify lite --family vgg19").assert_says(&["--family"]);
}

#[test]
fn what_is_imported_paints_as_the_file_does() {
    let folder = Folder::with_pictures();
    let caffe = fixture("first.caffemodel");
    let options = "--iterations 2 --size 32 --content-layers relu2_1 --style-layers relu1_1,relu2_1";
    folder.succeeds(&format!("stylize c.png s.png -o a.png {options} --model {caffe}"));
    let ran = folder.succeeds(&format!("models import {caffe} -o m.safetensors"));
    assert!(ran.stdout.contains("vgg19-oxford") && ran.stdout.contains("sha256"), "{ran}");
    folder.succeeds(&format!("stylize c.png s.png -o b.png {options} --model m.safetensors"));
    assert!(folder.decoded("a.png").picture == folder.decoded("b.png").picture);
    let shown = folder.succeeds("models show m.safetensors").stdout;
    for words in ["vgg19-oxford", "first.caffemodel (Caffe)", "CC-BY-4.0", "Simonyan", "source_sha256"] {
        assert!(shown.contains(words), "{words:?} in {shown}");
    }
    let single = folder.bytes("m.safetensors").len();
    folder.succeeds(&format!("models import {caffe} -o h.safetensors --half"));
    assert!(folder.bytes("h.safetensors").len() < single);
    // An import may not overwrite its own input.
    folder.fails(2, "models import m.safetensors -o m.safetensors").assert_says(&["overwritten"]);
    let before = folder.bytes("m.safetensors");
    folder
        .fails(2, &format!("models import {} -o m.safetensors", fixture("system.pth")))
        .assert_says(&["system"]);
    folder.fails(3, &format!("models import {caffe} -o no/such/m.safetensors")).assert_says(&["no/such"]);
    assert!(folder.bytes("m.safetensors") == before);
}

#[test]
fn a_family_is_said_where_weights_do_not_tell() {
    let folder = Folder::new();
    let unknown = fixture("unknown.onnx");
    let ran = folder.fails(2, &format!("models import {unknown} -o m.safetensors"));
    assert!(ran.hint().contains("--family"), "{ran}");
    folder
        .fails(2, &format!("models import {unknown} -o m.safetensors --family vgg18"))
        .assert_says(&["--family", "vgg19"]);
    folder
        .fails(2, &format!("models import {unknown} -o m.safetensors --family vgg19"))
        .assert_says(&["not of the family"]);
    assert!(!folder.has("m.safetensors"));
    folder.fails(2, &format!("models show {unknown}"));
    let shown = folder.succeeds(&format!("models show {unknown} --family vgg16-oxford")).stdout;
    assert!(shown.contains("vgg16-oxford") && shown.contains("conv5_3"), "{shown}");
    folder.fails(2, "models show lite --family vgg19").assert_says(&["--family"]);
    folder.succeeds(&format!("models import {unknown} -o m.safetensors --family vgg16-oxford"));
    assert!(folder.succeeds("models verify m.safetensors").stdout.contains("vgg16-oxford"));
    let known = fixture("zip.pth");
    folder
        .fails(2, &format!("models import {known} -o k.safetensors --family vgg19"))
        .assert_says(&["vgg19-oxford"]);
}

#[test]
fn names_of_strangers_do_not_reach_the_terminal_as_they_are() {
    let folder = Folder::new();
    // Printed as it is, this name would clear the screen.
    let header = r#"{"features.0.\u001b[2Jweight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    let bytes = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[0; 4]].concat();
    folder.write("m.safetensors", &bytes);
    let mut all = String::new();
    for line in ["models verify m.safetensors", "models show m.safetensors"] {
        let ran = finish(folder.command(line.split_whitespace()));
        assert!(ran.code != Some(0) && !ran.stderr.contains('\u{1b}'), "{ran}");
        all.push_str(&ran.stderr);
    }
    assert!(all.contains("\\u{1b}[2J"), "{all}");
}
