//! The end of a film: its painted frames become a film or files, and the folder is removed.

use std::path::PathBuf;

use impasto_job::{End, Filmed, JobError};

use super::begin::Film;
use super::folder::Folder;
use super::write::Output;

/// The way on from a painted frame that is missing, or no longer right.
pub(super) const PAINT_AGAIN: &str = "`from` N paints again from frame N on";

impl Film<'_> {
    /// Paints this part of the work, and makes the film if it is the whole.
    pub(crate) fn run(mut self, folder: Folder) -> Result<Filmed, JobError> {
        let mut filmed = self.filmed(End::Complete, (0, 0));
        if !self.spec.work.join {
            filmed = self.paint(&folder)?;
            if filmed.end != End::Complete || self.spec.work.shard.is_some() {
                return Ok(filmed);
            }
        }
        let frames = self.frames(&folder)?;
        self.write(&frames)?;
        if !self.spec.work.keep_frames {
            folder.remove()?;
        }
        Ok(Filmed { output: Some(self.spec.output.clone()), ..filmed })
    }

    /// The outcome of the work: how it ended, and the numbers of painted frames and of those that are left.
    pub(super) fn filmed(&self, end: End, (painted, left): (usize, usize)) -> Filmed {
        let (frames, shots) = (self.line.len(), self.manifest.shots.ranges().len());
        let seconds = self.line.between(0, frames);
        let devices = self.manifest.engines().map(str::to_owned).collect();
        Filmed { end, output: None, painted, left, size: self.size, frames, shots, seconds, devices }
    }

    /// The file of each frame of the result, and the seconds for which it is shown.
    fn frames(&self, folder: &Folder) -> Result<Vec<(PathBuf, f64)>, JobError> {
        let shots = self.manifest.shots.ranges();
        let made = self.spec.film.every.is_some();
        let mut frames = Vec::with_capacity(self.line.len());
        for (shot, keys) in self.painted() {
            let mut key = keys.first().copied().unwrap_or(0);
            for tick in shots[shot].clone() {
                if made || keys.binary_search(&tick).is_ok() {
                    key = tick;
                }
                frames.push((folder.frame(key), self.line.seconds[tick]));
            }
            if folder.reached(shot)? < keys.last().copied() {
                return Err(JobError::bad_input(format!("shot {} is not painted yet", shot + 1))
                    .hint("run its `shard`, or the same job without `join`"));
            }
        }
        match frames.iter().find(|(file, _)| !file.exists()) {
            Some((file, _)) => {
                Err(JobError::bad_input(format!("{} is missing", file.display())).hint(PAINT_AGAIN))
            }
            None => Ok(frames),
        }
    }

    fn write(&self, frames: &[(PathBuf, f64)]) -> Result<(), JobError> {
        let output = Output {
            path: &self.spec.output,
            sink: &self.sink,
            encoding: &self.spec.encoding,
            size: self.size,
            alpha: self.source.alpha(),
            space: self.source.space(),
            rate: self.line.rate,
            sound: self.source.film(),
            way_on: PAINT_AGAIN,
            around: self.around,
        };
        output.write(frames)
    }
}
