//! `--report`: everything needed to repeat a run and to judge it.

use std::path::Path;

use impasto::image::write_atomically;
use impasto::{Recipe, Scale, Session, Step};
use serde::Serialize;

use crate::failure::Failure;
use crate::inputs::InputSummary;
use crate::masks::RestKind;
use crate::options::{ColourKind, ResizeKind};
use crate::output::peak_rss_bytes;

#[derive(Serialize)]
pub(crate) struct Report<'a> {
    pub(crate) version: &'static str,
    pub(crate) instruction_set: &'static str,
    /// complete, interrupted or failed.
    pub(crate) outcome: &'a str,
    /// None of a texture.
    pub(crate) content: Option<&'a InputSummary>,
    /// Whether a texture was to fit itself.
    pub(crate) seamless: Option<bool>,
    pub(crate) styles: Vec<StyleSummary<'a>>,
    pub(crate) init: Option<&'a InputSummary>,
    /// Of the content.
    pub(crate) masks: Vec<&'a InputSummary>,
    pub(crate) protect: Option<&'a InputSummary>,
    /// What became of the rest, where it was said.
    pub(crate) rest: Option<RestKind>,
    pub(crate) feather: Option<f64>,
    pub(crate) model: ModelSummary<'a>,
    pub(crate) recipe: &'a Recipe,
    pub(crate) style_scale: f64,
    pub(crate) stroke_size: Option<f64>,
    /// What was averaged where pictures were resized.
    pub(crate) resize: ResizeKind,
    /// Whose colours the result has, and how styles get the content's.
    pub(crate) colour: ColourKind,
    pub(crate) colour_map: Option<String>,
    pub(crate) seed: u64,
    pub(crate) threads: usize,
    pub(crate) scales: &'a [Scale],
    /// Pixels of the largest tile, where the picture was cut.
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
    /// Share of the blended moments.
    pub(crate) weight: f64,
    /// Size beside the content, without `style_scale`.
    pub(crate) scale: f64,
    /// Degrees that it was turned by, clockwise.
    pub(crate) rotate: f64,
    /// Which part of it was for what.
    pub(crate) mask: Option<&'a InputSummary>,
    pub(crate) region: Option<&'a str>,
    /// The style layers that it was for; all without.
    pub(crate) layers: Option<&'a [String]>,
}

#[derive(Serialize)]
pub(crate) struct ModelSummary<'a> {
    name: &'a str,
    family: &'a str,
    sha256: &'a str,
}

impl<'a> Report<'a> {
    /// What a session knows of itself; the caller fills in the rest.
    pub(crate) fn of_session(
        session: &'a Session,
        steps: &'a [Step],
        content: Option<&'a InputSummary>,
    ) -> Report<'a> {
        let encoder = session.encoder();
        Report {
            version: env!("CARGO_PKG_VERSION"),
            instruction_set: session.instruction_set(),
            outcome: "complete",
            content,
            seamless: None,
            styles: Vec::new(),
            init: None,
            masks: Vec::new(),
            protect: None,
            rest: None,
            feather: None,
            model: ModelSummary { name: &encoder.name, family: &encoder.family, sha256: &encoder.sha256 },
            recipe: session.recipe(),
            style_scale: 1.0,
            stroke_size: None,
            resize: ResizeKind::Linear,
            colour: ColourKind::Style,
            colour_map: None,
            seed: 0,
            threads: session.threads(),
            scales: session.scales(),
            window: session.plan().window,
            half: session.half(),
            planned_peak_bytes: session.plan().peak_bytes,
            output: String::new(),
            width: 0,
            height: 0,
            seconds: steps.iter().fold(0.0, |sum, step| sum + step.seconds),
            peak_rss_bytes: peak_rss_bytes(),
            steps,
        }
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        let bytes = serde_json::to_vec_pretty(self).map_err(|error| Failure::bug(error.to_string()))?;
        Ok(write_atomically(path, |file| file.write_all(&bytes))?)
    }
}
