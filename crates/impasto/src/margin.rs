//! The margin: pixels around the picture that are optimised with it and cut off at the end. At every step the
//! margin is the mirror image of the picture. It does not count in the style statistics.
//!
//! Convolutions see zeros beyond the edge of an image, and an optimiser answers to these zeros with lines and dots
//! along the border. With a margin, convolutions see the mirror image instead, as with reflection padding at every
//! layer, as far as the margin reaches. The margin follows the picture: the derivative by a pixel of the margin is
//! a derivative by the pixel that it mirrors ([`tie`](impasto_engine::painting::tie)). A free margin would take on
//! colours that the picture then lacks. Styles get a margin of the same kind, because their edges do not belong to the
//! style either. Published programs have no margin; their presets keep it at 0.
//!
//! A bleed may lie between picture and margin, as in printing. Its pixels are painted and counted like those of the
//! picture, and are cut off with the margin. Without it, features that cross the line where counting ends count by
//! half, and an optimiser paints a line of one or two pixels there. A bleed is too narrow to hide colours in.

use std::io;

use impasto_engine::painting::{Home, Numbers, Values};
use impasto_image::{Filter, resize_plane};

/// The size of a plane with and without its margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Canvas {
    /// Size of the result in pixels.
    pub(crate) inner: (usize, usize),
    /// Mirrored pixels on each side.
    pub(crate) margin: usize,
    /// Painted pixels on each side, between the result and the margin.
    pub(crate) bleed: usize,
    /// Whether opposite edges meet, so that the picture repeats.
    pub(crate) ring: bool,
}

impl Canvas {
    /// A canvas with at most `margin` pixels of margin: mirroring needs a picture larger than the margin.
    pub(crate) fn new(inner: (usize, usize), margin: usize) -> Canvas {
        Canvas { inner, margin: margin.min(inner.0.min(inner.1) - 1), bleed: 0, ring: false }
    }

    /// Adds a bleed, which is at most as wide as the margin.
    pub(crate) fn bleed(self, bleed: usize) -> Canvas {
        Canvas { bleed: bleed.min(self.margin), ..self }
    }

    /// Sets whether opposite edges meet, in both directions.
    pub(crate) fn ring(self, ring: bool) -> Canvas {
        Canvas { ring, ..self }
    }

    /// The same canvas with the bleed counted as part of the result.
    pub(crate) fn painted(self) -> Canvas {
        let (width, height) = self.inner;
        Canvas { inner: (width + 2 * self.bleed, height + 2 * self.bleed), bleed: 0, ..self }
    }

    /// Pixels that are cut off on each side.
    fn beyond(self) -> usize {
        self.margin + self.bleed
    }

    /// Size with margin and bleed.
    pub(crate) fn outer(self) -> (usize, usize) {
        (self.inner.0 + 2 * self.beyond(), self.inner.1 + 2 * self.beyond())
    }

    /// Mirrors planes of the inner size out to the outer size. The edge pixel is not repeated.
    pub(crate) fn mirrored(self, planes: &[f32]) -> Vec<f32> {
        let ((width, height), (outer_width, outer_height)) = (self.inner, self.outer());
        let mut data = Vec::with_capacity(planes.len() / (width * height) * outer_width * outer_height);
        for plane in planes.chunks_exact(width * height) {
            // The margin mirrors the painted part. The bleed begins as a mirror image of the picture.
            let inside = |at: usize, length: usize| {
                let painted = mirrored(at as isize - self.margin as isize, length + 2 * self.bleed);
                mirrored(painted as isize - self.bleed as isize, length)
            };
            let beyond = self.beyond();
            for y in 0..outer_height {
                let row = &plane[inside(y, height) * width..][..width];
                data.extend((0..beyond).map(|x| row[inside(x, width)]));
                data.extend_from_slice(row);
                data.extend((width + beyond..outer_width).map(|x| row[inside(x, width)]));
            }
        }
        data
    }

