//! Style transfer jobs as data.
//!
//! A [`JobSpec`] is everything that decides a job, with the defaults filled in. It can be kept in a file or sent over a
//! network ([`JobSpec::from_json`]); a JSON schema describes it ([`JobSpec::schema`]). A [`Runner`] runs a job. It
//! emits [`Event`]s, takes commands from any thread through a [`Control`], writes results, reports and checkpoints, and
//! can continue from a checkpoint ([`Runner::resume`]).
//!
//! Every *face* of the program (a front end: the command line, a server, a Python module) is built on this crate.
//!
//! ```no_run
//! use impasto_job::spec::{StyleSpec, StylizeSpec};
//! use impasto_job::{Event, Runner, Task};
//!
//! let spec = StylizeSpec::new("photo.jpg".into(), vec![StyleSpec::plain("painting.jpg")], "result.png".into());
//! let runner = Runner::new(Task::Stylize(spec)).on_event(|event| {
//!     if let Event::Step { seconds_left, .. } = event {
//!         println!("{seconds_left:.0} s left");
//!     }
//! });
//! let control = runner.control(); // `control.stop()` from any thread ends the job and keeps the picture
//! runner.run()?;
//! # Ok::<(), impasto_job::JobError>(())
//! ```
#![forbid(unsafe_code)]

mod batch;
mod compare;
mod context;
mod control;
pub mod encoding;
mod error;
mod event;
mod film;
pub mod inputs;
pub mod memory;
mod naming;
mod paint;
pub mod paths;
pub mod recipe;
mod report;
mod runner;
mod sheet;
mod side;
pub mod spec;
mod spread;
pub mod text;
mod transfer;

mod from_recipe;

pub use batch::BatchDone;
pub use compare::Compared;
pub use context::Previews;
pub use control::Control;
pub use error::{Cause, ErrorKind, JobError};
pub use event::{End, Event, ItemOutcome};
pub use film::{Filmed, Films, Guarded, VideoContext, VideoEvent, VideoPlan};
pub use from_recipe::{FromRecipe, like, like_cell, like_recipe};
pub use paint::{Drafted, Kept, Moment, Pace, Painted, Planned};
pub use runner::{Outcome, Runner};
pub use sheet::{SheetCell, SheetDone};
pub use spec::{JobSpec, Task, spell};
pub use spread::Spread;
pub use transfer::transfer;

pub(crate) use context::Context;
