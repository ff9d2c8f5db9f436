//! The fingerprint of a run: everything that determines its result. Two runs with the same fingerprint give the
//! same bytes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Colour;

/// Everything that a result depends on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fingerprint {
    pub(crate) content: String,
    /// Digest and share of each style.
    pub(crate) styles: Vec<(String, f64)>,
    pub(crate) init: Option<String>,
    pub(crate) model: String,
    pub(crate) recipe: Value,
    pub(crate) scales: Value,
    pub(crate) style_scales: Vec<f64>,
    /// Whether resizing averages light.
    pub(crate) in_light: bool,
    /// The source of the result's colours, and the digest of the picture they come from.
    pub(crate) colour: Colour,
    pub(crate) colours: Option<String>,
    /// Digest of the masks and of the styles' regions.
    #[serde(default)]
    pub(crate) regions: Option<String>,
    pub(crate) seed: u64,
    pub(crate) instruction_set: String,
    /// Pixels of the largest tile, if the picture was cut.
    pub(crate) window: Option<usize>,
    /// Whether features are kept in half precision.
    pub(crate) half: bool,
}

impl Fingerprint {
    /// Describes the first difference from `other` for the user; `None` if both are equal.
    pub(crate) fn difference(&self, other: &Fingerprint) -> Option<String> {
        if self.content != other.content {
            return Some("the content picture is not the same".into());
        }
        if self.styles.len() != other.styles.len() {
            return Some(format!("it has {} styles, not {}", self.styles.len(), other.styles.len()));
        }
        if let Some(style) = self.styles.iter().zip(&other.styles).position(|(mine, theirs)| mine != theirs) {
            return Some(format!("style {} or its weight is not the same", style + 1));
        }
        let values = [
            ("the picture to begin with", self.init != other.init),
            ("the model", self.model != other.model),
            ("the size or the number of iterations", self.scales != other.scales),
            ("the size of the styles", self.style_scales != other.style_scales),
            ("how pictures are resized (`resize`)", self.in_light != other.in_light),
            ("whose colours the result has (`colour`)", self.colour != other.colour),
            ("the content's colours", self.colours != other.colours),
            (
                "masks, or what styles are for (`mask`, `protect`, `rest`, `feather`)",
                self.regions != other.regions,
            ),
            ("the seed", self.seed != other.seed),
            ("the instruction set", self.instruction_set != other.instruction_set),
            ("the size of the tiles", self.window != other.window),
            ("the precision (`half`)", self.half != other.half),
        ];
        if let Some((what, _)) = values.iter().find(|(_, differs)| *differs) {
            return Some(format!("{what} is not the same"));
        }
        if self.recipe == other.recipe {
            return None;
        }
        let (Value::Object(mine), Value::Object(theirs)) = (&self.recipe, &other.recipe) else {
            return Some("the recipe is not the same".into());
        };
        let key = mine.keys().find(|key| mine.get(*key) != theirs.get(*key));
        Some(format!("{} is not the same", key.map_or("the recipe", String::as_str)))
    }
}
