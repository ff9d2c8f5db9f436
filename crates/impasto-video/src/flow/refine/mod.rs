//! Variational refinement of a flow (Brox, Bruhn, Papenberg, Weickert 2004, with the weights of OpenCV's version).
//!
//! The refined flow minimises, summed over the pixels,
//!
//!   δ/2 ψ(|brightness difference|² / n) + γ/2 ψ(|gradient difference|² / n) + α/2 ψ(|∇u|² + |∇v|²),  ψ(s²) = √(s² +
//!   ε²).
//!
//! The first two compare a pixel with the place where the flow points. The division by n, the squared slope of what is
//! compared, turns differences of grey into distances in pixels (Zimmer, Bruhn, Weickert 2011). The last term makes the
//! flow smooth and permits edges.
//!
//! The frame is warped by the flow and the differences become linear in the change ([`linear`]). The weights ψ' are
//! then computed for the current flow ([`weights`]), and red-black successive over-relaxation solves for it
//! ([`solver`]).

mod halves;
mod linear;
mod solver;
mod weights;

use super::preset::Refinement;
use super::{Flow, Gray};
use halves::Halves;
use linear::Linear;
use weights::System;

/// Refines a flow from `here` to `there`.
pub(crate) fn refine(flow: Flow, there: &Gray, here: &Gray, numbers: &Refinement) -> Flow {
    let mut flow = flow;
    let mut system = System::new(flow.size());
    for _ in 0..numbers.warps {
        let linear = Linear::new(&flow, there, here);
        let mut halves = Halves::of(&flow);
        for _ in 0..numbers.reweightings {
            weights::fill(&mut system, &flow, &linear);
            solver::solve(&mut halves, &system, numbers.sweeps);
            halves.join(&mut flow);
        }
    }
    flow
}
