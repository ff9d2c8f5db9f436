//! Compares `Tiled` with the same engine on the whole image: sums, loss and gradient, over poolings, paddings, taps,
//! position weights and edges. With the f64 reference only the order of sums may differ. With the CPU engine results
//! may also differ where the window's edge cuts a block of tiles differently.

#![allow(clippy::unwrap_used)] // a failing test

use impasto_encoder::Pooling;
use impasto_engine::{
    Cancel, Cpu, Edges, Engine, EngineError, Network, Observation, Padding, Pixels, Rect, Reference, Request,
    Size, Tiled, Tiling,
};
use impasto_engine_testing::{Random, cotangents, loss, network, network_of, picture, relative, request};

/// Relative error of every sum with the reference: f64, added in another order.
const EXACT: f64 = 1e-10;

/// Relative L2 error of the gradient with the reference, which returns it in f32.
const EXACT_GRADIENT: f64 = 1e-7;

/// Relative error of the loss with the CPU engine.
const LOSS: f64 = 1e-5;

/// Relative L2 error of the gradient with the CPU engine: a ReLU or pooling within rounding of undecided may decide
/// differently.
const GRADIENT: f64 = 1e-3;

/// Least cosine between the two gradients.
const COSINE: f64 = 0.99999;

type Make = fn(Network) -> Box<dyn Engine>;

fn reference(network: Network) -> Box<dyn Engine> {
    Box::new(Reference::new(network, Cancel::default()))
}

fn cpu(network: Network) -> Box<dyn Engine> {
    Box::new(Cpu::new(network, Cancel::default()))
}

struct Case {
    seed: u64,
    size: Size,
    padding: Padding,
    pooling: Pooling,
    /// Pixels of a window.
    window: usize,
    edges: Edges,
    /// Whether content targets are kept in a file.
    spilled: bool,
    /// Whether features are given out at random taps.
    features: bool,
}

/// Evaluates a picture on an engine: the sums, and the gradient of [`loss`].
fn judge(
    engine: &mut dyn Engine,
    (image, content): (&Pixels, &Pixels),
    request: &Request,
    random: &mut Random,
) -> (Observation, Pixels) {
    let taps = impasto_engine_testing::taps(random, engine.network().encoder.topology());
    let residuals =
        taps.into_iter().take(2).map(|tap| engine.capture(content, request.edges, tap).unwrap()).collect();
    let request = Request { residuals, ..request.clone() };
    let seen = engine.observe(image, &request).unwrap();
    let gradient = engine.pull_back(image, &cotangents(&seen)).unwrap();
    (seen, gradient)
}

fn compare(case: &Case, make: Make, exact: bool) {
    let mut random = Random(case.seed);
    let shapes = [
        vec![vec![5, 16], vec![17, 20], vec![18]],
        vec![vec![16], vec![7], vec![16, 3]],
        vec![vec![18, 9], vec![32, 17]],
    ];
    let shape = &shapes[random.below(shapes.len())];
    let network = network_of(&mut random, shape, case.pooling, 1.0, case.padding);
    let topology = network.encoder.topology().clone();
    let (image, content) = (picture(&mut random, case.size), picture(&mut random, case.size));
    let mut request = request(&mut random, &topology, case.size, case.edges);
    if case.features {
        request.features = impasto_engine_testing::taps(&mut random, &topology);
    }
    let name = format!("seed {} {:?} {:?}", case.seed, case.size, case.padding);

    let deepest = topology.taps().last().unwrap();
    let tiles = Tiled::tiles(&network, deepest, case.size, Some(case.window));
    assert!(tiles.counts.0 * tiles.counts.1 > 1, "{name}: not cut");
    let (expected, by_whole) =
        judge(make(network.clone()).as_mut(), (&image, &content), &request, &mut Random(case.seed));
    let target_bytes = if case.spilled { 0 } else { usize::MAX };
    let tiling = Tiling { window: Some(case.window), target_bytes, folder: None };
    let mut tiled = Tiled::new(make(network), tiling);
    let (found, by_tiles) = judge(&mut tiled, (&image, &content), &request, &mut Random(case.seed));

    let limit = if exact { EXACT } else { LOSS };
    for (found, expected) in found.moments.iter().flatten().zip(expected.moments.iter().flatten()) {
        assert!((found.weight - expected.weight).abs() <= EXACT * expected.weight, "{name}: weight");
        let error = relative(found.first.iter().copied(), expected.first.iter().copied());
        assert!(error <= limit, "{name}: first moments {error:e}");
        let error = relative(found.second.iter().copied(), expected.second.iter().copied());
        assert!(error <= limit, "{name}: second moments {error:e}");
    }
    for (found, expected) in found.residuals.iter().zip(&expected.residuals) {
        let error = (found.sum / expected.sum - 1.0).abs();
        assert!(error <= limit, "{name}: residual {error:e}");
    }
    for (found, expected) in found.features.iter().zip(&expected.features) {
        assert_eq!((found.channels, found.size), (expected.channels, expected.size), "{name}");
        let error = relative(found.data.iter().copied(), expected.data.iter().copied());
        assert!(error <= limit, "{name}: features {error:e}");
    }
    assert_eq!(found.features.len(), request.features.len(), "{name}: taps with features");
    let error = (loss(&found) / loss(&expected) - 1.0).abs();
    assert!(error <= limit, "{name}: loss {error:e}");

    let widened = |pixels: &Pixels| pixels.data.iter().map(|&g| g as f64).collect::<Vec<f64>>();
    let (found, expected) = (widened(&by_tiles), widened(&by_whole));
    let error = relative(found.iter().copied(), expected.iter().copied());
    assert!(error <= if exact { EXACT_GRADIENT } else { GRADIENT }, "{name}: gradient {error:e}");
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let cosine = dot(&found, &expected) / (dot(&found, &found) * dot(&expected, &expected)).sqrt();
    assert!(cosine >= COSINE, "{name}: cosine {cosine}");
}

