//! Runs any image in bounded memory: an engine that runs another one tile by tile, with the same result as on the whole
//! image.
//!
//! Sums can be added. So a first sweep observes all tiles and adds their sums, each over its own core alone. The
//! objective evaluates the sums of the whole image once. A second sweep observes each tile again and takes the
//! derivatives back to its core. Only the overlap of the windows is computed twice. Nothing is approximated: a window
//! covers all pixels that its core's features and derivatives depend on, and the image's true edges keep their padding.

mod blocks;
mod cut;
mod features;
mod layout;
mod requests;
mod store;
mod targets;
mod tiling;

use std::io;
use std::sync::Arc;

use impasto_encoder::Tap;

use crate::painting::{self, AdamStep, Painting, PixelMemory};
use crate::request::check_size;
use crate::{
    Cancel, Cotangents, Decisions, Edges, Engine, EngineError, Features, Judged, Judging, Network,
    Observation, Pixels, Rect, Request, Size, Target,
};
pub use blocks::{Block, Blocks};
use cut::cut_pixels;
pub use layout::FORWARD;
use layout::{Layout, Margins};
use requests::{add, both};
use store::Store;
use targets::{Kept, Whole};
pub use tiling::{Tiles, Tiling};

/// Runs an engine tile by tile.
pub struct Tiled {
    inner: Box<dyn Engine>,
    tiling: Tiling,
    targets: Vec<Whole>,
    /// The inner engine's targets for the current tile.
    slots: Vec<Target>,
    observed: Option<(Layout, Request)>,
}

impl Tiled {
    /// Runs `inner`, in tiles if an image is larger than `tiling` allows.
    pub fn new(inner: Box<dyn Engine>, tiling: Tiling) -> Tiled {
        Tiled { inner, tiling, targets: Vec::new(), slots: Vec::new(), observed: None }
    }

    /// How images are cut.
    pub fn tiling(&self) -> &Tiling {
        &self.tiling
    }

    /// Changes how images are cut; targets and the last observation are dropped.
    pub fn retile(&mut self, tiling: Tiling) {
        self.forget_targets();
        self.tiling = tiling;
    }

    /// How an image would be cut for a network up to a tap, with windows of at most `window` pixels.
    pub fn tiles(network: &Network, deepest: Tap, size: Size, window: Option<usize>) -> Tiles {
        let layout = layout(network, deepest, size, window);
        let Margins { observe, pull_back } = layout.margins;
        Tiles {
            counts: layout.counts(),
            window: layout.window(),
            margins: (observe, pull_back),
            cost: layout.cost(),
        }
    }

    fn layout(&self, deepest: Tap, size: Size) -> Layout {
        layout(self.inner.network(), deepest, size, self.tiling.window)
    }

    /// Whether the last observation was of an image that is not cut. Checks what would be pulled back from it.
    fn is_whole(&self, found: Size, cotangents: &Cotangents) -> Result<bool, EngineError> {
        let (layout, request) = self.observed.as_ref().ok_or(EngineError::NoObservation)?;
        cotangents.check(request, self.inner.network().encoder.topology(), layout.size)?;
        match found == layout.size {
            true => Ok(layout.is_whole()),
            false => Err(EngineError::SizesDiffer { what: "observed image", expected: layout.size, found }),
        }
    }
}

fn layout(network: &Network, deepest: Tap, size: Size, window: Option<usize>) -> Layout {
    let topology = network.encoder.topology();
    let margins = Margins::of(topology, deepest);
    Layout::new(
        size,
        margins,
        network.padding,
        topology.smallest_image(deepest),
        window.unwrap_or(usize::MAX),
    )
}

impl Engine for Tiled {
    fn network(&self) -> &Network {
        self.inner.network()
    }

    fn identity(&self) -> &str {
        self.inner.identity()
    }

    fn set_half(&mut self, half: bool) {
        self.observed = None;
        self.inner.set_half(half);
    }

    fn set_cancel(&mut self, cancel: Cancel) {
        self.inner.set_cancel(cancel);
    }

    fn kernel_bytes(&self) -> usize {
        self.inner.kernel_bytes()
    }

    /// The bytes for the largest window.
    fn evaluation_bytes(&self, size: Size, request: &Request, threads: usize) -> Result<usize, EngineError> {
        let deepest = request.deepest().ok_or(EngineError::NothingToObserve)?;
        self.inner.evaluation_bytes(self.layout(deepest, size).window(), request, threads)
    }

    fn capture_bytes(&self, size: Size, tap: Tap, threads: usize) -> Result<usize, EngineError> {
        self.inner.capture_bytes(self.layout(tap, size).window(), tap, threads)
    }

