//! A referee: scores for pictures of any tool, by measures that no run optimises.
//!
//! A picture that was made by optimising a loss is no better for having little of it left: other losses are what tells. None of
//! these measures looks through the network that a picture was made with, or at a layer that a preset looks at. Each file here has
//! one, with its paper and where we differ; `docs/referee.md` has the formulas side by side.
//!
//! Everything is measured at the picture's own size, or brought to [`Referee::size`] if it is larger: the content is brought to exactly
//! that size, styles to its long edge, times their scales, and never enlarged beyond their own pixels but by a scale above 1.
//! Pictures are sRGB; opacity is not looked at.

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

use crate::builder::LARGEST_SIZE;
use crate::recipe::StyleFit;
use crate::style::shares;
use crate::style_size::{check_style_size, style_size};
use crate::{Error, Setting, Style};
use heldout::Heldout;
use structure::Structure;

/// Scores pictures by a content and styles.
pub struct Referee {
    content: Option<Picture>,
    styles: Vec<(f64, Style)>,
    size: Option<usize>,
    heldout: Option<Heldout>,
    /// Looks for structure where no encoder is given.
    lite: Option<Heldout>,
    /// What pictures of the last size are held against: most of a comparison have one.
    known: Option<Known>,
}

/// Content and styles at the size of a picture, and what is measured of them.
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
    /// A referee for what was made of a content and styles, which have weights and scales; their opacity is not looked at. Without
    /// a content, nothing is said of it.
    ///
    /// # Errors
    /// [`Error::NoStyle`], and [`Error::Invalid`] for weights and scales that are none.
    pub fn new(content: Option<Picture>, styles: Vec<Style>) -> Result<Referee, Error> {
        let shares = shares(&styles)?;
        // What has no part in the mixture is no source of noise either.
        let styles = shares.into_iter().zip(styles).filter(|(share, _)| *share > 0.0).collect();
        Ok(Referee { content, styles, size: None, heldout: None, lite: None, known: None })
    }

    /// Brings every picture to this long edge first, and never enlarges one.
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

    /// Also looks through an encoder, at layers that no preset's style looks at, and for structure through it in place of `lite`. It
    /// should not be the one that made a picture.
    ///
    /// # Errors
    /// An encoder without any of the layers.
    pub fn encoder(mut self, encoder: &Encoder) -> Result<Referee, Error> {
        self.heldout = Some(Heldout::new(encoder)?);
        Ok(self)
    }

    /// The size that a picture is scored at.
    pub fn size_of(&self, picture: &Picture) -> (usize, usize) {
        match self.size {
            Some(long) => fit_long_edge(picture.size(), long.min(picture.long_edge())),
            None => picture.size(),
        }
    }

    /// The scores of a picture. Nothing in them depends on the number of threads.
    ///
    /// # Errors
    /// A style that its scale makes too large, and what an encoder's engine has to say.
    pub fn score(&mut self, picture: &Picture) -> Result<Scores, Error> {
        let picture = fit(picture, self.size_of(picture));
        if self.known.as_ref().is_none_or(|known| known.size != picture.size()) {
            // The old one goes first: both may be large.
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

    /// Content and styles beside pictures of a size.
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

    /// What looks for structure: the encoder that was given, or else `lite`.
    fn engine(&mut self) -> Result<&mut dyn Engine, Error> {
        let encoder = match (&mut self.heldout, &mut self.lite) {
            (Some(given), _) => given,
            (None, Some(lite)) => lite,
            (None, none) => none.insert(Heldout::new(&impasto_encoder::open(EMBEDDED)?)?),
        };
        Ok(encoder.engine())
    }
}

/// In light, as runs do it; inside of 0..1.
fn fit(picture: &Picture, (width, height): (usize, usize)) -> Picture {
    let mut fitted = resize(picture, width, height, Filter::Bicubic, Averaging::Light);
    fitted.rgb_mut().iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
    fitted
}
