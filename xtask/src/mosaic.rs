//! A window of stained glass: small tiles of warm and teal glass, set in dark lead, which show a sun over waves.

use std::f32::consts::TAU;

use crate::canvas::{Canvas, Point, Rgb, mix, rgb, shade};
use crate::noise::{Rng, fbm, hash, noise, smoothstep};

pub(crate) const SIZE: (usize, usize) = (512, 512);

const SUN: Point = (236.0, 206.0);
/// Half the width of the lead between tiles of one part of the picture, and between parts.
const LEADS: (f32, f32) = (1.25, 2.7);
/// The width of the frame around the picture.
const FRAME: f32 = 26.0;
/// The distance between tiles.
const PITCH: f32 = 20.0;

/// A piece of glass: the position of its seed, its part of the picture, its colour.
struct Tile {
    at: Point,
    part: u32,
    colour: Rgb,
}

pub(crate) fn draw(canvas: &mut Canvas) {
    let tiles = Grid::new(tiles(&mut Rng::new(5)));
    canvas.each(|x, y| {
        // Glass is cut by hand: no edge is quite straight.
        let at = (x + 1.1 * noise(31, x / 9.0, y / 9.0), y + 1.1 * noise(32, x / 9.0, y / 9.0));
        let near = tiles.near(at);
        let edge = near.edge();
        let lead = if near.parts_differ { LEADS.1 } else { LEADS.0 };
        let glass = glass(near.tile, near.index, at, &edge);
        // The lead is a round bar: lit from the upper left, dark at its foot.
        let across = (edge.distance / lead).clamp(0.0, 1.0);
        let gleam = (0.5 - edge.facing * across).clamp(0.0, 1.0) * (1.0 - across).sqrt();
        let metal =
            shade(mix(rgb(0x110d0c), rgb(0x6f6a66), gleam * 0.8), 1.0 + 0.25 * noise(33, x / 2.5, y / 2.5));
        (mix(metal, glass, smoothstep(lead - 0.5, lead + 0.5, edge.distance)), 1.0)
    });
}

/// The glass of a tile at a position.
fn glass(tile: &Tile, index: usize, (x, y): Point, edge: &Edge) -> Rgb {
    let own = |salt: u64| hash(salt, index as i32, 0);
    let (sin, cos) = (own(1) * TAU).sin_cos();
    // Streaks from the rolling of the sheet that the tile was cut from.
    let (along, across) = (x * cos + y * sin, y * cos - x * sin);
    let streaks = fbm(40 + index as u64 % 7, along / 26.0 + 9.0 * own(2), across / 3.2, 3);
    let slope = ((x - tile.at.0) * cos + (y - tile.at.1) * sin) / PITCH;
    let seeds = smoothstep(0.62, 0.8, noise(50, x / 2.6, y / 2.6)) * 0.22;
    let rim = (-edge.distance / 2.6).exp();
    let light = 1.0 + 0.24 * streaks + 0.2 * slope - 0.24 * rim - 0.4 * rim * edge.facing + seeds;
    let warm = shade(tile.colour, light);
    // Thick places let the light through unfiltered.
    mix(warm, [1.0, 0.96, 0.86], (light - 1.08) * 0.55)
}

