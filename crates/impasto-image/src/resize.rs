//! Changes of size, by averaging light as a lens would, or by averaging the encoded values; always in `f32`.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::F32;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use rayon::prelude::*;

use crate::Picture;
use crate::curve::{light_of, value_of};

/// A kernel for changes of size. When shrinking, it is widened by the ratio of the sizes, so that nothing aliases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Triangle, radius 1: soft, never leaves the range of its input.
    Bilinear,
    /// Catmull-Rom cubic, radius 2: sharper, overshoots a little.
    Bicubic,
    /// Windowed sinc, radius 3: sharpest, rings a little.
    Lanczos3,
}

/// The quantity that is averaged over pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Averaging {
    /// Light: fine detail keeps its brightness.
    #[default]
    Light,
    /// Encoded values, as in most programs: fine detail becomes darker.
    Values,
}

/// Values that one thread processes at a time.
const PIECE: usize = 1 << 14;

/// Resizes every plane to `width` x `height`; a side of 0 counts as 1.
///
/// Values may leave 0..1 where the kernel overshoots, and are not clamped. Equal inputs give equal outputs, bit for
/// bit, on one kind of processor (vector units of another width may add in another order).
pub fn resize(
    picture: &Picture,
    width: usize,
    height: usize,
    filter: Filter,
    averaging: Averaging,
) -> Picture {
    let (width, height) = (width.max(1), height.max(1));
    if picture.size() == (width, height) {
        return picture.clone();
    }
    let mut resized = Picture::filled(width, height, [0.0; 3]);
    let (from, to) = (picture.width() * picture.height(), width * height);
    for (source, target) in picture.rgb().chunks_exact(from).zip(resized.rgb_mut().chunks_exact_mut(to)) {
        match averaging {
            Averaging::Values => {
                target.copy_from_slice(&resize_plane(source, picture.size(), (width, height), filter));
            }
            Averaging::Light => {
                let light: Vec<f32> =
                    source.par_iter().with_min_len(PIECE).map(|value| light_of(*value)).collect();
                let light = resize_plane(&light, picture.size(), (width, height), filter);
                let values = target.par_iter_mut().with_min_len(PIECE).zip(light);
                values.for_each(|(value, light)| *value = value_of(light));
            }
        }
    }
    resized
}

/// Resizes one plane `[h, w]` of size `from = (w, h)` to size `to = (width, height)`; a side of 0 in `to` counts as 1.
///
/// # Panics
/// If `data` does not hold `from.0 * from.1` values, or is empty.
pub fn resize_plane(data: &[f32], from: (usize, usize), to: (usize, usize), filter: Filter) -> Vec<f32> {
    assert!(
        !data.is_empty() && data.len() == from.0 * from.1,
        "{} values for a plane of {from:?}",
        data.len()
    );
    let to = (to.0.max(1), to.1.max(1));
    if from == to {
        return data.to_vec();
    }
    let kernel = match filter {
        Filter::Bilinear => FilterType::Bilinear,
        Filter::Bicubic => FilterType::CatmullRom,
        Filter::Lanczos3 => FilterType::Lanczos3,
    };
    let side = |length: usize| u32::try_from(length).expect("a plane in memory has sides that fit 32 bits");
    // Planes are large, so both are used without a copy.
    let source = bytemuck::cast_slice(data);
    let source = TypedImageRef::<F32>::from_buffer(side(from.0), side(from.1), source);
    let mut resized = vec![0.0; to.0 * to.1];
    let target = bytemuck::cast_slice_mut(&mut resized);
    let mut target = TypedImage::<F32>::from_buffer(side(to.0), side(to.1), target).expect("of its length");
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(kernel));
    // The only error is a crop box outside the source, and there is none.
    let done = Resizer::new().resize_typed(&source.expect("of its length"), &mut target, &options);
    done.expect("no crop box");
    resized
}

