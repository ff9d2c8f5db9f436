//! Recipes. A recipe has every number that determines a run. Presets are recipes; overrides change single values of
//! one.

use std::fmt::{self, Display};
use std::str::FromStr;

use impasto_encoder::Pooling;
use impasto_engine::Padding;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::margin::Canvas;
use crate::objective::{StyleLoss, TvForm};
use crate::optimiser::{AdamSettings, LbfgsSettings};
use crate::{Error, Pyramid};

/// Everything that determines a run, except pictures, model, size and seed.
///
/// A recipe can be serialised, for instance as JSON. The recipe of a run
/// ([`Session::recipe`](crate::Session::recipe)) can be changed and passed to
/// [`StyleTransfer::recipe`](crate::StyleTransfer::recipe).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Name of the preset that the recipe was made from.
    pub preset: String,
    /// Content layers with their weights.
    pub content_layers: Vec<(String, f64)>,
    /// Factor of every content term.
    pub content_weight: f64,
    /// The fraction of the content weight at the first scale. It doubles from scale to scale up to 1, and is 1 at
    /// the last scale.
    pub content_at_first: f64,
    /// Whether the content term holds the draft, if the run begins with one. The draft contains the subject, and
    /// its features are already those of the style, so the two terms agree.
    pub content_is_draft: bool,
    /// Style layers with their weights.
    pub style_layers: Vec<(String, f64)>,
    /// Factor of every style term.
    pub style_weight: f64,
    /// How much of the style to apply, from 0 to 1. The targets mix this fraction of the style's moments with the
    /// content's own.
    pub strength: f64,
    /// The style statistic.
    pub statistic: StyleLoss,
    /// Factor of the total variation; 0 leaves it out.
    pub tv_weight: f64,
    /// The form of total variation.
    pub tv_form: TvForm,
    /// Pooling between blocks. `None`: the pooling that the encoder was trained with.
    #[serde(serialize_with = "displayed", deserialize_with = "parsed")]
    pub pooling: Option<Pooling>,
    /// Factors of average-pooled and L2-pooled values.
    pub pool_scales: PoolScales,
    /// The padding beyond the image's edge. `None`: the padding that the encoder was trained with.
    #[serde(serialize_with = "displayed", deserialize_with = "parsed")]
    pub padding: Option<Padding>,
    /// The optimiser.
    pub optimizer: OptimizerKind,
    /// Settings of Adam.
    pub adam: AdamSettings,
    /// Settings of L-BFGS.
    pub lbfgs: LbfgsSettings,
    /// Scales and iterations.
    pub pyramid: Pyramid,
    /// Width of the margin in pixels: a mirror image around the optimised picture and around styles, which style
    /// statistics leave out. Without it, convolutions see zeros beyond the edge, and the optimiser paints lines
    /// there. A multiple of 16 gives whole features at relu5_1.
    pub margin: usize,
    /// Width of the bleed in pixels: it lies between picture and margin, is painted like the picture, and is cut
    /// off with the margin. It receives the line that forms where counting ends. There is no bleed without a
    /// margin.
    pub bleed: usize,
    /// Decay of the running average of the iterates, per step.
    pub average_decay: f64,
    /// Whether the next scale begins from the average of the iterates instead of the last one.
    pub carry_average: bool,
    /// A scale ends when its mean loss over 20 iterations is less than this fraction below that of the 20 before.
    /// 0: never.
    pub plateau: f64,
    /// The iterate that becomes the result.
    pub keep: Keep,
    /// The picture that the run begins with.
    pub init: Init,
    /// The largest long edge of a draft, in pixels.
    pub draft_size: usize,
    /// The kind of noise of [`Init::Noise`].
    pub noise: Noise,
    /// The size of style pictures.
    pub style_fit: StyleFit,
    /// The families of weights that the recipe was tuned for.
    pub tuned_for: Vec<String>,
}

impl Recipe {
    /// The recipe with the content weight of scale `index` of `scales`.
    pub(crate) fn at_scale(&self, index: usize, scales: usize) -> Recipe {
        let doubled = self.content_at_first * 2f64.powi(index.min(64) as i32);
        let part = if index + 1 < scales { doubled.min(1.0) } else { 1.0 };
        Recipe { content_weight: part * self.content_weight, ..self.clone() }
    }

    /// Whether the content term holds a draft.
    pub(crate) fn holds_draft(&self) -> bool {
        self.content_is_draft && self.init == Init::Draft
    }

    /// Adam's settings. With a strength below 1, the draft lies nearer to the end of the run, so the rate goes down
    /// in proportion. Adam's steps are as long for a small gradient as for a large one, so without this a little
    /// style would cost all of the content's detail.
    pub(crate) fn adam_settings(&self) -> AdamSettings {
        let part = if self.holds_draft() { self.strength } else { 1.0 };
        AdamSettings { rate: part * self.adam.rate, ..self.adam }
    }

    /// The canvas for a picture of the size `inner`.
    pub(crate) fn canvas(&self, inner: (usize, usize)) -> Canvas {
        Canvas::new(inner, self.margin).bleed(self.bleed).ring(self.padding == Some(Padding::Wrap))
    }

    /// The sum of the style layers' weights, which is divided among other layers if these are chosen.
    pub(crate) fn style_share(&self) -> f64 {
        self.style_layers.iter().map(|(_, weight)| weight).sum()
    }
}

/// Factors of poolings other than max.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolScales {
    /// Factor of average pooling.
    pub average: f32,
    /// Factor of L2 pooling.
    pub l2: f32,
}

impl PoolScales {
    /// Plain pooling.
    pub const PLAIN: PoolScales = PoolScales { average: 1.0, l2: 1.0 };

    /// The factor of a kind of pooling.
    pub fn of(self, pooling: Pooling) -> f32 {
        match pooling {
            Pooling::Max => 1.0,
            Pooling::Average => self.average,
            Pooling::L2 => self.l2,
        }
    }
}

/// The kind of optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum OptimizerKind {
    /// Adam (Kingma and Ba, 2015).
    Adam,
    /// Limited-memory BFGS (Liu and Nocedal, 1989).
    Lbfgs,
}

/// The iterate of the final scale that becomes the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Keep {
    /// The running average of the iterates, which has less noise.
    Average,
    /// The last iterate.
    Last,
    /// The iterate with the lowest loss.
    Best,
}

/// The picture that a run begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Init {
    /// A draft: the content in the style, painted by decoders without any iteration.
    Draft,
    /// The content picture.
    Content,
    /// Noise of the recipe's kind.
    Noise,
    /// Grey with a trace of noise.
    Gray,
    /// Noise with the mean and standard deviation of the style's colours.
    StyleStats,
    /// A given picture, resized to the first scale.
    Picture,
}

/// A kind of noise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Noise {
    /// Normal noise around a colour, RGB 0..1.
    Normal {
        /// Mean colour.
        mean: [f32; 3],
        /// Standard deviation.
        deviation: f32,
    },
    /// Uniform noise between 0 and 1.
    Uniform,
}

/// The rule for the size of a style picture at a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum StyleFit {
    /// The long edge becomes the content's, times the style scale.
    LongEdge {
        /// Whether small styles are enlarged too.
        enlarge: bool,
    },
    /// The short edge becomes the content's, times the style scale, if it is longer than that.
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

/// The serialised name for the encoder's own choice.
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
