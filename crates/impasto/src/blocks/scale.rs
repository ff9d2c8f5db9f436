//! The facts about a scale that painters have to know.

use impasto_encoder::{Encoder, Topology};
use impasto_engine::{
    Backend, Blocks, Cancel, CpuBackend, Engine, InstructionSet, Network, Padding, Size, Tiled, Tiling,
};
use serde::{Deserialize, Serialize};

use super::sums::Form;
use crate::checkpoint::Fingerprint;
use crate::objective::layers;
use crate::optimiser::{Average, Optimiser};
use crate::{Error, Recipe};

/// How a run is cut. Results depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// Blocks across and down, at every scale that is spread.
    pub blocks: (usize, usize),
    /// Scales whose long edge has more pixels are spread; the others are run whole.
    pub above: usize,
    /// Most pixels that an engine takes at once. Larger windows, and larger style pictures, are run in tiles. `None`:
    /// no limit.
    pub tile: Option<usize>,
}

/// A scale that is spread over blocks: everything that painters need besides the blocks' own vectors.
#[derive(Debug, Serialize, Deserialize)]
pub struct ScaleSpec {
    pub(super) cut: Cut,
    pub(super) fingerprint: Fingerprint,
    /// The recipe, with the content weight of this scale.
    pub(super) recipe: Recipe,
    /// Width and height, with the margin.
    pub(super) size: (usize, usize),
    pub(super) margin: usize,
    pub(super) regions: usize,
    /// Whether only lightness is painted.
    pub(super) level: bool,
    pub(super) scale: usize,
    pub(super) iteration: usize,
    /// Without vectors.
    pub(super) optimiser: Optimiser,
    /// Without the vector.
    pub(super) average: Average,
}

impl ScaleSpec {
    /// Reads what [`Conductor::open`](super::Conductor::open) gave.
    ///
    /// # Errors
    /// When the text is something else.
    pub fn from_json(text: &str) -> Result<ScaleSpec, Error> {
        serde_json::from_str(text).map_err(|error| Error::invalid("scale", error.to_string()))
    }

    /// The scale as JSON.
    ///
    /// # Errors
    /// Never in practice; the serialiser has an error.
    pub fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(|error| Error::invalid("scale", error.to_string()))
    }

    /// The instruction set that all blocks have to be computed with.
    pub(super) fn instruction_set(&self) -> Result<InstructionSet, Error> {
        Ok(self.fingerprint.instruction_set.parse()?)
    }

    pub(super) fn form(&self, topology: &Topology) -> Result<Form, Error> {
        Form::new(&self.recipe, topology, self.regions)
    }

    pub(super) fn blocks(&self, topology: &Topology) -> Result<Blocks, Error> {
        blocks(&self.recipe, topology, self.size, self.margin, self.cut)
    }

    /// An engine for the encoder of the run.
    pub(super) fn engine(&self, encoder: &Encoder) -> Result<Tiled, Error> {
        if encoder.provenance().sha256 != self.fingerprint.model {
            return Err(Error::invalid("model", "its weights are not those of the run"));
        }
        let all = self.recipe.content_layers.iter().chain(&self.recipe.style_layers).cloned();
        let taps = layers(encoder.topology(), &all.collect::<Vec<_>>())?;
        let deepest = taps.iter().map(|(tap, ..)| *tap).max();
        let pooling = self.recipe.pooling.unwrap_or(encoder.pooling());
        let network = Network {
            encoder: deepest.map_or_else(|| encoder.clone(), |tap| encoder.truncated(tap)),
            pooling,
            pool_scale: self.recipe.pool_scales.of(pooling),
            padding: self.recipe.padding.unwrap_or_else(|| Padding::trained(encoder)),
        };
        let backend = CpuBackend { set: Some(self.instruction_set()?) };
        let tiling = Tiling { window: self.cut.tile, ..Tiling::default() };
        let mut engine = Tiled::new(backend.prepare(network, Cancel::default())?, tiling);
        engine.set_half(self.fingerprint.half);
        Ok(engine)
    }
}

/// The blocks of a picture.
pub(super) fn blocks(
    recipe: &Recipe,
    topology: &Topology,
    (width, height): (usize, usize),
    margin: usize,
    cut: Cut,
) -> Result<Blocks, Error> {
    let all = recipe.content_layers.iter().chain(&recipe.style_layers).cloned().collect::<Vec<_>>();
    let deepest = layers(topology, &all)?.into_iter().map(|(tap, ..)| tap).max();
    let padding = recipe.padding.unwrap_or_default();
    // The pixels that a margin mirrors have to be in the same block.
    let least = 2 * margin + 1;
    let blocks = deepest
        .and_then(|tap| Blocks::new((topology, padding), tap, Size::new(width, height), cut.blocks, least));
    blocks.ok_or_else(|| {
        let (across, down) = cut.blocks;
        Error::invalid(
            "`blocks`",
            format!(
                "a scale of {width}x{height} pixels with its margin cannot be cut in {across} x {down}: expected at \
                 least 64 pixels for each"
            ),
        )
    })
}
