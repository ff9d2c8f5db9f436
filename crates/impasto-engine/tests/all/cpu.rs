//! Promises of the `cpu` engine beyond conformance: the same bytes at any number of threads, the accuracy of a network
//! of full width, and the size of its kernels.

#![allow(clippy::unwrap_used)] // a failing test

use impasto_encoder::{Pooling, RandomSpec};
use impasto_engine::{
    Cancel, Cpu, Edges, Engine, InstructionSet, Network, Padding, Rect, Reference, Request, Size,
};
use impasto_engine_testing::{Random, cotangents, network, picture, relative};

#[test]
fn the_same_bytes_at_any_number_of_threads() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut random = Random(21);
            let network = network(&mut random, Pooling::Max, 1.0, Padding::ReplicateFirst);
            let topology = network.encoder.topology().clone();
            let mut engine = Cpu::new(network, Cancel::default());
            let size = Size::new(233, 150);
            let tap = topology.taps().nth(4).unwrap();
            let target = engine.capture(&picture(&mut random, size), Edges::default(), tap).unwrap();
            let request =
                Request { moments: topology.taps().collect(), residuals: vec![target], ..Request::default() };
            let image = picture(&mut random, size);
            let seen = engine.observe(&image, &request).unwrap();
            let gradient = engine.pull_back(&image, &cotangents(&seen)).unwrap();
            (seen, gradient)
        })
    };
    let one = run(1);
    for threads in [2, 3, 7] {
        assert!(run(threads) == one, "{threads} threads give other bytes");
    }
}

/// Relative L2 error of full-width features: each of the 13 Winograd layers adds about 8e-7, and errors average out.
const FEATURES: f64 = 1e-5;

#[test]
fn features_of_a_full_width_vgg19_agree_with_the_reference() {
    let encoder = "random:vgg19".parse::<RandomSpec>().unwrap().encoder("random:vgg19");
    let tap = encoder.topology().tap("relu5_1").unwrap();
    let network = Network::new(encoder.truncated(tap));
    let (size, edges) = (Size::new(64, 48), Edges::default());
    let image = picture(&mut Random(8), size);
    let window = Rect { x: 0, y: 0, size: Size::new(4, 3) };
    let mut reference = Reference::new(network.clone(), Cancel::default());
    let expected = reference.features(&image, edges, tap, window).unwrap();
    for set in InstructionSet::ALL.iter().copied().filter(|set| set.is_available()) {
        let mut engine = Cpu::with_instructions(network.clone(), Cancel::default(), set);
        let found = engine.features(&image, edges, tap, window).unwrap();
        let error = relative(found.data, expected.data.iter().copied());
        assert!(error <= FEATURES, "{}: {error:e}", set.name());
    }
}

#[test]
fn kernels_of_both_directions_take_less_than_250_megabytes() {
    let encoder = "random:vgg19".parse::<RandomSpec>().unwrap().encoder("random:vgg19");
    let tap = encoder.topology().tap("relu5_1").unwrap();
    let engine = Cpu::new(Network::new(encoder.truncated(tap)), Cancel::default());
    assert!(engine.kernel_bytes() <= 250_000_000, "{}", engine.kernel_bytes());
}
