//! `impasto stylize`: its results, their reproducibility, its reports and its progress.
#![allow(clippy::unwrap_used)] // a failing test

use std::collections::BTreeMap;
use std::fs;

use crate::common::{Folder, RUN, largest_difference, painted, report, scales, waves};
use impasto::image::{Averaging, Depth, Encoding, Filter, Space, resize, save};
use serde_json::{Value, json};

// === Results ===

#[test]
fn a_picture_is_written_and_nothing_else() {
    let folder = Folder::with_pictures();
    let ran = folder.succeeds(RUN);
    assert_eq!(ran.stdout, "");
    ran.assert_says(&["o.png", "48x36"]);
    assert_eq!(folder.names(), ["c.png", "o.png", "s.png", "t.png"]);
    let (content, result) = (folder.decoded("c.png"), folder.decoded("o.png"));
    assert_eq!((result.depth, result.alpha.is_none()), (Depth::Eight, true));
    assert!(largest_difference(&content.picture, &result.picture) > 2.0, "it is the content that came back");
}

#[test]
fn a_result_takes_the_place_of_an_older_one_and_has_its_permissions() {
    let folder = Folder::with_pictures();
    folder.write("o.png", b"an older result");
    #[cfg(unix)]
    fs::set_permissions(folder.path("o.png"), std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
    assert_eq!(painted(&folder, "").size(), (48, 36));
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &fs::metadata(folder.path("o.png")).unwrap().permissions(),
        );
        assert_eq!(mode & 0o777, 0o640);
    }
}

#[test]
fn size_is_the_long_edge_and_by_default_never_enlarges() {
    let folder = Folder::with_pictures();
    folder.draw("wide.png", 1000, 40, 0.0);
    let size = |line: &str| {
        folder.succeeds(line);
        folder.decoded("o.png").picture.size()
    };
    assert_eq!(size(RUN), (48, 36));
    assert_eq!(size(&format!("{RUN} --size 64")), (64, 48));
    assert_eq!(size(&format!("{RUN} --size 32")), (32, 24));
    assert_eq!(size("stylize s.png c.png -o o.png --iterations 1 --size 42"), (30, 42));
    assert_eq!(size("stylize wide.png s.png -o o.png --iterations 0"), (768, 31));
    assert_eq!(size("stylize wide.png s.png -o o.png --iterations 0 --size 1000"), (1000, 40));
}

#[test]
fn the_extension_chooses_the_format() {
    let folder = Folder::with_pictures();
    folder.succeeds(RUN);
    let png = folder.decoded("o.png").picture;
    for (name, magic) in [
        ("o.jpg", &b"\xff\xd8\xff"[..]),
        ("o.JPEG", b"\xff\xd8\xff"),
        ("o.tif", b"II*\0"),
        ("o.tiff", b"II*\0"),
        ("o.webp", b"RIFF"),
        ("o.bmp", b"BM"),
        ("o.v2.png", b"\x89PNG"),
    ] {
        folder.succeeds(&format!("stylize c.png s.png -o {name} --iterations 2"));
        assert!(folder.bytes(name).starts_with(magic), "{name}");
        let allowed = if magic == b"\xff\xd8\xff" { 24.0 } else { 0.0 };
        assert!(largest_difference(&folder.decoded(name).picture, &png) <= allowed, "{name}");
    }
}

#[test]
fn no_iterations_give_the_beginning() {
    let folder = Folder::with_pictures();
    let content = folder.decoded("c.png").picture;
    folder.succeeds("stylize c.png s.png -o o.png --init content --iterations 0");
    assert_eq!(largest_difference(&folder.decoded("o.png").picture, &content), 0.0);
    folder.succeeds("stylize c.png s.png -o o.png --iterations 0 --init t.png");
    let beginning = resize(&folder.decoded("t.png").picture, 48, 36, Filter::Bicubic, Averaging::Light);
    assert!(largest_difference(&folder.decoded("o.png").picture, &beginning) <= 1.01);
}

