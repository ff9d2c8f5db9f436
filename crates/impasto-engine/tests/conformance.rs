//! The one suite that every engine passes: features, moments, loss and pixel gradient against `Reference`, over sizes,
//! poolings, paddings, tap sets, position weights and edges.
//!
//! Two engines of finite precision may differ in the sign of a ReLU or the choice of a pooling. So decisions may differ
//! only where they are within rounding of undecided, and the gradient is compared with the reference pulling back through
//! the tested engine's own decisions: what is left is linear.

#![allow(clippy::unwrap_used)] // a failing test

mod common;

use common::{Random, cotangents, loss, network, network_of, picture, relative, relative_to, request};
use impasto_encoder::Pooling;
use impasto_engine::{
    Cancel, Cpu, Edges, Engine, EngineError, InstructionSet, Network, Padding, Pixels, Rect, Reference,
    Request, Size,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Relative L2 error of features and moments: f32 Winograd gives about 2e-6 at the depth of relu5_1.
const FEATURES: f64 = 1e-5;

/// Relative error of a loss made of moments.
const LOSS: f64 = 1e-5;

/// Relative L2 error of the pixel gradient once decisions are the same.
const GRADIENT: f64 = 1e-5;

/// A decision may differ where the value is this near, as a part of the layer's root mean square.
const UNDECIDED: f64 = 1e-5;

/// The engines under test: the CPU's on each instruction set of this machine. The reference runs against itself so that
/// the suite's own errors show.
fn engines(network: &Network) -> Vec<(&'static str, Box<dyn Engine>)> {
    let reference = Reference::new(network.clone(), Cancel::default());
    let mut engines: Vec<(&str, Box<dyn Engine>)> = vec![("reference", Box::new(reference))];
    for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
        let engine = Cpu::with_instructions(network.clone(), Cancel::default(), set);
        engines.push((set.name(), Box::new(engine)));
    }
    engines
}

#[derive(Clone, Debug)]
struct Case {
    seed: u64,
    size: Size,
    pooling: Pooling,
    padding: Padding,
    edges: Edges,
}

fn case(width: std::ops::Range<usize>, height: std::ops::Range<usize>) -> impl Strategy<Value = Case> {
    let padding = prop_oneof![Just(Padding::Zero), Just(Padding::ReplicateFirst), Just(Padding::Wrap)];
    let edges = prop_oneof![
        3 => Just(Edges::default()),
        1 => any::<[bool; 4]>().prop_map(|[top, bottom, left, right]| Edges { top, bottom, left, right }),
    ];
    (any::<u64>(), width, height, prop::sample::select(&Pooling::ALL[..]), padding, edges).prop_map(
        |(seed, width, height, pooling, padding, edges)| Case {
            seed,
            size: Size::new(width, height),
            pooling,
            padding,
            edges,
        },
    )
}

fn conform(case: &Case) {
    let mut random = Random(case.seed);
    let pool_scale = [1.0, 0.78, 2.0][random.below(3)];
    let network = network(&mut random, case.pooling, pool_scale, case.padding);
    conform_with(case, random, network);
}

fn conform_with(case: &Case, mut random: Random, network: Network) {
    let topology = network.encoder.topology().clone();
    let (image, content) = (picture(&mut random, case.size), picture(&mut random, case.size));
    let mut request = request(&mut random, &topology, case.size, case.edges);
    let content_tap = common::taps(&mut random, &topology)[0];

    let mut reference = Reference::new(network.clone(), Cancel::default());
    request.residuals = vec![reference.capture(&content, case.edges, content_tap).unwrap()];
    let exact = reference.observe(&image, &request).unwrap();
    let by = cotangents(&exact);

    for (name, mut engine) in engines(&network) {
        // Features, at the deepest tap.
        let deepest = *request.moments.iter().max().unwrap();
        let (width, height) = topology.size_at(deepest.conv(), (case.size.width, case.size.height));
        let window = Rect { x: width / 3, y: 0, size: Size::new(width - width / 3, height) };
        let found = engine.features(&image, case.edges, deepest, window).unwrap();
        let mut oracle = Reference::new(network.clone(), Cancel::default());
        let expected = oracle.features(&image, case.edges, deepest, window).unwrap();
        let scale = reference.scale_at(deepest).unwrap();
        let error = relative_to(scale, found.data, expected.data);
        assert!(error <= FEATURES, "{name}: features {error:e} in {case:?}");

        // Sums and loss.
        let target = engine.capture(&content, case.edges, content_tap).unwrap();
        let request = Request { residuals: vec![target], ..request.clone() };
        let seen = engine.observe(&image, &request).unwrap();
        let taps = request.moments.iter().zip(seen.moments.iter().zip(&exact.moments));
        for (tap, (found, expected)) in
            taps.flat_map(|(tap, (f, e))| f.iter().zip(e).map(move |pair| (tap, pair)))
        {
            // Sums of w f over a region: what the layer's scale would sum to.
            let scale = reference.scale_at(*tap).unwrap() * expected.weight;
            let error = relative_to(scale, found.first.iter().copied(), expected.first.iter().copied());
            assert!(error <= FEATURES, "{name}: first moments {error:e} in {case:?}");
            let scale = scale * scale / expected.weight;
            let error = relative_to(scale, found.second.iter().copied(), expected.second.iter().copied());
            assert!(error <= FEATURES, "{name}: second moments {error:e} in {case:?}");
            assert!(
                (found.weight - expected.weight).abs() <= 1e-9 * expected.weight,
                "{name}: weight in {case:?}"
            );
        }
        let error = (loss(&seen) / loss(&exact) - 1.0).abs();
        assert!(error <= LOSS, "{name}: loss {error:e} in {case:?}");

        // Decisions, then the gradient through them.
        let decisions = engine.decisions().unwrap();
        let distance = reference.disagreement(&decisions).unwrap();
        assert!(distance <= UNDECIDED, "{name}: a decision {distance:e} away in {case:?}");
        let expected = reference.pull_back_through(&by, &decisions).unwrap();
        let found = engine.pull_back(&image, &by).unwrap();
        let error = relative(found.data.iter().map(|&g| g as f64), expected);
        assert!(error <= GRADIENT, "{name}: gradient {error:e} in {case:?}");
    }
}

