//! A draft with settings that may change. The pictures are kept at the size of the draft, and the styles' moments
//! are kept from one picture to the next.

use impasto_engine::Cancel;
use impasto_image::{Filter, Picture, Plane, fit_long_edge, resize, resize_plane};

use super::{DraftMemory, Drafter, LARGEST_STYLE, Scene, draft_size};
use crate::colour::{Colour, coloured};
use crate::digest::picture_digest;
use crate::recipe::Init;
use crate::resolve::Prepared;
use crate::threads::{ThreadPool, thread_pool};
use crate::{Error, Overrides, Regions, Scale, Setting, Style, StyleTransfer};

/// A draft of a style transfer whose settings may change. Each [`picture`](Draft::picture) repeats only the work
/// that a change affects. The styles' moments are kept when the strength changes, or the weight of one of several
/// styles.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let content = impasto::Picture::open("content.jpg")?;
/// let style = impasto::Picture::open("style.jpg")?;
/// let mut draft = impasto::Draft::new(impasto::StyleTransfer::new(content).style(style))?;
/// let first = draft.picture()?;
/// draft.set_strength(0.5);
/// let second = draft.picture()?;
/// # Ok(())
/// # }
/// ```
pub struct Draft {
    transfer: StyleTransfer,
    size: (usize, usize),
    drafter: Drafter,
    pool: ThreadPool,
}

impl Draft {
    /// Checks all options and shrinks the pictures to the size of the draft: the size of the result, with a long
    /// edge of at most the recipe's draft size (512 pixels in all presets).
    ///
    /// # Errors
    /// The errors of [`StyleTransfer::build`], and [`Error::Invalid`] for a texture, which has no content to draft.
    pub fn new(mut transfer: StyleTransfer) -> Result<Draft, Error> {
        if transfer.texture.is_some() {
            return Err(Error::invalid(Setting::Init, "a texture has no content to draft"));
        }
        let pool = thread_pool(transfer.threads)?;
        let network = transfer.prepare()?.network;
        let drafter = pool.install(|| {
            let (set, backend) = transfer.take_backend(&network)?;
            Drafter::new(&transfer.cancel, (set, backend.as_ref()))
        })?;
        let size = transfer.result_size()?;
        let largest = transfer.recipe_with_draft()?.draft_size;
        let (width, height) = fit_long_edge(size, size.0.max(size.1).min(largest));
        let averaging = transfer.averaging;
        transfer.size = None;
        transfer.content = resize(&transfer.content, width, height, Filter::Bicubic, averaging);
        transfer.alpha = transfer.alpha.map(|plane| smaller(&plane, (width, height)));
        for style in &mut transfer.styles {
            shrink(style, LARGEST_STYLE, averaging);
        }
        Ok(Draft { transfer, size: (width, height), drafter, pool })
    }

    /// Sets how much of the style to apply, from 0 to 1.
    pub fn set_strength(&mut self, strength: f64) {
        self.transfer.overrides.strength = Some(strength);
    }

    /// Sets the size of the strokes relative to those in the style, from 0.1 to 4.
    pub fn set_stroke_size(&mut self, size: f64) {
        self.transfer.stroke_size = Some(size);
    }

    /// Sets the source of the picture's colours.
    pub fn set_colour(&mut self, colour: Colour) {
        self.transfer.colour = colour;
    }

    /// Sets the weight of each style, in their order. Styles beyond the end of `weights` keep theirs.
    pub fn set_style_weights(&mut self, weights: &[f64]) {
        self.transfer.styles.iter_mut().zip(weights).for_each(|(style, weight)| style.weight = *weight);
    }

    /// Sets the picture to repaint, with its opacity: the next frame of a film. It is resized to the draft.
    pub fn set_content(&mut self, content: &Picture, alpha: Option<&Plane>) {
        let ((width, height), averaging) = (self.size, self.transfer.averaging);
        self.transfer.content =
            self.pool.install(|| resize(content, width, height, Filter::Bicubic, averaging));
        self.transfer.alpha = alpha.map(|plane| smaller(plane, (width, height)));
    }

    /// Sets the regions: those of the next frame of a film whose masks move. There must be as many as before.
    pub fn set_regions(&mut self, regions: Regions) {
        self.transfer.regions = regions;
    }

