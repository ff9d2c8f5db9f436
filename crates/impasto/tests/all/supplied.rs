//! Parts that users of the library supply themselves: recipes, and the encoder's backend.
#![allow(clippy::unwrap_used)] // a panic fails the test

use std::sync::Arc;

use crate::common::{NARROW, said, waves};
use impasto::{Backend, Cancel, Iterations, Noise, Overrides, Picture, Preset, Recipe, StyleTransfer};
use impasto_engine::{CpuBackend, Engine, EngineError, Network};
use impasto_engine_testing::Apart;

fn transfer() -> StyleTransfer {
    let iterations = Overrides { iterations: Some(2), min_size: Some(48), ..Overrides::default() };
    StyleTransfer::new(waves(64, 48, 0)).style(waves(60, 50, 1)).model(NARROW).overrides(iterations)
}

fn end(transfer: StyleTransfer) -> Picture {
    let mut session = transfer.build().unwrap();
    session.by_ref().for_each(|step| drop(step.unwrap()));
    session.picture().unwrap()
}

#[test]
fn every_recipe_comes_back_from_its_text() {
    for &preset in Preset::ALL {
        let recipe = preset.recipe();
        recipe.check().unwrap();
        let text = serde_json::to_string(&recipe).unwrap();
        assert_eq!(serde_json::from_str::<Recipe>(&text).unwrap(), recipe, "{text}");
        let misspelt = text.replacen("content_weight", "contents_weight", 1);
        assert!(serde_json::from_str::<Recipe>(&misspelt).is_err());
    }
}

#[test]
fn a_recipe_takes_the_place_of_the_presets() {
    let crowson = Preset::named("crowson").unwrap();
    let given = end(transfer().recipe(crowson.recipe()));
    assert_eq!(given, end(transfer().preset(crowson)));
    assert_ne!(given, end(transfer()));
}

/// The expected message for a wrong recipe, and the change that makes it wrong.
type Wrong = (&'static str, fn(&mut Recipe));

#[test]
fn a_recipe_that_cannot_be_says_why() {
    let wrong: [Wrong; 12] = [
        ("`style_layers`: relu1_1 is named twice", |r| r.style_layers[1].0 = "relu1_1".into()),
        ("`history`: expected 1 to 1000", |r| r.lbfgs.history = 5000),
        ("recipe.noise: expected a mean", |r| {
            r.noise = Noise::Normal { mean: [0.5; 3], deviation: f32::NAN };
        }),
        ("`content_weight`: expected a number of 0 or more", |r| r.content_weight = f64::NAN),
        ("`style_layers`: expected weights", |r| r.style_layers[0].1 = -1.0),
        ("`learning_rate`: expected a number above 0", |r| r.adam.rate = 0.0),
        ("`average_decay`: expected a number from 0", |r| r.average_decay = 1.0),
        ("`iterations`: expected at most", |r| {
            r.pyramid.iterations = Iterations::Shrinking { first: 5, divisor: 0.0, least: 1 };
        }),
        ("recipe.pyramid: expected a factor", |r| r.pyramid.factor = 1.0),
        ("recipe.adam: expected betas", |r| r.adam.beta2 = 1.0),
        ("recipe.margin: expected a bleed", |r| r.bleed = r.margin + 1),
        ("recipe.draft_size: expected 1 to", |r| r.draft_size = 0),
    ];
    for (expected, change) in wrong {
        let mut recipe = Preset::named("impasto").unwrap().recipe();
        change(&mut recipe);
        let (message, _) = said(transfer().recipe(recipe).build());
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn a_preview_is_the_picture_made_smaller() {
    let mut session = transfer().build().unwrap();
    session.by_ref().for_each(|step| drop(step.unwrap()));
    assert_eq!(session.preview(32).unwrap().size(), (32, 24));
    assert_eq!(session.preview(0).unwrap().size(), (1, 1));
    assert_eq!(session.preview(1000).unwrap(), session.picture().unwrap());
}

/// The CPU's backend under another name.
#[derive(Debug)]
struct Mine;

impl Backend for Mine {
    fn name(&self) -> &str {
        "mine"
    }

    fn prepare(&self, network: Network, cancel: Cancel) -> Result<Box<dyn Engine>, EngineError> {
        CpuBackend { set: None }.prepare(network, cancel)
    }
}

#[test]
fn a_run_goes_by_the_backend_that_is_given() {
    let usual = end(transfer());
    assert_eq!(end(transfer().backend(Arc::new(Mine))), usual);
    assert_eq!(end(transfer().device("auto").unwrap()), usual);
    let session = transfer().device("reference").unwrap().build().unwrap();
    assert_eq!(session.instruction_set(), "f64");
    let (message, _) = said(transfer().device("abacus"));
    assert!(message.starts_with("no device abacus"), "{message}");
}

/// The picture, the moments and the average stay with an engine that has a memory for them. The result is that of the
/// host, but for rounding, and the run continues from a checkpoint.
#[test]
fn a_picture_can_live_in_the_engine() {
    /// The mean difference of pixels in 0..1 after a few steps: each is as long as a sign says where a derivative is
    /// within rounding of zero.
    const MEAN: f32 = 1e-3;
    let apart = Apart::new(impasto_engine::backend("auto").unwrap());
    let steps = Overrides { iterations: Some(4), min_size: Some(48), ..Overrides::default() };
    let run = |transfer: StyleTransfer| transfer.overrides(steps.clone()).build().unwrap();
    let protect = |transfer: StyleTransfer| {
        let left = impasto_image::Plane::new(64, 48, (0..64 * 48).map(|i| f32::from(i % 64 < 20)).collect());
        // A narrow edge: in a wide one, more derivatives are within rounding of zero.
        transfer.regions(impasto::Regions::default().protect(left).feather(0.005))
    };
    let changes: [fn(StyleTransfer) -> StyleTransfer; 3] = [
        |transfer| transfer,
        protect,
        |transfer| transfer.colour(impasto::Colour::Luminance).preset(Preset::named("crowson").unwrap()),
    ];
    for change in changes {
        let host = end(change(transfer()).overrides(steps.clone()));
        let mut session = run(change(transfer()).backend(Arc::new(apart.clone())));
        session.step().unwrap().unwrap();
        let (read, written) = (apart.crossings().read(), apart.crossings().written());
        session.step().unwrap().unwrap();
        assert_eq!(
            (apart.crossings().read(), apart.crossings().written()),
            (read, written),
            "pixels crossed in a step"
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("half");
        session.save(&path, "").unwrap();
        session.by_ref().for_each(|step| drop(step.unwrap()));
        let found = session.picture().unwrap();
        let pairs = found.rgb().iter().zip(host.rgb());
        let mean = pairs.map(|(a, b)| (a - b).abs()).sum::<f32>() / found.rgb().len() as f32;
        assert!(mean < MEAN, "{mean}");
        let mut resumed = run(change(transfer()).backend(Arc::new(apart.clone())));
        resumed.restore(&impasto::Checkpoint::read(&path).unwrap()).unwrap();
        resumed.by_ref().for_each(|step| drop(step.unwrap()));
        assert!(resumed.picture().unwrap() == found, "another picture after the checkpoint");
    }
}

#[test]
fn an_engine_of_another_backend_is_not_used_again() {
    let cache = transfer().device("reference").unwrap().build().unwrap().into_cache();
    let session = transfer().build_with(Some(cache)).unwrap();
    assert_ne!(session.instruction_set(), "f64");
}
