//! Checks the reference engine against mathematics: central differences, and symmetries that need no other
//! implementation.

#![allow(clippy::unwrap_used)] // a failing test

use impasto_encoder::Pooling;
use impasto_engine::{Cancel, Edges, Engine, Padding, Pixels, Rect, Reference, Request, Size};
use impasto_engine_testing::{Random, cotangents, loss, network, picture, plane};

/// Error of central differences in f64. Near the kink of a ReLU a step may be wrong, so the best of three steps counts.
const DIFFERENCES: f64 = 1e-6;

#[test]
fn gradients_agree_with_central_differences() {
    for (pooling, scale) in [(Pooling::Max, 1.0), (Pooling::Average, 2.0), (Pooling::L2, 0.78)] {
        for padding in [Padding::Zero, Padding::ReplicateFirst, Padding::Wrap] {
            let mut random = Random(77);
            let size = Size::new(19, 18);
            let network = network(&mut random, pooling, scale, padding);
            let topology = network.encoder.topology().clone();
            let mut engine = Reference::new(network, Cancel::default());
            let content = picture(&mut random, size);
            let tap = topology.taps().nth(3).unwrap();
            let request = Request {
                moments: topology.taps().step_by(2).collect(),
                residuals: vec![engine.capture(&content, Edges::default(), tap).unwrap()],
                features: topology.taps().step_by(3).collect(),
                regions: vec![plane(&mut random, size), plane(&mut random, size)],
                residual_weight: Some(plane(&mut random, size)),
                edges: Edges::default(),
            };
            let image: Vec<f64> = picture(&mut random, size).data.iter().map(|&v| v as f64).collect();
            let seen = engine.observe_f64(&image, size, &request).unwrap();
            let gradient = engine.pull_back_f64(&cotangents(&seen)).unwrap();
            let largest = gradient.iter().fold(0.0f64, |most, g| most.max(g.abs()));
            assert!(largest > 0.0);
            // Corners, edges and some inner pixels.
            for place in [0, 18, 19 * 17, 19 * 18 - 1, 342 + 7, 342 + 19 * 9, 684 + 100, 684 + 19 * 5 + 18] {
                let mut at = |step: f64| {
                    let mut moved = image.clone();
                    moved[place] += step;
                    loss(&engine.observe_f64(&moved, size, &request).unwrap())
                };
                let error = [1e-5, 1e-6, 1e-7]
                    .map(|step| ((at(step) - at(-step)) / (2.0 * step) - gradient[place]).abs() / largest)
                    .into_iter()
                    .fold(f64::INFINITY, f64::min);
                assert!(error < DIFFERENCES, "{pooling} {padding:?} at {place}: {error:e}");
            }
        }
    }
}

/// Rolls a picture by whole pixels.
fn rolled(image: &Pixels, dx: usize, dy: usize) -> Pixels {
    let Size { width, height } = image.size;
    let at = |c: usize, y: usize, x: usize| image.data[(c * height + y % height) * width + x % width];
    let data = (0..3 * width * height)
        .map(|i| at(i / (width * height), i / width % height + dy, i % width + dx))
        .collect();
    Pixels::new(image.size, data).unwrap()
}

#[test]
fn with_wrap_padding_a_rolled_picture_has_rolled_features() {
    let mut random = Random(3);
    let network = network(&mut random, Pooling::Max, 1.0, Padding::Wrap);
    let deepest = network.encoder.topology().taps().last().unwrap();
    let image = picture(&mut random, Size::new(64, 48));
    let mut engine = Reference::new(network, Cancel::default());
    let window = Rect { x: 0, y: 0, size: Size::new(4, 3) };
    let plain = engine.features(&image, Edges::default(), deepest, window).unwrap();
    let moved = engine.features(&rolled(&image, 16, 32), Edges::default(), deepest, window).unwrap();
    for channel in 0..plain.channels {
        for y in 0..3 {
            for x in 0..4 {
                let expected = plain.data[(channel * 3 + (y + 2) % 3) * 4 + (x + 1) % 4];
                assert!((moved.data[(channel * 3 + y) * 4 + x] - expected).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn a_tile_with_its_margin_has_the_features_of_the_whole_picture() {
    for padding in [Padding::Zero, Padding::ReplicateFirst] {
        let mut random = Random(9);
        let network = network(&mut random, Pooling::Max, 1.0, padding);
        let deepest = network.encoder.topology().taps().last().unwrap();
        let whole = picture(&mut random, Size::new(256, 48));
        let mut engine = Reference::new(network, Cancel::default());
        // The right part, with a margin of 96 pixels to the left of the compared features.
        let data = (0..3 * 48 * 192).map(|i| whole.data[i / 192 * 256 + 64 + i % 192]).collect();
        let tile = Pixels::new(Size::new(192, 48), data).unwrap();
        let edges = Edges { left: false, ..Edges::default() };
        let size = Size::new(6, 3);
        let expected =
            engine.features(&whole, Edges::default(), deepest, Rect { x: 10, y: 0, size }).unwrap();
        let found = engine.features(&tile, edges, deepest, Rect { x: 6, y: 0, size }).unwrap();
        assert!(impasto_engine_testing::relative(found.data, expected.data) < 1e-12);
    }
}
