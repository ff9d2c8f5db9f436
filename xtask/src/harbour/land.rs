//! The land: hills, the quay with its people and lamps, the breakwater with the lighthouse.

use super::{HORIZON, WATERLINE, church, houses};
use crate::canvas::{Canvas, Point, Rgb, ellipse, mix, polygon, rectangle, rgb, shade};
use crate::noise::{Rng, fbm, hash, noise, smoothstep};

/// Where the quay begins.
const QUAY: f32 = 258.0;
/// The upper edge of the quay, on which the houses stand.
const STREET: f32 = 247.0;
/// Where the hills meet the water.
pub(super) const COAST: f32 = 240.0;

/// The coast behind the town.
pub(crate) fn hills(canvas: &mut Canvas) {
    // Both end in a cape, to the left of the town.
    let far = |x: f32| 214.0 - 68.0 * smoothstep(190.0, 420.0, x) - 16.0 * fbm(91, x / 70.0, 0.0, 4);
    let near = |x: f32| 232.0 - 74.0 * smoothstep(236.0, 560.0, x) - 15.0 * fbm(96, x / 55.0, 0.0, 4);
    hill(canvas, 90, |x| far(x) + 40.0 * smoothstep(232.0, 178.0, x), FAR);
    hill(canvas, 95, |x| near(x) + 30.0 * smoothstep(268.0, 206.0, x), NEAR);
}

/// The town on its quay.
pub(crate) fn town(canvas: &mut Canvas, rng: &mut Rng) {
    church::draw(canvas, (498.0, STREET));
    houses::row(canvas, rng, QUAY + 16.0, STREET);
    quay(canvas);
    for (x, height, coat, shirt) in [
        (300.0, 14.5, 0x2b3a55, 0x2b3a55),
        (306.0, 13.5, 0x7c2f2a, 0xb6463a),
        (421.0, 14.0, 0x3a4a3a, 0xd9c9a2),
        (512.0, 14.5, 0x23262e, 0x3c5f8c),
        (606.0, 13.0, 0x4a3b52, 0xc9a13a),
    ] {
        person(canvas, (x, STREET + 3.0), height, rgb(coat), rgb(shirt));
    }
    for x in [276.0, 346.0, 452.0, 566.0] {
        lamp(canvas, (x, STREET + 2.0));
    }
}

/// The look of a hill: colours of meadow, wood and haze, and the amount of haze.
type Cover = (u32, u32, u32, f32);

const FAR: Cover = (0x8c9f86, 0x5f7f80, 0xb4c3cc, 0.55);
const NEAR: Cover = (0x8f9a4c, 0x33552f, 0xb9c0a8, 0.16);

fn hill(canvas: &mut Canvas, seed: u64, ridge: impl Fn(f32) -> f32, (meadow, wood, haze, amount): Cover) {
    let mut outline: Vec<Point> =
        (84..=321).map(|step| (step as f32 * 2.0, ridge(step as f32 * 2.0).min(COAST))).collect();
    outline.extend([(642.0, COAST), (168.0, COAST)]);
    canvas.fill(polygon(&outline), |x, y| {
        let depth = y - ridge(x);
        let land = |x: f32, y: f32| fbm(seed, x / 34.0, y / 15.0, 4);
        // Lit from the left: slopes that face left are bright.
        let slope = land(x, y) - land(x - 5.0, y - 2.0);
        let trees = smoothstep(-0.05, 0.12, fbm(seed + 5, x / 26.0 + 0.02 * y, y / 11.0, 3) + 0.1);
        let crowns = noise(seed + 9, x / 3.4, y / 2.6);
        let wooded = shade(rgb(wood), 1.0 + 0.32 * crowns);
        let fields = shade(
            rgb(meadow),
            1.0 + 0.1 * noise(seed + 11, x / 2.0, y / 9.0) + 0.16 * (y * 0.5 + x * 0.16).sin(),
        );
        let ground = shade(mix(fields, wooded, trees), 1.0 + 0.75 * slope);
        let ground = mix(ground, rgb(0xffe2b0), 0.2 * smoothstep(10.0, 0.0, depth));
        (mix(ground, rgb(haze), amount + 0.15 * smoothstep(20.0, 70.0, depth)), 1.0)
    });
}

