//! The frame loop: each frame of a shot is painted from the frame before.
//!
//! 1. The input is steadied along its motion, because noise is the largest source of flicker in still parts.
//! 2. The painting before is moved along the flow: the coarse part from frame to frame, the fine part from an anchor.
//! 3. A few iterations of the still's objective follow, tied to that target as far as the flow is trusted
//!    ([`impasto::Follow`]). Parts that the frame before does not show begin from the draft and are free.
//! 4. Pixels that stand still are copied.
//!
//! The setting is that of Ruder, Dosovitskiy and Brox ("Artistic style transfer for videos", 2016). We differ in the
//! tie, which acts beside the gradient; in the anchor; in the draft; and in moments pooled over time (Gupta et al. 2017
//! name the reason: the minima of a style loss lie far apart).

mod anchor;
mod between;
mod changed;
mod deflicker;
mod drafts;
mod effort;
mod frame;
mod grain;
mod ground;
mod guard;
mod layout;
mod motion;
mod optimise;
mod painter;
mod planes;
mod poisson;
mod renew;
mod rough;
mod state;
mod styles;
mod target;

pub(crate) use between::blend_between;
pub use deflicker::Steadied;
pub use effort::Tuning;
pub use frame::{Frame, Opening, Painted};
pub use impasto_job::Guarded;
pub use painter::Painter;
pub(crate) use planes::rounded;
pub use state::State;
