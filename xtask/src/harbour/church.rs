//! The church behind the houses.

use crate::canvas::{Canvas, Point, ellipse, polygon, rectangle, rgb, shade};
use crate::noise::{fbm, noise};

/// A church tower with a clock and a spire.
pub(crate) fn draw(canvas: &mut Canvas, (x, base): Point) {
    let wall = |at_x: f32, at_y: f32| {
        let stone = 0.1 * fbm(150, at_x / 5.0, at_y / 3.0, 3)
            + if (at_y / 4.0).rem_euclid(1.0) < 0.1 { -0.1 } else { 0.0 };
        (shade(rgb(0xd8c6a4), 1.05 - 0.028 * (at_x - x) + stone), 1.0)
    };
    canvas.fill(rectangle(x - 12.0, base - 118.0, x + 12.0, base), wall);
    canvas.fill(rectangle(x - 13.5, base - 120.0, x + 13.5, base - 117.0), |_, _| (rgb(0xb7a584), 1.0));
    canvas.fill(
        polygon(&[(x - 13.5, base - 119.0), (x, base - 176.0), (x + 13.5, base - 119.0)]),
        |at_x, at_y| {
            let light = if at_x < x { 1.15 } else { 0.72 };
            (
                shade(
                    rgb(0x5f8577),
                    light * (1.0 + 0.1 * (at_y * 1.4).sin() + 0.1 * noise(155, at_x / 2.0, at_y / 6.0)),
                ),
                1.0,
            )
        },
    );
    canvas.line(&[(x, base - 175.0), (x, base - 184.0)], 0.9, |_, _| (rgb(0xd9b44a), 1.0));
    canvas.line(&[(x - 2.4, base - 181.0), (x + 2.4, base - 181.0)], 0.9, |_, _| (rgb(0xd9b44a), 1.0));
    canvas.fill(ellipse((x, base - 106.0), (6.0, 6.0)), |_, _| (rgb(0xf3ead6), 1.0));
    canvas.fill(ellipse((x, base - 106.0), (5.0, 5.0)), |_, _| (rgb(0x2d3b4a), 1.0));
    canvas.line(&[(x, base - 106.0), (x, base - 110.0)], 0.7, |_, _| (rgb(0xf3ead6), 1.0));
    canvas.line(&[(x, base - 106.0), (x + 2.8, base - 104.6)], 0.7, |_, _| (rgb(0xf3ead6), 1.0));
    for side in [-4.5, 4.5] {
        canvas.fill(rectangle(x + side - 2.0, base - 96.0, x + side + 2.0, base - 84.0), |_, _| {
            (rgb(0x38312c), 1.0)
        });
        canvas.fill(ellipse((x + side, base - 96.0), (2.0, 2.0)), |_, _| (rgb(0x38312c), 1.0));
    }
}
