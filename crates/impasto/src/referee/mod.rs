//! A referee: scores for pictures of any tool, by measures that no run optimises.
//!
//! A picture made by optimising a loss is not better because that loss is small; only other losses can tell. No
//! measure here uses a layer that a preset uses, and only `structure` uses a network unless one is named. Each file has
//! one measure, with its paper and the differences from it; `docs/referee.md` has all formulas.
//!
//! Everything is measured at the picture's own size, or at [`Referee::size`] if the picture is larger. The content
//! is resized to exactly that size. Styles are resized to its long edge, times their scales; they are enlarged
//! beyond their own pixels only by a scale above 1. Pictures are sRGB in 0..1; opacity is ignored.

mod colour;
mod filters;
mod gmsd;
mod heldout;
mod luma;
mod noise;
mod patches;
mod pinned;
pub mod pyramid;
mod scores;
mod seams;
mod sliced;
mod ssim;
mod structure;

use impasto_encoder::{EMBEDDED, Encoder};
use impasto_engine::Engine;
use impasto_image::{Averaging, Filter, Picture, fit_long_edge, resize};

pub use colour::{Colours, lab};
pub use filters::Responses;
pub use gmsd::gmsd;
pub use luma::luma;
pub use noise::Noise;
pub use patches::Patches;
pub use scores::{Aspect, Better, Measure, Scores};
pub use seams::{Seams, seams};
pub use ssim::{ms_ssim, ssim};

use crate::recipe::StyleFit;
use crate::sizes::LARGEST_SIZE;
use crate::style::shares;
use crate::style_size::{check_style_size, style_size};
use crate::{Error, Setting, Style};
use heldout::Heldout;
use structure::Structure;

/// Scores pictures against a content and styles.
pub struct Referee {
    content: Option<Picture>,
    styles: Vec<(f64, Style)>,
    size: Option<usize>,
    heldout: Option<Heldout>,
    /// Measures structure if no encoder is given.
    lite: Option<Heldout>,
    /// Content and styles at the size of the last picture. In most comparisons all pictures have one size.
    known: Option<Known>,
}

/// Content and styles at the size of a picture, with their measurements.
struct Known {
    size: (usize, usize),
    content: Option<Picture>,
    structure: Option<Structure>,
    colours: Colours,
    patches: Patches,
    responses: Responses,
    layers: heldout::Target,
    noise: Vec<Noise>,
}

impl Referee {
    /// Makes a referee for pictures made from a content and styles. Styles have weights and scales; their opacity
    /// is ignored. Without a content, the measures of content have no score.
    ///
    /// # Errors
    /// [`Error::NoStyle`], and [`Error::Invalid`] for invalid weights and scales.
    pub fn new(content: Option<Picture>, styles: Vec<Style>) -> Result<Referee, Error> {
        let shares = shares(&styles)?;
        // A style without a share is not a source of noise either.
        let styles = shares.into_iter().zip(styles).filter(|(share, _)| *share > 0.0).collect();
        Ok(Referee { content, styles, size: None, heldout: None, lite: None, known: None })
    }

    /// Reduces every picture to this long edge in pixels first; smaller pictures stay as they are.
    ///
    /// # Errors
    /// [`Error::Invalid`] for 0 and for more than 30000.
    pub fn size(mut self, long: usize) -> Result<Referee, Error> {
        if !(1..=LARGEST_SIZE).contains(&long) {
            return Err(Error::invalid(
                Setting::Size,
                format!("expected 1 to {LARGEST_SIZE} pixels, found {long}"),
            ));
        }
        self.size = Some(long);
        Ok(self)
    }

    /// Adds an encoder. It measures texture at layers that no preset's style uses, and structure in place of
    /// `lite`. It should not be the encoder that made a picture.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an encoder without any of the layers.
    pub fn encoder(mut self, encoder: &Encoder) -> Result<Referee, Error> {
        self.heldout = Some(Heldout::new(encoder)?);
        Ok(self)
    }

