//! What a scale begins with: the targets of content and styles at its size, and at the first one the picture.

use impasto_engine::{Engine, EngineError, Pixels, Size, Tiled};
use impasto_image::{Filter, Picture, Plane, resize, resize_plane};

use crate::assembly::pixels;
use crate::kit::{Key, StyleMoments};
use crate::margin::Canvas;
use crate::objective::{Objective, style_moments, style_taps};
use crate::recipe::Init;
use crate::session::Plan;
use crate::style_size::style_size;
use crate::{Error, Recipe, Style, init};

/// Content and style targets at the size of a scale. At the last one the pictures go as soon as they are not needed: of a
/// large picture each copy counts.
pub(crate) fn prepare_scale(
    plan: &mut Plan,
    index: usize,
    engine: &mut Tiled,
    known: &mut StyleMoments,
) -> Result<Objective, Error> {
    let (scale, last) = (plan.scales[index], index + 1 == plan.scales.len());
    let Recipe { style_fit, .. } = plan.recipe;
    let taps = style_taps(&plan.recipe, engine.network().encoder.topology())?;
    // An earlier attempt was broken off.
    let content = plan.content.take().ok_or(EngineError::Cancelled)?;
    let mut styles = Vec::with_capacity(plan.styles.len());
    for (Style { picture: style, alpha, weight: share, scale: style_scale }, digest) in
        plan.styles.iter().zip(&plan.digests)
    {
        let (width, height) = style_size(style.size(), style_fit, *style_scale, (scale.width, scale.height));
        let key = Key {
            picture: digest.clone(),
            size: Size::new(width, height),
            taps: taps.clone(),
            window: plan.run.window,
        };
        let take = || {
            let picture = pixels(resize(style, width, height, Filter::Bicubic, plan.averaging));
            let weight = alpha.as_ref().map(|alpha| weight(alpha, Canvas::new((width, height), 0)));
            style_moments(&plan.recipe, engine, &picture, weight)
        };
        match known.get(key, take) {
            Ok(moments) => styles.push((*share, moments)),
            Err(error) => {
                plan.content = Some(content);
                return Err(error);
            }
        }
    }
    // Its buffers are of the styles' sizes.
    engine.forget_targets();
    let resized = resize(&content, scale.width, scale.height, Filter::Bicubic, plan.averaging);
    if last {
        drop(content);
        for style in &mut plan.styles {
            (style.picture, style.alpha) = (Picture::filled(1, 1, [0.0; 3]), None);
        }
    } else {
        plan.content = Some(content);
    }
    let canvas = plan.canvas(scale);
    let content = if canvas.margin == 0 { pixels(resized) } else { mirrored(&resized, canvas) };
    let weight = plan.alpha.as_ref().map(|alpha| weight(alpha, canvas));
    if last {
        plan.alpha = None;
    }
    Objective::new(&plan.recipe, engine, &content, weight, &styles)
}

/// Opacity as the weights of positions, on a canvas.
pub(crate) fn weight(alpha: &Plane, canvas: Canvas) -> impasto_engine::Plane {
    let mut inner = resize_plane(alpha.data(), alpha.size(), canvas.inner, Filter::Bilinear);
    inner.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
    let (width, height) = canvas.outer();
    impasto_engine::Plane { size: Size::new(width, height), data: canvas.mirrored(&inner) }
}

/// What a run begins with.
pub(crate) fn start_image(plan: &Plan, canvas: Canvas) -> Pixels {
    let resized = |picture| {
        let (width, height) = canvas.inner;
        mirrored(&resize(picture, width, height, Filter::Bicubic, plan.averaging), canvas)
    };
    let size = canvas.outer();
    match (&plan.recipe.init, &plan.init_picture) {
        (Init::Picture, Some(picture)) => resized(picture),
        (Init::Content | Init::Picture, _) => match &plan.content {
            Some(content) => resized(content),
            None => pixels(init::gray(size, plan.seed)),
        },
        (Init::Noise, _) => pixels(init::noise(plan.recipe.noise, size, plan.seed)),
        (Init::Gray, _) => pixels(init::gray(size, plan.seed)),
        (Init::StyleStats, _) => {
            let styles: Vec<(f64, &Picture)> =
                plan.styles.iter().map(|style| (style.weight, &style.picture)).collect();
            pixels(init::style_stats(&styles, size, plan.seed))
        }
    }
}

/// A picture of the canvas' inner size with its margin.
fn mirrored(picture: &Picture, canvas: Canvas) -> Pixels {
    let (width, height) = canvas.outer();
    Pixels { size: Size::new(width, height), data: canvas.mirrored(picture.rgb()) }
}
