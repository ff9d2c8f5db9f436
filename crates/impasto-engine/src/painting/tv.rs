//! Total variation of the pixels: the published smoothness terms, each in the scale of its own program.
//!
//! dx and dy are differences to the right and the lower neighbour, in all three channels.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::nine_point;
use crate::{Pixels, Size};

/// A form of total variation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TvForm {
    /// `scale^2 / 2 * sum(dx^2 + dy^2)` over the (H-1) x (W-1) pixels that have both neighbours: neural-style, on a
    /// picture of 0..256. The program has this gradient but leaves the value out of its loss; here the value
    /// counts.
    HalfSquares {
        /// The value of white in the program.
        scale: f64,
    },
    /// `scale * (sum |dx| + sum |dy|)`, all differences: neural-style-pt on 0..255, the TensorFlow tutorial on
    /// 0..1.
    Absolute {
        /// The value of white in the program.
        scale: f64,
    },
    /// `2 (h/3 + v/3 + p/12 + q/12)`: mean squared differences to the right (h), downwards (v) and along both
    /// diagonals (p, q) of the picture, replicated by one pixel on each side (a nine-point stencil):
    /// style-transfer-pytorch, on 0..1.
    NinePoint,
}

/// Rows that are processed at a time, together with one more row on each side. No buffer has the picture's size.
const ROWS: usize = 64;

/// A plane of the picture.
#[derive(Clone, Copy)]
pub(super) struct Plane<'a> {
    pub(super) data: &'a [f32],
    pub(super) width: usize,
    pub(super) height: usize,
    /// Width and height of the whole picture, for means. The plane may be a part of it.
    pub(super) whole: (usize, usize),
}

impl TvForm {
    /// Whether its scale, if it has one, is a number above 0.
    pub fn has_scale(self) -> bool {
        match self {
            TvForm::HalfSquares { scale } | TvForm::Absolute { scale } => scale.is_finite() && scale > 0.0,
            TvForm::NinePoint => true,
        }
    }

    /// The degree of the value, which is a homogeneous function of the differences.
    pub fn degree(self) -> u32 {
        match self {
            TvForm::HalfSquares { .. } | TvForm::NinePoint => 2,
            TvForm::Absolute { .. } => 1,
        }
    }

    /// `weight` times the value.
    pub fn value(self, image: &Pixels, weight: f64) -> f64 {
        let bands = image.size.height.div_ceil(ROWS);
        // The sum has a fixed order, so it is the same with any number of threads.
        let of_band = |index: usize| {
            self.value_of_band(plane(image, image.size, index / bands), ROWS * (index % bands))
        };
        let values: Vec<f64> = (0..3 * bands).into_par_iter().map(of_band).collect();
        weight * values.iter().sum::<f64>()
    }

    /// Adds `weight` times the derivative by RGB 0..1 to `gradient`.
    pub fn add_gradient(self, image: &Pixels, weight: f64, gradient: &mut Pixels) {
        self.add_gradient_of_part(image, image.size, weight, gradient);
    }

    /// Like [`add_gradient`](TvForm::add_gradient), for a part of a picture whose size is `whole`. The derivative is
    /// that of the whole picture, except along the part's own edges: a line of pixels there lacks its neighbours.
    pub fn add_gradient_of_part(self, image: &Pixels, whole: Size, weight: f64, gradient: &mut Pixels) {
        let bands = image.size.height.div_ceil(ROWS);
        let planes = gradient.data.chunks_exact_mut(image.size.area());
        let parts: Vec<&mut [f32]> =
            planes.flat_map(|plane| plane.chunks_mut(ROWS * image.size.width)).collect();
        parts.into_par_iter().enumerate().for_each(|(index, gradient)| {
            let (plane, first) = (plane(image, whole, index / bands), ROWS * (index % bands));
            self.add_gradient_of_band(plane, first, weight, gradient);
        });
    }

    /// The value of the pairs whose upper or only row is among those from `first` on.
    fn value_of_band(self, plane: Plane, first: usize) -> f64 {
        let end = (first + ROWS).min(plane.height);
        if self == TvForm::NinePoint {
            return nine_point::value(plane, (first, end));
        }
        let mut value = 0.0;
        (first..end).for_each(|y| self.pairs(plane, y, &mut |_, _, (worth, _)| value += worth));
        value
    }

