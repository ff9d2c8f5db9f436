//! Frames out of a film: one ffmpeg, whose frames come through a pipe, right way up and with square pixels.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use impasto::image::{Picture, Plane};
use impasto_job::JobError;

use super::{Layout, Probe, bounded, broken, command, input, last_line};

/// How HDR is brought to the range that the encoders were trained on (an exposure of 100 nits, then Hable's curve).
const TONE_MAP: &str = "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,\
                        zscale=t=bt709:m=gbr:r=full";

/// Exact conversion, the same on every machine.
const EXACT: &str = "flags=accurate_rnd+full_chroma_int+full_chroma_inp+bitexact";

/// A frame and its opacity.
pub(crate) type Decoded = (Picture, Option<Plane>);

/// The form in which a decoder gives frames.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    /// Whether HDR is mapped to the standard range.
    pub(crate) tone_map: bool,
    /// The size to shrink to, for finding cuts.
    pub(crate) small: Option<(usize, usize)>,
    /// Whether the first frame is enough.
    pub(crate) first: bool,
}

/// Frames in the order of their times. After the last frame the ending of ffmpeg is checked.
pub(crate) struct Decoder {
    path: PathBuf,
    child: Child,
    pipe: BufReader<ChildStdout>,
    said: File,
    layout: Layout,
    buffer: Vec<u8>,
    /// Frames so far.
    done: usize,
    over: bool,
}

impl Decoder {
    /// Starts decoding a film.
    ///
    /// # Errors
    /// When ffmpeg cannot be started.
    pub(crate) fn open(path: &Path, probe: &Probe, request: Request) -> Result<Decoder, JobError> {
        let (mut started, layout) = decoding(path, probe, request);
        let said =
            tempfile::tempfile().map_err(|error| broken(path, &format!("no temporary file: {error}")))?;
        let noted = said.try_clone().map_err(|error| broken(path, &format!("no temporary file: {error}")))?;
        started.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(noted);
        let mut child =
            started.spawn().map_err(|error| broken(path, &format!("ffmpeg does not start: {error}")))?;
        let pipe = child.stdout.take().ok_or_else(|| broken(path, "ffmpeg has no output"))?;
        Ok(Decoder {
            path: path.into(),
            child,
            pipe: BufReader::with_capacity(1 << 20, pipe),
            said,
            layout,
            buffer: vec![0; layout.bytes()],
            done: 0,
            over: false,
        })
    }

    /// Fills the buffer with the next frame; `false` at the end.
    fn advance(&mut self) -> Result<bool, JobError> {
        let mut filled = 0;
        while filled < self.buffer.len() {
            let read = self.pipe.read(&mut self.buffer[filled..]);
            match read.map_err(|error| JobError::read(&self.path, &error))? {
                0 => break,
                more => filled += more,
            }
        }
        if filled == self.buffer.len() {
            self.done += 1;
            return Ok(true);
        }
        let status = self.child.wait().map_err(|error| JobError::read(&self.path, &error))?;
        let path = self.path.display();
        if !status.success() {
            let reason = last_line(&mut self.said).unwrap_or_else(|| status.to_string());
            let message =
                format!("{path} is cut off or damaged: ffmpeg stopped after {} frames: {reason}", self.done);
            return Err(JobError::bad_input(message));
        }
        match filled {
            0 => Ok(false),
            _ => Err(JobError::bad_input(format!(
                "{path} is cut off or damaged: frame {} is incomplete",
                self.done
            ))),
        }
    }

    /// Passes over a frame without unpacking it; `false` at the end.
    ///
    /// # Errors
    /// When ffmpeg stops early.
    pub(crate) fn skip(&mut self) -> Result<bool, JobError> {
        let more = !self.over && self.advance()?;
        self.over = !more;
        Ok(more)
    }
}

/// The command that gives the frames of a film, and their form.
fn decoding(path: &Path, probe: &Probe, request: Request) -> (Command, Layout) {
    let (width, height) = request.small.unwrap_or((probe.width, probe.height));
    let small = request.small.is_some();
    let layout = Layout { width, height, deep: probe.deep && !small, alpha: probe.alpha && !small };
    let mut filters = Vec::new();
    if probe.interlaced {
        filters.push("bwdif=mode=send_frame".to_owned());
    }
    if request.tone_map {
        filters.push(TONE_MAP.to_owned());
    }
    let matrix = if probe.assumed_709 { "in_color_matrix=bt709:" } else { "" };
    let kernel = if small { "flags=area+bitexact" } else { EXACT };
    filters.push(format!("scale={width}:{height}:{matrix}{kernel}"));
    let mut started = command("ffmpeg");
    if let Some(decoder) = probe.decoder {
        started.args(["-c:v", decoder]);
    }
    input(&mut started, path);
    if request.first {
        started.args(["-frames:v", "1"]);
    }
    started.args(["-map", "0:v:0", "-an", "-sn", "-dn", "-vf", &filters.join(",")]);
    started.args(["-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", layout.format(), "pipe:1"]);
    (started, layout)
}

/// The first frame of a film, no larger than asked for, within a time.
///
/// # Errors
/// When ffmpeg cannot decode it, or takes too long.
pub(crate) fn first_frame(
    path: &Path,
    probe: &Probe,
    size: (usize, usize),
    within: Duration,
) -> Result<Picture, JobError> {
    let request = Request { tone_map: probe.hdr.is_some(), small: Some(size), first: true };
    let (command, layout) = decoding(path, probe, request);
    let bytes = bounded(command, path, layout.bytes(), Some(within))?;
    match bytes.len() == layout.bytes() {
        true => Ok(layout.read(&bytes).0),
        false => Err(JobError::bad_input(format!("{}: the first frame cannot be read", path.display()))),
    }
}

impl Iterator for Decoder {
    type Item = Result<Decoded, JobError>;

    fn next(&mut self) -> Option<Result<Decoded, JobError>> {
        match self.skip() {
            Ok(true) => Some(Ok(self.layout.read(&self.buffer))),
            Ok(false) => None,
            Err(error) => {
                self.over = true;
                Some(Err(error))
            }
        }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // It may still wait to write frames that nobody reads.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
