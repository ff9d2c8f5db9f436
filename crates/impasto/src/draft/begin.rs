//! Runs that begin with a draft. The draft is painted before the first step. It replaces the content as the start
//! of the run, and the content term keeps the result close to it.

use impasto_image::{Filter, Picture, resize};

use super::{Scene, draft_size};
use crate::colour::{Colour, make_grey};
use crate::recipe::Init;
use crate::{Error, Session};

impl Session {
    /// Paints the draft that the run begins with, unless it exists already, and returns the picture. Returns `None`
    /// if the run begins with something else or has begun. Without this call, the first [`step`](Session::step)
    /// paints the draft.
    ///
    /// # Errors
    /// Fails if the run was cancelled, or if a style's features are not finite.
    pub fn draft(&mut self) -> Result<Option<Picture>, Error> {
        if self.begun || self.inputs.recipe.init != Init::Draft {
            self.begun = true;
            return Ok(None);
        }
        self.paint_draft()?;
        let Some(draft) = &self.draft else { return Ok(None) };
        let canvas = self.inputs.canvas(self.inputs.scales[self.scale]);
        let (width, height) = canvas.inner;
        let sized =
            self.pool.install(|| resize(draft, width, height, Filter::Bicubic, self.inputs.averaging));
        let mut data = canvas.mirrored(sized.rgb());
        data.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        self.image = data.into();
        self.begun = true;
        self.picture().map(Some)
    }

    /// Whether the picture is a draft or was developed from one.
    pub fn has_draft(&self) -> bool {
        self.draft.is_some()
    }

    /// Paints the draft if the run needs one and the pictures are still in memory.
    pub(crate) fn paint_draft(&mut self) -> Result<(), Error> {
        let wanted = self.draft.is_none() && self.inputs.recipe.init == Init::Draft;
        let (true, Some(content), Some(drafter)) = (wanted, &self.inputs.content, &mut self.drafter) else {
            return Ok(());
        };
        let result = self.inputs.scales.last().map_or((1, 1), |scale| (scale.width, scale.height));
        let scales: Vec<f64> = self.inputs.styles.iter().map(|style| style.scale).collect();
        let scene = Scene {
            content,
            alpha: self.inputs.alpha.as_ref(),
            regions: &self.inputs.regions,
            styles: &self.inputs.styles,
            digests: &self.inputs.digests,
            averaging: self.inputs.averaging,
            style_fit: self.inputs.recipe.style_fit,
            style_layers: &self.inputs.recipe.style_layers,
            strength: self.inputs.recipe.strength,
            size: draft_size(result, self.inputs.recipe.draft_size, &scales),
            seed: self.inputs.seed,
        };
        let mut picture = self.pool.install(|| drafter.paint(&scene))?;
        if self.inputs.colour == Colour::Luminance {
            make_grey(&mut picture);
        }
        self.draft = Some(picture);
        if self.inputs.given.memory.is_some() {
            self.drafter = None;
        }
        Ok(())
    }
}

/// The draft, resized to the size of `fine`, which is the content at that size. If that is larger than the draft,
/// the content's own detail is added.
pub(crate) fn draft_at(
    draft: &Picture,
    (content, fine): (&Picture, &Picture),
    averaging: impasto_image::Averaging,
) -> Picture {
    let (width, height) = fine.size();
    let sized = |picture: &Picture| resize(picture, width, height, Filter::Bicubic, averaging);
    let mut picture = sized(draft);
    if draft.long_edge() < width.max(height) {
        let small = resize(content, draft.width(), draft.height(), Filter::Bicubic, averaging);
        let coarse = sized(&small);
        for ((to, fine), coarse) in picture.rgb_mut().iter_mut().zip(fine.rgb()).zip(coarse.rgb()) {
            *to = (*to + fine - coarse).clamp(0.0, 1.0);
        }
    }
    picture
}
