//! Cut paper: leaves, stars and waves in plain colours, cut by hand, on a quilt of coloured sheets.

use std::f32::consts::TAU;

use crate::canvas::{Canvas, Point, curve, polygon, rectangle, rgb, shade};
use crate::noise::{Rng, noise};

pub(crate) const SIZE: (usize, usize) = (512, 512);

const SHEETS: [u32; 7] = [0xf4efe2, 0x1f6fb2, 0xf2b134, 0xe2512d, 0x2f9e77, 0xf3c9c4, 0x1d3557];
/// Colours of the cut shapes.
const SHAPES: [u32; 8] = [0x1d3557, 0xe2512d, 0xf4efe2, 0xf2b134, 0x2f9e77, 0x8c3f86, 0x1f6fb2, 0x17171a];
const CELLS: usize = 5;

pub(crate) fn draw(canvas: &mut Canvas) {
    let mut rng = Rng::new(23);
    let cell = SIZE.0 as f32 / CELLS as f32;
    for (column, row) in (0..CELLS * CELLS).map(|at| (at % CELLS, at / CELLS)) {
        let (left, top) = (column as f32 * cell, row as f32 * cell);
        let ground = SHEETS[(3 * row + 2 * column + (row * column) % 3) % SHEETS.len()];
        let sheet = rectangle(left - 1.0, top - 1.0, left + cell + 1.0, top + cell + 1.0);
        canvas.fill(sheet, |x, y| (paper(ground, x, y), 1.0));
        let colour = loop {
            let colour = rng.pick(&SHAPES);
            if colour != ground {
                break colour;
            }
        };
        let centre = (left + cell * 0.5 + 4.0 * rng.bell(), top + cell * 0.5 + 4.0 * rng.bell());
        let outline = shape(&mut rng, (row * 2 + column) % 4, cell * 0.46);
        place(canvas, &outline, centre, colour);
        if rng.unit() < 0.6 {
            let small: Vec<_> = outline.iter().map(|&(x, y)| (x * 0.42, y * 0.42)).collect();
            place(canvas, &small, centre, ground);
        }
    }
}

/// The outline of a shape around the origin: a leaf, a star of fingers, a wave, or a frond.
fn shape(rng: &mut Rng, kind: usize, size: f32) -> Vec<Point> {
    let (turn, count) = (rng.unit() * TAU, 48);
    let (fingers, depth, squeeze) = match kind {
        0 => (5.0, 0.42, 0.95),
        1 => (8.0, 0.3, 1.0),
        2 => (3.0, 0.5, 0.8),
        _ => (11.0, 0.26, 0.62),
    };
    let points: Vec<_> = (0..count)
        .map(|step| {
            let angle = TAU * step as f32 / count as f32;
            let reach = size * (1.0 - depth + depth * (fingers * angle).sin()) * (1.0 + 0.07 * rng.bell());
            let (x, y) = (reach * angle.cos(), reach * angle.sin() * squeeze);
            (x * turn.cos() - y * turn.sin(), x * turn.sin() + y * turn.cos())
        })
        .collect();
    curve(&points)
}

/// Glues a shape on, with a narrow shadow.
fn place(canvas: &mut Canvas, outline: &[Point], (x, y): Point, colour: u32) {
    let moved = |dx: f32, dy: f32| -> Vec<Point> {
        outline.iter().map(|point| (point.0 + x + dx, point.1 + y + dy)).collect()
    };
    canvas.fill(polygon(&moved(1.2, 1.6)), |_, _| (rgb(0x101014), 0.28));
    canvas.fill(polygon(&moved(0.0, 0.0)), |x, y| (paper(colour, x, y), 1.0));
}

/// Paper that was painted with a broad brush.
fn paper(colour: u32, x: f32, y: f32) -> [f32; 3] {
    shade(rgb(colour), 1.0 + 0.05 * noise(51, x / 40.0, y / 5.0) + 0.03 * noise(52, x / 1.5, y / 1.5))
}