proptest! {
    // The same cases every time; PROPTEST_RNG_SEED and PROPTEST_CASES draw others.
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, rng_seed: RngSeed::Fixed(1), max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn engines_conform_on_small_pictures(case in case(16..70, 16..70)) {
        conform(&case);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, rng_seed: RngSeed::Fixed(1), max_shrink_iters: 8, ..ProptestConfig::default() })]

    #[test]
    fn engines_conform_on_larger_pictures(case in case(70..201, 70..132)) {
        conform(&case);
    }
}

#[test]
fn engines_conform_at_the_ends_of_the_range() {
    for (width, height) in [(16, 16), (17, 16), (31, 33), (200, 131)] {
        for pooling in Pooling::ALL {
            for padding in [Padding::Zero, Padding::ReplicateFirst, Padding::Wrap] {
                let size = Size::new(width, height);
                conform(&Case { seed: 11, size, pooling, padding, edges: Edges::default() });
            }
        }
    }
}

/// Wide enough that both directions share their kernels.
#[test]
fn wide_layers_conform() {
    for size in [Size::new(50, 90), Size::new(130, 40)] {
        let mut random = Random(3);
        let blocks = [vec![4, 8], vec![8], vec![16], vec![256, 512], vec![256]];
        let network = network_of(&mut random, &blocks, Pooling::Max, 1.0, Padding::Zero);
        let (pooling, padding, edges) = (Pooling::Max, Padding::Zero, Edges::default());
        conform_with(&Case { seed: 3, size, pooling, padding, edges }, random, network);
    }
}

/// Every addition of a sum rounds the same way here, which random pictures would not show.
#[test]
fn moments_of_a_flat_picture_conform() {
    let size = Size::new(90, 70);
    let flat = Pixels::new(size, vec![0.3; 3 * size.area()]).unwrap();
    for seed in 0..3 {
        let network = network(&mut Random(seed), Pooling::Max, 1.0, Padding::Wrap);
        let moments = network.encoder.topology().taps().collect();
        let request = Request { moments, ..Request::default() };
        let exact = Reference::new(network.clone(), Cancel::default()).observe(&flat, &request).unwrap();
        for (name, mut engine) in engines(&network) {
            let seen = engine.observe(&flat, &request).unwrap();
            for (found, expected) in seen.moments.iter().flatten().zip(exact.moments.iter().flatten()) {
                let error = relative(found.second.iter().copied(), expected.second.iter().copied());
                assert!(error <= FEATURES, "{name}: second moments {error:e}");
            }
        }
    }
}

#[test]
fn a_cancelled_engine_stops_and_a_bad_request_is_an_error() {
    for name in ["reference", "cpu"] {
        let cancel = Cancel::default();
        let mut random = Random(5);
        let network = network(&mut random, Pooling::Max, 1.0, Padding::Zero);
        let deepest = network.encoder.topology().taps().last().unwrap();
        let mut engine: Box<dyn Engine> = match name {
            "cpu" => Box::new(Cpu::new(network, cancel.clone())),
            _ => Box::new(Reference::new(network, cancel.clone())),
        };
        let small = picture(&mut random, Size::new(15, 40));
        let request = Request { moments: vec![deepest], ..Request::default() };
        assert!(matches!(engine.observe(&small, &request), Err(EngineError::TooSmall { smallest: 16, .. })));
        let image = picture(&mut random, Size::new(20, 40));
        assert!(matches!(engine.observe(&image, &Request::default()), Err(EngineError::NothingToObserve)));
        let weights = common::plane(&mut random, Size::new(8, 8));
        let wrong = Request { regions: vec![weights], ..request.clone() };
        assert!(matches!(engine.observe(&image, &wrong), Err(EngineError::SizesDiffer { .. })));
        let seen = engine.observe(&image, &request).unwrap();
        let mut by = cotangents(&seen);
        by.moments[0][0].first.pop();
        assert!(matches!(engine.pull_back(&image, &by), Err(EngineError::CotangentsDiffer { .. })));
        cancel.cancel();
        assert!(matches!(engine.observe(&image, &request), Err(EngineError::Cancelled)), "{name}");
    }
}
