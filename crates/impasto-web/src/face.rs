//! The painter for JavaScript. Settings, progress and problems cross as JSON, pixels as bytes.
// The macro writes the calls of C that WebAssembly is made of.
#![allow(unsafe_code)]

use std::time::Duration;

use wasm_bindgen::prelude::*;

use crate::bridge::{Painted, thrown};
use crate::{Given, Painter, Settings};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn milliseconds() -> f64;
}

fn now() -> Duration {
    Duration::from_secs_f64(milliseconds().max(0.0) / 1000.0)
}

/// Paints for one page.
#[wasm_bindgen]
pub struct WebPainter(Painter);

#[wasm_bindgen]
impl WebPainter {
    /// A painter without pictures.
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> WebPainter {
        WebPainter(Painter::new(now))
    }

    /// Takes the content: R, G, B and opacity of each pixel.
    #[wasm_bindgen(js_name = setContent)]
    pub fn set_content(
        &mut self,
        name: &str,
        width: usize,
        height: usize,
        rgba: Vec<u8>,
    ) -> Result<(), JsValue> {
        self.0.set_content(Given::new(name, (width, height), rgba).map_err(thrown)?);
        Ok(())
    }

    /// Takes the style.
    #[wasm_bindgen(js_name = setStyle)]
    pub fn set_style(
        &mut self,
        name: &str,
        width: usize,
        height: usize,
        rgba: Vec<u8>,
    ) -> Result<(), JsValue> {
        self.0.set_style(Given::new(name, (width, height), rgba).map_err(thrown)?);
        Ok(())
    }

    /// Paints a draft.
    pub fn draft(&mut self, settings: &str, longest: usize) -> Result<Painted, JsValue> {
        let settings = Settings::parse(settings).map_err(thrown)?;
        self.0.draft(&settings, longest).map(Painted).map_err(thrown)
    }

    /// Work of a run, in pixels times iterations.
    pub fn work(&self, settings: &str) -> Result<f64, JsValue> {
        Settings::parse(settings).and_then(|settings| self.0.work(&settings)).map_err(thrown)
    }

    /// Prepares a run.
    pub fn begin(&mut self, settings: &str) -> Result<(), JsValue> {
        let settings = Settings::parse(settings).map_err(thrown)?;
        self.0.begin(&settings).map_err(thrown)?;
        Ok(())
    }

    /// Does one iteration. Returns its progress as JSON; nothing at the end.
    pub fn step(&mut self) -> Result<Option<String>, JsValue> {
        let progress = self.0.step().map_err(thrown)?;
        Ok(progress.map(|progress| serde_json::to_string(&progress).unwrap_or_default()))
    }

    /// The picture so far.
    pub fn preview(&mut self, longest: usize) -> Result<Painted, JsValue> {
        self.0.preview(longest).map(Painted).map_err(thrown)
    }

    /// Brings the run to its end soon.
    #[wasm_bindgen(js_name = finishSoon)]
    pub fn finish_soon(&mut self) -> Result<(), JsValue> {
        self.0.finish_soon().map_err(thrown)
    }

    /// Ends the run with its picture.
    pub fn result(&mut self) -> Result<Painted, JsValue> {
        self.0.result().map(Painted).map_err(thrown)
    }

    /// The last picture as a PNG file.
    pub fn png(&self) -> Result<Vec<u8>, JsValue> {
        self.0.png().map_err(thrown)
    }
}
