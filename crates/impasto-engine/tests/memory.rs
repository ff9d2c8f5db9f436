//! The `cpu` engine's memory: it matches the forecast, and an iteration allocates nothing that grows with the picture.

#![allow(clippy::unwrap_used)] // a failing test

use impasto_encoder::RandomSpec;
use impasto_engine::{Cancel, Cpu, Edges, Engine, Network, Request, Size};
use impasto_engine_testing::{Random, cotangents, picture};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

/// Bytes per additional pixel that an iteration may allocate besides the returned gradient: lists of rows.
const GROWTH: f64 = 0.5;

/// Bytes beyond the plan: sums, lists of tasks, the pictures.
const SMALL: usize = 3_000_000;

#[test]
fn memory_is_as_planned_and_iterations_allocate_nothing_that_grows() {
    let _profiler = dhat::Profiler::builder().testing().build();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    pool.install(|| {
        let mut inside = Vec::new();
        for side in [384, 768] {
            let size = Size::new(side, side);
            let encoder = "random:vgg19?width=1/4".parse::<RandomSpec>().unwrap().encoder("random:vgg19");
            let topology = encoder.topology().clone();
            let taps = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"];
            let moments = taps.map(|tap| topology.tap(tap).unwrap()).to_vec();
            let network = Network::new(encoder.truncated(moments[4]));
            let mut engine = Cpu::new(network, Cancel::default());
            let tap = topology.tap("relu4_2").unwrap();
            let mut random = Random(4);
            let target = engine.capture(&picture(&mut random, size), Edges::default(), tap).unwrap();
            let request = Request { moments, residuals: vec![target], ..Request::default() };
            let image = picture(&mut random, size);
            let planned = engine.evaluation_bytes(size, &request, 2).unwrap();

            // The capture left its own buffers behind, which the first evaluation replaces.
            engine.forget_targets();
            let before = dhat::HeapStats::get().curr_bytes;
            let target = engine.capture(&picture(&mut random, size), Edges::default(), tap).unwrap();
            let request = Request { residuals: vec![target], ..request };
            let seen = engine.observe(&image, &request).unwrap();
            let by = cotangents(&seen);
            engine.pull_back(&image, &by).unwrap();
            assert_eq!(engine.planned_bytes(2), planned);
            let aim = topology.channels(tap) * size.area() / 64 * size_of::<f32>();
            let taken = dhat::HeapStats::get().curr_bytes - before - aim;
            assert!(taken <= planned + SMALL, "{taken} bytes, but {planned} were planned");
            // The other thread may not have had work that needs scratch.
            assert!(taken * 10 >= planned * 7, "{taken} bytes, but {planned} were planned");

            let before = dhat::HeapStats::get().total_bytes;
            let seen = engine.observe(&image, &request).unwrap();
            let gradient = engine.pull_back(&image, &by).unwrap();
            let total = dhat::HeapStats::get().total_bytes - before;
            drop(seen);
            inside.push(total as f64 - (gradient.data.len() * size_of::<f32>()) as f64);
        }
        let growth = (inside[1] - inside[0]) / (768.0 * 768.0 - 384.0 * 384.0);
        assert!(growth < GROWTH, "{growth} bytes per pixel in an iteration: {inside:?}");
    });
}
