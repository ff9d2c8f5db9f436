//! Evaluates the objective on a picture, without a run.

use impasto_engine::{EngineError, Pixels};
use impasto_image::{Filter, Picture, fit_long_edge, resize};

use crate::assembly::pixels;
use crate::margin::Canvas;
use crate::objective::{Losses, Objective, style_moments};
use crate::prepare::{for_layer, style_names, style_targets};
use crate::regions::{at_size, plane_of};
use crate::resolve::Prepared;
use crate::smallest::least_of_style;
use crate::style_size::{check_style_size, seen_style_size};
use crate::threads::thread_pool;
use crate::{Colour, Error, Setting, Style, StyleTransfer};

/// The value of the objective for a picture.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Evaluation {
    /// The terms of the loss, with all weights applied.
    pub losses: Losses,
    /// d(total) / d(RGB 0..1), planar `[3, height, width]`.
    pub gradient: Pixels,
}

impl StyleTransfer {
    /// Evaluates the objective on a picture of encoded RGB in 0..1. Content and picture keep their own sizes;
    /// styles have their own sizes times their scales. With [`size`](StyleTransfer::size), content and picture are
    /// first reduced to that long edge (never enlarged), and the styles get the sizes that the recipe gives them.
    ///
    /// The picture is evaluated as it is. Parts that the [regions](StyleTransfer::regions) protect count for
    /// nothing; the content is not copied into them.
    ///
    /// # Errors
    /// The errors of [`build`](StyleTransfer::build). Also fails if picture and content differ in size, and for any
    /// [`colour`](StyleTransfer::colour) but the style's.
    pub fn evaluate(mut self, image: &Picture) -> Result<Evaluation, Error> {
        if self.colour != Colour::Style {
            return Err(Error::invalid(
                Setting::Colour,
                "expected the default: a picture is evaluated in its own colours",
            ));
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
            // Checked here, because different sizes can still give features of one size.
            let (expected, found) = (content.size, image.size);
            return Err(EngineError::SizesDiffer { what: "picture", expected, found }.into());
        }
        let size = (content.size.width, content.size.height);
        let least = least_of_style(&recipe, network.encoder.topology())?;
        let resized = |Style { picture: style, scale, .. }: &Style| {
            let scale = scale * self.scale_of_styles();
            let (width, height) = match self.size {
                Some(_) => seen_style_size(style.size(), (recipe.style_fit, scale), size, least),
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
            objective.evaluate(engine, image.size, &mut image.data.into())
        })?;
        Ok(Evaluation { losses, gradient })
    }
}
