//! The coding of numbers that a file states without a profile: a curve from numbers to light, and primaries. PNG states
//! them as code points of ITU-T H.273 or as a gamma with chromaticities, OpenEXR as chromaticities of light.

use crate::Space;
use crate::colour::Conversion;
use crate::curve::decode;
use crate::primaries::Primaries;

/// A curve from numbers to light.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Curve {
    /// The numbers are light.
    Light,
    /// IEC 61966-2-1.
    Srgb,
    /// The inverse of the camera's curve in ITU-R BT.709, clause 1.2, with the constants of ITU-R BT.2020 for 12 bits.
    Bt709,
    /// A power.
    Power(f32),
}

impl Curve {
    /// The light of a number in 0..1.
    pub(crate) fn light(self, number: f32) -> f32 {
        match self {
            Curve::Light => number,
            Curve::Srgb => decode(number),
            Curve::Bt709 if number < 4.5 * 0.018_053_97 => number / 4.5,
            Curve::Bt709 => ((number + 0.099_296_83) / 1.099_296_8).powf(1.0 / 0.45),
            Curve::Power(exponent) => number.max(0.0).powf(exponent),
        }
    }
}

/// The coding of the numbers of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Coding {
    pub(crate) curve: Curve,
    pub(crate) primaries: Primaries,
}

impl Coding {
    /// Light with these primaries.
    #[cfg(feature = "exr")]
    pub(crate) fn light(primaries: Primaries) -> Coding {
        Coding { curve: Curve::Light, primaries }
    }

    /// The conversion to a space, and the space. The numbers of our spaces stay as they are.
    pub(crate) fn reading(&self) -> (Conversion, Space) {
        let (matrix, space) = self.primaries.reading();
        match (self.curve, matrix) {
            (Curve::Srgb, None) => (Conversion::None, space),
            (curve, matrix) => (Conversion::Recode(curve, matrix), space),
        }
    }

    /// The coding by the code points of ITU-T H.273, tables 2 and 3; `None` for codes that say nothing, and for those
    /// that nobody uses in pictures.
    pub(crate) fn of_codes(primaries: u8, transfer: u8) -> Option<Coding> {
        let curve = match transfer {
            1 | 6 | 14 | 15 => Curve::Bt709,
            4 => Curve::Power(2.2),
            5 => Curve::Power(2.8),
            8 => Curve::Light,
            13 => Curve::Srgb,
            _ => return None,
        };
        Some(Coding { curve, primaries: Primaries::of_code(primaries)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_have_their_known_values() {
        for (curve, number, light) in [
            (Curve::Light, 0.3, 0.3),
            (Curve::Srgb, 0.5, 0.214_041),
            // ITU-R BT.709: 0.018 of light becomes 0.081, and 0.5 becomes 1.099 * 0.5^0.45 - 0.099 = 0.7055.
            (Curve::Bt709, 0.081, 0.018),
            (Curve::Bt709, 0.7055, 0.5),
            (Curve::Bt709, 1.0, 1.0),
            (Curve::Power(2.2), 0.5, 0.217_638),
        ] {
            assert!((curve.light(number) - light).abs() < 1e-4, "{curve:?} {}", curve.light(number));
        }
    }

    #[test]
    fn our_spaces_need_no_conversion() {
        for (primaries, space) in [(1, Space::Srgb), (12, Space::DisplayP3)] {
            let (conversion, found) = Coding::of_codes(primaries, 13).unwrap().reading();
            assert!(matches!(conversion, Conversion::None) && found == space);
        }
        assert_eq!(Coding::of_codes(2, 13), None);
        assert_eq!(Coding::of_codes(1, 2), None);
    }
}
