//! Calls that may wait for a graphics card.
//!
//! A card's answer comes as a promise. WebAssembly can be suspended until it is kept (JSPI), if no function of
//! JavaScript lies between the export that was called and the import that suspends. The functions that wasm-bindgen
//! makes are functions of JavaScript. So such a call has three parts: a method puts down what is to be done, the export
//! [`impasto_work`] does it, and [`outcome`] returns what came of it.
// Exports and imports without JavaScript, and the macro.
#![allow(unsafe_code)]

use std::cell::RefCell;

use impasto_gpu::{Pause, pause_with};
use wasm_bindgen::prelude::*;

type Outcome = Result<JsValue, JsValue>;
type Work = Box<dyn FnOnce() -> Outcome>;

thread_local! {
    static WORK: RefCell<Option<Work>> = const { RefCell::new(None) };
    static OUTCOME: RefCell<Option<Outcome>> = const { RefCell::new(None) };
}

// SAFETY: they are functions of the page without arguments or results. The first returns when the second was called.
#[link(wasm_import_module = "../src/painter/pause.ts")]
unsafe extern "C" {
    safe fn impasto_pause();
    safe fn impasto_wake();
}

/// Lets the engine on a card pause by the page's functions.
pub(crate) fn start() {
    pause_with(Pause { pause: || impasto_pause(), wake: || impasto_wake() });
}

/// Puts down what is to be done.
pub(crate) fn later(work: impl FnOnce() -> Outcome + 'static) {
    WORK.set(Some(Box::new(work)));
}

/// Does what was put down. The worker enters it so that it may be suspended, and enters nothing else until it ends.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
pub extern "C" fn impasto_work() {
    OUTCOME.set(WORK.take().map(|work| work()));
}

/// What came of it.
#[wasm_bindgen]
pub fn outcome() -> Result<JsValue, JsValue> {
    OUTCOME.take().unwrap_or(Ok(JsValue::UNDEFINED))
}
