//! The share of the content's structure that a picture keeps: whether places that look alike in the content also
//! look alike in the picture, whatever they look like there. A subject that was painted over is lost; a subject in
//! other colours and strokes is not.
//!
//! Self-similarity is from Shechtman and Irani, "Matching local self-similarities across images and videos", 2007.
//! With an encoder's features, it is the content term of Kolkin, Salavon and Shakhnarovich, "Style transfer by
//! relaxed optimal transport and self-similarity", 2019. Differences: the features are centred in each channel, so
//! a cosine compares how places differ from the picture's mean. The score is Pearson's correlation of the two
//! matrices of cosines without their diagonals.
//!
//! The matrix of N x N cosines is never computed. Let the columns of X and Y be features of unit length. Then its
//! sums follow from C x C matrices: over all pairs, x·x' sums to |X 1|², and (x·x')(y·y') to |X Yᵀ|², the
//! squared Frobenius norm.

use faer::MatRef;
use impasto_encoder::{Tap, Topology};
use impasto_engine::{Edges, Engine, Pixels, Rect, Size};
use impasto_image::Picture;

use super::fit;
use crate::Error;
use crate::margin::mirrored;

/// Layers of VGG-19 with alternatives: the layer of the score and a coarser one. In VGG-16 the alternatives are the
/// last of their blocks. The objectives of the presets use the first two convolutions of a block.
pub(super) const LAYERS: [&[&str]; 2] = [&["relu3_4", "relu3_3"], &["relu4_4", "relu4_3"]];

/// Number of pixels that pictures are resized to, in their own shape: 256x192 for 4:3.
const AREA: f64 = (256 * 192) as f64;

/// Sides and margins are multiples of this, so that three poolings leave no remainder.
const STEP: usize = 8;

/// Longer pictures are squeezed to this aspect ratio, so that rows of features remain.
const LONGEST: f64 = 48.0;

/// The smallest fraction of the features' energy around their mean. With less, a picture is flat up to rounding.
/// The rounding of f32 leaves about 1e-12; a single 8-bit step leaves 1e-7.
const FLAT: f64 = 1e-9;

/// The encoded picture at each of the [`LAYERS`] that the encoder has.
pub(super) struct Structure([Option<Places>; 2]);

/// Features at the positions of a layer.
struct Places {
    channels: usize,
    /// Centred features of unit length (0 where there is no deviation), `[channels, positions]`.
    unit: Vec<f64>,
}

