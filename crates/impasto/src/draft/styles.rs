//! The styles of a draft: their moments at its levels, computed once for each picture and size.

use impasto_encoder::{Tap, Topology};
use impasto_engine::{EngineError, Workspace};
use impasto_image::{Filter, resize};

use super::{Drafter, Scene, bare, extended};
use crate::digest::plane_digest;
use crate::engine_cache::Key;
use crate::margin::Canvas;
use crate::objective::MeanMoments;
use crate::prepare::style_targets;
use crate::regions::{at_size, plane_of};
use crate::style::Part;
use crate::style_size::style_size;
use crate::{Error, Style};

impl Drafter {
    /// The styles' moments at each of these taps, for each region; `None` where no style applies.
    pub(super) fn targets(
        &mut self,
        scene: &Scene,
        taps: &[Tap],
        workspace: &mut Workspace,
    ) -> Result<Vec<Vec<Option<MeanMoments>>>, Error> {
        let step = self.step();
        let Drafter { levels, styles, topology, .. } = self;
        let names: Vec<String> = taps.iter().map(|tap| topology.tap_name(*tap)).collect();
        let wanted =
            |style: &Style, name: &str| topology.tap(name).is_ok_and(|tap| is_for(style, topology, tap));
        style_targets(&names, scene.regions, scene.styles, wanted, |index, part, weights| {
            styles.get(key(scene, index, part, taps), || {
                let size = style_size_of(scene, index);
                let picture = &scene.styles[index].picture;
                let resized = resize(picture, size.0, size.1, Filter::Bicubic, scene.averaging);
                let weights = weights.map(|weights| at_size(&weights, size));
                let planes = weights.map(|weights| bare(&plane_of(Canvas::new(size, 0), &weights), step));
                let image = extended(resized.into_rgb(), size, step);
                let levels = levels.iter_mut().filter(|level| taps.contains(&level.level().tap()));
                let moments = levels.map(|level| {
                    level.enter(std::mem::take(workspace));
                    let mut sums = level.encode(&image, planes.as_slice())?;
                    *workspace = level.leave();
                    let sums = sums.pop().ok_or(EngineError::NothingToObserve)?;
                    Ok(MeanMoments::from_sums(&sums))
                });
                moments.collect::<Result<Vec<_>, Error>>()
            })
        })
    }
}

/// The cache key of a style's part: everything that its moments depend on.
fn key(scene: &Scene, index: usize, part: &Part, taps: &[Tap]) -> Key {
    let of_part = part.weights.as_ref().map(plane_digest).unwrap_or_default();
    Key {
        picture: format!("{} {of_part}", scene.digests[index]),
        canvas: Canvas::new(style_size_of(scene, index), 0),
        taps: taps.to_vec(),
        window: None,
        averaging: scene.averaging,
        half: false,
    }
}

/// The size at which a style is encoded, in pixels.
fn style_size_of(scene: &Scene, index: usize) -> (usize, usize) {
    let style = &scene.styles[index];
    style_size(style.picture.size(), scene.style_fit, style.scale, scene.size)
}

/// Whether the objective has a style layer in the block of a level.
pub(super) fn asked_for(scene: &Scene, topology: &Topology, tap: Tap) -> bool {
    scene.style_layers.iter().any(|(layer, weight)| *weight > 0.0 && in_block(layer, topology, tap))
}

/// Whether a layer's name (`relu3_4`) belongs to the block of a tap.
fn in_block(layer: &str, topology: &Topology, tap: Tap) -> bool {
    let block = topology.convs()[tap.conv()].block;
    layer.strip_prefix("relu").and_then(|rest| rest.split('_').next()) == Some(block.to_string().as_str())
}

/// Whether a style is for a layer in the block of a tap.
pub(super) fn is_for(style: &Style, topology: &Topology, tap: Tap) -> bool {
    style.layers.as_ref().is_none_or(|layers| layers.iter().any(|layer| in_block(layer, topology, tap)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_go_by_the_blocks_of_layers() {
        let topology = Topology::vgg19(1, 16);
        let tap = topology.tap("relu3_1").unwrap();
        assert!(in_block("relu3_4", &topology, tap));
        assert!(!in_block("relu4_1", &topology, tap));
    }
}
