//! Between a decoder's interleaved samples and our planes: depth, grey to RGB, alpha.

use image::DynamicImage;

use crate::Depth;

/// Separated channels of a picture, each `[height, width]`.
pub(crate) struct Channels {
    /// `[3, height, width]`, in 0..1.
    rgb: Vec<f32>,
    /// `[height, width]`, in 0..1; `None` without transparency.
    alpha: Option<Vec<f32>>,
}

/// Every pixel is fully transparent.
#[derive(Debug)]
pub(crate) struct NothingVisible;

/// Converts to planes in 0..1.
pub(crate) fn separate(image: DynamicImage) -> (Depth, Channels) {
    let eight = |value: u8| f32::from(value) / 255.0;
    let sixteen = |value: u16| f32::from(value) / 65535.0;
    let float = |value: f32| value;
    match image {
        DynamicImage::ImageLuma8(image) => (Depth::Eight, planes(&image, 1, eight)),
        DynamicImage::ImageLumaA8(image) => (Depth::Eight, planes(&image, 2, eight)),
        DynamicImage::ImageRgb8(image) => (Depth::Eight, planes(&image, 3, eight)),
        DynamicImage::ImageRgba8(image) => (Depth::Eight, planes(&image, 4, eight)),
        DynamicImage::ImageLuma16(image) => (Depth::Sixteen, planes(&image, 1, sixteen)),
        DynamicImage::ImageLumaA16(image) => (Depth::Sixteen, planes(&image, 2, sixteen)),
        DynamicImage::ImageRgb16(image) => (Depth::Sixteen, planes(&image, 3, sixteen)),
        DynamicImage::ImageRgba16(image) => (Depth::Sixteen, planes(&image, 4, sixteen)),
        DynamicImage::ImageRgb32F(image) => (Depth::Sixteen, planes(&image, 3, float)),
        DynamicImage::ImageRgba32F(image) => (Depth::Sixteen, planes(&image, 4, float)),
        other => (Depth::Sixteen, planes(&other.into_rgba32f(), 4, float)),
    }
}

/// Splits interleaved samples: 1 is grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
fn planes<T: Copy>(samples: &[T], channels: usize, convert: impl Fn(T) -> f32) -> Channels {
    let plane =
        |channel: usize| samples.iter().skip(channel).step_by(channels).map(|&sample| convert(sample));
    let mut rgb = Vec::with_capacity(samples.len() / channels * 3);
    for colour in 0..3 {
        rgb.extend(plane(if channels < 3 { 0 } else { colour }));
    }
    let alpha = channels.is_multiple_of(2).then(|| plane(channels - 1).collect::<Vec<f32>>());
    Channels { rgb, alpha: alpha.filter(|alpha| alpha.iter().any(|&value| value != 1.0)) }
}

impl Channels {
    /// Every plane of values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[f32]> {
        std::iter::once(self.rgb.as_slice()).chain(self.alpha.as_deref())
    }

    /// Colours `[3, height, width]` and alpha `[height, width]`.
    pub(crate) fn into_parts(self) -> (Vec<f32>, Option<Vec<f32>>) {
        (self.rgb, self.alpha)
    }

    /// Gives fully transparent pixels the mean colour of the others, weighted by alpha: what programs leave
    /// under transparency is arbitrary (often black) and would count as much as what can be seen.
    pub(crate) fn clear_transparent(&mut self) -> Result<(), NothingVisible> {
        let Some(alpha) = &self.alpha else { return Ok(()) };
        let total: f64 = alpha.iter().map(|&weight| f64::from(weight.max(0.0))).sum();
        if total <= 0.0 {
            return Err(NothingVisible);
        }
        for plane in self.rgb.chunks_exact_mut(alpha.len()) {
            let pairs = plane.iter().zip(alpha);
            let sum: f64 = pairs.map(|(&value, &weight)| f64::from(value) * f64::from(weight.max(0.0))).sum();
            let mean = (sum / total) as f32;
            for (value, _) in plane.iter_mut().zip(alpha).filter(|&(_, &weight)| weight <= 0.0) {
                *value = mean;
            }
        }
        Ok(())
    }
}

/// Interleaves planes into `channels` samples a pixel, clamped to 0..1 and rounded to the nearest of
/// `0..=max`.
pub(crate) fn interleave(rgb: &[f32], alpha: Option<&[f32]>, max: f32) -> impl Iterator<Item = f32> {
    let pixels = rgb.len() / 3;
    (0..pixels).flat_map(move |at| {
        let colours = (0..3).map(move |plane| rgb[plane * pixels + at]);
        colours.chain(alpha.map(|alpha| alpha[at])).map(move |value| (value.clamp(0.0, 1.0) * max).round())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transparent_pixels_take_the_mean_of_the_others() {
        let mut channels = planes(&[200u8, 10, 0, 255, 100, 20, 0, 255, 9, 9, 9, 0], 4, f32::from);
        assert_eq!(channels.alpha.as_deref(), Some(&[255.0, 255.0, 0.0][..]));
        channels.clear_transparent().unwrap();
        assert_eq!(channels.rgb, [200.0, 100.0, 150.0, 10.0, 20.0, 15.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn nothing_visible_is_an_error() {
        assert!(planes(&[1.0f32, 0.0, 0.5, 0.0], 2, |value| value).clear_transparent().is_err());
    }

    #[test]
    fn opaque_alpha_is_dropped() {
        assert!(planes(&[0.2f32, 1.0, 0.3, 1.0], 2, |value| value).alpha.is_none());
    }

    #[test]
    fn interleave_clamps_and_rounds() {
        let bytes: Vec<f32> = interleave(&[-1.0, 0.5, 2.0], Some(&[0.1]), 255.0).collect();
        assert_eq!(bytes, [0.0, 128.0, 255.0, 26.0]);
    }
}