#[test]
fn saved_iterates_have_numbers() {
    let folder = Folder::with_pictures();
    folder.succeeds("stylize c.png s.png -o o.png --iterations 3 --size 48 --min-size 34 --save-every 2");
    // The scales are 34 and 48 px. The numbers of saved pictures continue over scales.
    assert_eq!(
        folder.names(),
        ["c.png", "o.png", "o_0002.png", "o_0004.png", "o_0006.png", "s.png", "t.png"]
    );
    let size = |name: &str| folder.decoded(name).picture.size();
    assert_eq!([size("o_0002.png"), size("o_0004.png"), size("o_0006.png")], [(34, 26), (48, 36), (48, 36)]);
    assert_eq!(folder.bytes("o_0006.png"), folder.bytes("o.png"));
    assert_ne!(folder.bytes("o_0004.png"), folder.bytes("o.png"));
    folder.succeeds("stylize c.png s.png -o x.y.jpg --iterations 2 --save-every 1");
    assert!(folder.has("x.y_0001.jpg") && folder.has("x.y_0002.jpg"));
}

#[test]
fn saved_iterates_are_transparent_like_the_result() {
    let folder = Folder::with_pictures();
    folder.draw_transparent("a.png", 48, 36);
    folder.succeeds("stylize a.png s.png -o o.png --iterations 2 --save-every 1");
    assert_eq!(folder.decoded("o_0001.png").alpha, folder.decoded("a.png").alpha);
}

// === Reproducibility ===

#[test]
fn the_same_seed_gives_the_same_bytes_at_any_number_of_threads() {
    let folder = Folder::with_pictures();
    for options in [
        "--init noise --size 64 --min-size 40",
        "--preset gatys --init noise --seed 7",
        "--init gray --statistic gram --optimizer lbfgs",
        "--init style-stats --statistic covariance+mean-std:10",
    ] {
        let bytes: Vec<Vec<u8>> = [1, 2, 3]
            .iter()
            .map(|threads| {
                painted(&folder, &format!("{options} --threads {threads}"));
                folder.bytes("o.png")
            })
            .collect();
        assert!(bytes[0] == bytes[1] && bytes[0] == bytes[2], "{options}");
        painted(&folder, options);
        assert!(bytes[0] == folder.bytes("o.png"), "{options}, threads by default");
        painted(
            &folder,
            &format!("{options} --threads 2").replace("--seed 7", "").replace("--init", "--seed 8 --init"),
        );
        assert!(bytes[0] != folder.bytes("o.png"), "{options}, another seed");
    }
}

#[test]
fn a_report_tells_how_to_do_it_again() {
    let folder = Folder::with_pictures();
    let first = report(&folder, "--init noise --seed 5");
    let picture = folder.bytes("o.png");
    let second = report(&folder, "--init noise --seed 5");
    assert!(picture == folder.bytes("o.png"));
    let without_times = |mut report: Value| {
        report.as_object_mut().unwrap().retain(|key, _| key != "seconds" && key != "peak_rss_bytes");
        for step in report["steps"].as_array_mut().unwrap() {
            step.as_object_mut().unwrap().remove("seconds").unwrap();
        }
        report
    };
    assert_eq!(without_times(first), without_times(second));
}

// === Reports and progress ===

