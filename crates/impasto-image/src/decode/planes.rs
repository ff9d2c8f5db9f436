//! Pixels as planes, and the eight ways in which a camera can be held.

use image::metadata::Orientation;

use super::samples::Samples;

/// Planes of a size.
pub(super) struct Planes {
    /// Width and height.
    pub(super) size: (usize, usize),
    pub(super) samples: Samples,
}

impl Planes {
    /// Turns the picture upright.
    pub(super) fn turned(self, orientation: Orientation) -> Planes {
        let Planes { size: (width, height), samples: Samples { depth, model, colours, alpha } } = self;
        // The position, in the stored picture, of a pixel of the upright one.
        type From = fn((usize, usize), (usize, usize)) -> (usize, usize);
        let from: From = match orientation {
            Orientation::NoTransforms => {
                return Planes { size: (width, height), samples: Samples { depth, model, colours, alpha } };
            }
            Orientation::FlipHorizontal => |(x, y), (w, _)| (w - 1 - x, y),
            Orientation::Rotate180 => |(x, y), (w, h)| (w - 1 - x, h - 1 - y),
            Orientation::FlipVertical => |(x, y), (_, h)| (x, h - 1 - y),
            Orientation::Rotate90FlipH => |(x, y), _| (y, x),
            Orientation::Rotate90 => |(x, y), (_, h)| (y, h - 1 - x),
            Orientation::Rotate270FlipH => |(x, y), (w, h)| (w - 1 - y, h - 1 - x),
            Orientation::Rotate270 => |(x, y), (w, _)| (w - 1 - y, x),
        };
        let swaps = matches!(
            orientation,
            Orientation::Rotate90
                | Orientation::Rotate270
                | Orientation::Rotate90FlipH
                | Orientation::Rotate270FlipH
        );
        let size = if swaps { (height, width) } else { (width, height) };
        let turn = |planes: Vec<f32>| -> Vec<f32> {
            let mut turned = Vec::with_capacity(planes.len());
            for plane in planes.chunks_exact(width * height) {
                for y in 0..size.1 {
                    turned.extend((0..size.0).map(|x| {
                        let (x, y) = from((x, y), (width, height));
                        plane[y * width + x]
                    }));
                }
            }
            turned
        };
        Planes { size, samples: Samples { depth, model, colours: turn(colours), alpha: alpha.map(turn) } }
    }

    /// The part of a size, from a column and a row on. It must be inside of the picture.
    #[cfg(any(feature = "avif", feature = "heic"))]
    pub(super) fn cut(self, (left, top): (usize, usize), size: (usize, usize)) -> Planes {
        let Planes { size: (width, height), samples: Samples { depth, model, colours, alpha } } = self;
        let cut = |planes: Vec<f32>| -> Vec<f32> {
            let planes = planes.chunks_exact(width * height);
            let rows = planes.flat_map(|plane| plane.chunks_exact(width).skip(top).take(size.1));
            rows.flat_map(|row| &row[left..left + size.0]).copied().collect()
        };
        Planes { size, samples: Samples { depth, model, colours: cut(colours), alpha: alpha.map(cut) } }
    }
}

#[cfg(test)]
mod tests {
    use image::DynamicImage;

    use super::super::samples::separate;
    use super::*;

    /// The `image` crate turns pictures, too.
    #[test]
    fn all_ways_of_holding_a_camera() {
        let image = image::ImageBuffer::from_raw(3, 2, (0..6).map(|i| i * 40).collect::<Vec<u8>>()).unwrap();
        let image = DynamicImage::ImageLuma8(image);
        for number in 1..=8 {
            let orientation = Orientation::from_exif(number).unwrap();
            let found = Planes { size: (3, 2), samples: separate(image.clone(), None) }.turned(orientation);
            let mut expected = image.clone();
            expected.apply_orientation(orientation);
            assert_eq!(found.size, (expected.width() as usize, expected.height() as usize), "{number}");
            assert_eq!(found.samples.colours, separate(expected, None).colours, "{number}");
        }
    }
}
