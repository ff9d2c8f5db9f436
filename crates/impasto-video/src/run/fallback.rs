//! A card that `auto` took, and that fails: the film goes on on the processor, from the last kept state of each shot,
//! as it would after an interruption. The manifest then names the processor, so a later run goes on there, and beside
//! it the card that painted before. A card that was named is never replaced: its failure is an error.

use impasto_job::{Cause, Filmed, JobError};

use super::begin::Film;
use super::folder::Folder;
use super::paint::Work;

impl Film<'_> {
    /// Paints this part of the work, on the processor from where a card fails.
    pub(super) fn paint(&mut self, folder: &Folder) -> Result<Filmed, JobError> {
        let mut before = 0;
        loop {
            let mut work = Work::new(self, folder)?;
            let (ended, painted) = (work.run(), work.painted());
            match ended {
                Ok(filmed) => return Ok(Filmed { painted: before + painted, ..filmed }),
                Err(error) if self.may_fall(&error) => self.fall(folder, &error)?,
                Err(error) => return Err(error),
            }
            before += painted;
        }
    }

    /// Whether the device is left to the program.
    pub(super) fn is_automatic(&self) -> bool {
        self.spec.run.device.as_deref().is_none_or(|device| device == "auto")
    }

    fn may_fall(&self, error: &JobError) -> bool {
        self.is_automatic() && self.manifest.engine.starts_with("gpu ") && *error.cause() == Cause::Device
    }

    /// Leaves the card, in the manifest too, and says so.
    fn fall(&mut self, folder: &Folder, error: &JobError) -> Result<(), JobError> {
        let processor = impasto::device_identity("cpu", &self.encoder)?;
        let painted = self.has_painted(folder)?;
        self.manifest.go_on_with(processor, painted);
        folder.put_manifest(&self.manifest)?;
        let how = if painted { "goes on" } else { "begins again" };
        self.around.warn(format!("warning: {}: the film {how} on the processor", error.message()));
        Ok(())
    }

    /// Whether any frame of the film is painted.
    fn has_painted(&self, folder: &Folder) -> Result<bool, JobError> {
        for shot in 0..self.manifest.shots.ranges().len() {
            if folder.reached(shot)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
