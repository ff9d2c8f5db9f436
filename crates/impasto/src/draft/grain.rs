//! Grain for the flat parts of a content: sky, walls, calm water.
//!
//! The map between two Gaussians stretches directions in which features hardly vary, by factors up to some hundred.
//! In a flat part these directions hold camera noise and JPEG artefacts, above all block edges, which would become
//! a weave over a dull colour. Grain of several sizes is added there, and the map makes strokes of it. Parts with
//! detail get almost none. Texture from noise comes from Heeger and Bergen (SIGGRAPH 1995); adding it to the flat
//! parts of a content is our own.

use impasto_engine::Pixels;
use impasto_image::{Filter, Plane, blur, resize_plane};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};

/// Depth of the grain in flat parts: its standard deviation, as a fraction of the content's. It is relative because
/// the map stretches by the content's deviation too: a fixed depth would turn to clouds in a night picture. The
/// grain is half as deep where the content around a pixel deviates as much as the grain.
const DEPTH: f32 = 0.15;

/// Standard deviation, in pixels, of the Gaussian window that measures how flat the content is around a pixel.
const AROUND: f64 = 8.0;

/// Sizes of the grains in pixels. Each size has the same share, as in photographs of nature.
const SIZES: [usize; 4] = [4, 8, 16, 32];

/// Draws grain of unit depth at every size.
pub(super) fn drawn((width, height): (usize, usize), seed: u64) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut grain = vec![0.0; width * height];
    for size in SIZES {
        let (across, down) = (width.div_ceil(size), height.div_ceil(size));
        let drawn: Vec<f32> = (0..across * down).map(|_| StandardNormal.sample(&mut rng)).collect();
        let drawn = resize_plane(&drawn, (across, down), (width, height), Filter::Bicubic);
        grain.iter_mut().zip(drawn).for_each(|(grain, drawn)| *grain += drawn);
    }
    grain
}

/// Draws a square of grain of unit depth at every size. It repeats without a seam, so that it covers any area. Its side
/// is a multiple of the largest size.
pub(super) fn tile(side: usize, seed: u64) -> Vec<f32> {
    /// Cells around the square that the filter may reach.
    const REACH: usize = 2;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut grain = vec![0.0; side * side];
    for size in SIZES {
        let count = side / size;
        let cells: Vec<f32> = (0..count * count).map(|_| StandardNormal.sample(&mut rng)).collect();
        let (wide, long) = (count + 2 * REACH, side + 2 * REACH * size);
        let around = |at: usize| (at + REACH * (count - 1)) % count;
        let wrapped: Vec<f32> =
            (0..wide * wide).map(|at| cells[around(at / wide) * count + around(at % wide)]).collect();
        let drawn = resize_plane(&wrapped, (wide, wide), (long, long), Filter::Bicubic);
        let rows = drawn.chunks_exact(long).skip(REACH * size);
        for (grain, drawn) in grain.chunks_exact_mut(side).zip(rows) {
            grain.iter_mut().zip(&drawn[REACH * size..]).for_each(|(grain, drawn)| *grain += drawn);
        }
    }
    grain
}

/// Adds grain to a content, the same in all channels.
pub(super) fn add_grain(content: &mut Pixels, mut grain: Vec<f32>) {
    let (width, height) = (content.size.width, content.size.height);
    let grey = grey(content);
    let flat = DEPTH * deviation(&grey);
    let depth = flat / (SIZES.len() as f32).sqrt();
    for (grain, variance) in grain.iter_mut().zip(variance(&grey, (width, height))) {
        *grain *= depth / (1.0 + variance / (flat * flat).max(f32::MIN_POSITIVE));
    }
    for plane in content.data.chunks_exact_mut(width * height) {
        plane.iter_mut().zip(&grain).for_each(|(value, grain)| *value = (*value + grain).clamp(0.0, 1.0));
    }
}

fn grey(content: &Pixels) -> Vec<f32> {
    let (red, rest) = content.data.split_at(content.size.area());
    let (green, blue) = rest.split_at(content.size.area());
    red.iter().zip(green).zip(blue).map(|((r, g), b)| (r + g + b) / 3.0).collect()
}

fn deviation(values: &[f32]) -> f32 {
    let count = values.len().max(1) as f64;
    let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
    let squares = values.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>();
    (squares / count).sqrt() as f32
}

/// The variance of the values in the window around each pixel.
fn variance(values: &[f32], (width, height): (usize, usize)) -> Vec<f32> {
    let blurred = |values: Vec<f32>| -> Vec<f32> {
        Plane::new(width, height, values).map_or_else(Vec::new, |plane| blur(&plane, AROUND).data().to_vec())
    };
    let mean = blurred(values.to_vec());
    let square = blurred(values.iter().map(|value| value * value).collect());
    mean.iter().zip(&square).map(|(mean, square)| (square - mean * mean).max(0.0)).collect()
}

#[cfg(test)]
mod tests {
    use impasto_engine::Size;

    use super::*;

    fn sprinkle(content: &mut Pixels, seed: u64) {
        let size = (content.size.width, content.size.height);
        add_grain(content, drawn(size, seed));
    }

    /// Grey on the left, stripes on the right.
    fn half_flat() -> Pixels {
        let value = |x: usize| if x >= 64 && x % 8 < 4 { 0.9 } else { 0.4 };
        Pixels { size: Size::new(128, 96), data: (0..3 * 128 * 96).map(|i| value(i % 128)).collect() }
    }

    #[test]
    fn what_is_flat_gets_grain_and_what_is_not_keeps_its_look() {
        let before = half_flat();
        let mut after = half_flat();
        sprinkle(&mut after, 1);
        let change = |columns: std::ops::Range<usize>| {
            let at = (0..96).flat_map(|y| columns.clone().map(move |x| y * 128 + x));
            let squares: Vec<f32> = at.map(|at| (after.data[at] - before.data[at]).powi(2)).collect();
            (squares.iter().sum::<f32>() / squares.len() as f32).sqrt()
        };
        let (flat, striped) = (change(0..40), change(88..128));
        let depth = DEPTH * deviation(&grey(&before));
        assert!((0.5 * depth..1.5 * depth).contains(&flat), "{flat} {depth}");
        assert!(striped < flat / 8.0, "{striped} {flat}");
        assert_eq!(after.data[..96 * 128][7] - 0.4, after.data[96 * 128..][7] - 0.4, "grey");
    }

    #[test]
    fn a_tile_has_no_seam_and_the_depth_of_what_is_drawn() {
        let (side, grain) = (128, tile(128, 1));
        let step = |from: usize, to: usize| -> f32 {
            (0..side).map(|y| (grain[y * side + from] - grain[y * side + to]).powi(2)).sum::<f32>()
        };
        let inside = (1..side - 1).map(|x| step(x, x + 1)).sum::<f32>() / (side - 2) as f32;
        assert!(step(side - 1, 0) < 3.0 * inside, "{} {inside}", step(side - 1, 0));
        let ratio = deviation(&grain) / deviation(&drawn((side, side), 1));
        assert!((0.8..1.25).contains(&ratio), "{ratio}");
    }

    #[test]
    fn a_seed_is_a_grain() {
        let with = |seed: u64| {
            let mut content = half_flat();
            sprinkle(&mut content, seed);
            content
        };
        assert_eq!(with(1), with(1));
        assert_ne!(with(1), with(2));
    }
}