    fn capture(&mut self, image: &Pixels, edges: Edges, tap: Tap) -> Result<Target, EngineError> {
        let topology = self.inner.network().encoder.topology();
        check_size(topology, tap, image.size)?;
        let layout = self.layout(tap, image.size);
        let index = self.targets.len();
        if layout.is_whole() {
            self.targets.push(Whole::Inner(self.inner.capture(image, edges, tap)?));
            return Ok(Target { index, tap });
        }
        let step = topology.smallest_image(tap);
        let (width, height) = topology.size_at(tap.conv(), (image.size.width, image.size.height));
        let (grid, stride) = (Size::new(width, height), self.inner.target_stride(tap));
        let bytes = grid.area() * stride;
        let in_memory = |whole: &Whole| match whole {
            Whole::Kept(kept) => kept.store.memory(),
            Whole::Inner(_) => 0,
        };
        let held: usize = self.targets.iter().map(in_memory).sum();
        let mut store = match held + bytes <= self.tiling.target_bytes {
            true => Store::in_memory(bytes),
            false => Store::in_file(&self.tiling.folder()).map_err(|source| EngineError::Spill { source })?,
        };
        for tile in layout.tiles(layout.margins.observe) {
            let window = cut_pixels(image, &tile);
            let target = self.inner.capture(&window, both(tile.edges, edges), tap)?;
            let (left, top) = (tile.inset().0 / step, tile.inset().1 / step);
            let (x, y) = (tile.core.x / step, tile.core.y / step);
            // The image's last rows and columns may not fill a position.
            let rows = (tile.core.size.height / step).min(grid.height - y.min(grid.height));
            let columns = (tile.core.size.width / step).min(grid.width - x.min(grid.width));
            self.inner.export_target(target, &mut |row, from| {
                if !(top..top + rows).contains(&row) {
                    return Ok(());
                }
                let start = ((y + row - top) * grid.width + x) * stride;
                store.write(start, &from[left * stride..(left + columns) * stride])
            })?;
        }
        self.targets.push(Whole::Kept(Kept { tap, size: grid, stride, store }));
        Ok(Target { index, tap })
    }

    fn export_target(
        &mut self,
        target: Target,
        row: &mut dyn FnMut(usize, &[u8]) -> io::Result<()>,
    ) -> Result<(), EngineError> {
        let Kept { size, stride, store, .. } = match self.targets.get_mut(target.index) {
            Some(Whole::Inner(target)) => return self.inner.export_target(*target, row),
            Some(Whole::Kept(kept)) => kept,
            None => return Err(EngineError::NoSuchTarget { index: target.index }),
        };
        let mut bytes = vec![0; size.width * *stride];
        for y in 0..size.height {
            let read = store.read(y * bytes.len(), &mut bytes).and_then(|()| row(y, &bytes));
            read.map_err(|source| EngineError::Spill { source })?;
        }
        (*size, *store) = (Size::default(), Store::in_memory(0));
        Ok(())
    }

    fn import_target(
        &mut self,
        slot: Option<Target>,
        tap: Tap,
        size: Size,
        row: &mut dyn FnMut(usize, &mut [u8]) -> io::Result<()>,
    ) -> Result<Target, EngineError> {
        let stride = self.inner.target_stride(tap);
        let mut store = Store::in_memory(size.area() * stride);
        let mut bytes = vec![0; size.width * stride];
        for y in 0..size.height {
            let written = row(y, &mut bytes).and_then(|()| store.write(y * bytes.len(), &bytes));
            written.map_err(|source| EngineError::Spill { source })?;
        }
        let whole = Whole::Kept(Kept { tap, size, stride, store });
        let index = slot.map_or(self.targets.len(), |slot| slot.index);
        match self.targets.get_mut(index) {
            Some(held) => *held = whole,
            None => self.targets.push(whole),
        }
        Ok(Target { index, tap })
    }

    fn target_stride(&self, tap: Tap) -> usize {
        self.inner.target_stride(tap)
    }

    fn forget_targets(&mut self) {
        self.targets.clear();
        self.slots.clear();
        self.observed = None;
        self.inner.forget_targets();
    }

    fn observe(&mut self, image: &Pixels, request: &Request) -> Result<Observation, EngineError> {
        request.check(self.inner.network().encoder.topology(), image.size)?;
        self.observed = None;
        let deepest = request.deepest().ok_or(EngineError::NothingToObserve)?;
        let layout = self.layout(deepest, image.size);
        let mut total = None;
        let topology = self.inner.network().encoder.topology();
        let mut features = features::blank(topology, request, image.size);
        for tile in layout.tiles(layout.margins.observe) {
            let of_tile = self.request(&layout, &tile, request, !layout.is_whole())?;
            let mut seen = match layout.is_whole() {
                true => self.inner.observe(image, &of_tile)?,
                false => self.inner.observe(&cut_pixels(image, &tile), &of_tile)?,
            };
            let topology = self.inner.network().encoder.topology();
            features::gather(topology, request, &tile, &mut seen.features, &mut features)?;
            add(&mut total, seen);
        }
        if let Some(total) = &mut total {
            total.features = features;
        }
        self.observed = Some((layout, request.clone()));
        total.ok_or(EngineError::NothingToObserve)
    }

