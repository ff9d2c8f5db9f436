//! The styles of a film's first frame, whose draft the page shows. Styles with a time that are for the same regions and
//! layers form a group, and at the beginning a group is its earliest style alone, as no time is before the beginning.

use impasto_job::JobError;
use impasto_job::inputs::Masks;
use impasto_job::spec::{StyleSpec, StyleTime, StylizeSpec, shares};

/// The length of a film, which orders times in seconds, in parts and in frames.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Length {
    /// Seconds of the whole film.
    seconds: f64,
    /// Frames a second of the result.
    rate: f64,
}

impl Default for Length {
    /// A length that is not known.
    fn default() -> Length {
        Length { seconds: 0.0, rate: 25.0 }
    }
}

impl Length {
    /// The length of a film of these frames. `fps` is the rate that the result is asked to have, if any.
    pub(crate) fn new(frames: usize, seconds: f64, fps: Option<&str>) -> Length {
        let number = |text: &str| text.trim().parse::<f64>().ok();
        let asked = fps.and_then(|text| match text.split_once('/') {
            Some((over, under)) => Some(number(over)? / number(under)?),
            None => number(text),
        });
        let rate = asked.unwrap_or(frames as f64 / seconds);
        if rate.is_finite() && rate > 0.0 { Length { seconds, rate } } else { Length::default() }
    }

    fn seconds_of(self, time: StyleTime) -> f64 {
        match time {
            StyleTime::Seconds(seconds) => seconds,
            // The last frame begins before the end.
            StyleTime::Part(part) => part * (self.seconds - 1.0 / self.rate).max(0.0),
            StyleTime::Frame(frame) => frame / self.rate,
        }
    }
}

/// Gives styles the weights that they have in the first frame, in place of their times.
pub(crate) fn weigh(spec: &mut StylizeSpec, masks: &Masks, length: Length) -> Result<(), JobError> {
    if spec.style.iter().all(|style| style.at.is_none()) {
        return Ok(());
    }
    let mut weights = shares(&spec.style, spec.run.objective.style_weights.as_deref())?;
    let mut earliest: Vec<(Place, f64, usize)> = Vec::new();
    for (index, style) in spec.style.iter().enumerate() {
        let Some(time) = style.time()? else { continue };
        let (place, seconds) = (place(style, masks, index), length.seconds_of(time));
        match earliest.iter_mut().find(|(other, ..)| *other == place) {
            None => earliest.push((place, seconds, index)),
            Some((_, first, at)) if seconds < *first => {
                weights[*at] = 0.0;
                (*first, *at) = (seconds, index);
            }
            Some(_) => weights[index] = 0.0,
        }
    }
    spec.run.objective.style_weights = None;
    for (style, weight) in spec.style.iter_mut().zip(weights) {
        (style.at, style.weight) = (None, Some(weight));
    }
    Ok(())
}

/// The regions and the layers that a style is for.
type Place = (Option<Vec<usize>>, Option<Vec<String>>);

fn place(style: &StyleSpec, masks: &Masks, index: usize) -> Place {
    let mut layers = style.layers.clone();
    layers.iter_mut().for_each(|layers| layers.sort_unstable());
    (masks.regions_of(index), layers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(styles: &[&str]) -> Vec<f64> {
        let styles = styles.iter().map(|text| StyleSpec::parse((*text).into()).unwrap()).collect();
        let mut spec = StylizeSpec::new("c.png".into(), styles, "o.png".into());
        weigh(&mut spec, &Masks::default(), Length::new(250, 10.0, None)).unwrap();
        assert!(spec.style.iter().all(|style| style.at.is_none()));
        shares(&spec.style, None).unwrap()
    }

    #[test]
    fn the_rate_is_that_of_the_result() {
        let rate = |fps| Length::new(250, 10.0, fps).rate;
        assert_eq!(
            [rate(None), rate(Some("12.5")), rate(Some("24000/1001"))],
            [25.0, 12.5, 24000.0 / 1001.0]
        );
        assert_eq!([rate(Some("0")), Length::new(0, 0.0, None).rate], [25.0; 2]);
    }

    #[test]
    fn the_earliest_style_of_a_group_is_alone() {
        assert_eq!(weights(&["a:at=0s,weight=2", "b:at=10s"]), [2.0, 0.0]);
        assert_eq!(weights(&["a:at=3s", "b:at=2s", "c:at=9s", "d:weight=0.5"]), [0.0, 1.0, 0.0, 0.5]);
        // Half of the film is after 5 seconds, and frame 50 after 2.
        assert_eq!(weights(&["a:at=50%", "b:at=4s", "c:at=50f"]), [0.0, 0.0, 1.0]);
        assert_eq!(weights(&["a:at=50%", "b:at=6s"]), [1.0, 0.0]);
        assert_eq!(
            weights(&["a:at=1s,layers=x", "b:at=2s", "c:at=3s,layers=x", "d:at=0s"]),
            [1.0, 0.0, 0.0, 1.0]
        );
        assert_eq!(weights(&["a", "b:weight=3"]), [1.0, 3.0]);
    }
}
