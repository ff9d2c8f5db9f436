//! The output of a convolution, cut into blocks that threads fill independently.

use impasto_encoder::Pooling;
use rayon::prelude::*;

use super::epilogue::{Backward, Epilogue, Forward};
use super::kernels::{Cut, Lanes, Windows};
use crate::Size;

/// The output of a convolution, which can be cut into blocks.
pub(super) trait Target: Send {
    type Epilogue<'s>: Epilogue + Send
    where
        Self: 's;

    /// An epilogue for each block, slab by slab, rows before columns.
    fn epilogues<'s>(
        &'s mut self,
        cuts: (Cut, Cut, Cut),
    ) -> impl IndexedParallelIterator<Item = Self::Epilogue<'s>>;
}

/// Everything that a forward convolution writes; outputs that are not needed are empty.
pub(super) struct Outputs<'a> {
    /// Size before pooling.
    pub(super) size: Size,
    pub(super) bias: &'a [Lanes],
    pub(super) activations: &'a mut [Lanes],
    pub(super) bits: &'a mut [u16],
    pub(super) pooling: Option<(Pooling, f32)>,
    pub(super) pooled: &'a mut [Lanes],
    pub(super) choices: &'a mut [u32],
}

impl Target for Outputs<'_> {
    type Epilogue<'s>
        = Forward<'s>
    where
        Self: 's;

    fn epilogues<'s>(
        &'s mut self,
        (rows, columns, slabs): (Cut, Cut, Cut),
    ) -> impl IndexedParallelIterator<Item = Forward<'s>> {
        let Outputs { size, bias, pooling, .. } = *self;
        let (full, half) = ((size.width, bias.len()), (size.width / 2, bias.len()));
        let cuts = (rows, columns, slabs);
        let halved = (rows.halved(), columns.halved(), slabs);
        let maps = Windows::new(&mut *self.activations, full, cuts)
            .into_par_iter()
            .zip(Windows::new(&mut *self.bits, full, cuts).into_par_iter());
        let pools = Windows::new(&mut *self.pooled, half, halved)
            .into_par_iter()
            .zip(Windows::new(&mut *self.choices, half, halved).into_par_iter());
        maps.zip(pools).map(move |((activations, bits), (pooled, choices))| Forward {
            bias,
            activations,
            bits,
            pooling,
            pooled,
            choices,
        })
    }
}

/// The gradient that a backward convolution writes.
pub(super) struct Gradient<'a> {
    pub(super) size: Size,
    pub(super) groups: usize,
    pub(super) data: &'a mut [Lanes],
    /// Whether the buffer already holds a tap's gradient.
    pub(super) add: bool,
    pub(super) bits: Option<&'a [u16]>,
}

impl Target for Gradient<'_> {
    type Epilogue<'s>
        = Backward<'s>
    where
        Self: 's;

    fn epilogues<'s>(
        &'s mut self,
        cuts: (Cut, Cut, Cut),
    ) -> impl IndexedParallelIterator<Item = Backward<'s>> {
        let Gradient { size, groups, add, bits, .. } = *self;
        let windows = Windows::new(&mut *self.data, (size.width, groups), cuts);
        windows.into_par_iter().map(move |gradient| Backward {
            width: size.width,
            gradient,
            add,
            bits,
            groups,
        })
    }
}