#[test]
fn a_report_says_everything() {
    let folder = Folder::with_pictures();
    // The digest of this picture was computed with another program (sha256sum).
    let pixels = (0..32 * 24 * 3).map(|i| (7 * i % 251) as u8);
    folder.write("known.ppm", &b"P6 32 24 255\n".iter().copied().chain(pixels).collect::<Vec<u8>>());
    folder.succeeds(
        "stylize known.ppm s.png t.png -o o.png --report r.json --iterations 3 --seed 42 --threads 2 --size 40 \
         --min-size 28 --style-weights 1,3 --style-weight 2 --tv-weight 0.5 --content-layers relu3_1,relu4_1 \
         --style-layers relu1_1,relu2_1 --style-layer-weights 3,1 --statistic gram:2+mean-std --pooling l2 \
         --optimizer adam --learning-rate 0.01 --init t.png --style-scale 0.9 --keep best --resize gamma",
    );
    let report = folder.json("r.json");
    assert_eq!(report["version"], env!("CARGO_PKG_VERSION"));
    assert!(report["instruction_set"].is_string());
    assert_eq!(report["outcome"], "complete");
    let known = json!({
        "path": "known.ppm", "width": 32, "height": 24,
        "sha256": "89345f070fb5a63fefe701f2e80719f03e43a428a09f2ef432bf1ee2de9c8211",
    });
    assert_eq!(report["content"], known);
    let styles = report["styles"].as_array().unwrap();
    assert_eq!((styles.len(), &styles[0]["path"], &styles[1]["path"]), (2, &json!("s.png"), &json!("t.png")));
    assert_eq!((&styles[0]["weight"], &styles[1]["weight"]), (&json!(0.25), &json!(0.75)));
    assert_ne!(styles[0]["sha256"], styles[1]["sha256"]);
    assert_eq!((&report["init"]["path"], &report["init"]["sha256"]), (&json!("t.png"), &styles[1]["sha256"]));
    assert_eq!(report["model"]["name"], "lite");
    assert_eq!(report["model"]["family"], "vgg19-lite");
    assert_eq!(report["model"]["sha256"].as_str().unwrap().len(), 64);

    let recipe = &report["recipe"];
    assert_eq!(recipe["preset"], "impasto");
    assert_eq!(recipe["content_layers"], json!([["relu3_1", 0.5], ["relu4_1", 0.5]]));
    assert_eq!(recipe["style_layers"], json!([["relu1_1", 3.0], ["relu2_1", 1.0]]));
    assert_eq!((&recipe["style_weight"], &recipe["tv_weight"]), (&json!(2.0), &json!(0.5)));
    assert!(recipe["content_weight"].as_f64().unwrap() > 0.0);
    assert_eq!(recipe["statistic"], "gram:2+mean-std");
    assert_eq!((&recipe["pooling"], &recipe["optimizer"]), (&json!("l2"), &json!("adam")));
    assert_eq!(recipe["adam"]["rate"], 0.01);
    assert_eq!((&recipe["init"], &recipe["keep"]), (&json!("picture"), &json!("best")));
    assert_eq!((&report["style_scale"], &report["seed"]), (&json!(0.9), &json!(42)));
    assert_eq!(report["resize"], "gamma");
    assert_eq!(report["threads"], 2);

    assert_eq!(scales(&report), [(28, 21, 3), (40, 30, 3)]);
    assert_eq!(
        (&report["output"], &report["width"], &report["height"]),
        (&json!("o.png"), &json!(40), &json!(30))
    );
    let steps = report["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 6);
    let mut seconds = 0.0;
    for (index, step) in steps.iter().enumerate() {
        let scale = index / 3;
        assert_eq!(step["scale"], scale + 1);
        assert_eq!((&step["scales"], &step["iterations"]), (&json!(2), &json!(3)));
        assert_eq!(step["iteration"], index % 3 + 1);
        assert_eq!(
            (&step["width"], &step["height"]),
            (&report["scales"][scale]["width"], &report["scales"][scale]["height"])
        );
        let losses = &step["losses"];
        let terms =
            |kind: &str| serde_json::from_value::<BTreeMap<String, f64>>(losses[kind].clone()).unwrap();
        assert_eq!(terms("content").into_keys().collect::<Vec<_>>(), ["relu3_1", "relu4_1"]);
        assert_eq!(terms("style").into_keys().collect::<Vec<_>>(), ["relu1_1", "relu2_1"]);
        let sum = terms("content").values().chain(terms("style").values()).sum::<f64>()
            + losses["tv"].as_f64().unwrap();
        let total = losses["total"].as_f64().unwrap();
        assert!((sum - total).abs() <= 1e-9 * total && total > 0.0, "{step}");
        seconds += step["seconds"].as_f64().unwrap();
    }
    assert!(seconds > 0.0 && (report["seconds"].as_f64().unwrap() - seconds).abs() < 0.5);
    assert!(report["peak_rss_bytes"].as_u64().unwrap() > 1 << 20 || !cfg!(target_os = "linux"));
}

#[test]
fn a_report_resolves_what_was_left_to_others() {
    let folder = Folder::with_pictures();
    let report = report(&folder, "");
    // By default, the pooling is the encoder's, and the number of threads depends on the machine.
    assert_eq!(report["recipe"]["pooling"], "max");
    assert!(report["threads"].as_u64().unwrap() >= 1);
    assert_eq!(
        (&report["seed"], &report["style_scale"], &report["init"]),
        (&json!(0), &json!(1.0), &Value::Null)
    );
    assert_eq!(report["resize"], "linear");
}

#[test]
fn a_report_without_steps_is_well_formed() {
    let folder = Folder::with_pictures();
    let ran = folder.succeeds("stylize c.png s.png -o o.png --init content --iterations 0 --report r.json");
    let report = folder.json("r.json");
    assert_eq!((&report["outcome"], &report["steps"]), (&json!("complete"), &json!([])));
    assert!(report["seconds"].as_f64().unwrap().is_sign_positive(), "{}", report["seconds"]);
    assert!(!ran.stderr.contains("-0"), "{ran}");
}

#[test]
fn every_file_that_was_written_is_named_and_the_result_comes_last() {
    let folder = Folder::with_pictures();
    let line = "stylize c.png s.png -o o.png --iterations 4 --size 48 --min-size 48 --save-every 3 --report r.json \
                --triptych t.png --plot p.svg --timelapse f.gif";
    let ran = folder.succeeds(line);
    let wrote: Vec<&str> = ran.stderr.lines().filter_map(|line| line.strip_prefix("wrote ")).collect();
    assert_eq!(wrote[..wrote.len() - 1], ["o_0003.png", "t.png", "p.svg", "f.gif", "r.json"], "{ran}");
    assert!(wrote[wrote.len() - 1].starts_with("o.png: 48x36"), "{ran}");
    assert!(ran.stderr.contains("writing the film f.gif\nwrote"), "{ran}");
    let quiet = folder.succeeds(&format!("{line} --progress json"));
    assert!(!quiet.stderr.contains("writing the film") && quiet.stderr.contains("wrote f.gif"), "{quiet}");
}

#[test]
fn json_progress_is_an_object_a_line() {
    let folder = Folder::with_pictures();
    let ran = folder.succeeds(
        "stylize c.png s.png -o o.png --iterations 3 --size 48 --min-size 34 --progress json --report r.json",
    );
    for line in ran.stderr.lines() {
        let object: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(object.is_object() && object["event"].is_string(), "{line}");
    }
    let steps = ran.steps();
    assert_eq!(steps.len(), 6);
    let reported = folder.json("r.json");
    for (step, reported) in steps.iter().zip(reported["steps"].as_array().unwrap()) {
        for (key, value) in reported.as_object().unwrap() {
            assert_eq!(&step[key], value, "{key}");
        }
        assert!(step["elapsed"].as_f64().unwrap() > 0.0 && step["seconds_left"].as_f64().unwrap() >= 0.0);
    }
    assert_eq!(steps[5]["seconds_left"], 0.0);
}

#[test]
fn json_progress_has_objects_for_notes_and_warnings_too() {
    let folder = Folder::with_pictures();
    let wide = Encoding { icc_profile: Some(Space::DisplayP3.icc()), ..Encoding::default() };
    save(&folder.path("wide.png"), &waves(48, 36, 0.0), None, &wide).unwrap();
    // This run has a note (the preset was not tuned for these weights) and a warning (the format has no profiles).
    let ran =
        folder.succeeds("stylize wide.png s.png -o o.bmp --preset gatys --iterations 1 --progress json");
    for line in ran.stderr.lines() {
        serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
    ran.assert_says(&["gatys", "colour profile"]);
}

#[test]
fn progress_without_a_terminal_is_plain_text() {
    let folder = Folder::with_pictures();
    for progress in ["bar", "json", "none"] {
        let ran = folder.succeeds(&format!("{RUN} --progress {progress}"));
        let control = |text: &str| text.chars().any(|c| c.is_control() && c != '\n');
        assert!(!control(&ran.stderr) && !control(&ran.stdout), "{progress}: {:?}", ran.stderr);
        assert_eq!(ran.stdout, "", "{progress}");
    }
    assert!(folder.succeeds(&format!("{RUN} --progress none")).steps().is_empty());
}

#[test]
fn progress_does_not_need_a_reader() {
    let folder = Folder::with_pictures();
    // The test acts like `impasto ... 2>&1 | head -1`: the reader closes the pipe after the first line.
    let mut running = crate::common::Running::start(
        folder.command("stylize c.png s.png -o o.png --iterations 40 --progress json".split_whitespace()),
    );
    running.read_until(|_| true);
    let mut child = running.into_child();
    assert_eq!(crate::common::wait(&mut child), Some(0));
    assert_eq!(folder.decoded("o.png").picture.size(), (48, 36));
}

#[cfg(target_os = "linux")]
#[test]
fn progress_that_cannot_be_written_does_not_end_the_run() {
    let folder = Folder::with_pictures();
    for progress in ["bar", "json", "none"] {
        let mut command = folder.command(RUN.split_whitespace());
        command
            .args(["--progress", progress])
            .stderr(fs::File::options().write(true).open("/dev/full").unwrap());
        assert_eq!(command.status().unwrap().code(), Some(0), "{progress}");
        assert_eq!(folder.decoded("o.png").picture.size(), (48, 36));
        fs::remove_file(folder.path("o.png")).unwrap();
    }
    // The closed pipe does not change the exit code of a mistake either.
    let mut command = folder.command(["stylize", "c.png", "missing.png", "-o", "o.png"]);
    command.stderr(fs::File::options().write(true).open("/dev/full").unwrap());
    assert_eq!(command.status().unwrap().code(), Some(2));
}

#[test]
fn a_row_of_pictures_and_a_drawing_of_losses_come_beside_the_result() {
    let folder = Folder::with_pictures();
    folder.succeeds("stylize c.png s.png t.png -o o.png --iterations 4 --triptych row.png --plot losses.svg");
    let (row, result) = (folder.decoded("row.png").picture, folder.decoded("o.png").picture);
    assert_eq!(row.height(), result.height());
    // The row has the content, two styles and the result at the same height, with three gaps of two pixels.
    let widths = [(48, 36), (40, 56), (44, 44), (48, 36)]
        .map(|(width, height): (usize, usize)| (width * 36).div_ceil(height));
    assert_eq!(row.width(), widths.iter().sum::<usize>() + 3 * 2);
    let left = row.width() - result.width();
    for (line, pixels) in row.rgb().chunks(row.width()).zip(result.rgb().chunks(result.width())) {
        assert!(line[left..].iter().zip(pixels).all(|(a, b)| (a - b).abs() < 1e-6));
    }
    let drawing = String::from_utf8(folder.bytes("losses.svg")).unwrap();
    assert!(
        drawing.starts_with("<svg") && drawing.contains("<polyline") && drawing.contains("weighted loss")
    );
    folder.draw("i.png", 48, 36, 2.0);
    for (options, says) in [
        ("--plot losses.png", ".svg"),
        ("--plot missing/l.svg", "--plot"),
        ("--triptych o.png", "--triptych and --output"),
        ("--triptych c.png", "c.png is an input"),
        ("--triptych row.xyz", "--triptych"),
        ("--triptych i.png --init i.png", "i.png is an input"),
        ("--report r.svg --plot r.svg", "--plot and --report"),
        ("--triptych k.png --checkpoint k.png", "--triptych and the checkpoint"),
        ("--triptych o_0002.png --save-every 1", "--save-every would overwrite"),
    ] {
        folder.fails(2, &format!("{RUN} {options}")).assert_says(&[says]);
    }
}
