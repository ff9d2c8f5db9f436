//! The differences of two frames as linear functions of a change of the flow.

use crate::flow::rows::{each, rows, rows_of};
use crate::flow::{Flow, Gray};

/// For each pixel the derivatives that the data terms need, and the flow at which they were taken.
///
/// With I the mean of the frame and the warped other frame, and z their difference, `planes` holds
/// Ix, Iy, z, Ixx, Ixy, Iyy, zx, zy.
pub(super) struct Linear {
    /// The flow where the differences were made linear.
    pub(super) at: Flow,
    /// The eight planes, each `[height, width]`.
    pub(super) planes: [Vec<f32>; 8],
}

impl Linear {
    /// Warps `there` by a flow and takes the derivatives.
    pub(super) fn new(flow: &Flow, there: &Gray, here: &Gray) -> Self {
        let (width, height) = here.size();
        let plane = || vec![0.0; width * height];
        let (mut mean, mut z) = (plane(), plane());
        rows_of(
            [&mut mean, &mut z],
            width,
            #[inline(always)]
            |y, [mean, z]| {
                let here = here.row(y);
                for x in 0..width {
                    let (u, v) = flow.at(x, y);
                    match sample(there, x as f32 + u, y as f32 + v) {
                        Some(there) => {
                            mean[x] = 0.5 * (there + here[x]);
                            z[x] = there - here[x];
                        }
                        // Nothing is known of what left the picture.
                        None => mean[x] = here[x],
                    }
                }
            },
        );
        let (ix, iy) = gradient(&mean, width);
        let (zx, zy) = gradient(&z, width);
        let (ixx, ixy) = gradient(&ix, width);
        let iyy = vertical(&iy, width);
        let mut linear = Self { at: flow.clone(), planes: [ix, iy, z, ixx, ixy, iyy, zx, zy] };
        linear.forget_outside(flow, (width, height));
        linear
    }

    /// Clears the derivatives where the flow points out of the picture, so that only smoothness acts there.
    fn forget_outside(&mut self, flow: &Flow, (width, height): (usize, usize)) {
        rows_of(
            self.planes.each_mut().map(Vec::as_mut_slice),
            width,
            #[inline(always)]
            |y, mut planes| {
                for x in 0..width {
                    let (u, v) = flow.at(x, y);
                    if !inside(x as f32 + u, width) || !inside(y as f32 + v, height) {
                        planes.iter_mut().for_each(|plane| plane[x] = 0.0);
                    }
                }
            },
        );
    }
}

/// Whether a coordinate lies between the centres of the first and the last pixel.
#[inline(always)]
fn inside(x: f32, length: usize) -> bool {
    (0.0..=(length - 1) as f32).contains(&x)
}

/// The value between pixels by Catmull-Rom's cubic, which blurs less than a bilinear mean; `None` outside.
#[inline(always)]
fn sample(gray: &Gray, x: f32, y: f32) -> Option<f32> {
    let (width, height) = gray.size();
    if !inside(x, width) || !inside(y, height) {
        return None;
    }
    let (left, top) = (x as usize, y as usize);
    let (wx, wy) = (cubic(x - left as f32), cubic(y - top as f32));
    let mut sums = [0.0; 4];
    for (row, wy) in wy.iter().enumerate() {
        let line = gray.row((top + row).saturating_sub(1).min(height - 1));
        let run = match line.get(left.wrapping_sub(1)..).and_then(<[f32]>::first_chunk::<4>) {
            Some(run) => *run,
            None => [0, 1, 2, 3].map(|at| line[(left + at).saturating_sub(1).min(width - 1)]),
        };
        for at in 0..4 {
            sums[at] += wy * run[at];
        }
    }
    Some((wx[0] * sums[0] + wx[1] * sums[1]) + (wx[2] * sums[2] + wx[3] * sums[3]))
}

/// Catmull-Rom's weights of four pixels, for a place at a fraction between the middle two.
#[inline(always)]
fn cubic(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [
        0.5 * (-t3 + 2.0 * t2 - t),
        0.5 * (3.0 * t3 - 5.0 * t2 + 2.0),
        0.5 * (-3.0 * t3 + 4.0 * t2 + t),
        0.5 * (t3 - t2),
    ]
}

/// The derivatives to the right and downwards, `[1, -8, 0, 8, -1] / 12`. The edges repeat.
fn gradient(plane: &[f32], width: usize) -> (Vec<f32>, Vec<f32>) {
    let mut across = vec![0.0; plane.len()];
    rows(
        &mut across,
        width,
        #[inline(always)]
        |y, row| {
            let line = &plane[y * width..(y + 1) * width];
            for x in (0..width.min(2)).chain(width.saturating_sub(2).max(2)..width) {
                let at = |offset: isize| line[x.saturating_add_signed(offset).min(width - 1)];
                row[x] = slope(at(-2), at(-1), at(1), at(2));
            }
            if width > 4 {
                let inner = &mut row[2..width - 2];
                each([inner], [line, &line[1..], &line[3..], &line[4..]], |[a, b, c, d], _| {
                    [slope(a, b, c, d)]
                });
            }
        },
    );
    (across, vertical(plane, width))
}

/// The derivative downwards.
fn vertical(plane: &[f32], width: usize) -> Vec<f32> {
    let height = plane.len() / width;
    let mut down = vec![0.0; plane.len()];
    rows(
        &mut down,
        width,
        #[inline(always)]
        |y, row| {
            let line = |offset: isize| {
                let y = y.saturating_add_signed(offset).min(height - 1);
                &plane[y * width..][..width]
            };
            each([row], [line(-2), line(-1), line(1), line(2)], |[a, b, c, d], _| [slope(a, b, c, d)]);
        },
    );
    down
}

#[inline(always)]
fn slope(a: f32, b: f32, c: f32, d: f32) -> f32 {
    ((a - d) + 8.0 * (c - b)) * (1.0 / 12.0)
}
