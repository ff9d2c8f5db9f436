//! When frames are shown, and which of them are painted.

use std::ops::Range;

use impasto_job::JobError;

/// A fraction: numerator and denominator.
pub(crate) type Ratio = (u64, u64);

/// The times of a film's frames.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Times {
    /// Seconds of one tick.
    base: Ratio,
    /// The tick of each frame, increasing.
    ticks: Vec<i64>,
    /// The ticks for which the last frame is shown.
    last: i64,
    /// Frames in a second, if all frames are shown equally long.
    pub(crate) rate: Option<Ratio>,
}

impl Times {
    /// Frames at a constant rate.
    pub(crate) fn constant(rate: Ratio, frames: usize) -> Times {
        let ticks = (0..frames as i64).collect();
        Times { base: (rate.1, rate.0), ticks, last: 1, rate: Some(rate) }
    }

    /// Frames with stamps in ticks of `base` seconds, in any order. The first of the `rates` that agrees with the
    /// stamps is that of the film; if none does, its rate varies.
    pub(crate) fn stamped(base: Ratio, mut ticks: Vec<i64>, last: i64, rates: [Option<Ratio>; 2]) -> Times {
        ticks.sort_unstable();
        ticks.dedup();
        let steps = || ticks.windows(2).map(|pair| pair[1] - pair[0]);
        let (least, most) = (steps().min().unwrap_or(1), steps().max().unwrap_or(1));
        let frames = ticks.len();
        let whole = ticks.last().zip(ticks.first()).map_or(0, |(last, first)| last - first);
        let seconds = whole as f64 * base.0 as f64 / base.1 as f64;
        let agrees = |rate: &Ratio| {
            let expected = (frames - 1) as f64 * rate.1 as f64 / rate.0 as f64;
            // Within a tick, the stamps of a constant rate are rounded.
            (seconds - expected).abs() <= 1.5 * base.0 as f64 / base.1 as f64
        };
        let even = most - least <= 1;
        let rate = rates.into_iter().flatten().find(|rate| even && (frames == 1 || agrees(rate)));
        let usual =
            if frames > 1 { whole / (frames as i64 - 1) } else { (base.1 / base.0.max(1) / 25) as i64 };
        Times { base, ticks, last: if last > 0 { last } else { usual.max(1) }, rate }
    }

    /// Number of frames.
    pub(crate) fn len(&self) -> usize {
        self.ticks.len()
    }

    /// Seconds at which a frame is shown, from the first on.
    pub(crate) fn seconds(&self, frame: usize) -> f64 {
        let first = self.ticks.first().copied().unwrap_or(0);
        let ticks = match self.ticks.get(frame) {
            Some(tick) => tick - first,
            None => self.ticks.last().map_or(0, |last| last - first) + self.last,
        };
        ticks as f64 * self.base.0 as f64 / self.base.1 as f64
    }

    /// Seconds of the first frame by the film's own clock.
    pub(crate) fn first_seconds(&self) -> f64 {
        self.ticks.first().copied().unwrap_or(0) as f64 * self.base.0 as f64 / self.base.1 as f64
    }
}

/// The frames of the result: for each the frame of the input that it shows, and how long.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Timeline {
    /// The input's frame, for each frame of the result; it never decreases.
    pub(crate) source: Vec<usize>,
    /// Seconds for which each frame is shown.
    pub(crate) seconds: Vec<f64>,
    /// Frames in a second, if it is constant.
    pub(crate) rate: Option<Ratio>,
}

impl Timeline {
    /// The frames at their own times, or the nearest ones at a constant rate. Frames are never blended.
    pub(crate) fn new(times: &Times, rate: Option<Ratio>) -> Timeline {
        match rate.filter(|rate| times.rate != Some(*rate)) {
            None => Timeline {
                source: (0..times.len()).collect(),
                seconds: (0..times.len()).map(|at| times.seconds(at + 1) - times.seconds(at)).collect(),
                rate: times.rate,
            },
            Some(rate) => {
                let step = rate.1 as f64 / rate.0 as f64;
                let frames = ((times.seconds(times.len()) / step).round() as usize).max(1);
                let mut source = Vec::with_capacity(frames);
                let mut at = 0;
                for frame in 0..frames {
                    let time = frame as f64 * step;
                    // A frame is the nearest until the time is past the middle to the next.
                    while at + 1 < times.len() && times.seconds(at) + times.seconds(at + 1) <= 2.0 * time {
                        at += 1;
                    }
                    source.push(at);
                }
                Timeline { seconds: vec![step; frames], source, rate: Some(rate) }
            }
        }
    }

    /// Number of frames.
    pub(crate) fn len(&self) -> usize {
        self.source.len()
    }

    /// Seconds from the beginning of one frame to that of a later one.
    pub(crate) fn between(&self, from: usize, to: usize) -> f64 {
        self.seconds[from..to].iter().sum()
    }

