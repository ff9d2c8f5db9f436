//! Where frames come from: a film that ffmpeg reads, or files of pictures.

mod files;

use std::path::{Path, PathBuf};

use impasto::image::{Averaging, Filter, Limits, Picture, Plane, Space, resize};
use impasto_job::JobError;

pub(crate) use files::{Pattern, is_several, open};

use crate::ffmpeg::{self, Decoded, Decoder, Probe, Request};
use crate::shots;
use crate::timeline::{Ratio, Times};

/// Frames a second of pictures, if nothing else is asked for.
const USUAL: Ratio = (25, 1);

/// The frames of a film.
pub(crate) enum Source {
    /// A file that ffmpeg reads.
    Film { path: PathBuf, probe: Box<Probe>, tone_map: bool },
    /// A file for each frame, in their order.
    Files {
        files: Vec<PathBuf>,
        size: (usize, usize),
        alpha: bool,
        space: Space,
        limits: Limits,
        times: Times,
    },
}

/// Frames in their order.
pub(crate) enum Frames<'a> {
    Film(Decoder),
    Files { files: std::slice::Iter<'a, PathBuf>, size: (usize, usize), space: Space, limits: Limits },
}

impl Source {
    /// Opens a film, a folder, or a pattern of files.
    ///
    /// # Errors
    /// When it cannot be read, or when it has a high dynamic range and `tone_map` is not set.
    pub(crate) fn open(
        path: &Path,
        limits: Limits,
        rate: Option<Ratio>,
        tone_map: bool,
    ) -> Result<Source, JobError> {
        if let Some(files) = files::list(path)? {
            let first = files
                .first()
                .ok_or_else(|| JobError::bad_input(format!("{} holds no pictures", path.display())))?;
            let seen = open(first, &limits)?;
            let times = Times::constant(rate.unwrap_or(USUAL), files.len());
            let size = seen.picture.size();
            return Ok(Source::Files {
                size,
                alpha: seen.alpha.is_some(),
                space: seen.space,
                limits,
                times,
                files,
            });
        }
        ffmpeg::check()?;
        let unread = |error| JobError::read(path, &error);
        // ffmpeg's words about a file that may not be read are of no help. A pipe is not opened, since it would wait.
        if std::fs::metadata(path).map_err(unread)?.is_file() {
            std::fs::File::open(path).map_err(unread)?;
        }
        let probe = ffmpeg::probe(path, None)?;
        ffmpeg::check_size(&probe, path, &limits)?;
        match (&probe.hdr, tone_map) {
            (Some(curve), false) => {
                let message = format!("{} has a high dynamic range ({curve})", path.display());
                Err(JobError::bad_input(message)
                    .hint("`tone_map` brings it to the standard range, by Hable's curve"))
            }
            (None, true) => Err(JobError::bad_input(format!(
                "`tone_map` has no effect: {} has a standard range",
                path.display()
            ))),
            _ => Ok(Source::Film { path: path.into(), probe: Box::new(probe), tone_map }),
        }
    }

    /// The size of a frame as it is shown.
    pub(crate) fn size(&self) -> (usize, usize) {
        match self {
            Source::Film { probe, .. } => (probe.width, probe.height),
            Source::Files { size, .. } => *size,
        }
    }

    /// Whether frames have alpha.
    pub(crate) fn alpha(&self) -> bool {
        match self {
            Source::Film { probe, .. } => probe.alpha,
            Source::Files { alpha, .. } => *alpha,
        }
    }

    /// The colour space of the frames.
    pub(crate) fn space(&self) -> Space {
        match self {
            Source::Film { .. } => Space::Srgb,
            Source::Files { space, .. } => *space,
        }
    }

    /// The times of the frames.
    pub(crate) fn times(&self) -> &Times {
        match self {
            Source::Film { probe, .. } => &probe.times,
            Source::Files { times, .. } => times,
        }
    }

    /// The film that sound and subtitles come from.
    pub(crate) fn film(&self) -> Option<(&Path, &Probe)> {
        match self {
            Source::Film { path, probe, .. } => Some((path, probe)),
            Source::Files { .. } => None,
        }
    }

    /// The files, for a fingerprint.
    pub(crate) fn files(&self) -> Vec<&Path> {
        match self {
            Source::Film { path, .. } => vec![path],
            Source::Files { files, .. } => files.iter().map(PathBuf::as_path).collect(),
        }
    }

    /// All frames, from the first.
    pub(crate) fn frames(&self) -> Result<Frames<'_>, JobError> {
        self.open_frames(false)
    }

    /// All frames, small, for finding cuts.
    pub(crate) fn small_frames(&self) -> Result<impl Iterator<Item = Result<Picture, JobError>>, JobError> {
        let (width, height) = small(self.size());
        Ok(self.open_frames(true)?.map(move |frame| {
            let (picture, _) = frame?;
            Ok(match picture.size() == (width, height) {
                true => picture,
                false => resize(&picture, width, height, Filter::Bilinear, Averaging::Values),
            })
        }))
    }

    fn open_frames(&self, shrunk: bool) -> Result<Frames<'_>, JobError> {
        Ok(match self {
            Source::Film { path, probe, tone_map } => {
                let size = shrunk.then(|| small(self.size()));
                Frames::Film(Decoder::open(
                    path,
                    probe,
                    Request { tone_map: *tone_map, small: size, first: false },
                )?)
            }
            Source::Files { files, size, space, limits, .. } => {
                Frames::Files { files: files.iter(), size: *size, space: *space, limits: *limits }
            }
        })
    }
}

/// The size of frames in which cuts are looked for.
fn small((width, height): (usize, usize)) -> (usize, usize) {
    let part = (shots::WIDTH as f64 / width as f64).min(1.0);
    let side = |pixels: usize| ((pixels as f64 * part).round() as usize).max(1);
    (side(width), side(height))
}

impl Frames<'_> {
    /// Passes over a frame; `false` at the end.
    pub(crate) fn skip_frame(&mut self) -> Result<bool, JobError> {
        match self {
            Frames::Film(decoder) => decoder.skip(),
            Frames::Files { files, .. } => Ok(files.next().is_some()),
        }
    }
}

impl Iterator for Frames<'_> {
    type Item = Result<Decoded, JobError>;

    fn next(&mut self) -> Option<Result<Decoded, JobError>> {
        match self {
            Frames::Film(decoder) => decoder.next(),
            Frames::Files { files, size, space, limits } => {
                files.next().map(|file| files::read(file, *size, *space, limits))
            }
        }
    }
}

/// A frame, resized with its opacity.
pub(crate) fn at_size(
    (picture, alpha): Decoded,
    (width, height): (usize, usize),
) -> (Picture, Option<Plane>) {
    let alpha = alpha.and_then(|plane| {
        let data =
            impasto::image::resize_plane(plane.data(), plane.size(), (width, height), Filter::Bilinear);
        Plane::new(width, height, data.into_iter().map(|value| value.clamp(0.0, 1.0)).collect())
    });
    let mut picture = resize(&picture, width, height, Filter::Bicubic, Averaging::Light);
    picture.rgb_mut().iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
    (picture, alpha)
}
