//! A film out of frames: one ffmpeg, which also carries over sound, subtitles and chapters of the input.
//!
//! ffmpeg may end without an error although a disk was full or frames were lost. So errors end it (`-xerror`), the
//! frames of the file are counted, and only a complete file gets its name.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use impasto_job::JobError;

use super::codec::{Codec, check_encoder};
use super::sound::carried;
use super::{Layout, broken, command, count, last_line, named, with};
use crate::timeline::Ratio;

/// A film to write.
pub(crate) struct Job<'a> {
    pub(crate) path: &'a Path,
    pub(crate) codec: Codec,
    pub(crate) crf: Option<u32>,
    pub(crate) layout: Layout,
    /// Frames a second; `None` if each frame has its own time.
    pub(crate) rate: Option<Ratio>,
    /// The file of each frame, and the seconds for which it is shown.
    pub(crate) frames: &'a [(PathBuf, f64)],
    /// The film that sound and subtitles come from, and the seconds at which its first frame is shown.
    pub(crate) sound: Option<(&'a Path, f64)>,
}

/// Writes a film. `read` gives the bytes of a frame's file. Returns notes on what could not be carried over.
///
/// # Errors
/// When ffmpeg lacks an encoder or fails, or when frames are missing in what it wrote.
pub(crate) fn encode(
    job: &Job,
    mut read: impl FnMut(&Path) -> Result<Vec<u8>, JobError>,
) -> Result<Vec<String>, JobError> {
    check_encoder(job.codec)?;
    let lost = |error: io::Error| JobError::write(job.path, &error);
    let folder = job.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let extension =
        job.path.extension().map(|text| text.to_string_lossy().to_lowercase()).unwrap_or_default();
    // Temporary files are private, but the film is for whoever may read the folder.
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let film = builder
        .prefix(".impasto-film-")
        .suffix(&format!(".{extension}"))
        .tempfile_in(folder)
        .map_err(lost)?;
    let (sound, notes) = match job.sound.filter(|_| !job.codec.is_silent()) {
        Some((input, _)) => carried(input, &extension)?,
        None => (Vec::new(), Vec::new()),
    };
    let mut command = command("ffmpeg");
    command.args(["-y", "-xerror"]);
    if let Some((_, offset)) = job.sound.filter(|(_, offset)| *offset > 0.0) {
        command.args(["-itsoffset", &format!("{offset:.6}")]);
    }
    let list = match job.rate {
        Some((n, d)) => {
            let Layout { width, height, .. } = job.layout;
            command.args([
                "-f",
                "rawvideo",
                "-pix_fmt",
                job.layout.format(),
                "-s",
                &format!("{width}x{height}"),
            ]);
            command.args(["-framerate", &format!("{n}/{d}"), "-i", "pipe:0"]);
            None
        }
        None => {
            let list = list_of(job.frames, folder).map_err(lost)?;
            command.args(["-f", "concat", "-safe", "0"]);
            with(&mut command, ["-i".as_ref(), named(list.path()).as_ref()]);
            Some(list)
        }
    };
    if let Some((input, _)) = job.sound.filter(|_| !sound.is_empty()) {
        super::input(&mut command, input);
    }
    command.args(["-map", "0:v:0"]).args(&sound).args(job.codec.options(job.layout.alpha, job.crf));
    // Without this, some containers hold a random number or a date, and no two files are the same.
    command.args(["-fps_mode", "passthrough", "-fflags", "+bitexact", "-flags:v", "+bitexact"]);
    if matches!(&extension[..], "mp4" | "m4v" | "mov") {
        command.args(["-movflags", "+faststart"]);
        if list.is_some() {
            command.args(["-enc_time_base", "1:90000", "-video_track_timescale", "90000"]);
        }
    }
    if list.is_some() && matches!(job.codec, Codec::H264 | Codec::H265) {
        // With frames out of order, the last duration comes out wrong.
        command.args(["-bf", "0"]);
    }
    with(&mut command, [named(film.path()).as_ref()]);
    run(job, command, list.is_some(), &mut read)?;
    let found = count(film.path())?;
    // A list names its last file twice, for the sake of its duration.
    let expected = job.frames.len() + usize::from(list.is_some());
    if !job.codec.is_silent() && !(job.frames.len()..=expected).contains(&found) {
        return Err(broken(
            job.path,
            &format!("ffmpeg wrote {found} of {} frames; is the disk full?", job.frames.len()),
        ));
    }
    File::open(film.path()).and_then(|file| file.sync_all()).map_err(lost)?;
    film.persist(job.path).map_err(|error| lost(error.error))?;
    Ok(notes)
}

/// Runs the command. Frames go through its pipe, unless it reads them from a list.
fn run(
    job: &Job,
    mut command: Command,
    listed: bool,
    read: &mut dyn FnMut(&Path) -> Result<Vec<u8>, JobError>,
) -> Result<(), JobError> {
    let lost = |error: io::Error| JobError::write(job.path, &error);
    // Messages of ffmpeg go to a file: a pipe that nobody reads would fill up and block it.
    let mut said = tempfile::tempfile().map_err(lost)?;
    command.stdin(if listed { Stdio::null() } else { Stdio::piped() });
    command.stdout(Stdio::null()).stderr(said.try_clone().map_err(lost)?);
    let mut child = command.spawn().map_err(lost)?;
    let mut fed = Ok(());
    if let Some(mut pipe) = child.stdin.take() {
        for (file, _) in job.frames {
            let bytes = match read(file) {
                Ok(bytes) => bytes,
                Err(error) => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(error);
                }
            };
            fed = pipe.write_all(&bytes);
            if fed.is_err() {
                break;
            }
        }
    }
    let ended = child.wait().map_err(lost)?;
    if !ended.success() {
        let reason = last_line(&mut said).unwrap_or_else(|| ended.to_string());
        return Err(broken(job.path, &format!("ffmpeg made no film: {reason}")));
    }
    fed.map_err(lost)
}

/// A list of files with their durations, for ffmpeg.
fn list_of(frames: &[(PathBuf, f64)], folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut list = tempfile::Builder::new().prefix(".impasto-film-").suffix(".txt").tempfile_in(folder)?;
    writeln!(list, "ffconcat version 1.0")?;
    let mut line = |file: &Path, seconds: Option<f64>| -> io::Result<()> {
        let name = std::path::absolute(file)?.to_string_lossy().replace('\'', r"'\''");
        writeln!(list, "file 'file:{name}'\noption framerate 90000")?;
        seconds.map_or(Ok(()), |seconds| writeln!(list, "duration {seconds:.6}"))
    };
    for (file, seconds) in frames {
        line(file, Some(*seconds))?;
    }
    if let Some((file, _)) = frames.last() {
        line(file, None)?;
    }
    list.flush()?;
    Ok(list)
}
