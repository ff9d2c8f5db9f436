//! A shore in dots: every colour is made of small touches of purer ones, side by side.

use std::f32::consts::TAU;

use crate::canvas::{Canvas, Rgb, mix, rgb, shade};
use crate::noise::{fbm, hash, lerp, smoothstep};

pub(crate) const SIZE: (usize, usize) = (512, 512);

/// The distance between the dots of a layer, and the layers, each beside the others.
const PITCH: f32 = 6.2;
const LAYERS: u64 = 3;

pub(crate) fn draw(canvas: &mut Canvas) {
    canvas.each(|x, y| (shade(rgb(0xe9dfc4), 1.0 + 0.05 * fbm(70, x / 3.0, y / 3.0, 2)), 1.0));
    for layer in 0..LAYERS {
        canvas.each(|x, y| dot(layer, x, y));
    }
}

/// The dot of a layer that covers a position: one in each square of a grid, moved at random.
fn dot(layer: u64, x: f32, y: f32) -> (Rgb, f32) {
    let shift = PITCH * layer as f32 / LAYERS as f32;
    let (column, row) = (((x + shift) / PITCH).floor() as i32, ((y + shift) / PITCH).floor() as i32);
    let mut top = ([0.0; 3], 0.0);
    for (dx, dy) in (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (dx, dy))) {
        let (column, row) = (column + dx, row + dy);
        let own = |salt: u64| hash(salt + 10 * layer, column, row);
        let place = |cell: i32, salt: u64| (cell as f32 + 0.2 + 0.6 * own(salt)) * PITCH - shift;
        let at = (place(column, 1), place(row, 2));
        let radius = lerp(2.1, 3.3, own(3));
        // A touch of the brush is longer than wide.
        let (sin, cos) = (own(4) * TAU).sin_cos();
        let (u, v) = ((x - at.0) * cos + (y - at.1) * sin, (y - at.1) * cos - (x - at.0) * sin);
        let cover = 1.0 - smoothstep(radius - 0.5, radius + 0.5, u.hypot(v * 1.25));
        if cover > top.1 {
            top = (touch(at, own(5), own(6)), cover);
        }
    }
    top
}

/// The colour of a dot: near the scene's own, or now and then its complement.
fn touch(at: (f32, f32), which: f32, tone: f32) -> Rgb {
    let (own, other) = scene(at);
    let hue = if which < 0.2 { other } else { own };
    let spread: Rgb = std::array::from_fn(|channel| {
        hue[channel] + 0.22 * (hash(80, (tone * 9e6) as i32, channel as i32) - 0.5)
    });
    shade(spread, 0.9 + 0.25 * tone)
}

/// The colour of the shore at a place, and the one that is set beside it.
fn scene((x, y): (f32, f32)) -> (Rgb, Rgb) {
    let horizon = 232.0;
    let coast = 300.0 + 0.28 * x + 16.0 * (x / 47.0).sin();
    let tree = |cx: f32, cy: f32, rx: f32, ry: f32| {
        ((x - cx) / rx).hypot((y - cy) / ry) + 0.18 * fbm(90, x / 22.0, y / 22.0, 2) < 1.0
    };
    if tree(96.0, 150.0, 92.0, 82.0) || tree(178.0, 96.0, 66.0, 52.0) {
        return (mix(rgb(0x1f5a3c), rgb(0x7fa83a), 0.5 + (x - y) / 260.0), rgb(0x5a3f8a));
    }
    if (x - 108.0 - 0.05 * y).abs() < 9.0 && (200.0..430.0).contains(&y) {
        return (rgb(0x5b3a52), rgb(0xc4703a));
    }
    if y < horizon {
        let glow = (-((x - 380.0).hypot(y - 190.0) / 130.0)).exp();
        return (mix(mix(rgb(0x4f8fd0), rgb(0xcfe0ee), y / horizon), rgb(0xffd98a), glow), rgb(0xf2a9a0));
    }
    if y < coast {
        let path = smoothstep(46.0, 0.0, (x - 380.0).abs());
        return (
            mix(mix(rgb(0x2a6fb0), rgb(0x6fb9c4), (y - horizon) / 120.0), rgb(0xffe3a3), path * 0.7),
            rgb(0xe58a4a),
        );
    }
    let shadow = smoothstep(0.0, 0.3, 0.5 - ((x - 120.0) / 150.0).hypot((y - 440.0) / 34.0));
    (mix(mix(rgb(0xe8c25a), rgb(0x9bb84a), (y - coast) / 140.0), rgb(0x35618a), shadow), rgb(0xd0669a))
}
