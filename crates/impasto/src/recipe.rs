//! A recipe: every number that decides what a run does. Presets are recipes; options change single values of one.

use std::fmt::{self, Display};
use std::str::FromStr;

use impasto_encoder::Pooling;
use impasto_engine::Padding;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::margin::Canvas;
use crate::objective::{StyleLoss, TvForm};
use crate::optimiser::{AdamSettings, LbfgsSettings};
use crate::{Error, Pyramid};

/// Everything that decides a run, except pictures, model, size and seed.
///
/// It is written and read as JSON, for instance: what a run had ([`Session::recipe`](crate::Session::recipe)) can be changed and given
/// back by [`StyleTransfer::recipe`](crate::StyleTransfer::recipe).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Name of the preset that it began as.
    pub preset: String,
    /// Content layers with their weights.
    pub content_layers: Vec<(String, f64)>,
    /// Multiplies every content term.
    pub content_weight: f64,
    /// The part of the content weight that counts at the first scale. It doubles from scale to scale until it is 1, and is 1 at the
    /// last scale.
    pub content_at_first: f64,
    /// Whether the content term holds the draft, where a run begins with one. The subject is in it, and its features are the style's
    /// already, so that both terms agree.
    pub content_is_draft: bool,
    /// Style layers with their weights.
    pub style_layers: Vec<(String, f64)>,
    /// Multiplies every style term.
    pub style_weight: f64,
    /// How much of the style there is, 0 to 1: targets are moments of the style in this proportion, and the content's own for
    /// the rest.
    pub strength: f64,
    /// What makes two pictures alike in style.
    pub statistic: StyleLoss,
    /// Multiplies the total variation; 0 leaves it out.
    pub tv_weight: f64,
    /// Which total variation.
    pub tv_form: TvForm,
    /// Pooling between blocks. `None`: what the encoder was trained with.
    #[serde(serialize_with = "displayed", deserialize_with = "parsed")]
    pub pooling: Option<Pooling>,
    /// Multiplies average-pooled and L2-pooled values.
    pub pool_scales: PoolScales,
    /// What lies beyond the image's edge. `None`: what the encoder was trained with.
    #[serde(serialize_with = "displayed", deserialize_with = "parsed")]
    pub padding: Option<Padding>,
    /// Which optimiser.
    pub optimizer: OptimizerKind,
    /// Settings of Adam.
    pub adam: AdamSettings,
    /// Settings of L-BFGS.
    pub lbfgs: LbfgsSettings,
    /// Scales and iterations.
    pub pyramid: Pyramid,
    /// Pixels of mirror image around what is optimised and around styles, in which no style is counted: what is seen beyond an
    /// edge, instead of zeros that an optimiser paints lines in answer to. Multiples of 16 are whole features at relu5_1.
    pub margin: usize,
    /// Pixels between the picture and its margin that are painted as the picture is, and cut off with it: a line where counting ends
    /// is in them. None without a margin.
    pub bleed: usize,
    /// The running average of the iterates forgets with this factor per step.
    pub average_decay: f64,
    /// The next scale begins from the average of the iterates, instead of the last.
    pub carry_average: bool,
    /// A scale is left when its loss, in the mean over 20 iterations, is less than this part below that of the 20 before. 0: never.
    pub plateau: f64,
    /// Which iterate is the result.
    pub keep: Keep,
    /// What the run begins with.
    pub init: Init,
    /// Long edge of a draft at most, in pixels.
    pub draft_size: usize,
    /// What `noise` means.
    pub noise: Noise,
    /// How large style pictures are.
    pub style_fit: StyleFit,
    /// The families of weights that the recipe was tuned for.
    pub tuned_for: Vec<String>,
}

impl Recipe {
    /// The recipe with the weights that count at scale `index` of `scales`.
    pub(crate) fn at_scale(&self, index: usize, scales: usize) -> Recipe {
        let doubled = self.content_at_first * 2f64.powi(index.min(64) as i32);
        let part = if index + 1 < scales { doubled.min(1.0) } else { 1.0 };
        Recipe { content_weight: part * self.content_weight, ..self.clone() }
    }

    /// Whether the content term holds a draft.
    pub(crate) fn holds_draft(&self) -> bool {
        self.content_is_draft && self.init == Init::Draft
    }

    /// Adam's settings. A draft of less strength lies nearer to where the run ends, so that steps are smaller by as much: Adam's
    /// are as long for a small gradient as for a large one, and a little of a style would cost all of the content's detail.
    pub(crate) fn adam_settings(&self) -> AdamSettings {
        let part = if self.holds_draft() { self.strength } else { 1.0 };
        AdamSettings { rate: part * self.adam.rate, ..self.adam }
    }

