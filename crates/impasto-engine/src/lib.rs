//! Runs a VGG encoder over an image: features, their moments, and the derivative of any function of the moments by the
//! pixels.
//!
//! Style is moments: Gram matrix, mean and deviation, covariance, and Gaussian Wasserstein are all functions of E\[f\]
//! and E\[f f^T\]. So an engine only sums `w`, `w f` and `w f f^T` at the style taps and `w |f - f*|^2` at the content
//! taps ([`Engine::observe`]). Later it takes the derivatives by those sums back to the pixels ([`Engine::pull_back`]).
//! It returns sums and not means, so that tiles, regions and machines can be added. A loss that is no function of sums
//! can ask for features themselves ([`Request::features`]) and give the derivatives by them.
//!
//! - [`Reference`]: plain loops in f64, the oracle of every test.
//! - [`Cpu`]: f32, Winograd convolutions, all cores.
//! - [`Tiled`]: runs another engine tile by tile, in bounded memory, with the same result.
//!
//! An [`Autoencoder`] turns features back into a picture. It needs a decoder and no derivative: [`CpuAutoencoder`],
//! [`ReferenceAutoencoder`].
#![deny(unsafe_code)]

mod autoencoder;
mod backend;
mod cpu;
mod engine;
mod geometry;
mod judging;
mod network;
mod observation;
pub mod painting;
mod reference;
mod request;
mod stopwatch;
mod tiled;

pub use autoencoder::{Affine, Autoencoder};
pub use backend::{Backend, CpuBackend, ReferenceBackend, backend, backends};
pub use cpu::{Cpu, CpuAutoencoder, InstructionSet, LayerSeconds, Workspace};
pub use engine::{Cancel, Decisions, Engine, EngineError, Features, PoolDecision};
pub use geometry::{Edges, Padding, Pixels, Plane, Rect, Size};
pub use judging::{Aim, Judged, Judging, ROUNDING_OF_VARIANCES, TapLoss};
pub use network::Network;
pub use observation::{Cotangents, Moments, MomentsCotangent, Observation, Residual};
pub use reference::{Reference, ReferenceAutoencoder};
pub use request::{Request, Target};
pub use stopwatch::Stopwatch;
pub use tiled::{Block, Blocks, FORWARD, Tiled, Tiles, Tiling};