    /// Adds the derivatives of the rows from `first` on to `gradient`, which holds these rows.
    fn add_gradient_of_band(self, plane: Plane, first: usize, weight: f64, gradient: &mut [f32]) {
        let end = (first + ROWS).min(plane.height);
        if self == TvForm::NinePoint {
            return nine_point::add_gradient(plane, (first, end), weight, gradient);
        }
        // The row above the band has pairs with its first row.
        let above = first.saturating_sub(1);
        let origin = above * plane.width;
        let mut derivatives = vec![0.0; (end + 1 - above) * plane.width];
        for y in above..end {
            self.pairs(plane, y, &mut |at, other, (_, slope)| {
                derivatives[other - origin] += slope;
                derivatives[at - origin] -= slope;
            });
        }
        let own = &derivatives[(first - above) * plane.width..];
        gradient.iter_mut().zip(own).for_each(|(to, from)| *to += (weight * from) as f32);
    }

    /// Visits the pairs of the forms that consist of pairs of their own.
    fn pairs(self, plane: Plane, y: usize, pair: &mut impl FnMut(usize, usize, (f64, f64))) {
        match self {
            TvForm::HalfSquares { scale } => half_squares(plane, y, scale, pair),
            TvForm::Absolute { scale } => absolute(plane, y, scale, pair),
            TvForm::NinePoint => {}
        }
    }
}

fn plane(image: &Pixels, whole: Size, channel: usize) -> Plane<'_> {
    let (width, height, area) = (image.size.width, image.size.height, image.size.area());
    let whole = (whole.width, whole.height);
    Plane { data: &image.data[channel * area..][..area], width, height, whole }
}

impl<'a> Plane<'a> {
    pub(super) fn row(self, y: usize) -> &'a [f32] {
        &self.data[y * self.width..][..self.width]
    }

    fn difference(self, at: usize, other: usize) -> f64 {
        self.data[other] as f64 - self.data[at] as f64
    }
}

// Each of the following functions visits the pairs of pixels of row `y` with each other and with the row below. It
// passes both positions, the value of the pair, and the derivative by the second pixel.

#[inline]
fn half_squares(plane: Plane, y: usize, scale: f64, pair: &mut impl FnMut(usize, usize, (f64, f64))) {
    if y + 1 == plane.height {
        return;
    }
    for x in 0..plane.width.saturating_sub(1) {
        let at = y * plane.width + x;
        for other in [at + 1, at + plane.width] {
            let difference = plane.difference(at, other);
            let slope = scale * scale * difference;
            pair(at, other, (0.5 * slope * difference, slope));
        }
    }
}

