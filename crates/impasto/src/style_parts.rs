//! Which part of a style goes into which region, and for which layers: checked, counted and digested before a run.

use crate::regions::{check_shape, check_weights, plane_digest};
use crate::style::Part;
use crate::{Error, Recipe, StyleTransfer};

impl StyleTransfer {
    /// Bytes of all masks as they were given, of the content and of the styles.
    pub(crate) fn mask_bytes(&self) -> usize {
        let parts = self.styles.iter().flat_map(|style| style.parts.iter().flatten());
        let weights = parts.filter_map(|part| part.weights.as_ref());
        self.regions.bytes() + weights.map(|plane| size_of_val(plane.data())).sum::<usize>()
    }

    /// A digest of everything that regions and parts decide; `None` where there are neither.
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

    /// Checks regions, and that each part of a style names one and has a mask that fits.
    pub(crate) fn check_regions(&self) -> Result<(), Error> {
        self.regions.check(self.content.size())?;
        for (index, style) in self.styles.iter().enumerate() {
            // The first may be for what is left, too.
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
                        let problem = "nothing is left of the style: it is black where there is any";
                        return Err(Error::invalid("the mask of a style", problem));
                    }
                }
            }
        }
        Ok(())
    }
}

/// A style can be for layers that are looked at.
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
