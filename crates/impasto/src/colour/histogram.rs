//! Matches the histogram of each channel by quantiles (Gonzalez and Woods, "Digital image processing", section
//! 3.3.2), as scikit-image does. A value is mapped to the value of the other picture that has the same share of
//! values at or below it. Values are counted in 16-bit steps, which represent files of 8 and 16 bits exactly.

use impasto_image::{Picture, Plane};

/// The last step; steps are counted from 0.
const STEPS: usize = 65_535;

fn step_of(value: f32) -> usize {
    (value.clamp(0.0, 1.0) * STEPS as f32).round() as usize
}

/// For each step, the share of the visible values at or below it; `None` if nothing is visible.
fn shares(plane: &[f32], alpha: Option<&Plane>) -> Option<Vec<f64>> {
    let mut sums = vec![0.0; STEPS + 1];
    for (at, value) in plane.iter().enumerate() {
        sums[step_of(*value)] += alpha.map_or(1.0, |alpha| f64::from(alpha.data()[at]));
    }
    let mut sum = 0.0;
    for place in &mut sums {
        sum += *place;
        *place = sum;
    }
    sums.iter_mut().for_each(|place| *place /= sum);
    (sum > 0.0).then_some(sums)
}

/// The steps that have values, with their shares.
fn quantiles(shares: &[f64]) -> Vec<(f64, f64)> {
    let below = |step: usize| step.checked_sub(1).map_or(0.0, |before| shares[before]);
    let taken = (0..shares.len()).filter(|step| shares[*step] > below(*step));
    taken.map(|step| (step as f64, shares[step])).collect()
}

/// The step at a share, interpolated linearly between the steps that have values.
fn at_share(quantiles: &[(f64, f64)], share: f64) -> f64 {
    let above = quantiles.partition_point(|(_, other)| *other < share);
    match (above.checked_sub(1).map(|below| quantiles[below]), quantiles.get(above)) {
        (Some((low, from)), Some((high, to))) => low + (share - from) / (to - from) * (high - low),
        (None, Some((step, _))) => *step,
        (Some((step, _)), None) => step,
        (None, None) => 0.0,
    }
}

pub(super) fn matched(
    (picture, alpha): (&mut Picture, Option<&Plane>),
    (like, like_alpha): (&Picture, Option<&Plane>),
) {
    let (area, like_area) = (picture.width() * picture.height(), like.width() * like.height());
    for (plane, like) in picture.rgb_mut().chunks_exact_mut(area).zip(like.rgb().chunks_exact(like_area)) {
        let (Some(from), Some(to)) = (shares(plane, alpha), shares(like, like_alpha)) else { continue };
        let to = quantiles(&to);
        let moved: Vec<f32> =
            from.iter().map(|share| (at_share(&to, *share) / STEPS as f64) as f32).collect();
        plane.iter_mut().for_each(|value| *value = moved[step_of(*value)]);
    }
}