/// The size with the aspect ratio of `size` whose long edge is exactly `long`. The other edge is rounded to the nearest
/// integer (half up), and at least 1.
pub fn fit_long_edge(size: (usize, usize), long: usize) -> (usize, usize) {
    let (width, height, long) = (size.0.max(1) as u128, size.1.max(1) as u128, long.max(1));
    // In integers, since a floating-point quotient may fall on the wrong side of a half.
    let other = |short: u128, edge: u128| ((2 * short * long as u128 + edge) / (2 * edge)).max(1) as usize;
    if width >= height { (long, other(height, width)) } else { (other(width, height), long) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILTERS: [Filter; 3] = [Filter::Bilinear, Filter::Bicubic, Filter::Lanczos3];

    /// The number of threads decides how planes are cut, but not which values are added in which order.
    #[test]
    fn any_number_of_threads_gives_the_same_bytes() {
        let value = |i: usize| (i * 7919 % 1013) as f32 / 1000.0 - 0.006;
        let picture = Picture::new(203, 171, (0..3 * 203 * 171).map(value).collect()).unwrap();
        let sized = |threads: usize, (width, height): (usize, usize), averaging| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| resize(&picture, width, height, Filter::Bicubic, averaging))
        };
        for size in [(97, 81), (409, 350), (203, 60), (50, 171)] {
            for averaging in [Averaging::Light, Averaging::Values] {
                let alone = sized(1, size, averaging);
                for threads in [2, 3, 7] {
                    assert_eq!(sized(threads, size, averaging), alone, "{size:?} {threads}");
                }
            }
        }
    }

    #[test]
    fn a_constant_stays_constant() {
        let picture = Picture::filled(37, 23, [0.25, 0.5, 0.9]);
        for filter in FILTERS {
            for (width, height) in [(7, 5), (64, 99), (1, 1), (37, 4)] {
                let resized = resize(&picture, width, height, filter, Averaging::Values);
                assert_eq!(resized.size(), (width, height));
                let expected = Picture::filled(width, height, [0.25, 0.5, 0.9]);
                let worst =
                    resized.rgb().iter().zip(expected.rgb()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(worst < 1e-6, "{filter:?} {width}x{height}: {worst}");
            }
        }
    }

    #[test]
    fn shrinking_is_antialiased() {
        // A checkerboard of single pixels must become an even grey; point sampling would give black, white or
        // beats.
        let data: Vec<f32> = (0..96 * 96).map(|at| ((at % 96 + at / 96) % 2) as f32).collect();
        for filter in FILTERS {
            let small = resize_plane(&data, (96, 96), (13, 13), filter);
            let inside = (2..11).flat_map(|y| (2..11).map(move |x| y * 13 + x));
            for at in inside {
                assert!((small[at] - 0.5).abs() < 0.03, "{filter:?}: {}", small[at]);
            }
        }
    }

    #[test]
    fn a_ramp_stays_a_ramp() {
        // Also pins the alignment: centres of pixels, not corners.
        let data: Vec<f32> = (0..64).map(|x| (x as f32 + 0.5) / 64.0).collect();
        for filter in FILTERS {
            for width in [16, 256] {
                let resized = resize_plane(&data, (64, 1), (width, 1), filter);
                for (x, value) in resized.iter().enumerate().skip(width / 8).take(width * 3 / 4) {
                    assert!(
                        (value - (x as f32 + 0.5) / width as f32).abs() < 2e-3,
                        "{filter:?} {width} {x}: {value}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_same_size_is_a_copy_and_repeats_agree() {
        let picture = Picture::new(5, 4, (0..60).map(|at| (at as f32 * 0.7).sin()).collect()).unwrap();
        assert_eq!(resize(&picture, 5, 4, Filter::Lanczos3, Averaging::Light), picture);
        assert_eq!(
            resize(&picture, 11, 3, Filter::Bicubic, Averaging::Light),
            resize(&picture, 11, 3, Filter::Bicubic, Averaging::Light)
        );
        assert_eq!(resize(&picture, 0, 0, Filter::Bilinear, Averaging::Light).size(), (1, 1));
    }

    #[test]
    fn the_long_edge_is_exact() {
        assert_eq!(fit_long_edge((640, 480), 512), (512, 384));
        assert_eq!(fit_long_edge((480, 640), 512), (384, 512));
        assert_eq!(fit_long_edge((4, 1), 2), (2, 1), "half goes up");
        assert_eq!(fit_long_edge((4, 3), 2), (2, 2), "half goes up");
        assert_eq!(fit_long_edge((1000, 1), 10), (10, 1), "at least 1");
        assert_eq!(fit_long_edge((3, 3), 7), (7, 7));
        assert_eq!(fit_long_edge((0, 0), 0), (1, 1));
    }

    #[test]
    fn light_is_averaged_by_default() {
        // Black and white alternate: half the light is the grey value 0.7354, half the value is 0.5.
        let checkers: Vec<f32> = (0..3 * 64 * 64).map(|i| ((i % 64 + i / 64) % 2) as f32).collect();
        let picture = Picture::new(64, 64, checkers).unwrap();
        for (averaging, expected) in [(Averaging::default(), 0.735_4), (Averaging::Values, 0.5)] {
            let small = resize(&picture, 8, 8, Filter::Bilinear, averaging);
            assert!(small.rgb().iter().all(|value| (value - expected).abs() < 1e-2), "{averaging:?}");
        }
        let same = resize(&picture, 64, 64, Filter::Bicubic, Averaging::Light);
        assert_eq!(same, picture, "nothing to resize, nothing to round");
    }
}
