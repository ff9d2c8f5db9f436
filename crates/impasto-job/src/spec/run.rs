//! Options that several commands share, and what they mean.

use std::path::PathBuf;
use std::time::Duration;

use impasto::encoder::Pooling;
use impasto::image::Averaging;
use impasto::objective::StyleLoss;
use impasto::{Colour, ColourMap, Effort, Init, Keep, OptimizerKind, Overrides, Preset};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::JobError;

/// What decides a run, whatever is done with it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct RunSpec {
    /// What the picture is judged by.
    #[cfg_attr(feature = "clap", command(flatten))]
    pub objective: ObjectiveSpec,
    /// Long edge of the result in pixels [default: 768, or the content's own if that is smaller]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N"))]
    pub size: Option<usize>,
    /// How much work the preset impasto does: draft (in a second, without strokes), normal or fine (three times normal) [default:
    /// normal]
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME"))]
    pub effort: Option<String>,
    /// Iterations at each scale, or a number for each from the smallest on [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N|N,N,...", value_delimiter = ','))]
    #[serde(deserialize_with = "one_or_more")]
    pub iterations: Option<Vec<usize>>,
    /// Finish in this time, such as 60s or 5m: with as many iterations, up to those asked for, as there is time for
    #[cfg_attr(feature = "clap", arg(long, value_name = "TIME"))]
    pub time: Option<String>,
    /// Leave a scale when its loss falls by less than this part from 20 iterations to the next 20; 0 never does [default: the
    /// preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "PART"))]
    pub plateau: Option<f64>,
    /// Iterations at the first scale [default: the preset's, or --iterations]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N"))]
    pub first_iterations: Option<usize>,
    /// adam or lbfgs [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME"))]
    pub optimizer: Option<String>,
    /// Step size: for adam by RGB 0..1, for lbfgs as a part of the quasi-Newton step [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "R"))]
    pub learning_rate: Option<f64>,
    /// What to begin with: draft, content, noise, gray, style-stats, or a picture [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME|FILE"))]
    pub init: Option<PathBuf>,
    /// Long edge of the smallest scale [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N"))]
    pub min_size: Option<usize>,
    /// Size of strokes beside those of the style, 0.1 to 4, in proportion to the picture: the same look at every size [default: 1]
    #[cfg_attr(feature = "clap", arg(long, value_name = "F"))]
    pub stroke_size: Option<f64>,
    /// Seed of everything random: the same seed gives the same bytes
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = 0))]
    pub seed: u64,
    /// Threads; the result does not depend on it [default: one per processor]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N"))]
    pub threads: Option<usize>,
    /// Which iterate is the result: average, last or best [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME"))]
    pub keep: Option<String>,
    /// How much of the running average of the iterates stays at each step [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "D"))]
    pub average_decay: Option<f64>,
    /// Pairs of vectors that lbfgs remembers [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N"))]
    pub history: Option<usize>,
    /// Whose colours the result has: the style's; the content's, kept or matched; or the content's by painting lightness alone
    #[cfg_attr(feature = "clap", arg(long, visible_alias = "color", value_enum, default_value_t = ColourKind::Style))]
    pub colour: ColourKind,
    /// How styles get the content's colours for --colour match: monge-kantorovich, cholesky, pca or histogram [default:
    /// monge-kantorovich]
    #[cfg_attr(feature = "clap", arg(long, visible_alias = "color-map", value_name = "MAP"))]
    pub colour_map: Option<String>,
    /// Memory that a run may take, such as 4G or 800M: a picture that needs more is run in tiles, with the same result
    /// [default: three quarters of what the machine, or its container, has]
    #[cfg_attr(feature = "clap", arg(long, value_name = "SIZE", value_parser = size_of_memory))]
    pub memory: Option<u64>,
    /// Keep features in half precision: less memory, gradients that differ by about a thousandth
    #[cfg_attr(feature = "clap", arg(long))]
    pub half: bool,
}

