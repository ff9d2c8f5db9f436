//! Batches and films whose card fails: they go on on the processor if `auto` took the card.

use serde_json::Value;

use crate::common::{Folder, Ran, finish, skip};
use crate::devices::{devices, with_a_card_that_is_lost};

/// Runs a command for which `auto` takes the first card.
fn with_a_card(folder: &Folder, line: &str) -> Ran {
    let mut command = folder.command(line.split_whitespace());
    command.env("IMPASTO_AUTO_DEVICE", "gpu:0");
    finish(command)
}

const SMALL: &str = "--size 48 --min-size 48 --model random:vgg19?width=1/16 --threads 2";

/// Observations of a picture of the batch: one of each style, and one for each iteration. The second picture uses what
/// is known of the style.
const FIRST: usize = 1 + 4;

/// Three contents.
fn contents() -> Folder {
    let folder = Folder::with_pictures();
    std::fs::create_dir(folder.path("in")).unwrap();
    for (number, name) in ["a", "b", "d"].into_iter().enumerate() {
        folder.draw(format!("in/{name}.png"), 48, 36, number as f32);
    }
    folder
}

fn batch(output: &str) -> String {
    format!("batch in --style s.png -o {output} --iterations 4 --no-metadata {SMALL}")
}

/// The devices in a batch's journal, by the names of results.
fn journal(folder: &Folder) -> Vec<(String, String)> {
    let text = String::from_utf8(folder.bytes("out/.impasto-batch-1-of-1.jsonl")).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty());
    let entry = |line: &str| -> (String, String) {
        let entry: Value = serde_json::from_str(line).unwrap();
        (entry["output"].as_str().unwrap().into(), entry["device"].as_str().unwrap().into())
    };
    lines.map(entry).collect()
}

#[test]
fn a_batch_whose_card_is_lost_goes_on_on_the_processor() {
    let folder = contents();
    if devices(&folder).len() < 2 {
        return skip("a_batch_whose_card_is_lost_goes_on_on_the_processor", "there is no card");
    }
    folder.succeeds(&format!("{} --device cpu", batch("cpu")));
    folder.succeeds(&format!("{} --device gpu:0", batch("card")));
    let names = ["a_s.png", "b_s.png", "d_s.png"];
    for name in names {
        assert!(folder.bytes(format!("cpu/{name}")) != folder.bytes(format!("card/{name}")), "{name}");
    }
    // In the second picture.
    let ran = with_a_card_that_is_lost(&folder, FIRST + 2, &batch("out"));
    assert_eq!(ran.code, Some(0), "{ran}");
    ran.assert_says(&["was lost", "b_s.png begins again on the processor", "the rest of the batch"]);
    for (name, device) in names.into_iter().zip(["card", "cpu", "cpu"]) {
        assert!(folder.bytes(format!("out/{name}")) == folder.bytes(format!("{device}/{name}")), "{name}");
    }
    let told = journal(&folder);
    assert_eq!(told.iter().map(|(name, _)| &name[..]).collect::<Vec<_>>(), names);
    let on_card: Vec<bool> = told.iter().map(|(_, device)| device.starts_with("gpu ")).collect();
    assert_eq!(on_card, [true, false, false], "{told:?}");
    // The same command makes nothing again, and a device that is named what is another's.
    let again = with_a_card(&folder, &batch("out"));
    assert!(again.stdout.contains("0 made, 3 there already"), "{again}");
    let on_processor = folder.succeeds(&format!("{} --device cpu", batch("out")));
    assert!(on_processor.stdout.contains("1 made, 2 there already"), "{on_processor}");
    let on_card = folder.succeeds(&format!("{} --device gpu:0", batch("out")));
    assert!(on_card.stdout.contains("3 made, 0 there already"), "{on_card}");
}

#[test]
fn pictures_side_by_side_leave_a_lost_card_together() {
    let folder = contents();
    if devices(&folder).len() < 2 {
        return skip("pictures_side_by_side_leave_a_lost_card_together", "there is no card");
    }
    folder.succeeds(&format!("{} --device cpu", batch("cpu")));
    let line = format!("{} --jobs 3 --progress json", batch("out"));
    let ran = with_a_card_that_is_lost(&folder, 2, &line);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(ran.stderr.matches("was lost").count(), 1, "{ran}");
    // A picture that is not begun by then begins there.
    assert!((1..=3).contains(&ran.stderr.matches("begins again on the processor").count()), "{ran}");
    let lines = ran.stderr.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let made: Vec<Value> = lines.filter(|line| line["event"] == "made").collect();
    assert!(made.len() == 3 && made.iter().all(|line| line["device"] == made[0]["device"]), "{ran}");
    for name in ["a_s.png", "b_s.png", "d_s.png"] {
        assert!(folder.bytes(format!("out/{name}")) == folder.bytes(format!("cpu/{name}")), "{name}");
    }
}

#[test]
fn a_batch_on_a_card_that_was_named_does_not_leave_it() {
    let folder = contents();
    if devices(&folder).len() < 2 {
        return skip("a_batch_on_a_card_that_was_named_does_not_leave_it", "there is no card");
    }
    let ran = with_a_card_that_is_lost(&folder, FIRST + 2, &format!("{} --device gpu:0", batch("out")));
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stdout.contains("1 made") && ran.stdout.contains("was lost"), "{ran}");
    assert!(!ran.stderr.contains("processor"), "{ran}");
}

