//! The errors of a style transfer, grouped by cause. Every error that the user can correct has a hint.

use std::fmt;

use crate::Setting;
use crate::checkpoint::CheckpointError;
use impasto_encoder::EncoderError;
use impasto_engine::EngineError;
use impasto_engine::painting::GRADIENT;

/// The subject of an [`Error::Invalid`].
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

/// Reasons why a style transfer could not be built, or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // === Wrong input ===
    /// A name that does not exist.
    #[error("no {kind} {name}")]
    Unknown {
        /// The kind of name: preset, statistic, layer and so on.
        kind: &'static str,
        /// The unknown name.
        name: String,
        /// The most similar names, or all names if none is similar.
        nearest: Vec<String>,
    },
    /// A setting with a value that cannot be used, or an input that does not fit the others.
    #[error("{subject}: {problem}")]
    Invalid {
        /// The setting or input.
        subject: Subject,
        /// What was expected, and what was found.
        problem: String,
        /// The hint, if there is one: it says what the user can do.
        advice: Option<String>,
    },
    /// A mask with labels where brightness or colours were expected.
    #[error(
        "found {count} colours up to {largest} of {of}, which look like labels: expected black and white"
    )]
    Labels {
        /// Number of different colours.
        count: usize,
        /// The largest value.
        largest: u32,
        /// The value of white.
        of: u32,
    },
    /// A mask that moves has more colours in its frames than a mask has regions.
    #[error("found more than {most} colours: expected a mask")]
    TooManyColours {
        /// The most colours of a mask.
        most: usize,
    },
    /// A preset needs a layer that the encoder does not have.
    #[error("preset {preset} looks at {layer}, but the encoder ends at {last}")]
    PresetNeedsLayer {
        /// The preset.
        preset: String,
        /// The layer.
        layer: String,
        /// The encoder's deepest layer.
        last: String,
        /// The nearest layers that the encoder has.
        nearest: Vec<String>,
        /// The setting that replaces the layer.
        setting: Setting,
    },
    /// A picture is so small that a layer has no feature.
    #[error(
        "{what} has {width}x{height} pixels, too small for {layer}: expected at least {smallest}x{smallest}"
    )]
    TooSmall {
        /// The picture: `content`, `style` and so on.
        what: &'static str,
        /// The deepest layer that observes the picture.
        layer: String,
        /// Smallest width and height, in pixels.
        smallest: usize,
        /// Width of the picture in pixels.
        width: usize,
        /// Height of the picture in pixels.
        height: usize,
        /// The setting and the value that would do, if there is one.
        would_do: Option<String>,
    },
    /// The run needs more memory than it may use, even with the smallest tiles.
    #[error(
        "a picture of {long_edge} pixels needs {} of memory, but {} is allowed",
        bytes(*needed), bytes(*memory)
    )]
    TooLarge {
        /// Long edge of the result in pixels.
        long_edge: usize,
        /// Bytes needed with the smallest tiles.
        needed: usize,
        /// Bytes allowed.
        memory: usize,
        /// The largest long edge that fits, in pixels; 0 if none fits.
        fits: usize,
    },
    /// There is no style picture.
    #[error("no style picture was given")]
    NoStyle,

    // === During the run ===
    /// A loss or gradient is not a finite number. The session still holds the last good picture.
    #[error("at {layer}: a value that is not a finite number")]
    NotFinite {
        /// The first layer with such a value.
        layer: String,
    },
    /// [`NotFinite`](Error::NotFinite), with the step at which it happened.
    #[error("at {layer}: a value that is not a finite number, in scale {scale}, iteration {iteration}")]
    Diverged {
        /// The first layer with such a value.
        layer: String,
        /// The scale, counted from 1.
        scale: usize,
        /// The iteration within the scale, counted from 1.
        iteration: usize,
    },
    /// The moments of a style are not finite numbers.
    #[error("the style has features that are not finite numbers at {layer}")]
    TargetNotFinite {
        /// The layer.
        layer: String,
    },
    /// The threads could not be started.
    #[error("cannot start {threads} threads: {problem}")]
    Threads {
        /// Number of threads.
        threads: usize,
        /// The error of the system.
        problem: String,
    },

    /// A temporary file failed, in a run that keeps part of its state outside memory. The run cannot continue; only
    /// earlier checkpoints remain.
    #[error("cannot keep the state of the run in a temporary file: {source}")]
    Stream {
        /// The error of the system.
        source: std::io::Error,
    },

    /// A checkpoint could not be written or resumed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),

    // === From other crates ===
    /// An error of the encoder.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    /// An error of the engine.
    #[error(transparent)]
    Engine(EngineError),
}

