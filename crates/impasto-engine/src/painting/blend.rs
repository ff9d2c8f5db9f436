//! Content that covers a part of a picture. The network sees the blend; derivatives pass through it to the picture.

use crate::Pixels;

/// Content over a picture.
#[derive(Clone, Debug)]
pub struct Blend {
    /// The content's share at each position, 0 to 1: `[height, width]`.
    pub part: Vec<f32>,
    /// The content: planar `[3, height, width]`, RGB.
    pub content: Vec<f32>,
}

impl Blend {
    /// The blend of the content and a picture.
    pub fn over(&self, paint: &Pixels) -> Pixels {
        let area = self.part.len();
        let planes = paint.data.chunks_exact(area).zip(self.content.chunks_exact(area));
        let blend = |(paint, content): (&[f32], &[f32])| -> Vec<f32> {
            let seen = paint.iter().zip(content).zip(&self.part);
            seen.map(|((paint, content), part)| Blend::of(*paint, *content, *part)).collect()
        };
        Pixels { size: paint.size, data: planes.flat_map(blend).collect() }
    }

    /// Converts the derivative by the blend to the derivative by the picture.
    pub fn through(&self, gradient: &mut Pixels) {
        for plane in gradient.data.chunks_exact_mut(self.part.len()) {
            plane.iter_mut().zip(&self.part).for_each(|(value, part)| *value *= 1.0 - part);
        }
    }

    /// The blend of two values: exactly one of them where `part` is 0 or 1.
    pub fn of(paint: f32, content: f32, part: f32) -> f32 {
        (1.0 - part) * paint + part * content
    }
}
