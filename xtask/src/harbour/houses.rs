//! The houses on the quay.

use crate::canvas::{Canvas, Point, Rgb, ellipse, mix, polygon, rectangle, rgb, shade};
use crate::noise::{Rng, fbm, noise, smoothstep};

/// A house: its position, size and colours.
struct House {
    left: f32,
    right: f32,
    base: f32,
    eaves: f32,
    ridge: f32,
    wall: Rgb,
    roof: Rgb,
    shutters: Rgb,
    /// Whether the gable faces the viewer; otherwise the slope of the roof does.
    gabled: bool,
    floors: usize,
    /// Width of the shadow that the house on the left casts on the wall.
    shadow: f32,
}

/// Width, height up to the eaves, height of the roof, wall, roof, shutters, gable to the front, floors.
type Plan = (f32, f32, f32, u32, u32, u32, bool, usize);

const PLANS: [Plan; 10] = [
    (30.0, 38.0, 17.0, 0xe8d9b8, 0xa8472f, 0x4b7a6a, true, 2),
    (38.0, 58.0, 17.0, 0xc9583c, 0x5b5450, 0xf0e6d2, false, 3),
    (33.0, 66.0, 24.0, 0xe9b94e, 0x9c3f2b, 0x2f5f7a, true, 3),
    (44.0, 50.0, 19.0, 0x7fa6b8, 0x8a3b2a, 0xf3ecdd, false, 2),
    (31.0, 72.0, 22.0, 0xf0e8d8, 0x55504e, 0x8c2f2a, true, 3),
    (40.0, 60.0, 17.0, 0xd98e5a, 0xa04a30, 0x3f6b4f, false, 3),
    (34.0, 56.0, 25.0, 0x9fb27c, 0x93402c, 0xe9dfc8, true, 2),
    (42.0, 70.0, 18.0, 0xe6c7a8, 0x6a4a40, 0x5a6f8c, false, 3),
    (35.0, 60.0, 26.0, 0xb4473a, 0x57524f, 0xf0e4cc, true, 3),
    (46.0, 52.0, 19.0, 0xefd9a0, 0xa5482f, 0x35655f, false, 2),
];

/// Houses side by side, from `left` to the right edge of the picture.
pub(crate) fn row(canvas: &mut Canvas, rng: &mut Rng, left: f32, base: f32) {
    let mut left = left;
    let mut before = 0.0;
    for (width, height, rise, wall, roof, shutters, gabled, floors) in PLANS {
        let eaves = base - height;
        let house = House {
            left,
            right: left + width,
            base,
            eaves,
            ridge: eaves - rise,
            wall: rgb(wall),
            roof: rgb(roof),
            shutters: rgb(shutters),
            gabled,
            floors,
            shadow: if before > height { 5.0 } else { 2.0 },
        };
        house.draw(canvas, rng);
        before = height;
        left += width + 0.3;
    }
}

impl House {
    fn width(&self) -> f32 {
        self.right - self.left
    }

    fn draw(&self, canvas: &mut Canvas, rng: &mut Rng) {
        self.chimney(canvas, rng);
        self.walls(canvas);
        self.roof(canvas);
        let story = (self.base - self.eaves) / self.floors as f32;
        let columns = ((self.width() - 5.0) / 10.0) as usize;
        let step = (self.width() - 4.0) / columns as f32;
        for floor in 0..self.floors {
            let sill = self.eaves + story * (floor as f32 + 0.78);
            for column in 0..columns {
                let x = self.left + 2.0 + step * (column as f32 + 0.5);
                if floor + 1 < self.floors {
                    self.window(canvas, rng, (x, sill), (step * 0.22).min(2.5), story * 0.52);
                }
            }
        }
        self.ground_floor(canvas, rng, story, columns, step);
        if self.gabled {
            self.window(canvas, rng, ((self.left + self.right) / 2.0, self.eaves - 2.5), 1.9, 7.0);
        }
    }

