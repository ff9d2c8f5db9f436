//! The inputs of a run: what a session is built from, and the fingerprint of everything that decides its bytes.

use impasto_encoder::Provenance;
use impasto_image::{Averaging, Picture, Plane};
use serde_json::json;

use crate::checkpoint::Fingerprint;
use crate::colour::Colour;
use crate::digest::picture_digest;
use crate::follow::Follow;
use crate::margin::Canvas;
use crate::plan::{GivenSizes, MemoryPlan};
use crate::regions::Regions;
use crate::{Recipe, Scale, Style};

/// The inputs of a session.
pub(crate) struct RunInputs {
    /// The content; `None` once the last scale has computed its targets.
    pub(crate) content: Option<Picture>,
    /// The content's opacity.
    pub(crate) alpha: Option<Plane>,
    pub(crate) regions: Regions,
    /// The styles, with weights that sum to 1 and the scales of their pictures.
    pub(crate) styles: Vec<Style>,
    pub(crate) averaging: Averaging,
    pub(crate) colour: Colour,
    /// The content at the size of the result, if the result keeps its colours.
    pub(crate) colours: Option<Picture>,
    pub(crate) seed: u64,
    pub(crate) init_picture: Option<Picture>,
    pub(crate) scales: Vec<Scale>,
    pub(crate) recipe: Recipe,
    pub(crate) provenance: Provenance,
    pub(crate) run: MemoryPlan,
    /// Digests of the styles' pictures.
    pub(crate) digests: Vec<String>,
    /// Digest of the masks and of the styles' regions.
    pub(crate) regions_digest: Option<String>,
    /// Whether features are kept in half precision.
    pub(crate) half: bool,
    pub(crate) given: GivenSizes,
    /// The tie to the picture before, if the run follows one.
    pub(crate) follow: Option<Follow>,
    /// Whether the run keeps what a picture that follows needs.
    pub(crate) traced: bool,
}

impl RunInputs {
    /// Everything that the bytes of the result depend on.
    pub(crate) fn fingerprint(&self, instruction_set: &str) -> Fingerprint {
        Fingerprint {
            content: self
                .content
                .as_ref()
                .map(|content| picture_digest(content, self.alpha.as_ref()))
                .unwrap_or_default(),
            styles: self.digests.iter().cloned().zip(self.styles.iter().map(|style| style.weight)).collect(),
            init: self.init_picture.as_ref().map(|init| picture_digest(init, None)),
            model: self.provenance.sha256.clone(),
            recipe: json!(self.recipe),
            scales: json!(self.scales),
            style_scales: self.styles.iter().map(|style| style.scale).collect(),
            in_light: self.averaging == Averaging::Light,
            colour: self.colour,
            colours: self.colours.as_ref().map(|colours| picture_digest(colours, None)),
            regions: self.regions_digest.clone(),
            seed: self.seed,
            instruction_set: instruction_set.into(),
            window: self.run.window,
            half: self.half,
        }
    }

    /// The canvas that is optimised at a scale: the picture with its margin.
    pub(crate) fn canvas(&self, scale: Scale) -> Canvas {
        self.recipe.canvas((scale.width, scale.height))
    }
}
