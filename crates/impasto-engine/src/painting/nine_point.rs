//! The nine-point total variation of a band of rows. It works on pairs of rows, in loops that the compiler
//! vectorises. One pair of pixels at a time, it took longer than all but one of the convolutions of `lite`.
//!
//! The formula replicates the picture by one pixel on each side. The windows that hang over an edge see the pairs
//! along this edge, each twice. So nothing needs to be replicated: the pairs along the edges are added twice more.
//!
//! The derivative of a pixel is the sum over its pairs, in f64 and in a fixed order that does not depend on the
//! band.

use super::tv::Plane;

/// Number of partial sums of squares that run in parallel.
const LANES: usize = 8;

/// The factors of pairs in a row or a column, and of diagonal pairs. Means are over all three channels.
fn factors(Plane { whole: (width, height), .. }: Plane) -> (f64, f64) {
    let inner = 2.0 / (3.0 * 3.0 * (width * height) as f64);
    (inner, 2.0 / (12.0 * 3.0 * ((width + 1) * (height + 1)) as f64))
}

/// A row, the row below it, which is empty below the last, and the number of edges that the row is at.
fn rows(plane: Plane<'_>, y: usize) -> (&[f32], &[f32], usize) {
    let below = if y + 1 < plane.height { plane.row(y + 1) } else { &[] };
    (plane.row(y), below, usize::from(y == 0) + usize::from(below.is_empty()))
}

/// The value of the pairs whose upper row is in `first..end`.
pub(super) fn value(plane: Plane, (first, end): (usize, usize)) -> f64 {
    let (inner, diagonal) = factors(plane);
    let mut value = 0.0;
    for y in first..end {
        let (row, below, edges) = rows(plane, y);
        let across = inner + 2.0 * diagonal * edges as f64;
        value += across * squares(&row[1..], row) + inner * squares(row, below);
        value += diagonal * diagonals(row, below);
    }
    value
}

/// Adds `weight` times the derivatives of the value of all pairs to `gradient`, which holds the rows `first..end`.
pub(super) fn add_gradient(plane: Plane, (first, end): (usize, usize), weight: f64, gradient: &mut [f32]) {
    let (width, (inner, diagonal)) = (plane.width, factors(plane));
    // The derivatives of a row and of the row below it. The latter has pairs with both its neighbours.
    let (mut own, mut next) = (vec![0.0; width], vec![0.0; width]);
    // The row above the band has pairs with its first row.
    for y in first.saturating_sub(1)..end {
        let (row, below, edges) = rows(plane, y);
        add_along(&mut own, row, inner, 1);
        if !below.is_empty() {
            add_slopes(&mut own, row, below, inner);
            add_slopes(&mut next, below, row, inner);
        }
        for _ in 0..edges {
            add_along(&mut own, row, diagonal, 2);
        }
        if !below.is_empty() {
            add_diagonals(&mut own, row, below, diagonal);
            add_diagonals(&mut next, below, row, diagonal);
        }
        if y >= first {
            let to = &mut gradient[(y - first) * width..][..width];
            to.iter_mut().zip(&own).for_each(|(to, from)| *to += (weight * from) as f32);
        }
        std::mem::swap(&mut own, &mut next);
        next.fill(0.0);
    }
}

/// The sum of squared differences, over the shorter length.
fn squares(a: &[f32], b: &[f32]) -> f64 {
    let length = a.len().min(b.len());
    let (a, b) = (a[..length].chunks_exact(LANES), b[..length].chunks_exact(LANES));
    let rest = a.remainder().iter().zip(b.remainder());
    let rest: f64 = rest.map(|(a, b)| (f64::from(*b) - f64::from(*a)).powi(2)).sum();
    let mut sums = [0.0; LANES];
    for (a, b) in a.zip(b) {
        for lane in 0..LANES {
            let difference = f64::from(b[lane]) - f64::from(a[lane]);
            sums[lane] += difference * difference;
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// The squared differences along both diagonals between two rows, and twice those between the rows' ends.
fn diagonals(row: &[f32], below: &[f32]) -> f64 {
    let (Some(low), [.., last]) = (below.first(), row) else { return 0.0 };
    let end = below.len() - 1;
    let ends = squares(&row[..1], &[*low]) + squares(&[*last], &below[end..]);
    squares(&row[1..], below) + squares(&below[1..], row) + 2.0 * ends
}

/// Adds the derivatives by `at` of `factor` times squared differences, over the shortest length.
fn add_slopes(to: &mut [f64], at: &[f32], other: &[f32], factor: f64) {
    let slope = 2.0 * factor;
    for ((to, at), other) in to.iter_mut().zip(at).zip(other) {
        *to += slope * (f64::from(*at) - f64::from(*other));
    }
}

/// Adds the derivatives of the pairs within a row, by the row's pixels, `times` times.
fn add_along(to: &mut [f64], row: &[f32], factor: f64, times: usize) {
    for _ in 0..times {
        add_slopes(&mut to[1..], &row[1..], row, factor);
    }
    for _ in 0..times {
        add_slopes(to, row, &row[1..], factor);
    }
}

/// Adds the derivatives of the diagonal pairs with another row, by a row's pixels, and twice those of the rows'
/// ends.
fn add_diagonals(to: &mut [f64], row: &[f32], other: &[f32], factor: f64) {
    let end = row.len() - 1;
    for _ in 0..2 {
        add_slopes(&mut to[..1], row, other, factor);
    }
    add_slopes(&mut to[1..], &row[1..], other, factor);
    add_slopes(to, row, &other[1..], factor);
    for _ in 0..2 {
        add_slopes(&mut to[end..], &row[end..], &other[end..], factor);
    }
}
