//! Colour: the sliced Wasserstein distance of the colours in CIE L*a*b* (CIE 1976, white point D65, 2-degree
//! observer).
//!
//! There are 64 slices. Their directions are spread evenly over the half sphere by Fibonacci's lattice instead of
//! at random: three dimensions need no more, and nothing depends on chance. A shift of all colours by one unit of
//! Delta E (1976) has a distance of 1/2, the mean of a direction's cosine.

use std::f64::consts::PI;

use impasto_image::Picture;
use impasto_image::curve::decode;
use rayon::prelude::*;

use super::sliced::{Sorted, places};

/// Number of directions.
const DIRECTIONS: usize = 64;

/// Number of pixels that are sampled. The sampling error is a thousandth of the colours' spread.
const PIXELS: usize = 1 << 16;

/// The colours of some styles along each direction.
#[derive(Clone, Debug)]
pub struct Colours(Vec<Sorted>);

impl Colours {
    /// The colours of pictures of encoded sRGB in 0..1, with shares that sum to 1.
    pub fn of(pictures: &[(f64, Picture)]) -> Colours {
        let samples: Vec<(f64, Vec<[f32; 3]>)> =
            pictures.iter().map(|(share, picture)| (*share, samples(picture))).collect();
        let along = |direction: &[f32; 3]| {
            let project = |lab: &[f32; 3]| lab.iter().zip(direction).map(|(value, part)| value * part).sum();
            Sorted::new(samples.iter().map(|(share, lab)| (*share, lab.iter().map(project).collect())))
        };
        Colours(directions().par_iter().map(along).collect())
    }

    /// The mean over the directions of the distance along them, in units of L*a*b*.
    pub fn distance(&self, other: &Colours) -> f64 {
        let distances: Vec<f64> = self.0.par_iter().zip(&other.0).map(|(a, b)| a.distance(b)).collect();
        distances.iter().sum::<f64>() / DIRECTIONS as f64
    }
}

fn samples(picture: &Picture) -> Vec<[f32; 3]> {
    let (width, height) = picture.size();
    let places = places((width, height), PIXELS);
    let pixel = |plane: usize, (x, y): (usize, usize)| picture.rgb()[(plane * height + y) * width + x];
    places.par_iter().map(|place| lab([0, 1, 2].map(|plane| pixel(plane, *place)))).collect()
}

/// Unit vectors of the upper half sphere.
fn directions() -> Vec<[f32; 3]> {
    let golden = PI * (3.0 - 5.0_f64.sqrt());
    let direction = |i: usize| {
        let z = (i as f64 + 0.5) / DIRECTIONS as f64;
        let (radius, angle) = ((1.0 - z * z).sqrt(), golden * i as f64);
        [radius * angle.cos(), radius * angle.sin(), z].map(|value| value as f32)
    };
    (0..DIRECTIONS).map(direction).collect()
}

/// L*, a*, b* of an encoded sRGB value. Values outside 0..1 are clamped.
pub fn lab(rgb: [f32; 3]) -> [f32; 3] {
    /// Linear light to XYZ (IEC 61966-2-1). The results are divided by the matrix's own white, so that grey has a*
    /// = b* = 0.
    const TO_XYZ: [[f64; 3]; 3] = [
        [0.412_390_8, 0.357_584_34, 0.180_480_79],
        [0.212_639, 0.715_168_68, 0.072_192_32],
        [0.019_330_82, 0.119_194_78, 0.950_532_15],
    ];
    /// The point where the cube root continues as a straight line.
    const KNEE: f64 = 6.0 / 29.0;
    let light = rgb.map(|value| f64::from(decode(value.clamp(0.0, 1.0))));
    let [x, y, z] = TO_XYZ.map(|row| {
        let white: f64 = row.iter().sum();
        let part = row.iter().zip(light).map(|(weight, light)| weight * light).sum::<f64>() / white;
        if part > KNEE.powi(3) { part.cbrt() } else { part / (3.0 * KNEE * KNEE) + 4.0 / 29.0 }
    });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)].map(|value| value as f32)
}
