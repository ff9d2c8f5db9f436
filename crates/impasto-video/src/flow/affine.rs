//! One affine motion for a whole picture: camera pans, zooms and turns.

use super::Flow;

/// Pixels between the places that are used, in each direction.
const SPARSE: usize = 4;

/// Rounds of reweighting.
const ROUNDS: usize = 10;

/// A vector that differs by this many pixels from the fit has half its weight.
const SCALE: f64 = 0.7;

/// A motion (u, v) = (a + b x + c y, d + e x + f y), with x and y from the middle, in halves of the longer side.
pub(super) struct Affine {
    middle: [f64; 2],
    half: f64,
    right: [f64; 3],
    down: [f64; 3],
}

impl Affine {
    /// Fits the motion to the vectors of a flow, by their trust.
    pub(super) fn fit(flow: &Flow, trust: &[f32]) -> Self {
        let middle = [(flow.width - 1) as f64 / 2.0, (flow.height - 1) as f64 / 2.0];
        let half = flow.width.max(flow.height) as f64 / 2.0;
        let mut fit = Self { middle, half, right: [0.0; 3], down: [0.0; 3] };
        let places: Vec<(usize, usize)> = (0..flow.height)
            .step_by(SPARSE)
            .flat_map(|y| (0..flow.width).step_by(SPARSE).map(move |x| (x, y)))
            .collect();
        for round in 0..ROUNDS {
            let mut normal = [[0.0; 5]; 3];
            for &(x, y) in &places {
                let (u, v) = flow.at(x, y);
                let (u, v) = (f64::from(u), f64::from(v));
                let basis = fit.basis(x as f64, y as f64);
                let misfit = (dot(fit.right, basis) - u).powi(2) + (dot(fit.down, basis) - v).powi(2);
                // The first fit has nothing to compare with.
                let robust = if round == 0 { 1.0 } else { 1.0 / (1.0 + misfit / (SCALE * SCALE)) };
                let weight = f64::from(trust[y * flow.width + x]) * robust;
                for (row, left) in normal.iter_mut().zip(basis) {
                    for (value, right) in row.iter_mut().zip([basis[0], basis[1], basis[2], u, v]) {
                        *value += weight * left * right;
                    }
                }
            }
            let Some([right, down]) = solve(normal) else { break };
            (fit.right, fit.down) = (right, down);
        }
        fit
    }

    /// The motion at a pixel.
    pub(super) fn at(&self, x: f32, y: f32) -> (f32, f32) {
        let basis = self.basis(f64::from(x), f64::from(y));
        (dot(self.right, basis) as f32, dot(self.down, basis) as f32)
    }

    fn basis(&self, x: f64, y: f64) -> [f64; 3] {
        [1.0, (x - self.middle[0]) / self.half, (y - self.middle[1]) / self.half]
    }
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Solves three normal equations with two right sides, by Cholesky's elimination. A little is added to the diagonal, so
/// that places on one line are no failure; `None` if there are no places.
fn solve(mut normal: [[f64; 5]; 3]) -> Option<[[f64; 3]; 2]> {
    let total = normal[0][0];
    if total < 1e-3 {
        return None;
    }
    for (at, row) in normal.iter_mut().enumerate().skip(1) {
        row[at] += 1e-3 * total;
    }
    for pivot in 0..3 {
        for row in pivot + 1..3 {
            let factor = normal[row][pivot] / normal[pivot][pivot];
            let above = normal[pivot];
            normal[row].iter_mut().zip(above).for_each(|(value, above)| *value -= factor * above);
        }
    }
    Some([3, 4].map(|side| {
        let mut x = [0.0; 3];
        for row in (0..3).rev() {
            let known: f64 = (row + 1..3).map(|column| normal[row][column] * x[column]).sum();
            x[row] = (normal[row][side] - known) / normal[row][row];
        }
        x
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_of_wrong_vectors_does_not_bend_a_zoom() {
        let zoom = |x: f32, y: f32| (0.02 * (x - 40.0), 0.02 * (y - 30.0) + 1.0);
        let flow = Flow::from_fn(120, 80, |x, y| {
            if (x / 10 + y / 10) % 3 == 0 { (9.0, -5.0) } else { zoom(x as f32, y as f32) }
        });
        let affine = Affine::fit(&flow, &vec![1.0; 120 * 80]);
        for (x, y) in [(0.0, 0.0), (119.0, 79.0), (60.0, 10.0)] {
            let ((u, v), (eu, ev)) = (affine.at(x, y), zoom(x, y));
            // The robust weights of far vectors are small, and not zero.
            assert!((u - eu).abs() < 0.25 && (v - ev).abs() < 0.25, "{x} {y}: {u} {v}, not {eu} {ev}");
        }
        assert_eq!(Affine::fit(&flow, &vec![0.0; 120 * 80]).at(3.0, 4.0), (0.0, 0.0));
    }
}