    /// What is painted on for a picture of some size.
    pub(crate) fn canvas(&self, inner: (usize, usize)) -> Canvas {
        Canvas::new(inner, self.margin).bleed(self.bleed).ring(self.padding == Some(Padding::Wrap))
    }

    /// The sum of the style layers' weights, which is shared when other layers are asked for.
    pub(crate) fn style_share(&self) -> f64 {
        self.style_layers.iter().map(|(_, weight)| weight).sum()
    }
}

/// Factors of poolings other than max.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolScales {
    /// Of average pooling.
    pub average: f32,
    /// Of L2 pooling.
    pub l2: f32,
}

impl PoolScales {
    /// Plain pooling.
    pub const PLAIN: PoolScales = PoolScales { average: 1.0, l2: 1.0 };

    /// The factor of a kind.
    pub fn of(self, pooling: Pooling) -> f32 {
        match pooling {
            Pooling::Max => 1.0,
            Pooling::Average => self.average,
            Pooling::L2 => self.l2,
        }
    }
}

/// Which optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerKind {
    /// Adam (Kingma and Ba, 2015).
    Adam,
    /// Limited-memory BFGS (Liu and Nocedal, 1989).
    Lbfgs,
}

/// Which iterate of the final scale is the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// The running average of the iterates: less noise.
    Average,
    /// The last iterate.
    Last,
    /// The iterate with the lowest loss.
    Best,
}

/// What a run begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Init {
    /// A draft: the content in the style, painted by decoders without an iteration.
    Draft,
    /// The content picture.
    Content,
    /// Noise, as the preset means it.
    Noise,
    /// Grey with a trace of noise.
    Gray,
    /// Noise with the mean and deviation of the style's colours.
    StyleStats,
    /// A picture of the user's, resized to the first scale.
    Picture,
}

/// What `noise` means to a preset.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Noise {
    /// Normal, around a colour, RGB 0..1.
    Normal {
        /// Mean colour.
        mean: [f32; 3],
        /// Standard deviation.
        deviation: f32,
    },
    /// Uniform between 0 and 1.
    Uniform,
}

/// How large a style picture is made for a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StyleFit {
    /// Its long edge becomes the content's, times the style scale.
    LongEdge {
        /// Small styles are enlarged too.
        enlarge: bool,
    },
    /// Its short edge becomes the content's, times the style scale, where it is longer.
    ShortEdge,
}

macro_rules! named {
    ($type:ident, $kind:literal, $($name:literal => $value:expr),+ $(,)?) => {
        impl FromStr for $type {
            type Err = Error;

            fn from_str(name: &str) -> Result<$type, Error> {
                match name {
                    $($name => Ok($value),)+
                    _ => Err(Error::unknown($kind, name, [$($name),+].into_iter())),
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                $(if *self == $value { return f.write_str($name); })+
                f.write_str("file")
            }
        }
    };
}

named!(OptimizerKind, "optimizer", "adam" => OptimizerKind::Adam, "lbfgs" => OptimizerKind::Lbfgs);
named!(Keep, "iterate to keep", "average" => Keep::Average, "last" => Keep::Last, "best" => Keep::Best);
named!(
    Init, "init", "draft" => Init::Draft, "content" => Init::Content, "noise" => Init::Noise, "gray" => Init::Gray,
    "style-stats" => Init::StyleStats,
);

/// What a choice is called that is the encoder's.
const TRAINED: &str = "as trained";

fn displayed<S: Serializer>(choice: &Option<impl Display>, serializer: S) -> Result<S::Ok, S::Error> {
    match choice {
        Some(choice) => serializer.collect_str(choice),
        None => serializer.serialize_str(TRAINED),
    }
}

fn parsed<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    match Option::<String>::deserialize(from)?.as_deref() {
        None | Some(TRAINED) => Ok(None),
        Some(name) => name.parse().map(Some).map_err(serde::de::Error::custom),
    }
}

#[cfg(test)]
mod tests {
    use crate::Preset;

    #[test]
    fn content_counts_by_halves_until_it_is_whole() {
        let recipe = crate::Recipe {
            content_weight: 8.0,
            content_at_first: 0.25,
            ..Preset::named("impasto").unwrap().recipe()
        };
        let weights = |scales: usize| -> Vec<f64> {
            (0..scales).map(|index| recipe.at_scale(index, scales).content_weight).collect()
        };
        assert_eq!(weights(1), [8.0]);
        assert_eq!(weights(2), [2.0, 8.0]);
        assert_eq!(weights(5), [2.0, 4.0, 8.0, 8.0, 8.0]);
    }
}
