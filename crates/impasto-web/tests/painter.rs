//! The painter gives what the library gives, and says in words what it cannot do.
#![allow(clippy::unwrap_used)] // a failing test

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use impasto::image::{Limits, decode, recipe_of_bytes};
use impasto::{Draft, Effort, Overrides, Picture, StyleTransfer};
use impasto_gpu::GpuBackend;
use impasto_web::{Given, Image, LARGEST, Painter, Progress, Settings};

const SIZE: usize = 96;

fn settings() -> Settings {
    Settings { size: SIZE, strength: 0.9, stroke_size: 0.8, colour: "style".into(), effort: "normal".into() }
}

/// Waves, with a hole in them if they are not opaque.
fn waves(width: usize, height: usize, pace: usize, opaque: bool) -> Vec<u8> {
    let hole = |x: usize, y: usize| !opaque && x < width / 4 && y < height / 4;
    let pixel = |at: usize| {
        let (x, y) = (at % width, at / width);
        let wave = |by: usize| ((x * pace + y * by) % 256) as u8;
        [wave(3), wave(7), wave(11), if hole(x, y) { 0 } else { 255 }]
    };
    (0..width * height).flat_map(pixel).collect()
}

fn given(pace: usize, opaque: bool) -> Given {
    Given::new("waves.png", (SIZE, 64), waves(SIZE, 64, pace, opaque)).unwrap()
}

fn painter(opaque: bool) -> Painter {
    let mut painter = Painter::new(|| Duration::ZERO);
    painter.set_content(given(5, opaque));
    painter.set_style(given(17, true));
    painter
}

fn transfer(size: usize) -> StyleTransfer {
    let overrides = Overrides { strength: Some(0.9), ..Overrides::default() };
    let transfer = StyleTransfer::new(given(5, true).picture).style(given(17, true).picture);
    transfer.size(size).stroke_size(0.8).overrides(overrides)
}

fn image(picture: &Picture) -> Image {
    Image::new(picture, None)
}

#[test]
fn drafts_are_those_of_the_library_and_may_be_smaller() {
    let mut painter = painter(true);
    for longest in [64, 512, 64] {
        let expected = Draft::new(transfer(longest.min(SIZE))).unwrap().picture().unwrap();
        assert_eq!(painter.draft(&settings(), longest).unwrap(), image(&expected), "{longest}");
    }
}

#[test]
fn a_run_is_that_of_the_library_whatever_was_painted_before() {
    let mut session = transfer(SIZE).build().unwrap();
    while session.step().unwrap().is_some() {}
    let mut painter = painter(true);
    painter.draft(&Settings { colour: "keep".into(), ..settings() }, SIZE).unwrap();
    for _ in 0..2 {
        assert_eq!(painter.begin(&settings(), false).unwrap(), (SIZE, 64));
        let mut fraction = 0.0;
        while let Some(progress) = painter.step().unwrap() {
            assert!(progress.fraction > fraction && progress.fraction <= 1.0);
            fraction = progress.fraction;
        }
        assert!(fraction > 0.4);
        assert_eq!(painter.result().unwrap(), image(&session.picture().unwrap()));
    }
}

#[test]
fn a_run_ends_soon_and_its_recipe_says_after_which_iterations() {
    let mut painter = painter(true);
    painter.begin(&settings(), false).unwrap();
    painter.step().unwrap().unwrap();
    painter.preview(32).unwrap();
    painter.finish_soon().unwrap();
    while painter.step().unwrap().is_some() {}
    let result = painter.result().unwrap();
    let file = painter.png().unwrap();
    assert_eq!(image(&decode(file.as_slice(), "saved", &Limits::default()).unwrap().picture), result);
    let recipe = recipe_of_bytes(file.into(), "saved".as_ref(), &Limits::default()).unwrap().unwrap();
    let recipe: serde_json::Value = serde_json::from_str(&recipe).unwrap();
    let options = &recipe["options"]["run"];
    let effort: Effort =
        serde_json::from_value::<String>(options["effort"].clone()).unwrap().parse().unwrap();
    let counts = serde_json::from_value(options["iterations"].clone()).unwrap();
    let overrides = Overrides {
        strength: options["objective"]["strength"].as_f64(),
        effort: Some(effort),
        scale_iterations: Some(counts),
        ..Overrides::default()
    };
    let mut again = transfer(SIZE).overrides(overrides).build().unwrap();
    while again.step().unwrap().is_some() {}
    assert_eq!(image(&again.picture().unwrap()), result);
}

#[test]
fn what_is_transparent_stays_so() {
    let mut painter = painter(false);
    let draft = painter.draft(&settings(), SIZE).unwrap();
    assert_eq!((draft.rgba[3], draft.rgba[4 * (SIZE - 1) + 3]), (0, 255));
    let saved = decode(painter.png().unwrap(), "saved", &Limits::default()).unwrap();
    assert_eq!(saved.alpha.unwrap().data()[0], 0.0);
}