/// The layers of an encoder at which structure is measured.
pub(super) fn taps(topology: &Topology) -> [Option<(Tap, &'static str)>; 2] {
    LAYERS.map(|names| names.iter().find_map(|name| Some((topology.tap(name).ok()?, *name))))
}

impl Structure {
    pub(super) fn of(picture: &Picture, engine: &mut dyn Engine) -> Result<Structure, Error> {
        let picture = fit(picture, shape(picture.size()));
        let mut places = [None, None];
        for (places, tap) in places.iter_mut().zip(taps(engine.network().encoder.topology())) {
            if let Some((tap, _)) = tap {
                *places = Some(Places::of(&picture, tap, engine)?);
            }
        }
        Ok(Structure(places))
    }

    /// The correlation at each layer with another picture of the same size; `None` if the encoder lacks the layer,
    /// or if `self` is flat.
    pub(super) fn kept_by(&self, other: &Structure) -> [Option<f64>; 2] {
        let [fine, coarse] = [0, 1].map(|layer| (self.0[layer].as_ref(), other.0[layer].as_ref()));
        [fine, coarse].map(|(own, other)| own?.correlation(other?))
    }
}

/// Width and height with about [`AREA`] pixels, in the shape of a picture.
fn shape((width, height): (usize, usize)) -> (usize, usize) {
    let aspect = (width as f64 / height as f64).clamp(1.0 / LONGEST, LONGEST);
    let side = |length: f64| STEP * (length / STEP as f64).round() as usize;
    (side((AREA * aspect).sqrt()), side((AREA / aspect).sqrt()))
}

/// The picture with a margin of its mirror image.
fn framed(picture: &Picture, margin: usize) -> Pixels {
    let (width, height) = picture.size();
    let size = Size::new(width + 2 * margin, height + 2 * margin);
    let inside = |at: usize, length: usize| mirrored(at as isize - margin as isize, length);
    let columns: Vec<usize> = (0..size.width).map(|x| inside(x, width)).collect();
    let mut data = Vec::with_capacity(3 * size.area());
    for plane in picture.rgb().chunks_exact(width * height) {
        for y in 0..size.height {
            let row = &plane[inside(y, height) * width..][..width];
            data.extend(columns.iter().map(|x| row[*x]));
        }
    }
    Pixels { size, data }
}

impl Places {
    /// Encodes a picture with a margin of its mirror image. Without the margin, the zeros beyond the edge would
    /// look alike in all pictures.
    fn of(picture: &Picture, tap: Tap, engine: &mut dyn Engine) -> Result<Places, Error> {
        let topology = engine.network().encoder.topology();
        let margin = topology.receptive_field(tap).div_ceil(2).next_multiple_of(STEP);
        let (x, y) = topology.size_at(tap.conv(), (margin, margin));
        let (width, height) = topology.size_at(tap.conv(), picture.size());
        let window = Rect { x, y, size: Size::new(width, height) };
        let seen = engine.features(&framed(picture, margin), Edges::default(), tap, window)?;
        Ok(Places::from_features(seen.channels, seen.data))
    }

    /// Normalises features, `[channels, positions]`.
    fn from_features(channels: usize, mut features: Vec<f64>) -> Places {
        let positions = features.len() / channels;
        let energy: f64 = features.iter().map(|value| value * value).sum();
        for channel in features.chunks_exact_mut(positions) {
            let mean = channel.iter().sum::<f64>() / positions as f64;
            channel.iter_mut().for_each(|value| *value -= mean);
        }
        let mut squares = vec![0.0; positions];
        for channel in features.chunks_exact(positions) {
            squares.iter_mut().zip(channel).for_each(|(sum, value)| *sum += value * value);
        }
        let flat = squares.iter().sum::<f64>() <= FLAT * energy;
        let scales =
            squares.iter().map(|&square| if flat || square == 0.0 { 0.0 } else { 1.0 / square.sqrt() });
        let scales: Vec<f64> = scales.collect();
        for channel in features.chunks_exact_mut(positions) {
            channel.iter_mut().zip(&scales).for_each(|(value, scale)| *value *= scale);
        }
        Places { channels, unit: features }
    }

    fn positions(&self) -> usize {
        self.unit.len() / self.channels
    }

    fn matrix(&self) -> MatRef<'_, f64> {
        MatRef::from_row_major_slice(&self.unit, self.channels, self.positions())
    }

    /// The squared length at each position: 1 or 0.
    fn squares(&self) -> Vec<f64> {
        let mut squares = vec![0.0; self.positions()];
        for channel in self.unit.chunks_exact(self.positions()) {
            squares.iter_mut().zip(channel).for_each(|(sum, value)| *sum += value * value);
        }
        squares
    }

    /// The sum of the cosines over all ordered pairs of different positions.
    fn sum(&self) -> f64 {
        let sums = self.unit.chunks_exact(self.positions()).map(|channel| channel.iter().sum::<f64>());
        sums.map(|sum| sum * sum).sum::<f64>() - self.squares().iter().sum::<f64>()
    }

    /// The sum of the products of two pictures' cosines over the same pairs.
    fn product(&self, other: &Places) -> f64 {
        let diagonal: f64 = self.squares().iter().zip(other.squares()).map(|(a, b)| a * b).sum();
        (self.matrix() * other.matrix().transpose()).squared_norm_l2() - diagonal
    }

    /// Pearson's correlation; `None` if `self` is flat, 0 if the other picture is.
    fn correlation(&self, other: &Places) -> Option<f64> {
        let pairs = (self.positions() * (self.positions() - 1)) as f64;
        let covariance = |a: &Places, b: &Places| pairs * a.product(b) - a.sum() * b.sum();
        let (own, others) = (covariance(self, self), covariance(other, other));
        if own <= 0.0 {
            return None;
        }
        Some(if others <= 0.0 { 0.0 } else { covariance(self, other) / (own.sqrt() * others.sqrt()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tolerance for f64 sums of 1e4 numbers in another order.
    const ROUNDING: f64 = 1e-11;

    fn features(seed: usize, channels: usize, positions: usize) -> Vec<f64> {
        (0..channels * positions).map(|i| ((i * 7919 + seed * 104_729) % 1009) as f64 / 1009.0).collect()
    }

    /// The matrix of cosines, pair by pair.
    fn cosines(channels: usize, features: &[f64]) -> Vec<f64> {
        let positions = features.len() / channels;
        let centred: Vec<Vec<f64>> = (0..positions)
            .map(|at| {
                let of = |channel: usize| {
                    let row = &features[channel * positions..][..positions];
                    row[at] - row.iter().sum::<f64>() / positions as f64
                };
                (0..channels).map(of).collect()
            })
            .collect();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let pairs = (0..positions * positions).map(|at| (at / positions, at % positions));
        let pairs = pairs.filter(|(i, j)| i != j).map(|(i, j)| (&centred[i], &centred[j]));
        pairs.map(|(a, b)| dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()).collect()
    }

    #[test]
    fn sums_of_small_matrices_are_those_of_all_pairs() {
        let (one, other) = (features(1, 5, 60), features(2, 7, 60));
        let (a, b) = (cosines(5, &one), cosines(7, &other));
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let covariance = |a: &[f64], b: &[f64]| {
            let (of_a, of_b) = (mean(a), mean(b));
            a.iter().zip(b).map(|(a, b)| (a - of_a) * (b - of_b)).sum::<f64>()
        };
        let expected = covariance(&a, &b) / (covariance(&a, &a) * covariance(&b, &b)).sqrt();
        let (one, other) = (Places::from_features(5, one), Places::from_features(7, other));
        let found = one.correlation(&other).unwrap();
        assert!((found - expected).abs() < ROUNDING, "{found} {expected}");
        assert!((one.correlation(&one).unwrap() - 1.0).abs() < ROUNDING);
    }

    #[test]
    fn what_is_flat_has_and_keeps_nothing() {
        let rough = Places::from_features(3, features(1, 3, 20));
        for flat in [vec![0.0; 60], (0..60).map(|i| 5.0 + 1e-6 * (i % 7) as f64).collect()] {
            let flat = Places::from_features(3, flat);
            assert_eq!((rough.correlation(&flat), flat.correlation(&rough)), (Some(0.0), None));
        }
    }

    #[test]
    fn shapes_have_one_area() {
        for (size, expected) in [
            ((979, 734), (256, 192)),
            ((512, 384), (256, 192)),
            ((3, 4), (192, 256)),
            ((512, 512), (224, 224)),
            ((1920, 1080), (296, 168)),
            ((30_000, 1), (1536, 32)),
        ] {
            assert_eq!(shape(size), expected, "{size:?}");
        }
    }
}
