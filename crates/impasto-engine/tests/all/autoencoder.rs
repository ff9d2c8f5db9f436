//! Compares the fast autoencoder with the reference, on every instruction set of the machine, over sizes, widths and
//! regions.

#![allow(clippy::unwrap_used)] // a failing test

use impasto_encoder::{Decoder, Encoder, InputMap, Level, Pooling, Topology, Weights};
use impasto_engine::{
    Affine, Autoencoder, Cancel, CpuAutoencoder, EngineError, InstructionSet, Moments, Pixels, Plane,
    ReferenceAutoencoder, Size,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Error relative to the largest value: single precision through about twenty Winograd layers. The encoder's own suite
/// measures a few 1e-6 for each.
const ROUNDING: f64 = 2e-4;

/// Widths of the blocks' convolutions, and sizes to run at.
type Design<'a> = (&'a [Vec<usize>], [(usize, usize); 3]);

fn drawn(rng: &mut ChaCha8Rng) -> f32 {
    (rng.next_u32() >> 8) as f32 / (1 << 24) as f32
}

/// Weights that keep values near their size.
fn weights(rng: &mut ChaCha8Rng, inputs: usize, outputs: usize) -> Weights {
    let deviation = (6.0 / (9 * inputs) as f32).sqrt();
    Weights {
        kernel: (0..9 * inputs * outputs).map(|_| 2.0 * deviation * (drawn(rng) - 0.5)).collect(),
        bias: (0..outputs).map(|_| 0.2 * (drawn(rng) - 0.3)).collect(),
    }
}

fn level(seed: u64, blocks: &[Vec<usize>]) -> Level {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let topology = Topology::new(blocks).unwrap();
    let of_encoder =
        topology.convs().iter().map(|conv| weights(&mut rng, conv.inputs, conv.outputs)).collect();
    let of_decoder = Decoder::mirrored(&topology)
        .iter()
        .map(|conv| weights(&mut rng, conv.inputs, conv.outputs))
        .collect();
    let decoder = Decoder::new(&topology, of_decoder).unwrap();
    let input = InputMap::imagenet();
    let encoder = Encoder::new(topology, input, of_encoder, Pooling::Max, Default::default()).unwrap();
    Level { encoder, decoder }
}

fn picture(seed: u64, size: Size) -> Pixels {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Pixels { size, data: (0..3 * size.area()).map(|_| drawn(&mut rng)).collect() }
}

/// Weights that fall from one side to the other.
fn slope(size: Size, turned: bool) -> Plane {
    let at = |x: usize| (x as f32 + 0.5) / size.width as f32;
    let data = (0..size.area()).map(|i| at(i % size.width)).map(|w| if turned { 1.0 - w } else { w });
    Plane { size, data: data.collect() }
}

fn affine(seed: u64, channels: usize) -> Affine {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut by = Affine::identity(channels);
    by.matrix.iter_mut().for_each(|value| *value += 0.3 * f64::from(drawn(&mut rng) - 0.5));
    by.bias.iter_mut().for_each(|value| *value = 0.2 * f64::from(drawn(&mut rng)));
    by
}

fn close(found: impl Iterator<Item = f64>, expected: impl Iterator<Item = f64> + Clone, what: &str) {
    let scale = expected.clone().fold(0.0, |most, value| f64::max(most, value.abs()));
    let worst = found.zip(expected).map(|(found, expected)| (found - expected).abs()).fold(0.0, f64::max);
    assert!(worst <= ROUNDING * scale, "{what}: off by {worst}, of {scale}");
}

fn values(moments: &[Moments]) -> impl Iterator<Item = f64> + Clone + '_ {
    moments
        .iter()
        .flat_map(|sums| [sums.weight].into_iter().chain(sums.first.clone()).chain(sums.second.clone()))
}

