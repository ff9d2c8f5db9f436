//! The derivative by the features at a tap: dF = w (2 D F + d) from the moments, 2 c w (F - F*) from the residuals, and
//! the derivatives that were given by the features themselves.

use rayon::prelude::*;

use super::bits::Unpooling;
use super::half::Halved;
use super::kernels::{
    GROUP, InstructionSet, Isa, Kernel, Lanes, Matrix, Panels, Product, dispatch, flat, flat_mut, groups,
};
use super::map::Map;
use super::moments::nothing;
use super::scratch::{self, carve};
use crate::MomentsCotangent;

/// Positions at a time: whole blocks of the product kernel's rows, and small enough for the second-level cache.
const POSITIONS: usize = 96;

/// The gradient that the cotangents give at one tap.
#[derive(Default)]
pub(super) struct TapGradient<'a> {
    pub(super) groups: usize,
    regions: Vec<Region<'a>>,
    residuals: Vec<Residual<'a>>,
    /// Derivatives by the features.
    given: Vec<&'a crate::Features>,
}

struct Region<'a> {
    /// 2 D in panels.
    twice: Vec<Lanes>,
    constant: Vec<Lanes>,
    /// Whether there is a constant at all: a Gram matrix has none.
    shifts: bool,
    weights: Option<&'a [f32]>,
}

struct Residual<'a> {
    /// 2 c.
    twice: f32,
    aim: Map<'a>,
    weights: Option<&'a [f32]>,
}

impl<'a> TapGradient<'a> {
    pub(super) fn new(channels: usize) -> TapGradient<'a> {
        TapGradient { groups: groups(channels), ..TapGradient::default() }
    }

    pub(super) fn add_moments(&mut self, by: &MomentsCotangent, weights: Option<&'a [f32]>) {
        let (groups, channels) = (self.groups, by.first.len());
        let mut twice = vec![Lanes::ZERO; groups * groups * GROUP];
        let mut constant = vec![Lanes::ZERO; groups];
        for column in 0..channels {
            constant[column / GROUP].0[column % GROUP] = by.first[column] as f32;
        }
        for (panel, rows) in twice.chunks_exact_mut(groups * GROUP).enumerate() {
            let columns = panel * GROUP..((panel + 1) * GROUP).min(channels);
            for (row, to) in rows.iter_mut().enumerate().take(channels) {
                let from = &by.second[row * channels..][columns.clone()];
                to.0.iter_mut().zip(from).for_each(|(to, value)| *to = (2.0 * value) as f32);
            }
        }
        let shifts = by.first.iter().any(|&value| value != 0.0);
        self.regions.push(Region { twice, constant, shifts, weights });
    }

    pub(super) fn add_residual(&mut self, by: f64, aim: Map<'a>, weights: Option<&'a [f32]>) {
        self.residuals.push(Residual { twice: (2.0 * by) as f32, aim, weights });
    }

    pub(super) fn add_features(&mut self, by: &'a crate::Features) {
        self.given.push(by);
    }

    /// Adds the derivative at consecutive positions from `start` on to `to`; if it is `fresh`, the values of `to` are
    /// undefined before. `scratch` is as long as `to`.
    #[inline(always)]
    pub(super) fn add<I: Isa>(
        &self,
        isa: I,
        start: usize,
        features: &[Lanes],
        scratch: &mut [Lanes],
        to: &mut [Lanes],
        mut fresh: bool,
    ) {
        if fresh && self.regions.first().is_none_or(|region| region.weights.is_some()) {
            to.fill(Lanes::ZERO);
            fresh = false;
        }
        let groups = self.groups;
        let rows = features.len() / groups;
        for region in &self.regions {
            // With weights, the products go through scratch to be weighted; without, they are added directly.
            let weights = region.weights;
            if nothing(weights.map(|weights| &weights[start..start + rows])) {
                continue;
            }
            let products = match weights {
                Some(_) => &mut scratch[..rows * groups],
                None => &mut *to,
            };
            isa.call(Product {
                rows,
                segments: 1,
                inner: groups * GROUP,
                panels: groups,
                a: Matrix {
                    data: flat(features),
                    row_stride: groups * GROUP,
                    inner_stride: 1,
                    segment_stride: 0,
                },
                b: Panels {
                    data: flat(&region.twice),
                    panel_stride: groups * GROUP * GROUP,
                    inner_stride: GROUP,
                },
                c: flat_mut(products),
                c_stride: groups * GROUP,
                add: weights.is_none() && !fresh,
                next: [&[]; 2],
            });
            fresh = false;
            let Some(weights) = weights else {
                if region.shifts {
                    for to in to.chunks_exact_mut(groups) {
                        for (to, constant) in to.iter_mut().zip(&region.constant) {
                            to.add(isa, constant);
                        }
                    }
                }
                continue;
            };
            let pairs = to.chunks_exact_mut(groups).zip(scratch.chunks_exact(groups));
            for ((to, products), &weight) in pairs.zip(&weights[start..]) {
                for (to, (product, constant)) in to.iter_mut().zip(products.iter().zip(&region.constant)) {
                    let mut sum = *product;
                    sum.add(isa, constant);
                    to.add_times(isa, weight, &sum);
                }
            }
        }
        for residual in &self.residuals {
            let aims = residual.aim.data[start * groups..].chunks_exact(groups);
            let pairs = to.chunks_exact_mut(groups).zip(features.chunks_exact(groups).zip(aims));
            for (row, (to, (features, aims))) in pairs.enumerate() {
                let factor = residual.twice * residual.weights.map_or(1.0, |weights| weights[start + row]);
                for (to, (feature, aim)) in to.iter_mut().zip(features.iter().zip(aims)) {
                    to.add_times(isa, factor, &feature.minus(isa, aim));
                }
            }
        }
        for by in &self.given {
            for (channel, plane) in by.data.chunks_exact(by.size.area()).enumerate() {
                let (group, lane) = (channel / GROUP, channel % GROUP);
                for (to, value) in to.chunks_exact_mut(groups).zip(&plane[start..start + rows]) {
                    to[group].0[lane] += *value as f32;
                }
            }
        }
    }
}

