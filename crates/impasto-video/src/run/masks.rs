//! Masks that move: films, folders or patterns of frames, with a mask for each frame of the film.
//!
//! A mask is read frame by frame beside the film. It is looked through once before the work: a mask with colours has
//! the same regions in all frames, also in those where a colour is not to be seen, and only all frames together tell
//! whether small numbers are brightness. A mask that ends early, or has no effect in any frame, is found there too.

use std::path::{Path, PathBuf};

use impasto::image::{Ending, Limits};
use impasto::{Mask, MaskFrames, MaskPalette};
use impasto_job::inputs::is_in_memory;
use impasto_job::spec::VideoSpec;
use impasto_job::{ErrorKind, JobError, VideoContext};
use serde::{Deserialize, Serialize};

use super::cuts::{SLACK, check_read};
use super::manifest::{Manifest, fingerprint};
use super::reader::Reader;
use crate::ffmpeg::Decoded;
use crate::source::{Source, is_several};

/// A mask that moves.
pub(crate) struct MovingMask {
    pub(crate) path: PathBuf,
    pub(crate) source: Source,
    pub(crate) facts: MaskFacts,
    first: Mask,
}

/// The facts about a mask that was looked through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MaskFacts {
    /// Fingerprints of its files.
    pub(crate) files: Vec<String>,
    /// The facts about its frames.
    pub(crate) frames: MaskFrames,
}

impl MovingMask {
    /// Opens all masks of a job that move, and looks through those that `known` does not know.
    ///
    /// # Errors
    /// When a mask cannot be read, has another number of frames than the film, or has no effect in any frame.
    pub(super) fn all(
        spec: &VideoSpec,
        (film, limits): (&Source, Limits),
        known: Option<&Manifest>,
        around: &VideoContext,
    ) -> Result<Vec<MovingMask>, JobError> {
        let named = spec.regions.mask.iter().map(|path| ("`mask`", path));
        let named = named.chain(spec.regions.protect.iter().map(|path| ("`protect`", path)));
        let mut masks: Vec<MovingMask> = Vec::new();
        for (option, path) in named.filter(|(_, path)| moves(path)) {
            let about = |error: JobError| error.about(option);
            if masks.iter().all(|mask| mask.path != *path) {
                masks.push(MovingMask::open(path, (film, limits), known, around).map_err(about)?);
            }
            for mask in masks.iter().filter(|mask| mask.path == *path) {
                mask.check_effect(option).map_err(about)?;
            }
        }
        Ok(masks)
    }

    fn open(
        path: &Path,
        (film, limits): (&Source, Limits),
        known: Option<&Manifest>,
        around: &VideoContext,
    ) -> Result<MovingMask, JobError> {
        let source = Source::open(path, limits, None, false)?;
        check_length(path, &source, film)?;
        let files = source.files().into_iter().map(fingerprint).collect::<Result<Vec<_>, _>>()?;
        let known = known.and_then(|known| known.masks.iter().find(|mask| mask.files == files));
        let facts = match known {
            Some(known) => known.clone(),
            None => MaskFacts { files, frames: look_through(path, &source, around)? },
        };
        let frame = source.frames()?.next();
        let frame = frame.ok_or_else(|| JobError::bad_input(format!("{} is empty", path.display())))?;
        let first = mask_of(frame?, &facts);
        Ok(MovingMask { path: path.to_owned(), source, facts, first })
    }

    /// The first frame.
    pub(crate) fn first(&self) -> Mask {
        self.first.clone()
    }

    /// A reader of its frames.
    pub(super) fn reader(&self) -> Result<Reader<'_, Mask>, JobError> {
        Ok(Reader::new(self.source.frames()?))
    }

    /// A frame as a mask.
    pub(super) fn mask(&self, frame: Decoded) -> Mask {
        mask_of(frame, &self.facts)
    }

    /// Refuses a grey mask that does nothing in any frame.
    fn check_effect(&self, option: &str) -> Result<(), JobError> {
        let MaskFrames { colours, least, most, .. } = &self.facts.frames;
        let path = self.path.display();
        if !colours.is_empty() {
            Ok(())
        } else if option == "`protect`" && *least >= 1.0 {
            let message = format!("{path} is white in all frames: nothing is left to paint");
            Err(JobError::bad_input(message).hint("white is kept, black is painted"))
        } else if option == "`mask`" && *most <= 0.0 {
            let message = format!("{path} is black in all frames: its region has no position");
            Err(JobError::bad_input(message).hint("white is where the style goes"))
        } else {
            Ok(())
        }
    }
}

/// Whether a mask has several frames: a folder, a pattern, or a file that is not called a picture.
fn moves(path: &Path) -> bool {
    let is_film = path.extension().is_some() && Ending::of(path) != Some(Ending::Picture);
    is_several(path) || (!is_in_memory(path) && is_film)
}

fn mask_of((picture, alpha): Decoded, facts: &MaskFacts) -> Mask {
    Mask::of_frame(&picture, alpha.as_ref(), &facts.frames)
}

/// Reads all frames of a mask for the facts about them.
fn look_through(path: &Path, source: &Source, around: &VideoContext) -> Result<MaskFrames, JobError> {
    let about = |error: impasto::Error| JobError::from(error).about(&path.display().to_string());
    let mut palette = MaskPalette::default();
    let mut read = 0;
    for frame in source.frames()? {
        let (picture, alpha) = frame?;
        palette.add(&picture, alpha.as_ref()).map_err(about)?;
        read += 1;
        if around.control.is_asked_to_end() {
            return Err(JobError::new(ErrorKind::Interrupted, "interrupted; nothing was painted"));
        }
    }
    check_read(source, read, (source.times().len(), around))?;
    palette.facts().map_err(about)
}

/// Refuses a mask that has another number of frames than the film. Two films of the same rate may differ by a few
/// frames that one of them does not show at its end.
fn check_length(path: &Path, mask: &Source, film: &Source) -> Result<(), JobError> {
    let (masks, frames) = (mask.times().len(), film.times().len());
    let are_films = mask.film().is_some() && film.film().is_some();
    let same_rate = mask.times().rate.is_some() && mask.times().rate == film.times().rate;
    if masks == frames || (are_films && same_rate && masks.abs_diff(frames) <= SLACK) {
        return Ok(());
    }
    let message = format!("{} has {masks} frames, and the film has {frames}", path.display());
    Err(JobError::bad_input(message)
        .hint("a mask that moves has a frame for each frame of the film; a single picture stands still"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn films_move_whatever_their_ending_and_pictures_stand_still() {
        for film in
            ["a.mp4", "a.MKV", "a.y4m", "a.wmv", "a.flv", "a.3gp", "a.nut", "a.apng", "masks/%04d.png"]
        {
            assert!(moves(film.as_ref()), "{film}");
        }
        for picture in
            ["a.png", "a.JPG", "a.exr", "a.gif", "a.heic", "a.pgm", "a", "memory:a.mkv", "memory:a"]
        {
            assert!(!moves(picture.as_ref()), "{picture}");
        }
    }
}