/// Compares both engines over all paddings and poolings, on narrow networks of two and three blocks.
#[test]
fn tiles_give_what_the_whole_gives() {
    cut_in_all_ways(false);
}

#[test]
fn features_and_derivatives_by_them_survive_the_cut() {
    cut_in_all_ways(true);
}

fn cut_in_all_ways(features: bool) {
    let paddings = [Padding::Zero, Padding::ReplicateFirst, Padding::Wrap];
    for (seed, padding) in (0..).zip(paddings.into_iter().cycle().take(6)) {
        let pooling = Pooling::ALL[seed as usize % Pooling::ALL.len()];
        // The poolings must divide a ring evenly.
        let size = match padding {
            Padding::Wrap => Size::new(256, 192),
            _ => Size::new(301, 203),
        };
        let edges = if seed == 4 {
            Edges { left: false, bottom: false, ..Edges::default() }
        } else {
            Edges::default()
        };
        let case =
            Case { seed, size, padding, pooling, window: 170 * 170, edges, spilled: seed % 2 == 1, features };
        compare(&case, cpu, false);
        compare(&case, reference, true);
    }
}

/// Looks for seams: larger differences along the borders of tiles than elsewhere.
#[test]
fn borders_of_tiles_show_no_seam() {
    let mut random = Random(7);
    let blocks = [vec![8, 8], vec![16, 16], vec![16, 16], vec![32, 16], vec![16]];
    let network = network_of(&mut random, &blocks, Pooling::Max, 1.0, Padding::Zero);
    let deepest = network.encoder.topology().taps().last().unwrap();
    let size = Size::new(900, 700);
    let image = picture(&mut random, size);
    let request = Request { moments: network.encoder.topology().taps().collect(), ..Request::default() };
    let window = 560 * 560;
    let tiles = Tiled::tiles(&network, deepest, size, Some(window));
    assert!(tiles.counts.0 > 1 && tiles.counts.1 > 1, "{tiles:?}");
    let by = |engine: &mut dyn Engine| {
        let seen = engine.observe(&image, &request).unwrap();
        engine.pull_back(&image, &cotangents(&seen)).unwrap()
    };
    let whole = by(cpu(network.clone()).as_mut());
    let tiling = Tiling { window: Some(window), ..Tiling::default() };
    let cut = by(&mut Tiled::new(cpu(network), tiling));
    let difference: Vec<f64> =
        cut.data.iter().zip(&whole.data).map(|(a, b)| (*a as f64 - *b as f64).powi(2)).collect();
    let scale = whole.data.iter().map(|g| (*g as f64).powi(2)).sum::<f64>() / whole.data.len() as f64;
    // Cores begin at multiples of 64, so a seam would lie along some of these columns and rows.
    for lines in [size.width, size.height] {
        let energy = |line: usize| {
            let of_line = difference.iter().enumerate().filter(|(i, _)| match lines == size.width {
                true => i % size.width == line,
                false => i / size.width % size.height == line,
            });
            let (sum, count) = of_line.fold((0.0, 0), |(sum, count), (_, d)| (sum + d, count + 1));
            sum / count as f64 / scale
        };
        for line in (64..lines).step_by(64) {
            for near in [line - 1, line] {
                let found = energy(near);
                assert!(found < 1e-6, "line {near}: {found:e} of the gradient's energy");
            }
        }
    }
}

#[test]
fn features_and_errors_are_those_of_the_engine_within() {
    let mut random = Random(9);
    let network = network(&mut random, Pooling::Max, 1.0, Padding::Zero);
    let deepest = network.encoder.topology().taps().last().unwrap();
    let size = Size::new(640, 400);
    let image = picture(&mut random, size);
    let tiling = Tiling { window: Some(400 * 400), ..Tiling::default() };
    let mut tiled = Tiled::new(cpu(network.clone()), tiling);
    let window = Rect { x: 17, y: 3, size: Size::new(20, 18) };
    let found = tiled.features(&image, Edges::default(), deepest, window).unwrap();
    assert_eq!(found, cpu(network).features(&image, Edges::default(), deepest, window).unwrap());

    let request = Request { moments: vec![deepest], ..Request::default() };
    let seen = tiled.observe(&image, &request).unwrap();
    let mut wrong = cotangents(&seen);
    wrong.moments.clear();
    assert!(matches!(tiled.pull_back(&image, &wrong), Err(EngineError::CotangentsDiffer { .. })));
    tiled.pull_back(&image, &cotangents(&seen)).unwrap();
    assert!(matches!(tiled.pull_back(&image, &cotangents(&seen)), Err(EngineError::NoObservation)));
    tiled.observe(&image, &request).unwrap();
    let small = picture(&mut random, Size::new(64, 64));
    assert!(matches!(tiled.pull_back(&small, &cotangents(&seen)), Err(EngineError::SizesDiffer { .. })));
}
