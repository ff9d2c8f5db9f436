//! Small operations on planes and pictures that the frame loop shares.

use impasto_image::Picture;
use rayon::prelude::*;

use crate::flow::smooth::{convolve, gaussian};

/// Values that a thread takes at a time.
const PIECE: usize = 1 << 14;

/// A plane, blurred by a normal distribution of this deviation in pixels.
pub(crate) fn blurred(plane: &[f32], width: usize, deviation: f32) -> Vec<f32> {
    convolve(plane, width, &gaussian(deviation, (3.0 * deviation).ceil() as usize))
}

/// A picture, blurred by a normal distribution of this deviation in pixels.
pub(crate) fn soft(picture: &Picture, deviation: f32) -> Picture {
    let (width, height) = picture.size();
    let planes = picture.rgb().chunks_exact(width * height);
    let rgb = planes.flat_map(|plane| blurred(plane, width, deviation)).collect();
    Picture::new(width, height, rgb).unwrap_or_else(|| picture.clone())
}

/// The mean of two pictures, in which the second has the share that a plane says: `a + share (b - a)`.
pub(crate) fn mixed(mut a: Picture, b: &Picture, share: &[f32]) -> Picture {
    let area = share.len();
    for (a, b) in a.rgb_mut().chunks_exact_mut(area).zip(b.rgb().chunks_exact(area)) {
        a.par_iter_mut()
            .with_min_len(PIECE)
            .zip(b)
            .zip(share)
            .for_each(|((a, b), share)| *a += share * (b - *a));
    }
    a
}

/// The picture with its values in 0..1, rounded to 16 bits, as a file of 16 bits holds them.
pub(crate) fn rounded(mut picture: Picture) -> Picture {
    picture.rgb_mut().par_iter_mut().with_min_len(PIECE).for_each(|value| {
        *value = (value.clamp(0.0, 1.0) * 65535.0).round() / 65535.0;
    });
    picture
}

/// 0 below `from`, 1 above `to`, and smooth between.
pub(crate) fn smoothstep(value: f32, from: f32, to: f32) -> f32 {
    let part = ((value - from) / (to - from)).clamp(0.0, 1.0);
    part * part * (3.0 - 2.0 * part)
}

/// The mean of values.
pub(crate) fn mean(values: &[f32]) -> f32 {
    let sum: f64 = values.chunks(PIECE).map(|piece| piece.iter().map(|v| f64::from(*v)).sum::<f64>()).sum();
    (sum / values.len().max(1) as f64) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mixture_has_the_share_that_the_plane_says() {
        let (a, b) = (Picture::filled(2, 1, [0.2; 3]), Picture::filled(2, 1, [0.6; 3]));
        let mixed = mixed(a, &b, &[0.0, 0.5]);
        assert_eq!(mixed.rgb()[0], 0.2);
        assert!((mixed.rgb()[1] - 0.4).abs() < 1e-6);
    }

    #[test]
    fn rounding_is_that_of_a_file_of_16_bits() {
        let rounded = rounded(Picture::filled(1, 1, [0.5, -1.0, 2.0]));
        assert_eq!(rounded.rgb(), [32768.0 / 65535.0, 0.0, 1.0]);
    }
}
