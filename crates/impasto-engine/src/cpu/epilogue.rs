//! The work on a convolution's outputs while they are in cache: bias, ReLU and its bits, pooling and its choices; or,
//! backwards, the gradient of a tap and the ReLU's mask.

use impasto_encoder::Pooling;

use super::bits::pack_choices;
use super::kernels::{Isa, Lanes, TILE, Window};

/// Takes 4x4 tiles of outputs, one group of channels at a time.
pub(super) trait Epilogue {
    /// `y` and `x` are the tile's first row and column; outputs beyond the map are dropped.
    fn tile<I: Isa>(&mut self, isa: I, y: usize, x: usize, group: usize, values: &mut [[Lanes; TILE]; TILE]);
}

/// A block of everything that a forward convolution writes; windows that are not needed are empty.
pub(super) struct Forward<'a> {
    pub(super) bias: &'a [Lanes],
    pub(super) activations: Window<'a, Lanes>,
    pub(super) bits: Window<'a, u16>,
    /// The kind of pooling and its factor.
    pub(super) pooling: Option<(Pooling, f32)>,
    pub(super) pooled: Window<'a, Lanes>,
    pub(super) choices: Window<'a, u32>,
}

impl Epilogue for Forward<'_> {
    #[inline(always)]
    fn tile<I: Isa>(&mut self, isa: I, y: usize, x: usize, group: usize, values: &mut [[Lanes; TILE]; TILE]) {
        let bias = &self.bias[group];
        for line in values.iter_mut() {
            for value in line.iter_mut() {
                value.rectify(isa, bias);
            }
        }
        if !self.bits.is_empty() {
            let mut bits = self.bits.tile(y, x, group, TILE);
            for i in 0..bits.rows {
                for j in 0..bits.columns {
                    *bits.at(i, j) = isa.greater(&values[i][j], &Lanes::ZERO);
                }
            }
        }
        if !self.activations.is_empty() {
            let mut activations = self.activations.tile(y, x, group, TILE);
            for i in 0..activations.rows {
                for j in 0..activations.columns {
                    *activations.at(i, j) = values[i][j];
                }
            }
        }
        let Some((pooling, scale)) = self.pooling else { return };
        // An odd last row or column is left out; it may be all that the tile has.
        if !self.pooled.rows.contains(&(y / 2)) || !self.pooled.columns.contains(&(x / 2)) {
            return;
        }
        let mut to = self.pooled.tile(y / 2, x / 2, group, TILE / 2);
        for i in 0..to.rows {
            for j in 0..to.columns {
                let window = [
                    &values[2 * i][2 * j],
                    &values[2 * i][2 * j + 1],
                    &values[2 * i + 1][2 * j],
                    &values[2 * i + 1][2 * j + 1],
                ];
                let pooled = match pooling {
                    Pooling::Max => {
                        let (pooled, choices) = largest(isa, window);
                        if !self.choices.is_empty() {
                            *self.choices.tile(y / 2 + i, x / 2 + j, group, 1).at(0, 0) = choices;
                        }
                        pooled
                    }
                    Pooling::Average => average(isa, window),
                    Pooling::L2 => root(isa, window),
                };
                *to.at(i, j) = pooled.times(isa, scale);
            }
        }
    }
}

/// The largest of four values and its index: the first in reading order among equals.
#[inline(always)]
fn largest<I: Isa>(isa: I, window: [&Lanes; 4]) -> (Lanes, u32) {
    let mut best = *window[0];
    let mut better = [0; 3];
    for (candidate, better) in window[1..].iter().zip(&mut better) {
        *better = isa.greater(candidate, &best);
        best = best.larger(isa, candidate);
    }
    let [second, third, fourth] = better;
    (best, pack_choices(third | fourth, fourth | (second & !third)))
}

#[inline(always)]
fn average<I: Isa>(isa: I, window: [&Lanes; 4]) -> Lanes {
    let [mut sum, mut lower] = [*window[0], *window[2]];
    sum.add(isa, window[1]);
    lower.add(isa, window[3]);
    sum.add(isa, &lower);
    sum.times(isa, 0.25)
}

#[inline(always)]
fn root<I: Isa>(isa: I, window: [&Lanes; 4]) -> Lanes {
    let mut sum = Lanes::ZERO;
    for value in window {
        sum.add_square(isa, value);
    }
    sum.root(isa)
}

/// A block of a gradient.
pub(super) struct Backward<'a> {
    /// Columns of the map.
    pub(super) width: usize,
    pub(super) gradient: Window<'a, Lanes>,
    /// Whether the window already holds the gradient of a tap, to be added to.
    pub(super) add: bool,
    /// Bits that say where the ReLU below passed the value, one word per group of each position; `None` if a pooling is
    /// below.
    pub(super) bits: Option<&'a [u16]>,
    pub(super) groups: usize,
}

impl Epilogue for Backward<'_> {
    #[inline(always)]
    fn tile<I: Isa>(&mut self, isa: I, y: usize, x: usize, group: usize, values: &mut [[Lanes; TILE]; TILE]) {
        let mut gradient = self.gradient.tile(y, x, group, TILE);
        for i in 0..gradient.rows {
            for j in 0..gradient.columns {
                let (value, to) = (&mut values[i][j], gradient.at(i, j));
                if self.add {
                    value.add(isa, to);
                }
                *to = match self.bits {
                    Some(bits) => {
                        let place = ((y + i) * self.width + x + j) * self.groups + group;
                        isa.keep(bits[place], value)
                    }
                    None => *value,
                };
            }
        }
    }
}
