//! The surroundings of a running job: the listener to its events, the control that commands it, the source of its
//! models.

use std::sync::Arc;
use std::time::{Duration, Instant};

use impasto::encoder::{self, Encoder};

use crate::inputs::{Pictures, Source};
use crate::paint::fitted;
use crate::spec::{InputSpec, VideoSpec};
use crate::{Control, ErrorKind, Event, Filmed, Films, JobError, VideoContext, VideoEvent};

/// Settings for the pictures that a run or a film shows while it is in progress.
#[derive(Clone, Copy, Debug)]
pub struct Previews {
    /// Largest long edge in pixels.
    pub max_edge: usize,
    /// Iterations between two pictures. The draft and the result are always shown; a film shows each painted frame.
    pub every: Option<usize>,
}

pub(crate) type Listener = Arc<dyn Fn(Event) + Send + Sync>;
pub(crate) type Models = Arc<dyn Fn(&str) -> Result<Encoder, JobError> + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) control: Control,
    pub(crate) listener: Listener,
    pub(crate) models: Models,
    pub(crate) previews: Option<Previews>,
    /// When the job began, for jobs with a time limit.
    pub(crate) started: Instant,
    /// Pictures that are in memory in place of files.
    pub(crate) pictures: Pictures,
    /// Whether a result without a file is kept in memory alone.
    pub(crate) in_memory: bool,
    /// What paints films, if this program does.
    pub(crate) films: Option<Films>,
}

impl Default for Context {
    fn default() -> Context {
        Context {
            control: Control::default(),
            listener: Arc::new(|_| {}),
            models: Arc::new(|name| Ok(encoder::open(name)?)),
            previews: None,
            started: Instant::now(),
            pictures: Pictures::default(),
            in_memory: false,
            films: None,
        }
    }
}

impl Context {
    pub(crate) fn emit(&self, event: Event) {
        (self.listener)(event);
    }

    /// Emits a note or a warning.
    pub(crate) fn warn(&self, text: impl Into<String>) {
        self.emit(Event::Warned { text: text.into() });
    }

    pub(crate) fn model(&self, name: &str) -> Result<Encoder, JobError> {
        (self.models)(name)
    }

    /// Returns where the pictures of the job come from.
    pub(crate) fn source(&self, input: &InputSpec) -> Result<Source, JobError> {
        Ok(Source::with(input.limits()?, &self.pictures))
    }

    /// Paints a film.
    pub(crate) fn film(&self, spec: &VideoSpec) -> Result<Filmed, JobError> {
        let Some(films) = &self.films else {
            return Err(JobError::new(ErrorKind::BadInput, "this program paints no films"));
        };
        let listener = Arc::clone(&self.listener);
        let edge = self.previews.map_or(usize::MAX, |previews| previews.max_edge);
        let context = VideoContext {
            control: self.control.clone(),
            listener: Arc::new(move |event| match event {
                VideoEvent::Warned { text } => listener(Event::Warned { text }),
                VideoEvent::Picture { picture, space, frame } if picture.long_edge() > edge => {
                    let picture = Arc::new(fitted(&picture, edge));
                    listener(Event::Film(VideoEvent::Picture { picture, space, frame }));
                }
                event => listener(Event::Film(event)),
            }),
            models: Arc::clone(&self.models),
            pictures: Arc::clone(&self.pictures),
            shows_frames: self.previews.is_some(),
        };
        films(spec, &context)
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}
