//! Rotates a picture by any angle, on a canvas that holds all of it.

use crate::{Picture, Plane};

/// Rotates a picture clockwise, with its opacity. By multiples of 90 degrees pixels are only moved. By other angles
/// they are interpolated linearly, and the new corners are transparent, with the colours of the nearest edge.
pub fn rotate(picture: &Picture, alpha: Option<&Plane>, degrees: f64) -> (Picture, Option<Plane>) {
    let turn = Turn::new(picture.size(), degrees);
    let rgb: Vec<f32> =
        picture.rgb().chunks_exact(turn.pixels()).flat_map(|plane| turn.plane(plane)).collect();
    let alpha = match alpha {
        Some(alpha) => Some(turn.covered(alpha.data())),
        None if turn.is_exact => None,
        None => Some(turn.covered(&vec![1.0; turn.pixels()])),
    };
    let (width, height) = turn.to;
    let turned = Picture::new(width, height, rgb).unwrap_or_else(|| picture.clone());
    (turned, alpha.and_then(|data| Plane::new(width, height, data)))
}

/// Rotates a plane of weights as [`rotate`] rotates opacity: the new corners have weight 0.
pub fn rotate_plane(plane: &Plane, degrees: f64) -> Plane {
    let turn = Turn::new(plane.size(), degrees);
    let (width, height) = turn.to;
    Plane::new(width, height, turn.covered(plane.data())).unwrap_or_else(|| plane.clone())
}

/// A map from places of the new canvas to places of the old one.
struct Turn {
    from: (usize, usize),
    to: (usize, usize),
    cos: f64,
    sin: f64,
    is_exact: bool,
}

impl Turn {
    fn new(from: (usize, usize), degrees: f64) -> Turn {
        let degrees = degrees.rem_euclid(360.0);
        let is_exact = degrees % 90.0 == 0.0;
        let (sin, cos) = match is_exact {
            // Exact values, without the rounding of pi.
            true => [(0.0, 1.0), (1.0, 0.0), (0.0, -1.0), (-1.0, 0.0)][(degrees / 90.0) as usize % 4],
            false => degrees.to_radians().sin_cos(),
        };
        let (width, height) = (from.0 as f64, from.1 as f64);
        let side = |along: f64, across: f64| {
            (width * along.abs() + height * across.abs() - 1e-9).ceil().max(1.0) as usize
        };
        Turn { from, to: (side(cos, sin), side(sin, cos)), cos, sin, is_exact }
    }

    fn pixels(&self) -> usize {
        self.from.0 * self.from.1
    }

    /// The source of a place; centres of pixels are at integers.
    fn source(&self, x: usize, y: usize) -> (f64, f64) {
        let middle = |size: usize| (size as f64 - 1.0) / 2.0;
        let (dx, dy) = (x as f64 - middle(self.to.0), y as f64 - middle(self.to.1));
        (
            self.cos * dx + self.sin * dy + middle(self.from.0),
            self.cos * dy - self.sin * dx + middle(self.from.1),
        )
    }

    fn each(&self, value: impl Fn(f64, f64) -> f32) -> Vec<f32> {
        let (width, height) = self.to;
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        places.map(|(x, y)| self.source(x, y)).map(|(x, y)| value(x, y)).collect()
    }

    /// Rotates a plane whose edges continue beyond it.
    fn plane(&self, plane: &[f32]) -> Vec<f32> {
        let (width, height) = (self.from.0 as i64, self.from.1 as i64);
        let at = |x: i64, y: i64| plane[(y.clamp(0, height - 1) * width + x.clamp(0, width - 1)) as usize];
        self.each(|x, y| between(x, y, at))
    }

    /// Rotates a plane that is 0 beyond its edges.
    fn covered(&self, plane: &[f32]) -> Vec<f32> {
        let (width, height) = (self.from.0 as i64, self.from.1 as i64);
        let is_inside = |x: i64, y: i64| (0..width).contains(&x) && (0..height).contains(&y);
        let at = |x: i64, y: i64| if is_inside(x, y) { plane[(y * width + x) as usize] } else { 0.0 };
        self.each(|x, y| between(x, y, at))
    }
}

/// Interpolates linearly between four pixels.
fn between(x: f64, y: f64, at: impl Fn(i64, i64) -> f32) -> f32 {
    let (left, top) = (x.floor(), y.floor());
    let (across, down) = ((x - left) as f32, (y - top) as f32);
    let (left, top) = (left as i64, top as i64);
    let row =
        |y: i64| (1.0 - across) * at(left, y) + if across > 0.0 { across * at(left + 1, y) } else { 0.0 };
    (1.0 - down) * row(top) + if down > 0.0 { down * row(top + 1) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered() -> Picture {
        Picture::new(3, 2, (0..18).map(|i| i as f32 / 18.0).collect()).unwrap()
    }

    #[test]
    fn right_angles_move_pixels() {
        let (quarter, alpha) = rotate(&numbered(), None, 90.0);
        assert!(alpha.is_none());
        assert_eq!(quarter.size(), (2, 3));
        let first: Vec<f32> = [3, 0, 4, 1, 5, 2].iter().map(|i| *i as f32 / 18.0).collect();
        assert_eq!(quarter.rgb()[..6], first, "clockwise");
        for degrees in [0.0, 360.0, -720.0] {
            assert_eq!(rotate(&numbered(), None, degrees).0, numbered());
        }
        let back = rotate(&rotate(&numbered(), None, 180.0).0, None, -180.0).0;
        assert_eq!(back, numbered());
        assert_eq!(rotate(&quarter, None, 270.0).0, numbered());
    }

    #[test]
    fn other_angles_bring_in_transparent_corners() {
        let (turned, alpha) = rotate(&Picture::filled(40, 20, [0.2, 0.4, 0.6]), None, 30.0);
        let alpha = alpha.unwrap();
        // 40 cos + 20 sin, 40 sin + 20 cos.
        assert_eq!((turned.size(), alpha.size()), ((45, 38), (45, 38)));
        let seen: f32 = alpha.data().iter().sum();
        assert!((seen - 800.0).abs() < 8.0, "as much is seen as there was: {seen}");
        assert_eq!(alpha.data()[0], 0.0);
        assert!((alpha.data()[19 * 45 + 22] - 1.0).abs() < 1e-6);
        let flat = |plane: usize, value: f32| {
            turned.rgb()[plane * 45 * 38..][..45 * 38].iter().all(|v| (v - value).abs() < 1e-6)
        };
        assert!(flat(0, 0.2) && flat(1, 0.4) && flat(2, 0.6), "no dark edges");
    }
}
