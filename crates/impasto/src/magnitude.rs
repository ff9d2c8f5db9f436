//! Weights that single precision cannot carry. Gradients and Adam's moments are f32. Where the square of a gradient is
//! beyond f32, Adam divides by infinity and the picture stays as it was. Such a run is an error instead of a result.

use std::io;

use impasto_engine::painting::{Numbers, PixelTerm, bands};
use impasto_engine::{Cotangents, MomentsCotangent};

use crate::Error;
use crate::optimiser::vector::all_finite;

/// The name of the gradient in [`Error::NotFinite`].
pub(crate) const GRADIENT: &str = "the gradient";

/// The largest derivative by a sum, or weight of a term on pixels. The pull-back multiplies it by features and by the
/// weights of the encoder, and must stay far below the largest f32.
const LARGEST: f64 = 1e30;

/// Checks what the gradient is made from, before it is.
pub(crate) fn check_cotangents(cotangents: &Cotangents, terms: &[PixelTerm]) -> Result<(), Error> {
    let is_small = |value: &f64| value.abs() <= LARGEST;
    let of_moments = |moments: &MomentsCotangent| moments.first.iter().chain(&moments.second).all(is_small);
    let of_term = |term: &PixelTerm| match term {
        PixelTerm::TotalVariation { weight, .. } => is_small(weight),
        _ => true,
    };
    let bearable = cotangents.residuals.iter().all(is_small)
        && cotangents.moments.iter().flatten().all(of_moments)
        && terms.iter().all(of_term);
    if bearable { Ok(()) } else { Err(Error::NotFinite { layer: GRADIENT.into() }) }
}

/// Checks the second moments of Adam: the means of the gradient's squares.
pub(crate) fn check_squares(second: &impl Numbers) -> Result<(), Error> {
    let mut buffer = Vec::new();
    let finite = bands(second.len()).try_fold(true, |finite, band| {
        Ok::<_, io::Error>(finite && all_finite(second.view(band, &mut buffer)?))
    });
    match finite.map_err(Error::stream)? {
        true => Ok(()),
        false => Err(Error::NotFinite { layer: GRADIENT.into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_f32_cannot_carry_is_refused() {
        let of = |value: f64| Cotangents {
            moments: vec![vec![MomentsCotangent { first: vec![0.0, value], second: vec![1.0] }]],
            residuals: vec![-value],
        };
        assert!(check_cotangents(&of(1e29), &[]).is_ok());
        for value in [1e31, -1e31, f64::INFINITY, f64::NAN] {
            assert!(check_cotangents(&of(value), &[]).is_err(), "{value}");
        }
        assert!(check_squares(&[0.0_f32, 1e38]).is_ok());
        assert!(check_squares(&[0.0_f32, f32::INFINITY]).is_err());
        assert!(check_squares(&[f32::NAN]).is_err());
    }
}
