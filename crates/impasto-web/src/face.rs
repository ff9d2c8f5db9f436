//! The painter for JavaScript. Settings, progress and problems cross as JSON, pixels as bytes. What may wait for a card
//! is put down here, and done by [`impasto_work`](crate::work::impasto_work).
// The macro writes the calls of C that WebAssembly is made of.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use impasto_gpu::{GpuBackend, GpuError, adapters_here};
use wasm_bindgen::prelude::*;

use crate::bridge::{Painted, thrown};
use crate::work::later;
use crate::{Given, Painter, Problem, Settings};

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
pub struct WebPainter(Rc<RefCell<Painter>>);

#[wasm_bindgen]
impl WebPainter {
    /// A painter without pictures.
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> WebPainter {
        WebPainter(Rc::new(RefCell::new(Painter::new(now))))
    }

    /// Takes the content: R, G, B and opacity of each pixel.
    #[wasm_bindgen(js_name = setContent)]
    pub fn set_content(&self, name: &str, width: usize, height: usize, rgba: Vec<u8>) -> Result<(), JsValue> {
        self.0.borrow_mut().set_content(Given::new(name, (width, height), rgba).map_err(thrown)?);
        Ok(())
    }

    /// Takes the style.
    #[wasm_bindgen(js_name = setStyle)]
    pub fn set_style(&self, name: &str, width: usize, height: usize, rgba: Vec<u8>) -> Result<(), JsValue> {
        self.0.borrow_mut().set_style(Given::new(name, (width, height), rgba).map_err(thrown)?);
        Ok(())
    }

    /// Paints a draft.
    pub fn draft(&self, settings: &str, longest: usize) -> Result<Painted, JsValue> {
        let settings = Settings::parse(settings).map_err(thrown)?;
        self.0.borrow_mut().draft(&settings, longest).map(Painted).map_err(thrown)
    }

    /// Work of a run, in pixels times iterations.
    pub fn work(&self, settings: &str) -> Result<f64, JsValue> {
        Settings::parse(settings).and_then(|settings| self.0.borrow_mut().work(&settings)).map_err(thrown)
    }

    /// Puts down: open the browser's card for the runs that follow. A browser hides the card's name, so the page
    /// gives what it knows, and its own name in place of the driver's.
    #[wasm_bindgen(js_name = openCard)]
    pub fn open_card(&self, name: String, browser: String) {
        self.later(move |painter| {
            let adapter = adapters_here().into_iter().next().ok_or(GpuError::NoAdapter);
            let opened = adapter.and_then(|mut adapter| {
                (adapter.name, adapter.driver) = (name, browser);
                GpuBackend::open_here(&adapter)
            });
            let card = opened.map_err(|error| Problem::new(error.to_string()))?;
            painter.set_card(Arc::new(card));
            Ok(JsValue::UNDEFINED)
        });
    }

    /// Whether a card is open, which has not failed so far.
    #[wasm_bindgen(js_name = hasCard)]
    pub fn has_card(&self) -> bool {
        self.0.borrow().has_card()
    }

    /// Puts down: measure whether the card is faster.
    #[wasm_bindgen(js_name = cardIsFaster)]
    pub fn card_is_faster(&self, settings: String) {
        self.later(move |painter| Ok(painter.card_is_faster(&Settings::parse(&settings)?)?.into()));
    }

    /// Puts down: prepare a run.
    pub fn begin(&self, settings: String, on_card: bool) {
        self.later(move |painter| {
            painter.begin(&Settings::parse(&settings)?, on_card)?;
            Ok(JsValue::UNDEFINED)
        });
    }

    /// Puts down: do one iteration. Its progress comes as JSON; nothing at the end.
    pub fn step(&self) {
        self.later(|painter| {
            let progress = painter.step()?;
            Ok(progress.map(|progress| serde_json::to_string(&progress).unwrap_or_default()).into())
        });
    }

    /// Puts down: paint the picture so far.
    pub fn preview(&self, longest: usize) {
        self.later(move |painter| Ok(Painted(painter.preview(longest)?).into()));
    }

    /// Brings the run to its end soon.
    #[wasm_bindgen(js_name = finishSoon)]
    pub fn finish_soon(&self) -> Result<(), JsValue> {
        self.0.borrow_mut().finish_soon().map_err(thrown)
    }

    /// Puts down: end the run with its picture.
    pub fn result(&self) {
        self.later(|painter| Ok(Painted(painter.result()?).into()));
    }

    /// The last picture as a PNG file.
    pub fn png(&self) -> Result<Vec<u8>, JsValue> {
        self.0.borrow_mut().png().map_err(thrown)
    }

    fn later(&self, work: impl FnOnce(&mut Painter) -> Result<JsValue, Problem> + 'static) {
        let painter = self.0.clone();
        later(move || work(&mut painter.borrow_mut()).map_err(thrown));
    }
}
