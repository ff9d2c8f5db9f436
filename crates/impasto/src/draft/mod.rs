//! A draft: a picture painted in the style of another without any iteration.
//!
//! From the deepest level to the first, the picture is encoded, its features are moved to the style's moments by
//! the optimal-transport map between two Gaussians, and the result is decoded; the next level starts from that
//! picture. The method is from Li et al., "Universal style transfer via feature transforms", NIPS 2017, with
//! whitening and colouring; the map is from Mroueh, AISTATS 2020.
//!
//! Differences from Li et al.: the levels begin at relu4_1 instead of relu5_1, which keeps the subject. The
//! decoders blend where they enlarge, and flat parts get grain, which avoids grids and weaves (docs/draft.md).
//!
//! Masks, opacity, several styles and their layers act on the moments, as they do in a run.

mod begin;
mod grain;
mod memory;
mod palette;
mod styles;
mod transport;
mod warm;

use impasto_encoder::{Tap, Topology, levels};
use impasto_engine::{
    Affine, Autoencoder, Backend, Cancel, EngineError, InstructionSet, Moments, Pixels, Plane as Weights,
    Size, Workspace,
};
use impasto_image::{Averaging, Filter, Picture, Plane, resize};
use rayon::prelude::*;

use crate::engine_cache::StyleMoments;
use crate::margin::{Canvas, mirrored};
use crate::objective::MeanMoments;
use crate::prepare::parts_of;
use crate::recipe::StyleFit;
use crate::regions::Regions;
use crate::{Error, Style};
pub(crate) use begin::draft_at;
pub use memory::DraftMemory;
use styles::{asked_for, is_for};
use transport::transport;
pub use warm::Draft;
pub(crate) use warm::shrink;

/// Longest edge of a style picture in a draft, in pixels. Larger strokes make the draft smaller instead.
const LARGEST_STYLE: usize = 1024;

/// Smallest long edge of a draft in pixels. Smaller pictures have too few deep features.
const SMALLEST: usize = 64;

/// How far colours move towards the palette of the style, from 0 to 1. At 1, a flat sky would get the whole range
/// of the style's colours, and with it a structure that the subject does not have. Half is enough for the
/// iterations that follow.
const PALETTE: f32 = 0.5;

/// Bytes of style moments that are kept. One level has at most 130 kB.
const KEPT_MOMENTS: usize = 64 << 20;

/// All inputs of a draft.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) content: &'a Picture,
    pub(crate) alpha: Option<&'a Plane>,
    pub(crate) regions: &'a Regions,
    /// The styles, with weights that sum to 1 and the scales of their pictures.
    pub(crate) styles: &'a [Style],
    /// Digests of the styles' pictures.
    pub(crate) digests: &'a [String],
    pub(crate) averaging: Averaging,
    pub(crate) style_fit: StyleFit,
    pub(crate) style_layers: &'a [(String, f64)],
    /// How much of the style to apply, from 0 to 1.
    pub(crate) strength: f64,
    /// Width and height of the draft in pixels.
    pub(crate) size: (usize, usize),
    /// Seed of the grain in flat parts.
    pub(crate) seed: u64,
}

/// The size of a draft: the size of the result, within a long edge of `longest` pixels. Styles of a scale above 1
/// make it smaller, because their pictures would otherwise exceed [`LARGEST_STYLE`].
pub(crate) fn draft_size(result: (usize, usize), longest: usize, styles: &[f64]) -> (usize, usize) {
    let largest = styles.iter().copied().fold(1.0, f64::max);
    let bound = (LARGEST_STYLE as f64 / largest) as usize;
    let long = result.0.max(result.1).min(longest).min(bound.max(SMALLEST));
    impasto_image::fit_long_edge(result, long)
}

/// The embedded levels, ready to run, and the style moments computed so far.
pub(crate) struct Drafter {
    /// The levels, the deepest first.
    levels: Vec<Box<dyn Autoencoder>>,
    styles: StyleMoments,
    /// Topology of the deepest level; the other levels are parts of it.
    topology: Topology,
    /// The instruction set of the CPU, and the name of the backend that runs the levels.
    device: (InstructionSet, String),
}

