//! Draws the sheet: pictures in rows and columns, with the values above them.

use std::convert::Infallible;

use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::iso_8859_1::FONT_10X20;
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::prelude::*;
use embedded_graphics::text::{Baseline, Text};
use impasto::Picture;

/// Pixels around each picture.
const GAP: usize = 8;

/// Height of a line of text in pixels.
const LINE: usize = 28;

/// Grey values of the text and of the background.
const INK: f32 = 0.1;
const PAPER: f32 = 0.97;

/// Returns the size of a sheet of pictures of one size, with this number of pictures across and of labelled rows.
/// With 0 rows there is one row without a label.
pub(super) fn size((width, height): (usize, usize), across: usize, rows: usize) -> (usize, usize) {
    let step = height + GAP + if rows == 0 { 0 } else { LINE };
    (GAP + across * (width + GAP), GAP + LINE + rows.max(1) * step)
}

/// Returns the place of a picture from the left and from the top, by its column and its row.
pub(super) fn place(
    (width, height): (usize, usize),
    (column, row): (usize, usize),
    rows: usize,
) -> (usize, usize) {
    let below = if rows == 0 { 0 } else { LINE };
    (GAP + column * (width + GAP), GAP + LINE + row * (height + GAP + below) + below)
}

/// Draws pictures of one size row by row, with a label above each column, and above each row if there are several.
/// There may be fewer pictures than places.
pub(super) fn sheet(
    pictures: &[Picture],
    (width, height): (usize, usize),
    columns: &[String],
    rows: &[String],
) -> Picture {
    let step = (width + GAP, height + GAP + if rows.is_empty() { 0 } else { LINE });
    let (wide, high) = size((width, height), columns.len(), rows.len());
    let mut canvas = Canvas(Picture::filled(wide, high, [PAPER; 3]));
    for (column, label) in columns.iter().enumerate() {
        canvas.write(label, (GAP + column * step.0, GAP), width);
    }
    let top = |row: usize| GAP + LINE + row * step.1;
    for (row, label) in rows.iter().enumerate() {
        canvas.write(label, (GAP, top(row)), columns.len() * step.0 - GAP);
    }
    for (at, picture) in pictures.iter().enumerate() {
        let (row, column) = (at / columns.len(), at % columns.len());
        canvas.0.put(picture, place((width, height), (column, row), rows.len()));
    }
    canvas.0
}

struct Canvas(Picture);

impl Canvas {
    /// Writes a line of text, cut off if it is too long.
    fn write(&mut self, text: &str, (left, top): (usize, usize), width: usize) {
        let room = width / FONT_10X20.character_size.width as usize;
        let shown: String = if text.chars().count() > room {
            text.chars().take(room.saturating_sub(1)).chain(['~']).collect()
        } else {
            text.to_owned()
        };
        let style = MonoTextStyle::new(&FONT_10X20, BinaryColor::On);
        let place = Point::new(left as i32, top as i32);
        // Drawing on a picture cannot fail.
        let Ok(_) = Text::with_baseline(&shown, place, style, Baseline::Top).draw(self);
    }
}

impl OriginDimensions for Canvas {
    fn size(&self) -> Size {
        Size::new(self.0.width() as u32, self.0.height() as u32)
    }
}

impl DrawTarget for Canvas {
    type Color = BinaryColor;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<BinaryColor>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        let (width, height) = self.0.size();
        for Pixel(Point { x, y }, colour) in pixels {
            let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { continue };
            if colour.is_on() && x < width && y < height {
                (0..3).for_each(|plane| self.0.rgb_mut()[(plane * height + y) * width + x] = INK);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_stand_under_their_labels() {
        let picture = |value: f32| Picture::filled(60, 40, [value; 3]);
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let (columns, rows) =
            (names(&["a 1", "a 2"]), names(&["b 1", "b a very long label that has no room"]));
        let sheet = sheet(&[picture(0.3), picture(0.4), picture(0.5)], (60, 40), &columns, &rows);
        assert_eq!(sheet.size(), (8 + 2 * 68, 8 + 28 + 2 * (48 + 28)));
        let at = |x: usize, y: usize| sheet.rgb()[y * sheet.width() + x];
        let first = 8 + 28 + 28;
        assert_eq!((at(8, first), at(76, first), at(8, first + 76)), (0.3, 0.4, 0.5));
        // The fourth picture was not made.
        assert_eq!(at(76, first + 76), PAPER);
        let ink = |x: std::ops::Range<usize>, y: std::ops::Range<usize>| {
            y.flat_map(|y| x.clone().map(move |x| (x, y))).filter(|(x, y)| at(*x, *y) == INK).count()
        };
        assert!(ink(8..68, 8..30) > 10 && ink(76..136, 8..30) > 10 && ink(8..144, 36..60) > 10);
        assert!(ink(0..144, 0..8) == 0);
    }
}
