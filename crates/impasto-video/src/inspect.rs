//! A look at a film that may come from a stranger: the facts about it and its first frame, within limits of size and
//! time.

use std::path::Path;
use std::time::Duration;

use impasto::image::{Limits, fit_long_edge};
use impasto_image::Picture;
use impasto_job::JobError;

use crate::ffmpeg;

/// The longest that ffmpeg may take for each step.
const WITHIN: Duration = Duration::from_secs(60);

/// The facts about a film.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Pixels across, as shown: turned and with square pixels.
    pub width: usize,
    /// Pixels down, as shown.
    pub height: usize,
    /// Number of frames.
    pub frames: usize,
    /// Length in seconds.
    pub seconds: f64,
    /// Bits of a channel: 8 or 16.
    pub depth: u8,
    /// Whether some of it may be transparent.
    pub alpha: bool,
    /// The transfer curve of high dynamic range, if it has one.
    pub hdr: Option<String>,
    /// The names of the container by ffmpeg, such as `mov,mp4,m4a,3gp,3g2,mj2`.
    pub format: String,
}

/// Looks at a film: the facts, and its first frame with a long edge of at most `edge` pixels.
///
/// # Errors
/// When ffmpeg is not installed, cannot read the file, or takes too long; when the frames exceed the limits; or when
/// the file is a list of other files.
pub fn inspect(path: &Path, limits: &Limits, edge: usize) -> Result<(Facts, Picture), JobError> {
    ffmpeg::check()?;
    let probe = ffmpeg::probe(path, Some(WITHIN))?;
    ffmpeg::check_size(&probe, path, limits)?;
    let size = (probe.width, probe.height);
    let frame = ffmpeg::first_frame(path, &probe, fit_long_edge(size, edge.min(size.0.max(size.1))), WITHIN)?;
    let (width, height) = size;
    let (frames, seconds) = (probe.times.len(), probe.times.seconds(probe.times.len()));
    let ffmpeg::Probe { depth, alpha, hdr, format, .. } = probe;
    Ok((Facts { width, height, frames, seconds, depth, alpha, hdr, format }, frame))
}

/// Makes sure that ffmpeg is installed and new enough.
///
/// # Errors
/// With what to install.
pub fn check_ffmpeg() -> Result<(), JobError> {
    ffmpeg::check()
}