/// Replaces the features at a tap by the gradient there.
pub(super) struct Fill<'a> {
    pub(super) tap: &'a TapGradient<'a>,
    /// The gradient from the pooling above, which is added to the tap's own.
    pub(super) above: Option<Unpooling<'a>>,
    pub(super) features: Features<'a>,
    /// The ReLU's bits for masking; `None` if the convolution above adds its part and masks.
    pub(super) bits: Option<&'a [u16]>,
}

/// The place of the features that a gradient replaces.
#[derive(Clone, Copy)]
pub(super) enum Features<'a> {
    /// In the map of the gradient itself.
    There,
    Apart(&'a [Lanes]),
    Halved(Halved<'a>),
}

/// Groups of scratch per thread for [`Fill`]: the gradient, intermediate products, and features in full precision.
pub(super) fn fill_scratch(groups: usize) -> usize {
    3 * POSITIONS * groups
}

impl Fill<'_> {
    /// Writes the gradient to `map`.
    pub(super) fn run(&self, set: InstructionSet, map: &mut [Lanes]) {
        let groups = self.tap.groups;
        map.par_chunks_mut(POSITIONS * groups).enumerate().for_each(|(chunk, map)| {
            let start = chunk * POSITIONS;
            scratch::with(fill_scratch(groups), |scratch| {
                dispatch(set, FillChunk { fill: self, start, map, scratch });
            });
        });
    }
}

struct FillChunk<'a> {
    fill: &'a Fill<'a>,
    start: usize,
    map: &'a mut [Lanes],
    scratch: &'a mut [Lanes],
}

impl Kernel for FillChunk<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let FillChunk { fill, start, map, mut scratch } = self;
        let groups = fill.tap.groups;
        let gradient = carve(&mut scratch, map.len());
        if let Some(unpooling) = &fill.above {
            // The positions may span several rows of the map.
            let (mut position, mut rest) = (start, &mut gradient[..]);
            while !rest.is_empty() {
                let (y, x) = (position / unpooling.width, position % unpooling.width);
                let count = (unpooling.width - x).min(rest.len() / groups);
                unpooling.row(isa, y, x, carve(&mut rest, count * groups));
                position += count;
            }
        }
        let fresh = fill.above.is_none();
        let features = match fill.features {
            Features::There => &*map,
            Features::Apart(features) => &features[start * groups..][..map.len()],
            Features::Halved(halved) => {
                let features = carve(&mut scratch, map.len());
                halved.grow(start * groups, features);
                features
            }
        };
        fill.tap.add(isa, start, features, scratch, gradient, fresh);
        match fill.bits {
            None => map.copy_from_slice(gradient),
            Some(bits) => {
                let bits = &bits[start * groups..][..map.len()];
                for ((to, from), &bits) in map.iter_mut().zip(&*gradient).zip(bits) {
                    *to = isa.keep(bits, from);
                }
            }
        }
    }
}
