//! Sizes, pixel buffers, and the values beyond an image's edge.

use std::fmt;
use std::str::FromStr;

use impasto_encoder::Encoder;

use crate::EngineError;

/// Width and height in pixels or feature positions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Size {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl Size {
    /// A size of `width` columns and `height` rows.
    pub fn new(width: usize, height: usize) -> Size {
        Size { width, height }
    }

    /// Number of positions.
    pub fn area(self) -> usize {
        self.width * self.height
    }

    /// The size after a 2x2 pooling: an odd last row or column is left out.
    pub fn halved(self) -> Size {
        Size { width: self.width / 2, height: self.height / 2 }
    }
}

/// A window: the rows `y..y + size.height` and columns `x..x + size.width`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    /// First column.
    pub x: usize,
    /// First row.
    pub y: usize,
    /// Columns and rows.
    pub size: Size,
}

impl Rect {
    /// The part that two windows share; `None` if there is none.
    pub fn common(self, other: Rect) -> Option<Rect> {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let right = (self.x + self.size.width).min(other.x + other.size.width);
        let bottom = (self.y + self.size.height).min(other.y + other.size.height);
        (x < right && y < bottom).then(|| Rect { x, y, size: Size::new(right - x, bottom - y) })
    }

    /// The first column and row after the window; an error if it reaches beyond a grid.
    pub(crate) fn ends_inside(self, grid: Size) -> Result<(usize, usize), EngineError> {
        let (right, bottom) = (self.x + self.size.width, self.y + self.size.height);
        if right <= grid.width && bottom <= grid.height {
            return Ok((right, bottom));
        }
        let found = Size::new(right, bottom);
        Err(EngineError::SizesDiffer { what: "window of features", expected: grid, found })
    }
}

/// An image for an engine, or a gradient from one: planar f32 `[3, height, width]`, RGB, nominally 0..1, no alpha.
#[derive(Clone, Debug, PartialEq)]
pub struct Pixels {
    /// Width and height.
    pub size: Size,
    /// `3 * height * width` values, the red plane first, rows from top to bottom.
    pub data: Vec<f32>,
}

impl Pixels {
    /// Makes pixels from planar values; `None` unless there are exactly `3 * height * width`, and at least one pixel.
    pub fn new(size: Size, data: Vec<f32>) -> Option<Pixels> {
        (size.area() > 0 && data.len() == 3 * size.area()).then_some(Pixels { size, data })
    }
}

/// One value per pixel, `[height, width]`: position weights of a region or mask, 0 or more.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// Width and height.
    pub size: Size,
    /// Row-major values.
    pub data: Vec<f32>,
}

impl Plane {
    /// The mean over 2x2 windows, which is the weight on the grid of the next block.
    pub fn halved(&self) -> Plane {
        let size = self.size.halved();
        let at = |x: usize, y: usize| self.data[y * self.size.width + x];
        let data = (0..size.area())
            .map(|i| {
                let (x, y) = (2 * (i % size.width), 2 * (i / size.width));
                0.25 * (at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1))
            })
            .collect();
        Plane { size, data }
    }
}

/// The values that convolutions read beyond a true edge of the image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Padding {
    /// Zeros, at every convolution: VGG was trained with this.
    #[default]
    Zero,
    /// The nearest pixel at conv1_1, zeros at the others: reduces edge artefacts.
    ReplicateFirst,
    /// The opposite side, at every convolution: gives seamless pictures.
    Wrap,
}

impl Padding {
    /// All kinds.
    pub const ALL: &'static [Padding] = &[Padding::Zero, Padding::ReplicateFirst, Padding::Wrap];

    /// The padding that an encoder was trained with, by its metadata's `padding`, if it is one of these. Otherwise
    /// zero, which all published networks were trained with, except AdaIN's; its reflection at every layer is not
    /// supported here.
    pub fn trained(encoder: &Encoder) -> Padding {
        let named = encoder.provenance().metadata.get("padding");
        Padding::ALL
            .iter()
            .copied()
            .find(|kind| named.is_some_and(|name| *name == kind.to_string()))
            .unwrap_or_default()
    }
}

impl fmt::Display for Padding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Padding::Zero => "zero",
            Padding::ReplicateFirst => "replicate-first",
            Padding::Wrap => "wrap",
        })
    }
}

impl FromStr for Padding {
    type Err = String;

    fn from_str(name: &str) -> Result<Padding, String> {
        let known = [Padding::Zero, Padding::ReplicateFirst, Padding::Wrap];
        let found = known.into_iter().find(|padding| padding.to_string() == name);
        found.ok_or_else(|| format!("expected zero, replicate-first or wrap, found {name}"))
    }
}

/// Which sides of an image are true edges. A tile's inner sides are not: its margin holds the neighbours' pixels.
/// Beyond them convolutions read zeros, and values that depend on these must not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edges {
    /// The first row is the image's first.
    pub top: bool,
    /// The last row is the image's last.
    pub bottom: bool,
    /// The first column is the image's first.
    pub left: bool,
    /// The last column is the image's last.
    pub right: bool,
}

impl Default for Edges {
    /// A whole image: all sides are true edges.
    fn default() -> Edges {
        Edges { top: true, bottom: true, left: true, right: true }
    }
}

/// The value one step beyond a true edge.
#[derive(Clone, Copy, Debug)]
enum Beyond {
    Zero,
    Nearest,
    Opposite,
    /// The mirror image, without the edge itself. It has no derivative: only decoders and their encoders run with it.
    Mirror,
}

/// Tells where a convolution reads when it goes beyond the ends of an axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Border {
    beyond: Beyond,
    length: usize,
    /// Whether the low and the high end of the axis are true edges.
    ends: (bool, bool),
}

impl Border {
    /// The borders of the columns and of the rows of a layer's input.
    pub(crate) fn of_layer(padding: Padding, conv: usize, size: Size, edges: Edges) -> (Border, Border) {
        let beyond = match padding {
            Padding::Zero => Beyond::Zero,
            Padding::ReplicateFirst if conv == 0 => Beyond::Nearest,
            Padding::ReplicateFirst => Beyond::Zero,
            Padding::Wrap => Beyond::Opposite,
        };
        let border = |length, ends| Border { beyond, length, ends };
        (border(size.width, (edges.left, edges.right)), border(size.height, (edges.top, edges.bottom)))
    }

    /// The borders of a layer whose input is reflected at all its edges.
    pub(crate) fn mirrored(size: Size) -> (Border, Border) {
        let border = |length| Border { beyond: Beyond::Mirror, length, ends: (true, true) };
        (border(size.width), border(size.height))
    }

    /// The border of the transposed convolution: values read beyond one end return beyond the other.
    pub(crate) fn transposed(self) -> Border {
        Border { ends: (self.ends.1, self.ends.0), ..self }
    }

    /// The index that replaces position `at`, or `None` for zero. A convolution reads only one step beyond the axis;
    /// further out (in the overhang of a Winograd tile) the value is zero.
    pub(crate) fn source(self, at: isize) -> Option<usize> {
        let last = self.length as isize - 1;
        if (0..=last).contains(&at) {
            return Some(at as usize);
        }
        let true_edge = if at < 0 { self.ends.0 } else { self.ends.1 };
        if !true_edge || at < -1 || at > last + 1 {
            return None;
        }
        match self.beyond {
            Beyond::Zero => None,
            Beyond::Nearest => Some(at.clamp(0, last) as usize),
            Beyond::Opposite => Some(at.rem_euclid(last + 1) as usize),
            Beyond::Mirror => Some((if at < 0 { -at } else { 2 * last - at }).clamp(0, last) as usize),
        }
    }
}
