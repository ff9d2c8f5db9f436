//! What surrounds a job while it runs: who listens, who commands, where models come from.

use std::sync::Arc;
use std::time::{Duration, Instant};

use impasto::encoder::{self, Encoder};

use crate::{Control, Event, JobError};

/// The pictures that a run shows on its way.
#[derive(Clone, Copy, Debug)]
pub struct Previews {
    /// Long edge in pixels, at most.
    pub max_edge: usize,
    /// Iterations from one to the next. The draft and the result are always shown.
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
    /// When the job began, for jobs in limited time.
    pub(crate) started: Instant,
}

impl Default for Context {
    fn default() -> Context {
        Context {
            control: Control::default(),
            listener: Arc::new(|_| {}),
            models: Arc::new(|name| Ok(encoder::open(name)?)),
            previews: None,
            started: Instant::now(),
        }
    }
}

impl Context {
    pub(crate) fn emit(&self, event: Event) {
        (self.listener)(event);
    }

    /// Tells something to know.
    pub(crate) fn warn(&self, text: impl Into<String>) {
        self.emit(Event::Warned { text: text.into() });
    }

    pub(crate) fn model(&self, name: &str) -> Result<Encoder, JobError> {
        (self.models)(name)
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}
