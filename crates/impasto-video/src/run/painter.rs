//! The painter of a film: a still's options, the film's masks and its device.

use std::path::Path;

use impasto::Effort;
use impasto::image::Metadata;
use impasto_job::inputs::{Input, InputSummary, Inputs};
use impasto_job::{JobError, transfer};

use super::begin::Film;
use super::reader::Reader;
use crate::film::{Frame, Painter, Tuning};
use crate::source::at_size;

impl Film<'_> {
    /// The first frame of the film.
    pub(super) fn first(&self) -> Result<Frame, JobError> {
        let source = self.line.source[0];
        let (picture, alpha) =
            Reader::new(self.source.frames()?).read(source, |frame| Ok(at_size(frame, self.size)))?;
        Ok(Frame { picture, alpha, seconds: 0.0, styles: Vec::new(), regions: None })
    }

    /// The painter of the film.
    pub(super) fn painter(&self, frame: &Frame) -> Result<Painter, JobError> {
        let spec = self.spec;
        let decoded = impasto::image::Decoded {
            picture: frame.picture.clone(),
            space: self.source.space(),
            alpha: frame.alpha.clone(),
            depth: impasto::image::Depth::Sixteen,
            icc_profile: None,
            metadata: Metadata::default(),
            is_one_of_several: false,
            notes: Vec::new(),
        };
        let (width, height) = frame.picture.size();
        let summary = InputSummary { path: String::new(), sha256: String::new(), width, height };
        let content = Input { path: spec.input.clone(), decoded, summary };
        let mut inputs =
            Inputs { content, styles: self.styles.clone(), init: None, masks: self.masks.clone() };
        let run = (&spec.run, &spec.style[..], &spec.regions);
        let mut transfer = transfer(run, &mut inputs, self.encoder.clone(), &self.around.control)?;
        if !self.moving.is_empty() {
            // A region may be empty in the first frame.
            let first = |path: &Path| Some(self.moving.iter().find(|mask| mask.path == path)?.first());
            transfer = transfer.regions(self.masks.regions_of_frame(&spec.regions, &first)?);
        }
        if self.is_automatic() {
            // All frames are painted by one device, whatever a later measurement says.
            transfer = transfer.device_of(&self.manifest.engine)?;
        }
        let effort = spec.run.effort.as_deref().map_or(Ok(Effort::Normal), str::parse)?;
        let settings = (spec.run.colour()?, Tuning::of(effort), spec.film.boil);
        Ok(Painter::new(transfer, settings, frame)?)
    }
}
