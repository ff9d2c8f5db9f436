//! Chooses the page of a TIFF file that is the picture, and checks how it is stored before anything is allocated.

use super::directory::{Directory, tag};

/// How the numbers of a page are meant (TIFF 6.0, section 8 and later ones).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Photometric {
    WhiteIsZero,
    BlackIsZero,
    Rgb,
    Palette,
    Inks,
    YCbCr,
    /// L*a*b* with signed a* and b*.
    CieLab,
    /// L*a*b* as ICC profiles have it.
    IccLab,
}

/// The type of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Whole,
    Float,
}

/// A page as it is stored.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) photometric: Photometric,
    pub(super) bits: u32,
    pub(super) format: Format,
    /// Numbers of a pixel.
    pub(super) samples: usize,
    /// Index of the number that is opacity, and whether colours are multiplied with it.
    pub(super) alpha: Option<(usize, bool)>,
    pub(super) compression: u64,
    pub(super) predictor: u64,
    /// Whether the bits of each byte are reversed.
    pub(super) is_reversed: bool,
    /// Whether each channel is stored by itself.
    pub(super) is_planar: bool,
    pub(super) is_tiled: bool,
    /// Size of a strip or tile.
    pub(super) chunk: (usize, usize),
    /// Position and bytes of each strip or tile.
    pub(super) chunks: Vec<(usize, usize)>,
}

/// Why a page is not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    CameraRaw,
    /// A sound file of a kind that is not read; its name.
    Unusual(String),
    /// The reason.
    Damaged(String),
}

fn damaged<T>(reason: impl Into<String>) -> Result<T, Unread> {
    Err(Unread::Damaged(reason.into()))
}

fn unusual<T>(name: impl Into<String>) -> Result<T, Unread> {
    Err(Unread::Unusual(name.into()))
}

/// A camera's mosaic, and the ways in which cameras pack it.
fn is_raw(directory: &Directory) -> bool {
    const MOSAIC: [u64; 2] = [32803, 34892];
    const OF_CAMERAS: [u64; 7] = [32767, 32769, 32770, 34713, 34892, 65000, 65535];
    let is_one_of = |tag, known: &[u64]| directory.number(tag).is_some_and(|found| known.contains(&found));
    directory.has(tag::DNG_VERSION)
        || is_one_of(tag::PHOTOMETRIC, &MOSAIC)
        || is_one_of(tag::COMPRESSION, &OF_CAMERAS)
}

/// The index of the largest page of full resolution, and the number of such pages. A page marked as reduced or as a
/// mask is taken only where there is no other.
pub(super) fn choose(directories: &[Directory]) -> Result<(usize, usize), Unread> {
    /// Bits of the tag: a reduced picture, a mask.
    const REDUCED_OR_MASK: u64 = 1 | 4;
    if directories.iter().any(|one| is_raw(one) || one.children().iter().any(is_raw)) {
        return Err(Unread::CameraRaw);
    }
    let area = |one: &Directory| {
        one.number(tag::WIDTH).unwrap_or(0).saturating_mul(one.number(tag::HEIGHT).unwrap_or(0))
    };
    let full = |one: &Directory| one.number(tag::SUBFILE).unwrap_or(0) & REDUCED_OR_MASK == 0;
    let pages: Vec<usize> = (0..directories.len()).filter(|index| full(&directories[*index])).collect();
    let pages = if pages.is_empty() { (0..directories.len()).collect() } else { pages };
    // The first of the largest.
    let largest = pages.iter().rev().max_by_key(|index| area(&directories[**index]));
    largest.map(|index| (*index, pages.len())).map_or_else(|| damaged("it has no directory"), Ok)
}

