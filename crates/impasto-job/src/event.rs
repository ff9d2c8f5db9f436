//! The events that a job emits while it runs.

use std::path::PathBuf;
use std::sync::Arc;

use impasto::image::Space;
use impasto::{Picture, Scale, Step};
use serde::Serialize;

use crate::{VideoEvent, paths};

/// An event of a job. As JSON it is an object whose field `event` is its name; pictures are left out.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// All inputs have been read and checked; the work begins.
    Planned {
        /// The scales, from the smallest on.
        scales: Vec<Scale>,
        /// Iterations that a resumed run had done before.
        done: usize,
        /// Planned peak memory of the run, in bytes.
        peak_bytes: usize,
        /// Number of threads of the run.
        threads: usize,
        /// Work done before and work left, in pixels times iterations.
        #[serde(skip)]
        work: (f64, f64),
    },
    /// The draft is painted: the first picture, long before the result.
    Draft {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
        /// Seconds since the work began.
        elapsed: f64,
    },
    /// An iteration is done.
    Step {
        /// The iteration with its losses.
        #[serde(flatten)]
        step: Step,
        /// Seconds since the work began.
        elapsed: f64,
        /// Estimated seconds that the rest of the run will take, from its pace so far.
        seconds_left: f64,
        /// Work done and work left, in pixels times iterations.
        #[serde(skip)]
        work: (f64, f64),
    },
    /// A picture to show ([`Previews`](crate::Previews)).
    Preview {
        /// The picture: RGB, encoded by the curve of sRGB.
        #[serde(skip)]
        picture: Arc<Picture>,
        /// The colour space of the picture.
        #[serde(skip)]
        space: Space,
        /// Number of iterations that led to the picture; 0 for the draft.
        iterations: usize,
        /// Whether the picture is the result.
        result: bool,
    },
    /// A checkpoint was written.
    Checkpointed {
        /// The file.
        #[serde(serialize_with = "paths::write")]
        path: PathBuf,
    },
    /// The work on one picture of a batch or a sheet has ended.
    Item {
        /// Number of the picture, from 1 on.
        number: usize,
        /// Number of all pictures.
        of: usize,
        /// In a batch the file name of the result; in a sheet the options of the picture.
        name: String,
        /// The outcome.
        outcome: ItemOutcome,
    },
    /// The result was written.
    Wrote {
        /// The file.
        #[serde(serialize_with = "paths::write")]
        path: PathBuf,
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
        /// Number of iterations of a run, or of pictures of a sheet.
        count: usize,
        /// Total seconds of all steps.
        seconds: f64,
    },
    /// The work on a file beside the result begins, which takes a while and cannot be interrupted: a film.
    Writing {
        /// The file.
        #[serde(serialize_with = "paths::write")]
        path: PathBuf,
    },
    /// A file beside the result was written: a picture of `save_every`, a report, a drawing, a film.
    WroteBeside {
        /// The file.
        #[serde(serialize_with = "paths::write")]
        path: PathBuf,
    },
    /// A note or a warning.
    Warned {
        /// A sentence that begins with `note:` or `warning:`.
        text: String,
    },
    /// The job is over.
    Done {
        /// How it ended.
        end: End,
    },
    /// An event of a film. As JSON it is the event of the film itself.
    #[serde(untagged)]
    Film(VideoEvent),
}

/// The outcome of one picture of a batch or a sheet.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
#[non_exhaustive]
pub enum ItemOutcome {
    /// The picture was made.
    Made {
        /// Seconds that it took.
        seconds: f64,
        /// The instruction set, or the graphics card with its driver, that made it.
        device: String,
    },
    /// The picture existed already.
    Skipped,
    /// The picture could not be made.
    Failed {
        /// The reason.
        message: String,
    },
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum End {
    /// All work is done.
    Complete,
    /// The job was stopped; its results so far are kept.
    Stopped,
    /// The job was paused at a checkpoint.
    Paused,
    /// The job was cancelled.
    Cancelled,
    /// The job failed.
    Failed,
}
