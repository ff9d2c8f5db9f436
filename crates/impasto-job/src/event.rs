//! What a job tells on its way.

use std::path::PathBuf;
use std::sync::Arc;

use impasto::image::Space;
use impasto::{Picture, Scale, Step};
use serde::Serialize;

/// An event of a job. As JSON it is an object whose `event` is its name; pictures are left out.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Event {
    /// Everything is read and checked; the work begins.
    Planned {
        /// The scales, from the smallest on.
        scales: Vec<Scale>,
        /// Iterations that were done before, in a run that is resumed.
        done: usize,
        /// Bytes that the run takes at its peak.
        peak_bytes: usize,
        /// Threads that it uses.
        threads: usize,
        /// Pixels times iterations: done before, and left to do.
        #[serde(skip)]
        work: (f64, f64),
    },
    /// The draft is painted: the first picture, long before the last.
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
        /// Seconds that the rest of the run will take, by what it took so far.
        seconds_left: f64,
        /// Pixels times iterations: done, and left to do.
        #[serde(skip)]
        work: (f64, f64),
    },
    /// A picture to look at ([`Previews`](crate::Previews)).
    Preview {
        /// The picture, RGB encoded by the curve of sRGB.
        #[serde(skip)]
        picture: Arc<Picture>,
        /// Its colour space.
        #[serde(skip)]
        space: Space,
        /// Iterations that it shows; 0 is the draft.
        iterations: usize,
        /// Whether it shows the result.
        result: bool,
    },
    /// A checkpoint was written.
    Checkpointed {
        /// The file.
        path: PathBuf,
    },
    /// A picture of a batch or of a sheet came to its end.
    Item {
        /// Its number, from 1 on.
        number: usize,
        /// How many there are.
        of: usize,
        /// The file of the result, or the options of a picture of a sheet.
        name: String,
        /// What became of it.
        outcome: ItemOutcome,
    },
    /// The result was written.
    Wrote {
        /// The file.
        path: PathBuf,
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
        /// Iterations of a run, pictures of a sheet.
        count: usize,
        /// Seconds that all steps took.
        seconds: f64,
    },
    /// Something to know: a note, or a warning.
    Warned {
        /// What it is, in a sentence that begins with `note:` or `warning:`.
        text: String,
    },
    /// The job is over.
    Done {
        /// How it ended.
        end: End,
    },
}

/// What became of a picture of a batch or a sheet.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
#[non_exhaustive]
pub enum ItemOutcome {
    /// It was made in this time.
    Made {
        /// Seconds.
        seconds: f64,
    },
    /// It was there already.
    Skipped,
    /// It could not be made.
    Failed {
        /// Why not.
        message: String,
    },
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum End {
    /// All its work is done.
    Complete,
    /// It was stopped; what there was is kept.
    Stopped,
    /// It was paused at a checkpoint.
    Paused,
    /// It was cancelled.
    Cancelled,
    /// It failed.
    Failed,
}
