//! `impasto compare`: the table, JSON, the page, and what is refused.
#![allow(clippy::unwrap_used)] // a failing test

use crate::common::{Folder, RUN};
use serde_json::Value;

const LINE: &str = "compare --content c.png --style s.png";

/// Makes a folder with the content `c.png`, the style `s.png`, and the pictures `a.png` and `b.png`, all of 96x64
/// pixels.
fn pictures() -> Folder {
    let folder = Folder::new();
    for (name, kind) in [("c.png", 0.0), ("s.png", 1.0), ("a.png", 2.0), ("b.png", 3.0)] {
        folder.draw(name, 96, 64, kind);
    }
    folder
}

fn json(folder: &Folder, line: &str) -> Value {
    let ran = folder.succeeds(&format!("{line} --json"));
    assert_eq!(ran.stdout.lines().count(), 1);
    serde_json::from_str(&ran.stdout).unwrap()
}

/// Returns the name, the arrow and the cells of each line of measures.
fn table(stdout: &str) -> Vec<(String, String, Vec<String>)> {
    let rows = stdout.lines().skip(1).filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_measure = words.len() > 2 && ["↑", "↓"].contains(&words[1]);
        is_measure.then(|| {
            let cells = words[2..].iter().map(|word| (*word).to_owned()).collect();
            (words[0].to_owned(), words[1].to_owned(), cells)
        })
    });
    rows.collect()
}

// === Scores ===

#[test]
fn the_line_of_the_documents_takes_one_style_and_two_pictures() {
    let folder = pictures();
    let ran = folder.succeeds(&format!("{LINE} a.png b.png"));
    assert_eq!(ran.stderr, "");
    let header: Vec<&str> = ran.stdout.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(header, ["a.png", "b.png"]);
    let json = json(&folder, &format!("{LINE} a.png b.png"));
    let rows = table(&ran.stdout);
    let names: Vec<&str> = rows.iter().map(|(name, ..)| name.as_str()).collect();
    let expected =
        ["ssim", "ms-ssim", "gmsd", "structure", "colour", "patches", "filters", "noise", "seams", "border"];
    assert_eq!(names, expected);
    for (name, arrow, cells) in &rows {
        let higher = json["measures"][name]["better"] == "higher";
        assert_eq!(arrow == "↑", higher, "{name}");
        let scores: Vec<f64> =
            (0..2).map(|i| json["pictures"][i]["scores"][name].as_f64().unwrap()).collect();
        for (i, cell) in cells.iter().enumerate() {
            let printed: f64 = cell.trim_end_matches('*').parse().unwrap();
            assert!((printed - scores[i]).abs() < 6e-3, "{name}: {cell} {}", scores[i]);
            let best = if higher { scores[0].max(scores[1]) } else { scores[0].min(scores[1]) };
            assert_eq!(cell.ends_with('*'), scores[i] == best, "{name}: {cells:?}");
        }
    }
    assert!(ran.stdout.contains("* the best"));
    // Each part of the table says what its measures tell.
    let parts: Vec<&str> =
        ran.stdout.lines().filter(|line| ["Subject kept", "Style taken", "Faults"].contains(line)).collect();
    assert_eq!(parts, ["Subject kept", "Style taken", "Faults"]);
    assert!(ran.stdout.contains("seams: straight lines or a grid, as tiles"), "{ran}");
    assert!(ran.stdout.contains("a photograph left as it is has the best marks for the subject"), "{ran}");
    assert!(ran.stdout.contains("structure is seen at relu3_4 of lite"), "{ran}");
}

#[test]
fn content_and_style_are_like_themselves() {
    let folder = pictures();
    let json = json(&folder, &format!("{LINE} c.png s.png"));
    let scores = |i: usize, name: &str| json["pictures"][i]["scores"][name].as_f64().unwrap();
    assert!((scores(0, "ssim") - 1.0).abs() < 1e-9 && (scores(0, "ms-ssim") - 1.0).abs() < 1e-9);
    assert!((scores(0, "structure") - 1.0).abs() < 1e-9 && scores(1, "structure") < 0.9);
    assert!(scores(0, "gmsd") < 1e-6 && scores(0, "noise") == 0.0 && scores(0, "seams") == 0.0);
    for name in ["colour", "patches", "filters"] {
        assert!(scores(1, name) < 1e-4 && scores(0, name) > 0.01, "{name}");
    }
    assert!(scores(1, "ssim") < 0.5);
}

