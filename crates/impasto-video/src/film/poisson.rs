//! A screened Poisson equation, which takes the detail of one picture and the values of another.
//!
//! Bonneel et al. 2015 ("Blind Video Temporal Consistency") make a processed film steady by it. We add a small tie to
//! the processed frame itself, so that an even change of its colours is followed, though late.

use impasto_image::Picture;
use rayon::prelude::*;

/// Sweeps over the picture. The tie to the picture itself bounds how far a value reaches, and with that the error: it
/// is below 1e-4 of the difference.
const SWEEPS: usize = 30;

/// Relaxation of the sweeps. It is the best one for the weakest tie.
const RELAXATION: f32 = 1.46;

/// The tie of each pixel to its own value.
pub(super) const OWN: f32 = 0.3;

/// The picture whose detail is that of `detail`, and whose values are those of `values` where `held` says so: the
/// minimum over x of `|grad (x - detail)|^2 + OWN (x - detail)^2 + held (x - values)^2`, in each channel. Edges of the
/// picture are free.
pub(super) fn solve(detail: &Picture, values: &Picture, held: &[f32]) -> Picture {
    let (width, height) = detail.size();
    let mut picture = detail.clone();
    let planes = picture.rgb_mut().par_chunks_exact_mut(width * height);
    planes.zip(values.rgb().par_chunks_exact(width * height)).for_each(|(plane, values)| {
        let wanted: Vec<f32> = plane
            .iter()
            .zip(values)
            .zip(held)
            .map(|((detail, value), held)| held * (value - detail))
            .collect();
        let mut change: Vec<f32> =
            wanted.iter().zip(held).map(|(wanted, held)| wanted / (held + OWN)).collect();
        for _ in 0..SWEEPS {
            sweep(&mut change, &wanted, held, (width, height));
        }
        plane.iter_mut().zip(change).for_each(|(value, change)| *value += change);
    });
    picture
}

/// One sweep of successive over-relaxation, row by row.
fn sweep(change: &mut [f32], wanted: &[f32], held: &[f32], (width, height): (usize, usize)) {
    for y in 0..height {
        for x in 0..width {
            let at = y * width + x;
            let (mut sum, mut count) = (0.0, 0.0);
            let mut add = |inside: bool, neighbour: usize| {
                if inside {
                    sum += change[neighbour];
                    count += 1.0;
                }
            };
            add(x > 0, at.wrapping_sub(1));
            add(x + 1 < width, at + 1);
            add(y > 0, at.wrapping_sub(width));
            add(y + 1 < height, at + width);
            let solved = (wanted[at] + sum) / (held[at] + OWN + count);
            change[at] += RELAXATION * (solved - change[at]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::PI;

    /// A cosine is an eigenvector of the Laplacian with free edges, so its solution is known.
    #[test]
    fn a_wave_is_held_as_far_as_its_length_says() {
        let (width, height, held) = (48, 32, 2.0);
        let grey = Picture::filled(width, height, [0.5; 3]);
        for waves in [0, 1, 5, 20] {
            let angle = PI * waves as f32 / width as f32;
            let wave = |at: usize| (angle * ((at % width) as f32 + 0.5)).cos();
            let values = (0..3 * width * height).map(|at| 0.5 + 0.2 * wave(at)).collect();
            let values = Picture::new(width, height, values).unwrap();
            let solved = solve(&grey, &values, &vec![held; width * height]);
            let gain = held / (held + OWN + 4.0 * (angle / 2.0).sin().powi(2));
            for (at, value) in solved.rgb().iter().enumerate() {
                let expected = 0.5 + 0.2 * gain * wave(at);
                assert!((value - expected).abs() < 2e-5, "{waves} waves, {at}: {value}, not {expected}");
            }
        }
    }

    #[test]
    fn what_is_not_held_keeps_its_detail_and_joins_without_a_step() {
        let (width, height) = (64, 32);
        let stripe = |at: usize| if at.is_multiple_of(2) { 0.02 } else { -0.02 };
        let detail = (0..3 * width * height).map(|at| 0.5 + stripe(at)).collect();
        let detail = Picture::new(width, height, detail).unwrap();
        let held: Vec<f32> = (0..width * height).map(|at| if at % width < 32 { 16.0 } else { 0.0 }).collect();
        let solved = solve(&detail, &Picture::filled(width, height, [0.6; 3]), &held);
        let row = &solved.rgb()[10 * width..11 * width];
        assert!((row[4] - 0.6).abs() < 0.005 && (row[60] - 0.5 - stripe(60)).abs() < 1e-3, "{row:?}");
        let steps = row.windows(2).enumerate().skip(30).map(|(x, pair)| {
            let own = detail.rgb()[x + 1] - detail.rgb()[x];
            (pair[1] - pair[0] - own).abs()
        });
        let most = steps.fold(0.0, f32::max);
        assert!(most < 0.05, "{most}");
    }
}
