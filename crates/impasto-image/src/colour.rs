//! Interprets a file's numbers: colour profiles (ICC), and the space that pictures are processed in.
//!
//! The encoders know pictures in sRGB. Display P3 has the same curve and somewhat purer primaries, so pictures in it
//! look to the encoders like slightly pale sRGB pictures. A photograph with colours outside sRGB is therefore processed
//! in P3, and keeps all its colours. Everything else is processed in sRGB.

use std::sync::Arc;

use moxcms::{ColorProfile, DataColorSpace, Lab, Layout, Matrix3d, TransformF64Executor};

use crate::coding::Curve;
use crate::curve::encode;
use crate::profile::{is, parsed, space_for, transform};

/// Pixels converted at a time.
const CHUNK: usize = 1 << 12;

/// The space of a picture's numbers, which are encoded with the curve of sRGB, in 0..1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Space {
    /// IEC 61966-2-1.
    #[default]
    Srgb,
    /// The primaries of DCI-P3 with the white and the curve of sRGB.
    DisplayP3,
}

impl Space {
    pub(crate) fn profile(self) -> ColorProfile {
        match self {
            Space::Srgb => ColorProfile::new_srgb(),
            Space::DisplayP3 => ColorProfile::new_display_p3(),
        }
    }

    /// An ICC profile of the space, always with the same bytes.
    pub fn icc(self) -> Vec<u8> {
        /// The place of the time of creation in the header (ICC.1:2022, 7.2.10), where moxcms puts the present time.
        const TIME: std::ops::Range<usize> = 24..36;
        /// The first second of 2000, in six numbers of 16 bits.
        const FIXED: [u8; 12] = [0x07, 0xd0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0];
        let mut icc = self.profile().encode().unwrap_or_default();
        if let Some(time) = icc.get_mut(TIME) {
            time.copy_from_slice(&FIXED);
        }
        icc
    }
}

/// The kinds of numbers that a file has for a pixel, besides alpha.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Model {
    Grey,
    Rgb,
    /// 1 is full ink.
    Cmyk,
    /// L*/100, (a* + 128)/255, (b* + 128)/255.
    Lab,
}

impl Model {
    pub(crate) fn channels(self) -> usize {
        match self {
            Model::Grey => 1,
            Model::Rgb | Model::Lab => 3,
            Model::Cmyk => 4,
        }
    }

    fn of(profile: &ColorProfile) -> Option<Model> {
        match profile.color_space {
            DataColorSpace::Gray => Some(Model::Grey),
            DataColorSpace::Rgb => Some(Model::Rgb),
            DataColorSpace::Cmyk => Some(Model::Cmyk),
            DataColorSpace::Lab => Some(Model::Lab),
            _ => None,
        }
    }

    pub(crate) fn layout(self) -> Layout {
        match self {
            Model::Grey => Layout::Gray,
            Model::Rgb | Model::Lab => Layout::Rgb,
            Model::Cmyk => Layout::Rgba,
        }
    }
}

/// The conversion of numbers to a space.
pub(crate) enum Conversion {
    /// No conversion.
    None,
    /// Brings numbers with another curve to that of the space. The matrix converts light to the primaries of the
    /// space, if they differ.
    Recode(Curve, Option<Matrix3d>),
    /// Subtracts inks of unknown colour from white.
    Subtract,
    /// Converts from L*a*b* with D50, which needs no profile.
    FromLab,
    Transform(Arc<TransformF64Executor>),
}

/// The conversion for a file's numbers, and the space of the result. A profile that cannot be read, or that is for
/// another model, is ignored.
pub(crate) fn reading(model: Model, icc: Option<&[u8]>) -> (Conversion, Space) {
    let profile = icc.and_then(parsed);
    let profile = profile.filter(|profile| Model::of(profile) == Some(model));
    match (profile, model) {
        (None, Model::Grey | Model::Rgb) => (Conversion::None, Space::Srgb),
        (None, Model::Cmyk) => (Conversion::Subtract, Space::Srgb),
        (None, Model::Lab) => (Conversion::FromLab, Space::Srgb),
        (Some(profile), _) => {
            let space = space_for(&profile);
            if is(&profile, &space.profile()) {
                return (Conversion::None, space);
            }
            let transform = transform(&profile, model, &space.profile(), Model::Rgb);
            // A profile without a usable transform is ignored.
            transform
                .map_or_else(|| reading(model, None), |transform| (Conversion::Transform(transform), space))
        }
    }
}