/// What a picture is judged by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct ObjectiveSpec {
    /// A complete recipe: impasto, gatys, johnson, johnson-pt, crowson, scaling or keras
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "NAME", default_value = "impasto", help_heading = "Objective")
    )]
    pub preset: String,
    /// The encoder: lite, vgg19, vgg19-oxford, random:vgg19?seed=0, ... (see `models list`), or a file of weights
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "NAME|FILE", default_value = "lite", help_heading = "Objective")
    )]
    pub model: String,
    /// Multiplies every content term
    #[cfg_attr(feature = "clap", arg(long, value_name = "W", help_heading = "Objective"))]
    pub content_weight: Option<f64>,
    /// Multiplies every style term
    #[cfg_attr(feature = "clap", arg(long, value_name = "W", help_heading = "Objective"))]
    pub style_weight: Option<f64>,
    /// Shares of several styles, one each, where they have no weight of their own
    #[cfg_attr(feature = "clap", arg(long, value_name = "A,B,...", value_delimiter = ',', value_parser = number, help_heading = "Objective"))]
    pub style_weights: Option<Vec<f64>>,
    /// Multiplies the total variation
    #[cfg_attr(feature = "clap", arg(long, value_name = "W", help_heading = "Objective"))]
    pub tv_weight: Option<f64>,
    /// Content layers, such as relu4_2
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "L,...", value_delimiter = ',', help_heading = "Objective")
    )]
    pub content_layers: Option<Vec<String>>,
    /// Style layers; they share the preset's weight equally unless --style-layer-weights is given
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "L,...", value_delimiter = ',', help_heading = "Objective")
    )]
    pub style_layers: Option<Vec<String>>,
    /// A weight for each style layer
    #[cfg_attr(feature = "clap", arg(long, value_name = "W,...", value_delimiter = ',', value_parser = number, help_heading = "Objective"))]
    pub style_layer_weights: Option<Vec<f64>>,
    /// gram, gram-hw, mean-std, covariance, wasserstein, wasserstein-newton, or a sum: gram:1000+mean-std:10000
    #[cfg_attr(feature = "clap", arg(long, value_name = "S", help_heading = "Objective"))]
    pub statistic: Option<String>,
    /// max, average or l2 [default: what the encoder was trained with]
    #[cfg_attr(feature = "clap", arg(long, value_name = "P", help_heading = "Objective"))]
    pub pooling: Option<String>,
    /// Size of the style beside the content: less than 1 for smaller strokes
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "F", default_value_t = 1.0, help_heading = "Objective")
    )]
    pub style_scale: f64,
    /// How much of the style there is, 0 (the content) to 1; the same at every size [default: 1]
    #[cfg_attr(feature = "clap", arg(long, value_name = "F", help_heading = "Objective"))]
    pub strength: Option<f64>,
    /// What is averaged where pictures are resized
    #[cfg_attr(feature = "clap", arg(long, value_enum, default_value_t = ResizeKind::Linear, help_heading = "Objective"))]
    pub resize: ResizeKind,
}

/// Whose colours a result has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ColourKind {
    /// The style's, as the objective makes them
    #[default]
    Style,
    /// The content's hue and chroma, with the lightness that was painted
    Keep,
    /// Styles get the content's colours before they are looked at
    Match,
    /// Lightness alone is looked at and painted
    Luminance,
}

/// What is averaged where pictures are resized.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ResizeKind {
    /// Light, as a lens does it
    #[default]
    Linear,
    /// Encoded values, as most programs do it
    Gamma,
}

impl ResizeKind {
    /// The averaging of the library.
    pub fn averaging(self) -> Averaging {
        match self {
            ResizeKind::Linear => Averaging::Light,
            ResizeKind::Gamma => Averaging::Values,
        }
    }
}

pub(super) fn default_preset() -> String {
    "impasto".into()
}

pub(super) fn default_model() -> String {
    "lite".into()
}

impl Default for ObjectiveSpec {
    fn default() -> ObjectiveSpec {
        ObjectiveSpec {
            preset: default_preset(),
            model: default_model(),
            content_weight: None,
            style_weight: None,
            style_weights: None,
            tv_weight: None,
            content_layers: None,
            style_layers: None,
            style_layer_weights: None,
            statistic: None,
            pooling: None,
            style_scale: 1.0,
            strength: None,
            resize: ResizeKind::default(),
        }
    }
}