/// Brightness of coarse masonry in courses.
fn masonry(x: f32, y: f32, stone: Point) -> f32 {
    let course = (y / stone.1).floor();
    let along = x / stone.0 + 0.5 * (course.rem_euclid(2.0)) + 0.3 * hash(4, course as i32, 0);
    let block = hash(5, along.floor() as i32, course as i32);
    let joint = along.rem_euclid(1.0) < 0.09 || (y / stone.1).rem_euclid(1.0) < 0.14;
    let rough = 0.16 * fbm(110, x / 3.0, y / 2.0, 3);
    if joint { 0.62 + rough } else { 0.84 + 0.34 * block + rough }
}

fn quay(canvas: &mut Canvas) {
    // The street, in the light, and the wall below it.
    canvas.fill(
        polygon(&[(QUAY + 6.0, STREET - 2.0), (642.0, STREET - 2.0), (642.0, 252.0), (QUAY, 252.0)]),
        |x, y| {
            let cobbles = masonry(x, y, (5.0, 1.7));
            (shade(rgb(0xc9b595), 0.78 + 0.24 * cobbles), 1.0)
        },
    );
    canvas.fill(rectangle(QUAY, 251.0, 642.0, WATERLINE + 0.5), |x, y| {
        let down = (y - 251.0) / (WATERLINE - 251.0);
        let stone = shade(rgb(0x8d8072), masonry(x, y, (9.0, 3.6)));
        let algae = smoothstep(0.45, 0.85, down + 0.14 * noise(112, x / 7.0, 0.0));
        let shaded = mix(stone, rgb(0x2c3a2b), algae * 0.85);
        (shade(shaded, 1.12 - 0.35 * down), 1.0)
    });
    canvas.line(&[(QUAY, 251.6), (642.0, 251.6)], 1.5, |x, _| {
        (shade(rgb(0xe3d2b2), 1.0 + 0.1 * noise(113, x / 5.0, 0.0)), 1.0)
    });
    for x in [326.0, 474.0, 590.0] {
        for rail in [-1.7, 1.7] {
            canvas.line(&[(x + rail, 251.0), (x + rail, 262.0)], 0.7, |_, _| (rgb(0x3a332c), 1.0));
        }
        for step in 0..4 {
            let y = 253.0 + 2.4 * step as f32;
            canvas.line(&[(x - 1.7, y), (x + 1.7, y)], 0.6, |_, _| (rgb(0x3a332c), 1.0));
        }
    }
    for x in [268.0, 318.0, 366.0, 436.0, 492.0, 530.0, 580.0, 628.0] {
        canvas
            .line(&[(x, 251.0), (x, 248.4)], 2.2, |at, _| (shade(rgb(0x33302f), 1.4 - 0.3 * (at - x)), 1.0));
    }
}

fn person(canvas: &mut Canvas, (x, y): Point, height: f32, coat: Rgb, shirt: Rgb) {
    let at = |u: f32, v: f32| (x + u * height, y - v * height);
    canvas.fill(ellipse((x + 2.5, y), (4.5, 0.9)), |_, _| (rgb(0x3a332c), 0.45));
    canvas.line(&[at(-0.06, 0.02), at(-0.02, 0.45)], height * 0.11, |_, _| (shade(coat, 0.7), 1.0));
    canvas.line(&[at(0.09, 0.02), at(0.03, 0.45)], height * 0.11, |_, _| (shade(coat, 0.6), 1.0));
    canvas.line(&[at(0.0, 0.48), at(0.0, 0.74)], height * 0.24, |at_x, _| {
        (shade(shirt, 1.15 - 0.12 * (at_x - x)), 1.0)
    });
    canvas.line(&[at(-0.13, 0.72), at(-0.15, 0.45)], height * 0.08, |_, _| (shirt, 1.0));
    canvas.fill(ellipse(at(0.0, 0.92), (height * 0.085, height * 0.1)), |_, _| (rgb(0xc79270), 1.0));
    canvas.fill(ellipse(at(0.01, 0.965), (height * 0.09, height * 0.06)), |_, _| (shade(coat, 0.6), 1.0));
}

