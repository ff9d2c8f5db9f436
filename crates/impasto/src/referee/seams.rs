//! Seams: straight lines that should not be there. Programs that paint in tiles leave them at multiples of 8 to 64
//! pixels, poolings leave grids of 2 to 16 pixels, and zeros beyond the border leave frames. The measure is our
//! own; it follows no publication.
//!
//! It uses the steps between neighbouring pixels across each line between two columns (and between two rows). A
//! line is divided into segments of 32 pixels, and the median over the segments is taken. So an edge in the picture
//! only counts if it follows more than half of the line. A segment has two values: the common step of all its
//! pixels beyond the slope around it, and the roughness of its single steps. The figure of a line is the root of
//! the median there minus that beside the line, in 8-bit steps, minus the same figure in the content.
//!
//! - A single line: the largest figure of common steps at multiples of 8, minus the largest at as many lines that
//!   are not multiples. The latter is the chance level of a picture without seams.
//! - A grid: the median roughness figure over the lines of each period, minus the largest at any other phase. The
//!   latter covers chance and the lines of finer grids.
//! - The border: the largest roughness of the four outermost lines minus the largest of the lines 9 to 16 pixels
//!   inside.

use impasto_image::Picture;
use rayon::prelude::*;

use crate::median::median;

/// Length of a segment in pixels.
const SEGMENT: usize = 32;

/// The finest grid of single lines in pixels; coarser grids are part of it.
const LINES: usize = 8;

/// Offset of the comparison lines from the multiples of [`LINES`]: halfway between possible seams.
const ELSEWHERE: usize = 4;

/// Number of steps on each side that measure the slope of the picture at a line.
const SLOPE: usize = 2;

/// Distance from a line at which steps no longer respond to a seam in it.
const BESIDE: usize = 3;

/// Periods of grids in pixels: the poolings of VGG up to its fifth block.
const PERIODS: [usize; 4] = [2, 4, 8, 16];

/// The short side, in pixels, of the smallest picture with room for the border and the inside.
const SMALLEST: usize = 40;

/// The seams of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Seams {
    /// The strongest line or grid, in 8-bit steps.
    pub strength: f64,
    /// Place of the strongest seam: `x = 64`, or `every 4 pixels across x`; empty if there is none.
    pub place: String,
    /// Roughness of the border, in 8-bit steps.
    pub border: f64,
}

/// The seams of a picture of encoded sRGB in 0..1 that its content, of the same size, does not have. `None` for
/// pictures with a side below 40 pixels.
pub fn seams(picture: &Picture, content: Option<&Picture>) -> Option<Seams> {
    if picture.short_edge() < SMALLEST {
        return None;
    }
    let content = content.filter(|content| content.size() == picture.size());
    let (seen, known) = (axes(picture), content.map(axes));
    let mut strongest = (0.0, String::new());
    let mut chance: f64 = 0.0;
    let mut lines = Vec::new();
    let mut border: f64 = 0.0;
    for (axis, name) in ["x", "y"].into_iter().enumerate() {
        let beyond = |figure: &dyn Fn(&Steps) -> f64| {
            let known = known.as_ref().map_or(0.0, |known| figure(&known[axis]).max(0.0));
            figure(&seen[axis]) - known
        };
        for period in PERIODS {
            let figure = |phase| beyond(&|steps: &Steps| steps.grid(period, phase));
            let found = figure(0) - (1..period).map(figure).fold(0.0, f64::max);
            if found > strongest.0 {
                strongest = (found, format!("every {period} pixels across {name}"));
            }
        }
        for at in seen[axis].single(ELSEWHERE) {
            chance = chance.max(beyond(&|steps| steps.line(at)));
        }
        lines.extend(
            seen[axis].single(0).map(|at| (beyond(&|steps| steps.line(at)), format!("{name} = {at}"))),
        );
        border = border.max(beyond(&Steps::border));
    }
    for (found, place) in lines {
        if found - chance > strongest.0 {
            strongest = (found - chance, place);
        }
    }
    Some(Seams { strength: strongest.0, place: strongest.1, border })
}

