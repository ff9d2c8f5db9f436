//! A run's options and pictures as the library takes them.

use impasto::{Overrides, Picture, Preset, StyleTransfer};

use crate::failure::Failure;
use crate::inputs::Input;
use crate::masks::RegionArgs;
use crate::models;
use crate::options::RunArgs;
use crate::pictures::Pictures;
use crate::style_arg::{self, StyleArg};
use crate::texture::Texture;

/// The part of a machine's memory that a run takes unless asked otherwise. Of all that it has, not of what happens to be
/// free: the same command shall give the same bytes.
const SHARE: f64 = 0.75;

/// A transfer with all options of a run. The pictures move into it: they may be large.
pub(crate) fn of(
    run: &RunArgs,
    pictures: &mut Pictures,
    (given, texture): (&[StyleArg], Option<&Texture>),
    regions: &RegionArgs,
    preset: Preset,
    overrides: Overrides,
) -> Result<StyleTransfer, Failure> {
    let Pictures { content, styles, init, masks } = pictures;
    let shares = style_arg::shares(given, run.objective.style_weights.as_deref())?;
    let begun = match texture {
        Some(texture) => StyleTransfer::texture((texture.width, texture.height), texture.seamless)?,
        None => StyleTransfer::new(taken(content)),
    };
    let mut transfer = begun
        .preset(preset)
        .overrides(overrides)
        .encoder(models::open(&run.objective.model)?)
        .style_scale(run.objective.style_scale)
        .averaging(run.objective.resize.averaging())
        .colour(run.colour()?)
        .seed(run.seed)
        .half(run.half);
    // The result is in the content's space.
    for input in styles.iter_mut().chain(init.iter_mut()) {
        input.decoded.bring_to(content.decoded.space);
    }
    for (index, ((style, share), given)) in styles.iter_mut().zip(shares).zip(given).enumerate() {
        let (picture, alpha) = (taken(style), style.decoded.alpha.take());
        transfer = transfer.style(given.style(picture, alpha, share, masks.take_parts(index)));
    }
    transfer = masks.onto(transfer, regions);
    // The content's goes into the result, too.
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
    if let Some(init) = init {
        transfer = transfer.init_picture(taken(init));
    }
    // It counts from the start of the command.
    let time = run.time()?.map(|time| time.saturating_sub(crate::elapsed()));
    let transfer = transfer.time(time);
    Ok(transfer.memory(run.memory.map_or_else(default_memory, |memory| usize::try_from(memory).ok())))
}

fn taken(input: &mut Input) -> Picture {
    std::mem::replace(&mut input.decoded.picture, Picture::filled(1, 1, [0.0; 3]))
}

/// A share of what the machine has, or the container that this runs in.
pub(crate) fn default_memory() -> Option<usize> {
    let kind = sysinfo::MemoryRefreshKind::nothing().with_ram();
    let system = sysinfo::System::new_with_specifics(sysinfo::RefreshKind::nothing().with_memory(kind));
    let machine = system.total_memory();
    let container = system.cgroup_limits().map_or(machine, |limits| limits.total_memory);
    let total = machine.min(container);
    (total > 0).then_some((total as f64 * SHARE) as usize)
}
