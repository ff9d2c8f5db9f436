//! Decoded pictures as both codecs give them: planes of whole numbers, mostly a luma and two chromas.

use crate::Depth;
use crate::colour::Model;

/// Code points of ITU-T H.273, and the range of the numbers. 2 is "unspecified".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Codes {
    pub(super) primaries: u16,
    pub(super) transfer: u16,
    pub(super) matrix: u16,
    /// Whether the numbers have all values, not only those of video.
    pub(super) is_full: bool,
}

/// The chroma of a picture: how often there is one for the pixels of a row, and for those of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chroma {
    /// 4:0:0.
    None,
    /// 4:2:0.
    Quarter,
    /// 4:2:2.
    Half,
    /// 4:4:4.
    Full,
}

impl Chroma {
    /// Pixels across and down for one chroma.
    pub(super) fn step(self) -> (usize, usize) {
        match self {
            Chroma::Quarter => (2, 2),
            Chroma::Half => (2, 1),
            Chroma::None | Chroma::Full => (1, 1),
        }
    }

    /// The size of a plane of chroma for a size of luma.
    pub(super) fn size(self, (width, height): (usize, usize)) -> (usize, usize) {
        match (self, self.step()) {
            (Chroma::None, _) => (0, 0),
            (_, (across, down)) => (width.div_ceil(across), height.div_ceil(down)),
        }
    }
}

/// The chroma of a pixel, where one chroma stands for several pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Upsampling {
    /// The chroma that stands for the pixel.
    #[cfg_attr(not(feature = "heic"), allow(dead_code))]
    Nearest,
    /// Interpolated linearly between the middles of the pixels that chromas stand for.
    #[cfg_attr(not(feature = "avif"), allow(dead_code))]
    Linear,
}

/// A decoded picture.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Frame {
    /// Width and height of luma.
    pub(super) size: (usize, usize),
    pub(super) chroma: Chroma,
    pub(super) upsampling: Upsampling,
    /// Bits of luma and of chroma.
    pub(super) bits: [u8; 2],
    /// Luma and two chromas, in their sizes.
    pub(super) planes: [Vec<u16>; 3],
    /// The code points that the coded picture states.
    pub(super) codes: Codes,
}

impl Frame {
    /// An empty picture of a size, like another.
    pub(super) fn like(other: &Frame, size: (usize, usize)) -> Frame {
        let (width, height) = other.chroma.size(size);
        let chroma = vec![0; width * height];
        let planes = [vec![0; size.0 * size.1], chroma.clone(), chroma];
        Frame {
            size,
            chroma: other.chroma,
            upsampling: other.upsampling,
            bits: other.bits,
            planes,
            codes: other.codes,
        }
    }

    pub(super) fn depth(&self) -> Depth {
        if self.bits.iter().any(|bits| *bits > 8) { Depth::Sixteen } else { Depth::Eight }
    }

    pub(super) fn model(&self) -> Model {
        if self.chroma == Chroma::None { Model::Grey } else { Model::Rgb }
    }

    /// The width and the height of a plane.
    pub(super) fn size_of(&self, plane: usize) -> (usize, usize) {
        if plane == 0 { self.size } else { self.chroma.size(self.size) }
    }

    /// The upper left part of a size; `None` if the picture is smaller.
    pub(super) fn cut(self, size: (usize, usize)) -> Option<Frame> {
        if size == self.size {
            return Some(self);
        }
        if size.0 > self.size.0 || size.1 > self.size.1 {
            return None;
        }
        let mut part = Frame::like(&self, size);
        part.put(&self, (0, 0));
        Some(part)
    }

    /// Copies another picture over this one, with its upper left corner at a place. What is beyond the edges is cut
    /// off. The place must be one of a chroma.
    pub(super) fn put(&mut self, other: &Frame, (left, top): (usize, usize)) {
        for plane in 0..3 {
            let (across, down) = if plane == 0 { (1, 1) } else { self.chroma.step() };
            let (left, top) = (left / across, top / down);
            let ((width, height), (from, rows)) = (self.size_of(plane), other.size_of(plane));
            let (wide, high) = (from.min(width.saturating_sub(left)), rows.min(height.saturating_sub(top)));
            for y in 0..high {
                let to = (top + y) * width + left;
                self.planes[plane][to..to + wide]
                    .copy_from_slice(&other.planes[plane][y * from..y * from + wide]);
            }
        }
    }
}
