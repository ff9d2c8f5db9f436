//! The smallest pictures that a run can use. At the deepest layer a picture needs at least one feature.
//!
//! A run begins at the first scale at which the content has one. A style that is thin, such as a strip, is taken larger
//! where it would have none. So only a picture that is too small at the final size is refused.

use impasto_encoder::{Tap, Topology};
use impasto_image::fit_long_edge;

use crate::plan::Planner;
use crate::sizes::LARGEST_SIZE;
use crate::style_size::{check_style_size, seen_style_size, style_size};
use crate::{Error, Recipe, Scale, Setting, StyleTransfer};

/// The shortest side of a content in pixels.
pub(crate) fn least_of_content(recipe: &Recipe, topology: &Topology) -> Result<usize, Error> {
    let deepest = deepest(&[&recipe.content_layers, &recipe.style_layers], topology)?;
    Ok(deepest.map_or(1, |tap| topology.smallest_image(tap)))
}

/// The shortest side of a style in pixels.
pub(crate) fn least_of_style(recipe: &Recipe, topology: &Topology) -> Result<usize, Error> {
    Ok(deepest(&[&recipe.style_layers], topology)?.map_or(1, |tap| topology.smallest_image(tap)))
}

fn deepest(layers: &[&Vec<(String, f64)>], topology: &Topology) -> Result<Option<Tap>, Error> {
    let taps = layers.iter().copied().flatten().map(|(name, _)| topology.tap(name));
    Ok(taps.collect::<Result<Vec<_>, _>>()?.into_iter().max())
}

impl StyleTransfer {
    /// Checks the sizes of all pictures before the run, so that it cannot fail halfway. They are largest at the last
    /// scale.
    pub(crate) fn check_sizes(&self, planner: &Planner, scales: &[Scale]) -> Result<(), Error> {
        let Some(&Scale { width, height, .. }) = scales.last() else { return Err(Error::NoStyle) };
        let (recipe, topology) = (planner.recipe, planner.engine.network().encoder.topology());
        let least = least_of_content(recipe, topology)?;
        if width.min(height) < least {
            let deepest = deepest(&[&recipe.content_layers, &recipe.style_layers], topology)?;
            return Err(self.content_too_small((width, height), least, name_of(deepest, topology)));
        }
        self.check_styles(planner, (width, height))?;
        let least = least_of_style(recipe, topology)?;
        planner.given.styles.iter().try_for_each(|(style, scale)| {
            check_style_size(seen_style_size(*style, (recipe.style_fit, *scale), (width, height), least))
        })
    }

    fn content_too_small(&self, (width, height): (usize, usize), smallest: usize, layer: String) -> Error {
        let what = if self.texture.is_some() { "the texture" } else { "the content at its final size" };
        let would_do = match self.texture {
            Some(_) => Some(format!("{}x{}", width.max(smallest), height.max(smallest))),
            None => size_with(self.content.size(), smallest).map(|size| size.to_string()),
        };
        let would_do = would_do.map(|size| format!("{} {size}", Setting::Size));
        Error::TooSmall { what, layer, smallest, width, height, would_do }
    }

    /// Refuses styles that are small themselves, and styles that a small style scale makes small.
    fn check_styles(&self, planner: &Planner, content: (usize, usize)) -> Result<(), Error> {
        let (recipe, topology) = (planner.recipe, planner.engine.network().encoder.topology());
        let deepest = deepest(&[&recipe.style_layers], topology)?;
        let smallest = deepest.map_or(1, |tap| topology.smallest_image(tap));
        for (style, scale) in &planner.given.styles {
            let size = |factor: f64| style_size(*style, recipe.style_fit, factor * scale, content);
            if is_seen(*style, size(1.0), smallest) {
                continue;
            }
            let (width, height) = size(1.0);
            let factor = factors().find(|factor| is_seen(*style, size(*factor), smallest));
            let would_do = factor.map(|factor| {
                let enough = (self.style_scale * factor * 100.0).ceil() / 100.0;
                format!("{} {enough}", Setting::StyleScale)
            });
            let (what, layer) = ("a style at the final size", name_of(deepest, topology));
            return Err(Error::TooSmall { what, layer, smallest, width, height, would_do });
        }
        Ok(())
    }
}

/// Whether a style can be used at this size: it is large enough, or it is a strip that can be taken larger.
fn is_seen(style: (usize, usize), (width, height): (usize, usize), least: usize) -> bool {
    let is_strip = style.0.min(style.1) >= least && width.max(height) >= least;
    width.min(height) >= least || is_strip
}

/// Factors of the style scale that are tried, in ascending order.
fn factors() -> impl Iterator<Item = f64> {
    (1..=100).map(|step| 1.1_f64.powi(step))
}

/// The smallest long edge with which a picture of this shape has a short side of at least `least` pixels.
fn size_with(of: (usize, usize), least: usize) -> Option<usize> {
    let short = |long: usize| {
        let (width, height) = fit_long_edge(of, long);
        width.min(height)
    };
    (least..=LARGEST_SIZE).find(|long| short(*long) >= least)
}

fn name_of(deepest: Option<Tap>, topology: &Topology) -> String {
    deepest.map(|tap| topology.tap_name(tap)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_that_would_do_is_the_smallest() {
        assert_eq!(size_with((900, 100), 16), Some(140));
        assert_eq!((fit_long_edge((900, 100), 140).1, fit_long_edge((900, 100), 139).1), (16, 15));
        assert_eq!(size_with((1, 3000), 16), None);
    }

    #[test]
    fn strips_are_seen_and_dots_are_not() {
        assert!(is_seen((900, 20), (128, 3), 16));
        assert!(!is_seen((900, 15), (128, 2), 16));
        assert!(!is_seen((900, 600), (12, 8), 16));
        assert!(is_seen((9, 9), (16, 16), 16));
    }
}
