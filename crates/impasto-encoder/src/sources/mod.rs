//! Models outside the binary: finds, verifies and converts them by name, and fetches them with the feature `fetch`.
//!
//! A name stands for a training ([`catalogue`]). Its weights are searched in our own cache and in those of torch,
//! Hugging Face and Keras ([`Store::look`]). Files of other programs are only read. A found file is verified by its
//! length and its hash, converted to our own form (convolutions only, a seventh of the size) and kept in our own cache,
//! so that the next start reads 80 MB and not 575. A file that is not what its name says is passed over and left
//! unchanged.
//!
//! Only [`Store::fetch`] uses the network. It exists with the feature `fetch` only.

mod advice;
mod catalogue;
mod digest;
mod entries;
mod environment;
mod error;
mod event;
#[cfg(feature = "fetch")]
mod fetch;
mod keep;
mod lock;
mod open;
mod store;
mod verified;

pub use catalogue::{Digest, Model, Needed, Place, Size, WeightFile};
pub use entries::catalogue;
pub use environment::Environment;
pub use error::{NotHere, SourceError};
pub use event::Event;
#[cfg(feature = "fetch")]
pub use fetch::{Fetch, Patience};
pub use store::{Finding, State, Store};
