//! A file's metadata: EXIF, print size, and the recipe that made the picture.

mod budget;
mod exif;
mod xmp;

pub(crate) use exif::{Block, density_of, described, fields_for, is_little_endian};
pub(crate) use xmp::{packet, recipe_of};

/// The metadata that travels with a picture from file to file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// A block of EXIF (CIPA DC-008), without fields that are true only of one file: orientation, sizes, thumbnails,
    /// maker notes.
    pub exif: Option<Vec<u8>>,
    /// The print size.
    pub density: Option<Density>,
    /// How the picture was made: the text that a program gave to [`save`](crate::save).
    pub recipe: Option<String>,
}

/// Pixels per inch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Density {
    /// Along a row.
    pub x: f64,
    /// Along a column.
    pub y: f64,
}

/// Inches in a metre.
const INCHES: f64 = 1.0 / 0.0254;

impl Density {
    /// `None` if a printer could not have such a density.
    pub(crate) fn per_inch(x: f64, y: f64) -> Option<Self> {
        let real = |value: f64| (0.01..1e6).contains(&value);
        (real(x) && real(y)).then_some(Self { x, y })
    }

    pub(crate) fn per_metre(x: u32, y: u32) -> Option<Self> {
        // Densities per metre are rounded; people mean whole dots per inch.
        let inch = |value: u32| {
            let exact = f64::from(value) / INCHES;
            let whole = exact.round();
            if (whole * INCHES).round() == f64::from(value) { whole } else { exact }
        };
        Self::per_inch(inch(x), inch(y))
    }

    pub(crate) fn in_metres(self) -> (u32, u32) {
        ((self.x * INCHES).round() as u32, (self.y * INCHES).round() as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_dots_survive_metres() {
        for dots in [72.0, 96.0, 150.0, 240.0, 300.0, 350.0, 600.0, 1200.0] {
            let density = Density { x: dots, y: dots };
            let (x, y) = density.in_metres();
            assert_eq!(Density::per_metre(x, y), Some(density));
        }
        assert_eq!(Density::per_metre(0, 300), None);
        assert_eq!(Density::per_inch(f64::NAN, 300.0), None);
    }
}
