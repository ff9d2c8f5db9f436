//! Runs a VGG encoder on graphics cards, through Vulkan, Metal, DirectX 12 and WebGPU: a
//! [`Backend`](impasto_engine::Backend) whose kernels are WGSL of its own.
//!
//! A network of 3x3 convolutions is a fixed chain, so there is no tensor framework here. Maps stay on the card, four
//! channels to a quad; what crosses to the host is sums at an observation, and pixels at a pull-back. Nothing is added
//! in an order that may change, so one card with one driver gives the same bytes every time.
//!
//! [`GpuBackend::open`] is asynchronous, because a browser has it so. Elsewhere [`GpuBackend::find`] waits for it. In a
//! browser the card is reached by WebGPU. There the engine's methods wait if the page can suspend a call of WebAssembly
//! (`pause_with`), and are errors otherwise; those named `_async` work in any page.
#![deny(unsafe_code)]

mod adapter;
mod alone;
mod arena;
mod autoencoder;
mod backend;
mod backward;
mod blocking;
mod buffer;
mod convolution;
mod decisions;
mod decode;
mod device;
mod engine;
mod error;
mod failures;
mod forward;
mod judged;
mod judging;
mod kernels;
mod layers;
mod measure;
mod memory;
mod observe;
mod painting;
mod pipelines;
mod places;
mod plan;
mod planes;
mod program;
mod pull_back;
mod reading;
mod shape;
mod sources;
mod squares;
mod targets;
mod transfers;
mod trial;
mod units;
mod waiting;
mod ways;
mod winograd;

pub use adapter::{Adapter, AdapterKind, adapters, adapters_here, find};
pub use autoencoder::GpuAutoencoder;
pub use backend::GpuBackend;
pub use buffer::Taken;
pub use convolution::Method;
pub use engine::GpuEngine;
pub use error::GpuError;
pub use units::Units;
#[cfg(target_arch = "wasm32")]
pub use waiting::{Pause, pause_with};
pub use ways::{ParseWaysError, Ways};