    fn walls(&self, canvas: &mut Canvas) {
        let middle = (self.left + self.right) / 2.0;
        let mut outline = vec![(self.left, self.base), (self.left, self.eaves)];
        if self.gabled {
            outline.push((middle, self.ridge));
        }
        outline.extend([(self.right, self.eaves), (self.right, self.base)]);
        canvas.fill(polygon(&outline), |x, y| {
            let across = (x - self.left) / self.width();
            let plaster = 0.09 * fbm(130, x / 7.0, y / 7.0, 3) + 0.05 * noise(133, x / 1.2, y / 1.2);
            let damp = smoothstep(self.base - 9.0, self.base, y + 3.0 * noise(134, x / 4.0, 0.0));
            let under_eaves =
                if self.gabled { 0.0 } else { smoothstep(self.eaves + 6.0, self.eaves + 1.0, y) };
            let beside = smoothstep(
                self.left + self.shadow,
                self.left + self.shadow - 1.0,
                x - 0.12 * (y - self.eaves),
            );
            let light = 1.08 - 0.14 * across + plaster - 0.2 * damp;
            let shadow = 0.42 * under_eaves.max(beside);
            (mix(shade(self.wall, light), rgb(0x3d4257), shadow), 1.0)
        });
        canvas.line(&[(self.right, self.base), (self.right, self.eaves)], 0.7, |_, _| (rgb(0x4a3f3a), 0.5));
    }

    fn roof(&self, canvas: &mut Canvas) {
        let middle = (self.left + self.right) / 2.0;
        let tiles = |x: f32, y: f32| {
            let row = (y / 2.6).floor();
            let within = (x / 2.4 + 0.5 * row.rem_euclid(2.0)).rem_euclid(1.0);
            let patch = 0.15 * fbm(140, x / 6.0, y / 5.0, 3);
            0.88 + 0.2 * (within * std::f32::consts::PI).sin() - 0.22 * (y / 2.6).rem_euclid(1.0) + patch
        };
        if self.gabled {
            // Only the edges of the roof show: the left one in the light, the right one in the shade.
            for (corner, light) in [(self.left - 1.5, 1.3), (self.right + 1.5, 0.7)] {
                let edge = [(corner, self.eaves + 1.5), (middle, self.ridge - 0.5)];
                canvas.line(&edge, 3.2, |x, y| (shade(self.roof, light * tiles(x, y)), 1.0));
                let below = [(corner, self.eaves + 4.0), (middle, self.ridge + 2.4)];
                canvas.line(&below, 1.2, |_, _| (rgb(0x3d3430), 0.45));
            }
        } else {
            let slope = [
                (self.left - 1.5, self.eaves + 1.0),
                (self.left + 2.5, self.ridge),
                (self.right - 2.5, self.ridge),
                (self.right + 1.5, self.eaves + 1.0),
            ];
            canvas.fill(polygon(&slope), |x, y| {
                let across = (x - self.left) / self.width();
                (shade(self.roof, (1.2 - 0.3 * across) * tiles(x, y)), 1.0)
            });
            canvas.line(&[slope[1], slope[2]], 1.4, |_, _| (shade(self.roof, 1.35), 1.0));
            canvas.line(&[slope[0], slope[3]], 1.1, |_, _| (rgb(0x2f2a28), 0.8));
            for dormer in [0.3, 0.7] {
                self.dormer(canvas, self.left + dormer * self.width());
            }
        }
    }

    fn dormer(&self, canvas: &mut Canvas, x: f32) {
        let (top, bottom) = (self.ridge + 5.0, self.eaves - 3.0);
        canvas.fill(rectangle(x - 3.2, top, x + 3.2, bottom), |at, _| {
            (shade(self.wall, 1.05 - 0.03 * (at - x)), 1.0)
        });
        canvas
            .fill(rectangle(x - 2.0, top + 1.5, x + 2.0, bottom - 1.0), |_, y| (glass(y, top, bottom), 1.0));
        canvas.line(&[(x, top + 1.5), (x, bottom - 1.0)], 0.6, |_, _| (rgb(0xf2ebdc), 1.0));
        canvas.fill(polygon(&[(x - 4.2, top + 0.8), (x, top - 3.4), (x + 4.2, top + 0.8)]), |at, _| {
            (shade(self.roof, if at < x { 1.2 } else { 0.75 }), 1.0)
        });
    }

    fn chimney(&self, canvas: &mut Canvas, rng: &mut Rng) {
        let x = self.left + self.width() * rng.range(0.62, 0.82);
        let top = self.ridge - rng.range(3.0, 7.0);
        canvas.fill(rectangle(x - 2.4, top, x + 2.4, self.eaves), |at_x, at_y| {
            let brick = if (at_y / 1.6).rem_euclid(1.0) < 0.25 { 0.8 } else { 1.0 };
            (shade(rgb(0x96604a), brick * (1.1 - 0.09 * (at_x - x))), 1.0)
        });
        canvas.line(&[(x - 2.8, top), (x + 2.8, top)], 1.4, |_, _| (rgb(0x5a4a42), 1.0));
    }

