//! Converts the numbers of a TIFF page to colours: palettes, YCbCr, and both kinds of L*a*b*.

use super::directory::{Directory, tag};
use super::page::{Photometric, Unread};
use crate::colour::Model;

/// A palette: red, green and blue of each code, in 0..1.
pub(super) struct Palette {
    colours: Vec<[f32; 3]>,
    /// Whether 8 bits are enough for it.
    pub(super) is_eight_bit: bool,
}

impl Palette {
    pub(super) fn of(directory: &Directory, bits: u32) -> Result<Palette, Unread> {
        let map = directory.numbers(tag::COLOUR_MAP).unwrap_or_default();
        let count = 1usize << bits.min(16);
        if map.len() < 3 * count {
            return Err(Unread::Damaged("its palette is incomplete".into()));
        }
        // The numbers have 16 bits. Some writers store bytes, and some leave the lower byte of two at 0.
        let all = |is: fn(u64) -> bool| map.iter().all(|value| is(*value));
        let (white, is_eight_bit) = match () {
            () if all(|value| value < 256) => (255.0, true),
            () if all(|value| value & 255 == 0) => (65280.0, true),
            () => (65535.0, all(|value| value & 255 == value >> 8)),
        };
        let colour = |code: usize| [0, 1, 2].map(|channel| map[channel * count + code] as f32 / white);
        Ok(Palette { colours: (0..count).map(colour).collect(), is_eight_bit })
    }

    pub(super) fn colour(&self, code: u32) -> [f32; 3] {
        self.colours.get(code as usize).copied().unwrap_or_default()
    }
}

/// The constants of YCbCr (TIFF 6.0, section 21).
struct YCbCr {
    /// The shares of red, green and blue in Y.
    shares: [f64; 3],
    /// Black and white of Y; middle and end of Cb, and of Cr.
    reference: [f64; 6],
}

impl YCbCr {
    fn of(directory: &Directory, is_jpeg: bool) -> YCbCr {
        let known = |tag: u16| directory.fractions(tag).filter(|_| !is_jpeg);
        let shares = known(tag::YCC_FACTORS).and_then(|found| found.try_into().ok());
        let reference = known(tag::REFERENCE).and_then(|found| found.try_into().ok());
        let sound = |shares: &[f64; 3]| shares.iter().all(|share| *share > 0.0);
        let wide = |reference: &[f64; 6]| reference.chunks_exact(2).all(|pair| pair[1] > pair[0]);
        YCbCr {
            shares: shares.filter(sound).unwrap_or([0.299, 0.587, 0.114]),
            reference: reference.filter(wide).unwrap_or([0.0, 255.0, 128.0, 255.0, 128.0, 255.0]),
        }
    }

    fn rgb(&self, ycc: [f32; 3]) -> [f32; 3] {
        let [red, green, blue] = self.shares;
        let [black, white, middle_b, end_b, middle_r, end_r] = self.reference;
        let [y, cb, cr] = ycc.map(|value| f64::from(value) * 255.0);
        let y = (y - black) / (white - black);
        let cb = (cb - middle_b) / (end_b - middle_b) * 127.0 / 255.0;
        let cr = (cr - middle_r) / (end_r - middle_r) * 127.0 / 255.0;
        let (r, b) = (y + cr * (2.0 - 2.0 * red), y + cb * (2.0 - 2.0 * blue));
        [r, (y - blue * b - red * r) / green, b].map(|value| value.clamp(0.0, 1.0) as f32)
    }
}

/// The model that [`convert`] converts to.
pub(super) fn model(photometric: Photometric) -> Model {
    match photometric {
        Photometric::WhiteIsZero | Photometric::BlackIsZero => Model::Grey,
        Photometric::Rgb | Photometric::Palette | Photometric::YCbCr => Model::Rgb,
        Photometric::Inks => Model::Cmyk,
        Photometric::CieLab | Photometric::IccLab => Model::Lab,
    }
}

/// Converts planes of stored numbers in 0..1 to the numbers of the model.
pub(super) fn convert(
    directory: &Directory,
    photometric: Photometric,
    (bits, is_jpeg): (u32, bool),
    planes: &mut [f32],
) {
    match photometric {
        Photometric::WhiteIsZero => planes.iter_mut().for_each(|value| *value = 1.0 - *value),
        Photometric::YCbCr => {
            let to_rgb = YCbCr::of(directory, is_jpeg);
            each_pixel(planes, |ycc| to_rgb.rgb(ycc));
        }
        // The signs of a* and b* are their highest bits.
        Photometric::CieLab if bits == 8 => each_pixel(planes, |[l, a, b]| {
            let moved = |value: f32| ((value * 255.0).round() as u8 ^ 128) as f32 / 255.0;
            [l, moved(a), moved(b)]
        }),
        Photometric::CieLab => each_pixel(planes, |[l, a, b]| {
            let moved = |value: f32| f32::from((value * 65535.0).round() as u16 ^ 0x8000) / 256.0 / 255.0;
            [l, moved(a), moved(b)]
        }),
        // 100 and 127 + 255/256 are at ff00 (ICC.1, clause 6.3.4.2).
        Photometric::IccLab if bits == 16 => {
            planes.iter_mut().for_each(|value| *value *= 65535.0 / 65280.0);
        }
        _ => {}
    }
}

fn each_pixel(planes: &mut [f32], change: impl Fn([f32; 3]) -> [f32; 3]) {
    let (first, rest) = planes.split_at_mut(planes.len() / 3);
    let (second, third) = rest.split_at_mut(first.len());
    for ((a, b), c) in first.iter_mut().zip(second).zip(third) {
        [*a, *b, *c] = change([*a, *b, *c]);
    }
}

/// Spreads the blocks of subsampled YCbCr, which hold `across` x `down` values of Y and one of each of the others, to
/// rows of pixels. `blocks` has one row of blocks; `to` receives `down` rows of `width` pixels.
pub(super) fn spread(blocks: &[u8], (across, down): (usize, usize), width: usize, to: &mut [u8]) {
    for (index, block) in blocks.chunks_exact(across * down + 2).enumerate() {
        let (cb, cr) = (block[across * down], block[across * down + 1]);
        for (at, y) in block[..across * down].iter().enumerate() {
            let (x, row) = (index * across + at % across, at / across);
            if x < width {
                to[3 * (row * width + x)..][..3].copy_from_slice(&[*y, cb, cr]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_black_and_red_of_ycbcr() {
        let usual =
            YCbCr { shares: [0.299, 0.587, 0.114], reference: [0.0, 255.0, 128.0, 255.0, 128.0, 255.0] };
        let middle = 128.0 / 255.0;
        for grey in [0.0, 1.0] {
            // The shares do not add up to 1 in binary.
            let found = usual.rgb([grey, middle, middle]);
            assert!(found.iter().all(|value| (value - grey).abs() < 1e-6), "{found:?}");
        }
        // JFIF: red is 76, 85, 255.
        let red = usual.rgb([76.0 / 255.0, 85.0 / 255.0, 1.0]);
        assert!((red[0] - 1.0).abs() < 0.01 && red[1] < 0.01 && red[2] < 0.01, "{red:?}");
    }

    #[test]
    fn blocks_are_spread() {
        let mut to = [0; 18];
        spread(&[1, 2, 4, 5, 7, 8, 3, 9, 6, 9, 17, 18], (2, 2), 3, &mut to);
        assert_eq!(to, [1, 7, 8, 2, 7, 8, 3, 17, 18, 4, 7, 8, 5, 7, 8, 6, 17, 18]);
    }
}
