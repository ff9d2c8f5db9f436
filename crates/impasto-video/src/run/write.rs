//! The result of a film, made from the files of its frames.

use std::path::{Path, PathBuf};

use impasto::image::{Encoding, Limits, Picture, Plane, Space, save};
use impasto_job::spec::EncodingSpec;
use impasto_job::{Cause, JobError, VideoContext, VideoEvent};

use super::sink::Sink;
use crate::ffmpeg::{Job, Layout, Probe, encode};
use crate::source::open;
use crate::timeline::Ratio;

/// Everything about a result but its frames.
pub(super) struct Output<'a> {
    pub(super) path: &'a Path,
    pub(super) sink: &'a Sink,
    pub(super) encoding: &'a EncodingSpec,
    pub(super) size: (usize, usize),
    pub(super) alpha: bool,
    pub(super) space: Space,
    /// Frames a second; `None` if each frame has its own time.
    pub(super) rate: Option<Ratio>,
    /// The film that sound comes from.
    pub(super) sound: Option<(&'a Path, &'a Probe)>,
    /// The way on from a frame of another size.
    pub(super) way_on: &'static str,
    pub(super) around: &'a VideoContext,
}

impl Output<'_> {
    /// Writes the result, and tells that. Each frame has a file and the seconds for which it is shown.
    pub(super) fn write(&self, frames: &[(PathBuf, f64)]) -> Result<(), JobError> {
        let notes = self.make(frames)?;
        notes.into_iter().for_each(|note| self.around.warn(note));
        let (path, (width, height)) = (self.path.to_owned(), self.size);
        self.around.emit(VideoEvent::Wrote { path, width, height, frames: frames.len() });
        Ok(())
    }

    /// Makes the result. Returns notes on what could not be carried over.
    fn make(&self, frames: &[(PathBuf, f64)]) -> Result<Vec<String>, JobError> {
        match self.sink {
            Sink::Film { codec } => {
                let (width, height) = self.size;
                let layout = Layout { width, height, deep: true, alpha: self.alpha && codec.holds_alpha() };
                let sound = self.sound.filter(|_| !self.encoding.no_sound);
                let job = Job {
                    path: self.path,
                    codec: *codec,
                    crf: self.encoding.crf,
                    layout,
                    rate: self.rate,
                    frames,
                    sound: sound.map(|(path, probe)| (path, probe.offset)),
                };
                // Films have the primaries of sRGB.
                encode(&job, |file| {
                    let (picture, alpha) = frame(file, self.size, Space::Srgb, self.way_on)?;
                    Ok(layout.write(&picture, alpha.as_ref()))
                })
            }
            Sink::Frames { pattern, format, depth } => {
                let place = self.path.parent().unwrap_or(Path::new(""));
                let profile = (self.space != Space::Srgb).then(|| self.space.icc());
                let encoding = Encoding {
                    format: Some(*format),
                    depth: *depth,
                    space: self.space,
                    icc_profile: profile,
                    ..Encoding::default()
                };
                for (number, (file, _)) in frames.iter().enumerate() {
                    let Some(name) = pattern.name(number + 1) else { continue };
                    let (picture, alpha) = frame(file, self.size, self.space, self.way_on)?;
                    let alpha = alpha.filter(|_| self.sink.holds_alpha());
                    save(&place.join(name), &picture, alpha.as_ref(), &encoding)?;
                }
                Ok(Vec::new())
            }
        }
    }
}

/// A frame from its file in a colour space. It has to have the film's size; `way_on` is the hint if it has not.
pub(super) fn frame(
    file: &Path,
    (width, height): (usize, usize),
    space: Space,
    way_on: &str,
) -> Result<(Picture, Option<Plane>), JobError> {
    let mut decoded = open(file, &Limits::NONE)?;
    decoded.bring_to(space);
    let found = decoded.picture.size();
    match found == (width, height) {
        true => Ok((decoded.picture, decoded.alpha)),
        false => Err(JobError::bad_input(format!(
            "{}: expected {width}x{height} pixels, found {}x{}",
            file.display(),
            found.0,
            found.1
        ))
        .caused_by(Cause::Frames)
        .hint(way_on)),
    }
}