#[test]
fn what_cannot_be_done_is_said() {
    let message = |result: Result<Image, impasto_web::Problem>| result.unwrap_err().message;
    let mut bare = Painter::new(|| Duration::ZERO);
    assert_eq!(message(bare.draft(&settings(), 64)), "there is no content yet");
    assert_eq!(message(bare.result()), "nothing runs");
    bare.set_content(given(5, true));
    assert_eq!(message(bare.draft(&settings(), 64)), "there is no style yet");
    assert!(bare.png().is_err());
    let mut painter = painter(true);
    assert!(painter.png().is_err());
    let large = Settings { size: LARGEST + 1, ..settings() };
    assert_eq!(
        painter.begin(&large, false).unwrap_err().message,
        "this page paints at most 1600 pixels, not 1601"
    );
    let unknown = Settings { effort: "great".into(), ..settings() };
    assert_eq!(painter.begin(&unknown, false).unwrap_err().message, "no effort great");
    assert!(
        Settings::parse("{\"size\": 64}").unwrap_err().message.starts_with("the settings: missing field")
    );
}

#[test]
fn the_work_of_a_run_is_known_before_it() {
    let (painter, mut run) = (self::painter(true), self::painter(true));
    let fine = Settings { effort: "fine".into(), ..settings() };
    assert!(painter.work(&fine).unwrap() > 2.0 * painter.work(&settings()).unwrap());
    run.begin(&settings(), false).unwrap();
    let mut work = 0.0;
    while let Some(progress) = run.step().unwrap() {
        work += (progress.step.width * progress.step.height) as f64;
    }
    // Strokes of another size begin at another scale, which the forecast does not count.
    assert!((painter.work(&settings()).unwrap() / work - 1.0).abs() < 0.5);
}

/// A card of its own for a test; `None`, after saying so, where there is none.
fn card() -> Option<Arc<GpuBackend>> {
    match GpuBackend::find("gpu") {
        Ok(card) => Some(Arc::new(card)),
        Err(reason) => {
            let forbidden = std::env::var_os("IMPASTO_NO_SKIPS").is_some_and(|value| value == "1");
            assert!(!forbidden, "skipped: {reason}");
            // Not by a macro, which the test harness would catch.
            let _ = writeln!(std::io::stderr(), "skipped: {reason}");
            None
        }
    }
}

/// All steps of a run that is asked to end soon after its first, and its picture.
fn hurried(painter: &mut Painter) -> (Vec<Progress>, Image) {
    let mut all = vec![painter.step().unwrap().unwrap()];
    painter.finish_soon().unwrap();
    all.extend(std::iter::from_fn(|| painter.step().unwrap()));
    (all, painter.result().unwrap())
}

fn instruction_set(painter: &Painter) -> String {
    let recipe = recipe_of_bytes(painter.png().unwrap().into(), "saved".as_ref(), &Limits::default());
    let recipe: serde_json::Value = serde_json::from_str(&recipe.unwrap().unwrap()).unwrap();
    recipe["instruction_set"].as_str().unwrap().into()
}

#[test]
fn a_card_paints_a_run_if_it_is_asked_to_and_the_recipe_names_it() {
    let Some(card) = card() else { return };
    let mut painter = painter(true);
    painter.set_card(card.clone());
    painter.begin(&settings(), false).unwrap();
    let (steps, expected) = hurried(&mut painter);
    assert!(steps.iter().all(|step| !step.on_card && step.failure.is_none()));
    assert!(!instruction_set(&painter).starts_with("gpu "));
    painter.begin(&settings(), true).unwrap();
    let (steps, painted) = hurried(&mut painter);
    assert!(steps.iter().all(|step| step.on_card && step.failure.is_none()));
    assert_eq!(instruction_set(&painter), format!("gpu {}", card.adapter().identity()));
    let pairs = painted.rgba.iter().zip(&expected.rgba);
    let sum: f64 = pairs.map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
    // Rounding grows with each of the 10 iterations; a step of 8 bits is what it may grow to.
    assert!(sum < (3 * SIZE * 64) as f64, "{sum}");
}

#[test]
fn a_run_whose_card_fails_is_the_processors_and_says_so() {
    let Some(_) = card() else { return };
    let mut expected = painter(true);
    expected.begin(&settings(), false).unwrap();
    let (steps, image) = hurried(&mut expected);
    // While the run is prepared, and later.
    for observations in [0, 3, steps.len() - 1] {
        let card = card().unwrap();
        card.lose_after(observations);
        let mut painter = painter(true);
        painter.set_card(card);
        painter.begin(&settings(), true).unwrap();
        let (told, painted) = hurried(&mut painter);
        let last = told.last().unwrap();
        let failure = last.failure.as_ref().unwrap();
        assert!(!last.on_card && failure.contains("was lost"), "{failure}");
        assert!(painted == image, "{observations}");
        assert!(!painter.has_card(), "the next run does not try it again");
    }
}

#[test]
fn a_card_that_fails_before_or_after_a_run_does_not_end_it() {
    let Some(card) = card() else { return };
    let mut painter = painter(true);
    painter.set_card(card.clone());
    painter.begin(&settings(), true).unwrap();
    painter.finish_soon().unwrap();
    while painter.step().unwrap().is_some() {}
    card.lose();
    let last = painter.result().unwrap();
    assert_eq!((last.width, last.height), (SIZE, 64), "the picture was read with the last step");
    painter.begin(&settings(), true).unwrap();
    assert!(painter.step().unwrap().unwrap().failure.is_some());
    let mut bad = settings();
    bad.colour = "none".into();
    assert!(painter.begin(&bad, true).is_err());
}
