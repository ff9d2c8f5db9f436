//! The styles of a film's first frame, whose draft the page shows.

use impasto_job::JobError;
use impasto_job::inputs::Masks;
use impasto_job::spec::StylizeSpec;

/// The length of a film; both are 0 where it is not known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Length {
    pub(crate) frames: usize,
    pub(crate) seconds: f64,
    /// The rate that the result is asked to have.
    pub(crate) fps: Option<String>,
}

/// Gives styles the weights that they have in the first frame, in place of their times.
pub(crate) fn weigh(spec: &mut StylizeSpec, masks: &Masks, length: &Length) -> Result<(), JobError> {
    if spec.style.iter().all(|style| style.at.is_none()) {
        return Ok(());
    }
    let given = spec.run.objective.style_weights.take();
    let facts = (length.frames, length.seconds);
    let weights =
        impasto_video::first_weights(&spec.style, given.as_deref(), masks, facts, length.fps.as_deref())?;
    for (style, weight) in spec.style.iter_mut().zip(weights) {
        (style.at, style.weight) = (None, Some(weight));
    }
    Ok(())
}
