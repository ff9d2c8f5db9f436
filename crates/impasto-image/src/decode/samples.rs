//! Converts a decoder's interleaved samples to our planes: depth, alpha, and the model of the numbers.

use image::DynamicImage;

use crate::Depth;
use crate::colour::Model;

/// The numbers of a picture, plane by plane.
pub(super) struct Samples {
    pub(super) depth: Depth,
    pub(super) model: Model,
    /// `[channels, height, width]`, in 0..1.
    pub(super) colours: Vec<f32>,
    /// `[height, width]`, in 0..1; `None` without transparency.
    pub(super) alpha: Option<Vec<f32>>,
}

/// Separates the channels. `model` is the model of the numbers, if it is not the obvious one.
pub(super) fn separate(image: DynamicImage, model: Option<Model>) -> Samples {
    let eight = |value: u8| f32::from(value) / 255.0;
    let sixteen = |value: u16| f32::from(value) / 65535.0;
    let float = |value: f32| value;
    let (depth, channels, planes) = match image {
        DynamicImage::ImageLuma8(image) => (Depth::Eight, 1, planes(&image, 1, eight)),
        DynamicImage::ImageLumaA8(image) => (Depth::Eight, 2, planes(&image, 2, eight)),
        DynamicImage::ImageRgb8(image) => (Depth::Eight, 3, planes(&image, 3, eight)),
        DynamicImage::ImageRgba8(image) => (Depth::Eight, 4, planes(&image, 4, eight)),
        DynamicImage::ImageLuma16(image) => (Depth::Sixteen, 1, planes(&image, 1, sixteen)),
        DynamicImage::ImageLumaA16(image) => (Depth::Sixteen, 2, planes(&image, 2, sixteen)),
        DynamicImage::ImageRgb16(image) => (Depth::Sixteen, 3, planes(&image, 3, sixteen)),
        DynamicImage::ImageRgba16(image) => (Depth::Sixteen, 4, planes(&image, 4, sixteen)),
        DynamicImage::ImageRgb32F(image) => (Depth::Float, 3, planes(&image, 3, float)),
        DynamicImage::ImageRgba32F(image) => (Depth::Float, 4, planes(&image, 4, float)),
        other => (Depth::Float, 4, planes(&other.into_rgba32f(), 4, float)),
    };
    let model = model.unwrap_or(if channels < 3 { Model::Grey } else { Model::Rgb });
    let (mut colours, mut alpha) = (planes, None);
    if channels > model.channels() {
        let area = colours.len() / channels;
        alpha = Some(colours.split_off(model.channels() * area));
    }
    Samples { depth, model, colours, alpha: alpha.filter(|alpha| alpha.iter().any(|&value| value != 1.0)) }
}

/// Converts interleaved samples to planes.
pub(super) fn planes<T: Copy>(samples: &[T], channels: usize, convert: impl Fn(T) -> f32) -> Vec<f32> {
    let area = samples.len() / channels;
    let mut all = vec![0.0; channels * area];
    // Fills all planes run by run, to pass only once through what may be half a gigabyte.
    const RUN: usize = 1 << 12;
    for (run, samples) in samples.chunks(RUN * channels).enumerate() {
        for channel in 0..channels {
            let start = channel * area + run * RUN;
            let plane = &mut all[start..start + samples.len() / channels];
            let samples = samples[channel..].iter().step_by(channels);
            plane.iter_mut().zip(samples).for_each(|(value, sample)| *value = convert(*sample));
        }
    }
    all
}

/// Interleaves planes into `channels` samples a pixel, clamped to 0..1.
pub(crate) fn interleave(rgb: &[f32], alpha: Option<&[f32]>) -> impl Iterator<Item = f32> {
    let pixels = rgb.len() / 3;
    (0..pixels).flat_map(move |at| {
        let colours = (0..3).map(move |plane| rgb[plane * pixels + at]);
        colours.chain(alpha.map(|alpha| alpha[at])).map(|value| value.clamp(0.0, 1.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_told_from_their_number_or_by_a_model() {
        let grey = image::ImageBuffer::from_raw(2, 1, vec![51u8, 255, 255, 0]).unwrap();
        let samples = separate(DynamicImage::ImageLumaA8(grey), None);
        assert_eq!((samples.model, samples.depth), (Model::Grey, Depth::Eight));
        assert_eq!((samples.colours, samples.alpha), (vec![0.2, 1.0], Some(vec![1.0, 0.0])));
        let four = || image::ImageBuffer::from_raw(1, 1, vec![0u16, 65535, 0, 65535]).unwrap();
        let samples = separate(DynamicImage::ImageRgba16(four()), None);
        assert_eq!((samples.colours, samples.alpha), (vec![0.0, 1.0, 0.0], None), "opaque alpha is dropped");
        let samples = separate(DynamicImage::ImageRgba16(four()), Some(Model::Cmyk));
        assert_eq!((samples.colours, samples.alpha), (vec![0.0, 1.0, 0.0, 1.0], None));
    }

    #[test]
    fn interleave_clamps() {
        let samples: Vec<f32> = interleave(&[-1.0, 0.5, 2.0], Some(&[0.1])).collect();
        assert_eq!(samples, [0.0, 0.5, 1.0, 0.1]);
    }
}
