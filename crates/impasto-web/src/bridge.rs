//! The part of the module that faces JavaScript.
//!
//! A panic cannot be caught on WebAssembly. Its words go to the function `impastoPanicked` of the worker, the module
//! traps, and the page starts a new worker.
// The macro writes the calls of C that WebAssembly is made of.
#![allow(unsafe_code)]

use wasm_bindgen::prelude::*;

use crate::{Image, Problem};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = impastoPanicked)]
    fn panicked(message: &str);
}

/// The module starts.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|info| panicked(&info.to_string())));
    crate::work::start();
}

/// A problem as JavaScript throws it.
pub(crate) fn thrown(problem: Problem) -> JsValue {
    JsValue::from_str(&serde_json::to_string(&problem).unwrap_or(problem.message))
}

/// A picture for a canvas.
#[wasm_bindgen]
pub struct Painted(pub(crate) Image);

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
