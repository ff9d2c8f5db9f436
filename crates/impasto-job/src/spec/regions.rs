//! Where styles are painted, and which parts stay unchanged.

use std::path::{Path, PathBuf};

use impasto::Rest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{JobError, paths};

/// Regions of the content.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct RegionSpec {
    /// Mask of the content: where styles are painted. A grey mask is white there; give one for each style to place each
    /// style separately. In a mask with colours, the region of a colour is painted in the styles whose own masks have
    /// the colour (STYLE:mask=FILE) or that name it (STYLE:region=#ff0000). With `like`, none leaves the recipe's masks
    /// out. For a film, a mask may be a film, a folder or a pattern of frames, and moves along
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE", help_heading = "Regions"))]
    #[serde(serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub mask: Vec<PathBuf>,
    /// Treatment of the rest of the content, where no mask places a style [default: keep]
    #[cfg_attr(feature = "clap", arg(long, value_enum, value_name = "WHAT", help_heading = "Regions"))]
    pub rest: Option<RestKind>,
    /// Keep the content unchanged where this grey picture is white, whatever the style. With `like`, none leaves the
    /// recipe's out. For a film it may move, like `mask`
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE", help_heading = "Regions"))]
    #[serde(serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub protect: Option<PathBuf>,
    /// Softness of the edges of kept parts, relative to the picture's long edge, 0 to 0.25 [default: 0.015]
    #[cfg_attr(feature = "clap", arg(long, value_name = "F", help_heading = "Regions"))]
    pub feather: Option<f64>,
}

/// The treatment of the part of the content where no mask places a style.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RestKind {
    /// Keep it unchanged
    Keep,
    /// Paint it in the first style
    First,
}

/// Whether a name means no file at all.
fn is_none(path: &Path) -> bool {
    path == Path::new("none")
}

impl RegionSpec {
    pub(crate) fn rest(&self) -> Rest {
        match self.rest {
            Some(RestKind::First) => Rest::First,
            _ => Rest::Keep,
        }
    }

    /// Whether `none` stands in place of the masks of the content.
    pub(crate) fn switches_off_masks(&self) -> bool {
        self.mask.len() == 1 && is_none(&self.mask[0])
    }

    /// Takes the name `none` for no file at all, and leaves out the options that then have no effect, unless they were
    /// given. A file that has this name is `./none`.
    pub fn leave_out_none(&mut self, given: &dyn Fn(&str) -> bool) {
        let (no_masks, unprotected) =
            (self.switches_off_masks(), self.protect.as_deref().is_some_and(is_none));
        if no_masks {
            self.mask.clear();
            self.rest = self.rest.filter(|_| given("rest"));
        }
        if unprotected {
            self.protect = None;
        }
        let keeps = self.protect.is_some() || (!self.mask.is_empty() && self.rest() == Rest::Keep);
        if (no_masks || unprotected) && !keeps {
            self.feather = self.feather.filter(|_| given("feather"));
        }
    }

    /// All mask files, mutable.
    pub fn files_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.mask.iter_mut().chain(&mut self.protect)
    }

    /// Refuses options that would have no effect.
    pub(crate) fn check(&self) -> Result<(), JobError> {
        if self.rest.is_some() && self.mask.is_empty() {
            return Err(JobError::bad_input("`rest` has no effect without `mask`"));
        }
        let keeps = !self.mask.is_empty() && self.rest() == Rest::Keep;
        if self.feather.is_some() && self.protect.is_none() && !keeps {
            return Err(JobError::bad_input("`feather` has no effect: no part of the content is kept")
                .hint("use it with `protect`, or with `mask` and `rest` keep"));
        }
        Ok(())
    }
}
