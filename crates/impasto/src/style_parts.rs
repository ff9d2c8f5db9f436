//! The parts of styles for regions and layers: checks, memory and digests, before a run.

use crate::digest::plane_digest;
use crate::regions::{check_shape, check_weights};
use crate::style::Part;
use crate::{Error, Recipe, StyleTransfer};

impl StyleTransfer {
    /// Bytes of all masks of the content and the styles, as they were given.
    pub(crate) fn mask_bytes(&self) -> usize {
        let parts = self.styles.iter().flat_map(|style| style.parts.iter().flatten());
        let weights = parts.filter_map(|part| part.weights.as_ref());
        self.regions.bytes() + weights.map(|plane| size_of_val(plane.data())).sum::<usize>()
    }

    /// A digest of everything that regions and parts determine; `None` if there are neither.
    pub(crate) fn regions_digest(&self) -> Option<String> {
        let parts: Vec<String> = self
            .styles
            .iter()
            .filter(|style| style.parts.is_some() || style.layers.is_some())
            .map(|style| {
                let part = |part: &Part| (part.region, part.weights.as_ref().map(plane_digest));
                let parts: Option<Vec<_>> =
                    style.parts.as_ref().map(|parts| parts.iter().map(part).collect());
                format!("{parts:?} {:?}", style.layers)
            })
            .collect();
        let regions = self.regions.digest();
        (regions.is_some() || !parts.is_empty()).then(|| format!("{} {parts:?}", regions.unwrap_or_default()))
    }

    /// Checks the regions. Also checks that each part of a style names a region and has a mask that fits.
    pub(crate) fn check_regions(&self) -> Result<(), Error> {
        self.regions.check(self.content.size())?;
        for (index, style) in self.styles.iter().enumerate() {
            // The first style may be for the rest, too.
            let rest = usize::from(index == 0 && self.regions.rest_is_painted());
            for part in style.parts.iter().flatten() {
                let Part { region, weights, of } = part;
                if *region >= self.regions.named() + rest {
                    let problem = format!("expected below {}, found {region}", self.regions.named() + rest);
                    return Err(Error::invalid("the region of a style", problem));
                }
                if let Some(weights) = weights {
                    check_shape("the mask of a style", *of, style.size)?;
                    check_weights("the mask of a style", weights)?;
                    let seen = style.weights_for(part);
                    if seen.iter().any(|seen| seen.data().iter().all(|&weight| weight == 0.0)) {
                        let problem =
                            "nothing is left of the style: the mask is black where the style is opaque";
                        return Err(Error::invalid("the mask of a style", problem));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Checks that a style is only for layers that the recipe uses.
pub(crate) fn check_layers(layers: &[String], recipe: &Recipe) -> Result<(), Error> {
    let known = || recipe.style_layers.iter().map(|(layer, _)| layer.as_str());
    match layers.iter().find(|layer| known().all(|known| known != layer.as_str())) {
        Some(unknown) => {
            let problem =
                format!("expected some of {}, found {unknown:?}", known().collect::<Vec<_>>().join(", "));
            Err(Error::invalid("the layers of a style", problem))
        }
        None if layers.is_empty() => Err(Error::invalid("the layers of a style", "expected at least one")),
        None => Ok(()),
    }
}
