//! The sky: light from a low sun, clouds, gulls.

use super::{HORIZON, SUN};
use crate::canvas::{Canvas, Point, Rgb, curve, mix, rgb};
use crate::noise::{fbm, noise, smoothstep};

pub(crate) fn draw(canvas: &mut Canvas) {
    canvas.each(|x, y| (colour(x, y), 1.0));
}

fn colour(x: f32, y: f32) -> Rgb {
    let down = (y / HORIZON).clamp(0.0, 1.0);
    let to_sun = (x - SUN.0).hypot((y - SUN.1) * 1.15);
    let mut sky = mix(rgb(0x2d68ad), rgb(0x86b9dd), smoothstep(0.0, 0.75, down));
    sky = mix(sky, rgb(0xf3d9b0), smoothstep(0.55, 1.05, down) * 0.85);
    sky = mix(sky, rgb(0xffe3ac), 0.75 * (-to_sun / 105.0).exp());
    let (cover, light) = cloud(x, y);
    let shadow = mix(rgb(0x8b97b4), rgb(0xc7a39a), down);
    let lit =
        mix(rgb(0xfffaf0), rgb(0xffd9a3), smoothstep(0.3, 1.0, down) * 0.8 + 0.4 * (-to_sun / 90.0).exp());
    sky = mix(sky, mix(shadow, lit, light), cover);
    let disc = smoothstep(17.0, 14.5, to_sun);
    let halo = 0.8 * (-(to_sun - 14.0).max(0.0) / 16.0).exp();
    mix(mix(sky, rgb(0xfff0c4), halo * (1.0 - 0.5 * cover)), rgb(0xfffbe8), disc * (1.0 - 0.35 * cover))
}

/// The amount of cloud at a position, and the light on it.
fn cloud(x: f32, y: f32) -> (f32, f32) {
    let thickness = |x: f32, y: f32| {
        // Clouds are flatter and smaller towards the horizon.
        let far = 0.45 + 0.75 * (1.0 - y / HORIZON);
        let (u, v) = (x / (98.0 * far), y / (56.0 * far));
        let bend = 0.16 * noise(61, u * 1.4, v * 1.4);
        fbm(60, u + bend + 0.6, v - bend + 2.1, 6) + 0.1 * ((y - 70.0) / 60.0).cos()
    };
    let here = thickness(x, y);
    let cover = smoothstep(0.04, 0.24, here);
    let (dx, dy) = (SUN.0 - x, SUN.1 - 60.0 - y);
    let distance = dx.hypot(dy).max(1.0);
    let towards = thickness(x + 11.0 * dx / distance, y + 11.0 * dy / distance);
    let light = (0.62 + 1.5 * (here - towards) - 0.4 * smoothstep(0.3, 0.8, here)).clamp(0.0, 1.0);
    (cover * 0.93, light)
}

/// Gulls in front of everything.
pub(crate) fn gulls(canvas: &mut Canvas) {
    for (x, y, size, tilt) in [
        (352.0, 62.0, 15.0, 0.2),
        (392.0, 84.0, 10.0, -0.15),
        (318.0, 98.0, 8.0, 0.1),
        (60.0, 58.0, 9.0, -0.2),
        (566.0, 40.0, 11.0, 0.25),
    ] {
        gull(canvas, (x, y), size, tilt);
    }
}

fn gull(canvas: &mut Canvas, (x, y): Point, size: f32, tilt: f32) {
    let at = |u: f32, v: f32| (x + size * (u + tilt * v), y + size * (v - tilt * u));
    let wings = curve(&[at(-1.0, -0.12), at(-0.55, -0.42), at(0.0, 0.0), at(0.5, -0.5), at(1.0, -0.2)]);
    canvas.line(&wings, size * 0.13, |_, _| (rgb(0x4a5568), 0.95));
    let upper: Vec<Point> = wings.iter().map(|point| (point.0, point.1 - size * 0.03)).collect();
    canvas.line(&upper, size * 0.06, |_, _| (rgb(0xf4f1ea), 0.95));
    canvas.line(&[at(-0.14, 0.1), at(0.16, -0.02)], size * 0.15, |_, _| (rgb(0xf2efe8), 1.0));
}
