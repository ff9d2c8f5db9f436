//! Handling of the colours of content and style.
//!
//! Keeping the content's colours, by luminance alone or by matching, follows Gatys, Bethge, Hertzmann and
//! Shechtman, "Preserving color in neural artistic style transfer" (2016). The difference: lightness and chroma
//! come from Oklab instead of YIQ, because light colours of equal YIQ luminance do not look equally light.

mod histogram;
mod linear;
mod oklab;

use std::fmt;
use std::str::FromStr;

use impasto_image::{Picture, Plane};
use serde::{Deserialize, Serialize};

use crate::{Error, Setting};

/// The source of the result's colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Colour {
    /// The style's colours, as the objective makes them.
    #[default]
    Style,
    /// The content's hue and chroma, with the lightness of the painted picture.
    Keep,
    /// The content's colours, which the styles are given before they are compared.
    Match(ColourMap),
    /// The content's hue and chroma; only lightness is compared and painted.
    Luminance,
}

/// The map that gives a style the content's colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ColourMap {
    /// The linear map that changes colours least (Pitié and Kokaram, "The linear Monge-Kantorovitch linear colour
    /// mapping for example-based colour transfer", 2007).
    #[default]
    MongeKantorovich,
    /// The linear map from the Cholesky factors of both covariances (Gatys et al., 2016). It depends on the order
    /// of the channels.
    Cholesky,
    /// The linear map from the symmetric square roots of both covariances (Hertzmann et al., "Image analogies",
    /// 2001).
    Pca,
    /// Histogram matching, each channel on its own.
    Histogram,
}

impl ColourMap {
    /// All maps.
    pub const ALL: &'static [ColourMap] =
        &[ColourMap::MongeKantorovich, ColourMap::Cholesky, ColourMap::Pca, ColourMap::Histogram];
}

impl fmt::Display for ColourMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ColourMap::MongeKantorovich => "monge-kantorovich",
            ColourMap::Cholesky => "cholesky",
            ColourMap::Pca => "pca",
            ColourMap::Histogram => "histogram",
        })
    }
}

impl FromStr for ColourMap {
    type Err = Error;

    fn from_str(name: &str) -> Result<ColourMap, Error> {
        let found = ColourMap::ALL.iter().copied().find(|map| map.to_string() == name);
        found.ok_or_else(|| {
            let names = ColourMap::ALL.iter().map(ColourMap::to_string).collect::<Vec<_>>().join(", ");
            Error::invalid(Setting::ColourMap, format!("expected one of {names}, found {name:?}"))
        })
    }
}

/// Gives a picture the colours of another. The planes are the opacity of each picture, 1 for opaque; a pixel counts
/// as much as it is opaque.
///
/// Values are encoded RGB in 0..1 and are mapped as they are, without decoding. Results outside 0..1 are clamped.
///
/// # Errors
/// [`Error::Invalid`] for a plane whose size differs from that of its picture.
pub fn match_colours(
    map: ColourMap,
    (picture, alpha): (&mut Picture, Option<&Plane>),
    like: (&Picture, Option<&Plane>),
) -> Result<(), Error> {
    for (picture, alpha) in [(&*picture, alpha), like] {
        if let Some(alpha) = alpha.filter(|alpha| alpha.size() != picture.size()) {
            let problem = format!("expected {:?} pixels, found {:?}", picture.size(), alpha.size());
            return Err(Error::invalid("alpha", problem));
        }
    }
    match map {
        ColourMap::Histogram => histogram::matched((picture, alpha), like),
        linear => linear::matched(linear, (picture, alpha), like),
    }
    picture.rgb_mut().iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
    Ok(())
}

/// Reduces a picture to its Oklab lightness, as grey in all three channels. It works in place because pictures may
/// be large.
pub fn make_grey(picture: &mut Picture) {
    let area = picture.width() * picture.height();
    let (first, rest) = picture.rgb_mut().split_at_mut(area);
    let (second, third) = rest.split_at_mut(area);
    for ((r, g), b) in first.iter_mut().zip(second).zip(third) {
        let grey = oklab::to_rgb([oklab::from_rgb([*r, *g, *b])[0], 0.0, 0.0])[1].clamp(0.0, 1.0);
        [*r, *g, *b] = [grey; 3];
    }
}

/// Copies the first channel into the others. It makes noise grey; a mean of the channels would lower its deviation.
pub(crate) fn first_in_all(planes: &mut [f32]) {
    let area = planes.len() / 3;
    planes.copy_within(..area, area);
    planes.copy_within(..area, 2 * area);
}

/// Combines the lightness of one picture with the hue and chroma of another of its size. Colours outside the colour
/// space lose chroma until they fit.
pub fn coloured(mut lightness: Picture, colours: &Picture) -> Picture {
    let area = lightness.width() * lightness.height();
    let rgb = lightness.rgb_mut();
    for at in 0..area {
        let places = [at, area + at, 2 * area + at];
        let [l, ..] = oklab::from_rgb(places.map(|place| rgb[place]));
        let [_, a, b] = oklab::from_rgb(places.map(|place| colours.rgb()[place].clamp(0.0, 1.0)));
        for (place, value) in places.into_iter().zip(oklab::inside([l, a, b])) {
            rgb[place] = value;
        }
    }
    lightness
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for &map in ColourMap::ALL {
            assert_eq!(map.to_string().parse::<ColourMap>().unwrap(), map);
        }
        assert!("none".parse::<ColourMap>().unwrap_err().to_string().contains("pca"));
    }

    #[test]
    fn lightness_is_the_pictures_and_colour_the_others() {
        let red = Picture::filled(4, 3, [0.8, 0.2, 0.2]);
        let mut grey_picture = Picture::filled(4, 3, [0.2, 0.5, 0.9]);
        make_grey(&mut grey_picture);
        assert!(grey_picture.rgb().chunks(12).all(|plane| plane == &grey_picture.rgb()[..12]));
        let result = coloured(grey_picture.clone(), &red);
        let lab = |picture: &Picture| oklab::from_rgb([0, 12, 24].map(|at| picture.rgb()[at]));
        let (result, grey_lab, red) = (lab(&result), lab(&grey_picture), lab(&red));
        assert!((result[0] - grey_lab[0]).abs() < 1e-4);
        assert!((result[1] - red[1]).abs() < 1e-4 && (result[2] - red[2]).abs() < 1e-4);
        // Grey stays grey.
        let grey_colours = Picture::filled(4, 3, [0.4; 3]);
        let rgb = coloured(Picture::filled(4, 3, [0.9, 0.1, 0.3]), &grey_colours);
        assert!((rgb.rgb()[0] - rgb.rgb()[12]).abs() < 1e-4 && (rgb.rgb()[0] - rgb.rgb()[24]).abs() < 1e-4);
    }
}
