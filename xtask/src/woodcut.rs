//! A woodcut: hills under a sun, in black lines that swell with the shade, on paper, with one red block.

use crate::canvas::{Canvas, mix, rgb};
use crate::noise::{fbm, noise, smoothstep};

pub(crate) const SIZE: (usize, usize) = (512, 512);

const SUN: (f32, f32) = (338.0, 142.0);
const RADIUS: f32 = 62.0;

pub(crate) fn draw(canvas: &mut Canvas) {
    canvas.each(|x, y| {
        let paper = mix(rgb(0xf3e8d0), rgb(0xe2d2b0), 0.5 + 0.5 * fbm(60, x / 70.0, y / 70.0, 3));
        // The block prints unevenly.
        let wear = 0.86 + 0.14 * smoothstep(-0.5, 0.1, noise(61, x / 1.7, y / 1.7));
        let sun = smoothstep(RADIUS + 0.7, RADIUS - 0.7, (x - SUN.0).hypot(y - SUN.1));
        let under = mix(paper, rgb(0xc23a2b), sun * wear);
        (mix(under, rgb(0x1b1816), ink(x, y) * wear), 1.0)
    });
}

/// The part of black at a position: lines along the form, wider where it is darker.
fn ink(x: f32, y: f32) -> f32 {
    let wobble = 1.3 * noise(62, x / 14.0, y / 14.0);
    for hill in (0..4).rev() {
        let top = ridge(hill, x);
        if y > top {
            let depth = y - top;
            let slope = ridge(hill, x + 1.0) - ridge(hill, x - 1.0);
            // The side away from the sun is dark.
            let dark = (0.34 + 0.2 * slope - 0.0011 * depth + 0.06 * hill as f32).clamp(0.08, 0.72);
            let lines = carved(depth + 0.35 * x * (1.0 - 2.0 * (hill % 2) as f32) + wobble, 7.5, dark);
            let outline = smoothstep(3.4, 2.2, depth);
            return lines.max(outline);
        }
    }
    // The sky: rings around the sun, and clouds without lines.
    let distance = (x - SUN.0).hypot(y - SUN.1);
    if distance < RADIUS + 5.0 {
        return smoothstep(1.6, 0.8, (distance - RADIUS - 2.0).abs());
    }
    let cloud = fbm(63, x / 120.0, y / 34.0, 3);
    let edge = smoothstep(0.03, 0.012, (cloud - 0.22).abs());
    if cloud > 0.22 { edge } else { carved(distance + wobble, 9.0, 0.2 + 0.0007 * distance).max(edge) }
}

/// The upper edge of a hill, from the farthest to the nearest.
fn ridge(hill: usize, x: f32) -> f32 {
    let (height, length) = ([248.0, 300.0, 356.0, 428.0][hill], [84.0, 116.0, 92.0, 140.0][hill]);
    let phase = 1.9 * hill as f32;
    height + 26.0 * (x / length + phase).sin() + 12.0 * (x / length * 2.3 + phase).cos()
}

/// Lines at a distance from each other, of which a part is black.
fn carved(across: f32, pitch: f32, dark: f32) -> f32 {
    let from_middle = ((across / pitch).rem_euclid(1.0) - 0.5).abs() * pitch;
    let half: f32 = 0.5 * dark * pitch;
    smoothstep(half + 0.5, half - 0.5, from_middle)
}
