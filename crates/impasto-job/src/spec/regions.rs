//! Where styles go, and what stays as it is.

use std::path::PathBuf;

use impasto::Rest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::JobError;

/// Regions of the content.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct RegionSpec {
    /// Where styles go. A grey picture: where it is white; give one for each style to have each in its own place. A picture with
    /// colours: each is painted in the styles whose masks have it (STYLE:mask=FILE) or that name it (STYLE:region=#ff0000)
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE", help_heading = "Regions"))]
    pub mask: Vec<PathBuf>,
    /// What becomes of the rest, where no style goes: it is kept as it is, or painted in the first style [default: keep]
    #[cfg_attr(feature = "clap", arg(long, value_enum, value_name = "WHAT", help_heading = "Regions"))]
    pub rest: Option<RestKind>,
    /// Keep the content as it is where this picture is white, whatever the style
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE", help_heading = "Regions"))]
    pub protect: Option<PathBuf>,
    /// How soft the edges of what is kept are, as a part of the picture's long edge, 0 to 0.25 [default: 0.005]
    #[cfg_attr(feature = "clap", arg(long, value_name = "F", help_heading = "Regions"))]
    pub feather: Option<f64>,
}

/// What becomes of the part of the content where no style goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RestKind {
    /// It stays as it is
    Keep,
    /// It is painted in the first style
    First,
}

impl RegionSpec {
    pub(crate) fn rest(&self) -> Rest {
        match self.rest {
            Some(RestKind::First) => Rest::First,
            _ => Rest::Keep,
        }
    }

    /// Every file, to be changed.
    pub fn files_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.mask.iter_mut().chain(&mut self.protect)
    }

    /// An option that could do nothing is a mistake.
    pub(crate) fn check(&self) -> Result<(), JobError> {
        if self.rest.is_some() && self.mask.is_empty() {
            return Err(JobError::bad_input("`rest`: without `mask` there is no rest"));
        }
        let keeps = !self.mask.is_empty() && self.rest() == Rest::Keep;
        if self.feather.is_some() && self.protect.is_none() && !keeps {
            return Err(JobError::bad_input("`feather`: nothing is kept whose edges could be soft")
                .hint("it goes with `protect`, and with `mask` where the rest is kept"));
        }
        Ok(())
    }
}