/// Every tile of the window.
fn tiles(rng: &mut Rng) -> Vec<Tile> {
    let mut tiles = Vec::new();
    let size = SIZE.0 as f32;
    let inside = |(x, y): Point| x.min(y).min(size - x).min(size - y) > FRAME + PITCH * 0.35;
    // The sun and the sky: rings of tiles, staggered.
    for ring in 0..26 {
        let radius = 9.0 + PITCH * ring as f32;
        let count = ((TAU * radius / PITCH) as usize).max(5);
        for step in 0..count {
            let angle = TAU * (step as f32 + 0.5 * (ring % 2) as f32 + 0.12 * rng.bell()) / count as f32;
            let radius = radius + 2.0 * rng.bell();
            let at = (SUN.0 + radius * angle.cos(), SUN.1 + radius * angle.sin());
            if inside(at) && sea(at) < -PITCH * 0.3 {
                let (part, colour) = sky(ring, angle, rng);
                tiles.push(Tile { at, part, colour });
            }
        }
    }
    // The sea: rows of tiles along the waves.
    for row in 0..12 {
        for step in 0..30 {
            let x = PITCH * (step as f32 + 0.5 * (row % 2) as f32) + 2.5 * rng.bell();
            let at = (x, surface(x) + (row as f32 + 0.5) * PITCH * 0.86 + 1.5 * rng.bell());
            if inside(at) {
                let (part, colour) = wave(row, at, rng);
                tiles.push(Tile { at, part, colour });
            }
        }
    }
    frame(&mut tiles, rng);
    tiles
}

/// Where the sea begins.
fn surface(x: f32) -> f32 {
    358.0 + 15.0 * (x / 41.0).sin() + 9.0 * (x / 83.0 + 1.0).cos()
}

/// The depth of a position under the sea's surface; negative above.
fn sea((x, y): Point) -> f32 {
    y - surface(x)
}

/// Part and colour of a tile in a ring around the sun.
fn sky(ring: usize, angle: f32, rng: &mut Rng) -> (u32, Rgb) {
    let turn = (angle / TAU).rem_euclid(1.0);
    // Sixteen rays, with two alternating lengths.
    let ray = (turn * 16.0) as u32 % 16;
    let reach = if ray.is_multiple_of(2) { 9 } else { 7 };
    let (part, colours): (u32, &[u32]) = match ring {
        0..=2 => (1, &[0xffd75e, 0xffe48a, 0xf9c440, 0xfff0b8]),
        3 => (2, &[0xb3201f, 0x9c1820, 0xc62f22]),
        _ if ring < reach && ray.is_multiple_of(2) => (10 + ray, &[0xf08a24, 0xe97419, 0xf6a13a, 0xd95f14]),
        _ if ring < reach => (10 + ray, &[0xcf3a21, 0xb92a1e, 0xe04f2a, 0xa32020]),
        _ if ring == reach => (40 + ray, &[0xf7dc9a, 0xf3cd78, 0xfbe9c0]),
        7..=12 => (3, &[0x1d8f8c, 0x26a69a, 0x15777d, 0x3fb8a8, 0x1a6f7c]),
        _ => (4, &[0x0f5a6b, 0x124a62, 0x187384, 0x0c3d55]),
    };
    // A star here and there.
    let star = ring > reach + 1 && rng.unit() < 0.06;
    (if star { 5 } else { part }, tone(if star { 0xf8d98a } else { rng.pick(colours) }, rng))
}

/// Part and colour of a tile in a row of the sea.
fn wave(row: usize, (x, y): Point, rng: &mut Rng) -> (u32, Rgb) {
    let glitter = ((x - SUN.0) / (26.0 + 0.3 * (y - 340.0))).abs() < 1.0 && rng.unit() < 0.5;
    let colours: &[u32] = match row % 4 {
        _ if glitter && row > 0 => &[0xf0a03a, 0xe4682a, 0xf6c766],
        0 => &[0xf6ecd2, 0xe5efe2, 0xcfe6da],
        1 => &[0x2aa79b, 0x49bba9, 0x1f9490],
        2 => &[0x11677a, 0x18798a, 0x0e5468],
        _ => &[0x0d3550, 0x123f63, 0x0a2a45],
    };
    (60 + (row % 4) as u32, tone(rng.pick(colours), rng))
}

