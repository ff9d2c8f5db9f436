//! How a result is written: format, depth, colour profile, metadata.

use std::path::Path;

use impasto::image::{Format, ImageError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::JobError;

/// Options for writing results.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct OutputSpec {
    /// Format of the result: png, jpg, tif, webp, exr, qoi or bmp [default: by the extension]
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME", help_heading = "Output"))]
    pub format: Option<String>,
    /// Bits per channel: 8, 16, or 32 for floating point [default: the content's; for a texture the first style's]
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "BITS", value_parser = clap::value_parser!(u8), help_heading = "Output")
    )]
    pub depth: Option<u8>,
    /// Quality of JPEG files, 1 to 100 [default: 95]
    #[cfg_attr(
        feature = "clap",
        arg(
            long,
            value_name = "Q",
            value_parser = clap::value_parser!(u8).range(1..=100),
            help_heading = "Output"
        )
    )]
    pub quality: Option<u8>,
    /// Colour profile of the result
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = ProfileKind::Input, help_heading = "Output"))]
    pub profile: ProfileKind,
    /// Write no EXIF, no print size and no recipe
    #[cfg_attr(feature = "clap", arg(long, help_heading = "Output"))]
    pub no_metadata: bool,
    /// Also keep the GPS location of the content; an error for a texture, which has none
    #[cfg_attr(feature = "clap", arg(long, conflicts_with = "no_metadata", help_heading = "Output"))]
    pub keep_gps: bool,
}

impl OutputSpec {
    /// The format of the result: from the option, or from the extension of this file name.
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
    /// The content's, or for a texture the first style's; if it has none for RGB, sRGB without an embedded profile
    #[default]
    Input,
    /// sRGB
    Srgb,
    /// Display P3
    P3,
}