impl Page {
    /// Reads the description of a page. [`place`](Page::place) finds its strips or tiles.
    pub(super) fn of(directory: &Directory) -> Result<Page, Unread> {
        let small = |tag: u16, usual: u64| -> Result<usize, Unread> {
            let found = directory.number(tag).unwrap_or(usual);
            usize::try_from(found).or_else(|_| damaged("it has numbers of unusual size"))
        };
        let (width, height) = (small(tag::WIDTH, 0)?, small(tag::HEIGHT, 0)?);
        if width == 0 || height == 0 {
            return damaged("it has no pixels");
        }
        let samples = small(tag::SAMPLES, 1)?;
        if !(1..=64).contains(&samples) {
            return damaged(format!("it has {samples} numbers for a pixel"));
        }
        let photometric = photometric(directory)?;
        let (bits, format) = numbers(directory)?;
        let alpha = alpha(directory, photometric, samples)?;
        let planar = directory.number(tag::PLANAR).unwrap_or(1);
        Ok(Page {
            width,
            height,
            photometric,
            bits,
            format,
            samples,
            alpha,
            compression: directory.number(tag::COMPRESSION).unwrap_or(1),
            predictor: directory.number(tag::PREDICTOR).unwrap_or(1),
            is_reversed: directory.number(tag::FILL_ORDER) == Some(2),
            is_planar: planar == 2 && samples > 1,
            is_tiled: directory.has(tag::TILE_OFFSETS),
            chunk: (width, height),
            chunks: Vec::new(),
        })
    }

    /// Finds the strips or tiles.
    pub(super) fn place(&mut self, directory: &Directory) -> Result<(), Unread> {
        let list = |tag: u16| -> Result<Vec<u64>, Unread> {
            directory.numbers(tag).map_or_else(|| damaged("it does not say where its pixels are"), Ok)
        };
        let side = |tag: u16, usual: usize| -> usize {
            directory.number(tag).map_or(usual, |found| usize::try_from(found).unwrap_or(usize::MAX))
        };
        let (at, bytes) = match (self.is_tiled, directory.number(tag::OLD_JPEG), self.compression) {
            // Old files name a whole JPEG stream beside the strips, which are parts of it.
            (_, Some(at), 6) => {
                let rest = (directory.file().length() as u64).saturating_sub(at);
                (vec![at], vec![directory.number(tag::OLD_JPEG_BYTES).unwrap_or(rest)])
            }
            (true, ..) => {
                let chunk = (side(tag::TILE_WIDTH, 0), side(tag::TILE_HEIGHT, 0));
                if chunk.0 == 0 || chunk.1 == 0 || chunk.0.max(chunk.1) > 1 << 16 {
                    return damaged("its tiles have no usual size");
                }
                self.chunk = chunk;
                (list(tag::TILE_OFFSETS)?, list(tag::TILE_BYTES)?)
            }
            (false, ..) => {
                self.chunk.1 = side(tag::ROWS_PER_STRIP, self.height).min(self.height);
                if self.chunk.1 == 0 {
                    return damaged("its strips have no rows");
                }
                let at = list(tag::STRIP_OFFSETS)?;
                // Very old files leave out the sizes; what is not packed has a known one.
                let bytes = match directory.numbers(tag::STRIP_BYTES) {
                    Some(bytes) => bytes,
                    None if self.compression == 1 => vec![self.bytes_of_chunk() as u64; at.len()],
                    None => return damaged("its strips have no sizes"),
                };
                (at, bytes)
            }
        };
        let planes = if self.is_planar { self.samples } else { 1 };
        let expected = self.across() * self.down() * planes;
        if at.len() < expected || bytes.len() < expected {
            return damaged(format!("it has {} of {expected} strips or tiles", at.len().min(bytes.len())));
        }
        let position = |(at, bytes): (u64, u64)| (at as usize, bytes as usize);
        self.chunks = at.into_iter().zip(bytes).take(expected).map(position).collect();
        Ok(())
    }

    pub(super) fn is_jpeg(&self) -> bool {
        matches!(self.compression, 6 | 7)
    }

    /// Strips or tiles in a row of them.
    pub(super) fn across(&self) -> usize {
        self.width.div_ceil(self.chunk.0)
    }

    fn down(&self) -> usize {
        self.height.div_ceil(self.chunk.1)
    }