    /// The size of the picture: width and height in pixels.
    pub fn size(&self) -> (usize, usize) {
        self.size
    }

    /// A square of the grain that flat parts get, which repeats without a seam, for a [`DraftMemory`] of a film whose
    /// scene moves. One pixel of it is one of the draft. Its side is `32 * cells` pixels, for 1 cell and more.
    pub fn grain(&self, cells: usize) -> Plane {
        let side = 32 * cells.max(1);
        let seed = self.transfer.seed;
        let tile = self.pool.install(|| super::grain::tile(side, seed));
        Plane::new(side, side, tile).unwrap_or_else(|| Plane::filled(side, side, 0.0))
    }

    /// A flag that aborts the picture in progress, from any thread.
    pub fn cancel(&self) -> Cancel {
        self.transfer.cancel.clone()
    }

    /// Paints the draft with the current settings. The picture has the size of the draft and encoded RGB in 0..1.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a setting out of range; [`Error::Engine`] if it was cancelled.
    pub fn picture(&mut self) -> Result<Picture, Error> {
        self.picture_with(None)
    }

    /// Paints the draft of a film's frame. Its maps are smoothed over the frames that the memory has seen, so that the
    /// colours do not flicker.
    ///
    /// # Errors
    /// The errors of [`picture`](Draft::picture).
    pub fn following(&mut self, memory: &mut DraftMemory) -> Result<Picture, Error> {
        self.picture_with(Some(memory))
    }

    fn picture_with(&mut self, memory: Option<&mut DraftMemory>) -> Result<Picture, Error> {
        let mut transfer = self.transfer.clone();
        let Prepared { recipe, shares, .. } = transfer.prepare()?;
        let (width, height) = self.size;
        let colours = transfer.take_colours(&[Scale { width, height, iterations: 0 }])?;
        let scale = transfer.scale_of_styles();
        for (style, share) in transfer.styles.iter_mut().zip(shares) {
            (style.weight, style.scale) = (share, style.scale * scale);
        }
        let digest = |style: &Style| picture_digest(&style.picture, style.alpha.as_ref());
        let digests: Vec<String> = transfer.styles.iter().map(digest).collect();
        let scales: Vec<f64> = transfer.styles.iter().map(|style| style.scale).collect();
        let scene = Scene {
            content: &transfer.content,
            alpha: transfer.alpha.as_ref(),
            regions: &transfer.regions,
            styles: &transfer.styles,
            digests: &digests,
            averaging: transfer.averaging,
            style_fit: recipe.style_fit,
            style_layers: &recipe.style_layers,
            strength: recipe.strength,
            size: draft_size(self.size, recipe.draft_size, &scales),
            seed: transfer.seed,
        };
        let drafter = &mut self.drafter;
        let picture = self.pool.install(|| drafter.paint_with(&scene, memory))?;
        let picture = match picture.size() == self.size {
            true => picture,
            false => resize(&picture, width, height, Filter::Bicubic, transfer.averaging),
        };
        Ok(match colours {
            Some(colours) => coloured(picture, &colours),
            None => picture,
        })
    }
}

impl StyleTransfer {
    /// The recipe of a run that begins with a draft.
    fn recipe_with_draft(&self) -> Result<crate::Recipe, Error> {
        Overrides { init: Some(Init::Draft), ..self.overrides.clone() }
            .apply(self.recipe.clone().unwrap_or_else(|| self.preset.recipe()))
    }
}

/// Shrinks a style to a long edge of at most `largest` pixels, with its planes.
pub(crate) fn shrink(style: &mut Style, largest: usize, averaging: impasto_image::Averaging) {
    let size = style.picture.size();
    let long = size.0.max(size.1);
    if long <= largest {
        return;
    }
    let (width, height) = fit_long_edge(size, largest);
    style.picture = resize(&style.picture, width, height, Filter::Bicubic, averaging);
    let planes = style.parts.iter_mut().flatten().filter_map(|part| part.weights.as_mut());
    for plane in planes.chain(&mut style.alpha) {
        *plane = smaller(plane, (width, height));
    }
}

fn smaller(plane: &Plane, size: (usize, usize)) -> Plane {
    let data = resize_plane(plane.data(), plane.size(), size, Filter::Bilinear);
    Plane::new(size.0, size.1, data).unwrap_or_else(|| Plane::filled(size.0, size.1, 1.0))
}