/// Two rows of tiles around the picture.
fn frame(tiles: &mut Vec<Tile>, rng: &mut Rng) {
    let size = SIZE.0 as f32;
    let count = 22;
    for (row, depth) in [6.0, FRAME - 7.0].into_iter().enumerate() {
        let step = (size - 2.0 * depth) / count as f32;
        for index in 0..count {
            let along = depth + step * index as f32;
            let colour = match (index + row) % 2 {
                0 => rng.pick(&[0x8e1b22, 0xa8232a, 0x761520]),
                _ => rng.pick(&[0xd8962e, 0xe6ae48, 0xc77f22]),
            };
            for at in
                [(along, depth), (size - depth, along), (size - along, size - depth), (depth, size - along)]
            {
                tiles.push(Tile { at, part: 100 + row as u32, colour: tone(colour, rng) });
            }
        }
    }
}

/// A colour with the variation of handmade glass.
fn tone(hex: u32, rng: &mut Rng) -> Rgb {
    let colour = shade(rgb(hex), 1.0 + 0.14 * rng.bell());
    std::array::from_fn(|channel| colour[channel] + 0.03 * rng.bell())
}

/// Tiles that can be found by position.
struct Grid {
    tiles: Vec<Tile>,
    /// For every square of side `CELL`, the tiles that can touch it.
    cells: Vec<Vec<usize>>,
}

const CELL: f32 = 32.0;
const CELLS: usize = 18;

impl Grid {
    fn new(tiles: Vec<Tile>) -> Self {
        let mut cells = vec![Vec::new(); CELLS * CELLS];
        for (index, tile) in tiles.iter().enumerate() {
            for (cell, found) in cells.iter_mut().enumerate() {
                let centre = |place: usize| (place as f32 - 0.5) * CELL;
                let (dx, dy) = (tile.at.0 - centre(cell % CELLS), tile.at.1 - centre(cell / CELLS));
                if dx.abs().max(dy.abs()) < CELL * 1.75 {
                    found.push(index);
                }
            }
        }
        Self { tiles, cells }
    }

    /// The tile at a position, and its nearest edge.
    fn near(&self, at: Point) -> Near<'_> {
        let cell = |value: f32| ((value / CELL + 1.0) as usize).min(CELLS - 1);
        let found = &self.cells[cell(at.1) * CELLS + cell(at.0)];
        let distance = |index: usize| (self.tiles[index].at.0 - at.0).hypot(self.tiles[index].at.1 - at.1);
        let index = found.iter().copied().min_by(|&a, &b| distance(a).total_cmp(&distance(b))).unwrap_or(0);
        let tile = &self.tiles[index];
        let mut near = Near { tile, index, normal: (1.0, 0.0), distance: f32::MAX, parts_differ: false };
        for other in found.iter().filter(|&&other| other != index).map(|&other| &self.tiles[other]) {
            let (dx, dy) = (other.at.0 - tile.at.0, other.at.1 - tile.at.1);
            let apart = dx.hypot(dy).max(1e-3);
            let (u, v) = (dx / apart, dy / apart);
            // The distance to the line halfway between the two; a wider lead reaches further.
            let to_edge = apart / 2.0 - (at.0 - tile.at.0) * u - (at.1 - tile.at.1) * v;
            let reach = |differ: bool| if differ { LEADS.1 - LEADS.0 } else { 0.0 };
            let differ = other.part != tile.part;
            if to_edge - reach(differ) < near.distance - reach(near.parts_differ) {
                near = Near { normal: (u, v), distance: to_edge, parts_differ: differ, ..near };
            }
        }
        near
    }
}

/// A position in a tile: the tile, and the line to the nearest neighbour.
struct Near<'a> {
    tile: &'a Tile,
    index: usize,
    normal: Point,
    distance: f32,
    parts_differ: bool,
}

/// The distance of an edge, and how much it faces the light (-1..1): positive towards the lower right.
struct Edge {
    distance: f32,
    facing: f32,
}

impl Near<'_> {
    fn edge(&self) -> Edge {
        Edge {
            distance: self.distance,
            facing: (self.normal.0 + self.normal.1) * std::f32::consts::FRAC_1_SQRT_2,
        }
    }
}
