//! Disjoint windows of one buffer: rows x columns x groups of a channels-last map. Threads write to them, although such
//! blocks are not contiguous.

use std::marker::PhantomData;
use std::ops::Range;

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

/// A range cut into pieces of `step`, the last of which may be shorter.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Cut {
    start: usize,
    end: usize,
    step: usize,
    pieces: usize,
}

impl Cut {
    pub(in crate::cpu) fn new(range: Range<usize>, step: usize) -> Cut {
        Cut { start: range.start, end: range.end, step, pieces: range.len().div_ceil(step) }
    }

    /// All of `0..length` in one piece.
    pub(in crate::cpu) fn whole(length: usize) -> Cut {
        Cut::new(0..length, length.max(1))
    }

    /// `0..length` in pieces of at most `most`, nearly equal.
    pub(in crate::cpu) fn balanced(length: usize, most: usize) -> Cut {
        Cut::new(0..length, length.div_ceil(length.div_ceil(most).max(1)).max(1))
    }

    pub(in crate::cpu) fn pieces(self) -> usize {
        self.pieces
    }

    pub(in crate::cpu) fn piece(self, index: usize) -> Range<usize> {
        let start = self.start + index * self.step;
        start.min(self.end)..(start + self.step).min(self.end)
    }

    /// The same number of pieces on the grid after a 2x2 pooling, which leaves out an odd last position; `start` and
    /// `step` must be even.
    pub(in crate::cpu) fn halved(self) -> Cut {
        Cut { start: self.start / 2, end: self.end / 2, step: self.step / 2, pieces: self.pieces }
    }
}

/// A `[height, width, groups]` buffer of `T`, cut along all three axes.
pub(in crate::cpu) struct Windows<'a, T> {
    data: *mut T,
    width: usize,
    groups: usize,
    rows: Cut,
    columns: Cut,
    slabs: Cut,
    /// The number of windows, even if they are empty.
    count: usize,
    lifetime: PhantomData<&'a mut [T]>,
}

// SAFETY: it stands for the `&mut [T]` that it was made from; sharing it gives no access, as windows are only made by
// consuming it.
unsafe impl<T: Send> Send for Windows<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Windows<'_, T> {}

impl<'a, T: Send> Windows<'a, T> {
    /// Cuts `data`; an empty buffer gives the same number of windows, all empty.
    pub(in crate::cpu) fn new(
        data: &'a mut [T],
        (width, groups): (usize, usize),
        (rows, columns, slabs): (Cut, Cut, Cut),
    ) -> Windows<'a, T> {
        let count = rows.pieces() * columns.pieces() * slabs.pieces();
        // Every place of every window is inside the data, and all pieces of a cut are disjoint.
        let holds = rows.end * width * groups <= data.len() && columns.end <= width && slabs.end <= groups;
        assert!(data.is_empty() || holds, "windows reach beyond their buffer");
        let empty = |cut: Cut| Cut { start: 0, end: 0, ..cut };
        let (rows, columns, slabs) = match data.is_empty() {
            true => (empty(rows), empty(columns), empty(slabs)),
            false => (rows, columns, slabs),
        };
        let data = data.as_mut_ptr();
        Windows { data, width, groups, rows, columns, slabs, count, lifetime: PhantomData }
    }

    /// Each window once: slab by slab, rows before columns.
    pub(in crate::cpu) fn into_par_iter(self) -> impl IndexedParallelIterator<Item = Window<'a, T>>
    where
        T: 'a,
    {
        // SAFETY: each index occurs once, and `self` ends here.
        (0..self.count).into_par_iter().map(move |index| unsafe { self.window(index) })
    }

    /// # Safety
    /// Two windows of the same index must not exist at once.
    unsafe fn window(&self, index: usize) -> Window<'a, T> {
        let (rows, columns) = (self.rows.pieces(), self.columns.pieces());
        let (data, width, groups) = (self.data, self.width, self.groups);
        Window {
            data,
            width,
            groups,
            rows: self.rows.piece(index / columns % rows),
            columns: self.columns.piece(index % columns),
            slab: self.slabs.piece(index / columns / rows),
            lifetime: PhantomData,
        }
    }
}

