//! The options and pictures of a run, in the form that the library takes.

use std::sync::Arc;

use impasto::encoder::Encoder;
use impasto::{Picture, StyleTransfer};

use crate::inputs::{Input, Inputs};
use crate::memory::default_memory;
use crate::spec::{RegionSpec, RunSpec, StyleSpec, Texture, shares};
use crate::{Context, Control, JobError};

/// The options of a run, without its pictures.
pub(crate) struct Asked<'a> {
    pub(crate) run: &'a RunSpec,
    pub(crate) styles: &'a [StyleSpec],
    pub(crate) texture: Option<&'a Texture>,
    pub(crate) regions: &'a RegionSpec,
}

/// Returns a transfer with the options of a run and the pictures of `inputs`, which move into it. `control` can cancel
/// its evaluations. A time limit counts from now.
///
/// # Errors
/// When an option is wrong.
pub fn transfer(
    (run, styles, regions): (&RunSpec, &[StyleSpec], &RegionSpec),
    inputs: &mut Inputs,
    encoder: Encoder,
    control: &Control,
) -> Result<StyleTransfer, JobError> {
    let models = Arc::new(move |_: &str| Ok(encoder.clone()));
    let context = Context { control: control.clone(), models, ..Context::default() };
    of(&Asked { run, styles, texture: None, regions }, inputs, &context)
}

/// Returns a transfer with all options of a run. The pictures move into it, because they may be large.
pub(crate) fn of(
    asked: &Asked<'_>,
    inputs: &mut Inputs,
    context: &Context,
) -> Result<StyleTransfer, JobError> {
    let Asked { run, styles: given, texture, regions } = asked;
    let Inputs { content, styles, init, masks } = inputs;
    let shares = shares(given, run.objective.style_weights.as_deref())?;
    let begun = match texture {
        Some(texture) => StyleTransfer::texture((texture.width, texture.height), texture.seamless)?,
        None => StyleTransfer::new(taken(content)),
    };
    let (overrides, _) = run.overrides()?;
    let mut transfer = begun
        .preset(run.objective.preset()?)
        .overrides(overrides)
        .encoder(context.model(&run.objective.model)?)
        .style_scale(run.objective.style_scale)
        .averaging(run.objective.resize.averaging())
        .colour(run.colour()?)
        .seed(run.seed)
        .half(run.half);
    // The result is in the content's colour space, so the other pictures are converted to it.
    for input in styles.iter_mut().chain(init.iter_mut()) {
        input.decoded.bring_to(content.decoded.space);
    }
    for (index, ((style, share), given)) in styles.iter_mut().zip(shares).zip(*given).enumerate() {
        let (picture, alpha) = (taken(style), style.decoded.alpha.take());
        transfer = transfer.style(given.style(picture, alpha, share, masks.take_parts(index)));
    }
    transfer = masks.onto(transfer, regions);
    // The content's alpha also goes into the result, so it is not moved but cloned.
    if let Some(alpha) = &content.decoded.alpha {
        transfer = transfer.alpha(alpha.clone());
    }
    if let Some(size) = run.size {
        transfer = transfer.size(size);
    }
    if let Some(size) = run.stroke_size {
        transfer = transfer.stroke_size(size);
    }
    if let Some(threads) = run.threads {
        transfer = transfer.threads(threads);
    }
    transfer = transfer.device(run.device.as_deref().unwrap_or("auto"))?;
    if let Some(note) = transfer.device_note() {
        context.warn(note.to_owned());
    }
    if let Some(init) = init {
        transfer = transfer.init_picture(taken(init));
    }
    // Time counts from the start of the job.
    let time = run.time()?.map(|time| time.saturating_sub(context.elapsed()));
    let memory = run.memory.map_or_else(default_memory, |memory| usize::try_from(memory).ok());
    Ok(transfer.time(time).memory(memory).cancel(context.control.flag()))
}

fn taken(input: &mut Input) -> Picture {
    std::mem::replace(&mut input.decoded.picture, Picture::filled(1, 1, [0.0; 3]))
}
