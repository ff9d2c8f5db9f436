//! Crops and turns a picture as its properties say, in their order (ISO/IEC 23008-12, clause 6.5).

use heifer_isobmff::ItemId;
use heifer_isobmff::boxes::Property;
use image::metadata::Orientation;

use super::super::planes::Planes;
use super::Reader;
use crate::ImageError;

impl Reader<'_> {
    pub(super) fn upright(&self, id: ItemId, mut planes: Planes) -> Result<Planes, ImageError> {
        for property in self.properties(id)? {
            planes = match *property {
                // Counted anticlockwise.
                Property::Rotation(quarters) => planes.turned(match quarters {
                    1 => Orientation::Rotate270,
                    2 => Orientation::Rotate180,
                    3 => Orientation::Rotate90,
                    _ => Orientation::NoTransforms,
                }),
                Property::Mirror(true) => planes.turned(Orientation::FlipVertical),
                Property::Mirror(false) => planes.turned(Orientation::FlipHorizontal),
                Property::CleanAperture { width, height, horiz_offset, vert_offset } => {
                    let side = |(count, of): (u32, u32)| f64::from(count) / f64::from(of);
                    let offset = |(count, of): (i32, u32)| f64::from(count) / f64::from(of);
                    let across = aperture(planes.size.0, side(width), offset(horiz_offset));
                    let down = aperture(planes.size.1, side(height), offset(vert_offset));
                    let damaged = || self.context.damaged("it is cropped to nothing");
                    let ((left, width), (top, height)) = across.zip(down).ok_or_else(damaged)?;
                    planes.cut((left, top), (width, height))
                }
                _ => planes,
            };
        }
        Ok(planes)
    }
}

/// The start and the length of the part of a side that is shown (ISO/IEC 14496-12, clause 12.1.4). The offset is that
/// of its middle from the middle of the side.
fn aperture(side: usize, length: f64, offset: f64) -> Option<(usize, usize)> {
    let start = (offset + (side as f64 - length) / 2.0).round();
    let length = length.round();
    let is_inside = start >= 0.0 && length >= 1.0 && start + length <= side as f64;
    is_inside.then_some((start as usize, length as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aperture_is_placed_by_its_middle() {
        assert_eq!(aperture(100, 100.0, 0.0), Some((0, 100)));
        assert_eq!(aperture(100, 60.0, 0.0), Some((20, 60)));
        assert_eq!(aperture(100, 60.0, -20.0), Some((0, 60)));
        assert_eq!(aperture(101, 60.0, 0.5), Some((21, 60)));
        for (length, offset) in
            [(60.0, 21.0), (101.0, 0.0), (0.0, 0.0), (f64::NAN, 0.0), (f64::INFINITY, 0.0)]
        {
            assert_eq!(aperture(100, length, offset), None, "{length} {offset}");
        }
    }
}
