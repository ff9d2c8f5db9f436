//! The engine's trait, whose methods wait for the card ([`crate::waiting`]). A page that cannot be suspended calls the
//! methods named `_async`.

use std::io;
use std::sync::Arc;

use impasto_encoder::Tap;
use impasto_engine::painting::{self, AdamStep, Painting, PixelMemory};
use impasto_engine::{
    Cancel, Cotangents, Decisions, Edges, Engine, EngineError, Features, Judged, Judging, Network,
    Observation, Pixels, Rect, Request, Size, Target,
};

use crate::GpuEngine;
use crate::arena::Arena;
use crate::judging::judging_bytes;
use crate::memory::Memory;
use crate::shape::Shape;
use crate::waiting::wait;

impl Engine for GpuEngine {
    fn network(&self) -> &Network {
        &self.network
    }

    fn identity(&self) -> &str {
        &self.identity
    }

    fn set_half(&mut self, half: bool) {
        (self.half, self.observed) = (half, None);
    }

    fn set_cancel(&mut self, cancel: Cancel) {
        self.cancel = cancel;
    }

    fn kernel_bytes(&self) -> usize {
        self.layers.iter().map(crate::layers::Layer::bytes).sum()
    }

    fn evaluation_bytes(&self, size: Size, request: &Request, _: usize) -> Result<usize, EngineError> {
        request.check(self.network.encoder.topology(), size)?;
        Ok(self.forecast(&Shape::of(request, size, self.half), true))
    }

    fn capture_bytes(&self, size: Size, tap: Tap, _: usize) -> Result<usize, EngineError> {
        let request = Request { features: vec![tap], ..Request::default() };
        request.check(self.network.encoder.topology(), size)?;
        Ok(self.forecast(&Shape::of(&request, size, self.half), false))
    }

    fn capture(&mut self, image: &Pixels, edges: Edges, tap: Tap) -> Result<Target, EngineError> {
        self.capture_target(image, edges, tap)
    }

    fn target_stride(&self, tap: Tap) -> usize {
        self.stride(tap)
    }

    fn export_target(
        &mut self,
        target: Target,
        row: &mut dyn FnMut(usize, &[u8]) -> io::Result<()>,
    ) -> Result<(), EngineError> {
        wait(self.hand_out(target, row))
    }

    fn import_target(
        &mut self,
        slot: Option<Target>,
        tap: Tap,
        size: Size,
        row: &mut dyn FnMut(usize, &mut [u8]) -> io::Result<()>,
    ) -> Result<Target, EngineError> {
        self.take_back(slot, tap, size, row)
    }

    fn forget_targets(&mut self) {
        self.targets.clear();
        (self.recording, self.observed, self.cover, self.judge) = (None, None, None, None);
        self.arena = Arena::default();
    }

    fn observe(&mut self, image: &Pixels, request: &Request) -> Result<Observation, EngineError> {
        wait(self.observe_async(image, request))
    }

    fn pull_back(&mut self, _: &Pixels, cotangents: &Cotangents) -> Result<Pixels, EngineError> {
        wait(self.pull_back_async(cotangents))
    }

    fn features(
        &mut self,
        image: &Pixels,
        edges: Edges,
        tap: Tap,
        window: Rect,
    ) -> Result<Features, EngineError> {
        wait(self.features_async(image, edges, tap, window))
    }

    fn pixel_memory(&self) -> Option<Arc<dyn PixelMemory>> {
        Some(Arc::new(Memory(self.device.clone())))
    }

    fn observe_painting(
        &mut self,
        painting: &mut Painting,
        request: &Request,
    ) -> Result<(Observation, Vec<f64>), EngineError> {
        match self.own(painting) {
            Some(picture) => wait(self.observe_own(&picture, painting, request)),
            None => painting::observe(self, painting, request),
        }
    }

    fn step_painting(
        &mut self,
        painting: &mut Painting,
        cotangents: &Cotangents,
        adam: &mut AdamStep,
    ) -> Result<(), EngineError> {
        match self.own(painting) {
            Some(picture) => wait(self.step_own(&picture, painting, cotangents, adam)),
            None => painting::step(self, painting, cotangents, adam),
        }
    }

    fn judging_bytes(&self, request: &Request) -> usize {
        judging_bytes(&self.network.encoder, request)
    }

    fn step_judged(
        &mut self,
        painting: &mut Painting,
        request: &Request,
        judging: &Arc<Judging>,
        adam: &mut AdamStep,
    ) -> Result<Option<Judged>, EngineError> {
        match self.own(painting).filter(|_| request.features.is_empty()) {
            Some(picture) => wait(self.step_judged_own(&picture, painting, request, judging, adam)).map(Some),
            None => Ok(None),
        }
    }

    fn decisions(&self) -> Result<Decisions, EngineError> {
        wait(self.decided())
    }
}