impl Drafter {
    pub(crate) fn new(
        cancel: &Cancel,
        (set, backend): (InstructionSet, &dyn Backend),
    ) -> Result<Drafter, Error> {
        let levels = levels()?;
        let deepest = levels.first().ok_or(Error::Engine(EngineError::NothingToObserve))?;
        let topology = deepest.encoder.topology().clone();
        let levels = levels.into_par_iter().map(|level| backend.autoencoder(level, cancel.clone(), set));
        let levels = levels.collect::<Result<Vec<_>, _>>()?;
        let device = (set, backend.name().to_owned());
        Ok(Drafter { levels, styles: StyleMoments::within(KEPT_MOMENTS), topology, device })
    }

    /// Replaces the cancellation flag.
    pub(crate) fn set_cancel(&mut self, cancel: &Cancel) {
        self.levels.iter_mut().for_each(|level| level.set_cancel(cancel.clone()));
    }

    /// Whether it computes with this instruction set and this backend.
    pub(crate) fn suits(&self, (set, backend): (InstructionSet, &dyn Backend)) -> bool {
        self.device.0 == set && self.device.1 == backend.name()
    }

    /// Bytes that a draft needs besides the input pictures: the larger of the needs of the picture and of the
    /// styles.
    pub(crate) fn bytes(
        &self,
        size: (usize, usize),
        styles: &[(usize, usize)],
        regions: usize,
        threads: usize,
    ) -> Result<usize, Error> {
        let step = self.step();
        let of = |(width, height): (usize, usize), regions: usize| -> Result<usize, Error> {
            let size = Size::new(width.next_multiple_of(step), height.next_multiple_of(step));
            let levels = self.levels.iter().map(|level| level.bytes(size, regions, threads));
            let levels = levels.collect::<Result<Vec<_>, _>>()?;
            // Levels run one after the other. Each has an input and an output picture, and the content stays in
            // memory.
            Ok(levels.into_iter().max().unwrap_or(0) + 3 * 12 * size.area())
        };
        let mut most = of(size, regions)?;
        for style in styles {
            most = most.max(of(*style, 1)?);
        }
        Ok(most)
    }

    /// Bytes of the levels' weights, which stay in memory.
    pub(crate) fn kernel_bytes(&self) -> usize {
        self.levels.iter().map(|level| level.kernel_bytes()).sum()
    }

    /// Both sides of a picture must be multiples of this number of pixels.
    fn step(&self) -> usize {
        self.levels.iter().map(|level| level.level().step()).max().unwrap_or(1)
    }

    /// Paints a draft of the scene's size.
    pub(crate) fn paint(&mut self, scene: &Scene) -> Result<Picture, Error> {
        self.paint_with(scene, None)
    }

    /// Paints a draft that follows others: maps are smoothed over the frames that a memory has seen.
    pub(crate) fn paint_with(
        &mut self,
        scene: &Scene,
        mut memory: Option<&mut DraftMemory>,
    ) -> Result<Picture, Error> {
        let canvas = Canvas::new(scene.size, 0);
        let placed = scene.regions.place(scene.alpha, canvas);
        let weights: Vec<Weights> = placed.regions.iter().map(|plane| bare(plane, self.step())).collect();
        let content = self.content(scene);
        let mut start = content.clone();
        let size = (start.size.width, start.size.height);
        let drawn = || grain::drawn(size, scene.seed);
        let field = match memory.as_deref_mut() {
            Some(memory) => memory.grain(scene.size, self.step(), drawn),
            None => drawn(),
        };
        grain::add_grain(&mut start, field);
        let mut image = self.paint_levels(scene, start, &weights, memory.as_deref_mut())?;
        paint_palette(scene, &self.topology, &weights, &mut image, memory);
        weaken(scene, &content, &weights, &mut image);
        let (width, height) = scene.size;
        let row = image.size.width;
        let planes = image.data.chunks_exact(image.size.area());
        let mut rgb = Vec::with_capacity(3 * width * height);
        for row in planes.flat_map(|plane| plane.chunks_exact(row).take(height)) {
            rgb.extend_from_slice(&row[..width]);
        }
        Picture::new(width, height, rgb).ok_or(Error::Engine(EngineError::NothingToObserve))
    }

    /// The content at the scene's size, extended so that its sides are multiples of [`step`](Drafter::step).
    fn content(&self, scene: &Scene) -> Pixels {
        let (width, height) = scene.size;
        let content = resize(scene.content, width, height, Filter::Bicubic, scene.averaging);
        extended(content.into_rgb(), scene.size, self.step())
    }

