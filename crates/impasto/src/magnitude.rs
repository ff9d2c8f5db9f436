//! Weights that single precision cannot carry. Gradients are f32. A run whose gradient is beyond f32 is an error
//! instead of a result. The engine checks the squares of the gradient, which Adam needs
//! ([`step`](impasto_engine::painting::step)).

use impasto_engine::painting::{GRADIENT, PixelTerm};
use impasto_engine::{Cotangents, MomentsCotangent};

use crate::Error;

/// The largest derivative by a sum, or weight of a term on pixels. The pull-back multiplies it by features and by the
/// weights of the encoder, and must stay far below the largest f32.
pub(crate) const LARGEST: f64 = 1e30;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_f32_cannot_carry_is_refused() {
        let of = |value: f64| Cotangents {
            moments: vec![vec![MomentsCotangent { first: vec![0.0, value], second: vec![1.0] }]],
            residuals: vec![-value],
            ..Cotangents::default()
        };
        assert!(check_cotangents(&of(1e29), &[]).is_ok());
        for value in [1e31, -1e31, f64::INFINITY, f64::NAN] {
            assert!(check_cotangents(&of(value), &[]).is_err(), "{value}");
        }
    }
}
