//! The primaries of light in files that state them (OpenEXR, PNG), and of our spaces.

use moxcms::{Chromaticity, ColorPrimaries, ColorProfile, Matrix3d, XyY};

use crate::Space;
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

    /// The primaries by their code in ITU-T H.273, table 2; `None` for unknown ones.
    pub(crate) fn of_code(code: u8) -> Option<Primaries> {
        let (red, green, blue, white) = match code {
            1 => return Some(Primaries::SRGB),
            4 => ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), (0.310, 0.316)),
            5 => ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), WHITE),
            6 | 7 => ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), WHITE),
            9 => ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), WHITE),
            11 => ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
            12 => return Some(Primaries::DISPLAY_P3),
            22 => ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), WHITE),
            _ => return None,
        };
        Some(Primaries { red, green, blue, white })
    }

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

    /// A profile with these primaries, and any curve.
    fn profile(&self) -> ColorProfile {
        let place = |(x, y): (f32, f32)| Chromaticity::new(x, y);
        let (x, y) = self.white;
        let mut profile = ColorProfile::new_srgb();
        profile.update_rgb_colorimetry(
            XyY::new(f64::from(x), f64::from(y), 1.0),
            ColorPrimaries { red: place(self.red), green: place(self.green), blue: place(self.blue) },
        );
        profile
    }

    /// Whether these are the same, but for rounding.
    pub(crate) fn is(&self, other: Primaries) -> bool {
        let near = |(a, b): (&(f32, f32), &(f32, f32))| (a.0 - b.0).abs() < SAME && (a.1 - b.1).abs() < SAME;
        self.places().iter().zip(&other.places()).all(near)
    }

    /// The matrix that brings light with these primaries to a space, if they are not its own, and the space. Invalid
    /// primaries are ignored.
    pub(crate) fn reading(&self) -> (Option<Matrix3d>, Space) {
        let known = [Space::Srgb, Space::DisplayP3].into_iter().find(|space| self.is(Primaries::of(*space)));
        if let Some(space) = known {
            return (None, space);
        }
        let profile = self.profile();
        let space = space_of_light(&profile);
        // The profile of the space itself has a rounded white, which colours near black would show.
        let matrix = profile.transform_matrix(&Primaries::of(space).profile());
        // White must stay white; collinear or nonsensical primaries fail this.
        let keeps_white = |row: &[f64; 3]| (row.iter().sum::<f64>() - 1.0).abs() < 0.01;
        match matrix.v.iter().all(keeps_white) {
            true => (Some(matrix), space),
            false => (None, Space::Srgb),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coding::{Coding, Curve};
    use crate::colour::Model;
    use crate::curve::decode;

    #[test]
    fn known_primaries_need_no_matrix() {
        for space in [Space::Srgb, Space::DisplayP3] {
            let (matrix, found) = Primaries::of(space).reading();
            assert!(matrix.is_none() && found == space);
        }
        let nonsense = Primaries { red: (0.3, 0.3), green: (0.3, 0.3), blue: (0.3, 0.3), white: (0.0, 0.0) };
        assert!(matches!(nonsense.reading(), (None, Space::Srgb)));
    }

    #[test]
    fn others_are_brought_to_a_space() {
        // ITU-R BT.2020. Its matrix to BT.709 (ITU-R BT.2087) gives its green as (-0.5876, 1.1329, -0.1006).
        let wide =
            Primaries { red: (0.708, 0.292), green: (0.170, 0.797), blue: (0.131, 0.046), white: WHITE };
        let (conversion, space) = Coding { curve: Curve::Light, primaries: wide }.reading();
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
