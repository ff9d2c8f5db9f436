//! Impasto in the browser. The page in `web/` decodes pictures, shows them and listens to its reader; this crate
//! paints.
//!
//! [`Painter`] is plain Rust, which tests run on any machine. `face` hands it to JavaScript and exists on WebAssembly
//! only, where one worker calls it. There are no threads, so a call returns when its work is done, and the worker can
//! be told something between two calls: a run is made of steps. Calls that may wait for a graphics card are entered by
//! `work`.
#![deny(unsafe_code)]

#[cfg(target_arch = "wasm32")]
pub mod bridge;
#[cfg(target_arch = "wasm32")]
pub mod face;
mod painter;
mod pixels;
mod problem;
mod recipe;
mod run;
mod settings;
#[cfg(target_arch = "wasm32")]
pub mod work;

pub use painter::Painter;
pub use pixels::{Given, Image, LARGEST, MOST_PIXELS};
pub use problem::Problem;
pub use run::Progress;
pub use settings::Settings;
