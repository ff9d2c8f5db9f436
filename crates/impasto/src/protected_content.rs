//! The content where it stays: what is seen is a blend of it with what is painted, and derivatives reach the paint through it.

use std::io;

use impasto_engine::Pixels;
use impasto_image::{Filter, Picture, resize};

use crate::margin::Canvas;
use crate::optimiser::Numbers;
use crate::session::RunInputs;

/// What stays, at one scale.
pub(crate) struct ProtectedContent {
    /// How much of the content is seen at each position of the canvas.
    part: Vec<f32>,
    content: Vec<f32>,
}

impl ProtectedContent {
    pub(crate) fn new(part: Vec<f32>, content: &Pixels) -> ProtectedContent {
        ProtectedContent { part, content: content.data.clone() }
    }

    /// As the first step of a scale makes it, while the content is still at hand.
    pub(crate) fn of(inputs: &RunInputs, canvas: Canvas) -> Option<ProtectedContent> {
        let content = inputs.content.as_ref().filter(|_| inputs.regions.hold())?;
        let part = inputs.regions.place(inputs.alpha.as_ref(), canvas).held?;
        let (width, height) = canvas.inner;
        let resized = resize(content, width, height, Filter::Bicubic, inputs.averaging);
        Some(ProtectedContent { part, content: canvas.mirrored(resized.rgb()) })
    }

    /// What is seen of what is painted.
    pub(crate) fn over(&self, paint: &Pixels) -> Pixels {
        let planes = paint.data.chunks_exact(self.part.len()).zip(self.content.chunks_exact(self.part.len()));
        let blend = |(paint, content): (&[f32], &[f32])| -> Vec<f32> {
            let seen = paint.iter().zip(content).zip(&self.part);
            seen.map(|((paint, content), part)| blended(*paint, *content, *part)).collect()
        };
        Pixels { size: paint.size, data: planes.flat_map(blend).collect() }
    }

    /// Turns the derivative by what is seen into that by what is painted.
    pub(crate) fn through(&self, gradient: &mut Pixels) {
        for plane in gradient.data.chunks_exact_mut(self.part.len()) {
            plane.iter_mut().zip(&self.part).for_each(|(value, part)| *value *= 1.0 - part);
        }
    }

    /// Where all of the content stays, it does so in its colours, to the last bit.
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

    /// The picture within a canvas, clamped to 0..1.
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

/// Exactly the one or the other at the ends.
fn blended(paint: f32, content: f32, part: f32) -> f32 {
    (1.0 - part) * paint + part * content
}

/// What is seen of a picture that is painted: the picture itself where nothing stays.
pub(crate) fn seen(
    hold: Option<&ProtectedContent>,
    canvas: Canvas,
    paint: &dyn Numbers,
) -> io::Result<Picture> {
    let (width, height) = canvas.inner;
    let rgb = match hold {
        Some(hold) => hold.seen(canvas, paint)?,
        None => canvas.seen(paint)?,
    };
    Ok(Picture::new(width, height, rgb).unwrap_or_else(|| Picture::filled(width, height, [0.5; 3])))
}
