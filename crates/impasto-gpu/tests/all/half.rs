//! Features in half precision: the same sums to the last bit, nearly the same gradient, and numbers of any size.

use impasto_encoder::{Encoder, Pooling, Provenance, Tap, Weights};
use impasto_engine::{
    Backend, Cancel, Cotangents, Edges, Engine, Network, Observation, Padding, Pixels, Request, Size, Tiled,
    Tiling,
};
use impasto_engine_testing::{Random, cotangents, loss, network_of, picture, relative, request};

use crate::card;

/// Least promised cosine between the two gradients, as on the processor.
const COSINE: f64 = 0.9999;

/// Largest promised relative difference of the two gradients, as on the processor.
const GRADIENT: f64 = 1e-2;

/// Sums of tiles are added in another order.
const SUMS_OF_TILES: f64 = 1e-5;

fn cosine(a: &Pixels, b: &Pixels) -> f64 {
    let dot = |a: &Pixels, b: &Pixels| -> f64 {
        a.data.iter().zip(&b.data).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

fn error(found: &Pixels, expected: &Pixels) -> f64 {
    let [found, expected] = [found, expected].map(|pixels| pixels.data.iter().map(|&value| f64::from(value)));
    relative(found, expected)
}

/// A picture, content and request, drawn for a network.
struct Case {
    image: Pixels,
    content: Pixels,
    tap: Tap,
    request: Request,
}

impl Case {
    fn judge(&self, engine: &mut dyn Engine) -> (Observation, Pixels) {
        let target = engine.capture(&self.content, Edges::default(), self.tap).unwrap();
        let request = Request { residuals: vec![target], ..self.request.clone() };
        let seen = engine.observe(&self.image, &request).unwrap();
        let gradient = engine.pull_back(&self.image, &cotangents(&seen)).unwrap();
        (seen, gradient)
    }
}

#[test]
fn sums_are_the_same_and_gradients_nearly() {
    let Some(card) = card() else { return };
    let blocks = [vec![16, 32], vec![32, 48], vec![64, 64], vec![64]];
    for seed in 0..6 {
        let mut random = Random(seed);
        let pooling = Pooling::ALL[seed as usize % Pooling::ALL.len()];
        let network = network_of(&mut random, &blocks, pooling, 1.0, Padding::Zero);
        let topology = network.encoder.topology().clone();
        let size = Size::new(100 + 7 * seed as usize, 70);
        let (image, content) = (picture(&mut random, size), picture(&mut random, size));
        let mut request = request(&mut random, &topology, size, Edges::default());
        // Every second network also gives out features, one of them where a style tap may be.
        if seed % 2 == 0 {
            request.features = topology.taps().step_by(2).collect();
        }
        let case = Case { image, content, tap: topology.taps().nth(seed as usize % 7).unwrap(), request };
        let make = |half: bool| {
            let mut engine = card.prepare(network.clone(), Cancel::default()).unwrap();
            engine.set_half(half);
            engine
        };
        let (full, expected) = case.judge(make(false).as_mut());
        let (half, found) = case.judge(make(true).as_mut());
        assert!(half.moments == full.moments && half.features == full.features, "{seed}: other sums");
        assert!(half.residuals == full.residuals, "{seed}: other sums of content");
        let tiling = Tiling { window: Some(80 * 80), ..Tiling::default() };
        let (tiled, in_tiles) = case.judge(&mut Tiled::new(make(true), tiling));
        assert!((loss(&tiled) / loss(&full) - 1.0).abs() <= SUMS_OF_TILES, "{seed}: loss of tiles");
        for found in [found, in_tiles] {
            let (cosine, error) = (cosine(&found, &expected), error(&found, &expected));
            assert!(cosine >= COSINE && error <= GRADIENT, "{seed}: cosine {cosine}, error {error:e}");
            assert!(error > 0.0, "{seed}: nothing was rounded");
        }
    }
}

/// The network with all weights of the first layer times a factor, and its request.
fn scaled(network: &Network, factor: f32) -> Network {
    let encoder = &network.encoder;
    let mut weights: Vec<Weights> = encoder.weights().to_vec();
    weights[0].kernel.iter_mut().for_each(|value| *value *= factor);
    weights.iter_mut().flat_map(|weights| &mut weights.bias).for_each(|value| *value *= factor);
    let encoder = Encoder::new(
        encoder.topology().clone(),
        *encoder.input(),
        weights,
        Pooling::Max,
        Provenance::default(),
    );
    Network { encoder: encoder.unwrap(), ..network.clone() }
}

/// A factor of all features changes no decision and no bit of a rounded number, if it is a power of two. So the
/// gradient by sums of features changes by the factor alone. With IEEE's binary16 these features would be infinite, or
/// zero.
#[test]
fn features_of_any_size_are_kept_as_well() {
    let Some(card) = card() else { return };
    features_of_any_size_are_alike(card.as_ref(), true);
}

pub(crate) fn features_of_any_size_are_alike(card: &dyn Backend, half: bool) {
    let blocks = [vec![16, 18], vec![20, 24], vec![64]];
    let network = network_of(&mut Random(4), &blocks, Pooling::Max, 1.0, Padding::Zero);
    let image = picture(&mut Random(5), Size::new(45, 38));
    let request = Request { moments: network.encoder.topology().taps().collect(), ..Request::default() };
    let gradient = |factor: f32| {
        let network = scaled(&network, factor);
        let mut engine = card.prepare(network, Cancel::default()).unwrap();
        engine.set_half(half);
        let seen = engine.observe(&image, &request).unwrap();
        let square = f64::from(factor).powi(2);
        let mut by: Cotangents = cotangents(&seen);
        for (by, seen) in by.moments.iter_mut().flatten().zip(seen.moments.iter().flatten()) {
            // The loss is the sum of the mean squares alone, so its derivative is linear in the features.
            by.first.iter_mut().for_each(|value| *value = 0.0);
            by.second.iter_mut().for_each(|value| *value = 0.0);
            let channels = by.first.len();
            (0..channels).for_each(|i| by.second[i * channels + i] = 1.0 / (square * seen.weight));
        }
        engine.pull_back(&image, &by).unwrap()
    };
    let expected = gradient(1.0);
    assert!(expected.data.iter().any(|&value| value != 0.0));
    for exponent in [-40, -17, 17, 40] {
        assert!(gradient(2f32.powi(exponent)) == expected, "2^{exponent}");
    }
}
