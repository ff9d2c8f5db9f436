//! Preparation of a scale: the targets of content and styles at its size, and at the first scale the starting
//! picture.

use impasto_engine::{Engine, EngineError, Padding, Pixels, Size, Tiled};
use impasto_image::{Filter, Picture, Plane, resize};

use crate::assembly::pixels;
use crate::digest::plane_digest;
use crate::draft::draft_at;
use crate::engine_cache::{Key, StyleMoments};
use crate::margin::Canvas;
use crate::objective::{MeanMoments, Objective, blended, style_moments, style_taps};
use crate::protected_content::ProtectedContent;
use crate::recipe::Init;
use crate::regions::{Regions, at_size, plane_of};
use crate::run_inputs::RunInputs;
use crate::smallest::least_of_style;
use crate::style::Part;
use crate::style_size::seen_style_size;
use crate::{Error, Recipe, Style, init};

/// Computes the objective at a scale, with the content and style targets at its size; `protected` receives the
/// protected content. At the last scale the input pictures are freed as soon as possible, because each copy of a large
/// picture matters.
pub(crate) fn prepare_scale(
    inputs: &mut RunInputs,
    draft: Option<&Picture>,
    index: usize,
    engine: &mut Tiled,
    known: &mut StyleMoments,
    protected: &mut Option<ProtectedContent>,
) -> Result<Objective, Error> {
    let (scale, last) = (inputs.scales[index], index + 1 == inputs.scales.len());
    // Without the content, an earlier attempt was aborted.
    let content = inputs.content.take().ok_or(EngineError::Cancelled)?;
    let targets = match targets_at(inputs, (scale.width, scale.height), engine, known) {
        Ok(targets) => targets,
        Err(error) => {
            inputs.content = Some(content);
            return Err(error);
        }
    };
    // The engine's buffers have the styles' sizes.
    engine.forget_targets();
    let resized = resize(&content, scale.width, scale.height, Filter::Bicubic, inputs.averaging);
    let canvas = inputs.canvas(scale);
    let draft = draft.filter(|_| inputs.recipe.content_is_draft && !inputs.recipe.content_layers.is_empty());
    let kept = draft.map(|draft| {
        let kept = draft_at(draft, (&content, &resized), inputs.averaging);
        mirrored(kept, canvas)
    });
    let followed = inputs.follow.as_mut().and_then(|follow| follow.kept.take());
    let kept = followed
        .filter(|_| !inputs.recipe.content_layers.is_empty())
        .map(|kept| mirrored(kept, canvas))
        .or(kept);
    if last {
        drop(content);
        for style in &mut inputs.styles {
            (style.picture, style.alpha) = (Picture::filled(1, 1, [0.0; 3]), None);
            style.parts = None;
        }
    } else {
        inputs.content = Some(content);
    }
    let content = if canvas.margin == 0 { pixels(resized) } else { mirrored(resized, canvas) };
    let mut placed = inputs.regions.place(inputs.alpha.as_ref(), canvas);
    // This comes before any step that can be aborted, because the content is freed at the last scale.
    *protected = placed.held.take().map(|part| ProtectedContent::new(part, &content));
    if last {
        inputs.alpha = None;
    }
    let recipe = inputs.recipe.at_scale(index, inputs.scales.len());
    Objective::new(&recipe, engine, (&content, kept.as_ref()), placed, targets)
}

/// The styles' moments at a scale, for each style layer and region.
pub(crate) fn targets_at(
    inputs: &RunInputs,
    content: (usize, usize),
    engine: &mut Tiled,
    known: &mut StyleMoments,
) -> Result<Vec<Vec<Option<MeanMoments>>>, Error> {
    let topology = engine.network().encoder.topology().clone();
    let taps = style_taps(&inputs.recipe, &topology)?;
    let names = style_names(&inputs.recipe);
    let least = least_of_style(&inputs.recipe, &topology)?;
    style_targets(&names, &inputs.regions, &inputs.styles, for_layer, |index, part, weights| {
        let style = &inputs.styles[index];
        let fit = (inputs.recipe.style_fit, style.scale);
        let (width, height) = seen_style_size(style.picture.size(), fit, content, least);
        let of_part = part.weights.as_ref().map(plane_digest).unwrap_or_default();
        let canvas = style_canvas((width, height), &inputs.recipe);
        let key = Key {
            picture: format!("{} {of_part}", inputs.digests[index]),
            canvas,
            taps: taps.clone(),
            window: inputs.run.window,
            averaging: inputs.averaging,
            half: inputs.half,
        };
        known.get(key, || {
            let resized = resize(&style.picture, width, height, Filter::Bicubic, inputs.averaging);
            let weights = weights.map(|weights| at_size(&weights, (width, height)));
            let weights = weights.or((canvas.margin > 0).then(|| vec![1.0; width * height]));
            let weights = weights.map(|weights| plane_of(canvas, &weights));
            let picture = if canvas.margin == 0 { pixels(resized) } else { mirrored(resized, canvas) };
            style_moments(&inputs.recipe, engine, &picture, weights)
        })
    })
}

