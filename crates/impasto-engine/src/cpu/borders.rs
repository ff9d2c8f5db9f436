//! The borders of a picture: what a convolution reads beyond its sides.

use crate::geometry::Border;

/// Borders of the columns and rows that a convolution reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Borders {
    pub(super) columns: Border,
    pub(super) rows: Border,
}

impl Borders {
    /// The borders of the derivative.
    pub(super) fn transposed(self) -> Borders {
        Borders { columns: self.columns.transposed(), rows: self.rows.transposed() }
    }
}