    /// Passes a picture through all levels.
    fn paint_levels(
        &mut self,
        scene: &Scene,
        mut image: Pixels,
        weights: &[Weights],
        mut memory: Option<&mut DraftMemory>,
    ) -> Result<Pixels, Error> {
        let taps = self.taps(scene);
        let mut workspace = Workspace::default();
        let targets = self.targets(scene, &taps, &mut workspace)?;
        let topology = &self.topology;
        let levels = self.levels.iter_mut().filter(|level| taps.contains(&level.level().tap()));
        for (index, (level, targets)) in levels.zip(targets).enumerate() {
            let (tap, channels) = (level.level().tap(), level.level().channels());
            level.enter(workspace);
            let sums = level.encode(&image, weights)?;
            let own: Vec<MeanMoments> = sums.iter().map(MeanMoments::from_sums).collect();
            let own = match memory.as_deref_mut() {
                Some(memory) => memory.moments(index, own),
                None => own,
            };
            let map = |((sums, own), target): ((&Moments, &MeanMoments), &Option<MeanMoments>)| match target {
                Some(target) if sums.weight > 0.0 => transport(own, target)
                    .ok_or_else(|| Error::TargetNotFinite { layer: topology.tap_name(tap) }),
                _ => Ok(Affine::identity(channels)),
            };
            let moves = sums.iter().zip(&own).zip(&targets).map(map).collect::<Result<Vec<_>, _>>()?;
            image = level.decode(&moves)?;
            image.data.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
            workspace = level.leave();
        }
        Ok(image)
    }

    /// The taps of the levels that are run, the deepest first. A level is run if a style layer is in its block.
    fn taps(&self, scene: &Scene) -> Vec<Tap> {
        let taps = self.levels.iter().map(|level| level.level().tap());
        taps.filter(|tap| asked_for(scene, &self.topology, *tap)).collect()
    }
}

/// Puts the content back where nothing is painted, and in proportion where the strength is below 1. The strength
/// moves linearly from the content to the draft.
fn weaken(scene: &Scene, content: &Pixels, weights: &[Weights], image: &mut Pixels) {
    let strength = scene.strength as f32;
    if strength == 1.0 && weights.is_empty() {
        return;
    }
    let part = |at: usize| match weights {
        [] => strength,
        _ => strength * weights.iter().map(|plane| plane.data[at]).sum::<f32>().min(1.0),
    };
    let area = image.size.area();
    for (at, (to, from)) in image.data.iter_mut().zip(&content.data).enumerate() {
        *to = from + part(at % area) * (*to - from);
    }
}

/// Gives each region the colours of those of its styles that are for the first block.
fn paint_palette(
    scene: &Scene,
    topology: &Topology,
    weights: &[Weights],
    image: &mut Pixels,
    mut memory: Option<&mut DraftMemory>,
) {
    if !asked_for(scene, topology, Tap::after(0)) {
        return;
    }
    let parts = parts_of(scene.regions, scene.styles);
    for region in 0..scene.regions.count() {
        let mine = parts.iter().filter(|(_, part)| part.region == region);
        let target: Vec<palette::Sample> = mine
            .map(|(index, part)| (&scene.styles[*index], part))
            .filter(|(style, _)| style.weight > 0.0 && is_for(style, topology, Tap::after(0)))
            .flat_map(|(style, part)| {
                let weights = style.weights_for(part);
                palette::samples(style.picture.rgb(), weights.as_ref().map(Plane::data), style.weight as f32)
            })
            .collect();
        let weights = weights.get(region).map(|plane| &plane.data[..]);
        let earlier = memory.as_deref_mut().map(|memory| memory.palette(region));
        palette::recolour(&mut image.data, weights, &target, PALETTE, earlier);
    }
}

/// Extends planes to the right and below with their mirror image, so that their sides are multiples of a step.
fn extended(planes: Vec<f32>, (width, height): (usize, usize), step: usize) -> Pixels {
    let size = Size::new(width.next_multiple_of(step), height.next_multiple_of(step));
    if (size.width, size.height) == (width, height) {
        return Pixels { size, data: planes };
    }
    let planes = planes.chunks_exact(width * height);
    let data = planes.flat_map(|plane| extended_plane(plane, (width, height), step)).collect();
    Pixels { size, data }
}

