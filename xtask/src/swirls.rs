//! A night of swirls: thousands of short thick brush strokes that follow a swirling flow, in relief.

use std::f32::consts::TAU;

use crate::canvas::{Canvas, Point, Rgb, mix, rgb, shade};
use crate::noise::{Rng, fbm, noise, smoothstep};

pub(crate) const SIZE: (usize, usize) = (512, 512);

/// A centre that the paint flows around: position, reach, sense and strength of rotation, brightness.
struct Swirl {
    centre: Point,
    reach: f32,
    turn: f32,
    glow: f32,
    /// How tightly its bands are wound, and the number of arms; without arms the bands are rings.
    winding: f32,
    arms: f32,
}

impl Swirl {
    /// Its brightness at a position: bands that fade outwards.
    fn light(&self, (x, y): Point) -> f32 {
        let (dx, dy) = (x - self.centre.0, y - self.centre.1);
        let distance = dx.hypot(dy) / self.reach;
        let twist = self.turn * self.arms * dy.atan2(dx) + 1.2 * noise(7, x / 40.0, y / 40.0);
        let band = (distance * self.winding + twist).sin();
        self.glow * (1.15 - distance).clamp(0.0, 1.0).powf(0.8) * (0.72 + 0.4 * band)
    }
}

const SWIRLS: [Swirl; 9] = [
    swirl((190.0, 190.0), 140.0, 1.0, 0.82, 10.0, 2.0),
    swirl((366.0, 276.0), 98.0, -1.0, 0.72, 9.0, 1.0),
    swirl((432.0, 82.0), 84.0, 1.0, 1.35, 13.0, 0.0),
    swirl((58.0, 66.0), 52.0, -1.0, 1.15, 8.0, 1.0),
    swirl((292.0, 46.0), 36.0, 1.0, 1.15, 8.0, 0.0),
    swirl((52.0, 318.0), 46.0, 1.0, 1.1, 9.0, 0.0),
    swirl((226.0, 372.0), 44.0, -1.0, 1.1, 8.0, 1.0),
    swirl((478.0, 372.0), 46.0, 1.0, 1.15, 9.0, 0.0),
    swirl((118.0, 418.0), 22.0, 1.0, 1.15, 7.0, 0.0),
];

const fn swirl(centre: Point, reach: f32, turn: f32, glow: f32, winding: f32, arms: f32) -> Swirl {
    Swirl { centre, reach, turn, glow, winding, arms }
}

/// A layer of strokes, from the ground to the accents.
struct Pass {
    count: usize,
    length: f32,
    width: f32,
    /// Strokes are painted only where the picture is at least this bright.
    from: f32,
}

const PASSES: [Pass; 4] = [
    Pass { count: 2200, length: 46.0, width: 11.0, from: 0.0 },
    Pass { count: 3600, length: 34.0, width: 7.5, from: 0.0 },
    Pass { count: 3000, length: 24.0, width: 5.0, from: 0.0 },
    Pass { count: 900, length: 17.0, width: 4.0, from: 0.55 },
];

pub(crate) fn draw(canvas: &mut Canvas) {
    let mut paint = Canvas::new(SIZE.0, SIZE.1);
    // The height of the paint, as a grey picture, which is lit from the side at the end.
    let mut relief = Canvas::new(SIZE.0, SIZE.1);
    paint.each(|_, _| (rgb(0x14233f), 1.0));
    relief.each(|_, _| ([0.3; 3], 1.0));
    let mut rng = Rng::new(11);
    for pass in &PASSES {
        for _ in 0..pass.count {
            let start = (rng.range(-12.0, 524.0), rng.range(-12.0, 524.0));
            let (colour, brightness) = palette(start, &mut rng);
            if brightness >= pass.from {
                stroke(&mut paint, &mut relief, &mut rng, start, colour, pass);
            }
        }
    }
    canvas.each(|x, y| (lit(&paint, &relief, x, y), 1.0));
}

/// The direction in which the paint flows, as a unit vector.
fn flow((x, y): Point) -> Point {
    let drift = 0.35 * (noise(3, x / 190.0, y / 190.0) * TAU).sin();
    let (mut u, mut v) = (1.0f32, 0.45 * (x / 95.0).sin() + drift);
    for swirl in &SWIRLS {
        let (dx, dy) = (x - swirl.centre.0, y - swirl.centre.1);
        let distance = dx.hypot(dy).max(1.0);
        let pull = 5.0 * swirl.turn * (-(distance / swirl.reach).powi(2)).exp();
        // The flow runs around the centre and a little inwards, so that the lines are spirals.
        u += pull * (-dy - 0.22 * swirl.turn * dx) / distance;
        v += pull * (dx - 0.22 * swirl.turn * dy) / distance;
    }
    let length = u.hypot(v).max(1e-3);
    (u / length, v / length)
}