/// Five frames that move.
fn film() -> Folder {
    let folder = Folder::with_pictures();
    for name in ["in", "cpu", "card", "out"] {
        std::fs::create_dir(folder.path(name)).unwrap();
    }
    for number in 0..5 {
        folder.draw(format!("in/{number}.png"), 48, 36, 0.04 * number as f32);
    }
    folder
}

/// The command of the film, whose frames of 16 bits stay in a folder beside.
fn video(output: &str) -> String {
    format!(
        "video in s.png -o {output}/%d.png --first-iterations 3 --no-cuts --folder {output}/work --keep-frames {SMALL}"
    )
}

/// The frames that a film has, of its first five.
fn frames(folder: &Folder, output: &str) -> Vec<Vec<u8>> {
    (0..5).map(|number| folder.bytes(format!("{output}/work/{number:06}.png"))).collect()
}

/// The devices of the frames, by the records that stand beside them.
fn painted_by(folder: &Folder) -> Vec<String> {
    let text = String::from_utf8(folder.bytes("out/work/shot-0001.jsonl")).unwrap();
    let record = |line: &str| -> Value { serde_json::from_str(line).unwrap() };
    text.lines().map(|line| record(line)["engine"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_film_whose_card_is_lost_goes_on_on_the_processor() {
    let folder = film();
    if devices(&folder).len() < 2 {
        return skip("a_film_whose_card_is_lost_goes_on_on_the_processor", "there is no card");
    }
    folder.succeeds(&format!("{} --device gpu:0", video("card")));
    let ran = with_a_card_that_is_lost(&folder, 60, &format!("{} --progress json", video("out")));
    assert_eq!(ran.code, Some(0), "{ran}");
    ran.assert_says(&["was lost", "the film goes on on the processor"]);
    assert_eq!(ran.stderr.matches("\"event\":\"frame\"").count(), 5, "each frame is painted once: {ran}");
    let devices = painted_by(&folder);
    let on_card = devices.iter().filter(|device| device.starts_with("gpu ")).count();
    assert!((1..5).contains(&on_card) && devices.len() == 5, "{devices:?}");
    let (card, mixed) = (frames(&folder, "card"), frames(&folder, "out"));
    assert!(mixed[..on_card] == card[..on_card], "frames of the card stay as they are");
    assert!(mixed[on_card..].iter().zip(&card[on_card..]).all(|(a, b)| a != b));
    let manifest = folder.json("out/work/film.json");
    assert_eq!(
        (&manifest["engine"], &manifest["earlier"][0]),
        (&devices[4].clone().into(), &devices[0].clone().into())
    );
    // The same command finds the film painted, wherever `auto` would begin today. Another device is told from that.
    let again = with_a_card(&folder, &format!("{} --plan", video("out")));
    assert!(again.stdout.contains("5 exist already"), "{again}");
    let again = with_a_card(&folder, &video("out"));
    assert_eq!(again.code, Some(0), "{again}");
    assert!(frames(&folder, "out") == mixed);
    let refused = folder.fails(2, &format!("{} --device gpu:0", video("out")));
    refused.assert_says(&["they were painted with gpu ", ", then with ", "this is gpu "]);
    folder.succeeds(&format!("{} --device cpu", video("out")));
    assert!(frames(&folder, "out") == mixed);
    assert_eq!(folder.json("out/work/film.json"), manifest);
}

#[test]
fn a_film_whose_card_is_lost_at_once_is_the_processors() {
    let folder = film();
    if devices(&folder).len() < 2 {
        return skip("a_film_whose_card_is_lost_at_once_is_the_processors", "there is no card");
    }
    folder.succeeds(&format!("{} --device cpu", video("cpu")));
    let ran = with_a_card_that_is_lost(&folder, 0, &video("out"));
    assert_eq!(ran.code, Some(0), "{ran}");
    ran.assert_says(&["was lost", "the film begins again on the processor"]);
    assert!(frames(&folder, "out") == frames(&folder, "cpu"));
    assert_eq!(folder.json("out/work/film.json"), folder.json("cpu/work/film.json"));
}

#[test]
fn a_film_on_a_card_that_was_named_does_not_leave_it() {
    let folder = film();
    if devices(&folder).len() < 2 {
        return skip("a_film_on_a_card_that_was_named_does_not_leave_it", "there is no card");
    }
    let ran = with_a_card_that_is_lost(&folder, 60, &format!("{} --device gpu:0", video("out")));
    assert_eq!(ran.code, Some(3), "{ran}");
    assert!(ran.hint().contains("--device cpu"), "{ran}");
    assert!(folder.has("out/work/000000.png") && !folder.has("out/1.png"));
    // The frames so far are the card's. From the next one on another device may be named.
    let (next, mixed) = (painted_by(&folder).len(), folder.json("out/work/film.json")["engine"].clone());
    folder.fails(2, &format!("{} --device cpu", video("out"))).assert_says(&["they were painted with gpu "]);
    folder.succeeds(&format!("{} --device cpu --from {next}", video("out")));
    let manifest = folder.json("out/work/film.json");
    assert!(manifest["earlier"][0] == mixed && manifest["engine"] != mixed, "{manifest}");
}
