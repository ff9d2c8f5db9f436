//! Position weights on the grids of all blocks: computed by the host, kept until a request has others.

use impasto_engine::{Plane, Request};

use crate::arena::Arena;
use crate::device::Device;
use crate::shape::Role;

/// The planes of the last request: those of the regions, then that of the content residuals.
#[derive(Debug, Default)]
pub(crate) struct Planes(Vec<Vec<Plane>>);

impl Planes {
    /// Takes the planes of a request to the device, unless they are there. `fresh` tells that its buffers are new.
    pub(crate) fn set(
        &mut self,
        device: &Device,
        arena: &Arena,
        request: &Request,
        blocks: usize,
        fresh: bool,
    ) {
        let planes: Vec<&Plane> = request.regions.iter().chain(&request.residual_weight).collect();
        let known =
            |levels: &Vec<Plane>, plane: &Plane| levels.len() == blocks && levels.first() == Some(plane);
        let same = self.0.len() == planes.len() && self.0.iter().zip(&planes).all(|(a, b)| known(a, b));
        if !same {
            self.0 = planes.into_iter().map(|plane| pyramid(plane, blocks)).collect();
        }
        if fresh || !same {
            for (index, levels) in self.0.iter().enumerate() {
                for (block, plane) in levels.iter().enumerate() {
                    device.write(arena.get(Role::Weights(index, block)), 0, &plane.data);
                }
            }
        }
    }

    /// The sum of a plane's weights on the grid of a block.
    pub(crate) fn sum(&self, plane: usize, block: usize) -> f64 {
        self.0[plane][block].data.iter().map(|&weight| f64::from(weight)).sum()
    }
}

fn pyramid(plane: &Plane, blocks: usize) -> Vec<Plane> {
    let mut levels = vec![plane.clone()];
    for _ in 1..blocks {
        let next = levels[levels.len() - 1].halved();
        levels.push(next);
    }
    levels
}
