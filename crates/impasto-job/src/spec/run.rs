//! Options that several jobs share.

use std::path::PathBuf;
use std::time::Duration;

use impasto::encoder::Pooling;
use impasto::image::Averaging;
use impasto::objective::StyleLoss;
use impasto::{Colour, ColourMap, Effort, Init, Keep, OptimizerKind, Overrides, Preset};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::inputs::is_in_memory;
use crate::{JobError, paths};

/// The options of a run, shared by all jobs that paint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct RunSpec {
    /// The objective that the picture is judged by.
    #[cfg_attr(feature = "clap", command(flatten))]
    pub objective: ObjectiveSpec,
    /// Long edge of the result in pixels [default: 768, or the content's own if that is smaller]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N"))]
    pub size: Option<usize>,
    /// Amount of work of the preset impasto: draft (half a second, no strokes), normal, or fine (three times normal)
    /// [default: normal]
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME"))]
    pub effort: Option<String>,
    /// Iterations at each scale: one number for all, or a list from the smallest scale on [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N|N,N,...", value_delimiter = ','))]
    #[serde(deserialize_with = "one_or_more")]
    pub iterations: Option<Vec<usize>>,
    /// Finish within this time, such as 60s or 5m, with fewer iterations if necessary [default: no limit]
    #[cfg_attr(feature = "clap", arg(long, value_name = "TIME"))]
    pub time: Option<String>,
    /// Leave a scale when its loss falls by less than this fraction from 20 iterations to the next 20; 0 turns this off
    /// [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "PART"))]
    pub plateau: Option<f64>,
    /// Iterations at the first scale [default: --iterations, or the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N"))]
    pub first_iterations: Option<usize>,
    /// The optimiser: adam or lbfgs [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME"))]
    pub optimizer: Option<String>,
    /// Step size: for adam in units of RGB 0..1, for lbfgs a fraction of the quasi-Newton step [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "R"))]
    pub learning_rate: Option<f64>,
    /// The initial picture: draft, content, noise, gray, style-stats, or a picture file [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME|FILE"))]
    #[serde(serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub init: Option<PathBuf>,
    /// Long edge of the smallest scale in pixels [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N"))]
    pub min_size: Option<usize>,
    /// Size of strokes relative to the style's, 0.1 to 4; in proportion to the picture, so that a value gives the
    /// same look at every size [default: 1]
    #[cfg_attr(feature = "clap", arg(long, value_name = "F"))]
    pub stroke_size: Option<f64>,
    /// Seed of everything random: the same seed gives the same bytes
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", default_value_t = 0))]
    pub seed: u64,
    /// Number of threads; the result does not depend on it [default: one per processor]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N"))]
    pub threads: Option<usize>,
    /// The network's device: auto, cpu, gpu, gpu:N, or a part of a card's name (see `devices`).
    /// Drafts run there too [default: auto]
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The iterate that becomes the result: average, last or best [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME"))]
    pub keep: Option<String>,
    /// Part of the running average of the iterates that each step keeps [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "D"))]
    pub average_decay: Option<f64>,
    /// Pairs of vectors that lbfgs remembers [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N"))]
    pub history: Option<usize>,
    /// The colours of the result: the style's, or the content's by one of three methods
    #[cfg_attr(feature = "clap", arg(long, visible_alias = "color", value_enum, default_value_t = ColourKind::Style))]
    pub colour: ColourKind,
    /// The map that gives styles the content's colours for --colour match: monge-kantorovich, cholesky, pca or
    /// histogram [default: monge-kantorovich]
    #[cfg_attr(feature = "clap", arg(long, visible_alias = "color-map", value_name = "MAP"))]
    pub colour_map: Option<String>,
    /// Memory that a run may take, such as 4G or 800M. A picture that needs more is run in tiles, with the same result
    /// [default: three quarters of the memory of the machine or its container]
    #[cfg_attr(feature = "clap", arg(long, value_name = "SIZE", value_parser = size_of_memory))]
    pub memory: Option<u64>,
    /// Keep features in half precision: it takes less memory, and gradients differ by about a thousandth
    #[cfg_attr(feature = "clap", arg(long))]
    pub half: bool,
}

