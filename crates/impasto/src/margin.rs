//! A margin around what is optimised: the mirror image of the picture at every step, in which no style is counted, cut off at the end.
//!
//! Convolutions see zeros beyond an image's edge, and an optimiser paints what answers to that: lines and dots along the border. A
//! margin is there to be seen instead, as with reflection padding at every layer, for as far as it reaches. It follows the picture:
//! a derivative by a pixel of the margin is one by the pixel that it mirrors ([`Canvas::tie`]). A margin that is free to be anything
//! takes on colours that the picture then lacks. Styles are looked at with a margin of the same kind, for their edges are no part of
//! a style either. Published programs have none; their presets keep it at 0.

use std::io;

use impasto_image::{Filter, resize_plane};

use crate::optimiser::{Home, Numbers, Values};

/// A plane's size with and without its margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Canvas {
    /// Size of the result.
    pub(crate) inner: (usize, usize),
    /// Pixels added on each side.
    pub(crate) margin: usize,
    /// What lies beyond an edge is the other end.
    pub(crate) ring: bool,
}

impl Canvas {
    /// A margin of at most `margin` pixels: mirroring needs a picture that is larger.
    pub(crate) fn new(inner: (usize, usize), margin: usize) -> Canvas {
        Canvas { inner, margin: margin.min(inner.0.min(inner.1) - 1), ring: false }
    }

    /// A ring in both directions.
    pub(crate) fn ring(self, ring: bool) -> Canvas {
        Canvas { ring, ..self }
    }

    /// Size with the margin.
    pub(crate) fn outer(self) -> (usize, usize) {
        (self.inner.0 + 2 * self.margin, self.inner.1 + 2 * self.margin)
    }

    /// Mirrors planes of the inner size out to the outer size; the edge pixel is not repeated.
    pub(crate) fn mirrored(self, planes: &[f32]) -> Vec<f32> {
        let ((width, height), (outer_width, outer_height)) = (self.inner, self.outer());
        let mut data = Vec::with_capacity(planes.len() / (width * height) * outer_width * outer_height);
        for plane in planes.chunks_exact(width * height) {
            let inside = |at: usize, length: usize| mirrored(at as isize - self.margin as isize, length);
            for y in 0..outer_height {
                let row = &plane[inside(y, height) * width..][..width];
                data.extend((0..outer_width).map(|x| row[inside(x, width)]));
            }
        }
        data
    }

    /// Planes of the inner size with zeros around them.
    pub(crate) fn bare(self, planes: &[f32]) -> Vec<f32> {
        let ((width, height), (outer_width, outer_height)) = (self.inner, self.outer());
        let mut data = Vec::with_capacity(planes.len() / (width * height) * outer_width * outer_height);
        for plane in planes.chunks_exact(width * height) {
            data.resize(data.len() + self.margin * outer_width, 0.0);
            for row in plane.chunks_exact(width) {
                data.resize(data.len() + self.margin, 0.0);
                data.extend_from_slice(row);
                data.resize(data.len() + self.margin, 0.0);
            }
            data.resize(data.len() + self.margin * outer_width, 0.0);
        }
        data
    }