#[test]
fn json_says_what_was_compared() {
    let folder = pictures();
    let json = json(&folder, &format!("{LINE} a.png --size 48"));
    assert_eq!(json["content"]["path"], "c.png");
    assert_eq!(json["styles"][0]["width"], 96);
    let picture = &json["pictures"][0];
    assert_eq!((&picture["scored_width"], &picture["scored_height"]), (&48.into(), &32.into()));
    assert_eq!(picture["sha256"].as_str().unwrap().len(), 64);
    // The picture is too small for `seams`. Three scales of MS-SSIM would need 44 pixels.
    assert_eq!(picture["scores"]["seams"], Value::Null);
    assert_eq!(picture["scores"]["ms-ssim-scales"], 2);
    assert_eq!(json["referee_model"], Value::Null);
}

#[test]
fn without_a_content_nothing_is_said_of_it() {
    let folder = pictures();
    let line = "compare --style s.png a.png";
    let rows = table(&folder.succeeds(line).stdout);
    assert!(
        rows.iter().all(|(name, ..)| !name.contains("ssim") && name != "gmsd" && name != "structure"),
        "{rows:?}"
    );
    assert!(!folder.succeeds(line).stdout.contains("lite"));
    let json = json(&folder, line);
    assert_eq!(json["content"], Value::Null);
    assert_eq!(json["pictures"][0]["scores"]["ssim"], Value::Null);
    assert_eq!(json["pictures"][0]["scores"]["structure-at"], Value::Null);
}

#[test]
fn styles_are_blended_by_weight_and_have_sizes() {
    let folder = pictures();
    let of = |options: &str| {
        let json = json(&folder, &format!("compare --content c.png {options} a.png"));
        json["pictures"][0]["scores"]["patches"].as_f64().unwrap()
    };
    let one = of("--style s.png");
    assert_eq!(one, of("--style s.png --style b.png:weight=0"));
    assert_ne!(one, of("--style s.png --style b.png"));
    assert_ne!(of("--style s.png --style b.png"), of("--style s.png:weight=3 --style b.png"));
    assert_ne!(one, of("--style s.png --style-scale 0.5"));
    assert_eq!(of("--style s.png:scale=0.5"), of("--style s.png --style-scale 0.5"));
}

#[test]
fn threads_do_not_matter() {
    let folder = pictures();
    let runs: Vec<String> = [1, 2, 3]
        .iter()
        .map(|threads| {
            folder.succeeds(&format!("{LINE} a.png --referee-model lite --json --threads {threads}")).stdout
        })
        .collect();
    assert!(runs[0] == runs[1] && runs[0] == runs[2]);
}

#[test]
fn pictures_of_any_size_have_scores_or_none() {
    let folder = pictures();
    for (width, height) in [(1, 1), (3, 3), (2, 96), (200, 9)] {
        folder.draw("tiny.png", width, height, 1.0);
        for line in [
            format!("{LINE} a.png tiny.png --referee-model lite --html t.html"),
            "compare --content tiny.png --style s.png a.png --referee-model lite".to_owned(),
            "compare --content c.png --style tiny.png a.png --referee-model lite".to_owned(),
            format!("{LINE} a.png --size 1"),
        ] {
            let ran = folder.succeeds(&line);
            assert!(!ran.stdout.contains("NaN") && !ran.stdout.contains("inf"), "{line}\n{ran}");
        }
    }
    folder.draw("tiny.png", 3, 3, 1.0);
    let rows = table(&folder.succeeds(&format!("{LINE} a.png tiny.png")).stdout);
    assert!(rows.iter().any(|(name, _, cells)| name == "ssim" && cells[1] == "-"), "{rows:?}");
}

#[test]
fn what_a_reader_should_know_is_noted() {
    let folder = pictures();
    folder.draw("small.png", 48, 32, 2.0);
    folder.draw("square.png", 96, 96, 2.0);
    folder.draw_transparent("t.png", 96, 64);
    folder.succeeds(&format!("{LINE} a.png small.png")).assert_says(&["note: ", "--size 48"]);
    folder.succeeds(&format!("{LINE} square.png")).assert_says(&["square.png has another shape"]);
    folder.succeeds(&format!("{LINE} t.png")).assert_says(&["t.png is transparent in parts"]);
    assert_eq!(folder.succeeds(&format!("{LINE} a.png small.png --size 48")).stderr, "");
}

// === Another encoder ===

