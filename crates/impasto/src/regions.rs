//! Regions of the content, each painted in its own styles, and protected parts that stay as they are.
//!
//! A region weights the positions in the sums of the moments (Gatys et al., "Controlling perceptual factors in
//! neural style transfer", CVPR 2017, section 4, whose guidance channels are normalised in the same way). A
//! region's distance from its style counts in proportion to its area, so a small region is not painted more
//! strongly than a large one.
//!
//! Protected content is not pasted in at the end. At every step it is blended into the painted picture along a soft
//! edge, and the objective evaluates the blend. So the strokes beside it adapt to it.

use impasto_image::{Filter, Plane, blur, resize_plane};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::digest::{hexadecimal, plane_digest};
use crate::margin::Canvas;
use crate::style::Part;
use crate::{Error, Setting, Style, Subject};

/// The treatment of positions outside all regions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Rest {
    /// They stay as they are.
    #[default]
    Keep,
    /// They are painted in the first style.
    First,
}

/// Default softness of the edges of protected parts: standard deviation of the blur, as a fraction of the picture's
/// long edge.
pub const FEATHER: f64 = 0.015;

/// The softness that edges may have.
const FEATHERS: std::ops::RangeInclusive<f64> = 0.0..=0.25;

/// The most regions. Each is a plane of the picture's size, with its own sum at every layer.
const MOST: usize = 24;

/// The largest relative difference between the aspect ratios of a mask and its picture.
const SHAPE: f64 = 0.02;

/// Regions of the content. The planes may have any size with the content's shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Regions {
    planes: Vec<Plane>,
    rest: Rest,
    protect: Option<Plane>,
    feather: f64,
    moving: bool,
}

impl Default for Regions {
    fn default() -> Regions {
        Regions { planes: Vec::new(), rest: Rest::Keep, protect: None, feather: FEATHER, moving: false }
    }
}

impl Regions {
    /// Adds a region: how much each position belongs to it, 0 to 1. Without regions, the whole picture is one.
    #[must_use]
    pub fn region(mut self, weights: Plane) -> Regions {
        self.planes.push(weights);
        self
    }

    /// Sets the treatment of positions outside all regions. Default: they stay as they are.
    #[must_use]
    pub fn rest(mut self, rest: Rest) -> Regions {
        self.rest = rest;
        self
    }

    /// Sets how much of each position is protected, whatever its region: 1 for fully, 0 for not at all.
    #[must_use]
    pub fn protect(mut self, protect: impl Into<Option<Plane>>) -> Regions {
        self.protect = protect.into();
        self
    }

    /// Sets how soft the edges of protected parts are: standard deviation of a blur, as a fraction of the long
    /// edge, 0 to 0.25. Default: [`FEATHER`].
    #[must_use]
    pub fn feather(mut self, feather: f64) -> Regions {
        self.feather = feather;
        self
    }

    /// Allows regions without any position, and protected content everywhere: in a frame of a film, whose masks move.
    /// An empty region counts for nothing.
    #[must_use]
    pub fn moving(mut self) -> Regions {
        self.moving = true;
        self
    }

    /// How much of each position of a picture of a size stays as it is, 0 to 1; `None` if nothing is protected.
    pub fn held(&self, (width, height): (usize, usize)) -> Option<Plane> {
        Plane::new(width, height, self.place(None, Canvas::new((width, height), 0)).held?)
    }

    /// The weight of each region at each position of a picture of a size, and then how much of it stays as it is. For
    /// masks that move, this tells which paint has come into another region.
    pub fn layout(&self, (width, height): (usize, usize)) -> Vec<Plane> {
        let placed = self.place(None, Canvas::new((width, height), 0));
        let plane = |data: Vec<f32>| Plane::new(width, height, data);
        let regions = placed.regions.into_iter().filter_map(|region| plane(region.data));
        regions.chain(placed.held.and_then(plane)).collect()
    }

    /// Number of regions in the sums.
    pub(crate) fn count(&self) -> usize {
        self.planes.len().max(1) + usize::from(self.rest_is_painted())
    }

    /// Number of regions that styles can be assigned to.
    pub(crate) fn named(&self) -> usize {
        self.planes.len().max(1)
    }

    /// Whether the first style has an additional region for the rest, which is the last one.
    pub(crate) fn rest_is_painted(&self) -> bool {
        self.rest == Rest::First && !self.planes.is_empty()
    }

    /// Whether some content stays as it is.
    pub(crate) fn protects(&self) -> bool {
        self.protect.is_some() || self.keeps_rest()
    }

    /// Whether positions outside all regions stay as they are.
    pub(crate) fn keeps_rest(&self) -> bool {
        self.rest == Rest::Keep && !self.planes.is_empty()
    }

    /// Number of weight planes of an evaluation. A margin needs one in any case, because it does not count.
    pub(crate) fn weights(&self, alpha: bool, margin: usize) -> usize {
        match self.planes.is_empty() && self.protect.is_none() && !alpha {
            true => usize::from(margin > 0),
            false => self.count() + 1,
        }
    }

