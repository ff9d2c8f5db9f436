//! The check of paintings: steps of an engine against steps on the host, wherever the engine keeps the pixels.

use impasto_encoder::Pooling;
use impasto_engine::painting::{self, AdamStep, Blend, Home, Painting, PixelTerm, TvForm, Values};
use impasto_engine::{Cancel, Engine, EngineError, Padding, Request, Size};

use crate::drawn::{Random, cotangents, network, picture, plane, taps};
use crate::tested::Tested;

/// The largest difference of a pixel in 0..1 after three steps of 0.02: Adam divides by roots of f32 gradients.
const PIXELS: f32 = 2e-5;

/// Relative error of the value of a term.
const TERM: f64 = 1e-6;

/// The message of the check when the engine returns an error.
const RUNS: &str = "an engine paints what is sound";

struct Case {
    size: Size,
    margin: usize,
    level: bool,
    blend: bool,
    bounded: bool,
    form: Option<TvForm>,
}

/// Values of terms at each step, then picture, average and moments.
type Painted = (Vec<f64>, Vec<Vec<f32>>);

/// Three steps from the same beginning. `host` paints with the functions for the host, otherwise the engine's own.
fn paint(engine: &mut dyn Engine, case: &Case, home: &Home, host: bool) -> Result<Painted, EngineError> {
    let mut random = Random(7);
    let Case { size, margin, level, bounded, .. } = *case;
    let topology = engine.network().encoder.topology().clone();
    let mirrored = |values: Vec<f32>| {
        // A painting begins as its own mirror image.
        let mut values = values;
        painting::tie(&mut values, size, margin);
        values
    };
    let start = mirrored(picture(&mut random, size).data);
    let blend = case
        .blend
        .then(|| Blend { part: plane(&mut random, size).data, content: picture(&mut random, size).data });
    let terms: Vec<PixelTerm> =
        case.form.map(|form| PixelTerm::TotalVariation { form, weight: 0.5 }).into_iter().collect();
    let request = Request { moments: taps(&mut random, &topology), ..Request::default() };
    let keep = |values: Vec<f32>| home.keep(values).expect("memory for a small picture");
    let zeros = || keep(vec![0.0; start.len()]);
    let (mut image, mut first, mut second, mut average) = (keep(start.clone()), zeros(), zeros(), zeros());
    let mut values = Vec::new();
    for _ in 0..3 {
        let mut painting =
            Painting { size, picture: &mut image, over: blend.as_ref(), terms: &terms, margin, level };
        let mut adam = AdamStep {
            beta1: 0.9,
            beta2: 0.99,
            rate: 0.02,
            // Much above zero: where a derivative is within rounding of zero, its sign would decide.
            epsilon: 0.05,
            bounded,
            first: &mut first,
            second: &mut second,
            average: &mut average,
            average_decay: 0.9,
        };
        if host {
            let (seen, of_terms) = painting::observe(engine, &mut painting, &request)?;
            painting::step(engine, &mut painting, &cotangents(&seen), &mut adam)?;
            values.extend(of_terms);
        } else {
            let (seen, of_terms) = engine.observe_painting(&mut painting, &request)?;
            engine.step_painting(&mut painting, &cotangents(&seen), &mut adam)?;
            values.extend(of_terms);
        }
    }
    let all = [image, average, first, second].map(|values: Values| values.into_vec());
    Ok((values, all.into_iter().map(|values| values.expect("memory that can be read")).collect()))
}

pub(crate) fn paintings(backend: &Tested) {
    let plain =
        Case { size: Size::new(35, 28), margin: 0, level: false, blend: false, bounded: true, form: None };
    let cases = [
        Case { margin: 3, form: Some(TvForm::NinePoint), ..plain },
        Case { blend: true, bounded: false, form: Some(TvForm::Absolute { scale: 1.0 }), ..plain },
        Case { margin: 6, level: true, blend: true, form: Some(TvForm::HalfSquares { scale: 2.0 }), ..plain },
        // The margins of both sides mirror nearly all of the picture.
        Case { size: Size::new(33, 47), margin: 10, ..plain },
        plain,
    ];
    let mut random = Random(11);
    let network = network(&mut random, Pooling::Average, 1.0, Padding::Zero);
    let mut engine = backend.prepare(network, Cancel::default()).expect(RUNS);
    let home = engine.pixel_memory().map_or(Home::Memory, Home::Engine);
    for (index, case) in cases.iter().enumerate() {
        let own = paint(engine.as_mut(), case, &home, false).expect(RUNS);
        let host = paint(engine.as_mut(), case, &Home::Memory, true).expect(RUNS);
        for (own, host) in own.0.iter().zip(&host.0) {
            assert!(
                (own - host).abs() <= TERM * host.abs(),
                "case {index}: a term is {own}, expected {host}"
            );
        }
        for ((own, host), name) in own.1.iter().zip(&host.1).zip(["picture", "average", "first", "second"]) {
            let worst = own.iter().zip(host).map(|(own, host)| (own - host).abs()).fold(0.0, f32::max);
            assert!(worst <= PIXELS, "case {index}: the {name} is off by {worst}");
        }
        let moved = host.1[0] != paint_nothing(case);
        assert!(moved, "case {index}: nothing moves");
        // The engine's memory also works with the host's functions, and the engine with the host's memory.
        let mixed = paint(engine.as_mut(), case, &home, true).expect(RUNS);
        assert!(mixed.1 == host.1, "case {index}: the host's steps depend on where the pixels are");
        let lent = paint(engine.as_mut(), case, &Home::Memory, false).expect(RUNS);
        let worst = lent.1[0].iter().zip(&host.1[0]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst <= PIXELS, "case {index}: a picture in the host's memory is off by {worst}");
    }
}

/// The picture before the first step.
fn paint_nothing(case: &Case) -> Vec<f32> {
    let mut values = picture(&mut Random(7), case.size).data;
    painting::tie(&mut values, case.size, case.margin);
    values
}
