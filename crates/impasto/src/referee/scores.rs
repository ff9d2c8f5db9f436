//! The scores of a picture, and the measures behind them.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// The better direction of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// Higher is better; 1 is the best value.
    Higher,
    /// Lower is better; 0 is the best value.
    Lower,
}

/// The aspect of a picture that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Aspect {
    /// How much of the content is kept.
    Content,
    /// How close the colours are to the style's.
    Colour,
    /// How close the texture is to the style's.
    Texture,
    /// Faults that neither content nor style has.
    Faults,
}

/// A measure, and how to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Measure {
    /// Name in tables and in [`Scores`].
    pub name: &'static str,
    /// The aspect that is measured.
    pub aspect: Aspect,
    /// The better direction.
    pub better: Better,
    /// Description in one line.
    pub about: &'static str,
}

impl Measure {
    const fn new(name: &'static str, aspect: Aspect, better: Better, about: &'static str) -> Measure {
        Measure { name, aspect, better, about }
    }

    /// All measures that need no encoder from the caller, in the order of tables.
    pub const ALL: &'static [Measure] = &[
        Measure::new(
            "ssim",
            Aspect::Content,
            Better::Higher,
            "structural similarity to the content, of luma",
        ),
        Measure::new("ms-ssim", Aspect::Content, Better::Higher, "the same over five scales"),
        Measure::new(
            "gmsd",
            Aspect::Content,
            Better::Lower,
            "how unevenly the gradients agree with the content's",
        ),
        Measure::new(
            "structure",
            Aspect::Content,
            Better::Higher,
            "how well the self-similarity of an encoder's features agrees with the content's",
        ),
        Measure::new(
            "colour",
            Aspect::Colour,
            Better::Lower,
            "sliced Wasserstein distance to the style's colours, in L*a*b*",
        ),
        Measure::new(
            "patches",
            Aspect::Texture,
            Better::Lower,
            "sliced Wasserstein distance to the style's 7x7 patches, over five octaves",
        ),
        Measure::new(
            "filters",
            Aspect::Texture,
            Better::Lower,
            "Wasserstein distance to the style's responses of random filters, over five octaves",
        ),
        Measure::new(
            "noise",
            Aspect::Faults,
            Better::Lower,
            "fine detail beyond content and styles, in steps of 8 bits",
        ),
        Measure::new(
            "seams",
            Aspect::Faults,
            Better::Lower,
            "the strongest straight line or grid, in steps of 8 bits",
        ),
        Measure::new(
            "border",
            Aspect::Faults,
            Better::Lower,
            "roughness along the border, in steps of 8 bits",
        ),
    ];

    /// The measure of the moments at a held-out layer.
    pub const LAYER: Measure = Measure::new(
        "layers",
        Aspect::Texture,
        Better::Lower,
        "Wasserstein distance to the style's features at a layer that no preset optimises",
    );

    /// Whether the score `one` is better than `other`.
    pub fn prefers(&self, one: f64, other: f64) -> bool {
        match self.better {
            Better::Higher => one > other,
            Better::Lower => one < other,
        }
    }
}

/// The scores of one picture. A score is `None` if it cannot be measured: without a content, or in a picture that
/// is too small.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Scores {
    /// SSIM; 1 for the content itself.
    pub ssim: Option<f64>,
    /// MS-SSIM; 1 for the content itself.
    #[serde(rename = "ms-ssim")]
    pub ms_ssim: Option<f64>,
    /// Number of scales of MS-SSIM: 5, and fewer in pictures with a side below 176 pixels.
    #[serde(rename = "ms-ssim-scales")]
    pub ms_ssim_scales: usize,
    /// GMSD; 0 for the content itself, about 0.35 at worst.
    pub gmsd: Option<f64>,
    /// Agreement of structure; 1 for the content itself, about 0 for another picture.
    pub structure: Option<f64>,
    /// Agreement of structure at a coarser layer: relu4_4, or relu4_3 in VGG-16.
    #[serde(rename = "structure-coarse")]
    pub structure_coarse: Option<f64>,
    /// The layer of [`structure`](Scores::structure) and its encoder.
    #[serde(rename = "structure-at", skip_serializing_if = "String::is_empty")]
    pub structure_at: String,
    /// Distance of colours in units of L\*a\*b\*; 0 for the colours of the style.
    pub colour: Option<f64>,
    /// Distance of patches in units of the root mean squares of the style's bands; 0 for the patches of the style.
    pub patches: Option<f64>,
    /// Distance of filter responses relative to the style's second moment; 0 for the responses of the style.
    pub filters: Option<f64>,
    /// Distance of features at each held-out layer, relative to the style's second moment; 0 for the features of
    /// the style. Empty without an encoder.
    #[serde(serialize_with = "as_map")]
    pub layers: Vec<(String, Option<f64>)>,
    /// Noise in 8-bit steps; 0 if there is none beyond that of the sources.
    pub noise: Option<f64>,
    /// Strongest seam in 8-bit steps; 0 if there is none.
    pub seams: Option<f64>,
    /// Place of the strongest seam.
    #[serde(rename = "seams-at", skip_serializing_if = "String::is_empty")]
    pub seams_at: String,
    /// Roughness of the border in 8-bit steps; 0 if the border is as smooth as the inside.
    pub border: Option<f64>,
}

impl Scores {
    /// Each measure with its name and score, in the order of tables. Layers follow the other measures of texture.
    pub fn each(&self) -> Vec<(String, Measure, Option<f64>)> {
        let value = |name: &str| match name {
            "ssim" => self.ssim,
            "ms-ssim" => self.ms_ssim,
            "gmsd" => self.gmsd,
            "structure" => self.structure,
            "colour" => self.colour,
            "patches" => self.patches,
            "filters" => self.filters,
            "noise" => self.noise,
            "seams" => self.seams,
            _ => self.border,
        };
        let mut each: Vec<_> = Measure::ALL
            .iter()
            .map(|measure| (measure.name.to_owned(), *measure, value(measure.name)))
            .collect();
        let faults = each.iter().position(|(_, measure, _)| measure.aspect == Aspect::Faults);
        let layers = self.layers.iter().map(|(layer, value)| (layer.clone(), Measure::LAYER, *value));
        let at = faults.unwrap_or(each.len());
        each.splice(at..at, layers);
        each
    }
}

fn as_map<S: Serializer>(layers: &[(String, Option<f64>)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(layers.len()))?;
    for (name, value) in layers {
        map.serialize_entry(name, value)?;
    }
    map.end()
}
