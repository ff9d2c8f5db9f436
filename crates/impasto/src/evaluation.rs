//! Judging a picture by an objective, without a run.

use impasto_engine::{EngineError, Pixels};
use impasto_image::{Filter, Picture, fit_long_edge, resize};

use crate::assembly::{Prepared, pixels};
use crate::margin::Canvas;
use crate::objective::{Losses, Objective, style_moments};
use crate::prepare::{for_layer, style_names, style_targets};
use crate::regions::{at_size, plane_of};
use crate::style_size::{check_style_size, style_size};
use crate::threads::thread_pool;
use crate::{Colour, Error, Setting, Style, StyleTransfer};

/// What a picture is worth by an objective.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The terms of the loss, after all weights.
    pub losses: Losses,
    /// d(total) / d(RGB 0..1), planar `[3, height, width]`.
    pub gradient: Pixels,
}

impl StyleTransfer {
    /// Judges a picture by the objective: content and styles at their own sizes, or with [`size`](StyleTransfer::size) all
    /// brought to that long edge first (never enlarged). The picture is judged as it is: what [regions](StyleTransfer::regions)
    /// keep of the content counts for nothing, and is not put into it.
    ///
    /// # Errors
    /// As [`build`](StyleTransfer::build); also when picture and content differ in size, and with any
    /// [`colour`](StyleTransfer::colour) but the style's.
    pub fn evaluate(mut self, image: &Picture) -> Result<Evaluation, Error> {
        if self.colour != Colour::Style {
            return Err(Error::invalid(Setting::Colour, "a picture is judged in its own colours"));
        }
        let (_, backend) = self.take_backend()?;
        let pool = thread_pool(self.threads)?;
        self.result_size()?;
        let Prepared { recipe, network, shares } = self.prepare()?;
        let fit = |picture: &Picture| match self.size {
            Some(long) => {
                let (width, height) = fit_long_edge(picture.size(), long.min(picture.long_edge()));
                resize(picture, width, height, Filter::Bicubic, self.averaging)
            }
            None => picture.clone(),
        };
        let (content, image) = (pixels(fit(&self.content)), pixels(fit(image)));
        if content.size != image.size {
            // Their features may have one size nevertheless.
            let (expected, found) = (content.size, image.size);
            return Err(EngineError::SizesDiffer { what: "picture", expected, found }.into());
        }
        let size = (content.size.width, content.size.height);
        let resized = |Style { picture: style, scale, .. }: &Style| {
            let scale = scale * self.scale_of_styles();
            let (width, height) = match self.size {
                Some(_) => style_size(style.size(), recipe.style_fit, scale, size),
                None => {
                    let long = (style.long_edge() as f64 * scale).round() as usize;
                    fit_long_edge(style.size(), long.max(1))
                }
            };
            check_style_size((width, height))?;
            Ok::<Pixels, Error>(pixels(resize(style, width, height, Filter::Bicubic, self.averaging)))
        };
        let sized: Vec<Pixels> = self.styles.iter().map(resized).collect::<Result<_, Error>>()?;
        let mut styles = self.styles;
        styles.iter_mut().zip(shares).for_each(|(style, share)| style.weight = share);
        let placed = self.regions.place(self.alpha.as_ref(), Canvas::new(size, 0));
        let (cancel, regions) = (self.cancel, self.regions);
        let (losses, gradient) = pool.install(|| {
            let mut engine = backend.prepare(network, cancel)?;
            let engine = engine.as_mut();
            let names = style_names(&recipe);
            let targets = style_targets(&names, &regions, &styles, for_layer, |index, _, weights| {
                let size = (sized[index].size.width, sized[index].size.height);
                let at = |weights| plane_of(Canvas::new(size, 0), &at_size(&weights, size));
                style_moments(&recipe, engine, &sized[index], weights.map(at))
            })?;
            let objective = Objective::new(&recipe, engine, (&content, None), placed, targets)?;
            objective.evaluate(engine, &image)
        })?;
        Ok(Evaluation { losses, gradient })
    }
}
