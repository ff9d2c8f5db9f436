//! Levels of drafts against the reference in double precision: narrow ones of every form, and the embedded ones.

use impasto_encoder::{Decoder, Level, Pooling, Weights, levels};
use impasto_engine::{
    Affine, Autoencoder, Backend, Cancel, EngineError, InstructionSet, Moments, Padding, Pixels, Plane,
    ReferenceAutoencoder, Size,
};
use impasto_engine_testing::{Random, network_of, picture, plane};

use crate::card;

/// Error relative to the largest value, of sums and of pictures: single precision through some twenty layers.
const ROUNDING: f64 = 1e-4;

/// Features of the embedded levels, through their sums: the same, as their weights are half-precision numbers.
const SUMS: f64 = 1e-4;

/// Widths of the blocks' convolutions, and sizes to run at.
type Design<'a> = (&'a [Vec<usize>], [(usize, usize); 3]);

/// A narrow level with random weights.
fn level(seed: u64, blocks: &[Vec<usize>]) -> Level {
    let mut random = Random(seed);
    let encoder = network_of(&mut random, blocks, Pooling::Max, 1.0, Padding::Zero).encoder;
    let mut drawn = |count: usize, scale: f64| -> Vec<f32> {
        (0..count).map(|_| (2.0 * scale * (random.value() - 0.5)) as f32).collect()
    };
    let weights = |conv: &impasto_encoder::Conv| Weights {
        kernel: drawn(9 * conv.inputs * conv.outputs, (6.0 / (9 * conv.inputs) as f64).sqrt()),
        bias: drawn(conv.outputs, 0.1),
    };
    let weights = Decoder::mirrored(encoder.topology()).iter().map(weights).collect();
    let decoder = Decoder::new(encoder.topology(), weights).unwrap();
    Level { encoder, decoder }
}

fn affine(seed: u64, channels: usize) -> Affine {
    let mut random = Random(seed);
    let mut by = Affine::identity(channels);
    by.matrix.iter_mut().for_each(|value| *value += 0.3 * (random.value() - 0.5));
    by.bias.iter_mut().for_each(|value| *value = 0.2 * random.value());
    by
}

/// The largest difference, relative to the largest value.
fn off(found: impl Iterator<Item = f64>, expected: impl Iterator<Item = f64> + Clone) -> f64 {
    let scale = expected.clone().fold(0.0, |most, value| f64::max(most, value.abs()));
    found.zip(expected).map(|(found, expected)| (found - expected).abs() / scale).fold(0.0, f64::max)
}

fn values(moments: &[Moments]) -> impl Iterator<Item = f64> + Clone + '_ {
    moments
        .iter()
        .flat_map(|sums| [sums.weight].into_iter().chain(sums.first.clone()).chain(sums.second.clone()))
}

fn wide(pixels: &Pixels) -> impl Iterator<Item = f64> + Clone + '_ {
    pixels.data.iter().map(|&value| f64::from(value))
}

fn on_card(level: &Level) -> Option<Box<dyn Autoencoder>> {
    Some(card()?.autoencoder(level.clone(), Cancel::default(), InstructionSet::best()).unwrap())
}

#[test]
fn levels_agree_with_the_reference() {
    let Some(card) = card() else { return };
    levels_on(card.as_ref());
}

pub(crate) fn levels_on(card: &dyn Backend) {
    let designs: [Design; 4] = [
        (&[vec![24]], [(9, 7), (33, 18), (1, 1)]),
        (&[vec![5, 6], vec![17]], [(4, 2), (34, 22), (130, 6)]),
        (&[vec![16, 16], vec![64, 64], vec![70]], [(4, 4), (36, 28), (8, 12)]),
        (&[vec![4, 4], vec![6, 6], vec![8, 9, 10, 11], vec![33]], [(8, 8), (40, 24), (72, 16)]),
    ];
    for (index, (blocks, sizes)) in designs.into_iter().enumerate() {
        let level = level(index as u64, blocks);
        let mut found = card.autoencoder(level.clone(), Cancel::default(), InstructionSet::best()).unwrap();
        for (width, height) in sizes {
            let (size, mut random) = (Size::new(width, height), Random(7));
            let image = picture(&mut random, size);
            for count in 0..3 {
                let regions: Vec<Plane> = (0..count).map(|_| plane(&mut random, size)).collect();
                let moves: Vec<Affine> =
                    (0..count.max(1)).map(|i| affine(i as u64, level.channels())).collect();
                let mut exact = ReferenceAutoencoder::new(level.clone(), Cancel::default());
                let what = format!("{blocks:?} {size:?}, {count} regions");
                let sums = exact.encode(&image, &regions).unwrap();
                let error = off(values(&found.encode(&image, &regions).unwrap()), values(&sums));
                assert!(error <= SUMS, "{what}: sums off by {error:e}");
                let (painted, expected) = (found.decode(&moves).unwrap(), exact.decode(&moves).unwrap());
                assert_eq!(painted.size, size);
                let error = off(wide(&painted), wide(&expected));
                assert!(error <= ROUNDING, "{what}: off by {error:e}");
                assert!(matches!(found.decode(&moves), Err(EngineError::NoObservation)));
            }
        }
    }
}

#[test]
fn the_embedded_levels_paint_what_the_reference_paints_and_the_same_bytes_twice() {
    for level in levels().unwrap() {
        let Some(mut found) = on_card(&level) else { return };
        let image = picture(&mut Random(3), Size::new(72, 48));
        let mut exact = ReferenceAutoencoder::new(level.clone(), Cancel::default());
        let sums = exact.encode(&image, &[]).unwrap();
        let error = off(values(&found.encode(&image, &[]).unwrap()), values(&sums));
        assert!(error <= SUMS, "{}: sums off by {error:e}", level.step());
        let moves = [Affine::identity(level.channels())];
        let (painted, expected) = (found.decode(&moves).unwrap(), exact.decode(&moves).unwrap());
        let error = off(wide(&painted), wide(&expected));
        assert!(error <= ROUNDING, "{}: off by {error:e}", level.step());
        found.leave();
        assert_eq!(found.encode(&image, &[]).unwrap().len(), 1);
        assert!(found.decode(&moves).unwrap() == painted);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let level = level(2, &[vec![5, 6], vec![17]]);
    let Some(mut found) = on_card(&level) else { return };
    assert!(matches!(found.decode(&[affine(0, 17)]), Err(EngineError::NoObservation)));
    let odd = picture(&mut Random(1), Size::new(33, 20));
    assert!(matches!(found.encode(&odd, &[]), Err(EngineError::SizesDiffer { .. })));
    let image = picture(&mut Random(1), Size::new(32, 20));
    found.encode(&image, &[]).unwrap();
    assert!(matches!(found.decode(&[affine(0, 16)]), Err(EngineError::MovesDiffer { .. })));
}
