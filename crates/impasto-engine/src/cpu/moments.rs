//! Sums over the features at a tap: w, w f and w f f^T, and w |f - f*|^2.
//!
//! The sums run in f32 products of 128 positions each, which are added in f64 in a fixed order. Where features are the
//! same everywhere, each f32 addition rounds the same way, and longer products were wrong by 2e-5. The second moments
//! are symmetric, so only panels on and above the diagonal are multiplied.

use rayon::prelude::*;

use super::kernels::{
    GROUP, InstructionSet, Isa, Kernel, Lanes, Matrix, Panels, Product, dispatch, flat, flat_mut,
};
use super::map::Map;
use super::scratch::{self, carve};
use crate::Moments;

/// Positions per f32 product.
pub(super) const POSITIONS: usize = 128;

/// Fewest tasks, if there are enough positions.
const TASKS: usize = 128;

/// Offset of a panel's sums: a group of first moments, then a group of second moments with each channel up to the
/// panel's last.
fn panel_start(panel: usize) -> usize {
    (0..panel).map(panel_length).sum()
}

fn panel_length(panel: usize) -> usize {
    (1 + (panel + 1) * GROUP) * GROUP
}

/// Length of the sums of one region, at a tap of `groups` groups.
pub(super) fn length(groups: usize) -> usize {
    panel_start(groups)
}

/// Positions that one task sums, over a map of `area` positions.
fn chunk(area: usize, groups: usize) -> usize {
    area.div_ceil(TASKS.div_ceil(groups)).next_multiple_of(POSITIONS)
}

/// Values that [`sum`] needs for partial sums.
pub(super) fn partials(area: usize, groups: usize) -> usize {
    area.div_ceil(chunk(area, groups)) * length(groups)
}

/// Groups of scratch for [`AddPanel`].
pub(super) fn scratch_length(groups: usize) -> usize {
    groups * (POSITIONS + GROUP)
}

/// Adds the sums over at most [`POSITIONS`] positions, for one panel.
pub(super) struct AddPanel<'a> {
    /// `[positions, groups]`.
    pub(super) features: &'a [Lanes],
    pub(super) groups: usize,
    /// One per position; without weights, they are 1.
    pub(super) weights: Option<&'a [f32]>,
    pub(super) panel: usize,
    pub(super) sums: &'a mut [f64],
    pub(super) scratch: &'a mut [Lanes],
}

impl Kernel for AddPanel<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let AddPanel { features, groups, weights, panel, sums, mut scratch } = self;
        let rows = (panel + 1) * GROUP;
        let products = carve(&mut scratch, rows);
        let left = match weights {
            None => features,
            Some(weights) => {
                let weighted = carve(&mut scratch, features.len());
                let pairs = weighted.chunks_exact_mut(groups).zip(features.chunks_exact(groups));
                for ((to, from), &weight) in pairs.zip(weights) {
                    // Groups beyond the panel are not needed.
                    for (to, from) in to.iter_mut().zip(from).take(panel + 1) {
                        *to = from.times(isa, weight);
                    }
                }
                weighted
            }
        };
        isa.call(Product {
            rows,
            segments: 1,
            inner: features.len() / groups,
            panels: 1,
            a: Matrix { data: flat(left), row_stride: 1, inner_stride: groups * GROUP, segment_stride: 0 },
            b: Panels {
                data: &flat(features)[panel * GROUP..],
                panel_stride: GROUP,
                inner_stride: groups * GROUP,
            },
            c: flat_mut(products),
            c_stride: GROUP,
            add: false,
            next: [&[]; 2],
        });
        let mut first = Lanes::ZERO;
        for values in left.chunks_exact(groups) {
            first.add(isa, &values[panel]);
        }
        for (sums, values) in sums.chunks_exact_mut(GROUP).zip(std::iter::once(&first).chain(&*products)) {
            for lane in 0..GROUP {
                sums[lane] += values.0[lane] as f64;
            }
        }
    }
}

/// Whether all weights are zero: most regions are small parts of a picture.
#[inline(always)]
pub(super) fn nothing(weights: Option<&[f32]>) -> bool {
    weights.is_some_and(|weights| weights.iter().all(|&weight| weight == 0.0))
}

/// Adds all panels for consecutive positions, at most [`POSITIONS`].
#[inline(always)]
pub(super) fn add_all<I: Isa>(
    isa: I,
    features: &[Lanes],
    groups: usize,
    weights: Option<&[f32]>,
    sums: &mut [f64],
    scratch: &mut [Lanes],
) {
    if nothing(weights) {
        return;
    }
    let mut rest = sums;
    for panel in 0..groups {
        let sums = carve(&mut rest, panel_length(panel));
        isa.call(AddPanel { features, groups, weights, panel, sums, scratch: &mut *scratch });
    }
}