/// Extends one plane like [`extended`].
fn extended_plane(plane: &[f32], (width, height): (usize, usize), step: usize) -> Vec<f32> {
    let size = Size::new(width.next_multiple_of(step), height.next_multiple_of(step));
    let row = |y: usize| {
        let from = &plane[mirrored(y as isize, height) * width..][..width];
        (0..size.width).map(|x| from[mirrored(x as isize, width)])
    };
    (0..size.height).flat_map(row).collect()
}

/// Extends weights with zeros, so that their sides are multiples of a step.
fn bare(plane: &Weights, step: usize) -> Weights {
    let Size { width, height } = plane.size;
    let size = Size::new(width.next_multiple_of(step), height.next_multiple_of(step));
    let mut data = vec![0.0; size.area()];
    for (to, from) in data.chunks_exact_mut(size.width).zip(plane.data.chunks_exact(width)) {
        to[..width].copy_from_slice(from);
    }
    Weights { size, data }
}

#[cfg(test)]
mod tests {
    use impasto_engine::CpuBackend;

    use super::*;

    #[test]
    fn a_draft_is_as_large_as_the_result_within_bounds() {
        assert_eq!(draft_size((300, 200), 512, &[1.0]), (300, 200));
        assert_eq!(draft_size((3000, 2000), 512, &[1.0, 0.5]), (512, 341));
        assert_eq!(draft_size((3000, 2000), 512, &[4.0]), (256, 171));
        assert_eq!(draft_size((50, 40), 512, &[30.0]), (50, 40));
    }

    /// The same picture as in tests/oracle/draft.py.
    fn picture((width, height): (usize, usize), phase: f64) -> Picture {
        let value = |plane: usize, x: usize, y: usize| {
            let wave = 0.11 * (plane + 1) as f64 * x as f64 + 0.17 * (3 - plane) as f64 * y as f64 + phase;
            let ripple = 0.9 * ((x * 7 + y * 3 + plane * 5) % 11) as f64 / 11.0;
            (0.5 + 0.35 * wave.sin() + 0.12 * (ripple - 0.45)) as f32
        };
        let at = |i: usize| value(i / (width * height), i % width, i / width % height);
        Picture::new(width, height, (0..3 * width * height).map(at).collect()).unwrap()
    }

    /// Compares the levels with PyTorch, which runs them in f64.
    #[test]
    fn a_draft_is_what_pytorch_paints() {
        /// Tolerance for values in 0..1: four levels in single precision, with directions that are stretched up to
        /// 300 times where features hardly vary.
        const ROUNDING: f32 = 4e-3;
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/draft.json");
        let fixture: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let (content, style) = (picture((96, 64), 0.0), Style::new(picture((80, 72), 1.3)));
        let layers: Vec<(String, f64)> = (1..6).map(|block| (format!("relu{block}_1"), 1.0)).collect();
        let mut drafter =
            Drafter::new(&Cancel::default(), (InstructionSet::best(), &CpuBackend { set: None })).unwrap();
        {
            let scene = Scene {
                content: &content,
                alpha: None,
                regions: &Regions::default(),
                styles: std::slice::from_ref(&style),
                digests: &["style".into()],
                averaging: Averaging::Light,
                style_fit: StyleFit::LongEdge { enlarge: false },
                style_layers: &layers,
                strength: 1.0,
                size: (96, 64),
                seed: 0,
            };
            let start = drafter.content(&scene);
            let found = drafter.paint_levels(&scene, start, &[], None).unwrap();
            let every = fixture["every"].as_u64().unwrap() as usize;
            let values =
                fixture["values"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap() as f32);
            let pairs = found.data.iter().step_by(every).zip(values);
            let worst = pairs.map(|(found, value)| (found - value).abs()).fold(0.0, f32::max);
            assert!(worst < ROUNDING, "off by {worst}");
        }
    }

    #[test]
    fn planes_are_extended_by_their_mirror_image() {
        let found = extended(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (3, 2), 4);
        assert_eq!(found.size, Size::new(4, 4));
        assert_eq!(found.data[..8], [1.0, 2.0, 3.0, 2.0, 4.0, 5.0, 6.0, 5.0]);
        assert_eq!(found.data[8..12], found.data[..4]);
        let weights = bare(&Weights { size: Size::new(2, 1), data: vec![1.0; 2] }, 2);
        assert_eq!(weights.data, [1.0, 1.0, 0.0, 0.0]);
    }
}
