//! Protected content. The objective sees a blend of the content and the painted picture, and derivatives pass
//! through the blend to the painted picture.

use std::io;

use impasto_engine::Pixels;
use impasto_engine::painting::{Blend, Numbers};
use impasto_image::{Filter, Picture, resize};

use crate::margin::Canvas;
use crate::run_inputs::RunInputs;

/// The protected parts of the content, at one scale.
pub(crate) struct ProtectedContent {
    /// The content, and its share of the blend at each position of the canvas.
    pub(crate) blend: Blend,
}

impl ProtectedContent {
    pub(crate) fn new(part: Vec<f32>, content: &Pixels) -> ProtectedContent {
        ProtectedContent { blend: Blend { part, content: content.data.clone() } }
    }

    /// The protected content of a scale, equal to that from the scale's first step. It needs the content in memory.
    pub(crate) fn of(inputs: &RunInputs, canvas: Canvas) -> Option<ProtectedContent> {
        let content = inputs.content.as_ref().filter(|_| inputs.regions.protects())?;
        let part = inputs.regions.place(inputs.alpha.as_ref(), canvas).held?;
        let (width, height) = canvas.inner;
        let resized = resize(content, width, height, Filter::Bicubic, inputs.averaging);
        Some(ProtectedContent { blend: Blend { part, content: canvas.mirrored(resized.rgb()) } })
    }

    /// Copies the content, in its own colours and to the last bit, to positions that are fully protected.
    pub(crate) fn put_back(&self, canvas: Canvas, content: &Picture, picture: &mut Picture) {
        let part = canvas.cropped(&self.blend.part);
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
        let (part, content) = (canvas.cropped(&self.blend.part), canvas.cropped(&self.blend.content));
        for (seen, content) in seen.chunks_exact_mut(part.len()).zip(content.chunks_exact(part.len())) {
            for ((seen, content), part) in seen.iter_mut().zip(content).zip(&part) {
                *seen = Blend::of(*seen, *content, *part).clamp(0.0, 1.0);
            }
        }
        Ok(seen)
    }
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
