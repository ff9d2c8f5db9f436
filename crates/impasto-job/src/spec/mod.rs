//! A job as data: everything that decides it, with the defaults filled in. It can be kept in a file or sent over a
//! network.
//!
//! The name, the meaning and the default of every option are defined here and nowhere else. The JSON schema
//! ([`JobSpec::schema`]) contains them. With the feature `clap`, the same structs define the options of a command line.

mod batch;
mod compare;
mod deflicker;
mod job;
mod limits;
mod names;
mod output;
mod regions;
mod run;
mod sheet;
mod style;
mod style_time;
mod stylize;
mod texture;
mod video;

pub use batch::BatchSpec;
pub use compare::CompareSpec;
pub use deflicker::DeflickerSpec;
pub(crate) use job::check_version;
pub use job::{JobSpec, Task, VERSION};
pub use limits::InputSpec;
pub use names::spell;
pub use output::{OutputSpec, ProfileKind};
pub use regions::{RegionSpec, RestKind};
pub use run::{ColourKind, ObjectiveSpec, ResizeKind, RunSpec};
pub use sheet::SheetSpec;
pub use style::{NAMES, StyleSpec, shares, text_of};
pub use style_time::{StyleTime, refuse_times};
pub use stylize::{SideOutputSpec, StylizeSpec};
pub use texture::TextureSpec;
pub use video::{EncodingSpec, FilmSpec, VideoSpec, WorkSpec};

#[cfg(feature = "clap")]
pub(crate) use run::size_of_memory;
pub(crate) use texture::Texture;