/// The objective that a picture is judged by.
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
    /// Weight that multiplies every content term [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "W", help_heading = "Objective"))]
    pub content_weight: Option<f64>,
    /// Weight that multiplies every style term [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "W", help_heading = "Objective"))]
    pub style_weight: Option<f64>,
    /// Shares of several styles, one number for each, if no style has a weight of its own [default: equal shares]
    #[cfg_attr(
        feature = "clap",
        arg(
            long,
            value_name = "A,B,...",
            value_delimiter = ',',
            value_parser = number,
            help_heading = "Objective"
        )
    )]
    pub style_weights: Option<Vec<f64>>,
    /// Weight that multiplies the total variation [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "W", help_heading = "Objective"))]
    pub tv_weight: Option<f64>,
    /// Content layers, such as relu4_2 [default: the preset's]
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "L,...", value_delimiter = ',', help_heading = "Objective")
    )]
    pub content_layers: Option<Vec<String>>,
    /// Style layers; they share the preset's weight equally unless --style-layer-weights is given [default: the
    /// preset's]
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "L,...", value_delimiter = ',', help_heading = "Objective")
    )]
    pub style_layers: Option<Vec<String>>,
    /// Weights of the style layers, one number for each [default: the preset's]
    #[cfg_attr(
        feature = "clap",
        arg(
            long,
            value_name = "W,...",
            value_delimiter = ',',
            value_parser = number,
            help_heading = "Objective"
        )
    )]
    pub style_layer_weights: Option<Vec<f64>>,
    /// Measure of style: gram, gram-hw, mean-std, covariance, wasserstein, wasserstein-newton, or a sum such as
    /// gram:1000+mean-std:10000 [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "S", help_heading = "Objective"))]
    pub statistic: Option<String>,
    /// Pooling of the encoder: max, average or l2 [default: as in its training]
    #[cfg_attr(feature = "clap", arg(long, value_name = "P", help_heading = "Objective"))]
    pub pooling: Option<String>,
    /// Size of the style relative to the content: less than 1 for smaller strokes
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "F", default_value_t = 1.0, help_heading = "Objective")
    )]
    pub style_scale: f64,
    /// Amount of style, from 0 (the content) to 1; a value means the same at every size [default: 1]
    #[cfg_attr(feature = "clap", arg(long, value_name = "F", help_heading = "Objective"))]
    pub strength: Option<f64>,
    /// The quantity that is averaged when pictures are resized
    #[cfg_attr(
        feature = "clap",
        arg(long, value_enum, default_value_t = ResizeKind::Linear, help_heading = "Objective")
    )]
    pub resize: ResizeKind,
}

/// The colours of a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ColourKind {
    /// The style's colours, as the objective makes them
    #[default]
    Style,
    /// The content's hue and chroma, with the painted lightness
    Keep,
    /// The content's colours, which each style is given before its statistics are taken
    Match,
    /// The content's hue and chroma; only lightness is compared and painted
    Luminance,
}

/// The quantity that is averaged when pictures are resized.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ResizeKind {
    /// Light, as a lens averages it
    #[default]
    Linear,
    /// Encoded values, as most programs average them
    Gamma,
}

impl ResizeKind {
    /// The corresponding value of the library.
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
    /// The preset with the name in `preset`.
    ///
    /// # Errors
    /// When no preset has this name.
    pub fn preset(&self) -> Result<Preset, JobError> {
        Ok(Preset::named(&self.preset)?)
    }

    /// The changes to the preset that `stylize` and `evaluate` share.
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
    /// The colours of the result.
    pub fn colour(&self) -> Result<Colour, JobError> {
        let map = self.colour_map.as_deref().map(str::parse::<ColourMap>).transpose()?;
        if map.is_some() && self.colour != ColourKind::Match {
            return Err(JobError::bad_input("`colour_map` has no effect without `colour` match"));
        }
        Ok(match self.colour {
            ColourKind::Style => Colour::Style,
            ColourKind::Keep => Colour::Keep,
            ColourKind::Match => Colour::Match(map.unwrap_or_default()),
            ColourKind::Luminance => Colour::Luminance,
        })
    }

    /// The time limit of the run.
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

    /// All changes to the preset, and the file of the initial picture if there is one.
    pub fn overrides(&self) -> Result<(Overrides, Option<PathBuf>), JobError> {
        let (init, picture) = match &self.init {
            None => (None, None),
            Some(given) => match given.to_str().unwrap_or_default().parse::<Init>() {
                Ok(init) => (Some(init), None),
                Err(_) if given.exists() || is_in_memory(given) => (Some(Init::Picture), Some(given.clone())),
                Err(error) => {
                    let message = format!(
                        "`init` {}: expected draft, content, noise, gray, style-stats or an existing file",
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

/// Reads a number or a list of numbers.
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

/// Parses a number of bytes, with or without a unit.
#[cfg(feature = "clap")]
pub(crate) fn size_of_memory(text: &str) -> Result<u64, String> {
    parse_size::parse_size(text).map_err(|_| "expected a size such as 4G, 800M or 3GiB".into())
}

/// Parses a number of a list; blanks around it are allowed.
#[cfg(feature = "clap")]
fn number(text: &str) -> Result<f64, String> {
    text.trim().parse().map_err(|_| "expected a number".into())
}

fn trimmed(layers: &Option<Vec<String>>) -> Option<Vec<String>> {
    layers.as_ref().map(|layers| layers.iter().map(|layer| layer.trim().to_string()).collect())
}
