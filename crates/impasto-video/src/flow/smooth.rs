//! Small filters over planes. Beyond an edge, its pixels repeat.

use super::rows::{each, rows};

/// Convolves rows and columns with a symmetrical kernel, given from its middle outwards.
pub(crate) fn convolve(plane: &[f32], width: usize, kernel: &[f32]) -> Vec<f32> {
    let height = plane.len() / width;
    let mut down = vec![0.0; plane.len()];
    rows(
        &mut down,
        width,
        #[inline(always)]
        |y, row| {
            let line = |y: usize| &plane[y * width..][..width];
            for (value, middle) in row.iter_mut().zip(line(y)) {
                *value = kernel[0] * middle;
            }
            for (offset, weight) in kernel.iter().enumerate().skip(1) {
                let (above, below) = (line(y.saturating_sub(offset)), line((y + offset).min(height - 1)));
                each([&mut *row], [above, below], |[above, below], [sum]| [sum + weight * (above + below)]);
            }
        },
    );
    let mut both = vec![0.0; plane.len()];
    rows(
        &mut both,
        width,
        #[inline(always)]
        |y, row| {
            let line = widened(&down[y * width..][..width], kernel.len() - 1);
            let middle = kernel.len() - 1;
            each([&mut *row], [&line[middle..]], |[value], _| [kernel[0] * value]);
            for (offset, weight) in kernel.iter().enumerate().skip(1) {
                let pair = [&line[middle - offset..], &line[middle + offset..]];
                each([&mut *row], pair, |[before, after], [sum]| [sum + weight * (before + after)]);
            }
        },
    );
    both
}

/// The kernel of a normal distribution, from its middle outwards; its sum over both sides is 1.
pub(crate) fn gaussian(deviation: f32, radius: usize) -> Vec<f32> {
    let weight = |offset: usize| (-0.5 * (offset as f32 / deviation).powi(2)).exp();
    let kernel: Vec<f32> = (0..=radius).map(weight).collect();
    let sum = kernel[0] + 2.0 * kernel[1..].iter().sum::<f32>();
    kernel.into_iter().map(|weight| weight / sum).collect()
}

/// The kernel of a mean over `2 radius + 1` pixels.
pub(crate) fn even(radius: usize) -> Vec<f32> {
    vec![1.0 / (2 * radius + 1) as f32; radius + 1]
}

/// The least value in a square around each pixel.
pub(crate) fn least(plane: &[f32], width: usize, radius: usize) -> Vec<f32> {
    let height = plane.len() / width;
    let mut down = plane.to_vec();
    rows(&mut down, width, |y, row| {
        for near in y.saturating_sub(radius)..(y + radius + 1).min(height) {
            for (value, other) in row.iter_mut().zip(&plane[near * width..][..width]) {
                *value = value.min(*other);
            }
        }
    });
    let mut both = vec![0.0; plane.len()];
    rows(&mut both, width, |y, row| {
        let line = widened(&down[y * width..][..width], radius);
        for (value, run) in row.iter_mut().zip(line.windows(2 * radius + 1)) {
            *value = run.iter().fold(f32::INFINITY, |least, value| least.min(*value));
        }
    });
    both
}

/// A row with its ends repeated.
fn widened(line: &[f32], by: usize) -> Vec<f32> {
    let mut wide = Vec::with_capacity(line.len() + 2 * by);
    wide.extend(std::iter::repeat_n(line[0], by));
    wide.extend_from_slice(line);
    wide.extend(std::iter::repeat_n(line[line.len() - 1], by));
    wide
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_keep_what_is_even_and_find_what_is_least() {
        let plane = vec![0.5; 7 * 5];
        for kernel in [gaussian(1.5, 4), even(3)] {
            assert!(convolve(&plane, 7, &kernel).iter().all(|value| (value - 0.5).abs() < 1e-6));
        }
        let mut spot = plane.clone();
        spot[2 * 7 + 3] = 0.0;
        let low = least(&spot, 7, 1);
        assert_eq!(low.iter().filter(|value| **value == 0.0).count(), 9);
        let spread = convolve(&spot, 7, &even(1));
        assert!((spread[2 * 7 + 3] - 0.5 * 8.0 / 9.0).abs() < 1e-6);
    }
}
