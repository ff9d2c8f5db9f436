//! What the `cpu` engine promises beyond conformance: the same bytes at any number of threads.

#![allow(clippy::unwrap_used)] // a failing test

mod common;

use common::{Random, cotangents, network, picture};
use impasto_encoder::Pooling;
use impasto_engine::{Cancel, Cpu, Edges, Engine, Padding, Request, Size};

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
            let seen = engine.observe(&picture(&mut random, size), &request).unwrap();
            let gradient = engine.pull_back(&cotangents(&seen)).unwrap();
            (seen, gradient)
        })
    };
    let one = run(1);
    for threads in [2, 3, 7] {
        assert!(run(threads) == one, "{threads} threads give other bytes");
    }
}