impl ObjectiveSpec {
    /// The preset of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn preset(&self) -> Result<Preset, JobError> {
        Ok(Preset::named(&self.preset)?)
    }

    /// The options that `stylize` and `evaluate` share.
    pub fn overrides(&self) -> Result<Overrides, JobError> {
        Ok(Overrides {
            content_weight: self.content_weight,
            style_weight: self.style_weight,
            strength: self.strength,
            tv_weight: self.tv_weight,
            content_layers: trimmed(&self.content_layers),
            style_layers: trimmed(&self.style_layers),
            style_layer_weights: self.style_layer_weights.clone(),
            statistic: self.statistic.as_deref().map(str::parse::<StyleLoss>).transpose()?,
            pooling: self.pooling.as_deref().map(str::parse::<Pooling>).transpose()?,
            ..Overrides::default()
        })
    }
}

impl RunSpec {
    /// Whose colours the result has.
    pub fn colour(&self) -> Result<Colour, JobError> {
        let map = self.colour_map.as_deref().map(str::parse::<ColourMap>).transpose()?;
        if map.is_some() && self.colour != ColourKind::Match {
            return Err(JobError::bad_input("`colour_map` is for `colour` match"));
        }
        Ok(match self.colour {
            ColourKind::Style => Colour::Style,
            ColourKind::Keep => Colour::Keep,
            ColourKind::Match => Colour::Match(map.unwrap_or_default()),
            ColourKind::Luminance => Colour::Luminance,
        })
    }

    /// The time that the run may take.
    pub fn time(&self) -> Result<Option<Duration>, JobError> {
        let Some(text) = self.time.as_deref() else { return Ok(None) };
        let seconds =
            || text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let parsed = humantime::parse_duration(text).ok().or_else(seconds).filter(|time| !time.is_zero());
        parsed.map(Some).ok_or_else(|| {
            JobError::bad_input(format!("`time`: expected a time above 0, found {text}"))
                .hint("such as 90s, 5m or 1h")
        })
    }

    /// All options that change the recipe, and the picture to begin with if there is one.
    pub fn overrides(&self) -> Result<(Overrides, Option<PathBuf>), JobError> {
        let (init, picture) = match &self.init {
            None => (None, None),
            Some(given) => match given.to_str().unwrap_or_default().parse::<Init>() {
                Ok(init) => (Some(init), None),
                Err(_) if given.exists() => (Some(Init::Picture), Some(given.clone())),
                Err(error) => {
                    let message = format!(
                        "`init` {}: neither draft, content, noise, gray or style-stats, nor a file",
                        given.display()
                    );
                    return Err(JobError::bad_input(message).hint(error.hint().unwrap_or_default()));
                }
            },
        };
        let (one, each) = match self.iterations.as_deref() {
            Some([one]) => (Some(*one), None),
            each => (None, each.map(<[usize]>::to_vec)),
        };
        let overrides = Overrides {
            effort: self.effort.as_deref().map(str::parse::<Effort>).transpose()?,
            optimizer: self.optimizer.as_deref().map(str::parse::<OptimizerKind>).transpose()?,
            learning_rate: self.learning_rate,
            iterations: one,
            scale_iterations: each,
            plateau: self.plateau,
            first_iterations: self.first_iterations,
            history: self.history,
            average_decay: self.average_decay,
            min_size: self.min_size,
            keep: self.keep.as_deref().map(str::parse::<Keep>).transpose()?,
            init,
            ..self.objective.overrides()?
        };
        Ok((overrides, picture))
    }
}

/// A number, or a list of them.
fn one_or_more<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<usize>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Counts {
        One(usize),
        Each(Vec<usize>),
    }
    Ok(Option::deserialize(from)?.map(|counts| match counts {
        Counts::One(count) => vec![count],
        Counts::Each(counts) => counts,
    }))
}

/// Bytes, with a unit or without.
#[cfg(feature = "clap")]
pub(crate) fn size_of_memory(text: &str) -> Result<u64, String> {
    parse_size::parse_size(text).map_err(|_| "expected a size such as 4G, 800M or 3GiB".into())
}

/// A number of a list; blanks after commas do no harm.
#[cfg(feature = "clap")]
fn number(text: &str) -> Result<f64, String> {
    text.trim().parse().map_err(|_| "expected a number".into())
}

fn trimmed(layers: &Option<Vec<String>>) -> Option<Vec<String>> {
    layers.as_ref().map(|layers| layers.iter().map(|layer| layer.trim().to_string()).collect())
}