/// One window, which alone gives access to its places.
pub(in crate::cpu) struct Window<'a, T> {
    data: *mut T,
    width: usize,
    groups: usize,
    pub(in crate::cpu) rows: Range<usize>,
    pub(in crate::cpu) columns: Range<usize>,
    pub(in crate::cpu) slab: Range<usize>,
    lifetime: PhantomData<&'a mut [T]>,
}

// SAFETY: it stands for a `&mut` to places that no other window can access.
unsafe impl<T: Send> Send for Window<'_, T> {}

impl<T> Window<'_, T> {
    /// Whether it is empty.
    #[inline(always)]
    pub(in crate::cpu) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The places from a row and column on, at most `size` each way and no further than the window. The first place
    /// must be inside the window.
    #[inline(always)]
    pub(in crate::cpu) fn tile(&mut self, y: usize, x: usize, group: usize, size: usize) -> Tile<'_, T> {
        assert!(self.rows.contains(&y) && self.columns.contains(&x) && self.slab.contains(&group));
        let (rows, columns) = (size.min(self.rows.end - y), size.min(self.columns.end - x));
        let place = (y * self.width + x) * self.groups + group;
        Tile {
            // SAFETY: `Windows::new` made sure that the place is inside the buffer. The rows and columns were asserted
            // and cut off, so all other places of the tile are inside too. They are in no other window, and the borrow
            // is that of `self`.
            data: unsafe { self.data.add(place) },
            row_stride: self.width * self.groups,
            column_stride: self.groups,
            rows,
            columns,
            lifetime: PhantomData,
        }
    }
}

/// Up to `N` x `N` places of a group in a window.
pub(in crate::cpu) struct Tile<'a, T> {
    data: *mut T,
    row_stride: usize,
    column_stride: usize,
    /// Rows and columns inside the window.
    pub(in crate::cpu) rows: usize,
    pub(in crate::cpu) columns: usize,
    lifetime: PhantomData<&'a mut [T]>,
}

impl<T> Tile<'_, T> {
    /// The place in a row and column of the tile, which must be inside.
    #[inline(always)]
    pub(in crate::cpu) fn at(&mut self, row: usize, column: usize) -> &mut T {
        assert!(row < self.rows && column < self.columns);
        // SAFETY: `Window::tile` made sure that these rows and columns are inside the window.
        unsafe { &mut *self.data.add(row * self.row_stride + column * self.column_stride) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_every_place_once() {
        let (height, width, groups) = (7, 10, 5);
        let mut data = vec![0u32; height * width * groups];
        let cuts = (Cut::new(0..height, 4), Cut::new(0..width, 3), Cut::new(0..groups, 2));
        let windows = Windows::new(&mut data, (width, groups), cuts);
        windows.into_par_iter().for_each(|mut window| {
            for y in window.rows.clone() {
                for x in window.columns.clone() {
                    for group in window.slab.clone() {
                        *window.tile(y, x, group, 1).at(0, 0) += 1;
                    }
                }
            }
        });
        assert!(data.iter().all(|&count| count == 1));
        let nothing = Windows::new(&mut [] as &mut [u32], (width, groups), cuts);
        assert_eq!(nothing.into_par_iter().filter(Window::is_empty).count(), 2 * 4 * 3);
    }

    #[test]
    #[should_panic]
    fn a_window_does_not_reach_its_neighbour() {
        let mut data = vec![0u32; 16];
        let cuts = (Cut::new(0..4, 2), Cut::whole(4), Cut::whole(1));
        let windows = Windows::new(&mut data, (4, 1), cuts);
        windows.into_par_iter().for_each(|mut window| *window.tile(1, 0, 0, 4).at(2, 0) = 1);
    }
}