/// The conversion from one space to another.
pub(crate) fn between(from: Space, to: Space) -> Conversion {
    if from == to {
        return Conversion::None;
    }
    let transform = transform(&from.profile(), Model::Rgb, &to.profile(), Model::Rgb);
    transform.map_or(Conversion::None, Conversion::Transform)
}

/// The conversion from a space to the numbers of an RGB profile; `None` if there is none.
pub(crate) fn writing(from: Space, icc: &[u8]) -> Option<Conversion> {
    let profile = parsed(icc)?;
    if Model::of(&profile) != Some(Model::Rgb) {
        return None;
    }
    if is(&profile, &from.profile()) {
        return Some(Conversion::None);
    }
    transform(&from.profile(), Model::Rgb, &profile, Model::Rgb).map(Conversion::Transform)
}

impl Conversion {
    /// Converts planes of a model into three planes of the space.
    pub(crate) fn apply(&self, model: Model, mut planes: Vec<f32>) -> Vec<f32> {
        let area = planes.len() / model.channels();
        match self {
            Conversion::None => {
                if model == Model::Grey {
                    planes.reserve_exact(2 * area);
                    planes.extend_from_within(..);
                    planes.extend_from_within(..area);
                }
                planes
            }
            Conversion::Recode(curve, matrix) => {
                planes.iter_mut().for_each(|value| *value = curve.light(*value));
                let mut planes = Conversion::None.apply(model, planes);
                if let Some(matrix) = matrix {
                    multiply(matrix, &mut planes);
                }
                planes.iter_mut().for_each(|value| *value = encode(*value));
                planes
            }
            Conversion::Subtract => {
                let (inks, black) = planes.split_at_mut(3 * area);
                for ink in inks.chunks_exact_mut(area) {
                    ink.iter_mut().zip(&*black).for_each(|(ink, black)| *ink = (1.0 - *ink) * (1.0 - black));
                }
                planes.truncate(3 * area);
                planes
            }
            Conversion::FromLab => {
                let from_xyz = Space::Srgb.profile().rgb_to_xyz_matrix().inverse();
                let (lightness, opponents) = planes.split_at_mut(area);
                let (a, b) = opponents.split_at_mut(area);
                for ((l, a), b) in lightness.iter_mut().zip(a).zip(b) {
                    let xyz = Lab::new(*l, *a, *b).to_pcs_xyz();
                    // XYZ is encoded for profiles, where 1 stands for almost 2.
                    let xyz = [xyz.x, xyz.y, xyz.z].map(|value| f64::from(value) * (1.0 + 32767.0 / 32768.0));
                    let light =
                        from_xyz.v.map(|row| row.iter().zip(xyz).map(|(m, x)| m * x).sum::<f64>() as f32);
                    [*l, *a, *b] = light.map(encode);
                }
                planes
            }
            Conversion::Transform(transform) => {
                let channels = model.channels();
                // Converts in place, as pictures may be large.
                planes.resize(channels.max(3) * area, 0.0);
                let (mut from, mut to) = (vec![0.0; channels * CHUNK], vec![0.0; 3 * CHUNK]);
                for start in (0..area).step_by(CHUNK) {
                    let count = CHUNK.min(area - start);
                    let (from, to) = (&mut from[..channels * count], &mut to[..3 * count]);
                    for (channel, plane) in planes.chunks_exact(area).take(channels).enumerate() {
                        let values = plane[start..start + count].iter();
                        from.iter_mut().skip(channel).step_by(channels).zip(values).for_each(|(to, from)| {
                            *to = *from as f64;
                        });
                    }
                    // The only errors are about lengths.
                    transform.transform(from, to).expect("as many pixels as there are");
                    for (channel, plane) in planes.chunks_exact_mut(area).take(3).enumerate() {
                        let values = to.iter().skip(channel).step_by(3);
                        plane[start..start + count].iter_mut().zip(values).for_each(|(to, from)| {
                            *to = *from as f32;
                        });
                    }
                }
                planes.truncate(3 * area);
                planes
            }
        }
    }
}

