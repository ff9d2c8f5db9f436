//! Masks that move: films, folders or patterns of frames, with a mask for each frame of the film.
//!
//! A mask is read frame by frame beside the film. It is looked through once before the work, because a mask with
//! colours has the same regions in all frames, also in those where a colour is not to be seen.

use std::path::{Path, PathBuf};

use impasto::image::Limits;
use impasto::{Mask, MaskColour, MaskPalette};
use impasto_job::spec::VideoSpec;
use impasto_job::{ErrorKind, JobError, VideoContext};
use serde::{Deserialize, Serialize};

use super::begin::SLACK;
use super::folder::{Manifest, fingerprint};
use super::reader::Reader;
use crate::ffmpeg::Decoded;
use crate::source::{Source, is_several};

/// Endings of names of films. A picture of any other name stands still.
const FILMS: [&str; 14] =
    ["mp4", "m4v", "mov", "mkv", "webm", "avi", "apng", "ogv", "mpg", "mpeg", "ts", "mts", "m2ts", "mxf"];

/// A mask that moves.
pub(crate) struct MovingMask {
    pub(crate) path: PathBuf,
    pub(crate) source: Source,
    pub(crate) facts: MaskFacts,
    first: Mask,
}

/// What is known of a mask after it was looked through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MaskFacts {
    /// Fingerprints of its files.
    pub(crate) files: Vec<String>,
    /// The colours of its regions; none for a grey mask.
    pub(crate) colours: Vec<[u8; 3]>,
}

impl MovingMask {
    /// Opens all masks of a job that move, and looks through those that `known` does not know.
    ///
    /// # Errors
    /// When a mask cannot be read, or has another number of frames than the film.
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
            if masks.iter().all(|mask| mask.path != *path) {
                let mask = MovingMask::open(path, (film, limits), known, around);
                masks.push(mask.map_err(|error| error.about(option))?);
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
            None => MaskFacts { files, colours: colours(path, &source, around)? },
        };
        let frame = source.frames()?.next();
        let frame = frame.ok_or_else(|| JobError::bad_input(format!("{} is empty", path.display())))?;
        let first = mask_of(path, frame?, &facts)?;
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
    pub(super) fn mask(&self, frame: Decoded) -> Result<Mask, JobError> {
        mask_of(&self.path, frame, &self.facts)
    }
}

/// Whether a mask has several frames: a folder, a pattern, or a film.
fn moves(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    is_several(path) || FILMS.contains(&ending.to_ascii_lowercase().as_str())
}

fn mask_of(path: &Path, (picture, alpha): Decoded, facts: &MaskFacts) -> Result<Mask, JobError> {
    let colours: Vec<MaskColour> = facts.colours.iter().map(|colour| MaskColour(*colour)).collect();
    Mask::of_frame(&picture, alpha.as_ref(), &colours)
        .map_err(|error| JobError::from(error).about(&path.display().to_string()))
}

/// The colours of all frames of a mask.
fn colours(path: &Path, source: &Source, around: &VideoContext) -> Result<Vec<[u8; 3]>, JobError> {
    let mut palette = MaskPalette::default();
    for frame in source.frames()? {
        let (picture, alpha) = frame?;
        palette
            .add(&picture, alpha.as_ref())
            .map_err(|error| JobError::from(error).about(&path.display().to_string()))?;
        if around.control.is_asked_to_end() {
            return Err(JobError::new(ErrorKind::Interrupted, "interrupted; nothing was painted"));
        }
    }
    Ok(palette.colours().into_iter().map(|colour| colour.0).collect())
}

/// Refuses a mask that has another number of frames than the film. Two films of the same rate may differ by a few frames
/// that one of them does not show at its end.
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
