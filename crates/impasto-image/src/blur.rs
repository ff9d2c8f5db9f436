//! Blurs planes, for soft edges of masks.

use image::{ImageBuffer, Luma, imageops};

use crate::{Filter, Plane, resize_plane};

/// Largest deviation of a blur in pixels. A wider blur is made on a smaller plane, with no visible difference.
const WIDEST: f64 = 4.0;

/// Blurs a plane with a normal distribution of `deviation` pixels. Beyond an edge, the last row or column continues. A
/// constant plane stays constant.
pub fn blur(plane: &Plane, deviation: f64) -> Plane {
    // A smaller blur is invisible.
    if deviation.is_nan() || deviation < 0.1 {
        return plane.clone();
    }
    let shrink = (WIDEST / deviation).min(1.0);
    let side = |length: usize| ((length as f64 * shrink).round() as usize).clamp(1, length);
    let (width, height) = (side(plane.width()), side(plane.height()));
    let small = resize_plane(plane.data(), plane.size(), (width, height), Filter::Bilinear);
    // Both fit: a side has fewer than 2^32 pixels.
    let buffer = ImageBuffer::<Luma<f32>, _>::from_raw(width as u32, height as u32, small);
    let blurred = buffer.map(|small| imageops::blur(&small, (deviation * shrink) as f32).into_raw());
    let blurred = blurred.map(|small| resize_plane(&small, (width, height), plane.size(), Filter::Bilinear));
    let soft = blurred.and_then(|mut data| {
        data.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        Plane::new(plane.width(), plane.height(), data)
    });
    soft.unwrap_or_else(|| plane.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounding of a sum of some dozen weights in f32, and of a resize there and back.
    const ROUNDING: f32 = 1e-5;

    /// The error of a truncated kernel on a smaller plane.
    const SMALLER: f32 = 0.02;

    fn step(width: usize, height: usize) -> Plane {
        let data = (0..width * height).map(|at| if at % width < width / 2 { 0.0 } else { 1.0 }).collect();
        Plane::new(width, height, data).unwrap()
    }

    #[test]
    fn an_edge_becomes_the_integral_of_a_normal_distribution() {
        // The pixel's centre is half a pixel further: the normal distribution at 1.25 and 1.03 deviations.
        for (deviation, expected) in [(2.0, 0.894), (16.0, 0.849)] {
            let soft = blur(&step(200, 20), deviation);
            let row = &soft.data()[10 * 200..11 * 200];
            assert!(row[0] < ROUNDING && row[199] > 1.0 - ROUNDING, "far from the edge: {deviation}");
            assert!(row.windows(2).all(|pair| pair[1] >= pair[0] - ROUNDING), "{deviation}");
            let at = row[100 + deviation as usize];
            assert!((at - expected).abs() < SMALLER, "{deviation}: {at}");
        }
    }

    #[test]
    fn what_is_the_same_everywhere_stays_and_tiny_planes_are_no_panic() {
        for (width, height) in [(1, 1), (1, 50), (64, 48)] {
            let plane = Plane::new(width, height, vec![0.75; width * height]).unwrap();
            for deviation in [0.0, f64::NAN, 0.5, 30.0, 1e6] {
                let soft = blur(&plane, deviation);
                assert!(soft.data().iter().all(|value| (value - 0.75).abs() < ROUNDING), "{deviation}");
            }
        }
    }
}
