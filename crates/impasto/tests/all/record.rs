//! Tapes against sums written otherwise and central differences; evaluators against single evaluations.

use std::sync::Arc;

use impasto::encoder::{Encoder, Tap};
use impasto::engine::Pixels;
use impasto::objective::MeanMoments;
use impasto::{Cancel, Derivatives, Layers, Picture, Preset, Recorder, StyleTransfer, Tape};

use crate::common::{NARROW, waves};

/// Relative error of sums of f32 features, which engines add in f32 within a block.
const SUMS: f64 = 1e-5;

/// Error of a slope, relative to the gradient's: the loss has seven digits, and a ReLU near zero may flip.
const SLOPE: f64 = 1e-2;

fn pixels(kind: u32) -> Pixels {
    let picture = waves(48, 40, kind);
    Pixels { size: impasto::engine::Size::new(48, 40), data: picture.into_rgb() }
}

fn recorder() -> Recorder {
    let encoder: Encoder = impasto::encoder::open(NARROW).unwrap();
    Recorder::new(encoder, None, Some(2)).unwrap()
}

fn tap(recorder: &Recorder, name: &str) -> Tap {
    recorder.encoder().topology().tap(name).unwrap()
}

fn record(recorder: &Recorder, image: Pixels, content: &Arc<Pixels>) -> Tape {
    let layers = Layers {
        style: vec![tap(recorder, "relu2_1"), tap(recorder, "relu1_1")],
        content: vec![(tap(recorder, "relu3_1"), content.clone())],
        features: vec![tap(recorder, "relu1_1"), tap(recorder, "relu3_2")],
    };
    recorder.record(image, layers, &Cancel::default()).unwrap()
}

/// Half the squares of the Gram matrices, the means, the content, and a cube of the features.
fn loss(tape: &Tape) -> f64 {
    let statistics =
        |m: MeanMoments| 0.5 * m.second.iter().map(|g| g * g).sum::<f64>() + m.mean.iter().sum::<f64>();
    let cubes =
        tape.features().iter().map(|f| f.data.iter().map(|f| f.powi(3)).sum::<f64>() / f.data.len() as f64);
    tape.moments().map(statistics).sum::<f64>() + tape.content().sum::<f64>() + cubes.sum::<f64>()
}

fn derivatives(tape: &Tape) -> Derivatives {
    let cube = |f: &impasto::engine::Features| {
        f.data.iter().map(|value| 3.0 * value * value / f.data.len() as f64).collect()
    };
    Derivatives {
        gram: tape.moments().map(|m| Some(m.second)).collect(),
        mean: tape.moments().map(|m| Some(vec![1.0; m.channels])).collect(),
        content: vec![1.0],
        features: tape.features().iter().map(|f| Some(cube(f))).collect(),
    }
}

#[test]
fn a_tape_has_the_moments_of_the_features_that_it_gives() {
    let (recorder, content) = (recorder(), Arc::new(pixels(2)));
    let tape = record(&recorder, pixels(1), &content);
    let (seen, moments) = (&tape.features()[0], tape.moments().nth(1).unwrap());
    let area = seen.size.area();
    for (i, row) in seen.data.chunks_exact(area).enumerate() {
        for (j, column) in seen.data.chunks_exact(area).enumerate() {
            let expected = row.iter().zip(column).map(|(a, b)| a * b).sum::<f64>() / area as f64;
            let found = moments.second[i * seen.channels + j];
            assert!(
                (found - expected).abs() <= SUMS * expected.abs().max(1e-3),
                "{i} {j}: {found} {expected}"
            );
        }
    }
}

#[test]
fn a_slope_is_that_of_the_gradient() {
    let (recorder, content) = (recorder(), Arc::new(pixels(2)));
    let image = pixels(1);
    let tape = record(&recorder, image.clone(), &content);
    let gradient = tape.pull_back(&derivatives(&tape), &Cancel::default()).unwrap();
    let expected: f64 = gradient.data.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
    let along = |step: f64| {
        let mut moved = image.clone();
        let step = step / expected;
        moved.data.iter_mut().zip(&gradient.data).for_each(|(x, g)| *x += (step * f64::from(*g)) as f32);
        loss(&record(&recorder, moved, &content))
    };
    let error = [0.1, 0.03, 0.01]
        .map(|step| ((along(step) - along(-step)) / (2.0 * step) / expected - 1.0).abs())
        .into_iter()
        .fold(f64::INFINITY, f64::min);
    assert!(error <= SLOPE, "{error:e}");
}

#[test]
fn an_older_tape_has_the_same_gradient_again() {
    let (recorder, cancel) = (recorder(), Cancel::default());
    let contents: Vec<Arc<Pixels>> = (2..14).map(|kind| Arc::new(pixels(kind))).collect();
    let tape = record(&recorder, pixels(1), &contents[0]);
    let first = tape.pull_back(&derivatives(&tape), &cancel).unwrap();
    // More contents than the recorder keeps.
    let others: Vec<Tape> = contents.iter().map(|content| record(&recorder, pixels(0), content)).collect();
    assert_eq!(tape.pull_back(&derivatives(&tape), &cancel).unwrap(), first);
    let again = others[3].pull_back(&derivatives(&others[3]), &cancel).unwrap();
    let alone = record(&recorder, pixels(0), &contents[3]);
    assert_eq!(alone.pull_back(&derivatives(&alone), &cancel).unwrap(), again);
}

#[test]
fn a_recorder_obeys_the_flag_of_each_call() {
    let recorder = recorder();
    let cancelled = Cancel::default();
    cancelled.cancel();
    let layers = [tap(&recorder, "relu2_1")];
    let error = recorder.features(&pixels(1), &layers, &cancelled).unwrap_err();
    assert!(error.is_cancelled(), "{error}");
    recorder.features(&pixels(1), &layers, &Cancel::default()).unwrap();
}

#[test]
fn derivatives_of_another_shape_are_refused() {
    let recorder = recorder();
    let tape = record(&recorder, pixels(1), &Arc::new(pixels(2)));
    let wrong = Derivatives { mean: vec![Some(vec![1.0; 3])], ..Derivatives::default() };
    let error = tape.pull_back(&wrong, &Cancel::default()).unwrap_err();
    assert!(error.to_string().contains("found 3"), "{error}");
}

#[test]
fn an_evaluator_evaluates_many_pictures_as_they_are_evaluated_alone() {
    let transfer = || {
        let preset = Preset::named("gatys").unwrap();
        StyleTransfer::new(waves(48, 40, 1)).style(waves(40, 40, 2)).preset(preset).model(NARROW)
    };
    let mut evaluator = transfer().evaluator().unwrap();
    for kind in [3, 4] {
        let picture: Picture = waves(48, 40, kind);
        let alone = transfer().evaluate(&picture).unwrap();
        assert_eq!(evaluator.evaluate(pixels(kind), &Cancel::default()).unwrap(), alone);
    }
    let mut wrong = pixels(3);
    (wrong.size.width, wrong.size.height) = (40, 48);
    assert!(evaluator.evaluate(wrong, &Cancel::default()).is_err());
}