    fn pull_back(&mut self, image: &Pixels, cotangents: &Cotangents) -> Result<Pixels, EngineError> {
        self.is_whole(image.size, cotangents)?;
        let (layout, request) = self.observed.take().ok_or(EngineError::NoObservation)?;
        if layout.is_whole() {
            return self.inner.pull_back(image, cotangents);
        }
        let mut data = vec![0.0; 3 * image.size.area()];
        for tile in layout.tiles(layout.margins.pull_back) {
            let of_tile = self.request(&layout, &tile, &request, false)?;
            let window = cut_pixels(image, &tile);
            self.inner.observe(&window, &of_tile)?;
            let topology = self.inner.network().encoder.topology();
            let features = features::cut(topology, &request, &tile, &cotangents.features);
            let gradient = match features.is_empty() {
                true => self.inner.pull_back(&window, cotangents)?,
                false => self.inner.pull_back(&window, &Cotangents { features, ..cotangents.clone() })?,
            };
            let ((left, top), core) = (tile.inset(), tile.core);
            let planes = data.chunks_exact_mut(image.size.area());
            for (to, from) in planes.zip(gradient.data.chunks_exact(tile.size.area())) {
                for y in 0..core.size.height {
                    let from = &from[(top + y) * tile.size.width + left..][..core.size.width];
                    to[(core.y + y) * image.size.width + core.x..][..core.size.width].copy_from_slice(from);
                }
            }
        }
        Ok(Pixels { size: image.size, data })
    }

    fn pixel_memory(&self) -> Option<Arc<dyn PixelMemory>> {
        self.inner.pixel_memory()
    }

    fn observe_painting(
        &mut self,
        painting: &mut Painting,
        request: &Request,
    ) -> Result<(Observation, Vec<f64>), EngineError> {
        let size = painting.size;
        request.check(self.inner.network().encoder.topology(), size)?;
        let layout = self.layout(request.deepest().ok_or(EngineError::NothingToObserve)?, size);
        let Some(tile) = layout.tiles(layout.margins.observe).next().filter(|_| layout.is_whole()) else {
            return painting::observe(self, painting, request);
        };
        self.observed = None;
        let of_tile = self.request(&layout, &tile, request, false)?;
        let seen = self.inner.observe_painting(painting, &of_tile)?;
        self.observed = Some((layout, request.clone()));
        Ok(seen)
    }

    fn pull_back_painting(
        &mut self,
        painting: &mut Painting,
        cotangents: &Cotangents,
    ) -> Result<Pixels, EngineError> {
        match self.is_whole(painting.size, cotangents)? {
            true => {
                self.observed = None;
                self.inner.pull_back_painting(painting, cotangents)
            }
            false => painting::pull_back(self, painting, cotangents),
        }
    }

    fn step_painting(
        &mut self,
        painting: &mut Painting,
        cotangents: &Cotangents,
        adam: &mut AdamStep,
    ) -> Result<(), EngineError> {
        match self.is_whole(painting.size, cotangents)? {
            true => {
                self.observed = None;
                self.inner.step_painting(painting, cotangents, adam)
            }
            false => painting::step(self, painting, cotangents, adam),
        }
    }

    fn judging_bytes(&self, request: &Request) -> usize {
        self.inner.judging_bytes(request)
    }

    /// Only for a picture that is not cut: the sums of tiles are added on the host.
    fn step_judged(
        &mut self,
        painting: &mut Painting,
        request: &Request,
        judging: &Arc<Judging>,
        adam: &mut AdamStep,
    ) -> Result<Option<Judged>, EngineError> {
        request.check(self.inner.network().encoder.topology(), painting.size)?;
        let layout = self.layout(request.deepest().ok_or(EngineError::NothingToObserve)?, painting.size);
        let Some(tile) = layout.tiles(layout.margins.observe).next().filter(|_| layout.is_whole()) else {
            return Ok(None);
        };
        self.observed = None;
        let of_tile = self.request(&layout, &tile, request, false)?;
        self.inner.step_judged(painting, &of_tile, judging, adam)
    }

    /// Runs the smallest window around the requested features.
    fn features(
        &mut self,
        image: &Pixels,
        edges: Edges,
        tap: Tap,
        window: Rect,
    ) -> Result<Features, EngineError> {
        self.observed = None;
        self.inner.features(image, edges, tap, window)
    }

    /// Only for an image that was not cut.
    fn decisions(&self) -> Result<Decisions, EngineError> {
        match &self.observed {
            Some((layout, _)) if layout.is_whole() => self.inner.decisions(),
            _ => Err(EngineError::NoObservation),
        }
    }
}