/// A number of bytes in decimal units, for messages.
fn bytes(count: usize) -> String {
    match count as f64 {
        count if count >= 1e9 => format!("{:.1} GB", count / 1e9),
        count => format!("{:.0} MB", count / 1e6),
    }
}

impl From<EngineError> for Error {
    fn from(error: EngineError) -> Error {
        match error {
            EngineError::NotFinite { what } => Error::NotFinite { layer: what.into() },
            EngineError::Pixels { source } => Error::stream(source),
            error => Error::Engine(error),
        }
    }
}

impl Error {
    /// The error for an unknown name. It lists the most similar known names, or all of them if none is similar.
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

    /// The error for numbers that could not be kept, in a file or in the memory of a device, which has errors of its own.
    pub(crate) fn stream(source: std::io::Error) -> Error {
        match source.downcast::<EngineError>() {
            Ok(error) => error.into(),
            Err(source) => Error::Stream { source },
        }
    }

    pub(crate) fn invalid(subject: impl Into<Subject>, problem: impl Into<String>) -> Error {
        Error::Invalid { subject: subject.into(), problem: problem.into(), advice: None }
    }

    /// The error with this advice, if it is an [`Error::Invalid`].
    pub(crate) fn advised(self, text: impl Into<String>) -> Error {
        match self {
            Error::Invalid { subject, problem, .. } => {
                Error::Invalid { subject, problem, advice: Some(text.into()) }
            }
            other => other,
        }
    }

    /// Whether the run was cancelled, in which case nothing is wrong.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Error::Engine(EngineError::Cancelled))
    }

    /// Advice for the user, if there is any. Settings are spelt as in the error; see [`Setting::spell`].
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Invalid { advice, .. } => advice.clone(),
            Error::Unknown { nearest, .. } => Some(format!("did you mean {}?", nearest.join(" or "))),
            Error::Labels { .. } => Some(
                "give each label a bright colour of its own, in the masks of content and styles; or make one mask of \
                 black and white for each style"
                    .into(),
            ),
            Error::TooManyColours { .. } => Some(
                "a mask that moves has one colour for each region; give files of PNG or a lossless codec, because \
                 compression changes colours"
                    .into(),
            ),
            Error::PresetNeedsLayer { nearest, setting, .. } => Some(format!(
                "the nearest layer is {}: give {setting} {}, or a model that is deep enough",
                nearest.join(" or "),
                nearest.first().map_or("relu4_2", String::as_str)
            )),
            Error::Diverged { layer, .. } | Error::NotFinite { layer } if layer == GRADIENT => {
                Some("lower the weights of all terms by one factor: only their ratios matter".into())
            }
            Error::Diverged { .. } | Error::NotFinite { .. } => Some(format!(
                "lower {} or the weights; adam stays stable where lbfgs diverges",
                Setting::LearningRate
            )),
            Error::TooSmall { would_do: Some(setting), .. } => {
                Some(format!("give {setting} or more, or shallower layers"))
            }
            Error::TooSmall { smallest, .. } => Some(format!(
                "use a picture of at least {smallest} pixels on the short side, or shallower layers"
            )),
            Error::TooLarge { fits: 0, .. } => {
                Some(format!("no size fits: give more {}, or smaller pictures", Setting::Memory))
            }
            Error::TooLarge { fits, .. } => {
                Some(format!("the largest size that fits is {} {fits}", Setting::Size))
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
                Some(format!("unset {asked_by} to use the best instruction set of this machine"))
            }
            Error::Engine(EngineError::NoSuchInstructionSet { .. }) => Some(
                "the same bytes need the same instruction set: continue on the machine where the run began"
                    .into(),
            ),
            Error::Engine(EngineError::DeviceLost { .. } | EngineError::DeviceRefused { .. }) => {
                Some(format!("{} cpu runs on the processor", Setting::Device))
            }
            Error::Engine(EngineError::DeviceMemory { .. } | EngineError::DeviceTooSmall { .. }) => {
                Some(format!(
                    "give less {} for smaller tiles, a smaller {}, or {} cpu",
                    Setting::Memory,
                    Setting::Size,
                    Setting::Device
                ))
            }
            Error::Engine(EngineError::NoSuchBackend { name, .. }) if !name.starts_with("gpu") => {
                let device = Setting::Device;
                Some(format!("{device} gpu takes a graphics card if there is one, {device} cpu the processor"))
            }
            Error::Engine(EngineError::NoSuchBackend { .. }) => {
                Some(format!("{} cpu runs on the processor", Setting::Device))
            }
            Error::Engine(EngineError::SizesDiffer { what: "picture", .. }) => Some(format!(
                "content and picture must have the same size; pictures of one shape can be resized to it with {}",
                Setting::Size
            )),
            _ => None,
        }
    }
}
