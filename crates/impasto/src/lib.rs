//! Impasto repaints a picture in the style of another: neural style transfer by optimisation (Gatys, Ecker and
//! Bethge, "Image style transfer using convolutional neural networks", CVPR 2016). It runs on the CPU, and
//! nothing has to be downloaded.
//!
//! Begin with [`StyleTransfer`]. A [`Preset`] is a complete [`Recipe`]; [`Overrides`] change single values of it. A
//! [`Session`] yields [`Step`]s and holds the picture.
//!
//! Pictures are sRGB-encoded values in 0..1, as in the files and in the networks' training. Opacity is a separate
//! plane that weights the pixels ([`StyleTransfer::alpha`], [`Style::alpha`]).
#![forbid(unsafe_code)]

mod assembly;
mod assign;
mod benchmark;
pub mod blocks;
mod builder;
mod checkpoint;
mod clock;
mod colour;
mod device;
mod digest;
mod draft;
mod effort;
mod engine_cache;
mod error;
mod evaluation;
mod follow;
mod init;
mod inspect;
mod iteration;
mod leave_scale;
mod magnitude;
mod margin;
mod mask;
mod mask_levels;
mod mask_palette;
mod median;
mod memory;
pub mod objective;
pub mod optimiser;
mod overrides;
mod pace;
mod plan;
mod predict;
mod prepare;
mod preset;
mod protected_content;
mod recipe;
mod recipe_check;
mod record;
pub mod referee;
mod regions;
mod resolve;
mod resume;
mod run_inputs;
mod scale_up;
mod schedule;
mod session;
mod setting;
mod sizes;
mod smallest;
mod style;
mod style_parts;
mod style_size;
mod texture;
mod threads;
mod trial;

pub use impasto_encoder as encoder;
pub use impasto_image as image;

/// The part of `impasto-engine` that signatures of this crate name. An engine of another crate stands on that crate
/// itself.
pub mod engine {
    pub use impasto_engine::{
        Backend, Cancel, CpuBackend, EngineError, Features, InstructionSet, Padding, Pixels,
        ReferenceBackend, Size, Tiling, backend, backends,
    };
}

pub use assign::{RegionAssignment, StyleMask, assign};
pub use benchmark::Benchmark;
pub use builder::StyleTransfer;
pub use checkpoint::{Checkpoint, CheckpointError};
pub use clock::Clock;
pub use colour::{Colour, ColourMap, coloured, make_grey, match_colours};
pub use device::{DeviceInfo, device_identity, devices};
pub use draft::{Draft, DraftMemory};
pub use effort::Effort;
pub use engine_cache::EngineCache;
pub use error::{Error, Subject};
pub use evaluation::{Evaluation, Evaluator};
pub use follow::{Follow, Trace};
pub use impasto_engine::{Backend, Cancel};
pub use impasto_image::Picture;
pub use inspect::{Inspector, LayerFeatures, Reconstruction};
pub use mask::{ColourMask, Mask, MaskColour};
pub use mask_levels::MaskLevels;
pub use mask_palette::{MaskFrames, MaskPalette};
pub use overrides::Overrides;
pub use plan::{MemoryPlan, ScalePlan};
pub use predict::Speed;
pub use preset::Preset;
pub use recipe::{Init, Keep, Noise, OptimizerKind, PoolScales, Recipe, StyleFit};
pub use record::{Derivatives, Layers, Recorder, Tape};
pub use regions::{FEATHER, Regions, Rest};
pub use schedule::{Iterations, Pyramid, Scale, Smallest};
pub use session::{Session, Step};
pub use setting::Setting;
pub use sizes::{DEFAULT_SIZE, LARGEST_SIZE};
pub use style::Style;
pub use threads::{ThreadPool, thread_pool};

/// Servers and notebooks move these types between threads.
const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<StyleTransfer>();
    is_send::<Session>();
    is_send::<Draft>();
    is_send::<EngineCache>();
    is_send::<Evaluator>();
    is_send::<Recorder>();
    is_send::<Tape>();
};