    /// Extends planes of the inner size by mirroring into the bleed and by zeros in the margin.
    pub(crate) fn bare(self, planes: &[f32]) -> Vec<f32> {
        let (margin, (width, height)) = (self.margin, self.outer());
        let mut data = self.mirrored(planes);
        for plane in data.chunks_exact_mut(width * height) {
            for (y, row) in plane.chunks_exact_mut(width).enumerate() {
                match (margin..height - margin).contains(&y) {
                    true => {
                        row[..margin].fill(0.0);
                        row[width - margin..].fill(0.0);
                    }
                    false => row.fill(0.0),
                }
            }
        }
        data
    }

    /// Crops planes of the outer size to the inner size.
    pub(crate) fn cropped(self, planes: &[f32]) -> Vec<f32> {
        let ((width, height), (outer_width, outer_height)) = (self.inner, self.outer());
        let mut data = Vec::with_capacity(planes.len() / (outer_width * outer_height) * width * height);
        for plane in planes.chunks_exact(outer_width * outer_height) {
            for y in self.beyond()..self.beyond() + height {
                data.extend_from_slice(&plane[y * outer_width + self.beyond()..][..width]);
            }
        }
        data
    }

    /// Resizes planes of this canvas to another, one at a time. The painted part is resized, and the margin is
    /// mirrored again.
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
            let plane = planes.view(start..start + area, &mut buffer)?;
            if let Some(painted) = self.with_bleed(to, plane, filter) {
                writer.push(&to.painted().mirrored(&painted))?;
                continue;
            }
            let inner = self.cropped(plane);
            let resized = match self.ring {
                true => resize_ring(&inner, self.inner, to.inner, filter),
                false => resize_plane(&inner, self.inner, to.inner, filter),
            };
            writer.push(&to.mirrored(&resized))?;
        }
        Ok(writer.finish())
    }

    /// Resizes the painted part of a plane to the painted part of another canvas. On each side it takes as many
    /// surrounding pixels as come closest to whole pixels before and after. If the bleed began again as a mirror
    /// image at every scale, a line would remain at its axis. Returns `None` if one of the canvases has no bleed.
    fn with_bleed(self, to: Canvas, plane: &[f32], filter: Filter) -> Option<Vec<f32>> {
        let side = |from: usize, goal: usize| {
            let factor = goal as f64 / from as f64;
            let off = |&(before, after): &(usize, usize)| (before as f64 - after as f64 / factor).abs();
            let sides = (self.bleed..=self.beyond())
                .map(|before| (before, (before as f64 * factor).round() as usize));
            sides.filter(|side| side.1 >= to.bleed).min_by(|one, other| off(one).total_cmp(&off(other)))
        };
        if self.bleed == 0 || to.bleed == 0 {
            return None;
        }
        let (across, down) = (side(self.inner.0, to.inner.0)?, side(self.inner.1, to.inner.1)?);
        let from = (self.inner.0 + 2 * across.0, self.inner.1 + 2 * down.0);
        let goal = (to.inner.0 + 2 * across.1, to.inner.1 + 2 * down.1);
        let resized = resize_plane(
            &cut(plane, self.outer().0, (self.beyond() - across.0, self.beyond() - down.0), from),
            from,
            goal,
            filter,
        );
        Some(cut(&resized, goal.0, (across.1 - to.bleed, down.1 - to.bleed), to.painted().inner))
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

/// A rectangle of a plane that is `width` wide: `size` pixels from (x, y) on.
fn cut(plane: &[f32], width: usize, (x, y): (usize, usize), size: (usize, usize)) -> Vec<f32> {
    (y..y + size.1).flat_map(|y| &plane[y * width + x..][..size.0]).copied().collect()
}

/// Resizes a plane whose opposite edges meet. Each side is first extended by a part of the opposite side, which is
/// cut off afterwards. If the sides are not multiples of a common step, the parts before and after differ by a
/// fraction of a pixel; the iterations that follow correct this.
fn resize_ring(plane: &[f32], from: (usize, usize), to: (usize, usize), filter: Filter) -> Vec<f32> {
    /// The extension is this fraction of a side (1/8), which is more pixels than the filter reaches.
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

/// Maps a position that may lie outside to 0..length, mirrored at the first and the last position.
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
    use impasto_engine::Size;
    use impasto_engine::painting::tie;

    use super::*;

    fn tied(canvas: Canvas, planes: &mut [f32]) {
        let (width, height) = canvas.outer();
        tie(planes, Size::new(width, height), canvas.margin);
    }

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

    /// For any change that keeps the mirror image, the tied derivatives predict the same change of the loss as the
    /// original ones.
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
            tied(canvas, &mut derivative);
            let found = dot(&canvas.mirrored(&change), &derivative);
            let inside = canvas.cropped(&derivative);
            assert!((found - expected).abs() < 1e-5, "{inner:?} {margin}: {found} {expected}");
            assert_eq!(canvas.mirrored(&inside), derivative, "no mirror image any more");
        }
    }

    #[test]
    fn a_bleed_is_painted_and_cut_off() {
        let canvas = Canvas::new((5, 4), 3).bleed(1);
        let painted = canvas.painted();
        assert_eq!((painted.inner, painted.outer()), ((7, 6), canvas.outer()));
        let plane: Vec<f32> = (1..=20).map(|i| i as f32).collect();
        let outer = canvas.mirrored(&plane);
        assert_eq!(canvas.cropped(&outer), plane);
        let bare = canvas.bare(&plane);
        assert_eq!(painted.cropped(&bare), painted.cropped(&outer));
        assert_eq!(bare.iter().filter(|value| **value != 0.0).count(), 7 * 6);
        // The margin mirrors the painted part; the bleed is free.
        let mut free: Vec<f32> = (0..13 * 12).map(|i| ((i * 7919) % 101) as f32).collect();
        tied(canvas, &mut free);
        assert_eq!(painted.mirrored(&painted.cropped(&free)), free);
        assert_ne!(canvas.mirrored(&canvas.cropped(&free)), free);
        assert_eq!(painted.mirrored(&painted.cropped(&outer)), outer);
        assert_eq!(Canvas::new((5, 4), 0).bleed(2).outer(), (5, 4));
    }

    #[test]
    fn a_bleed_is_carried_as_it_was_painted() {
        let (from, to) = (Canvas::new((60, 45), 16).bleed(2), Canvas::new((85, 64), 16).bleed(2));
        // Waves that continue beyond the picture's edge, in units of the picture's size.
        let drawn = |canvas: Canvas| -> Vec<f32> {
            let ((width, height), (inner, bleed)) = (canvas.painted().inner, (canvas.inner, canvas.bleed));
            let part = |at: usize, of: usize| ((at as f64 + 0.5 - bleed as f64) / of as f64) as f32;
            let value =
                |i: usize| (5.0 * part(i % width, inner.0)).sin() + (4.0 * part(i / width, inner.1)).cos();
            canvas.painted().mirrored(&(0..width * height).map(value).collect::<Vec<f32>>())
        };
        let planes: Values = drawn(from).into();
        let carried = from.carried(to, &planes, Filter::Bicubic, &Home::Memory).unwrap().into_vec().unwrap();
        let worst = |canvas: Canvas, goal: &[f32]| {
            let pairs = canvas.cropped(&carried).into_iter().zip(canvas.cropped(goal));
            pairs.map(|(found, expected)| (found - expected).abs()).fold(0.0, f32::max)
        };
        let goal = drawn(to);
        assert!(worst(to.painted(), &goal) < 0.02, "{}", worst(to.painted(), &goal));
        // Parts are rounded to whole pixels, which costs some hundredths of one. A mirrored bleed would be further
        // off.
        let mirrored = to.mirrored(&to.cropped(&goal));
        assert!(worst(to.painted(), &mirrored) > 0.1, "the test sees nothing");
        assert_eq!(to.painted().mirrored(&to.painted().cropped(&carried)), carried);
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
