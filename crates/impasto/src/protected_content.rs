//! Protected content. The objective sees a blend of the content and the painted picture, and derivatives pass
//! through the blend to the painted picture.

use std::io;

use impasto_engine::Pixels;
use impasto_image::{Filter, Picture, resize};

use crate::margin::Canvas;
use crate::optimiser::Numbers;
use crate::run_inputs::RunInputs;

/// The protected parts of the content, at one scale.
pub(crate) struct ProtectedContent {
    /// The content's share of the blend at each position of the canvas, 0 to 1.
    part: Vec<f32>,
    content: Vec<f32>,
}

impl ProtectedContent {
    pub(crate) fn new(part: Vec<f32>, content: &Pixels) -> ProtectedContent {
        ProtectedContent { part, content: content.data.clone() }
    }

    /// The protected content of a scale, equal to that from the scale's first step. It needs the content in memory.
    pub(crate) fn of(inputs: &RunInputs, canvas: Canvas) -> Option<ProtectedContent> {
        let content = inputs.content.as_ref().filter(|_| inputs.regions.protects())?;
        let part = inputs.regions.place(inputs.alpha.as_ref(), canvas).held?;
        let (width, height) = canvas.inner;
        let resized = resize(content, width, height, Filter::Bicubic, inputs.averaging);
        Some(ProtectedContent { part, content: canvas.mirrored(resized.rgb()) })
    }

    /// Blends the content over the painted picture.
    pub(crate) fn over(&self, paint: &Pixels) -> Pixels {
        let planes = paint.data.chunks_exact(self.part.len()).zip(self.content.chunks_exact(self.part.len()));
        let blend = |(paint, content): (&[f32], &[f32])| -> Vec<f32> {
            let seen = paint.iter().zip(content).zip(&self.part);
            seen.map(|((paint, content), part)| blended(*paint, *content, *part)).collect()
        };
        Pixels { size: paint.size, data: planes.flat_map(blend).collect() }
    }

    /// Converts the derivative by the blend to the derivative by the painted picture.
    pub(crate) fn through(&self, gradient: &mut Pixels) {
        for plane in gradient.data.chunks_exact_mut(self.part.len()) {
            plane.iter_mut().zip(&self.part).for_each(|(value, part)| *value *= 1.0 - part);
        }
    }

    /// Copies the content, in its own colours and to the last bit, to positions that are fully protected.
    pub(crate) fn put_back(&self, canvas: Canvas, content: &Picture, picture: &mut Picture) {
        let part = canvas.cropped(&self.part);
        let planes =
            picture.rgb_mut().chunks_exact_mut(part.len()).zip(content.rgb().chunks_exact(part.len()));
        for (to, from) in planes {
            for ((to, from), part) in to.iter_mut().zip(from).zip(&part) {
                if *part == 1.0 {
                    *to = from.clamp(0.0, 1.0);
                }
            }
        }
    }

    /// The blend within a canvas, clamped to 0..1.
    pub(crate) fn seen(&self, canvas: Canvas, paint: &dyn Numbers) -> io::Result<Vec<f32>> {
        let mut seen = canvas.seen(paint)?;
        let (part, content) = (canvas.cropped(&self.part), canvas.cropped(&self.content));
        for (seen, content) in seen.chunks_exact_mut(part.len()).zip(content.chunks_exact(part.len())) {
            for ((seen, content), part) in seen.iter_mut().zip(content).zip(&part) {
                *seen = blended(*seen, *content, *part).clamp(0.0, 1.0);
            }
        }
        Ok(seen)
    }
}

/// Exactly one of the two values where `part` is 0 or 1.
fn blended(paint: f32, content: f32, part: f32) -> f32 {
    (1.0 - part) * paint + part * content
}

/// The visible picture: the blend with the protected content, or the painted picture if nothing is protected.
pub(crate) fn seen(
    protected: Option<&ProtectedContent>,
    canvas: Canvas,
    paint: &dyn Numbers,
) -> io::Result<Picture> {
    let (width, height) = canvas.inner;
    let rgb = match protected {
        Some(protected) => protected.seen(canvas, paint)?,
        None => canvas.seen(paint)?,
    };
    Ok(Picture::new(width, height, rgb).unwrap_or_else(|| Picture::filled(width, height, [0.5; 3])))
}
