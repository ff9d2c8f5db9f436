//! The draft of a run alone, in memory: what a face shows while options are being chosen.

use impasto::Picture;
use impasto::image::{Plane, Space};

use super::begin::read;
use crate::inputs::Inputs;
use crate::spec::{StylizeSpec, Texture};
use crate::transfer::{self, Asked};
use crate::{Context, JobError};

/// The draft of a run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Drafted {
    /// The picture: RGB, encoded by the curve of sRGB.
    pub picture: Picture,
    /// The colour space of the picture.
    pub space: Space,
    /// The opacity of the content, if some of it is transparent; of the content's size.
    pub alpha: Option<Plane>,
}

/// Paints the draft of a run. Nothing is written.
pub(crate) fn draft(
    (spec, texture): (&StylizeSpec, Option<&Texture>),
    inputs: Option<Inputs>,
    context: &Context,
) -> Result<Drafted, JobError> {
    let mut inputs = inputs.map_or_else(|| read(spec, texture, context), Ok)?;
    let asked = Asked { run: &spec.run, styles: &spec.style, texture, regions: &spec.regions };
    let mut session = transfer::of(&asked, &mut inputs, context)?.build()?;
    context.control.begin();
    let none = || {
        JobError::bad_input("`init`: this run begins without a draft").hint("leave out `init` and `preset`")
    };
    let picture = session.draft()?.ok_or_else(none)?;
    let content = inputs.content.decoded;
    Ok(Drafted { picture, space: content.space, alpha: content.alpha })
}
