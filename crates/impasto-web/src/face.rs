//! The painter for JavaScript. Settings, progress and problems cross as JSON, pixels as bytes.
//!
//! A panic cannot be caught on WebAssembly. Its words go to the function `impastoPanicked` of the worker, the module
//! traps, and the page starts a new worker.
// The macro writes the calls of C that WebAssembly is made of.
#![allow(unsafe_code)]

use std::time::Duration;

use wasm_bindgen::prelude::*;

use crate::{Given, Image, Painter, Problem, Settings};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = impastoPanicked)]
    fn panicked(message: &str);

    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn milliseconds() -> f64;
}

fn now() -> Duration {
    Duration::from_secs_f64(milliseconds().max(0.0) / 1000.0)
}

fn thrown(problem: Problem) -> JsValue {
    JsValue::from_str(&serde_json::to_string(&problem).unwrap_or(problem.message))
}

/// The module starts.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|info| panicked(&info.to_string())));
}

/// A picture that was read, and can be the content or the style.
#[wasm_bindgen]
pub struct Decoded(Given);

#[wasm_bindgen]
impl Decoded {
    /// Reads the pixels of a canvas: R, G, B and opacity of each.
    pub fn pixels(name: &str, width: usize, height: usize, rgba: Vec<u8>) -> Result<Decoded, JsValue> {
        Given::new(name, (width, height), rgba).map(Decoded).map_err(thrown)
    }

    /// Reads a file that the browser cannot read.
    pub fn file(name: &str, file: Vec<u8>) -> Result<Decoded, JsValue> {
        Given::decode(name, file).map(Decoded).map_err(thrown)
    }

    /// Pixels in a row.
    #[wasm_bindgen(getter)]
    pub fn width(&self) -> usize {
        self.0.picture.size().0
    }

    /// Number of rows.
    #[wasm_bindgen(getter)]
    pub fn height(&self) -> usize {
        self.0.picture.size().1
    }
}

/// A picture for a canvas.
#[wasm_bindgen]
pub struct Painted(Image);

#[wasm_bindgen]
impl Painted {
    /// Pixels in a row.
    #[wasm_bindgen(getter)]
    pub fn width(&self) -> usize {
        self.0.width
    }

    /// Number of rows.
    #[wasm_bindgen(getter)]
    pub fn height(&self) -> usize {
        self.0.height
    }

    /// The bytes, which are given away.
    pub fn take(self) -> Vec<u8> {
        self.0.rgba
    }
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

    /// Takes the picture to repaint.
    #[wasm_bindgen(js_name = setContent)]
    pub fn set_content(&mut self, content: Decoded) {
        self.0.set_content(content.0);
    }

    /// Takes the picture whose style is used.
    #[wasm_bindgen(js_name = setStyle)]
    pub fn set_style(&mut self, style: Decoded) {
        self.0.set_style(style.0);
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