fn lamp(canvas: &mut Canvas, (x, y): Point) {
    canvas.line(&[(x, y), (x, y - 27.0)], 1.1, |_, _| (rgb(0x2a2f33), 1.0));
    canvas.line(&[(x - 1.2, y), (x + 1.2, y)], 1.6, |_, _| (rgb(0x2a2f33), 1.0));
    canvas.fill(
        polygon(&[(x - 1.3, y - 27.0), (x + 1.3, y - 27.0), (x + 2.2, y - 31.5), (x - 2.2, y - 31.5)]),
        |_, _| (rgb(0xf3e6c0), 1.0),
    );
    canvas.line(&[(x - 2.4, y - 31.8), (x, y - 33.6), (x + 2.4, y - 31.8)], 0.9, |_, _| (rgb(0x2a2f33), 1.0));
}

/// A wall of boulders that reaches into the sea, with a lighthouse on it.
pub(crate) fn breakwater(canvas: &mut Canvas) {
    let foot = HORIZON + 24.0;
    let crest = |x: f32| HORIZON + 10.0 + 7.0 * smoothstep(60.0, 104.0, x) + 1.6 * noise(120, x / 5.0, 0.0);
    let mut outline: Vec<Point> =
        (-1..=52).map(|step| (step as f32 * 2.0, crest(step as f32 * 2.0))).collect();
    outline.extend([(110.0, foot), (-2.0, foot)]);
    canvas.fill(polygon(&outline), |x, y| {
        let boulders = noise(121, x / 5.0, y / 3.2) - noise(121, (x - 1.2) / 5.0, (y - 1.0) / 3.2);
        let wet = smoothstep(foot - 5.0, foot, y);
        let lit = smoothstep(6.0, 0.0, y - crest(x));
        (
            shade(
                mix(mix(rgb(0x6d655c), rgb(0xcbb48d), lit * 0.6), rgb(0x2a3431), wet),
                1.0 + 1.3 * boulders,
            ),
            1.0,
        )
    });
    lighthouse(canvas, (46.0, HORIZON + 12.0));
}

fn lighthouse(canvas: &mut Canvas, (x, y): Point) {
    let round = move |at: f32, radius: f32| 1.12 - 0.5 * smoothstep(-0.5, 1.0, (at - x) / radius);
    canvas.fill(rectangle(x - 10.0, y - 7.0, x + 10.0, y + 1.0), move |at, _| {
        (shade(rgb(0xcfc4ae), round(at, 11.0)), 1.0)
    });
    canvas.fill(
        polygon(&[(x - 7.5, y - 6.0), (x + 7.5, y - 6.0), (x + 5.0, y - 66.0), (x - 5.0, y - 66.0)]),
        move |at_x, at_y| {
            let band = ((y - 6.0 - at_y) / 15.0) as i32;
            let paint = if band % 2 == 0 { rgb(0xf1e9dc) } else { rgb(0xbf3527) };
            (shade(paint, round(at_x, 7.5) + 0.05 * noise(125, at_x / 2.0, at_y / 6.0)), 1.0)
        },
    );
    for height in [20.0, 50.0] {
        canvas.fill(rectangle(x - 1.1, y - height - 4.0, x + 1.1, y - height), |_, _| (rgb(0x2c3644), 1.0));
    }
    canvas.fill(rectangle(x - 7.0, y - 68.5, x + 7.0, y - 66.0), |_, _| (rgb(0x33373c), 1.0));
    canvas.fill(rectangle(x - 3.8, y - 77.0, x + 3.8, y - 68.5), move |at, _| {
        (shade(mix(rgb(0xffe9ac), rgb(0x6a7f8c), smoothstep(-2.0, 3.0, at - x)), 1.0), 1.0)
    });
    for post in [-3.8, -1.2, 1.3, 3.8] {
        canvas.line(&[(x + post, y - 77.0), (x + post, y - 68.5)], 0.6, |_, _| (rgb(0x33373c), 1.0));
    }
    canvas.fill(polygon(&[(x - 5.0, y - 76.6), (x, y - 84.0), (x + 5.0, y - 76.6)]), move |at, _| {
        (shade(rgb(0xa82d22), round(at, 5.0)), 1.0)
    });
    canvas.line(&[(x, y - 83.0), (x, y - 88.0)], 0.7, |_, _| (rgb(0x33373c), 1.0));
}
