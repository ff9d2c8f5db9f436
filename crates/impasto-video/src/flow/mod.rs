//! Optical flow: where each point of a frame lies in another frame.
//!
//! The method is dense inverse search (Kroeger, Timofte, Dai, Van Gool 2016, "Fast Optical Flow using Dense Inverse
//! Search") with the variational refinement of Brox et al. 2004. It goes from coarse to fine. At each level small
//! patches are searched (`search`), their offsets become a flow for each pixel (`densify`), and the flow is refined
//! (`refine`). At the end the picture's structure decides how far each vector is believed (`flat`).
//!
//! We differ from the paper in this: patches take over offsets of their neighbours, as in OpenCV; a patch without clear
//! structure is held where it began; the other frame is warped twice in each refinement; and flat regions take the
//! motion of what surrounds them.
//!
//! Everything here gives the same bytes at any number of threads. Work is cut by rows.

mod affine;
mod confidence;
mod densify;
mod field;
mod file;
mod flat;
mod gray;
mod grid;
mod noise;
mod padded;
mod patch;
mod preset;
mod refine;
pub(crate) mod rows;
mod search;
pub(crate) mod smooth;
mod steady;
mod wide;

pub use confidence::{confidence, visible};
pub use field::Flow;
pub use file::{FlowFileError, read_flo, write_flo};
pub use gray::Gray;
pub use noise::noise;
pub use preset::Preset;
pub use steady::steady;

use padded::Padded;
use preset::Settings;

/// Finds the flow that gathers `to` out of `from`: `to(x)` shows the point that `from(x + flow(x))` shows.
///
/// `start` is a guess, for example the flow of the pair before; a patch tries it beside its other candidates. It may
/// have any size.
///
/// # Panics
/// If the two frames differ in size.
pub fn between(from: &Gray, to: &Gray, preset: Preset, start: Option<&Flow>) -> Flow {
    assert_eq!(from.size(), to.size(), "both frames of a flow have one size");
    let settings = Settings::of(preset, to.size());
    let (there, here) = (from.pyramid(settings.coarsest), to.pyramid(settings.coarsest));
    let mut flow: Option<Flow> = None;
    for level in (settings.finest..=settings.coarsest).rev() {
        let (there, here) = (&there[level], &here[level]);
        let guess = start.map(|start| crate::warp::resize(start, here.width(), here.height()));
        let coarser = match flow {
            Some(coarser) => coarser.doubled(here.size()),
            None => guess.clone().unwrap_or_else(|| Flow::zero(here.width(), here.height())),
        };
        flow = Some(at_level(there, here, coarser, guess.as_ref(), &settings));
    }
    let finest = flow.unwrap_or_else(|| Flow::zero(to.width(), to.height()));
    // A mean of 2x2 pixels halves the noise.
    let noise = noise::of_gray(to) / (1 << settings.finest) as f32;
    let finest = flat::settle(finest, &there[settings.finest], &here[settings.finest], noise);
    (0..settings.finest).rev().fold(finest, |flow, level| flow.doubled(here[level].size()))
}

/// One level of the pyramid: search, densify, refine.
fn at_level(there: &Gray, here: &Gray, coarser: Flow, guess: Option<&Flow>, settings: &Settings) -> Flow {
    let (padded_there, padded_here) = (Padded::of(there), Padded::of(here));
    let offsets = search::search(&padded_there, &padded_here, &coarser, guess);
    let dense = densify::densify(&offsets, &padded_there, &padded_here);
    refine::refine(dense, there, here, &settings.refinement)
}
