//! The search of all patches of a level.
//!
//! Each patch begins with the best of some candidates: the flow of the coarser level, a guess from outside, and the
//! offsets of its neighbours. There are two sweeps. The first goes right and down and the second comes back, so a good
//! offset spreads both ways. This is OpenCV's addition to Kroeger et al. 2016. Sweeps run inside of bands of patches,
//! which are cut by size, so the number of threads does not matter.

use rayon::prelude::*;

use super::Flow;
use super::padded::Padded;
use super::patch::{Found, Patch, SIDE};
use super::wide::wide;

/// Pixels between the corners of neighbouring patches.
const STRIDE: usize = 4;

/// Steps of descent that a patch may take in a sweep.
const STEPS: usize = 8;

/// A candidate must have less than this share of the best error. Offsets stay smooth where many fit.
const CLEARLY: f32 = 0.9;

/// Rows of patches in a band.
const BAND: usize = 8;

/// The patches of a level and their offsets.
pub(crate) struct Offsets {
    /// The first columns of the patches of a row.
    pub(crate) columns: Vec<usize>,
    /// The first rows of the patches of a column.
    pub(crate) rows: Vec<usize>,
    /// The offset of each patch, row by row.
    pub(crate) found: Vec<Found>,
}

/// Searches every patch of `here` in `there`.
pub(crate) fn search(there: &Padded, here: &Padded, coarser: &Flow, guess: Option<&Flow>) -> Offsets {
    let (columns, rows) = (corners(here.width, STRIDE), corners(here.height, STRIDE));
    let bands: Vec<&[usize]> = rows.chunks(BAND).collect();
    let band = |rows: &&[usize]| {
        let band = Band { there, here, columns: &columns, rows };
        wide(
            #[inline(always)]
            || band.search(coarser, guess),
        )
    };
    let found = bands.par_iter().map(band).collect::<Vec<_>>().concat();
    Offsets { columns, rows, found }
}

/// The corners of patches along a side. The last patch ends with the side.
fn corners(length: usize, stride: usize) -> Vec<usize> {
    let last = length.saturating_sub(SIDE);
    let mut corners: Vec<usize> = (0..last).step_by(stride).collect();
    corners.push(last);
    corners
}

/// Some rows of patches that are searched by one thread.
struct Band<'a> {
    there: &'a Padded,
    here: &'a Padded,
    columns: &'a [usize],
    rows: &'a [usize],
}

impl Band<'_> {
    #[inline(always)]
    fn search(&self, coarser: &Flow, guess: Option<&Flow>) -> Vec<Found> {
        let width = self.columns.len();
        let mut patches = Vec::with_capacity(width * self.rows.len());
        let mut found: Vec<Found> = Vec::with_capacity(width * self.rows.len());
        for (row, &y) in self.rows.iter().enumerate() {
            for (column, &x) in self.columns.iter().enumerate() {
                let patch = Patch::new(self.here, x, y);
                let (cx, cy) =
                    ((x + SIDE / 2).min(coarser.width - 1), (y + SIDE / 2).min(coarser.height - 1));
                let mut best = self.candidate(&patch, coarser.at(cx, cy));
                if let Some(guess) = guess {
                    best = self.better(&patch, best, guess.at(cx, cy));
                }
                let at = row * width + column;
                if column > 0 {
                    best = self.better(&patch, best, (found[at - 1].u, found[at - 1].v));
                }
                if row > 0 {
                    best = self.better(&patch, best, (found[at - width].u, found[at - width].v));
                }
                found.push(patch.descend(self.there, best, STEPS));
                patches.push(patch);
            }
        }
        for at in (0..found.len()).rev() {
            let mut best = found[at];
            if at % width + 1 < width {
                best = self.better(&patches[at], best, (found[at + 1].u, found[at + 1].v));
            }
            if at + width < found.len() {
                best = self.better(&patches[at], best, (found[at + width].u, found[at + width].v));
            }
            found[at] = patches[at].descend(self.there, best, STEPS);
        }
        found
    }

    #[inline(always)]
    fn candidate(&self, patch: &Patch, (u, v): (f32, f32)) -> Found {
        // A guess may have gaps.
        let (u, v) = if u.is_finite() && v.is_finite() { (u, v) } else { (0.0, 0.0) };
        Found { u, v, fit: patch.fit(self.there, u, v) }
    }

    #[inline(always)]
    fn better(&self, patch: &Patch, best: Found, other: (f32, f32)) -> Found {
        let other = self.candidate(patch, other);
        if other.fit.error < CLEARLY * best.fit.error { other } else { best }
    }
}