/// The steps between columns, and between rows.
fn axes(picture: &Picture) -> [Steps; 2] {
    [Steps::of(picture), Steps::of(&transposed(picture))]
}

/// Roots of the median squares between each column and the previous one, in 8-bit steps; 0 for the first column.
struct Steps {
    /// For the mean step of a segment, minus the slope around it.
    together: Vec<f64>,
    /// For single steps.
    rough: Vec<f64>,
}

impl Steps {
    fn of(picture: &Picture) -> Steps {
        let width = picture.width();
        let segments: Vec<Vec<[f64; 2]>> = (0..picture.height() / SEGMENT)
            .into_par_iter()
            .map(|segment| squares(picture, segment))
            .collect();
        let roots = |kind: usize| -> Vec<f64> {
            let root = |x: usize| 255.0 * median(segments.iter().map(|segment| segment[x][kind])).sqrt();
            (0..width).map(root).collect()
        };
        Steps { together: roots(0), rough: roots(1) }
    }

    /// Lines at `offset` from multiples of the finest grid, with enough pixels around them.
    fn single(&self, offset: usize) -> impl Iterator<Item = usize> + use<> {
        (LINES + offset..self.together.len().saturating_sub(BESIDE + SLOPE)).step_by(LINES)
    }

    fn line(&self, at: usize) -> f64 {
        self.together[at] - 0.5 * (self.together[at - BESIDE] + self.together[at + BESIDE])
    }

    fn grid(&self, period: usize, phase: usize) -> f64 {
        let lines = (period + phase..self.rough.len() - 1).step_by(period);
        median(lines.map(|x| self.rough[x] - 0.5 * (self.rough[x - 1] + self.rough[x + 1])))
    }

    fn border(&self) -> f64 {
        let most = |lines: std::ops::RangeInclusive<usize>, from_end: bool| {
            let at = |line: usize| self.rough[if from_end { self.rough.len() - line } else { line }];
            lines.map(at).fold(0.0, f64::max)
        };
        let side = |from_end: bool| most(1..=4, from_end) - most(9..=16, from_end);
        side(false).max(side(true))
    }
}

/// For a segment, between each column and the previous one: the square of the mean step minus the slope around it,
/// and the mean square of the steps.
fn squares(picture: &Picture, segment: usize) -> Vec<[f64; 2]> {
    let (width, height) = picture.size();
    let mut squares = vec![[0.0; 2]; width];
    for plane in 0..3 {
        let mut means = vec![[0.0; 2]; width];
        for row in 0..SEGMENT {
            let start = (plane * height + segment * SEGMENT + row) * width;
            let line = &picture.rgb()[start..start + width];
            for (means, pair) in means[1..].iter_mut().zip(line.windows(2)) {
                let step = f64::from(pair[1] - pair[0]);
                *means = [means[0] + step / SEGMENT as f64, means[1] + step * step / SEGMENT as f64];
            }
        }
        for x in 1..width {
            squares[x][1] += means[x][1] / 3.0;
            if (1 + SLOPE..width - SLOPE).contains(&x) {
                let around = [x - 2, x - 1, x + 1, x + 2].map(|x| means[x][0]);
                squares[x][0] += (means[x][0] - around.iter().sum::<f64>() / 4.0).powi(2) / 3.0;
            }
        }
    }
    squares
}

fn transposed(picture: &Picture) -> Picture {
    let (width, height) = picture.size();
    let mut turned = Picture::filled(height, width, [0.0; 3]);
    let rows = turned.rgb_mut().par_chunks_exact_mut(height).enumerate();
    rows.for_each(|(row, target)| {
        let (plane, x) = (row / width, row % width);
        let column = &picture.rgb()[plane * width * height..(plane + 1) * width * height];
        target.iter_mut().enumerate().for_each(|(y, value)| *value = column[y * width + x]);
    });
    turned
}