/// The moments of one region over a whole map.
pub(super) fn sum(
    set: InstructionSet,
    features: Map,
    channels: usize,
    weights: Option<&[f32]>,
    partials: &mut Vec<f64>,
) -> Moments {
    let (area, groups) = (features.size.area(), features.groups);
    let chunk = chunk(area, groups);
    partials.clear();
    partials.resize(self::partials(area, groups), 0.0);
    let mut tasks = Vec::with_capacity(partials.len() / length(groups) * groups);
    for (index, mut part) in partials.chunks_exact_mut(length(groups)).enumerate() {
        let positions = index * chunk..((index + 1) * chunk).min(area);
        for panel in 0..groups {
            tasks.push((positions.clone(), panel, carve(&mut part, panel_length(panel))));
        }
    }
    tasks.into_par_iter().for_each(|(positions, panel, sums)| {
        scratch::with(scratch_length(groups), |scratch| {
            for start in positions.clone().step_by(POSITIONS) {
                let end = (start + POSITIONS).min(positions.end);
                let features = &features.data[start * groups..end * groups];
                let weights = weights.map(|weights| &weights[start..end]);
                if nothing(weights) {
                    continue;
                }
                dispatch(set, AddPanel { features, groups, weights, panel, sums, scratch });
            }
        });
    });
    gather(partials.chunks_exact(length(groups)), area, channels, weights)
}

/// Adds partial sums in order, and mirrors the second moments.
pub(super) fn gather<'a>(
    partials: impl Iterator<Item = &'a [f64]>,
    area: usize,
    channels: usize,
    weights: Option<&[f32]>,
) -> Moments {
    let groups = super::kernels::groups(channels);
    let mut first = vec![0.0; channels];
    let mut second = vec![0.0; channels * channels];
    for part in partials {
        for panel in 0..groups {
            let part = &part[panel_start(panel)..][..panel_length(panel)];
            let columns = panel * GROUP..(panel * GROUP + GROUP).min(channels);
            for (to, from) in first[columns.clone()].iter_mut().zip(part) {
                *to += from;
            }
            for row in 0..columns.end {
                let to = &mut second[row * channels..][columns.clone()];
                to.iter_mut().zip(&part[(row + 1) * GROUP..]).for_each(|(to, from)| *to += from);
            }
        }
    }
    for row in 0..channels {
        for column in 0..row {
            second[row * channels + column] = second[column * channels + row];
        }
    }
    Moments { weight: total(area, weights), first, second }
}

/// The sum of the weights over positions.
pub(super) fn total(area: usize, weights: Option<&[f32]>) -> f64 {
    weights.map_or(area as f64, |weights| weights.iter().map(|&w| w as f64).sum())
}

/// The sum of w |f - f*|^2 over consecutive positions.
pub(super) struct Residuals<'a> {
    pub(super) features: &'a [Lanes],
    pub(super) aim: &'a [Lanes],
    pub(super) groups: usize,
    pub(super) weights: Option<&'a [f32]>,
}

impl Kernel for Residuals<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> f64 {
        let mut total = 0.0;
        let rows = self.features.chunks_exact(self.groups).zip(self.aim.chunks_exact(self.groups));
        for (row, (features, aims)) in rows.enumerate() {
            let mut squares = Lanes::ZERO;
            for (feature, aim) in features.iter().zip(aims) {
                squares.add_square(isa, &feature.minus(isa, aim));
            }
            let sum: f64 = squares.0.iter().map(|&square| square as f64).sum();
            total += self.weights.map_or(1.0, |weights| weights[row] as f64) * sum;
        }
        total
    }
}

/// The sum of w |f - f*|^2 over whole maps.
pub(super) fn residual(set: InstructionSet, features: Map, aim: Map, weights: Option<&[f32]>) -> f64 {
    let groups = features.groups;
    let chunks = features.data.par_chunks(POSITIONS * groups).zip(aim.data.par_chunks(POSITIONS * groups));
    let parts: Vec<f64> = chunks
        .enumerate()
        .map(|(chunk, (features, aim))| {
            let weights = weights.map(|weights| &weights[chunk * POSITIONS..]);
            dispatch(set, Residuals { features, aim, groups, weights })
        })
        .collect();
    parts.iter().sum()
}
