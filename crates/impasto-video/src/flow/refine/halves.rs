//! A flow as the two colours of a chessboard.
//!
//! The four neighbours of a red square are black. Each colour lies packed, so that a sweep over one colour reads and
//! writes whole runs. In row y a square of colour c at place k is the pixel x = 2k + ((y + c) mod 2). A row has
//! unused places at each end, so that neighbours beyond the edges can be read and a row consists of whole blocks; their
//! weights are zero.

use crate::flow::Flow;
use crate::flow::rows::LANES;

/// The flow on the squares of each colour. A row holds its u, then its v, each [`Halves::stride`] places.
pub(super) struct Halves {
    pub(super) width: usize,
    height: usize,
    pub(super) colours: [Vec<f32>; 2],
}

/// Places in a row of a colour: whole blocks, and one place at each end.
pub(super) fn stride(width: usize) -> usize {
    width.div_ceil(2).next_multiple_of(LANES) + 2
}

/// The first column of a colour in a row.
pub(super) fn first(y: usize, colour: usize) -> usize {
    (y + colour) % 2
}

impl Halves {
    /// Splits a flow.
    pub(super) fn of(flow: &Flow) -> Self {
        let stride = stride(flow.width);
        let mut colours = [(); 2].map(|()| vec![0.0; 2 * stride * flow.height]);
        for (colour, half) in colours.iter_mut().enumerate() {
            for (y, row) in half.chunks_exact_mut(2 * stride).enumerate() {
                let (u, v) = row.split_at_mut(stride);
                for (half, plane) in [(u, &flow.u), (v, &flow.v)] {
                    split(&plane[y * flow.width..(y + 1) * flow.width], first(y, colour), half);
                }
            }
        }
        Self { width: flow.width, height: flow.height, colours }
    }

    /// Joins the colours to a flow of the same size.
    pub(super) fn join(&self, flow: &mut Flow) {
        let stride = stride(self.width);
        for (colour, half) in self.colours.iter().enumerate() {
            for (y, row) in half.chunks_exact(2 * stride).enumerate().take(self.height) {
                let (u, v) = row.split_at(stride);
                for (half, plane) in [(u, &mut flow.u), (v, &mut flow.v)] {
                    let line = &mut plane[y * self.width..(y + 1) * self.width];
                    let squares = line.iter_mut().skip(first(y, colour)).step_by(2);
                    squares.zip(&half[1..]).for_each(|(pixel, value)| *pixel = *value);
                }
            }
        }
    }
}

/// Takes every second value of a row, from `first` on, to a row of a colour.
#[inline(always)]
pub(super) fn split(line: &[f32], first: usize, half: &mut [f32]) {
    let line = line.get(first..).unwrap_or_default();
    let pairs = line.chunks_exact(2);
    if let [last] = pairs.remainder() {
        half[1 + line.len() / 2] = *last;
    }
    for (value, pair) in half[1..].iter_mut().zip(pairs) {
        *value = pair[0];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitting_and_joining_gives_the_flow_back() {
        for (width, height) in [(1, 1), (2, 1), (5, 4), (8, 3), (1, 7)] {
            let flow = Flow::from_fn(width, height, |x, y| (x as f32 + 0.5, y as f32 - 10.0 * x as f32));
            let mut back = Flow::zero(width, height);
            Halves::of(&flow).join(&mut back);
            assert_eq!(back, flow, "{width}x{height}");
        }
    }
}
