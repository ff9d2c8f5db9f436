//! The settings of the page.

use impasto::{Colour, ColourMap, Effort, Overrides, StyleTransfer};
use serde::{Deserialize, Serialize};

use crate::{LARGEST, Problem};

/// The values of the page's controls. The names are those of a job's settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Long edge of the result in pixels, at most [`LARGEST`].
    pub size: usize,
    /// The share of the style, from 0 to 1.
    pub strength: f64,
    /// Size of the strokes relative to those in the style, from 0.1 to 4.
    pub stroke_size: f64,
    /// Where the colours come from: `style`, `keep`, `match` or `luminance`.
    pub colour: String,
    /// The amount of work that a run does: `normal` or `fine`.
    pub effort: String,
}

impl Settings {
    /// The settings that a text in JSON states.
    ///
    /// # Errors
    /// When it is not such a text.
    pub fn parse(json: &str) -> Result<Settings, Problem> {
        serde_json::from_str(json).map_err(|error| Problem::new(format!("the settings: {error}")))
    }

    /// The source of the colours.
    ///
    /// # Errors
    /// For a name that does not exist.
    pub fn colour(&self) -> Result<Colour, Problem> {
        match self.colour.as_str() {
            "style" => Ok(Colour::Style),
            "keep" => Ok(Colour::Keep),
            "match" => Ok(Colour::Match(ColourMap::default())),
            "luminance" => Ok(Colour::Luminance),
            other => Err(Problem::new(format!("no colour {other}"))),
        }
    }

    /// A transfer with these settings in place of the usual ones.
    ///
    /// # Errors
    /// For a size that the page does not paint, and for names that do not exist.
    pub(crate) fn apply(&self, transfer: StyleTransfer) -> Result<StyleTransfer, Problem> {
        if self.size > LARGEST {
            let message = format!("this page paints at most {LARGEST} pixels, not {}", self.size);
            return Err(Problem::new(message).hint("Impasto as a program paints larger pictures, and faster"));
        }
        let transfer = transfer.size(self.size).stroke_size(self.stroke_size);
        Ok(transfer.colour(self.colour()?).overrides(self.overrides()?))
    }

    /// The changes to the recipe.
    ///
    /// # Errors
    /// For an effort that does not exist.
    pub(crate) fn overrides(&self) -> Result<Overrides, Problem> {
        let effort: Effort = self.effort.parse()?;
        let effort = (effort != Effort::Normal).then_some(effort);
        Ok(Overrides { strength: Some(self.strength), effort, ..Overrides::default() })
    }
}