/// Multiplies three planes with a matrix, pixel by pixel.
fn multiply(matrix: &Matrix3d, planes: &mut [f32]) {
    let (first, rest) = planes.split_at_mut(planes.len() / 3);
    let (second, third) = rest.split_at_mut(first.len());
    for ((a, b), c) in first.iter_mut().zip(second).zip(third) {
        let from = [*a, *b, *c].map(f64::from);
        [*a, *b, *c] = matrix.v.map(|row| row.iter().zip(from).map(|(m, x)| m * x).sum::<f64>() as f32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: &[f32], b: &[f32], within: f32) {
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < within), "{a:?} {b:?}");
    }

    #[test]
    fn a_profile_states_no_time_of_its_making() {
        let icc = Space::DisplayP3.icc();
        let time: Vec<u16> =
            icc[24..36].chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
        assert_eq!(time, [2000, 1, 1, 0, 0, 0]);
        assert!(ColorProfile::new_from_slice(&icc).is_ok());
    }

    #[test]
    fn known_profiles_need_no_conversion() {
        for space in [Space::Srgb, Space::DisplayP3] {
            let (conversion, found) = reading(Model::Rgb, Some(&space.icc()));
            assert!(matches!(conversion, Conversion::None), "{space:?}");
            assert_eq!(found, space);
        }
        // A profile that is unreadable or for another model is ignored.
        for icc in [&b"nonsense"[..], &Space::Srgb.icc()[..200]] {
            assert!(matches!(reading(Model::Rgb, Some(icc)), (Conversion::None, Space::Srgb)));
        }
        assert!(matches!(reading(Model::Cmyk, Some(&Space::Srgb.icc())), (Conversion::Subtract, _)));
    }

    #[test]
    fn colours_keep_their_looks() {
        // The red of sRGB in Display P3, as CSS Color 4 gives it: color(display-p3 0.9175 0.2003 0.1386).
        let red = between(Space::Srgb, Space::DisplayP3).apply(Model::Rgb, vec![1.0, 0.0, 0.0]);
        close(&red, &[0.917_5, 0.200_3, 0.138_6], 1e-3);
        let back = between(Space::DisplayP3, Space::Srgb).apply(Model::Rgb, red);
        close(&back, &[1.0, 0.0, 0.0], 1e-3);
        let adobe = ColorProfile::new_adobe_rgb().encode().unwrap();
        let (conversion, space) = reading(Model::Rgb, Some(&adobe));
        assert_eq!(space, Space::DisplayP3);
        // Converted there and back.
        let colours = vec![0.2, 0.8, 0.5, 0.3, 0.5, 0.4];
        let seen = conversion.apply(Model::Rgb, colours.clone());
        close(&writing(space, &adobe).unwrap().apply(Model::Rgb, seen), &colours, 1e-3);
    }

    #[test]
    fn grey_inks_and_lab_become_rgb() {
        close(&Conversion::None.apply(Model::Grey, vec![0.1, 0.2]), &[0.1, 0.2, 0.1, 0.2, 0.1, 0.2], 1e-9);
        let gamma = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
        let (conversion, _) = reading(Model::Grey, Some(&gamma));
        close(&conversion.apply(Model::Grey, vec![0.214_041]), &[0.5; 3], 1e-3);
        let (conversion, _) = reading(Model::Cmyk, None);
        close(&conversion.apply(Model::Cmyk, vec![0.0, 1.0, 0.5, 0.2]), &[0.8, 0.0, 0.4], 1e-6);
        let (conversion, _) = reading(Model::Lab, None);
        let (middle, half) = (128.0 / 255.0, 0.535_85);
        close(&conversion.apply(Model::Lab, vec![1.0, middle, middle]), &[1.0; 3], 2e-3);
        // L* of 53.585 is the grey value 0.5.
        close(&conversion.apply(Model::Lab, vec![half, middle, middle]), &[0.5; 3], 3e-3);
    }
}
