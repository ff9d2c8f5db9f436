//! Style transfer of films.
//!
//! A [`VideoSpec`] is everything that decides a film. A [`VideoRunner`] reads it, finds its shots, paints its frames
//! and writes the result; it emits [`VideoEvent`]s, and goes on after an interruption with the same bytes. [`films`]
//! gives the same to a runner of jobs. Films are read and written by an installed ffmpeg; frames as files need none.
//!
//! Below that, [`film`] paints one frame from the other. [`flow`] finds where each point of a frame was in the frame
//! before, and how far that may be trusted. [`warp`] moves pictures along a flow. [`measure`] tells whether a film
//! flickers, smears or fades, and renders films whose flow is known exactly.
#![forbid(unsafe_code)]

mod ffmpeg;
pub mod film;
pub mod flow;
mod inspect;
pub mod measure;
mod room;
mod run;
mod shots;
mod source;
mod timeline;
pub mod warp;

pub use impasto_job::spec::VideoSpec;
pub use impasto_job::{Filmed, VideoEvent, VideoPlan};
pub use inspect::{Facts, check_ffmpeg, inspect};
pub use room::disk_bytes;
pub use run::{VideoRunner, deflicker, films, first_weights};
