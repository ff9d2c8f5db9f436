//! Styles that change over time: the weight of each style at each frame.
//!
//! Styles with a time that are for the same regions and layers form a group. Within a group each style has its weight
//! alone at its own time, and between two times the two neighbours are blended in proportion. Before the first and
//! after the last time nothing changes. The shares of a group sum to 1 at every time, so no region is ever without a
//! style. Styles without a time keep their weights.

use impasto_job::JobError;
use impasto_job::inputs::Masks;
use impasto_job::spec::{StyleSpec, StyleTime, shares};

use crate::timeline::{Timeline, Times, rate};

/// The weights of the styles of a film over time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StyleTimes {
    /// The weight of each style at its own time.
    weights: Vec<f64>,
    /// The groups: the styles of each with their seconds, in the order of time.
    groups: Vec<Vec<(f64, usize)>>,
}

impl StyleTimes {
    /// The times of the styles of a film.
    ///
    /// # Errors
    /// When a time or a weight is wrong, when two styles of a group have the same time, or when a style has nothing to
    /// be blended with.
    pub(super) fn of(
        styles: &[StyleSpec],
        weights: Option<&[f64]>,
        masks: &Masks,
        line: &Timeline,
    ) -> Result<StyleTimes, JobError> {
        let weights = shares(styles, weights)?;
        let mut groups: Vec<(Place, Vec<(f64, usize)>)> = Vec::new();
        for (index, style) in styles.iter().enumerate() {
            let Some(time) = style.time()? else { continue };
            if weights[index] == 0.0 {
                let message = format!("`style` {style}: a style with a time needs a weight above 0");
                return Err(JobError::bad_input(message)
                    .hint("the weight is that at its own time; leave it out for an equal one"));
            }
            let place = (masks.regions_of(index), layers(style));
            let moment = (seconds(time, line), index);
            match groups.iter_mut().find(|(other, _)| *other == place) {
                Some((_, group)) => group.push(moment),
                None => groups.push((place, vec![moment])),
            }
        }
        let groups = groups.into_iter().map(|(_, group)| sorted(group, styles)).collect::<Result<_, _>>()?;
        Ok(StyleTimes { weights, groups })
    }

    /// The weight of each style at a time in seconds; none if nothing ever changes.
    pub(super) fn at(&self, seconds: f64) -> Vec<f64> {
        if self.groups.is_empty() {
            return Vec::new();
        }
        let mut weights = self.weights.clone();
        for group in &self.groups {
            for (at, (time, style)) in group.iter().enumerate() {
                let before = at.checked_sub(1).map(|at| group[at].0);
                let after = group.get(at + 1).map(|after| after.0);
                weights[*style] *= share(seconds, before, *time, after);
            }
        }
        weights
    }
}

/// The weights of the styles in the first frame of a film, from facts that are known before it is read: its frames, its
/// length in seconds, and the rate that the result is asked to have.
///
/// # Errors
/// When the styles could not be blended over the film, as a run would say.
pub fn first_weights(
    styles: &[StyleSpec],
    weights: Option<&[f64]>,
    masks: &Masks,
    (frames, seconds): (usize, f64),
    fps: Option<&str>,
) -> Result<Vec<f64>, JobError> {
    /// Parts of a second in which a length is counted.
    const PARTS: f64 = 1e6;
    let length = (seconds * PARTS) as u64;
    let own = if frames > 0 && length > 0 { (frames as u64 * PARTS as u64, length) } else { (25, 1) };
    let line = Timeline::new(&Times::constant(own, frames.max(1)), fps.and_then(rate));
    match &StyleTimes::of(styles, weights, masks, &line)?.at(0.0)[..] {
        [] => shares(styles, weights),
        weights => Ok(weights.to_vec()),
    }
}

/// The regions and the layers that a style is for. Styles of the same place are blended.
type Place = (Option<Vec<usize>>, Option<Vec<String>>);

fn layers(style: &StyleSpec) -> Option<Vec<String>> {
    let mut layers = style.layers.clone()?;
    layers.sort_unstable();
    Some(layers)
}

/// The share of a style at a time, given the times of its neighbours.
fn share(now: f64, before: Option<f64>, own: f64, after: Option<f64>) -> f64 {
    let neighbour = if now < own { before } else { after };
    neighbour.map_or(1.0, |other| (1.0 - (now - own) / (other - own)).clamp(0.0, 1.0))
}

/// A time in seconds from the beginning of a film. The whole of a film ends where its last frame begins.
fn seconds(time: StyleTime, line: &Timeline) -> f64 {
    let last = line.len() - 1;
    match time {
        StyleTime::Seconds(seconds) => seconds,
        StyleTime::Part(part) => part * line.between(0, last),
        StyleTime::Frame(frame) => {
            let beyond = (frame - last as f64).max(0.0);
            line.between(0, frame.min(last as f64) as usize) + beyond * line.seconds[last]
        }
    }
}

