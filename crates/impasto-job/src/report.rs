//! The report: everything needed to repeat a run and to assess it.

use std::path::Path;

use impasto::image::write_atomically;
use impasto::{Recipe, Scale, Session, Step};
use serde::Serialize;

use crate::JobError;
use crate::inputs::{Input, InputSummary, Inputs};
use crate::memory::peak_rss_bytes;
use crate::spec::{ColourKind, ResizeKind, RestKind, StylizeSpec, Texture, shares};

/// A report, which the option `report` writes as JSON.
#[derive(Serialize)]
pub(crate) struct Report<'a> {
    pub(crate) version: &'static str,
    pub(crate) instruction_set: &'a str,
    /// The outcome: complete, interrupted, paused or failed.
    pub(crate) outcome: &'a str,
    /// `None` for a texture.
    pub(crate) content: Option<&'a InputSummary>,
    /// Whether a texture is seamless; `None` for other runs.
    pub(crate) seamless: Option<bool>,
    pub(crate) styles: Vec<StyleSummary<'a>>,
    pub(crate) init: Option<&'a InputSummary>,
    /// The masks of the content.
    pub(crate) masks: Vec<&'a InputSummary>,
    pub(crate) protect: Option<&'a InputSummary>,
    /// The treatment of the rest, if the option was given.
    pub(crate) rest: Option<RestKind>,
    pub(crate) feather: Option<f64>,
    pub(crate) model: ModelSummary<'a>,
    pub(crate) recipe: &'a Recipe,
    pub(crate) style_scale: f64,
    pub(crate) stroke_size: Option<f64>,
    /// The quantity that was averaged when pictures were resized.
    pub(crate) resize: ResizeKind,
    /// The colours of the result, and the map that gave styles the content's colours.
    pub(crate) colour: ColourKind,
    pub(crate) colour_map: Option<String>,
    pub(crate) seed: u64,
    pub(crate) threads: usize,
    pub(crate) scales: &'a [Scale],
    /// Pixels of the largest tile, if the picture was cut into tiles.
    pub(crate) window: Option<usize>,
    /// Whether features were kept in half precision.
    pub(crate) half: bool,
    pub(crate) planned_peak_bytes: usize,
    pub(crate) output: String,
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) seconds: f64,
    pub(crate) peak_rss_bytes: Option<u64>,
    pub(crate) steps: &'a [Step],
}

#[derive(Serialize)]
pub(crate) struct StyleSummary<'a> {
    #[serde(flatten)]
    pub(crate) input: &'a InputSummary,
    /// The style's share of the blended moments.
    pub(crate) weight: f64,
    /// Size relative to the content, without `style_scale`.
    pub(crate) scale: f64,
    /// Clockwise rotation in degrees.
    pub(crate) rotate: f64,
    /// The mask of the style.
    pub(crate) mask: Option<&'a InputSummary>,
    pub(crate) region: Option<&'a str>,
    /// The style layers that the style applied to; `None` for all.
    pub(crate) layers: Option<&'a [String]>,
}

#[derive(Serialize)]
pub(crate) struct ModelSummary<'a> {
    name: &'a str,
    family: &'a str,
    sha256: &'a str,
}

impl<'a> Report<'a> {
    /// Returns the report of a run that has ended with a picture of this width and height.
    pub(crate) fn of(
        (spec, texture): (&'a StylizeSpec, Option<&'a Texture>),
        inputs: &'a Inputs,
        (session, steps): (&'a Session, &'a [Step]),
        (width, height): (usize, usize),
        outcome: &'a str,
    ) -> Result<Report<'a>, JobError> {
        let Inputs { content, styles, init, masks } = inputs;
        let StylizeSpec { run, regions, .. } = spec;
        let encoder = session.encoder();
        let shares = shares(&spec.style, run.objective.style_weights.as_deref())?;
        // Dividing by the largest share first keeps the sum from overflowing.
        let largest = shares.iter().copied().fold(0.0, f64::max);
        let all = shares.iter().map(|share| share / largest).sum::<f64>();
        let style = |(index, (style, share)): (usize, (&'a Input, f64))| {
            let given = &spec.style[index];
            StyleSummary {
                input: &style.summary,
                weight: share / largest / all,
                scale: given.scale.unwrap_or(1.0),
                rotate: given.rotate.unwrap_or(0.0),
                mask: masks.of_style(index).map(|mask| &mask.summary),
                region: given.region.as_deref(),
                layers: given.layers.as_deref(),
            }
        };
        Ok(Report {
            version: env!("CARGO_PKG_VERSION"),
            instruction_set: session.instruction_set(),
            outcome,
            content: Some(&content.summary).filter(|_| content.is_file()),
            seamless: texture.map(|texture| texture.seamless),
            styles: styles.iter().zip(shares).enumerate().map(style).collect(),
            init: init.as_ref().map(|init| &init.summary),
            masks: masks.of_content().iter().map(|mask| &mask.summary).collect(),
            protect: masks.protect().map(|mask| &mask.summary),
            rest: regions.rest,
            feather: regions.feather,
            model: ModelSummary { name: &encoder.name, family: &encoder.family, sha256: &encoder.sha256 },
            recipe: session.recipe(),
            style_scale: run.objective.style_scale,
            stroke_size: run.stroke_size,
            resize: run.objective.resize,
            colour: run.colour,
            colour_map: run.colour_map.clone(),
            seed: run.seed,
            threads: session.threads(),
            scales: session.scales(),
            window: session.plan().window,
            half: session.half(),
            planned_peak_bytes: session.plan().peak_bytes,
            output: String::new(),
            width,
            height,
            seconds: steps.iter().fold(0.0, |sum, step| sum + step.seconds),
            peak_rss_bytes: peak_rss_bytes(),
            steps,
        })
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), JobError> {
        let bytes = serde_json::to_vec_pretty(self).map_err(|error| JobError::bug(error.to_string()))?;
        Ok(write_atomically(path, |file| file.write_all(&bytes))?)
    }
}
