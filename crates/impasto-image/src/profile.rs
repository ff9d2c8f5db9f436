//! Colour profiles (ICC), by moxcms: which ones are accepted, the space that their colours need, and the transforms.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use moxcms::{ColorProfile, DataColorSpace, ToneReprCurve, TransformF64Executor, TransformOptions};

use crate::colour::{Model, Space};

/// Smaller differences in matrices and curves of profiles are rounding.
const SAME: f64 = 2e-3;

/// A linear colour of a profile that is this far below 0 in sRGB is outside it.
const OUTSIDE: f64 = -0.02;

/// Parses a profile; `None` if it cannot be read, or not in reasonable time.
pub(crate) fn parsed(icc: &[u8]) -> Option<ColorProfile> {
    let profile = spared(|| ColorProfile::new_from_slice(icc).ok())?;
    let curves = [&profile.red_trc, &profile.green_trc, &profile.blue_trc, &profile.gray_trc];
    let plausible = spared(|| Some(curves.into_iter().flatten().all(is_plausible)));
    plausible.unwrap_or(false).then_some(profile)
}

/// Whether a curve starts to rise within its first eighth, and reaches its end only in its last. To invert a curve to
/// 16 bits, the library walks over its flat ends once for each value.
fn is_plausible(curve: &ToneReprCurve) -> bool {
    const STEP: f32 = 0.5 / 65535.0;
    let Ok(curve) = curve.make_linear_evaluator() else { return false };
    curve.evaluate_value(0.125) > STEP && curve.evaluate_value(0.875) < 1.0 - STEP
}

/// Runs the library on a stranger's profile. If it panics, the profile is ignored, but the picture is not lost.
fn spared<T>(work: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok().flatten()
}

/// The transform from one profile's numbers to another's.
pub(crate) fn transform(
    from: &ColorProfile,
    model: Model,
    to: &ColorProfile,
    target: Model,
) -> Option<Arc<TransformF64Executor>> {
    // Tables end at 0 and 1. With some gamma curves, the library's "extended range" turns 0 into billions.
    let options = TransformOptions { prefer_fixed_point: false, ..TransformOptions::default() };
    spared(|| from.create_transform_f64(model.layout(), to, target.layout(), options).ok())
}

/// P3 for a profile with colours outside sRGB, else sRGB.
pub(crate) fn space_for(profile: &ColorProfile) -> Space {
    if !profile.is_matrix_shaper() {
        return Space::Srgb;
    }
    space_of_light(profile)
}

/// P3 for primaries with colours outside sRGB, else sRGB.
pub(crate) fn space_of_light(profile: &ColorProfile) -> Space {
    let to_srgb = profile.transform_matrix(&Space::Srgb.profile());
    match to_srgb.v.iter().flatten().any(|value| *value < OUTSIDE) {
        true => Space::DisplayP3,
        false => Space::Srgb,
    }
}

/// Whether equal numbers mean equal colours in two profiles.
pub(crate) fn is(profile: &ColorProfile, space: &ColorProfile) -> bool {
    let curves = |profile: &ColorProfile| match profile.color_space {
        DataColorSpace::Gray => [&profile.gray_trc; 3].map(|curve| curve.clone()),
        _ => [&profile.red_trc, &profile.green_trc, &profile.blue_trc].map(|curve| curve.clone()),
    };
    let same_curves = curves(profile).iter().zip(&curves(space)).all(|(a, b)| {
        let (Some(a), Some(b)) = (a, b) else { return false };
        let (Ok(a), Ok(b)) = (a.make_linear_evaluator(), b.make_linear_evaluator()) else { return false };
        (0..=16).map(|i| i as f32 / 16.0).all(|x| {
            let (a, b) = (a.evaluate_value(x), b.evaluate_value(x));
            ((a - b) as f64).abs() < SAME
        })
    });
    let same_colours = || {
        let identity = profile.transform_matrix(space);
        identity.v.iter().enumerate().all(|(row, values)| {
            let one = |column| if row == column { 1.0 } else { 0.0 };
            values.iter().enumerate().all(|(column, value)| (value - one(column)).abs() < SAME)
        })
    };
    let has_tables = profile.lut_a_to_b_perceptual.is_some() || profile.lut_a_to_b_colorimetric.is_some();
    same_curves && !has_tables && (profile.color_space == DataColorSpace::Gray || same_colours())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_that_are_flat_are_made_to_take_time() {
        let with = |curve: ToneReprCurve| {
            let mut profile = ColorProfile::new_adobe_rgb();
            profile.red_trc = Some(curve);
            parsed(&profile.encode().unwrap()).is_some()
        };
        for gamma in [0.45, 1.0, 1.8, 2.6, 4.0] {
            assert!(with(ToneReprCurve::Parametric(vec![gamma])), "{gamma}");
        }
        let table =
            |flat: u16| ToneReprCurve::Lut((0..1024).map(|i| (i * 64u16).saturating_sub(flat)).collect());
        assert!(with(table(4000)));
        assert!(!with(table(16000)));
        assert!(!with(ToneReprCurve::Parametric(vec![60.0])));
        assert!(!with(ToneReprCurve::Lut(vec![u16::MAX; 1024])));
    }
}