    /// Derivatives by the pixels of a canvas, where the margin is the mirror image of the picture: each pixel and its images get the
    /// mean of theirs. Whoever moves pixels along them keeps the mirror image, and for such moves scalar products over the canvas
    /// are those of the derivatives as they were, which L-BFGS lives by.
    pub(crate) fn tie(self, planes: &mut [f32]) {
        let (margin, (width, height)) = (self.margin, self.outer());
        if margin == 0 {
            return;
        }
        // Position `i` of the margin and the one that it mirrors, at both ends; ends of small pictures reach into each other.
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

    /// Cuts planes of the outer size back to the inner size.
    pub(crate) fn cropped(self, planes: &[f32]) -> Vec<f32> {
        let ((width, height), (outer_width, outer_height)) = (self.inner, self.outer());
        let mut data = Vec::with_capacity(planes.len() / (outer_width * outer_height) * width * height);
        for plane in planes.chunks_exact(outer_width * outer_height) {
            for y in self.margin..self.margin + height {
                data.extend_from_slice(&plane[y * outer_width + self.margin..][..width]);
            }
        }
        data
    }

    /// Brings planes of this canvas to another, one at a time: what is inside is resized, the margin mirrored anew.
    pub(crate) fn carried(
        self,
        to: Canvas,
        planes: &dyn Numbers,
        filter: Filter,
        home: &Home,
    ) -> io::Result<Values> {
        let (area, (width, height)) = (self.outer().0 * self.outer().1, to.outer());
        let mut writer = home.begin(planes.len() / area * width * height)?;
        let mut buffer = Vec::new();
        for start in (0..planes.len()).step_by(area) {
            let inner = self.cropped(planes.view(start..start + area, &mut buffer)?);
            let resized = match self.ring {
                true => resize_ring(&inner, self.inner, to.inner, filter),
                false => resize_plane(&inner, self.inner, to.inner, filter),
            };
            writer.push(&to.mirrored(&resized))?;
        }
        Ok(writer.finish())
    }

    /// The inner part of planes, clamped to 0..1.
    pub(crate) fn seen(self, planes: &dyn Numbers) -> io::Result<Vec<f32>> {
        let (area, inner) = (self.outer().0 * self.outer().1, self.inner.0 * self.inner.1);
        let mut all = Vec::with_capacity(planes.len() / area * inner);
        let mut buffer = Vec::new();
        for start in (0..planes.len()).step_by(area) {
            let plane = self.cropped(planes.view(start..start + area, &mut buffer)?);
            all.extend(plane.into_iter().map(|value| value.clamp(0.0, 1.0)));
        }
        Ok(all)
    }
}

/// Resizes a plane whose ends meet: with a part of the other end on each side, which is cut off again. Where sides are no multiples
/// of a common step, parts are not the same before and after to the last fraction of a pixel, which a run mends.
fn resize_ring(plane: &[f32], from: (usize, usize), to: (usize, usize), filter: Filter) -> Vec<f32> {
    /// Parts of a side, each more pixels than a kernel reaches.
    const PART: usize = 8;
    let (more_from, more_to) = ((from.0 / PART, from.1 / PART), (to.0 / PART, to.1 / PART));
    let wide = (from.0 + 2 * more_from.0, from.1 + 2 * more_from.1);
    let wrapped = (0..wide.0 * wide.1).map(|at| {
        let x = (at % wide.0 + from.0 - more_from.0) % from.0;
        let y = (at / wide.0 + from.1 - more_from.1) % from.1;
        plane[y * from.0 + x]
    });
    let goal = (to.0 + 2 * more_to.0, to.1 + 2 * more_to.1);
    let resized = resize_plane(&wrapped.collect::<Vec<f32>>(), wide, goal, filter);
    let rows = resized.chunks_exact(goal.0).skip(more_to.1).take(to.1);
    rows.flat_map(|row| &row[more_to.0..more_to.0 + to.0]).copied().collect()
}

/// Place in 0..length of one that may lie beyond, mirrored at the first and the last.
pub(crate) fn mirrored(at: isize, length: usize) -> usize {
    let last = length as isize - 1;
    if last == 0 {
        return 0;
    }
    let folded = at.rem_euclid(2 * last);
    folded.min(2 * last - folded) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_out_and_crops_back() {
        let canvas = Canvas::new((4, 3), 2);
        let plane: Vec<f32> = (0..12).map(|i| i as f32).collect();
        let outer = canvas.mirrored(&plane);
        assert_eq!(canvas.outer(), (8, 7));
        // Row 2 (two above the first row), mirrored at column 0 and column 3.
        assert_eq!(outer[..8], [10.0, 9.0, 8.0, 9.0, 10.0, 11.0, 10.0, 9.0]);
        assert_eq!(canvas.cropped(&outer), plane);
        assert_eq!(Canvas::new((1, 9), 16).outer(), (1, 9));
    }

    /// For whatever changes with its mirror image, tied derivatives say of a loss what the derivatives did.
    #[test]
    fn tied_derivatives_are_those_along_the_mirror_image() {
        for (inner, margin) in [((5, 4), 2), ((9, 7), 3), ((4, 4), 16), ((3, 6), 0)] {
            let canvas = Canvas::new(inner, margin);
            let (area, outer) = (inner.0 * inner.1, canvas.outer().0 * canvas.outer().1);
            let drawn = |seed: usize, count: usize| -> Vec<f32> {
                (0..count).map(|i| ((i * 7919 + seed) % 101) as f32 / 100.0 - 0.5).collect()
            };
            let (change, mut derivative) = (drawn(3, 2 * area), drawn(11, 2 * outer));
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
            let expected = dot(&canvas.mirrored(&change), &derivative);
            canvas.tie(&mut derivative);
            let found = dot(&canvas.mirrored(&change), &derivative);
            let inside = canvas.cropped(&derivative);
            assert!((found - expected).abs() < 1e-5, "{inner:?} {margin}: {found} {expected}");
            assert_eq!(canvas.mirrored(&inside), derivative, "no mirror image any more");
        }
    }

    #[test]
    fn nothing_is_around_bare_planes() {
        let canvas = Canvas::new((3, 2), 1);
        assert_eq!(canvas.bare(&[1.0; 12]).iter().sum::<f32>(), 12.0);
        assert_eq!(canvas.cropped(&canvas.bare(&[1.0; 12])), [1.0; 12]);
    }

    #[test]
    fn a_ring_is_resized_the_same_wherever_it_is_cut() {
        let (from, to) = ((32, 48), (64, 96));
        let plane: Vec<f32> = (0..32 * 48).map(|i| ((i * 7919) % 101) as f32 / 100.0).collect();
        let rolled = |plane: &[f32], (width, height): (usize, usize), by: (usize, usize)| -> Vec<f32> {
            let at = |i: usize| (i / width + by.1) % height * width + (i % width + by.0) % width;
            (0..width * height).map(|i| plane[at(i)]).collect()
        };
        let one = rolled(&resize_ring(&plane, from, to, Filter::Bicubic), to, (26, 34));
        let other = resize_ring(&rolled(&plane, from, (13, 17)), from, to, Filter::Bicubic);
        let largest = one.iter().zip(&other).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(largest < 1e-6, "{largest}");
        let cut = resize_plane(&rolled(&plane, from, (13, 17)), from, to, Filter::Bicubic);
        assert!(one.iter().zip(&cut).any(|(a, b)| (a - b).abs() > 0.01), "the test sees nothing");
    }
}
