//! Evaluates the objective on pictures, without a run.

use impasto_engine::{Cancel, Engine, EngineError, Pixels, Size};
use impasto_image::{Filter, Picture, fit_long_edge, resize};

use crate::assembly::pixels;
use crate::margin::Canvas;
use crate::objective::{Losses, Objective, style_moments};
use crate::prepare::{for_layer, style_names, style_targets};
use crate::regions::{at_size, plane_of};
use crate::resolve::Prepared;
use crate::smallest::least_of_style;
use crate::style_size::{check_style_size, seen_style_size};
use crate::threads::{ThreadPool, thread_pool};
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

/// An objective with all its targets captured, for pictures of one size. It evaluates any number of them.
pub struct Evaluator {
    engine: Box<dyn Engine>,
    objective: Objective,
    pool: ThreadPool,
    size: Size,
}

impl Evaluator {
    /// The size of the pictures that it evaluates.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Evaluates a picture of RGB 0..1, as it is. `cancel` abandons the work.
    ///
    /// # Errors
    /// When the picture has another size, a value is not finite, or the work was cancelled.
    pub fn evaluate(&mut self, image: Pixels, cancel: &Cancel) -> Result<Evaluation, Error> {
        check_sizes(self.size, image.size)?;
        let Evaluator { engine, objective, pool, size } = self;
        engine.set_cancel(cancel.clone());
        let evaluated = pool.install(|| objective.evaluate(engine.as_mut(), *size, &mut image.data.into()));
        let (losses, gradient) = evaluated?;
        Ok(Evaluation { losses, gradient })
    }
}

/// The sizes are compared, because different sizes can still give features of one size.
fn check_sizes(expected: Size, found: Size) -> Result<(), Error> {
    match expected == found {
        true => Ok(()),
        false => Err(EngineError::SizesDiffer { what: "picture", expected, found }.into()),
    }
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
    pub fn evaluate(self, image: &Picture) -> Result<Evaluation, Error> {
        let cancel = self.cancel.clone();
        let image = pixels(self.fitted(image));
        // Styles may take long, so this is checked before as well.
        let (width, height) = self.fitted_size(&self.content);
        check_sizes(Size::new(width, height), image.size)?;
        self.evaluator()?.evaluate(image, &cancel)
    }

    /// Captures the targets of the objective, for pictures of the content's size. [`evaluate`](StyleTransfer::evaluate)
    /// says which sizes content and styles have.
    ///
    /// # Errors
    /// The errors of [`build`](StyleTransfer::build), and any [`colour`](StyleTransfer::colour) but the style's.
    pub fn evaluator(mut self) -> Result<Evaluator, Error> {
        if self.colour != Colour::Style {
            return Err(Error::invalid(
                Setting::Colour,
                "expected the default: a picture is evaluated in its own colours",
            ));
        }
        let pool = thread_pool(self.threads)?;
        self.result_size()?;
        let Prepared { recipe, network, shares } = self.prepare()?;
        let (_, backend) = pool.install(|| self.take_backend(&network))?;
        let content = pixels(self.fitted(&self.content));
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
        let (engine, objective) = pool.install(|| {
            let mut prepared = backend.prepare(network, cancel)?;
            let engine = prepared.as_mut();
            let names = style_names(&recipe);
            let targets = style_targets(&names, &regions, &styles, for_layer, |index, _, weights| {
                let size = (sized[index].size.width, sized[index].size.height);
                let at = |weights| plane_of(Canvas::new(size, 0), &at_size(&weights, size));
                style_moments(&recipe, engine, &sized[index], weights.map(at))
            })?;
            let objective = Objective::new(&recipe, engine, (&content, None), placed, targets)?;
            Ok::<_, Error>((prepared, objective))
        })?;
        Ok(Evaluator { engine, objective, pool, size: content.size })
    }

    /// The size that a picture is evaluated at.
    fn fitted_size(&self, picture: &Picture) -> (usize, usize) {
        let long = self.size.map_or(picture.long_edge(), |long| long.min(picture.long_edge()));
        fit_long_edge(picture.size(), long)
    }

    /// The picture at this size.
    fn fitted(&self, picture: &Picture) -> Picture {
        let (width, height) = self.fitted_size(picture);
        match self.size {
            Some(_) => resize(picture, width, height, Filter::Bicubic, self.averaging),
            None => picture.clone(),
        }
    }
}