#[inline]
fn absolute(plane: Plane, y: usize, scale: f64, pair: &mut impl FnMut(usize, usize, (f64, f64))) {
    let mut judge = |at: usize, other: usize| {
        let difference = plane.difference(at, other);
        // The derivative of |0| is taken as 0; `signum` would give 1.
        let slope = if difference == 0.0 { 0.0 } else { scale * difference.signum() };
        pair(at, other, (scale * difference.abs(), slope));
    };
    for x in 0..plane.width {
        let at = y * plane.width + x;
        if x + 1 < plane.width {
            judge(at, at + 1);
        }
        if y + 1 < plane.height {
            judge(at, at + plane.width);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A power of two smaller than any difference in [`picture`], so that all sums are exact and |x| is linear.
    const STEP: f32 = 1.0 / 64.0;

    /// Tolerance for f32 gradients of values up to 1e5, relative to the largest.
    const ROUNDING: f64 = 1e-6;

    const FORMS: [TvForm; 4] = [
        TvForm::HalfSquares { scale: 256.0 },
        TvForm::Absolute { scale: 255.0 },
        TvForm::Absolute { scale: 1.0 },
        TvForm::NinePoint,
    ];

    /// Sizes with sides of 1, which lack a neighbour, and one with several bands.
    const SIZES: [(usize, usize); 9] =
        [(1, 1), (1, 2), (2, 1), (1, 6), (6, 1), (2, 2), (4, 3), (7, 5), (2, 2 * ROWS + 1)];

    /// Multiples of an eighth in no particular order, with some equal neighbours.
    fn picture(width: usize, height: usize) -> Pixels {
        let size = Size::new(width, height);
        let data = (0..3 * size.area()).map(|i| ((i * i * 7 + i * 3) % 11 % 9) as f32 / 8.0).collect();
        Pixels::new(size, data).unwrap()
    }

    #[test]
    fn derivatives_are_those_of_central_differences() {
        for form in FORMS {
            for (width, height) in SIZES {
                let mut image = picture(width, height);
                let mut gradient = Pixels { data: vec![0.0; image.data.len()], ..image.clone() };
                form.add_gradient(&image, 0.75, &mut gradient);
                let largest = gradient.data.iter().fold(0.0, |most, g| f32::max(most, g.abs())) as f64;
                for at in 0..image.data.len() {
                    let value = image.data[at];
                    let mut judged_at = |value| {
                        image.data[at] = value;
                        form.value(&image, 0.75)
                    };
                    let expected = (judged_at(value + STEP) - judged_at(value - STEP)) / (2.0 * STEP as f64);
                    judged_at(value);
                    let found = gradient.data[at] as f64;
                    assert!(
                        (found - expected).abs() <= ROUNDING * largest,
                        "{form:?} {width}x{height} at {at}: {found} {expected}"
                    );
                }
            }
        }
    }

    /// `F.pad(x, (1, 1, 1, 1), "replicate")` and means over slices of it, as in style-transfer-pytorch.
    fn nine_point_on_a_padded_picture(image: &Pixels) -> f64 {
        let (width, height) = (image.size.width, image.size.height);
        let padded = |channel: usize, y: usize, x: usize| {
            let (y, x) = (y.clamp(1, height) - 1, x.clamp(1, width) - 1);
            image.data[(channel * height + y) * width + x] as f64
        };
        let mean = |rows: std::ops::Range<usize>,
                    columns: std::ops::Range<usize>,
                    pair: &dyn Fn(usize, usize) -> [(usize, usize); 2]| {
            let (mut sum, mut count) = (0.0, 0.0);
            for channel in 0..3 {
                for y in rows.clone() {
                    for x in columns.clone() {
                        let [(y1, x1), (y2, x2)] = pair(y, x);
                        sum += (padded(channel, y1, x1) - padded(channel, y2, x2)).powi(2);
                        count += 1.0;
                    }
                }
            }
            sum / count
        };
        let right = mean(1..height + 1, 1..width + 1, &|y, x| [(y, x + 1), (y, x)]);
        let down = mean(1..height + 1, 1..width + 1, &|y, x| [(y + 1, x), (y, x)]);
        let falling = mean(0..height + 1, 0..width + 1, &|y, x| [(y + 1, x + 1), (y, x)]);
        let rising = mean(0..height + 1, 0..width + 1, &|y, x| [(y + 1, x), (y, x + 1)]);
        2.0 * (right / 3.0 + down / 3.0 + falling / 12.0 + rising / 12.0)
    }

    #[test]
    fn values_are_those_of_the_formulas() {
        for (width, height) in SIZES {
            let image = picture(width, height);
            let expected = nine_point_on_a_padded_picture(&image);
            let found = TvForm::NinePoint.value(&image, 1.0);
            assert!((found - expected).abs() <= ROUNDING * expected, "{width}x{height}: {found} {expected}");
        }
        // One plane of three is not flat: 0 1/2 / 1/4 1, of 2x2.
        let mut image = Pixels::new(Size::new(2, 2), vec![0.3; 12]).unwrap();
        image.data[4..8].copy_from_slice(&[0.0, 0.5, 0.25, 1.0]);
        let absolute = TvForm::Absolute { scale: 255.0 }.value(&image, 1.0);
        assert_eq!(absolute, 255.0 * (0.5 + 0.75 + 0.25 + 0.5));
        // Only the first pixel has both neighbours.
        let squares = TvForm::HalfSquares { scale: 256.0 }.value(&image, 2.0);
        assert_eq!(squares, 2.0 * 0.5 * 256.0 * 256.0 * (0.25 + 0.0625));
    }

    #[test]
    fn a_flat_picture_has_none_and_the_gradient_is_added_to() {
        for form in FORMS {
            let flat = Pixels::new(Size::new(5, 4), vec![0.7; 60]).unwrap();
            let mut gradient = Pixels { data: vec![0.25; 60], ..flat.clone() };
            assert_eq!(form.value(&flat, 1.0), 0.0);
            form.add_gradient(&flat, 1.0, &mut gradient);
            assert_eq!(gradient.data, [0.25; 60], "{form:?}");
            let image = picture(5, 4);
            let mut once = Pixels { data: vec![0.0; 60], ..flat };
            form.add_gradient(&image, 1.0, &mut once);
            let mut twice = once.clone();
            form.add_gradient(&image, 1.0, &mut twice);
            assert!(once.data.iter().zip(&twice.data).all(|(once, twice)| 2.0 * once == *twice), "{form:?}");
        }
    }
}