#[test]
fn the_fast_autoencoder_agrees_with_the_reference() {
    let designs: [Design; 4] = [
        (&[vec![24]], [(9, 7), (33, 18), (1, 1)]),
        (&[vec![5, 6], vec![17]], [(4, 2), (34, 22), (130, 6)]),
        (&[vec![16, 16], vec![32, 32], vec![20]], [(4, 4), (36, 28), (8, 12)]),
        (&[vec![4, 4], vec![6, 6], vec![8, 9, 10, 11], vec![33]], [(8, 8), (40, 24), (72, 16)]),
    ];
    for (index, (blocks, sizes)) in designs.into_iter().enumerate() {
        let level = level(index as u64, blocks);
        for (width, height) in sizes {
            let size = Size::new(width, height);
            let image = picture(7, size);
            for regions in [vec![], vec![slope(size, false)], vec![slope(size, false), slope(size, true)]] {
                let moves: Vec<Affine> =
                    (0..regions.len().max(1)).map(|i| affine(i as u64, level.channels())).collect();
                let mut reference = ReferenceAutoencoder::new(level.clone(), Cancel::default());
                let sums = reference.encode(&image, &regions).unwrap();
                let painted = reference.decode(&moves).unwrap();
                for set in InstructionSet::ALL.iter().copied().filter(|set| set.is_available()) {
                    let mut cpu = CpuAutoencoder::new(level.clone(), Cancel::default(), set);
                    let what = format!("{blocks:?} {size:?}, {} regions, {}", regions.len(), set.name());
                    close(values(&cpu.encode(&image, &regions).unwrap()), values(&sums), &what);
                    let found = cpu.decode(&moves).unwrap();
                    assert_eq!(found.size, painted.size);
                    let wide = |pixels: &Pixels| pixels.data.clone().into_iter().map(f64::from);
                    close(wide(&found), wide(&painted), &what);
                    assert!(matches!(cpu.decode(&moves), Err(EngineError::NoObservation)));
                }
            }
        }
    }
}

#[test]
fn the_bytes_are_the_same_at_any_number_of_threads() {
    let level = level(3, &[vec![16, 16], vec![32, 32], vec![64]]);
    let image = picture(5, Size::new(200, 120));
    let regions = [slope(image.size, false)];
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut cpu = CpuAutoencoder::new(level.clone(), Cancel::default(), InstructionSet::best());
            let sums = cpu.encode(&image, &regions).unwrap();
            (sums, cpu.decode(&[affine(1, 64)]).unwrap())
        })
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn what_does_not_fit_is_refused() {
    let level = level(4, &[vec![4], vec![5]]);
    let mut engines: [Box<dyn Autoencoder>; 2] = [
        Box::new(CpuAutoencoder::new(level.clone(), Cancel::default(), InstructionSet::best())),
        Box::new(ReferenceAutoencoder::new(level.clone(), Cancel::default())),
    ];
    for engine in &mut engines {
        let odd = picture(1, Size::new(7, 6));
        assert!(matches!(engine.encode(&odd, &[]), Err(EngineError::SizesDiffer { .. })));
        let even = picture(1, Size::new(8, 6));
        let other = [slope(Size::new(6, 6), false)];
        assert!(matches!(engine.encode(&even, &other), Err(EngineError::SizesDiffer { .. })));
        assert!(matches!(engine.decode(&[affine(0, 5)]), Err(EngineError::NoObservation)));
        engine.encode(&even, &[]).unwrap();
        assert!(matches!(engine.decode(&[]), Err(EngineError::MovesDiffer { .. })));
        engine.encode(&even, &[]).unwrap();
        assert!(matches!(engine.decode(&[affine(0, 4)]), Err(EngineError::MovesDiffer { .. })));
    }
    let cancel = Cancel::default();
    let mut cpu = CpuAutoencoder::new(level, cancel.clone(), InstructionSet::best());
    cpu.encode(&picture(1, Size::new(8, 6)), &[]).unwrap();
    cancel.cancel();
    assert!(matches!(cpu.decode(&[affine(0, 5)]), Err(EngineError::Cancelled)));
}