    /// The size at which a picture is scored: width and height in pixels.
    pub fn size_of(&self, picture: &Picture) -> (usize, usize) {
        match self.size {
            Some(long) => fit_long_edge(picture.size(), long.min(picture.long_edge())),
            None => picture.size(),
        }
    }

    /// The scores of a picture. They do not depend on the number of threads.
    ///
    /// # Errors
    /// Fails if a scale makes a style too large, and for errors of an encoder's engine.
    pub fn score(&mut self, picture: &Picture) -> Result<Scores, Error> {
        let picture = fit(picture, self.size_of(picture));
        if self.known.as_ref().is_none_or(|known| known.size != picture.size()) {
            // The old data is freed first: both may be large.
            self.known = None;
            self.known = Some(self.look(picture.size())?);
        }
        let mut scores = Scores::default();
        let Some(known) = &self.known else { return Ok(scores) };
        if let Some((content, encoder)) =
            known.structure.as_ref().zip(self.heldout.as_mut().or(self.lite.as_mut()))
        {
            let kept = content.kept_by(&Structure::of(&picture, encoder.engine())?);
            ([scores.structure, scores.structure_coarse], scores.structure_at) =
                (kept, encoder.structure_at());
        }
        if let Some(content) = &known.content {
            let (content, picture) = (luma(content), luma(&picture));
            scores.ssim = ssim(&content, &picture);
            if let Some((value, scales)) = ms_ssim(&content, &picture) {
                (scores.ms_ssim, scores.ms_ssim_scales) = (Some(value), scales);
            }
            scores.gmsd = gmsd(&content, &picture);
        }
        let alone = [(1.0, picture)];
        scores.colour = Some(Colours::of(&alone).distance(&known.colours));
        let [(_, picture)] = alone;
        scores.patches = known.patches.distance(&picture);
        scores.filters = known.responses.distance(&picture);
        if let Some(heldout) = &mut self.heldout {
            scores.layers = heldout.distances(&picture, &known.layers)?;
        }
        scores.noise = Noise::of(&picture).map(|noise| noise.beyond(&known.noise));
        if let Some(found) = seams(&picture, known.content.as_ref()) {
            (scores.seams, scores.seams_at, scores.border) =
                (Some(found.strength), found.place, Some(found.border));
        }
        Ok(scores)
    }

    /// Measures content and styles at the size of a picture.
    fn look(&mut self, size: (usize, usize)) -> Result<Known, Error> {
        let resized = |(share, style): &(f64, Style)| {
            let to =
                style_size(style.picture.size(), StyleFit::LongEdge { enlarge: false }, style.scale, size);
            check_style_size(to)?;
            Ok::<_, Error>((*share, fit(&style.picture, to)))
        };
        let styles = self.styles.iter().map(resized).collect::<Result<Vec<_>, _>>()?;
        let content = self.content.as_ref().map(|content| fit(content, size));
        let structure = content.as_ref().map(|content| Structure::of(content, self.engine()?)).transpose()?;
        let sources = styles.iter().map(|(_, style)| style).chain(&content);
        Ok(Known {
            size,
            colours: Colours::of(&styles),
            patches: Patches::of(&styles),
            responses: Responses::of(&styles),
            layers: match &mut self.heldout {
                Some(heldout) => heldout.target(&styles)?,
                None => Vec::new(),
            },
            noise: sources.filter_map(Noise::of).collect(),
            structure,
            content,
        })
    }

    /// The engine that measures structure: the given encoder's, or otherwise that of `lite`.
    fn engine(&mut self) -> Result<&mut dyn Engine, Error> {
        let encoder = match (&mut self.heldout, &mut self.lite) {
            (Some(given), _) => given,
            (None, Some(lite)) => lite,
            (None, none) => none.insert(Heldout::new(&impasto_encoder::open(EMBEDDED)?)?),
        };
        Ok(encoder.engine())
    }
}

/// Resizes a picture in light, as runs do, and clamps it to 0..1.
fn fit(picture: &Picture, (width, height): (usize, usize)) -> Picture {
    let mut fitted = resize(picture, width, height, Filter::Bicubic, Averaging::Light);
    fitted.rgb_mut().iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
    fitted
}
