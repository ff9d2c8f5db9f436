//! OpenEXR: light in 32-bit floats, multiplied with alpha; the primaries if they are not those of sRGB; the recipe as
//! XMP in an attribute.

use exr::meta::attribute::{AttributeValue, Chromaticities, Text};
use exr::meta::header::ImageAttributes;
use exr::prelude::{Encoding, Image, Layer, LayerAttributes, SpecificChannels, Vec2, WritableImage};

use super::{Failed, Source, Tags};
use crate::curve::decode;
use crate::decode::EXR_XMP;
use crate::primaries::Primaries;
use crate::{Sink, Space};

pub(super) fn write(
    file: &mut dyn Sink,
    source: &Source<'_>,
    space: Space,
    tags: &Tags<'_>,
) -> Result<(), Failed> {
    let (width, height) = source.picture.size();
    let (area, rgb) = (width * height, source.picture.rgb());
    let light = |at: usize, opacity: f32| {
        let [red, green, blue] =
            [0, 1, 2].map(|plane| decode(rgb[plane * area + at].clamp(0.0, 1.0)) * opacity);
        (red, green, blue)
    };
    let layer = LayerAttributes {
        horizontal_density: tags.exif.metadata.density.map(|density| density.x as f32),
        ..LayerAttributes::default()
    };
    let (size, encoding) = ((width, height), Encoding::SMALL_LOSSLESS);
    // RGB and RGBA channels have different types.
    let written = if let Some(alpha) = source.alpha {
        let channels = SpecificChannels::rgba(|Vec2(x, y): Vec2<usize>| {
            let opacity = alpha.data()[y * width + x];
            let (red, green, blue) = light(y * width + x, opacity);
            (red, green, blue, opacity)
        });
        let mut image = Image::from_layer(Layer::new(size, layer, encoding, channels));
        describe(&mut image.attributes, space, tags);
        image.write().to_buffered(file)
    } else {
        let channels = SpecificChannels::rgb(|Vec2(x, y): Vec2<usize>| light(y * width + x, 1.0));
        let mut image = Image::from_layer(Layer::new(size, layer, encoding, channels));
        describe(&mut image.attributes, space, tags);
        image.write().to_buffered(file)
    };
    Ok(written?)
}

fn describe(attributes: &mut ImageAttributes, space: Space, tags: &Tags<'_>) {
    if space != Space::Srgb {
        let Primaries { red, green, blue, white } = Primaries::of(space);
        let [red, green, blue, white] = [red, green, blue, white].map(|(x, y)| Vec2(x, y));
        attributes.chromaticities = Some(Chromaticities { red, green, blue, white });
    }
    if let Some(packet) = tags.xmp.as_deref().and_then(Text::new_or_none) {
        attributes.other.insert(EXR_XMP.into(), AttributeValue::Text(packet));
    }
}
