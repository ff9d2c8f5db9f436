//! Names of files: results that get a name, results with similar names, names that are not Unicode, and standard input.
#![allow(clippy::unwrap_used)] // a failing test

use std::fs;

use crate::common::Folder;

const FEW: &str = "--size 40 --min-size 40 --iterations 1 --model random:vgg19?width=1/16";

/// The visible files of a folder, in order.
fn files(folder: &Folder, name: &str) -> Vec<String> {
    let entries = fs::read_dir(folder.path(name)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    names
}

#[test]
fn a_folder_gets_a_file_with_the_name_of_a_batch() {
    let folder = Folder::with_pictures();
    fs::create_dir(folder.path("out")).unwrap();
    let ran = folder.succeeds(&format!("stylize c.png s.png t.png -o out {FEW}"));
    ran.assert_says(&["wrote out/c_s_t.png"]);
    folder.succeeds(&format!("stylize c.png s.png -o out/ --format jpg {FEW}"));
    folder.succeeds(&format!("stylize c.png s.png -o out --like out/c_s_t.png {FEW}"));
    folder.succeeds(&format!("texture s.png -o out {FEW}"));
    folder.succeeds(&format!("sheet c.png s.png --vary seed=1 -o out {FEW}"));
    let made = ["c_s.jpg", "c_s.png", "c_s_sheet.png", "c_s_t.png", "s_texture.png"];
    assert_eq!(files(&folder, "out"), made);
    // A folder that is missing is not made.
    let ran = folder.fails(2, &format!("stylize c.png s.png -o none/ {FEW}"));
    ran.assert_says(&["none/c_s.png", "hint: create the folder none"]);
    // The name may be that of an input.
    folder.draw("out/x.png", 48, 36, 0.0);
    folder.draw("out/x_s.png", 48, 36, 0.0);
    folder
        .fails(2, &format!("stylize out/x.png s.png out/x_s.png -o out/x_s.png {FEW}"))
        .assert_says(&["overwritten"]);
}

#[test]
fn batches_keep_names_apart() {
    let folder = Folder::with_pictures();
    folder.draw("IMG_1.png", 40, 30, 0.0);
    folder.draw("IMG_1.jpg", 40, 30, 1.0);
    folder.draw("my{style}.png", 40, 30, 2.0);
    let line = format!("batch IMG_1.png IMG_1.jpg my{{style}}.png --style s.png -o out {FEW}");
    let ran = folder.succeeds(&line);
    assert!(ran.stdout.starts_with("3 made"), "{ran}");
    assert_eq!(files(&folder, "out"), ["IMG_1.jpg_s.png", "IMG_1.png_s.png", "my{style}_s.png"]);
    let before = folder.bytes("out/IMG_1.jpg_s.png");
    // The names do not depend on the order, so a batch that is resumed finds its results.
    let other = line.replace("IMG_1.png IMG_1.jpg", "IMG_1.jpg IMG_1.png");
    assert!(folder.succeeds(&other).stdout.starts_with("0 made, 3 there already"));
    folder.succeeds(&format!("stylize IMG_1.jpg s.png -o one.png {FEW}"));
    assert_eq!(folder.bytes("one.png"), before);
    // Files of one name in two folders need another template, and none can tell them apart.
    fs::create_dir(folder.path("more")).unwrap();
    folder.draw("more/IMG_1.png", 40, 30, 3.0);
    folder
        .fails(2, &format!("batch IMG_1.png more/IMG_1.png --style s.png -o out {FEW}"))
        .assert_says(&["would be the result of both", "hint: "]);
}

#[test]
fn standard_input_is_given_once() {
    let folder = Folder::with_pictures();
    for line in [
        "stylize - - -o o.png",
        "stylize - s.png:mask=- -o o.png",
        "stylize c.png - - -o o.png",
        "stylize - s.png --mask - -o o.png",
        "texture - - -o o.png",
        "sheet - - --vary seed=1 -o o.png",
        "plan - -",
        "evaluate - --content - --style s.png",
        "evaluate - --content c.png --style s.png --protect -",
        "compare - - --style s.png",
        "compare c.png --content - --style -",
        "batch - --style s.png t.png -o out",
        "batch c.png s.png --style - -o out",
    ] {
        folder.fails(2, line).assert_says(&["standard input (-) can be read only once", "hint: "]);
    }
    // Once is fine; here it is empty.
    folder.fails(2, "stylize - s.png -o o.png").assert_says(&["empty file"]);
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_unicode_work_like_others() {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStrExt;

    let folder = Folder::with_pictures();
    let name = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
    fs::copy(folder.path("c.png"), folder.path(name(b"caf\xe9.png"))).unwrap();
    fs::copy(folder.path("s.png"), folder.path(name(b"st\xff.png"))).unwrap();
    let run = |line: &str, names: &[&[u8]]| {
        let mut names = names.iter();
        let words: Vec<OsString> = line
            .split_whitespace()
            .chain(FEW.split_whitespace())
            .map(|word| if word == "?" { name(names.next().unwrap()) } else { word.into() })
            .collect();
        let ran = folder.run(words);
        assert_eq!(ran.code, Some(0), "{line}\n{ran}");
        assert!(!ran.stderr.contains("warning"), "{ran}");
        ran
    };
    folder.succeeds(&format!("stylize c.png s.png:weight=2 t.png -o plain.png {FEW}"));
    // The setting acts, the run is saved, and the recipe can be taken again.
    run(
        "stylize ? ? t.png -o ? --checkpoint run.checkpoint --checkpoint-every 0s",
        &[b"caf\xe9.png", b"st\xff.png:weight=2", b"o\xfe.png"],
    );
    let made = folder.decoded(name(b"o\xfe.png")).picture;
    assert!(made == folder.decoded("plain.png").picture);
    run("stylize ? ? t.png -o p.png --like ?", &[b"caf\xe9.png", b"st\xff.png", b"o\xfe.png"]);
    assert!(folder.decoded("p.png").picture == made);
    run("stylize ? s.png -o q.png --init ?", &[b"caf\xe9.png", b"st\xff.png"]);
    run("batch ? --style ? -o out", &[b"caf\xe9.png", b"st\xff.png"]);
    assert_eq!(files(&folder, "out"), ["caf%E9_st%FF.png"]);
    run("sheet ? ? --vary seed=1 -o ?", &[b"caf\xe9.png", b"st\xff.png", b"sheet\xfe.png"]);
}
