//! Converts decoded pictures to RGB (ITU-T H.273, clause 8.3).
//!
//! Where one chroma stands for several pixels, each codec's usual reader decides, so that programs agree: libheif takes
//! the nearest chroma, and libavif interpolates ([`Upsampling`]).

use rayon::prelude::*;

use super::frame::{Chroma, Codes, Frame, Upsampling};

/// The offset and the length of the range that brings a whole number to 0..1, or a chroma to -1/2..1/2.
#[derive(Clone, Copy)]
struct Range {
    zero: f32,
    length: f32,
}

impl Range {
    fn luma(bits: u8, is_full: bool) -> Range {
        match is_full {
            true => Range { zero: 0.0, length: most(bits) },
            false => Range { zero: 16.0 * unit(bits), length: 219.0 * unit(bits) },
        }
    }

    fn chroma(bits: u8, is_full: bool) -> Range {
        let length = if is_full { most(bits) } else { 224.0 * unit(bits) };
        Range { zero: 128.0 * unit(bits), length }
    }

    fn of(self, number: f32) -> f32 {
        (number - self.zero) / self.length
    }
}

/// The largest number of so many bits.
fn most(bits: u8) -> f32 {
    ((1u32 << bits) - 1) as f32
}

/// The step of 8 bits in numbers of so many bits.
fn unit(bits: u8) -> f32 {
    (1u32 << (bits - 8)) as f32
}

/// How luma and chroma make red, green and blue.
#[derive(Clone, Copy)]
enum Matrix {
    /// The planes are green, blue and red.
    Identity,
    /// The shares of red and blue in luma.
    Shares(f32, f32),
    /// YCgCo.
    GreenOrange,
}

impl Matrix {
    /// The matrix by its code point; unspecified means ITU-R BT.601, as in JPEG.
    fn of_code(code: u16) -> Option<Matrix> {
        Some(match code {
            0 => Matrix::Identity,
            1 => Matrix::Shares(0.2126, 0.0722),
            2 | 5 | 6 => Matrix::Shares(0.299, 0.114),
            4 => Matrix::Shares(0.30, 0.11),
            7 => Matrix::Shares(0.212, 0.087),
            8 => Matrix::GreenOrange,
            9 => Matrix::Shares(0.2627, 0.0593),
            _ => return None,
        })
    }

    fn rgb(self, luma: f32, [first, second]: [f32; 2]) -> [f32; 3] {
        let rgb = match self {
            Matrix::Identity => [second, luma, first],
            Matrix::Shares(red, blue) => {
                let (r, b) = (2.0 * (1.0 - red) * second, 2.0 * (1.0 - blue) * first);
                [luma + r, luma - (red * r + blue * b) / (1.0 - red - blue), luma + b]
            }
            Matrix::GreenOrange => [luma - first + second, luma + first, luma - first - second],
        };
        rgb.map(|value| value.clamp(0.0, 1.0))
    }
}

/// The planes of RGB, or of grey if there is no chroma, in 0..1. The error says what kind of picture it is.
pub(super) fn rgb(frame: Frame, codes: Codes) -> Result<Vec<f32>, String> {
    let (width, height) = frame.size;
    let luma = Range::luma(frame.bits[0], codes.is_full);
    if frame.chroma == Chroma::None {
        return Ok(frame.planes[0]
            .par_iter()
            .map(|value| luma.of(f32::from(*value)).clamp(0.0, 1.0))
            .collect());
    }
    let matrix = Matrix::of_code(codes.matrix)
        .filter(|matrix| frame.chroma == Chroma::Full || !matches!(matrix, Matrix::Identity))
        .ok_or_else(|| format!("with unusual colours (matrix {} of ITU-T H.273)", codes.matrix))?;
    let chroma = match matrix {
        Matrix::Identity => Range::luma(frame.bits[1], codes.is_full),
        _ => Range::chroma(frame.bits[1], codes.is_full),
    };
    let area = width * height;
    let mut planes = vec![0.0; 3 * area];
    let (red, rest) = planes.split_at_mut(area);
    let (green, blue) = rest.split_at_mut(area);
    let rows = red.par_chunks_mut(width).zip(green.par_chunks_mut(width)).zip(blue.par_chunks_mut(width));
    rows.enumerate().for_each(|(y, ((red, green), blue))| {
        let chromas = [1, 2].map(|plane| row(&frame, plane, y));
        let lumas = &frame.planes[0][y * width..(y + 1) * width];
        for (x, number) in lumas.iter().enumerate() {
            let colours = [chroma.of(chromas[0][x]), chroma.of(chromas[1][x])];
            [red[x], green[x], blue[x]] = matrix.rgb(luma.of(f32::from(*number)), colours);
        }
    });
    Ok(planes)
}

/// A plane of opacity, in a size that may differ from its own.
pub(super) fn opacity(frame: &Frame, is_full: bool, (width, height): (usize, usize)) -> Vec<f32> {
    let range = Range::luma(frame.bits[0], is_full);
    let (own, rows) = frame.size;
    let at = |x: usize, y: usize| frame.planes[0][(y * rows / height) * own + x * own / width];
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    places.map(|(x, y)| range.of(f32::from(at(x, y))).clamp(0.0, 1.0)).collect()
}

