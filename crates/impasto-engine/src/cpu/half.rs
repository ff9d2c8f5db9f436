//! Features at taps in half precision (IEEE binary16), between the sums over them and the derivative: this halves what
//! an observation keeps for its pull-back. The sums themselves are taken before, in full precision.
//!
//! A power of two for each map brings its largest value to a quarter of the format's range, so that nothing overflows
//! and small values keep their bits.

use half::f16;
use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};
use rayon::prelude::*;

use super::kernels::{GROUP, Lanes, flat, flat_mut, words, words_mut};

/// Values converted at a time.
const CHUNK: usize = 1 << 12;

/// The target of the largest value; the format ends at 65504.
const LARGEST: f32 = 16384.0;

/// Number of groups that hold `groups` groups in half precision.
pub(super) fn length(groups: usize) -> usize {
    groups.div_ceil(2)
}

/// A map in half precision, [`length`] groups long.
#[derive(Clone, Copy)]
pub(super) struct Halved<'a> {
    pub(super) data: &'a [Lanes],
    /// The factor of the values.
    pub(super) scale: f32,
}

/// Converts a map; returns the factor of its values.
pub(super) fn shrink(from: &[Lanes], to: &mut [Lanes]) -> f32 {
    let from = flat(from);
    let largest = from
        .par_chunks(CHUNK)
        .map(|chunk| chunk.iter().fold(0.0, |largest: f32, value| largest.max(value.abs())))
        .reduce(|| 0.0, f32::max);
    let scale = match LARGEST / largest {
        scale if scale.is_normal() => scale.log2().floor().exp2(),
        _ => 1.0,
    };
    let to: &mut [f16] = words_mut(to)[..from.len()].reinterpret_cast_mut();
    from.par_chunks(CHUNK).zip(to.par_chunks_mut(CHUNK)).for_each(|(from, to)| {
        let mut scaled = [0.0; CHUNK];
        let scaled = &mut scaled[..from.len()];
        scaled.iter_mut().zip(from).for_each(|(scaled, from)| *scaled = scale * from);
        to.convert_from_f32_slice(scaled);
    });
    scale
}

impl Halved<'_> {
    /// The values from a group on, in full precision.
    pub(super) fn grow(self, start: usize, to: &mut [Lanes]) {
        let to = flat_mut(to);
        let from: &[f16] = words(self.data)[start * GROUP..][..to.len()].reinterpret_cast();
        from.convert_to_f32_slice(to);
        let back = 1.0 / self.scale;
        to.iter_mut().for_each(|value| *value *= back);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half precision rounds to eleven bits.
    const ROUNDING: f32 = 1.0 / 2048.0;

    #[test]
    fn values_of_any_size_come_back_to_eleven_bits() {
        for size in [1e-9, 1.0, 3e4, 1e30] {
            let values: Vec<Lanes> = (0..700)
                .map(|i| Lanes(std::array::from_fn(|lane| size * ((i * 37 + lane * 11) % 97) as f32 / 97.0)))
                .collect();
            let mut halves = vec![Lanes::ZERO; length(values.len())];
            let scale = shrink(&values, &mut halves);
            let mut back = vec![Lanes::ZERO; 300];
            Halved { data: &halves, scale }.grow(300, &mut back);
            for (found, expected) in flat(&back).iter().zip(flat(&values[300..])) {
                assert!((found - expected).abs() <= ROUNDING * expected.abs(), "{found} {expected}");
            }
        }
        let mut none = vec![Lanes::ZERO; 1];
        assert_eq!(shrink(&[Lanes::ZERO; 2], &mut none), 1.0);
        let mut broken = [Lanes::ZERO];
        let infinite = [Lanes([f32::INFINITY; GROUP]), Lanes([f32::NAN; GROUP])];
        let scale = shrink(&infinite, &mut broken);
        let mut back = [Lanes::ZERO; 2];
        Halved { data: &broken, scale }.grow(0, &mut back);
        assert!(back[0].0[0].is_infinite() && back[1].0[0].is_nan(), "what is no number must stay none");
    }
}
