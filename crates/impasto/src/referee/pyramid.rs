//! The Laplacian pyramid (Burt and Adelson, "The Laplacian pyramid as a compact image code", 1983): the detail that
//! each octave adds to the coarser ones. The kernel is the binomial (1 4 6 4 1)/16, and pictures are mirrored at
//! their outermost pixels, as in Karras et al., "Progressive growing of GANs", 2018.

use impasto_image::Picture;
use rayon::prelude::*;

use crate::margin::mirrored;

/// A picture whose rows are filled in parallel, by a function of plane and row.
fn by_rows(width: usize, height: usize, fill: impl Fn(usize, usize, &mut [f32]) + Sync) -> Picture {
    let mut picture = Picture::filled(width, height, [0.0; 3]);
    let rows = picture.rgb_mut().par_chunks_exact_mut(width).enumerate();
    rows.for_each(|(row, target)| fill(row / height, row % height, target));
    picture
}

fn line(picture: &Picture, plane: usize, y: usize) -> &[f32] {
    let start = (plane * picture.height() + y) * picture.width();
    &picture.rgb()[start..start + picture.width()]
}

/// Blurs the picture and keeps every second pixel, including the first.
pub fn halved(picture: &Picture) -> Picture {
    let (width, height) = picture.size();
    let rows = by_rows(width, height.div_ceil(2), |plane, y, target| {
        let near = [-2, -1, 0, 1, 2].map(|dy| line(picture, plane, mirrored(2 * y as isize + dy, height)));
        for (x, value) in target.iter_mut().enumerate() {
            *value = binomial(near.map(|line| line[x]));
        }
    });
    by_rows(width.div_ceil(2), height.div_ceil(2), |plane, y, target| {
        let line = line(&rows, plane, y);
        for (x, value) in target.iter_mut().enumerate() {
            *value = binomial([-2, -1, 0, 1, 2].map(|dx| line[mirrored(2 * x as isize + dx, width)]));
        }
    })
}

fn binomial([a, b, c, d, e]: [f32; 5]) -> f32 {
    (a + e + 4.0 * (b + d) + 6.0 * c) / 16.0
}

/// Enlarges a picture to a size: inserts zeros between the pixels and blurs with four times the kernel.
pub fn doubled(picture: &Picture, (width, height): (usize, usize)) -> Picture {
    // Weights and places of the pixels that are not zeros: the neighbours, and the pixel itself at even positions.
    let near = |at: usize, length: usize| {
        let place = |offset: isize| mirrored(at as isize + offset, length) / 2;
        if at.is_multiple_of(2) {
            [(0.125, place(-2)), (0.75, at / 2), (0.125, place(2))]
        } else {
            [(0.5, place(-1)), (0.0, at / 2), (0.5, place(1))]
        }
    };
    let rows = by_rows(picture.width(), height, |plane, y, target| {
        for (weight, from) in near(y, height) {
            let line = line(picture, plane, from);
            target.iter_mut().zip(line).for_each(|(value, from)| *value += weight * from);
        }
    });
    by_rows(width, height, |plane, y, target| {
        let line = line(&rows, plane, y);
        for (x, value) in target.iter_mut().enumerate() {
            *value = near(x, width).map(|(weight, from)| weight * line[from]).iter().sum();
        }
    })
}

/// Up to `most` bands, the finest first, as long as the short side of the picture is at least `smallest`. The rest
/// below the bands, which is colour more than texture, is left out.
pub fn laplacian(picture: &Picture, most: usize, smallest: usize) -> Vec<Picture> {
    let (mut bands, mut picture) = (Vec::new(), picture.clone());
    while bands.len() < most && picture.short_edge() >= smallest.max(2) {
        let coarser = halved(&picture);
        let shown = doubled(&coarser, picture.size());
        picture.rgb_mut().par_iter_mut().zip(shown.rgb()).for_each(|(value, shown)| *value -= shown);
        bands.push(std::mem::replace(&mut picture, coarser));
    }
    bands
}
