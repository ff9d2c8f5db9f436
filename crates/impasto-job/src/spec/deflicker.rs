//! The options of `deflicker`, which makes a film steady that another program painted. The work itself is in a crate
//! above this one.

use std::path::PathBuf;

use serde::Serialize;

use super::{EncodingSpec, InputSpec};
use crate::{JobError, paths};

/// Make a film steady whose frames another program painted one by one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
pub struct DeflickerSpec {
    /// The film before it was painted, whose motion is followed and whose sound is kept; a film, a folder of frames, or
    /// a pattern such as in/%04d.png
    #[serde(serialize_with = "paths::write")]
    pub original: PathBuf,
    /// The painted film, with as many frames: a film, a folder or a pattern
    #[serde(serialize_with = "paths::write")]
    pub painted: PathBuf,
    /// The film to write (mp4, mov, mkv, webm, gif or apng), or a pattern of frames such as out/%04d.png
    #[cfg_attr(feature = "clap", arg(short, long, value_name = "OUT"))]
    #[serde(serialize_with = "paths::write")]
    pub output: PathBuf,
    /// How firmly a frame is held to the one before: 0 leaves it as it is
    #[cfg_attr(feature = "clap", arg(long, value_name = "S", default_value_t = 1.0, help_heading = "Film"))]
    pub strength: f32,
    /// Frames a second where both films are frames as files [default: 25]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", help_heading = "Film"))]
    pub fps: Option<String>,
    /// Frames at which shots begin, in place of those that are found, such as 120,310
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "N,N,...", value_delimiter = ',', help_heading = "Film")
    )]
    pub cuts: Option<Vec<usize>>,
    /// Take the film as one shot
    #[cfg_attr(feature = "clap", arg(long, conflicts_with = "cuts", help_heading = "Film"))]
    pub no_cuts: bool,
    /// Bring an original of high dynamic range to the standard range, by Hable's curve
    #[cfg_attr(feature = "clap", arg(long, help_heading = "Film"))]
    pub tone_map: bool,
    /// Options for the file of the film.
    #[cfg_attr(feature = "clap", command(flatten))]
    pub encoding: EncodingSpec,
    /// The folder for frames until the film is made [default: OUT.film]
    #[cfg_attr(feature = "clap", arg(long, value_name = "DIR", help_heading = "Work"))]
    #[serde(serialize_with = "paths::write")]
    pub folder: Option<PathBuf>,
    /// Keep that folder after the film is made
    #[cfg_attr(feature = "clap", arg(long, help_heading = "Work"))]
    pub keep_frames: bool,
    /// Options for reading input files.
    #[cfg_attr(feature = "clap", command(flatten))]
    pub limits: InputSpec,
}

impl DeflickerSpec {
    /// The default options.
    pub fn new(original: PathBuf, painted: PathBuf, output: PathBuf) -> DeflickerSpec {
        DeflickerSpec {
            original,
            painted,
            output,
            strength: 1.0,
            fps: None,
            cuts: None,
            no_cuts: false,
            tone_map: false,
            encoding: EncodingSpec::default(),
            folder: None,
            keep_frames: false,
            limits: InputSpec::default(),
        }
    }

    /// Finds options that are out of range.
    ///
    /// # Errors
    /// With the option in the message.
    pub fn check(&self) -> Result<(), JobError> {
        match (0.0..=100.0).contains(&self.strength) {
            true => Ok(()),
            false => {
                Err(JobError::bad_input(format!("`strength`: expected 0 to 100, found {}", self.strength)))
            }
        }
    }
}
