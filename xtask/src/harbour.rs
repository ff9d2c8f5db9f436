//! A harbour in the afternoon: sky, hills, a row of houses on a quay, boats, and the water that mirrors them.

mod boat;
mod boats;
mod church;
mod houses;
mod land;
mod sky;

use crate::canvas::{Canvas, Point, Rgb, mix, rgb, shade};
use crate::noise::{Rng, fbm, noise, smoothstep};

pub(crate) const SIZE: (usize, usize) = (640, 480);

/// Where the sea meets the sky.
const HORIZON: f32 = 225.0;
/// Where the quay meets the water.
const WATERLINE: f32 = 262.0;
const SUN: Point = (104.0, 112.0);

pub(crate) fn draw(canvas: &mut Canvas) {
    let mut rng = Rng::new(3);
    sky::draw(canvas);
    let mirror = {
        let mut sky = Canvas::new(SIZE.0, SIZE.1);
        sky.over(canvas);
        sky
    };
    canvas.fill(crate::canvas::rectangle(0.0, HORIZON, 640.0, 480.0), |x, y| (open_sea(&mirror, x, y), 1.0));
    // From far to near: each layer lies on the water, with its mirror image in front of it.
    for (waterline, layer) in [
        (HORIZON + 12.0, layer(boats::distant)),
        (land::COAST, layer(land::hills)),
        (WATERLINE, layer(|canvas| land::town(canvas, &mut rng))),
        (HORIZON + 24.0, layer(land::breakwater)),
        (292.0, layer(|canvas| boats::trawler(canvas, (392.0, 292.0)))),
        (318.0, layer(|canvas| boats::moored(canvas, (548.0, 318.0)))),
        (388.0, layer(|canvas| boats::under_sail(canvas, (212.0, 388.0)))),
        (428.0, layer(|canvas| boats::dinghy(canvas, (470.0, 428.0)))),
        (440.0, layer(|canvas| boats::buoy(canvas, (62.0, 440.0)))),
    ] {
        canvas.fill(crate::canvas::rectangle(0.0, waterline, 640.0, 480.0), |x, y| {
            mirrored(&layer, waterline, x, y)
        });
        canvas.over(&layer);
    }
    sky::gulls(canvas);
}

fn layer(draw: impl FnOnce(&mut Canvas)) -> Canvas {
    let mut canvas = Canvas::new(SIZE.0, SIZE.1);
    draw(&mut canvas);
    canvas
}

/// The waves at a position, about -1..1: long and low, finer in the distance.
fn waves(x: f32, y: f32) -> f32 {
    let near = y - HORIZON;
    let (u, v) = ((x - 320.0) / (0.24 * near + 2.2), 31.0 * (near + 7.0).ln());
    0.7 * fbm(70, u, v, 4) + 0.4 * noise(75, u * 0.27 + 3.0, v * 0.36)
}

/// The ripples of the wind on the waves, about -1..1: fine short lines.
fn ripples(x: f32, y: f32) -> f32 {
    let near = y - HORIZON;
    let (u, v) = ((x - 320.0) / (0.085 * near + 2.0), 62.0 * (near + 7.0).ln());
    noise(78, u + 0.8 * noise(79, u * 0.4, v * 0.3), v + 1.2 * waves(x, y))
}

/// The nearness of a position on the water, 0..1.
fn nearness(y: f32) -> f32 {
    ((y - HORIZON) / (SIZE.1 as f32 - HORIZON)).clamp(0.0, 1.0)
}

/// The position that rippled water mirrors at (x, y), for objects standing on `waterline`.
fn reflected(waterline: f32, x: f32, y: f32) -> Point {
    let (near, wave) = (nearness(y), waves(x, y));
    let sideways = waves(x + 37.0, y + 0.7 + 2.0 * near);
    (x + sideways * (0.8 + 5.0 * near), 2.0 * waterline - y + wave * (1.5 + 12.0 * near))
}

/// The water without anything on it.
fn open_sea(sky: &Canvas, x: f32, y: f32) -> Rgb {
    let (near, wave) = (nearness(y), waves(x, y));
    let (at_x, at_y) = reflected(HORIZON, x, y);
    let (image, _) = sky.at(at_x, at_y.min(HORIZON - 2.0) * 0.92);
    // Rough water close by blurs the clouds in it.
    let image = mix(image, rgb(0x7fa9c4), 0.62 * near.sqrt());
    let deep = mix(rgb(0x3f7486), rgb(0x12414f), near);
    // The steep front of a wave shows the depth; its back mirrors the sky.
    let depth = (0.3 + 0.36 * near - 0.75 * wave * (0.45 + near)).clamp(0.06, 0.92);
    let mut water = shade(mix(image, deep, depth), 0.96 + 0.16 * wave);
    // Small ripples catch the light of the sky, and show the depth in their troughs.
    let ripple = ripples(x, y);
    water = mix(water, rgb(0xd3e4ea), 0.38 * smoothstep(0.25, 0.62, ripple) * near.sqrt());
    water = mix(water, rgb(0x0e3645), 0.34 * smoothstep(-0.25, -0.62, ripple) * near.sqrt());
    // The path of the sun on the water.
    let path = 1.0 - ((x - SUN.0) / (20.0 + 85.0 * near)).abs();
    if path > 0.0 {
        let glitter =
            smoothstep(0.42 - 0.75 * path, 0.72 - 0.4 * path, wave + 0.35 * noise(80, x / 2.6, y / 1.4));
        water = mix(water, rgb(0xffedc4), (0.12 + 0.8 * glitter) * path.sqrt());
    }
    water
}

/// The mirror image of a layer, broken by the waves, and weaker where the water is deep.
fn mirrored(layer: &Canvas, waterline: f32, x: f32, y: f32) -> (Rgb, f32) {
    let (at_x, at_y) = reflected(waterline, x, y);
    if at_y > waterline {
        return ([0.0; 3], 0.0);
    }
    let (image, alpha) = layer.at(at_x, at_y);
    let wave = waves(x, y);
    let tint = mix(shade(image, 0.86), rgb(0x1d4c59), 0.22 + 0.12 * nearness(y));
    let strength = 0.88 - 0.25 * smoothstep(0.0, 170.0, y - waterline) - 0.35 * smoothstep(0.2, 0.7, wave);
    (tint, alpha * strength)
}