    /// The frames of a shot that are painted: every `step`-th, and not one that shows the same input as the one before.
    /// With `last`, the last frame is painted too.
    pub(crate) fn painted(&self, shot: Range<usize>, step: usize, last: bool) -> Vec<usize> {
        let mut keys: Vec<usize> = Vec::new();
        for frame in shot.clone().step_by(step.max(1)) {
            if keys.last().is_none_or(|key| self.source[*key] != self.source[frame]) {
                keys.push(frame);
            }
        }
        let end = shot.end - 1;
        if last && keys.last().is_some_and(|key| self.source[*key] != self.source[end]) {
            keys.push(end);
        }
        keys
    }
}

/// The rate that the option `fps` asks for, if it is given.
///
/// # Errors
/// When it is no rate.
pub(crate) fn asked_rate(text: Option<&str>) -> Result<Option<Ratio>, JobError> {
    let Some(text) = text else { return Ok(None) };
    rate(text).map(Some).ok_or_else(|| {
        JobError::bad_input(format!("`fps`: expected a number above 0, found {text}"))
            .hint("such as 12, 23.976 or 30000/1001")
    })
}

/// Reads a rate: a number such as 25 or 23.976, or a fraction such as 30000/1001. It has to be from 0.01 to 1000.
pub(crate) fn rate(text: &str) -> Option<Ratio> {
    let (n, d) = match text.split_once('/') {
        Some((n, d)) => (n.trim().parse().ok()?, d.trim().parse().ok()?),
        None => decimal(text.trim().parse().ok()?),
    };
    (n > 0 && d > 0 && (0.01..=1000.0).contains(&(n as f64 / d as f64))).then_some((n, d))
}

fn decimal(value: f64) -> Ratio {
    // 23.976 and 29.97 mean these fractions.
    let film = (value * 1.001).round();
    if value > 1.0 && value.fract() != 0.0 && (film / 1.001 - value).abs() < 2e-3 {
        return (film as u64 * 1000, 1001);
    }
    reduced(((value * 1000.0).round() as u64, 1000))
}

fn reduced((n, d): Ratio) -> Ratio {
    let (mut a, mut b) = (n, d);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    (n / a.max(1), d / a.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_fractions() {
        assert_eq!(rate("25"), Some((25, 1)));
        assert_eq!(rate("12.5"), Some((25, 2)));
        assert_eq!(rate("29.97"), Some((30_000, 1001)));
        assert_eq!(rate("23.976"), Some((24_000, 1001)));
        assert_eq!(rate("30000/1001"), Some((30_000, 1001)));
        assert_eq!(rate("0"), None);
        assert_eq!(rate("fast"), None);
    }

    #[test]
    fn rounded_stamps_of_a_constant_rate_are_one() {
        // 29.97 frames a second in milliseconds, as Matroska rounds them.
        let ticks = (0..60).map(|i| (i as f64 * 1001.0 / 30.0).round() as i64).collect();
        let times = Times::stamped((1, 1000), ticks, 33, [Some((30_000, 1001)), None]);
        assert_eq!(times.rate, Some((30_000, 1001)));
        let varying = Times::stamped((1, 1000), vec![0, 40, 120, 160], 40, [Some((25, 1)), Some((20, 1))]);
        assert_eq!(varying.rate, None);
        assert!((varying.seconds(4) - 0.2).abs() < 1e-12);
    }

    #[test]
    fn another_rate_takes_the_nearest_frames() {
        let times = Times::constant((30, 1), 30);
        let slower = Timeline::new(&times, Some((10, 1)));
        assert_eq!(slower.source, [0, 3, 6, 9, 12, 15, 18, 21, 24, 27]);
        let faster = Timeline::new(&Times::constant((10, 1), 3), Some((30, 1)));
        assert_eq!(faster.source, [0, 0, 1, 1, 1, 2, 2, 2, 2]);
        assert_eq!(faster.painted(0..9, 1, false), [0, 2, 5]);
    }

    #[test]
    fn every_second_frame_is_painted_and_the_last_if_it_is_asked_for() {
        let line = Timeline::new(&Times::constant((25, 1), 10), None);
        assert_eq!(line.painted(2..8, 2, false), [2, 4, 6]);
        assert_eq!(line.painted(2..8, 2, true), [2, 4, 6, 7]);
        assert_eq!(line.painted(2..3, 4, true), [2]);
        assert!((line.between(2, 5) - 0.12).abs() < 1e-12);
    }

    #[test]
    fn rates_are_numbers_of_films() {
        assert_eq!([rate("25"), rate("12.5")], [Some((25, 1)), Some((25, 2))]);
        assert_eq!([rate("23.976"), rate("30000/1001")], [Some((24000, 1001)), Some((30000, 1001))]);
        for wrong in ["0", "-1", "0.0005", "1000000000/1", "1/1000000000", "5/0", "nan", "inf", "fast", ""] {
            assert_eq!(rate(wrong), None, "{wrong}");
        }
    }
}