    /// Bytes of the planes as they were given.
    pub(crate) fn bytes(&self) -> usize {
        self.planes.iter().chain(&self.protect).map(|plane| size_of_val(plane.data())).sum()
    }

    /// Checks values and shapes.
    pub(crate) fn check(&self, content: (usize, usize)) -> Result<(), Error> {
        if self.planes.len() > MOST {
            let problem = format!("expected at most {MOST} regions, found {}", self.planes.len());
            return Err(Error::invalid(Setting::Mask, problem));
        }
        if !FEATHERS.contains(&self.feather) {
            let (least, most) = (FEATHERS.start(), FEATHERS.end());
            let problem = format!("expected {least} to {most} of the long edge, found {}", self.feather);
            return Err(Error::invalid(Setting::Feather, problem));
        }
        let planes = self.planes.iter().map(|plane| (Setting::Mask, plane));
        for (setting, plane) in planes.chain(self.protect.iter().map(|plane| (Setting::Protect, plane))) {
            check_shape(setting, plane.size(), content)?;
            check_weights(setting, plane)?;
        }
        if self.moving {
            return Ok(());
        }
        if self.planes.iter().any(|plane| plane.data().iter().all(|&weight| weight == 0.0)) {
            return Err(Error::invalid(Setting::Mask, "a region has no position: the mask is black there"));
        }
        let held = |plane: &Plane| plane.data().iter().all(|&weight| weight >= 1.0);
        if self.protect.as_ref().is_some_and(held) {
            return Err(Error::invalid(
                Setting::Protect,
                "all of the picture is protected: nothing is left to paint",
            ));
        }
        Ok(())
    }

    /// Digest for the fingerprint; `None` if there is nothing to digest.
    pub(crate) fn digest(&self) -> Option<String> {
        if *self == (Regions { feather: self.feather, moving: self.moving, ..Regions::default() }) {
            return None;
        }
        let mut digest = Sha256::new();
        digest.update(format!("{:?} {}", self.rest, self.feather));
        for plane in self.planes.iter().chain(&self.protect) {
            digest.update(plane_digest(plane));
        }
        digest.update([u8::from(self.protect.is_some())]);
        Some(hexadecimal(digest))
    }

    /// The weights of positions on a canvas. `alpha` is the content's opacity.
    pub(crate) fn place(&self, alpha: Option<&Plane>, canvas: Canvas) -> PositionWeights {
        let at = |plane: &Plane| at_size(plane, canvas.inner);
        let (alpha, area) = (alpha.map(at), canvas.inner.0 * canvas.inner.1);
        if self.weights(alpha.is_some(), 0) == 0 {
            // The content counts in the margin too, as its mirror image.
            let regions = (canvas.margin > 0).then(|| plane_of(canvas, &vec![1.0; area]));
            return PositionWeights { regions: regions.into_iter().collect(), ..PositionWeights::default() };
        }
        let mut regions: Vec<Vec<f32>> = self.planes.iter().map(at).collect();
        let left = |at: usize| (1.0 - regions.iter().map(|region| region[at]).sum::<f32>()).max(0.0);
        let rest: Option<Vec<f32>> = (!regions.is_empty()).then(|| (0..area).map(left).collect());
        let long_edge = canvas.inner.0.max(canvas.inner.1);
        let soften = |data: Vec<f32>| {
            let plane = Plane::new(canvas.inner.0, canvas.inner.1, data);
            let mut soft = plane.map(|plane| blur(&plane, self.feather * long_edge as f64).into_data());
            // Values close to 0 or 1 are rounded to exactly that.
            soft.iter_mut().flatten().for_each(|value| match *value {
                ..0.002 => *value = 0.0,
                0.998.. => *value = 1.0,
                _ => {}
            });
            soft.unwrap_or_default()
        };
        let protect = self.protect.as_ref().map(|plane| soften(at(plane)));
        let kept = rest.clone().filter(|_| self.rest == Rest::Keep).map(soften);
        let free = |held: &Option<Vec<f32>>, at: usize| held.as_ref().map_or(1.0, |held| 1.0 - held[at]);
        let seen = |at: usize| alpha.as_ref().map_or(1.0, |alpha| alpha[at]);
        if regions.is_empty() {
            regions.push(vec![1.0; area]);
        }
        regions.extend(rest.filter(|_| self.rest == Rest::First));
        for region in &mut regions {
            region.iter_mut().enumerate().for_each(|(at, weight)| *weight *= seen(at) * free(&protect, at));
        }
        let painted = |at| free(&protect, at) * free(&kept, at);
        let residual: Vec<f32> = (0..area).map(|at| seen(at) * painted(at)).collect();
        let held = (protect.is_some() || kept.is_some())
            .then(|| (0..area).map(|at| 1.0 - painted(at)).collect::<Vec<f32>>());
        let (width, height) = canvas.outer();
        let size = impasto_engine::Size::new(width, height);
        PositionWeights {
            regions: regions.iter().map(|region| plane_of(canvas, region)).collect(),
            residual: Some(impasto_engine::Plane { size, data: canvas.mirrored(&residual) }),
            held: held.map(|held| canvas.mirrored(&held)),
        }
    }
}

