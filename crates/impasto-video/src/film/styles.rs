//! Paint that follows styles whose weights change.
//!
//! A painting that is tied to the one before would keep its old strokes, whatever the style loss asks for. So the tie
//! is loosened while the paint is behind the styles. How far it is behind is the distance between the weights now and
//! a mean of the weights over the last frames, which the state carries along. After the last change the mean catches
//! up, and the paint rests again.

/// The part of the way to the weights of a frame that the mean goes in that frame: the paint gets about so many frames,
/// the inverse of this, for what it has to follow.
const CATCHES_UP: f64 = 1.0 / 12.0;

/// The distance at which paint is as loose as it gets. A change within ten seconds, at 25 frames a second, keeps a
/// distance of 0.05.
const FAR: f64 = 0.05;

/// A distance at which the styles count as followed.
const NEAR: f64 = 0.002;

/// How loose paint gets: 1 would not hold it at all.
const LOOSEST: f32 = 0.7;

/// The distance of two sets of weights, from 0 to 1: how much of the look has to change.
fn distance(before: &[f64], now: &[f64]) -> f64 {
    let total = |weights: &[f64]| weights.iter().sum::<f64>();
    let (a, b) = (total(before), total(now));
    if before.len() != now.len() || a <= 0.0 || b <= 0.0 {
        return 0.0;
    }
    0.5 * before.iter().zip(now).map(|(before, now)| (before / a - now / b).abs()).sum::<f64>()
}

/// How loose paint is that has followed the weights `before`, 0 for paint that is held as ever.
pub(super) fn loosened(before: &[f64], now: &[f64]) -> f32 {
    LOOSEST * (distance(before, now) / FAR).min(1.0) as f32
}

/// The weights that the paint has followed after a frame.
pub(super) fn followed(before: &[f64], now: &[f64]) -> Vec<f64> {
    if before.len() != now.len() {
        return now.to_vec();
    }
    let after: Vec<f64> =
        before.iter().zip(now).map(|(before, now)| before + CATCHES_UP * (now - before)).collect();
    if distance(&after, now) < NEAR { now.to_vec() } else { after }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paint_is_loose_while_styles_change_and_rests_after() {
        let weights = |time: usize| {
            let part = (time as f64 / 100.0).min(1.0);
            [1.0 - part, part]
        };
        let mut behind = weights(0).to_vec();
        let mut loose = Vec::new();
        for time in 1..200 {
            loose.push(loosened(&behind, &weights(time)));
            behind = followed(&behind, &weights(time));
        }
        assert!(loose[40..99].iter().all(|loose| *loose == LOOSEST), "{loose:?}");
        assert!(loose[..5].windows(2).all(|pair| pair[0] < pair[1]), "{loose:?}");
        assert!(loose[160..].iter().all(|loose| *loose == 0.0), "{loose:?}");
        assert_eq!(behind, [0.0, 1.0]);
    }

    #[test]
    fn weights_that_never_change_loosen_nothing() {
        assert_eq!(loosened(&[], &[]), 0.0);
        assert!(followed(&[], &[]).is_empty());
        // Only shares count.
        assert_eq!(loosened(&[1.0, 3.0], &[2.0, 6.0]), 0.0);
    }
}
