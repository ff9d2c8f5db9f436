//! Every mistake is refused before any work, with the right code. The error names the cause, and no file is changed.
#![allow(clippy::unwrap_used)] // a failing test

use std::fs;

use crate::common::{Folder, Older, skip, waves};
use impasto::image::{Encoding, save};

const RUN: &str = "stylize c.png s.png -o o.png --iterations 1";

// === Inputs ===

#[test]
fn a_result_is_not_written_over_the_model() {
    let folder = Folder::with_pictures();
    let narrow = concat!(env!("CARGO_MANIFEST_DIR"), "/../impasto/tests/fixtures/narrow.safetensors");
    fs::copy(narrow, folder.path("m.png")).unwrap();
    for options in ["-o m.png", "-o o.png --triptych m.png"] {
        let line = format!("stylize c.png s.png {options} --model m.png --iterations 1");
        folder.fails(2, &line).assert_says(&["m.png is the model"]);
    }
    folder.fails(2, "texture s.png -o m.png --model m.png --size 64").assert_says(&["m.png is the model"]);
}

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
fn a_picture_that_is_not_there_is_answered_with_what_was_meant() {
    let older = Older::new();
    for (given, meant) in [
        ("https://example.org/c.png", "download it first"),
        ("c.jpg", "did you mean c.png?"),
        ("c", "did you mean c.png?"),
        ("nothing.png", "check the spelling"),
    ] {
        for line in [format!("stylize {given} s.png -o o.png"), format!("stylize c.png {given} -o o.png")] {
            let ran = older.fails(2, &line);
            ran.assert_says(&["no such file"]);
            assert!(ran.hint().contains(meant), "{line}\n{ran}");
        }
    }
    for line in ["resume nothing.checkpoint", "video nothing/%d.png s.png -o out/%d.png"] {
        let ran = older.0.fails(2, line);
        assert!(ran.hint().contains("check the spelling") || ran.hint().contains("does not exist"), "{ran}");
    }
}

#[test]
fn an_input_that_cannot_be_read_is_refused_with_the_reason() {
    if !cfg!(target_os = "linux") {
        return skip("an_input_that_cannot_be_read_is_refused_with_the_reason", "no /proc/self/mem");
    }
    let older = Older::new();
    // The first bytes of this file cannot be read, even by root.
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
    // Shallower layers accept smaller pictures, as the hint says.
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
    for (name, word) in [
        ("missing/o.png", "missing"),
        ("noextension", "extension"),
        (".png", "extension"),
        ("o.gif", ".gif"),
        ("o.png.txt", ".txt"),
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
    let lite = include_bytes!("../../../impasto-encoder/src/lite.safetensors");
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
    // The same name twice is also refused if neither file exists.
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

    /// A read-only folder. It is made writable again when it is dropped, so that it can be removed.
    struct Locked(std::path::PathBuf);

    impl Drop for Locked {
        fn drop(&mut self) {
            let _ = fs::set_permissions(&self.0, PermissionsExt::from_mode(0o755));
        }
    }

    let mut older = Older::new();
    let folder = Locked(older.0.path("locked"));
    fs::create_dir(&folder.0).unwrap();
    fs::write(folder.0.join("o.png"), b"an older result").unwrap();
    fs::set_permissions(&folder.0, PermissionsExt::from_mode(0o555)).unwrap();
    if fs::write(folder.0.join("probe"), b"").is_ok() {
        fs::remove_file(folder.0.join("probe")).unwrap();
        // Root may write everywhere, so the test gives up root's privileges.
        if !older.0.give_up_privileges() {
            return skip("a_folder_without_write_permission_is_found_out_before_the_work", "no setpriv");
        }
    }
    older.fails(3, "stylize c.png s.png -o locked/o.png --iterations 1").assert_says(&[
        "locked/o.png",
        "there is no permission",
        "hint: choose a folder",
    ]);
    older.fails(3, "stylize c.png s.png -o locked/new.png --iterations 1");
    fs::set_permissions(older.0.path("t.png"), PermissionsExt::from_mode(0o000)).unwrap();
    older.fails(2, "stylize t.png s.png -o o.png --iterations 1").assert_says(&[
        "t.png",
        "there is no permission",
        "hint: change the permissions",
    ]);
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
    // Weights whose gradient, or its square, is beyond single precision.
    for options in [
        "--style-weight 1e30",
        "--style-weight 1e60",
        "--content-weight 1e60 --init gray",
        "--tv-weight 1e30",
    ] {
        let ran = older.fails(1, &format!("{RUN} {options}"));
        ran.assert_says(&["the gradient", "not a finite number", "iteration 1", "only their ratios matter"]);
    }
    let ran = older.0.line(&format!("{RUN} --style-weight 1e308 --report r.json"));
    assert_eq!(ran.code, Some(1), "{ran}");
    assert_eq!(older.0.json("r.json")["outcome"], "failed");
}

#[test]
fn a_run_that_changes_nothing_says_so() {
    let folder = Folder::with_pictures();
    let run = "stylize c.png s.png -o o.png --iterations 3";
    let says = "the iterations changed nothing";
    for options in ["--learning-rate 1e-30", "--style-weight 1e-30 --content-weight 0 --tv-weight 0"] {
        folder.succeeds(&format!("{run} {options}")).assert_says(&["warning: ", says, "--learning-rate"]);
    }
    for options in ["", "--style-weight 1e12", "--learning-rate 1"] {
        let ran = folder.succeeds(&format!("{run} {options}"));
        assert!(!ran.stderr.contains(says), "{options}: {ran}");
    }
    // A longer step than from black to white leaves only black and white.
    folder.fails(2, &format!("{run} --learning-rate 1.5")).assert_says(&[
        "--learning-rate",
        "at most 1",
        "1.5",
    ]);
    folder.succeeds(&format!("{run} --learning-rate 1.5 --optimizer lbfgs"));
}