#[test]
fn layers_come_from_another_encoder_than_the_pictures() {
    let folder = pictures();
    folder.succeeds(&format!("{RUN} --size 64"));
    let line = format!("{LINE} o.png --referee-model random:vgg16?width=1/16");
    let json = json(&folder, &line);
    let scores = &json["pictures"][0]["scores"];
    assert_eq!(scores["structure-at"], "relu3_3 of random:vgg16?width=1/16");
    assert!(scores["structure"].as_f64().is_some() && scores["structure-coarse"].as_f64().is_some());
    let scores = &scores["layers"];
    let layers: Vec<&String> = scores.as_object().unwrap().keys().collect();
    assert_eq!(layers, ["relu2_2", "relu3_2", "relu4_3"]);
    assert!(scores.as_object().unwrap().values().all(|value| value.as_f64().unwrap() > 0.0));
    let rows = table(&folder.succeeds(&line).stdout);
    assert!(rows.iter().any(|(name, arrow, _)| name == "relu3_2" && arrow == "↓"));
    // The encoder that made a picture may not judge it.
    let ran = folder.fails(2, &format!("{LINE} a.png o.png --referee-model lite"));
    ran.assert_says(&["o.png was made with lite", "hint: "]);
    // A picture without a recipe may be judged by any encoder.
    folder.succeeds(&format!("{LINE} a.png --referee-model lite"));
    folder.fails(2, &format!("{LINE} a.png --referee-model nothing"));
}

// === The page ===

#[test]
fn the_page_has_everything_in_it() {
    let folder = pictures();
    folder.succeeds(&format!("{LINE} a.png b.png --html page.html"));
    let page = String::from_utf8(folder.bytes("page.html")).unwrap();
    assert_eq!(page.matches("data:image/jpeg;base64,/9j/").count(), 4);
    assert!(!page.contains("http") && !page.contains("<script"), "asks for something");
    for part in [
        "ssim ↑",
        "gmsd ↓",
        "class=\"best\"",
        "a.png",
        "96×64",
        "Wang et al. 2004",
        "structure ↑",
        "relu3_4 of lite",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(page.matches("<table>").count(), page.matches("</table>").count());
    let tags =
        |name: &str| (page.matches(&format!("<{name}")).count(), page.matches(&format!("</{name}>")).count());
    assert!(["tr", "td", "figure", "dt", "dd"].into_iter().all(|name| tags(name).0 == tags(name).1));
}

#[cfg(unix)]
#[test]
fn names_of_files_are_no_part_of_the_page() {
    let folder = pictures();
    let name = "<img src=x onerror=\"alert('1')\">&amp;.png";
    folder.draw(name, 96, 64, 2.0);
    let ran = folder.run(["compare", "--content", "c.png", "--style", "s.png", name, "--html", "page.html"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let page = String::from_utf8(folder.bytes("page.html")).unwrap();
    assert!(
        !page.contains("<img src=x")
            && page.contains("&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;")
    );
}

#[test]
fn a_page_does_not_overwrite_what_was_read() {
    let folder = pictures();
    folder.write("m.safetensors", include_bytes!("../../../impasto-encoder/src/lite.safetensors"));
    for name in ["a.png", "c.png", "s.png", "m.safetensors"] {
        let before = folder.bytes(name);
        let ran = folder.line(&format!("{LINE} a.png --referee-model m.safetensors --html {name}"));
        assert!(before == folder.bytes(name), "{name} was overwritten");
        ran.assert_failed(2, name);
    }
}

#[test]
fn a_page_that_cannot_be_written_is_found_out_and_named() {
    let folder = pictures();
    std::fs::create_dir(folder.path("d")).unwrap();
    folder
        .fails(2, &format!("{LINE} a.png --html missing/p.html"))
        .assert_says(&["missing/p.html", "hint: "]);
    folder.fails(2, &format!("{LINE} a.png --html d")).assert_says(&["--html", "folder"]);
    if cfg!(target_os = "linux") {
        folder.fails(3, &format!("{LINE} a.png --html /dev/full")).assert_says(&["/dev/full"]);
    }
}

// === Refusals ===

#[test]
fn what_cannot_act_is_refused() {
    let folder = pictures();
    for (options, says) in [
        ("a.png --size 0", "--size"),
        ("a.png --size 30001", "--size"),
        ("a.png --style-scale 0", "--style-scale"),
        ("a.png --style-scale nan", "--style-scale"),
        ("a.png --style-scale 1e9", "--style-scale"),
        ("a.png --style b.png:rotate=10", "not turned"),
        ("a.png --style b.png:mask=a.png", "all of it"),
        ("a.png --style b.png:weight=-1", "--style-weights"),
        ("a.png --threads 0", "--threads"),
        ("missing.png", "missing.png"),
        ("a.png --limits side=10", "--limits"),
    ] {
        folder.fails(2, &format!("{LINE} {options}")).assert_says(&[says]);
    }
    folder.fails(2, LINE);
    folder.fails(2, "compare --content c.png a.png");
}