/// The chroma of a row of pixels.
fn row(frame: &Frame, plane: usize, y: usize) -> Vec<f32> {
    let (width, height) = frame.size_of(plane);
    let row = |y: usize| &frame.planes[plane][y * width..(y + 1) * width];
    let (across, down) = frame.chroma.step();
    let near = row(y / down);
    if frame.upsampling == Upsampling::Nearest {
        return (0..frame.size.0).map(|x| f32::from(near[x / across])).collect();
    }
    let column: Vec<f32> = match down {
        1 => near.iter().map(|value| f32::from(*value)).collect(),
        _ => {
            let far = row(neighbour(y, height));
            near.iter().zip(far).map(|(near, far)| between(f32::from(*near), f32::from(*far))).collect()
        }
    };
    match across {
        1 => column,
        _ => (0..frame.size.0).map(|x| between(column[x / 2], column[neighbour(x, width)])).collect(),
    }
}

/// The second nearest of the chromas at a pixel, if each stands for two pixels.
fn neighbour(at: usize, count: usize) -> usize {
    match at % 2 {
        0 => (at / 2).saturating_sub(1),
        _ => (at / 2 + 1).min(count - 1),
    }
}

fn between(near: f32, far: f32) -> f32 {
    0.75 * near + 0.25 * far
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Codes = Codes { primaries: 1, transfer: 13, matrix: 6, is_full: true };

    fn frame(size: (usize, usize), chroma: Chroma, bits: u8, planes: [Vec<u16>; 3]) -> Frame {
        Frame { size, chroma, upsampling: Upsampling::Linear, bits: [bits; 2], planes, codes: FULL }
    }

    fn one(bits: u8, numbers: [u16; 3], codes: Codes) -> Vec<f32> {
        let planes = numbers.map(|number| vec![number]);
        rgb(frame((1, 1), Chroma::Full, bits, planes), codes).unwrap()
    }

    fn close(found: &[f32], expected: &[f32], within: f32) {
        let is_close = found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= within);
        assert!(found.len() == expected.len() && is_close, "{found:?} {expected:?}");
    }

    #[test]
    fn known_colours() {
        let with = |matrix, is_full| Codes { matrix, is_full, ..FULL };
        // White, black and red of ITU-R BT.709 in the range of video (BT.709, clauses 3 and 4), rounded to 8 bits.
        close(&one(8, [235, 128, 128], with(1, false)), &[1.0; 3], 0.0);
        close(&one(10, [64, 512, 512], with(1, false)), &[0.0; 3], 0.0);
        close(&one(8, [63, 102, 240], with(1, false)), &[1.0, 0.0, 0.0], 0.005);
        // The red of JFIF is 76, 85, 255.
        close(&one(8, [76, 85, 255], with(6, true)), &[1.0, 0.0, 0.0], 0.005);
        close(&one(12, [4095, 1000, 0], with(0, true)), &[0.0, 1.0, 1000.0 / 4095.0], 1e-7);
        // ITU-T H.273, formulas (44) to (47), with Cg of -1/4 and Co of 1/2.
        close(&one(8, [64, 64, 255], with(8, true)), &[1.0, 0.0, 0.0], 0.01);
        assert!(rgb(frame((1, 1), Chroma::Full, 8, [vec![0], vec![0], vec![0]]), with(14, true)).is_err());
    }

    #[test]
    fn chroma_lies_between_its_pixels() {
        let picture = frame((4, 3), Chroma::Quarter, 8, [vec![0; 12], vec![0, 80, 40, 120], vec![0; 4]]);
        assert_eq!(row(&picture, 1, 0), [0.0, 20.0, 60.0, 80.0]);
        assert_eq!(row(&picture, 1, 1), [10.0, 30.0, 70.0, 90.0]);
        assert_eq!(row(&picture, 1, 2), [30.0, 50.0, 90.0, 110.0]);
        let nearest = Frame { upsampling: Upsampling::Nearest, ..picture };
        assert_eq!(row(&nearest, 1, 1), [0.0, 0.0, 80.0, 80.0]);
        assert_eq!(row(&nearest, 1, 2), [40.0, 40.0, 120.0, 120.0]);
        let picture = frame((3, 2), Chroma::Half, 8, [vec![0; 6], vec![0, 80, 40, 120], vec![0; 4]]);
        assert_eq!(row(&picture, 1, 0), [0.0, 20.0, 60.0]);
        assert_eq!(row(&picture, 1, 1), [40.0, 60.0, 100.0]);
    }

    #[test]
    fn opacity_has_the_size_of_the_picture() {
        let half = frame((2, 1), Chroma::None, 8, [vec![0, 255], vec![], vec![]]);
        assert_eq!(opacity(&half, true, (4, 2)), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0]);
    }
}