/// The canvas for a style, with the same margin as the painted picture. With an encoder whose edges meet, the
/// opposite edges of a style would meet too, and the run would paint the resulting lines. The margin is wider
/// there, so that the encoder sees more of the mirror image.
pub(crate) fn style_canvas(size: (usize, usize), recipe: &Recipe) -> Canvas {
    /// Pixels: almost half the receptive field of relu5_1.
    const BEYOND: usize = 64;
    Canvas::new(size, if recipe.padding == Some(Padding::Wrap) { BEYOND } else { recipe.margin })
}

/// The names of the style layers.
pub(crate) fn style_names(recipe: &Recipe) -> Vec<String> {
    recipe.style_layers.iter().map(|(layer, _)| layer.clone()).collect()
}

/// Whether a style is for a layer.
pub(crate) fn for_layer(style: &Style, layer: &str) -> bool {
    style.layers.as_ref().is_none_or(|layers| layers.iter().any(|of_style| of_style == layer))
}

/// The parts of all styles, each with the index of its style. The first style may get an additional part for the
/// rest.
pub(crate) fn parts_of(regions: &Regions, styles: &[Style]) -> Vec<(usize, Part)> {
    let mut all = Vec::new();
    for (index, style) in styles.iter().enumerate() {
        let mut parts = style.parts_of(regions.named());
        let is_rest = |part: &Part| part.region == regions.named();
        if index == 0 && regions.rest_is_painted() && !parts.iter().any(is_rest) {
            parts.push(Part { region: regions.named(), weights: None, of: style.size });
        }
        all.extend(parts.into_iter().map(|part| (index, part)));
    }
    all
}

/// The style targets for each layer and region. For each part of a style, `look` returns the moments; it gets the
/// style's index, the part, and the weights of the style's positions. `wanted` says whether a style is for a layer.
pub(crate) fn style_targets(
    layers: &[String],
    regions: &Regions,
    styles: &[Style],
    wanted: impl Fn(&Style, &str) -> bool,
    mut look: impl FnMut(usize, &Part, Option<Plane>) -> Result<Vec<MeanMoments>, Error>,
) -> Result<Vec<Vec<Option<MeanMoments>>>, Error> {
    let mut seen = Vec::new();
    for (index, part) in parts_of(regions, styles) {
        let style = &styles[index];
        let moments = look(index, &part, style.weights_for(&part))?;
        let moments = moments.into_iter().zip(layers);
        let moments = moments.map(|(moments, layer)| wanted(style, layer).then_some(moments)).collect();
        seen.push((style.weight, part.region, moments));
    }
    Ok(blended(&seen, layers.len(), regions.count()))
}

/// The picture that a run begins with.
pub(crate) fn start_image(inputs: &RunInputs, canvas: Canvas) -> Pixels {
    let resized = |picture| {
        let (width, height) = canvas.inner;
        mirrored(resize(picture, width, height, Filter::Bicubic, inputs.averaging), canvas)
    };
    let size = canvas.inner;
    match (&inputs.recipe.init, &inputs.init_picture) {
        (Init::Picture, Some(picture)) => resized(picture),
        // A draft replaces the content at the first step.
        (Init::Content | Init::Draft | Init::Picture, _) => match &inputs.content {
            Some(content) => resized(content),
            None => mirrored(init::gray(size, inputs.seed), canvas),
        },
        (Init::Noise, _) => mirrored(init::noise(inputs.recipe.noise, size, inputs.seed), canvas),
        (Init::Gray, _) => mirrored(init::gray(size, inputs.seed), canvas),
        (Init::StyleStats, _) => {
            let styles: Vec<(f64, &Picture)> =
                inputs.styles.iter().map(|style| (style.weight, &style.picture)).collect();
            mirrored(init::style_stats(&styles, size, inputs.seed), canvas)
        }
    }
}

/// Mirrors a picture of the canvas's inner size to the outer size. The picture itself is freed.
pub(crate) fn mirrored(picture: Picture, canvas: Canvas) -> Pixels {
    let (width, height) = canvas.outer();
    Pixels { size: Size::new(width, height), data: canvas.mirrored(picture.rgb()) }
}