    /// A window with its sill at a position, `half` wide to each side and `height` high, with shutters.
    fn window(&self, canvas: &mut Canvas, rng: &mut Rng, (x, sill): Point, half: f32, height: f32) {
        let top = sill - height;
        let bright = rng.range(0.85, 1.15);
        canvas.fill(rectangle(x - half - 0.7, top - 0.7, x + half + 0.7, sill + 0.5), |_, _| {
            (rgb(0xf2ebdc), 1.0)
        });
        canvas
            .fill(rectangle(x - half, top, x + half, sill), |_, y| (shade(glass(y, top, sill), bright), 1.0));
        canvas.line(&[(x, top), (x, sill)], 0.55, |_, _| (rgb(0xf2ebdc), 1.0));
        canvas.line(&[(x - half, sill - height * 0.6), (x + half, sill - height * 0.6)], 0.55, |_, _| {
            (rgb(0xf2ebdc), 1.0)
        });
        for side in [-1.0, 1.0] {
            let inner = x + side * (half + 0.8);
            let outer = x + side * (half + 2.4);
            canvas.fill(rectangle(inner.min(outer), top - 0.5, inner.max(outer), sill + 0.3), |_, y| {
                let slat = if (y / 1.1).rem_euclid(1.0) < 0.35 { 0.78 } else { 1.0 };
                (shade(self.shutters, slat * if side < 0.0 { 1.05 } else { 0.9 }), 1.0)
            });
        }
        canvas.line(&[(x - half - 1.0, sill + 0.9), (x + half + 1.0, sill + 0.9)], 0.9, |_, _| {
            (rgb(0x6b5d52), 0.8)
        });
    }

    /// A door, and a shop with an awning if there is room.
    fn ground_floor(&self, canvas: &mut Canvas, rng: &mut Rng, story: f32, columns: usize, step: f32) {
        let door = (rng.unit() * columns as f32) as usize % columns;
        for column in 0..columns {
            let x = self.left + 2.0 + step * (column as f32 + 0.5);
            let top = self.base - story * 0.72;
            if column == door {
                canvas.fill(rectangle(x - 3.3, top - 1.0, x + 3.3, self.base), |_, _| (rgb(0xe6dcc6), 1.0));
                canvas.fill(rectangle(x - 2.4, top, x + 2.4, self.base), |at_x, at_y| {
                    let panel = ((at_y - top) / 5.0).rem_euclid(1.0) < 0.12 || (at_x - x).abs() < 0.25;
                    (shade(self.shutters, if panel { 0.45 } else { 0.72 }), 1.0)
                });
                canvas.fill(ellipse((x, top), (3.0, 2.4)), |_, y| (glass(y, top - 3.0, top + 2.0), 1.0));
            } else if self.floors == 3 {
                canvas
                    .fill(rectangle(x - step * 0.42, top + 1.0, x + step * 0.42, self.base - 3.0), |_, y| {
                        (shade(glass(y, top, self.base), 0.8), 1.0)
                    });
            } else {
                self.window(canvas, rng, (x, self.base - story * 0.25), (step * 0.22).min(2.5), story * 0.45);
            }
        }
        if self.floors == 3 {
            let top = self.base - story * 0.9;
            let cloth = [
                (self.left + 2.0, top),
                (self.right - 2.0, top),
                (self.right - 0.5, top + 6.0),
                (self.left + 0.5, top + 6.0),
            ];
            canvas.fill(polygon(&cloth), |x, y| {
                let stripe = ((x - self.left) / 3.4).rem_euclid(2.0) < 1.0;
                let colour = if stripe { rgb(0xf4ead4) } else { self.shutters };
                let colour = if stripe || self.shutters[0] < 0.8 { colour } else { rgb(0xb0392c) };
                (shade(colour, 1.08 - 0.035 * (y - top)), 1.0)
            });
            canvas.line(&[cloth[3], cloth[2]], 1.0, |_, _| (rgb(0x3d3430), 0.5));
        }
    }
}

/// Window glass: mirrors the sky at the top, shows the room at the bottom.
fn glass(y: f32, top: f32, bottom: f32) -> Rgb {
    mix(rgb(0x8fb3cc), rgb(0x22303f), smoothstep(0.0, 0.8, (y - top) / (bottom - top)))
}
