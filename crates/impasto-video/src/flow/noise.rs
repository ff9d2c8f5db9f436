//! How noisy a frame is (Immerkær 1996, "Fast Noise Variance Estimation", with medians).

use impasto_image::Picture;

use super::Gray;

/// Pixels of the side of a tile. Each has an estimate of its own.
const TILE: usize = 32;

/// The share of tiles that are taken as free of texture.
const FLAT: f64 = 0.25;

/// The median of |x| over the deviation of a normal distribution.
const MEDIAN: f32 = 0.674_49;

/// The deviation of the mask's answer to noise of deviation 1: the root of its sum of squares, 36.
const GAIN: f32 = 6.0;

/// The deviation of the sensor's noise, in the values of a picture (0..1), as a mean over the channels.
///
/// Fine texture everywhere looks like noise. So each tile is judged by itself, and the quiet quarter counts.
pub fn noise(picture: &Picture) -> f32 {
    let (width, height) = picture.size();
    let planes = picture.rgb().chunks_exact(width * height);
    planes.map(|plane| of_plane(plane, width, TILE)).sum::<f32>() / 3.0
}

/// The deviation of the noise of a grey frame, in grey levels. It looks at a quarter of the tiles.
pub(super) fn of_gray(gray: &Gray) -> f32 {
    of_plane(gray.data(), gray.width(), 2 * TILE)
}

/// The estimate from tiles whose corners are `apart` pixels apart.
fn of_plane(plane: &[f32], width: usize, apart: usize) -> f32 {
    let height = plane.len() / width;
    let (rows, columns) = (height.saturating_sub(2), width.saturating_sub(2));
    let mut tiles = Vec::new();
    for top in (0..rows).step_by(apart) {
        for left in (0..columns).step_by(apart) {
            let (bottom, right) = ((top + TILE).min(rows), (left + TILE).min(columns));
            tiles.push(of_tile(plane, width, (left, right), (top, bottom)));
        }
    }
    let chosen = (tiles.len() as f64 * FLAT) as usize;
    if tiles.is_empty() { 0.0 } else { *tiles.select_nth_unstable_by(chosen, f32::total_cmp).1 }
}

/// The estimate from a part of the picture. Both ranges are of the upper left corners of the 3x3 mask.
fn of_tile(plane: &[f32], width: usize, columns: (usize, usize), rows: (usize, usize)) -> f32 {
    let mut answers = Vec::with_capacity(TILE * TILE);
    for y in rows.0..rows.1 {
        let line =
            |offset: usize| &plane[(y + offset) * width + columns.0..(y + offset) * width + columns.1 + 2];
        let lines = line(0).windows(3).zip(line(1).windows(3)).zip(line(2).windows(3));
        answers.extend(lines.map(|((a, b), c)| {
            (a[0] - 2.0 * a[1] + a[2] - 2.0 * (b[0] - 2.0 * b[1] + b[2]) + c[0] - 2.0 * c[1] + c[2]).abs()
        }));
    }
    let middle = answers.len() / 2;
    *answers.select_nth_unstable_by(middle, f32::total_cmp).1 / (MEDIAN * GAIN)
}
