//! `impasto evaluate`: evaluates an objective for a picture, to check us against another implementation, or to judge
//! another tool's picture by our objective.

use std::path::Path;

use impasto::engine::Pixels;
use impasto::image::{Decoded, check_writable, write_atomically};
use impasto::{Evaluation, StyleTransfer};
use impasto_job::inputs::{self, Inputs, Source};
use impasto_job::spec::shares;
use npyz::WriterBuilder;

use crate::args::EvaluateArgs;
use crate::failure::Failure;
use crate::interrupt::control_on_signal;
use crate::models;
use crate::output::{line, say};

pub(crate) fn run(mut args: Box<EvaluateArgs>) -> Result<(), Failure> {
    args.regions.leave_out_none(&|_| true);
    let limits = args.input.limits()?;
    let preset = args.objective.preset()?;
    let overrides = args.objective.overrides()?;
    let shares = shares(&args.style, args.objective.style_weights.as_deref())?;
    let others = inputs::named(&args.style, None, &args.regions);
    inputs::check_standard_input(others.chain([args.image.as_path(), &args.content]))?;
    let mut image = inputs::read(&args.image, &limits)?;
    let mut pictures = Inputs::read(&args.content, &args.style, None, &args.regions, &Source::files(limits))?;
    image.notes().into_iter().chain(pictures.notes()).for_each(|note| say(&note));
    if let Some(path) = &args.gradient {
        let all = pictures.all();
        inputs::check_apart("--gradient", path, &[&all[..], &[&image]].concat())?;
        inputs::check_model("--gradient", path, &args.objective.model)?;
        check_writable(path).map_err(|error| Failure::from(error).about("--gradient"))?;
    }
    let encoder = models::open(&args.objective.model)?;
    let Inputs { content, styles, masks, .. } = &mut pictures;
    styles.iter_mut().chain([&mut image]).for_each(|input| input.decoded.bring_to(content.decoded.space));
    let mut transfer = StyleTransfer::new(content.decoded.picture.clone())
        .preset(preset)
        .overrides(overrides)
        .encoder(encoder)
        .style_scale(args.objective.style_scale)
        .averaging(args.objective.resize.averaging())
        .cancel(control_on_signal().flag());
    for (index, ((style, share), given)) in styles.drain(..).zip(shares).zip(&args.style).enumerate() {
        let Decoded { picture, alpha, .. } = style.decoded;
        transfer = transfer.style(given.style(picture, alpha, share, masks.take_parts(index)));
    }
    transfer = masks.onto(transfer, &args.regions);
    if let Some(alpha) = content.decoded.alpha.clone() {
        transfer = transfer.alpha(alpha);
    }
    if let Some(size) = args.size {
        transfer = transfer.size(size);
    }
    transfer = transfer.device(args.device.as_deref().unwrap_or("auto"))?;
    transfer.device_note().into_iter().for_each(say);
    if let Some(threads) = args.threads {
        transfer = transfer.threads(threads);
    }
    let Evaluation { losses, gradient, .. } = transfer.evaluate(&image.decoded.picture)?;
    if let Some(path) = &args.gradient {
        write_gradient(path, &gradient)?;
    }
    if args.json {
        line(&serde_json::to_string(&losses).map_err(|error| Failure::bug(error.to_string()))?)?;
    } else {
        for (kind, terms) in [("content", &losses.content), ("style", &losses.style)] {
            for (layer, value) in terms {
                line(&format!("{kind:<8} {layer:<9} {value:.6e}"))?;
            }
        }
        line(&format!("tv                 {:.6e}", losses.tv))?;
        line(&format!("total              {:.6e}", losses.total))?;
    }
    Ok(())
}

/// Writes the gradient in NumPy's format: float32, C order, `[3, height, width]`.
fn write_gradient(path: &Path, gradient: &Pixels) -> Result<(), Failure> {
    let shape = [3, gradient.size.height as u64, gradient.size.width as u64];
    write_atomically(path, |file| {
        let mut writer =
            npyz::WriteOptions::<f32>::new().default_dtype().shape(&shape).writer(file).begin_nd()?;
        writer.extend(gradient.data.iter().copied())?;
        writer.finish()
    })
    .map_err(|error| match error {
        impasto::image::ImageError::Write { source, .. } => Failure::write(path, &source),
        other => other.into(),
    })
}