/// The colour of a stroke that starts here, and the brightness of the picture here (0..1).
fn palette(at: Point, rng: &mut Rng) -> (Rgb, f32) {
    let (x, y) = at;
    // The sky: streams of lighter blue that run across it.
    let stream = ((y - 60.0 * (x / 95.0).cos()) / 21.0 + 2.6 * fbm(9, x / 130.0, y / 90.0, 2)).sin();
    let depth = 0.4 + 0.6 * fbm(5, x / 120.0, y / 120.0, 3) + 0.17 * stream + 0.14 * rng.bell();
    let mut colour = ramp(&[0x0d1a42, 0x15306e, 0x1d4d9a, 0x2f74b5, 0x62a5c9, 0xa9cfd6], depth);
    // The ground: fields of ochre under a dark rim.
    let field = y - 452.0 - 26.0 * (x / 95.0).cos() - 14.0 * noise(13, x / 60.0, 0.5);
    if field > 0.0 {
        let ripe = 0.16 + field / 80.0 + 0.35 * fbm(15, x / 50.0, y / 25.0, 2) + 0.15 * rng.bell();
        colour = ramp(&[0x14263a, 0x2f4a3a, 0x8a6a22, 0xc8922e, 0xe3bd55], ripe);
    }
    let brightness = SWIRLS.iter().map(|swirl| swirl.light(at)).fold(0.0, f32::max) + 0.09 * rng.bell();
    if brightness > 0.3 {
        let light = ramp(&[0x4f8fc4, 0xa3c9d8, 0xd3a63a, 0xe9cb62, 0xf7efd2], (brightness - 0.3) / 0.62);
        colour = mix(colour, light, smoothstep(0.3, 0.42, brightness));
    }
    // Now and then the brush picks up an old colour from the palette.
    if rng.unit() < 0.05 {
        let other = rgb(rng.pick(&[0xc9842b, 0x3d8f88, 0xd8e2e0, 0x0b1430, 0x6c62a8]));
        colour = mix(colour, other, rng.range(0.25, 0.6));
    }
    (shade(colour, 1.0 + 0.13 * rng.bell()), brightness.clamp(0.0, 1.0))
}

/// A colour on a path through several, as `t` goes from 0 to 1.
fn ramp(colours: &[u32], t: f32) -> Rgb {
    let place = t.clamp(0.0, 0.9999) * (colours.len() - 1) as f32;
    mix(rgb(colours[place as usize]), rgb(colours[place as usize + 1]), place.fract())
}

/// One stroke: a body with hairs on it, each a little lighter or darker than the paint.
fn stroke(paint: &mut Canvas, relief: &mut Canvas, rng: &mut Rng, start: Point, colour: Rgb, pass: &Pass) {
    let length = pass.length * rng.range(0.7, 1.3);
    let width = pass.width * rng.range(0.75, 1.25);
    let tilt = 0.16 * rng.bell();
    let spine = trace(start, length, tilt);
    let height = rng.range(0.35, 0.6);
    paint.line(&spine, width, |_, _| (shade(colour, 0.92), 0.96));
    relief.line(&spine, width, |_, _| ([height - 0.12; 3], 0.9));
    relief.line(&spine, width * 0.8, |_, _| ([height; 3], 0.8));
    let hairs = (width * 0.95).round() as i32;
    for hair in 0..hairs {
        let across = ((hair as f32 + 0.5) / hairs as f32 - 0.5) * width * 0.86 + 0.3 * rng.bell();
        let (from, to) = (rng.range(0.0, 0.18), rng.range(0.8, 1.0));
        let line = beside(&spine, across, from, to);
        let tone = 1.0 + 0.3 * rng.bell();
        let hue = shade(colour, tone);
        let thin = rng.range(0.7, 1.25);
        let lift = height + 0.32 * rng.bell();
        paint.line(&line, thin, |_, _| (hue, 0.85));
        relief.line(&line, thin, |_, _| ([lift; 3], 0.8));
    }
    // Where the brush lifts off, paint piles up.
    let end = spine[spine.len() - 1];
    relief.fill(crate::canvas::ellipse(end, (width * 0.32, width * 0.32)), |_, _| ([height + 0.2; 3], 0.55));
}

/// A line along the flow with its middle at `start`.
fn trace(start: Point, length: f32, tilt: f32) -> Vec<Point> {
    const STEP: f32 = 3.0;
    let half = |sense: f32| {
        let mut points = Vec::new();
        let mut at = start;
        for _ in 0..(length / 2.0 / STEP) as usize {
            let (u, v) = flow(at);
            let (cos, sin) = (tilt.cos(), tilt.sin());
            at = (at.0 + sense * STEP * (u * cos - v * sin), at.1 + sense * STEP * (u * sin + v * cos));
            points.push(at);
        }
        points
    };
    let mut line = half(-1.0);
    line.reverse();
    line.push(start);
    line.extend(half(1.0));
    line
}

/// A line at some distance beside another, shortened at both ends.
fn beside(spine: &[Point], across: f32, from: f32, to: f32) -> Vec<Point> {
    let last = spine.len() - 1;
    let (first, end) = ((from * last as f32) as usize, ((to * last as f32).ceil() as usize).min(last));
    let mut line = Vec::with_capacity(end - first + 1);
    for at in first..=end.max(first + 1).min(last) {
        let (before, after) = (spine[at.saturating_sub(1)], spine[(at + 1).min(last)]);
        let (dx, dy) = (after.0 - before.0, after.1 - before.1);
        let length = dx.hypot(dy).max(1e-3);
        line.push((spine[at].0 - across * dy / length, spine[at].1 + across * dx / length));
    }
    line
}

/// The paint with light on its ridges, from the upper left.
fn lit(paint: &Canvas, relief: &Canvas, x: f32, y: f32) -> Rgb {
    let (colour, _) = paint.at(x, y);
    let height = |dx: f32, dy: f32| relief.at(x + dx, y + dy).0[0];
    let slope = height(0.6, 0.6) - height(-0.6, -0.6);
    let weave = 0.015 * noise(21, x * 0.9, y * 0.9);
    let light = (slope * 1.1).clamp(-0.38, 0.38);
    // Shadows keep their colour, lights turn towards white.
    let glint = smoothstep(0.1, 0.4, light) * 0.35;
    mix(shade(colour, 1.0 + light * 0.8 + weave), [1.0, 0.98, 0.92], glint)
}
