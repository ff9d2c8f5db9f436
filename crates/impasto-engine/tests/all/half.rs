//! Features in half precision: the same sums, nearly the same gradient, less memory.
#![allow(clippy::unwrap_used)] // a failing test

use impasto_encoder::Pooling;
use impasto_engine::{Cancel, Cpu, Edges, Engine, Padding, Request, Size, Tiled, Tiling};
use impasto_engine_testing::{Random, cotangents, loss, network_of, picture, relative, request};

/// Least promised cosine between the two gradients.
const COSINE: f64 = 0.9999;

/// Sums are taken before anything is rounded, and taking them early changes no addition.
const SUMS: f64 = 1e-12;

#[test]
fn gradients_are_nearly_those_of_full_precision() {
    let blocks = [vec![16, 32], vec![32, 48], vec![64, 64], vec![64]];
    for seed in 0..9 {
        let mut random = Random(seed);
        let pooling = Pooling::ALL[seed as usize % Pooling::ALL.len()];
        let network = network_of(&mut random, &blocks, pooling, 1.0, Padding::Zero);
        let topology = network.encoder.topology().clone();
        let size = Size::new(300 + 7 * seed as usize, 210);
        let (image, content) = (picture(&mut random, size), picture(&mut random, size));
        let mut request = request(&mut random, &topology, size, Edges::default());
        // Every third network also gives out features, one of them where a style tap may be.
        if seed % 3 == 0 {
            request.features = topology.taps().step_by(2).collect();
        }
        let tap = topology.taps().nth(seed as usize % 7).unwrap();
        let judge = |engine: &mut dyn Engine| {
            let target = engine.capture(&content, Edges::default(), tap).unwrap();
            let request = Request { residuals: vec![target], ..request.clone() };
            let seen = engine.observe(&image, &request).unwrap();
            let gradient = engine.pull_back(&image, &cotangents(&seen)).unwrap();
            (seen, gradient.data.iter().map(|&g| g as f64).collect::<Vec<f64>>())
        };
        let make = |half: bool| {
            let mut engine = Cpu::new(network.clone(), Cancel::default());
            engine.set_half(half);
            engine
        };
        let (full, expected) = judge(&mut make(false));
        let tiling = Tiling { window: Some(190 * 190), ..Tiling::default() };
        let tiled = Tiled::new(Box::new(make(true)), tiling);
        for (name, mut engine) in [
            ("whole", Box::new(make(true)) as Box<dyn Engine>),
            ("tiled", Box::new(tiled) as Box<dyn Engine>),
        ] {
            let (half, found) = judge(engine.as_mut());
            let limit = if name == "whole" { SUMS } else { 1e-5 };
            // The wave over the features is no sum, but the features given out are those before the rounding.
            for (found, expected) in half.features.iter().zip(&full.features) {
                let error = relative(found.data.iter().copied(), expected.data.iter().copied());
                assert!(error <= limit, "{name} {seed}: features {error:e}");
            }
            let error = (loss(&half) / loss(&full) - 1.0).abs();
            assert!(error <= limit, "{name} {seed}: loss {error:e}");
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            let cosine = dot(&found, &expected) / (dot(&found, &found) * dot(&expected, &expected)).sqrt();
            assert!(cosine >= COSINE, "{name} {seed}: cosine {cosine}");
            let error = relative(found.iter().copied(), expected.iter().copied());
            assert!(error <= 1e-2, "{name} {seed}: gradient {error:e}");
        }
    }
}

#[test]
fn half_takes_less_memory() {
    let blocks = [vec![16, 16], vec![32, 32], vec![64, 64, 64, 64], vec![128, 128]];
    let network = network_of(&mut Random(1), &blocks, Pooling::Max, 1.0, Padding::Zero);
    let request =
        Request { moments: network.encoder.topology().taps().step_by(2).collect(), ..Request::default() };
    let bytes = |half: bool| {
        let mut engine = Cpu::new(network.clone(), Cancel::default());
        engine.set_half(half);
        engine.evaluation_bytes(Size::new(1024, 1024), &request, 2).unwrap()
    };
    let (half, full) = (bytes(true), bytes(false));
    assert!((half as f64) < 0.9 * full as f64, "{half} against {full}");
}
