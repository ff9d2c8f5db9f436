//! Distances between distributions: the exact Wasserstein-1 distance on a line, and the places in a picture where
//! samples are taken.
//!
//! In several dimensions, the mean over directions is the sliced distance (Rabin, Peyré, Delon and Bernot,
//! "Wasserstein barycenter and its application to texture mixing", 2011). They use squares; we use the first power,
//! so that the distance is a length in the unit of the samples.

/// Sorted samples on a line, each with its weight. The weights sum to 1.
#[derive(Clone, Debug)]
pub(super) struct Sorted(Vec<(f32, f32)>);

impl Sorted {
    /// Sorts groups of samples. Each group has a share, which is divided equally among its samples. Empty groups
    /// are left out.
    pub(super) fn new(groups: impl IntoIterator<Item = (f64, Vec<f32>)>) -> Sorted {
        let mut samples = Vec::new();
        for (share, values) in groups {
            let part = (share / values.len() as f64) as f32;
            samples.extend(values.into_iter().map(|value| (value, part)));
        }
        samples.sort_unstable_by(|(a, _), (b, _)| a.total_cmp(b));
        Sorted(samples)
    }

    /// The integral of the difference of the two distribution functions.
    pub(super) fn distance(&self, other: &Sorted) -> f64 {
        let whole = |sorted: &Sorted| sorted.0.iter().map(|(_, part)| f64::from(*part)).sum::<f64>();
        let (scale, other_scale) = (1.0 / whole(self), 1.0 / whole(other));
        let (mut a, mut b) = (self.0.iter().peekable(), other.0.iter().peekable());
        let (mut below, mut distance, mut last) = ([0.0; 2], 0.0, None);
        loop {
            let first_is_next = match (a.peek(), b.peek()) {
                (Some((a, _)), Some((b, _))) => a <= b,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (None, None) => return distance,
            };
            let next = if first_is_next { a.next() } else { b.next() };
            let Some((value, part)) = next.map(|(value, part)| (f64::from(*value), f64::from(*part))) else {
                return distance;
            };
            let [own, others]: [f64; 2] = below;
            distance += (own * scale - others * other_scale).abs() * (value - last.unwrap_or(value));
            below[usize::from(!first_is_next)] += part;
            last = Some(value);
        }
    }
}

/// The places in a grid where samples are taken: all places if there are at most `most`; otherwise `most` places,
/// spread evenly by the sequence of Martin Roberts ("The unreasonable effectiveness of quasirandom sequences",
/// 2018). The places depend on the size alone, so equal pictures have distance 0.
pub(super) fn places((width, height): (usize, usize), most: usize) -> Vec<(usize, usize)> {
    if width * height <= most {
        return (0..width * height).map(|i| (i % width, i / width)).collect();
    }
    /// The root of x^3 = x + 1, to the powers -1 and -2.
    const STEPS: [f64; 2] = [0.754_877_666_246_692_7, 0.569_840_290_998_053_2];
    let along = |i: usize, step: f64, side: usize| {
        let part = (0.5 + i as f64 * step).fract();
        ((part * side as f64) as usize).min(side - 1)
    };
    (0..most).map(|i| (along(i, STEPS[0], width), along(i, STEPS[1], height))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The weights are f32.
    const ROUNDING: f64 = 1e-6;

    fn sorted(groups: &[(f64, &[f32])]) -> Sorted {
        Sorted::new(groups.iter().map(|(share, values)| (*share, values.to_vec())))
    }

    #[test]
    fn distances_by_hand() {
        let near = |a: f64, b: f64| assert!((a - b).abs() < ROUNDING, "{a} {b}");
        let one = sorted(&[(1.0, &[3.0, 1.0, 2.0])]);
        near(one.distance(&one), 0.0);
        // Each sample moves by 2.
        near(one.distance(&sorted(&[(1.0, &[5.0, 4.0, 3.0])])), 2.0);
        // Another number of samples: a third moves by 1, a third stays, a third moves by 1.
        near(one.distance(&sorted(&[(1.0, &[2.0])])), 2.0 / 3.0);
        // Shares: a quarter at 0, three quarters at 4.
        near(sorted(&[(0.25, &[0.0, 0.0]), (0.75, &[4.0])]).distance(&sorted(&[(1.0, &[0.0])])), 3.0);
        let other = sorted(&[(1.0, &[-1.0, 7.0])]);
        near(one.distance(&other), other.distance(&one));
    }

    #[test]
    fn places_are_inside_and_spread() {
        assert_eq!(places((3, 2), 6), [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]);
        let many = places((100, 70), 4096);
        assert_eq!(many.len(), 4096);
        assert!(many.iter().all(|(x, y)| *x < 100 && *y < 70));
        // Each of 10 x 7 squares has about as many places.
        for square in 0..70 {
            let inside = |place: &&(usize, usize)| place.0 / 10 == square % 10 && place.1 / 10 == square / 10;
            let count = many.iter().filter(inside).count();
            assert!((40..80).contains(&count), "{square}: {count}");
        }
    }
}
