//! What can go wrong in a style transfer, grouped by whose fault it is; every error that the user can mend has a hint.

use std::fmt;

use crate::Setting;
use crate::checkpoint::CheckpointError;
use impasto_encoder::EncoderError;
use impasto_engine::EngineError;

/// What [`Error::Invalid`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// A setting.
    Setting(Setting),
    /// Anything else, in words.
    Part(&'static str),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Setting(setting) => setting.fmt(f),
            Subject::Part(part) => f.write_str(part),
        }
    }
}

impl From<Setting> for Subject {
    fn from(setting: Setting) -> Subject {
        Subject::Setting(setting)
    }
}

impl From<&'static str> for Subject {
    fn from(part: &'static str) -> Subject {
        Subject::Part(part)
    }
}

/// Why a style transfer could not be built, or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // === What was asked for ===
    /// A name that does not exist.
    #[error("no {kind} {name}")]
    Unknown {
        /// Preset, statistic, layer and so on.
        kind: &'static str,
        /// What was asked for.
        name: String,
        /// The names nearest to it, or all there are.
        nearest: Vec<String>,
    },
    /// A setting with a value that cannot act, or a part of what was given that does not fit.
    #[error("{subject}: {problem}")]
    Invalid {
        /// The setting or part.
        subject: Subject,
        /// What is wrong with it, and what was expected.
        problem: String,
    },
    /// A preset looks at a layer that the encoder does not have.
    #[error("preset {preset} looks at {layer}, but the encoder ends at {last}")]
    PresetNeedsLayer {
        /// The preset.
        preset: String,
        /// The layer.
        layer: String,
        /// The encoder's deepest layer.
        last: String,
        /// The nearest layers that it has.
        nearest: Vec<String>,
        /// The setting that replaces the layer.
        setting: Setting,
    },
    /// A picture leaves no feature at a layer.
    #[error(
        "{what} has {width}x{height} pixels, too small for {layer}: expected at least {smallest}x{smallest}"
    )]
    TooSmall {
        /// Which picture.
        what: &'static str,
        /// The deepest layer that looks at it.
        layer: String,
        /// Smallest width and height.
        smallest: usize,
        /// Its width.
        width: usize,
        /// Its height.
        height: usize,
    },
    /// A run that takes more memory than it may, however small its tiles.
    #[error(
        "a picture of {long_edge} pixels needs {} of memory, but {} is allowed",
        bytes(*needed), bytes(*memory)
    )]
    TooLarge {
        /// Long edge of the result.
        long_edge: usize,
        /// Bytes needed with the smallest tiles.
        needed: usize,
        /// Bytes allowed.
        memory: usize,
        /// The largest long edge that fits; 0 if none does.
        fits: usize,
    },
    /// No style picture.
    #[error("no style picture was given")]
    NoStyle,

    // === While it runs ===
    /// A loss or gradient that is not a finite number. The session still holds the last good picture.
    #[error("at {layer}: a value that is not a finite number")]
    NotFinite {
        /// Where it was seen first.
        layer: String,
    },
    /// [`NotFinite`](Error::NotFinite), with the step at which it happened.
    #[error("at {layer}: a value that is not a finite number, in scale {scale}, iteration {iteration}")]
    Diverged {
        /// Where it was seen first.
        layer: String,
        /// Scale, counted from 1.
        scale: usize,
        /// Iteration of the scale, counted from 1.
        iteration: usize,
    },
    /// A style whose moments are not finite numbers.
    #[error("the style has features that are not finite numbers at {layer}")]
    TargetNotFinite {
        /// Where.
        layer: String,
    },
    /// The threads could not be started.
    #[error("cannot start {threads} threads: {problem}")]
    Threads {
        /// How many.
        threads: usize,
        /// What the system said.
        problem: String,
    },

    /// The temporary files of a run that does not keep all of its state in memory. What was saved before is all that is
    /// left of the run.
    #[error("cannot keep the state of the run in a temporary file: {source}")]
    Stream {
        /// What the system said.
        source: std::io::Error,
    },

    /// A checkpoint that cannot be written or taken up.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),

    // === Below ===
    /// The encoder.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// For people, in decimal units.
fn bytes(count: usize) -> String {
    match count as f64 {
        count if count >= 1e9 => format!("{:.1} GB", count / 1e9),
        count => format!("{:.0} MB", count / 1e6),
    }
}

impl Error {
    /// A name that does not exist, with the nearest that do; with all there are when none is near.
    pub(crate) fn unknown<'a>(
        kind: &'static str,
        name: &str,
        known: impl Iterator<Item = &'a str> + Clone,
    ) -> Error {
        let mut nearest = impasto_encoder::nearest(name, known.clone());
        if nearest.is_empty() {
            nearest = known.map(str::to_string).collect();
        }
        Error::Unknown { kind, name: name.into(), nearest }
    }

    pub(crate) fn stream(source: std::io::Error) -> Error {
        Error::Stream { source }
    }

    pub(crate) fn invalid(subject: impl Into<Subject>, problem: impl Into<String>) -> Error {
        Error::Invalid { subject: subject.into(), problem: problem.into() }
    }

    /// True when the run was cancelled and nothing is wrong.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Error::Engine(EngineError::Cancelled))
    }

    /// What the user can do about it, where we know. Settings are named as in the error: [`Setting::spell`].
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Unknown { nearest, .. } => Some(format!("did you mean {}?", nearest.join(" or "))),
            Error::PresetNeedsLayer { nearest, setting, .. } => Some(format!(
                "the nearest layer is {}: give {setting} {}, or a model that is deep enough",
                nearest.join(" or "),
                nearest.first().map_or("relu4_2", String::as_str)
            )),
            Error::Diverged { .. } | Error::NotFinite { .. } => Some(format!(
                "lower {} or the weights; adam holds where lbfgs does not",
                Setting::LearningRate
            )),
            Error::TooSmall { what, .. } => {
                let larger = match what.contains("content") {
                    true => format!(", {} or {}", Setting::Size, Setting::MinSize),
                    false => format!(" or {}", Setting::StyleScale),
                };
                Some(format!("give a larger picture{larger}, or shallower layers"))
            }
            Error::TooLarge { fits: 0, .. } => {
                Some(format!("no size fits: give more {}, or smaller pictures", Setting::Memory))
            }
            Error::TooLarge { fits, .. } => {
                Some(format!("the largest that fits is {} {fits}", Setting::Size))
            }
            Error::Stream { .. } | Error::Engine(EngineError::Spill { .. }) => {
                Some(format!("free space in the folder of the result, or give more {}", Setting::Memory))
            }
            Error::Checkpoint(error) => error.hint(),
            Error::Encoder(error) => error.hint(),
            Error::Engine(EngineError::TooSmall { smallest, .. }) => Some(format!(
                "use pictures of at least {smallest} pixels on the short side, or shallower layers"
            )),
            Error::Engine(EngineError::NoSuchInstructionSet { asked_by, .. }) if asked_by.contains('_') => {
                Some(format!("unset {asked_by} for the best that this machine has"))
            }
            Error::Engine(EngineError::NoSuchInstructionSet { .. }) => Some(
                "results are the same bytes only on the same instruction set: go on where the run began"
                    .into(),
            ),
            Error::Engine(EngineError::SizesDiffer { what: "picture", .. }) => Some(format!(
                "content and picture must have the same size; pictures of one shape can be brought to it with {}",
                Setting::Size
            )),
            _ => None,
        }
    }
}
