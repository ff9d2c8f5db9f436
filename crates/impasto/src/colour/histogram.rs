//! The histogram of each channel, matched by quantiles (Gonzalez and Woods, "Digital image processing", section 3.3.2), as
//! scikit-image does it: a value goes to where the other picture has the same share of values at or below.

use impasto_image::{Picture, Plane};

/// What is less opaque than this is not seen.
const SEEN: f32 = 0.5;

/// Values in order, each with the share of all that is at or below.
fn quantiles(plane: &[f32], alpha: Option<&Plane>) -> Vec<(f32, f64)> {
    let seen = |at: usize| alpha.is_none_or(|alpha| alpha.data()[at] >= SEEN);
    let mut values: Vec<f32> =
        plane.iter().enumerate().filter(|(at, _)| seen(*at)).map(|(_, value)| *value).collect();
    values.sort_unstable_by(f32::total_cmp);
    let whole = values.len() as f64;
    let mut quantiles: Vec<(f32, f64)> = Vec::new();
    for (at, value) in values.into_iter().enumerate() {
        let share = (at + 1) as f64 / whole;
        match quantiles.last_mut() {
            Some(last) if last.0 == value => last.1 = share,
            _ => quantiles.push((value, share)),
        }
    }
    quantiles
}

/// The value at a share, on straight lines between.
fn at_share(quantiles: &[(f32, f64)], share: f64) -> f32 {
    let above = quantiles.partition_point(|(_, other)| *other < share);
    match (above.checked_sub(1).map(|below| quantiles[below]), quantiles.get(above)) {
        (Some((low, from)), Some((high, to))) => {
            let part = (share - from) / (to - from);
            (f64::from(low) + part * f64::from(high - low)) as f32
        }
        (None, Some((value, _))) => *value,
        (Some((value, _)), None) => value,
        (None, None) => 0.0,
    }
}

/// The share of a value; that of the next smaller one where nothing that is seen has it.
fn share_of(quantiles: &[(f32, f64)], value: f32) -> f64 {
    let above = quantiles.partition_point(|(other, _)| *other <= value);
    above.checked_sub(1).map_or(0.0, |at| quantiles[at].1)
}

pub(super) fn matched(
    (picture, alpha): (&Picture, Option<&Plane>),
    (like, like_alpha): (&Picture, Option<&Plane>),
) -> Picture {
    let mut result = picture.clone();
    let (area, like_area) = (picture.width() * picture.height(), like.width() * like.height());
    for (plane, like) in result.rgb_mut().chunks_exact_mut(area).zip(like.rgb().chunks_exact(like_area)) {
        let (from, to) = (quantiles(plane, alpha), quantiles(like, like_alpha));
        if from.is_empty() || to.is_empty() {
            continue;
        }
        plane.iter_mut().for_each(|value| *value = at_share(&to, share_of(&from, *value)));
    }
    result
}
