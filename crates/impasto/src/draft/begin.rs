//! A run that begins with a draft: it is painted before the first step, and takes the content's place.

use impasto_engine::Pixels;
use impasto_image::{Filter, Picture, resize};

use super::{Scene, draft_size};
use crate::colour::{Colour, make_grey};
use crate::recipe::Init;
use crate::{Error, Session};

impl Session {
    /// Paints the draft that the run begins with, unless it is there, and returns it as the picture is now; `None` where the run begins
    /// with something else, or has begun. The first [`step`](Session::step) does it otherwise.
    ///
    /// # Errors
    /// When it was cancelled, or a style's features are no finite numbers.
    pub fn draft(&mut self) -> Result<Option<Picture>, Error> {
        if self.begun || self.plan.recipe.init != Init::Draft {
            self.begun = true;
            return Ok(None);
        }
        let (Some(content), Some(drafter)) = (&self.plan.content, &mut self.drafter) else { return Ok(None) };
        let result = self.plan.scales.last().map_or((1, 1), |scale| (scale.width, scale.height));
        let scales: Vec<f64> = self.plan.styles.iter().map(|style| style.scale).collect();
        let scene = Scene {
            content,
            alpha: self.plan.alpha.as_ref(),
            regions: &self.plan.regions,
            styles: &self.plan.styles,
            digests: &self.plan.digests,
            averaging: self.plan.averaging,
            style_fit: self.plan.recipe.style_fit,
            style_layers: &self.plan.recipe.style_layers,
            strength: self.plan.recipe.strength,
            size: draft_size(result, self.plan.recipe.draft_size, &scales),
        };
        let canvas = self.plan.canvas(self.plan.scales[self.scale]);
        let (width, height) = canvas.inner;
        let averaging = self.plan.averaging;
        let size = self.image.size;
        self.image = self.pool.install(|| {
            let mut picture = drafter.paint(&scene)?;
            if self.plan.colour == Colour::Luminance {
                make_grey(&mut picture);
            }
            let sized = resize(&picture, width, height, Filter::Bicubic, averaging);
            let mut data = canvas.mirrored(sized.rgb());
            data.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
            Ok::<_, Error>(Pixels { size, data })
        })?;
        self.begun = true;
        self.picture().map(Some)
    }
}