impl Regions {
    /// The weights for matching a style's colours to the content's: the parts of the style, and the regions of the
    /// content that they are for.
    pub(crate) fn colours_of(
        &self,
        index: usize,
        style: &Style,
        alpha: Option<&Plane>,
        content: (usize, usize),
    ) -> (Option<Plane>, Option<Plane>) {
        let Some(parts) = &style.parts else { return (style.alpha.clone(), alpha.cloned()) };
        let mut parts = parts.clone();
        let rest = self.planes.len();
        if index == 0 && self.rest_is_painted() && !parts.iter().any(|part| part.region == rest) {
            parts.push(Part { region: rest, weights: None, of: style.size });
        }
        let larger = |to: &mut Plane, from: &[f32]| {
            to.data_mut().iter_mut().zip(from).for_each(|(to, from)| *to = to.max(*from));
        };
        let (width, height) = style.picture.size();
        let mut mine = Plane::filled(width, height, 0.0);
        let mut theirs = Plane::filled(content.0, content.1, 0.0);
        for part in &parts {
            match style.weights_for(part) {
                Some(weights) => larger(&mut mine, weights.data()),
                None => mine = Plane::filled(width, height, 1.0),
            }
            match self.planes.get(part.region) {
                Some(plane) => larger(&mut theirs, &at_size(plane, content)),
                // Without regions this is the whole content; otherwise the rest outside the regions.
                None => {
                    let mut left = vec![1.0; content.0 * content.1];
                    for plane in &self.planes {
                        let taken = at_size(plane, content);
                        left.iter_mut().zip(taken).for_each(|(left, taken)| *left = (*left - taken).max(0.0));
                    }
                    larger(&mut theirs, &left);
                }
            }
        }
        if self.moving && theirs.data().iter().all(|weight| *weight == 0.0) {
            // The region is not to be seen yet.
            return (Some(mine), alpha.cloned());
        }
        let seen = alpha.map_or(&[][..], Plane::data);
        theirs.data_mut().iter_mut().zip(seen).for_each(|(to, alpha)| *to *= alpha);
        (Some(mine), Some(theirs))
    }
}

/// Weights of positions on a canvas. Default: all positions count the same.
#[derive(Default)]
pub(crate) struct PositionWeights {
    /// Weights of the regions; empty if all positions count the same.
    pub(crate) regions: Vec<impasto_engine::Plane>,
    /// Weights of the content term.
    pub(crate) residual: Option<impasto_engine::Plane>,
    /// How much of the content stays at each position, 0 to 1.
    pub(crate) held: Option<Vec<f32>>,
}

/// Resizes a plane; values are in 0..1.
pub(crate) fn at_size(plane: &Plane, size: (usize, usize)) -> Vec<f32> {
    let mut data = resize_plane(plane.data(), plane.size(), size, Filter::Bilinear);
    data.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
    data
}

/// The weights of a canvas's positions in the sums over a style or a region: 0 in the margin.
pub(crate) fn plane_of(canvas: Canvas, inner: &[f32]) -> impasto_engine::Plane {
    let (width, height) = canvas.outer();
    let size = impasto_engine::Size::new(width, height);
    impasto_engine::Plane { size, data: canvas.bare(inner) }
}

/// Checks that a mask has the shape of its picture. A mask of another shape probably belongs to another picture.
pub(crate) fn check_shape(
    subject: impl Into<Subject>,
    mask: (usize, usize),
    picture: (usize, usize),
) -> Result<(), Error> {
    // A difference of half a pixel on each side is rounding.
    let pixel = 1.0 / mask.0.min(mask.1) as f64 + 1.0 / picture.0.min(picture.1) as f64;
    let ratio = (mask.0 as f64 * picture.1 as f64) / (mask.1 as f64 * picture.0 as f64);
    if (ratio.ln()).abs() > SHAPE + pixel {
        let problem = format!(
            "expected the shape of its picture, {}x{}, found {}x{}",
            picture.0, picture.1, mask.0, mask.1
        );
        return Err(Error::invalid(subject, problem).advised(format!(
            "any size of these proportions will do: crop the mask to them, or resize it to {}x{}",
            picture.0, picture.1
        )));
    }
    Ok(())
}

pub(crate) fn check_weights(subject: impl Into<Subject>, plane: &Plane) -> Result<(), Error> {
    match plane.data().iter().find(|weight| !(0.0..=1.0).contains(*weight)) {
        Some(wrong) => Err(Error::invalid(subject, format!("expected weights of 0 to 1, found {wrong}"))),
        None => Ok(()),
    }
}
