//! Changes of a derivative before a step follows it: the margin stays a mirror image, and channels move alike.

use crate::{Edges, Size};

/// Ties the derivatives by the pixels of a picture whose outermost `margin` pixels mirror the rest: each pixel and its
/// mirror images get the mean of their derivatives. A step along tied derivatives keeps the mirror image. For every
/// step that keeps it, the scalar product with the tied derivatives equals that with the original ones; L-BFGS relies
/// on this.
pub fn tie(planes: &mut [f32], size: Size, margin: usize) {
    tie_at(planes, size, margin, Edges::default());
}

/// Like [`tie`], for a part of a picture that has a margin only at these edges. A part with a margin at one end of an
/// axis must have more than `2 * margin` pixels along it, so that the pixels that the margin mirrors are in the same
/// part.
pub fn tie_at(planes: &mut [f32], size: Size, margin: usize, edges: Edges) {
    let Size { width, height } = size;
    if margin == 0 {
        return;
    }
    // Pairs of a position in the margin and the position it mirrors, at both ends. In small pictures the two ends
    // overlap.
    let pairs = |length: usize, (low, high): (bool, bool)| -> Vec<(usize, usize)> {
        let last = length - 1;
        let low = move |i: usize| low.then(|| (i, 2 * margin - i));
        let high = move |i: usize| high.then(|| (last - i, last - (2 * margin - i)));
        (0..margin).flat_map(move |i| low(i).into_iter().chain(high(i))).collect()
    };
    let counts = |length: usize, pairs: &[(usize, usize)]| {
        let mut counts = vec![1.0f32; length];
        pairs.iter().for_each(|(_, inside)| counts[*inside] += 1.0);
        counts
    };
    let (columns, rows) = (pairs(width, (edges.left, edges.right)), pairs(height, (edges.top, edges.bottom)));
    let (across, down) = (counts(width, &columns), counts(height, &rows));
    for plane in planes.chunks_exact_mut(width * height) {
        for row in plane.chunks_exact_mut(width) {
            columns.iter().for_each(|(outside, inside)| row[*inside] += row[*outside]);
            row.iter_mut().zip(&across).for_each(|(value, count)| *value /= count);
            columns.iter().for_each(|(outside, inside)| row[*outside] = row[*inside]);
        }
        for &(outside, inside) in &rows {
            (0..width).for_each(|x| plane[inside * width + x] += plane[outside * width + x]);
        }
        for (row, count) in plane.chunks_exact_mut(width).zip(&down).filter(|(_, count)| **count > 1.0) {
            row.iter_mut().for_each(|value| *value /= count);
        }
        for &(outside, inside) in &rows {
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
