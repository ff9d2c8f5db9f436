//! Texture by an encoder, at layers that no preset's style uses: relu2_2, relu3_2 and relu4_4. The moments of the
//! features define Gaussians, which are compared by their Wasserstein distance relative to the style's second
//! moment.
//!
//! Only the layers are held out, not the network. A network favours pictures that were made with it, so give
//! another one. The same engine also measures structure.

use impasto_encoder::{Encoder, Tap};
use impasto_engine::{Cancel, Cpu, Engine, Network, Request, Tiled, Tiling};
use impasto_image::Picture;

use super::structure;
use crate::assembly::pixels;
use crate::objective::{MeanMoments, relative_distance};
use crate::{Error, Setting};

/// Layers of VGG-19, with alternatives. VGG-16 has no relu4_4; its block ends with relu4_3.
const LAYERS: [&[&str]; 3] = [&["relu2_2"], &["relu3_2"], &["relu4_4", "relu4_3"]];

/// Largest number of pixels that are processed whole. Larger pictures are cut into tiles, with the same sums.
const WINDOW: usize = 1 << 21;

/// An encoder for the held-out layers.
pub(super) struct Heldout {
    engine: Tiled,
    taps: Vec<(Tap, String)>,
}

/// The moments of some styles at each layer; `None` where a picture is too small for the layer.
pub(super) type Target = Vec<Option<MeanMoments>>;

impl Heldout {
    pub(super) fn new(encoder: &Encoder) -> Result<Heldout, Error> {
        let topology = encoder.topology();
        let found = LAYERS.iter().filter_map(|names| {
            names.iter().find_map(|name| Some((topology.tap(name).ok()?, (*name).to_string())))
        });
        let taps: Vec<_> = found.collect();
        if taps.is_empty() {
            return Err(Error::invalid(
                Setting::RefereeModel,
                "expected an encoder with relu2_2, found none",
            ));
        }
        let of_structure = structure::taps(topology).into_iter().flatten().map(|(tap, _)| tap);
        let deepest = taps.iter().map(|(tap, _)| *tap).chain(of_structure).max().unwrap_or(Tap::after(0));
        let cpu = Cpu::from_env(Network::new(encoder.truncated(deepest)), Cancel::default())?;
        let tiling = Tiling { window: Some(WINDOW), ..Tiling::default() };
        Ok(Heldout { engine: Tiled::new(Box::new(cpu), tiling), taps })
    }

    /// The engine that runs the encoder.
    pub(super) fn engine(&mut self) -> &mut dyn Engine {
        &mut self.engine
    }

    /// The layer for [`structure`] and the name of its encoder; empty if there is no such layer.
    pub(super) fn structure_at(&self) -> String {
        let encoder = &self.engine.network().encoder;
        let [of_score, _] = structure::taps(encoder.topology());
        of_score.map(|(_, layer)| format!("{layer} of {}", encoder.provenance().name)).unwrap_or_default()
    }

    /// Moments of the mixture of some styles, whose shares sum to 1.
    pub(super) fn target(&mut self, styles: &[(f64, Picture)]) -> Result<Target, Error> {
        let each = styles.iter().map(|(share, style)| Ok((*share, self.moments(style)?)));
        let each = each.collect::<Result<Vec<(f64, Target)>, Error>>()?;
        let blended = |layer: usize| {
            let parts: Option<Vec<_>> =
                each.iter().map(|(share, moments)| Some((*share, moments[layer].clone()?))).collect();
            MeanMoments::blend(&parts?)
        };
        Ok((0..self.taps.len()).map(blended).collect())
    }

    /// The distance at each layer, with the layer's name.
    pub(super) fn distances(
        &mut self,
        picture: &Picture,
        target: &Target,
    ) -> Result<Vec<(String, Option<f64>)>, Error> {
        let seen = self.moments(picture)?;
        let distances =
            seen.iter().zip(target).map(|(seen, target)| relative_distance(seen.as_ref()?, target.as_ref()?));
        Ok(self.taps.iter().map(|(_, name)| name.clone()).zip(distances).collect())
    }

    fn moments(&mut self, picture: &Picture) -> Result<Target, Error> {
        let topology = self.engine.network().encoder.topology();
        let fits = |tap: Tap| topology.smallest_image(tap) <= picture.short_edge();
        let moments: Vec<Tap> = self.taps.iter().map(|(tap, _)| *tap).filter(|tap| fits(*tap)).collect();
        if moments.is_empty() {
            return Ok(vec![None; self.taps.len()]);
        }
        let request = Request { moments, ..Request::default() };
        let seen = self.engine.observe(&pixels(picture.clone()), &request)?;
        let mut seen: Target = seen.moments.iter().map(|of| Some(MeanMoments::from_sums(&of[0]))).collect();
        // The layers without moments are the deepest ones.
        seen.resize(self.taps.len(), None);
        Ok(seen)
    }
}
