//! The energy of a picture's finest bands, which blur takes away.

use impasto_image::Picture;

use crate::flow::smooth::convolve;

/// The binomial kernel of Burt and Adelson 1983, from its middle outwards.
const BINOMIAL: [f32; 3] = [6.0 / 16.0, 4.0 / 16.0, 1.0 / 16.0];

/// The mean squared values of the two finest bands of a Laplacian stack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bands {
    /// The picture less its blur: strokes of one to three pixels.
    pub finest: f64,
    /// That blur less a blur of twice the width.
    pub second: f64,
}

/// The energy of a picture's two finest bands, a mean over pixels and channels. Divide it by that of the first frame:
/// below 1 a film has been smeared.
pub fn band_energy(picture: &Picture) -> Bands {
    let (width, area) = (picture.width(), picture.width() * picture.height());
    let mut bands = Bands { finest: 0.0, second: 0.0 };
    for plane in picture.rgb().chunks_exact(area) {
        let once = convolve(plane, width, &BINOMIAL);
        let twice = convolve(&once, width, &spread(&BINOMIAL));
        bands.finest += difference(plane, &once) / (3 * area) as f64;
        bands.second += difference(&once, &twice) / (3 * area) as f64;
    }
    bands
}

/// The finest band, `[3, height, width]`.
pub(super) fn finest(picture: &Picture) -> Vec<f32> {
    let (width, area) = (picture.width(), picture.width() * picture.height());
    let band = |plane: &[f32]| {
        let blurred = convolve(plane, width, &BINOMIAL);
        plane.iter().zip(blurred).map(|(a, b)| a - b).collect::<Vec<f32>>()
    };
    picture.rgb().chunks_exact(area).flat_map(band).collect()
}

/// A kernel with gaps of one pixel: the same blur at half the size.
fn spread(kernel: &[f32]) -> Vec<f32> {
    let mut wide = vec![0.0; 2 * kernel.len() - 1];
    wide.iter_mut().step_by(2).zip(kernel).for_each(|(to, from)| *to = *from);
    wide
}

fn difference(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounding of f32 in sums of some dozen terms.
    const ROUNDING: f64 = 1e-4;

    #[test]
    fn a_wave_has_the_energy_that_the_kernels_answers_give() {
        // Period 4: the binomial kernel answers (1 + cos ω)² / 4 = 0.25, and with gaps (1 + cos 2ω)² / 4 = 0.
        let wave = |at: usize| 0.5 + 0.5 * (std::f32::consts::FRAC_PI_2 * (at % 400) as f32).cos();
        let picture = Picture::new(400, 8, (0..3 * 3200).map(wave).collect()).unwrap();
        let bands = band_energy(&picture);
        // Edges repeat instead of going on; each touches three of 400 columns.
        let edges = 0.02;
        assert!((bands.finest / (0.125 * 0.75f64.powi(2)) - 1.0).abs() < edges, "{bands:?}");
        assert!((bands.second / (0.125 * 0.25f64.powi(2)) - 1.0).abs() < 3.0 * edges, "{bands:?}");
        let even = band_energy(&Picture::filled(20, 20, [0.3; 3]));
        assert!(even.finest < ROUNDING && even.second < ROUNDING);
    }
}
