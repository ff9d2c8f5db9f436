//! The second module of the page: it reads files that the browser cannot read. The page loads it only for these, and in
//! a worker of its own, so that a damaged file ends nothing else.
// The macro writes the calls of C that WebAssembly is made of.
#![allow(unsafe_code)]

use wasm_bindgen::prelude::*;

use crate::bridge::{Painted, thrown};
use crate::{Given, Image};

/// Reads a file. Its picture comes back in sRGB, no larger than the painter keeps it.
#[wasm_bindgen]
pub fn read(name: &str, file: Vec<u8>) -> Result<Painted, JsValue> {
    let given = Given::decode(name, file).map_err(thrown)?;
    Ok(Painted(Image::new(&given.picture, given.alpha.as_ref())))
}