    /// Numbers of a pixel in a strip or tile.
    pub(super) fn samples_of_chunk(&self) -> usize {
        if self.is_planar { 1 } else { self.samples }
    }

    /// Bytes of a row of a strip or tile.
    pub(super) fn bytes_of_row(&self) -> usize {
        (self.chunk.0 * self.samples_of_chunk() * self.bits as usize).div_ceil(8)
    }

    fn bytes_of_chunk(&self) -> usize {
        self.bytes_of_row().saturating_mul(self.chunk.1)
    }
}

fn photometric(directory: &Directory) -> Result<Photometric, Unread> {
    let found = directory.number(tag::PHOTOMETRIC);
    Ok(match found {
        Some(0) => Photometric::WhiteIsZero,
        // A mask is a picture of black and white, if there is nothing else.
        Some(1 | 4) => Photometric::BlackIsZero,
        Some(2) => Photometric::Rgb,
        Some(3) => Photometric::Palette,
        Some(5) if directory.number(tag::INK_SET).unwrap_or(1) == 1 => Photometric::Inks,
        Some(5) => return unusual("a TIFF file in inks other than cyan, magenta, yellow and black"),
        Some(6) => Photometric::YCbCr,
        Some(8) => Photometric::CieLab,
        Some(9) => Photometric::IccLab,
        Some(10) => return unusual("a TIFF file in ITU L*a*b*"),
        Some(32844 | 32845) => return unusual("a TIFF file in LogLuv"),
        Some(number) => return damaged(format!("its kind of colours, {number}, is unknown")),
        None if directory.number(tag::SAMPLES).unwrap_or(1) >= 3 => Photometric::Rgb,
        None => Photometric::BlackIsZero,
    })
}

fn numbers(directory: &Directory) -> Result<(u32, Format), Unread> {
    let bits = directory.numbers(tag::BITS).unwrap_or_else(|| vec![1]);
    let formats = directory.numbers(tag::FORMAT).unwrap_or_else(|| vec![1]);
    let all_same = |numbers: &[u64]| numbers.iter().all(|number| *number == numbers[0]);
    if bits.is_empty() || formats.is_empty() {
        return damaged("its numbers have no size");
    }
    if !all_same(&bits) || !all_same(&formats) {
        return unusual("a TIFF file whose channels have different numbers of bits");
    }
    match (formats[0], bits[0]) {
        // 4 says that the type is unknown, which libraries take for whole numbers.
        (1 | 4, bits @ 1..=32) => Ok((bits as u32, Format::Whole)),
        (3, bits @ (16 | 32 | 64)) => Ok((bits as u32, Format::Float)),
        (2, _) => unusual("a TIFF file of signed whole numbers"),
        (5 | 6, _) => unusual("a TIFF file of complex numbers"),
        (_, bits) => unusual(format!("a TIFF file of numbers of {bits} bits")),
    }
}

/// The number that is opacity.
fn alpha(
    directory: &Directory,
    photometric: Photometric,
    samples: usize,
) -> Result<Option<(usize, bool)>, Unread> {
    let colours = photometric.channels();
    if samples < colours {
        return damaged(format!("it has {samples} numbers for a pixel, expected {colours}"));
    }
    Ok(match directory.numbers(tag::EXTRA) {
        Some(extra) => extra
            .iter()
            .take(samples - colours)
            .enumerate()
            .find_map(|(index, kind)| matches!(kind, 1 | 2).then_some((colours + index, *kind == 1))),
        // Some writers do not say that the fourth number is opacity.
        None if photometric == Photometric::Rgb && samples == 4 => Some((3, false)),
        None => None,
    })
}

impl Photometric {
    /// Numbers of a colour in the file.
    pub(super) fn channels(self) -> usize {
        match self {
            Photometric::WhiteIsZero | Photometric::BlackIsZero | Photometric::Palette => 1,
            Photometric::Inks => 4,
            Photometric::Rgb | Photometric::YCbCr | Photometric::CieLab | Photometric::IccLab => 3,
        }
    }
}