fn sorted(mut group: Vec<(f64, usize)>, styles: &[StyleSpec]) -> Result<Vec<(f64, usize)>, JobError> {
    group.sort_by(|a, b| a.0.total_cmp(&b.0));
    if let [(_, alone)] = group[..] {
        let message =
            format!("`style` {}: a single style with a time has nothing to change to", styles[alone]);
        return Err(JobError::bad_input(message)
            .hint("give a time to another style for the same regions and layers, or leave out at"));
    }
    match group.windows(2).find(|pair| pair[1].0 - pair[0].0 < 1e-6) {
        None => Ok(group),
        Some(pair) => Err(JobError::bad_input(format!(
            "`style` {} and {} have the same time",
            styles[pair[0].1], styles[pair[1].1]
        ))
        .hint("a sudden change takes one frame, such as at=99f and at=100f")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::Times;

    fn times(styles: &[&str], frames: usize) -> Result<StyleTimes, JobError> {
        let styles: Vec<StyleSpec> =
            styles.iter().map(|text| StyleSpec::parse((*text).into()).unwrap()).collect();
        let line = Timeline::new(&Times::constant((25, 1), frames), None);
        StyleTimes::of(&styles, None, &Masks::default(), &line)
    }

    fn near(found: &[f64], expected: &[f64]) {
        assert!(
            found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9),
            "{found:?} {expected:?}"
        );
    }

    #[test]
    fn neighbours_in_time_are_blended_and_the_ends_hold() {
        // The order of the styles is not that of their times.
        let times = times(&["b:at=3s", "a:at=1s", "c:at=4s"], 200).unwrap();
        near(&times.at(0.0), &[0.0, 1.0, 0.0]);
        near(&times.at(1.5), &[0.25, 0.75, 0.0]);
        near(&times.at(3.0), &[1.0, 0.0, 0.0]);
        near(&times.at(3.9), &[0.1, 0.0, 0.9]);
        near(&times.at(9.0), &[0.0, 0.0, 1.0]);
    }

    #[test]
    fn parts_and_frames_are_those_of_the_result() {
        // The last of 101 frames begins after 4 seconds.
        let parts = times(&["a:at=0%", "b:at=50%", "c:at=100%"], 101).unwrap();
        near(&parts.at(1.0), &[0.5, 0.5, 0.0]);
        near(&parts.at(4.0), &[0.0, 0.0, 1.0]);
        let frames = times(&["a:at=0f", "b:at=50f"], 101).unwrap();
        near(&frames.at(1.5), &[0.25, 0.75]);
        // A time may lie beyond the end.
        let beyond = times(&["a:at=0f", "b:at=200f"], 101).unwrap();
        near(&beyond.at(4.0), &[0.5, 0.5]);
    }

    #[test]
    fn styles_without_a_time_keep_their_weights_and_groups_are_apart() {
        near(&times(&["a:at=0s", "b:at=2s,weight=3", "c:weight=0.5"], 60).unwrap().at(1.0), &[0.5, 1.5, 0.5]);
        let layers = ["a:at=0s", "b:at=2s", "c:at=1s,layers=x+y", "d:at=3s,layers=y+x"];
        near(&times(&layers, 90).unwrap().at(1.0), &[0.5, 0.5, 1.0, 0.0]);
        assert!(times(&["a", "b"], 9).unwrap().at(0.0).is_empty());
    }

    fn first(styles: &[&str], fps: Option<&str>) -> Vec<f64> {
        let styles: Vec<StyleSpec> =
            styles.iter().map(|text| StyleSpec::parse((*text).into()).unwrap()).collect();
        first_weights(&styles, None, &Masks::default(), (250, 10.0), fps).unwrap()
    }

    #[test]
    fn the_earliest_style_of_a_group_is_alone_in_the_first_frame() {
        assert_eq!(first(&["a:at=0s,weight=2", "b:at=10s"], None), [2.0, 0.0]);
        assert_eq!(first(&["a:at=3s", "b:at=2s", "c:at=9s", "d:weight=0.5"], None), [0.0, 1.0, 0.0, 0.5]);
        // Half of the film is after 5 seconds, and frame 50 after 2, or after 4 at half the rate.
        assert_eq!(first(&["a:at=50%", "b:at=4s", "c:at=50f"], None), [0.0, 0.0, 1.0]);
        assert_eq!(first(&["a:at=50%", "b:at=3s", "c:at=50f"], Some("12.5")), [0.0, 1.0, 0.0]);
        assert_eq!(first(&["a:at=50%", "b:at=6s"], None), [1.0, 0.0]);
        assert_eq!(
            first(&["a:at=1s,layers=x", "b:at=2s", "c:at=3s,layers=x", "d:at=0s"], None),
            [1.0, 0.0, 0.0, 1.0]
        );
        assert_eq!(first(&["a", "b:weight=3"], None), [1.0, 3.0]);
        // A length that is not known is short.
        let styles = ["a:at=1f", "b:at=0s"].map(|text| StyleSpec::parse(text.into()).unwrap());
        let weights = first_weights(&styles, None, &Masks::default(), (0, 0.0), None).unwrap();
        assert_eq!(weights, [0.0, 1.0]);
    }

    #[test]
    fn what_cannot_be_blended_is_refused() {
        let refused = |styles: &[&str]| times(styles, 50).unwrap_err().to_string();
        assert!(refused(&["a:at=1s", "b"]).contains("nothing to change to"));
        assert!(refused(&["a:at=1s", "b:at=25f"]).contains("the same time"));
        assert!(refused(&["a:at=1s,weight=0", "b:at=2s"]).contains("needs a weight"));
        assert!(times(&["a:at=1s,weight=0", "b:at=2s"], 50).unwrap_err().hint_text().is_some());
    }
}
