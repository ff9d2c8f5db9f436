//! Changes of a derivative before a step follows it: the margin stays a mirror image, and channels move alike.

use crate::Size;

/// Ties the derivatives by the pixels of a picture whose outermost `margin` pixels mirror the rest: each pixel and its
/// mirror images get the mean of their derivatives. A step along tied derivatives keeps the mirror image. For every
/// step that keeps it, the scalar product with the tied derivatives equals that with the original ones; L-BFGS relies
/// on this.
pub fn tie(planes: &mut [f32], size: Size, margin: usize) {
    let Size { width, height } = size;
    if margin == 0 {
        return;
    }
    // Pairs of a position in the margin and the position it mirrors, at both ends. In small pictures the two ends
    // overlap.
    let pairs = |length: usize| {
        let last = length - 1;
        (0..margin).flat_map(move |i| [(i, 2 * margin - i), (last - i, last - (2 * margin - i))])
    };
    let counts = |length: usize| {
        let mut counts = vec![1.0f32; length];
        pairs(length).for_each(|(_, inside)| counts[inside] += 1.0);
        counts
    };
    let (across, down) = (counts(width), counts(height));
    for plane in planes.chunks_exact_mut(width * height) {
        for row in plane.chunks_exact_mut(width) {
            pairs(width).for_each(|(outside, inside)| row[inside] += row[outside]);
            row.iter_mut().zip(&across).for_each(|(value, count)| *value /= count);
            pairs(width).for_each(|(outside, inside)| row[outside] = row[inside]);
        }
        for (outside, inside) in pairs(height) {
            (0..width).for_each(|x| plane[inside * width + x] += plane[outside * width + x]);
        }
        for (row, count) in plane.chunks_exact_mut(width).zip(&down).filter(|(_, count)| **count > 1.0) {
            row.iter_mut().for_each(|value| *value /= count);
        }
        for (outside, inside) in pairs(height) {
            plane.copy_within(inside * width..(inside + 1) * width, outside * width);
        }
    }
}

/// Sets all channels to their mean, so that a step changes lightness alone.
pub fn level(planes: &mut [f32]) {
    let (first, rest) = planes.split_at_mut(planes.len() / 3);
    let (second, third) = rest.split_at_mut(first.len());
    for ((r, g), b) in first.iter_mut().zip(second).zip(third) {
        let mean = (*r + *g + *b) / 3.0;
        [*r, *g, *b] = [mean; 3];
    }
}
