//! The primaries of light in files that state them (OpenEXR), and of our spaces.

use moxcms::{Chromaticity, ColorPrimaries, ColorProfile, XyY};

use crate::Space;
use crate::colour::Conversion;
use crate::profile::space_of_light;

/// Coordinates in the CIE 1931 xy diagram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Primaries {
    pub(crate) red: (f32, f32),
    pub(crate) green: (f32, f32),
    pub(crate) blue: (f32, f32),
    pub(crate) white: (f32, f32),
}

/// D65.
const WHITE: (f32, f32) = (0.3127, 0.3290);

/// Primaries closer than this are equal: files give four digits.
const SAME: f32 = 1e-3;

impl Primaries {
    /// ITU-R BT.709, the default of files without primaries.
    pub(crate) const SRGB: Primaries =
        Primaries { red: (0.64, 0.33), green: (0.30, 0.60), blue: (0.15, 0.06), white: WHITE };

    /// SMPTE RP 431-2, with the white of sRGB.
    const DISPLAY_P3: Primaries =
        Primaries { red: (0.680, 0.320), green: (0.265, 0.690), blue: (0.150, 0.060), white: WHITE };

    /// The primaries of a space.
    pub(crate) fn of(space: Space) -> Primaries {
        match space {
            Space::Srgb => Primaries::SRGB,
            Space::DisplayP3 => Primaries::DISPLAY_P3,
        }
    }

    fn places(&self) -> [(f32, f32); 4] {
        [self.red, self.green, self.blue, self.white]
    }

    fn is(&self, other: Primaries) -> bool {
        let near = |(a, b): (&(f32, f32), &(f32, f32))| (a.0 - b.0).abs() < SAME && (a.1 - b.1).abs() < SAME;
        self.places().iter().zip(&other.places()).all(near)
    }

    /// The conversion for light with these primaries, and the space of the result. Invalid primaries are ignored.
    pub(crate) fn reading(&self) -> (Conversion, Space) {
        let known = [Space::Srgb, Space::DisplayP3].into_iter().find(|space| self.is(Primaries::of(*space)));
        if let Some(space) = known {
            return (Conversion::Encode(None), space);
        }
        let place = |(x, y): (f32, f32)| Chromaticity::new(x, y);
        let (x, y) = self.white;
        let mut profile = ColorProfile::new_srgb();
        profile.update_rgb_colorimetry(
            XyY::new(f64::from(x), f64::from(y), 1.0),
            ColorPrimaries { red: place(self.red), green: place(self.green), blue: place(self.blue) },
        );
        let space = space_of_light(&profile);
        let matrix = profile.transform_matrix(&space.profile());
        // White must stay white; collinear or nonsensical primaries fail this.
        let keeps_white = |row: &[f64; 3]| (row.iter().sum::<f64>() - 1.0).abs() < 0.01;
        match matrix.v.iter().all(keeps_white) {
            true => (Conversion::Encode(Some(matrix)), space),
            false => (Conversion::Encode(None), Space::Srgb),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::colour::Model;
    use crate::curve::decode;

    #[test]
    fn known_primaries_need_no_matrix() {
        for space in [Space::Srgb, Space::DisplayP3] {
            let (conversion, found) = Primaries::of(space).reading();
            assert!(matches!(conversion, Conversion::Encode(None)) && found == space);
        }
        let nonsense = Primaries { red: (0.3, 0.3), green: (0.3, 0.3), blue: (0.3, 0.3), white: (0.0, 0.0) };
        assert!(matches!(nonsense.reading(), (Conversion::Encode(None), Space::Srgb)));
    }

    #[test]
    fn others_are_brought_to_a_space() {
        // ITU-R BT.2020. Its matrix to BT.709 (ITU-R BT.2087) gives its green as (-0.5876, 1.1329, -0.1006).
        let wide =
            Primaries { red: (0.708, 0.292), green: (0.170, 0.797), blue: (0.131, 0.046), white: WHITE };
        let (conversion, space) = wide.reading();
        assert_eq!(space, Space::DisplayP3);
        let white = conversion.apply(Model::Rgb, vec![1.0; 3]);
        assert!(white.iter().all(|value| (value - 1.0).abs() < 1e-4), "{white:?}");
        let green: Vec<f32> =
            conversion.apply(Model::Rgb, vec![0.0, 1.0, 0.0]).into_iter().map(decode).collect();
        // From P3 to sRGB (CSS Color 4), row by row.
        let rows = [[1.2249, -0.2249, 0.0], [-0.0420, 1.0420, 0.0], [-0.0196, -0.0786, 1.0983]];
        let srgb = rows.map(|row| row.iter().zip(&green).map(|(m, x)| m * x).sum::<f32>());
        for (found, known) in srgb.iter().zip([-0.5876, 1.1329, -0.1006]) {
            assert!((found - known).abs() < 2e-3, "{srgb:?}");
        }
    }
}
