//! What a picture is given, measure by measure.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// Which way a measure is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// 1 is the best there is.
    Higher,
    /// 0 is the best there is.
    Lower,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Aspect {
    /// Whether the content is still there.
    Content,
    /// Whether the colours are the style's.
    Colour,
    /// Whether the texture is the style's.
    Texture,
    /// What neither has.
    Faults,
}

/// One measure, and how to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Measure {
    /// Its name in tables and in [`Scores`].
    pub name: &'static str,
    /// What is measured.
    pub aspect: Aspect,
    /// Which way is better.
    pub better: Better,
    /// What it is, in one line.
    pub about: &'static str,
}

impl Measure {
    const fn new(name: &'static str, aspect: Aspect, better: Better, about: &'static str) -> Measure {
        Measure { name, aspect, better, about }
    }

    /// All that are there without an encoder, in the order of tables.
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
            "how unevenly gradients agree with the content's",
        ),
        Measure::new(
            "structure",
            Aspect::Content,
            Better::Higher,
            "how far the places that look alike to an encoder are those of the content",
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

    /// How the moments at a held-out layer are to be read.
    pub const LAYER: Measure = Measure::new(
        "layers",
        Aspect::Texture,
        Better::Lower,
        "Wasserstein distance to the style's features at a layer that nothing optimises",
    );

    /// Whether one score is better than another.
    pub fn prefers(&self, one: f64, other: f64) -> bool {
        match self.better {
            Better::Higher => one > other,
            Better::Lower => one < other,
        }
    }
}

/// The scores of one picture; `None` where there is nothing to measure, as without a content, or in a picture that is too small.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Scores {
    /// 1 for the content itself.
    pub ssim: Option<f64>,
    /// 1 for the content itself.
    #[serde(rename = "ms-ssim")]
    pub ms_ssim: Option<f64>,
    /// Scales of it: 5, and fewer in pictures of less than 176 pixels.
    #[serde(rename = "ms-ssim-scales")]
    pub ms_ssim_scales: usize,
    /// 0 for the content itself; about 0.35 at worst.
    pub gmsd: Option<f64>,
    /// 1 for the content itself; about 0 for another picture.
    pub structure: Option<f64>,
    /// The same at a coarser layer, relu4_4, or relu4_3 of VGG-16.
    #[serde(rename = "structure-coarse")]
    pub structure_coarse: Option<f64>,
    /// The layer of [`structure`](Scores::structure), and whose it is.
    #[serde(rename = "structure-at", skip_serializing_if = "String::is_empty")]
    pub structure_at: String,
    /// 0 for the colours of the style, in units of L\*a\*b\*.
    pub colour: Option<f64>,
    /// 0 for the patches of the style; in the root mean squares of the style's bands.
    pub patches: Option<f64>,
    /// 0 for the responses of the style; a part of their second moment.
    pub filters: Option<f64>,
    /// At each held-out layer, 0 for the features of the style; a part of their second moment. Empty without an encoder.
    #[serde(serialize_with = "as_map")]
    pub layers: Vec<(String, Option<f64>)>,
    /// Steps of 8 bits; 0 where there is none beyond the sources'.
    pub noise: Option<f64>,
    /// Steps of 8 bits; 0 where there are none.
    pub seams: Option<f64>,
    /// Where the strongest is.
    #[serde(rename = "seams-at", skip_serializing_if = "String::is_empty")]
    pub seams_at: String,
    /// Steps of 8 bits; 0 where it is as smooth as what is inside.
    pub border: Option<f64>,
}

impl Scores {
    /// Each measure with its name and score, in the order of tables: layers come after the other measures of texture.
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
