//! Texture by patches: the sliced Wasserstein distance of 7x7 patches at each octave of a Laplacian pyramid
//! (Karras, Aila, Laine and Lehtinen, "Progressive growing of GANs for improved quality, stability, and variation",
//! 2018, who compare sets of pictures in this way).
//!
//! Differences: single pictures are compared, so up to 16384 patches are taken from each, at fixed places. The 128
//! directions are pinned. The values of both pictures are divided by the root mean square of the style's band, not
//! by that of each picture's own band, so that weak contrast counts as a difference. The rest below five octaves is
//! left out, because another measure covers its colours.

use impasto_image::Picture;
use rayon::prelude::*;

use super::pinned::{DIRECTIONS, PATCH, PATCH_VALUES, directions};
use super::pyramid::laplacian;
use super::sliced::{Sorted, places};

/// Number of octaves, from single pixels on.
const OCTAVES: usize = 5;

/// The short side of the smallest band in pixels. Such a band has a hundred patches.
const SMALLEST: usize = 16;

/// The most patches of a band.
const PATCHES: usize = 1 << 14;

/// The smallest root mean square that is used for a band: one 8-bit step, the rounding of a flat style.
const LEAST: f64 = 1.0 / 255.0;

/// The patches of some styles.
#[derive(Clone, Debug)]
pub struct Patches(Vec<Band>);

#[derive(Clone, Debug)]
struct Band {
    /// The factor for the values of each plane.
    scale: [f32; 3],
    along: Vec<Sorted>,
}

impl Patches {
    /// The patches of pictures of encoded sRGB in 0..1, with shares that sum to 1.
    pub fn of(pictures: &[(f64, Picture)]) -> Patches {
        let bands: Vec<(f64, Vec<Picture>)> =
            pictures.iter().map(|(share, picture)| (*share, laplacian(picture, OCTAVES, SMALLEST))).collect();
        // Styles may differ in size.
        let octaves = bands.iter().map(|(_, bands)| bands.len()).min().unwrap_or(0);
        let band = |octave: usize| {
            let mut squares = [0.0; 3];
            for (share, bands) in &bands {
                squares
                    .iter_mut()
                    .zip(mean_squares(&bands[octave]))
                    .for_each(|(sum, mean)| *sum += share * mean);
            }
            let scale = squares.map(|mean: f64| (1.0 / mean.sqrt().max(LEAST)) as f32);
            let of_each = bands.iter().map(|(share, bands)| (*share, projected(&bands[octave], scale)));
            Band { scale, along: sorted(&of_each.collect::<Vec<_>>()) }
        };
        Patches((0..octaves).map(band).collect())
    }

    /// The mean distance over octaves and directions, in units of the root mean squares of the styles' bands;
    /// `None` for pictures with a side below 16 pixels.
    pub fn distance(&self, picture: &Picture) -> Option<f64> {
        let bands = laplacian(picture, OCTAVES, SMALLEST);
        let distances: Vec<f64> = bands
            .iter()
            .zip(&self.0)
            .map(|(band, target)| {
                let seen = sorted(&[(1.0, projected(band, target.scale))]);
                let pairs = seen.par_iter().zip(&target.along);
                let along: Vec<f64> = pairs.map(|(seen, target)| seen.distance(target)).collect();
                along.iter().sum::<f64>() / DIRECTIONS as f64
            })
            .collect();
        (!distances.is_empty()).then(|| distances.iter().sum::<f64>() / distances.len() as f64)
    }
}

/// The mean square of each plane.
fn mean_squares(picture: &Picture) -> [f64; 3] {
    let area = picture.width() * picture.height();
    [0, 1, 2].map(|plane| {
        let values = &picture.rgb()[plane * area..(plane + 1) * area];
        values.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>() / area as f64
    })
}

/// The patches of a band, projected on all directions.
fn projected(band: &Picture, scale: [f32; 3]) -> Vec<[f32; DIRECTIONS]> {
    let (width, height) = band.size();
    // Grouped by the values of a patch, so that the inner loop runs over directions and can be vectorised.
    let directions = directions();
    let by_value: Vec<[f32; DIRECTIONS]> = (0..PATCH_VALUES)
        .map(|value| std::array::from_fn(|direction| directions[direction * PATCH_VALUES + value]))
        .collect();
    let places = places((width + 1 - PATCH, height + 1 - PATCH), PATCHES);
    let project = |(x, y): &(usize, usize)| {
        let mut along = [0.0; DIRECTIONS];
        for (at, directions) in by_value.iter().enumerate() {
            let (plane, dy, dx) = (at / (PATCH * PATCH), at / PATCH % PATCH, at % PATCH);
            let value = scale[plane] * band.rgb()[(plane * height + y + dy) * width + x + dx];
            along.iter_mut().zip(directions).for_each(|(sum, part)| *sum += value * part);
        }
        along
    };
    places.par_iter().map(project).collect()
}

/// The samples along each direction, sorted.
fn sorted(groups: &[(f64, Vec<[f32; DIRECTIONS]>)]) -> Vec<Sorted> {
    let along = |direction: usize| {
        let groups = groups.iter().map(|(share, patches)| {
            (*share, patches.iter().map(|along| along[direction]).collect::<Vec<f32>>())
        });
        Sorted::new(groups)
    };
    (0..DIRECTIONS).into_par_iter().map(along).collect()
}
