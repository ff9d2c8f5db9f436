//! How a result is written: format, depth, colour profile, metadata.

use std::path::Path;

use impasto::image::{Format, ImageError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::JobError;

/// How results are written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct OutputSpec {
    /// png, jpg, tif, webp, exr, qoi or bmp [default: as the extension says]
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME", help_heading = "Output"))]
    pub format: Option<String>,
    /// Bits a channel: 8, 16, or 32 for floating point [default: the content's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "BITS", value_parser = clap::value_parser!(u8), help_heading = "Output"))]
    pub depth: Option<u8>,
    /// Quality of JPEG files, 1 to 100 [default: 95]
    #[cfg_attr(feature = "clap", arg(long, value_name = "Q", value_parser = clap::value_parser!(u8).range(1..=100), help_heading = "Output"))]
    pub quality: Option<u8>,
    /// The colour profile that the result is written by
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = ProfileKind::Input, help_heading = "Output"))]
    pub profile: ProfileKind,
    /// Write no EXIF, no print size and no recipe
    #[cfg_attr(feature = "clap", arg(long, help_heading = "Output"))]
    pub no_metadata: bool,
    /// Keep the place where the content was taken, too
    #[cfg_attr(feature = "clap", arg(long, conflicts_with = "no_metadata", help_heading = "Output"))]
    pub keep_gps: bool,
}

impl OutputSpec {
    /// The format of the file of this name.
    pub fn format(&self, path: &Path) -> Result<Format, JobError> {
        match &self.format {
            Some(name) => {
                name.parse().map_err(|reason| JobError::bad_input(format!("`format` {name}: {reason}")))
            }
            None => Ok(Format::of(path).map_err(|error| match error {
                ImageError::UnknownExtension { .. } => JobError::from(error).and_hint("or give `format`"),
                error => error.into(),
            })?),
        }
    }
}

/// A colour profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ProfileKind {
    /// The content's; sRGB, and none embedded, where it has none for RGB
    #[default]
    Input,
    /// sRGB
    Srgb,
    /// Display P3
    P3,
}
