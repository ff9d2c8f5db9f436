//! A film as this crate sees it: its events, its plan, its outcome, and the surroundings of what paints it. That is in
//! `impasto-video`, which is above this crate and gives its function to the runner
//! ([`Runner::films`](crate::Runner::films)).

use std::path::PathBuf;
use std::sync::Arc;

use impasto::Picture;
use impasto::image::Space;
use serde::{Deserialize, Serialize};

use crate::context::Models;
use crate::inputs::Pictures;
use crate::spec::VideoSpec;
use crate::{Control, End, JobError, paths};

/// An event of a film. As JSON it is an object whose field `event` is its name; pictures are left out.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
#[non_exhaustive]
pub enum VideoEvent {
    /// The film was read and its shots were found; the work begins.
    Planned(VideoPlan),
    /// A shot begins.
    Shot {
        /// Number of the shot, from 1 on.
        number: usize,
        /// Number of all shots.
        of: usize,
        /// Its first frame, from 0 on.
        first: usize,
        /// Frames of the result that it has.
        frames: usize,
    },
    /// A frame was painted and written.
    Frame {
        /// The frame of the result, from 0 on.
        frame: usize,
        /// Frames that are painted so far, of this run and earlier ones.
        done: usize,
        /// Frames to paint in all.
        of: usize,
        /// Number of its shot, from 1 on.
        shot: usize,
        /// Iterations that it took.
        iterations: usize,
        /// The share of it that the frame before does not show.
        unseen: f32,
        /// Findings and acts of the guards of the film's look. The first frame of a shot and copies have none.
        #[serde(skip_serializing_if = "Option::is_none")]
        guarded: Option<Guarded>,
        /// Seconds that it took.
        seconds: f64,
        /// Estimated seconds for the rest, from the frames so far.
        seconds_left: f64,
    },
    /// A picture to show: the frame that was painted last.
    Picture {
        /// The picture: RGB, encoded by the curve of sRGB.
        #[serde(skip)]
        picture: Arc<Picture>,
        /// The colour space of the picture.
        #[serde(skip)]
        space: Space,
        /// The frame of the result, from 0 on.
        frame: usize,
    },
    /// The film, or the last of the frames, was written.
    Wrote {
        /// The file or the pattern.
        #[serde(serialize_with = "paths::write")]
        path: PathBuf,
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
        /// Frames of the result.
        frames: usize,
    },
    /// A note or a warning.
    Warned {
        /// A sentence that begins with `note:` or `warning:`.
        text: String,
    },
    /// The work is over.
    Done {
        /// How it ended.
        end: End,
    },
}

/// Findings and acts of the guards of a film's look, in one frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Guarded {
    /// The energy of the two finest bands over that from when the paint was made.
    pub sharpness: f32,
    /// The mean distance of coarse colours from those that the paint dried with, as RGB in 0..1, before they were
    /// pulled back.
    pub drift: f32,
    /// The share of the frame whose paint was loosened, for its sharpness or for a change of light.
    pub loosened: f32,
}

/// The work, the time and the disk space that a film will take.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VideoPlan {
    /// Pixels across of a painted frame.
    pub width: usize,
    /// Pixels down of a painted frame.
    pub height: usize,
    /// Frames of the result.
    pub frames: usize,
    /// Frames that are painted, in this part of the work.
    pub painted: usize,
    /// Painted frames that exist already.
    pub done: usize,
    /// Number of shots.
    pub shots: usize,
    /// Seconds of the film.
    pub seconds: f64,
    /// About the bytes of disk that the frames and the states take until the film is made.
    pub disk_bytes: u64,
    /// The folder of frames and state.
    #[serde(serialize_with = "paths::write")]
    pub folder: PathBuf,
}

/// The outcome of a film.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Filmed {
    /// How the work ended.
    pub end: End,
    /// The film or the pattern of frames, if it was written. A shard writes none.
    #[serde(serialize_with = "paths::write")]
    pub output: Option<PathBuf>,
    /// Frames that this run painted.
    pub painted: usize,
    /// Frames that are left to paint in this part of the work.
    pub left: usize,
    /// Pixels across and down.
    pub size: (usize, usize),
    /// Frames of the result.
    pub frames: usize,
    /// Number of shots.
    pub shots: usize,
    /// Seconds of the film.
    pub seconds: f64,
    /// The instruction sets and graphics cards that painted its frames, in their order. There is more than one if a
    /// card failed, or if `from` was used; none if no network ran.
    pub devices: Vec<String>,
}

/// The function that paints a film. See [`Runner::films`](crate::Runner::films).
pub type Films = Arc<dyn Fn(&VideoSpec, &VideoContext) -> Result<Filmed, JobError> + Send + Sync>;

/// The surroundings of a film in progress.
#[derive(Clone)]
pub struct VideoContext {
    /// The commands to the work.
    pub control: Control,
    /// Called with every event, on the working thread.
    pub listener: Arc<dyn Fn(VideoEvent) + Send + Sync>,
    /// Opens models by their names.
    pub models: Models,
    /// Pictures in memory, which the job names `memory:NAME`.
    pub pictures: Pictures,
    /// Whether each painted frame is told as a picture ([`VideoEvent::Picture`]). A runner of jobs brings it to the
    /// size of its [`Previews`](crate::Previews).
    pub shows_frames: bool,
}

impl Default for VideoContext {
    fn default() -> VideoContext {
        VideoContext {
            control: Control::default(),
            listener: Arc::new(|_| {}),
            models: Arc::new(|name| Ok(impasto::encoder::open(name)?)),
            pictures: Pictures::default(),
            shows_frames: false,
        }
    }
}

impl VideoContext {
    /// Emits an event.
    pub fn emit(&self, event: VideoEvent) {
        (self.listener)(event);
    }

    /// Emits a note or a warning.
    pub fn warn(&self, text: impl Into<String>) {
        self.emit(VideoEvent::Warned { text: text.into() });
    }
}
