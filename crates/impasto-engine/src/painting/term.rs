//! Terms on the pixels themselves. They need no features: the value is known at the observation, and the derivative is
//! added after the way back through the network.

use super::TvForm;
use crate::{Pixels, Size};

/// A term on the pixels, with its weight.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PixelTerm {
    /// Total variation, for smoothness.
    TotalVariation {
        /// The published form.
        form: TvForm,
        /// Factor of the value.
        weight: f64,
    },
}

impl PixelTerm {
    /// The weighted value for a picture.
    pub fn value(&self, image: &Pixels) -> f64 {
        match self {
            PixelTerm::TotalVariation { form, weight } => form.value(image, *weight),
        }
    }

    /// Adds the weighted derivative by RGB 0..1 to `gradient`.
    pub fn add_gradient(&self, image: &Pixels, gradient: &mut Pixels) {
        match self {
            PixelTerm::TotalVariation { form, weight } => form.add_gradient(image, *weight, gradient),
        }
    }
    /// Adds the weighted derivative by the pixels of a part of a picture to `gradient`. `whole` is the picture's size.
    /// Along the part's own edges a line of pixels lacks its neighbours; their derivatives are not those of the
    /// picture.
    pub fn add_gradient_of_part(&self, part: &Pixels, whole: Size, gradient: &mut Pixels) {
        match self {
            PixelTerm::TotalVariation { form, weight } => {
                form.add_gradient_of_part(part, whole, *weight, gradient);
            }
        }
    }

    /// The share of some pixels in the weighted value, from the term's derivatives by them. The shares of all pixels
    /// add up to the value: by Euler's theorem a homogeneous function of degree n is `1/n sum(x df/dx)`. The
    /// derivatives sum to 0, so all x may be moved by a constant, which here halves them.
    pub fn share(&self, pixels: &[f32], derivatives: &[f32]) -> f64 {
        let PixelTerm::TotalVariation { form, .. } = self;
        let products = pixels.iter().zip(derivatives).map(|(x, by)| (f64::from(*x) - 0.5) * f64::from(*by));
        products.sum::<f64>() / f64::from(form.degree())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::painting::TvForm;

    /// Derivatives are f32, and differences are smaller than the pixels; relative to the value.
    const ROUNDING: f64 = 1e-6;

    #[test]
    fn the_parts_of_a_picture_have_its_derivatives_and_share_its_value() {
        let size = Size::new(12, 9);
        let data = (0..3 * size.area()).map(|i| ((i * i * 7 + i * 3) % 23) as f32 / 22.0).collect();
        let picture = Pixels { size, data };
        let forms =
            [TvForm::NinePoint, TvForm::HalfSquares { scale: 256.0 }, TvForm::Absolute { scale: 255.0 }];
        for form in forms {
            let term = PixelTerm::TotalVariation { form, weight: 1.25 };
            let mut whole = Pixels { size, data: vec![0.0; picture.data.len()] };
            term.add_gradient(&picture, &mut whole);
            let (mut shares, value) = (0.0, term.value(&picture));
            // Columns 0..5 and 5..12, each seen with one column of the other.
            for (core, seen) in [(0..5, 0..6), (5..12, 4..12)] {
                let cut = |planes: &[f32], columns: std::ops::Range<usize>| -> Vec<f32> {
                    planes.chunks_exact(12).flat_map(|row| row[columns.clone()].to_vec()).collect()
                };
                let size = Size::new(seen.len(), 9);
                let part = Pixels { size, data: cut(&picture.data, seen.clone()) };
                let mut gradient = Pixels { size, data: vec![0.0; part.data.len()] };
                term.add_gradient_of_part(&part, picture.size, &mut gradient);
                let inside = core.start - seen.start..core.end - seen.start;
                let rows = gradient.data.chunks_exact(seen.len());
                let found: Vec<f32> = rows.flat_map(|row| row[inside.clone()].to_vec()).collect();
                assert_eq!(found, cut(&whole.data, core.clone()), "{form:?}");
                shares += term.share(&cut(&picture.data, core), &found);
            }
            assert!((shares - value).abs() <= ROUNDING * value, "{form:?}: {shares} {value}");
        }
    }
}
