//! Films made by an installed ffmpeg, which gets raw frames through a pipe. An encoder of our own would be large for
//! such a small purpose.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use impasto::image::write_atomically;

use crate::JobError;
use crate::text::printable;

/// Encoders of ffmpeg whose films most programs play, the best first, each with the arguments for good quality.
const ENCODERS: [(&str, [&str; 2]); 3] =
    [("libx264", ["-crf", "18"]), ("libopenh264", ["-b:v", "8M"]), ("mpeg4", ["-q:v", "3"])];

/// The ffmpeg filter that states the colour space of a film.
const COLOURS: &str = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709";

/// Returns an even side, which every encoder takes: chroma is kept for blocks of 2x2 pixels.
pub(crate) fn even(side: usize) -> usize {
    (side / 2 * 2).max(2)
}

/// An ffmpeg that can make films.
pub(crate) struct Movie {
    encoder: &'static str,
    quality: [&'static str; 2],
}

impl Movie {
    /// Finds the installed ffmpeg and one of its encoders.
    pub(crate) fn find() -> Result<Movie, JobError> {
        let asked = ffmpeg().arg("-encoders").stdin(Stdio::null()).output();
        let listed = match asked {
            Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
            Ok(output) => {
                return Err(JobError::bad_input(format!("ffmpeg does not run here: {}", output.status))
                    .hint("repair it, or end the name in .gif, which needs no other program"));
            }
            Err(error) => {
                let message = match error.kind() {
                    io::ErrorKind::NotFound => "films are made by ffmpeg, which is not installed".into(),
                    _ => format!("films are made by ffmpeg, which does not start: {error}"),
                };
                return Err(JobError::bad_input(message)
                    .hint("install it, or end the name in .gif, which needs no other program"));
            }
        };
        let has = |name: &str| listed.lines().any(|line| line.split_whitespace().nth(1) == Some(name));
        match ENCODERS.into_iter().find(|(name, _)| has(name)) {
            Some((encoder, quality)) => Ok(Movie { encoder, quality }),
            None => {
                let names = ENCODERS.map(|(name, _)| name).join(" nor ");
                Err(JobError::bad_input(format!("the installed ffmpeg has neither {names}"))
                    .hint("install another one, or end the name in .gif"))
            }
        }
    }

    /// Writes a film. The function `frames` writes its frames: red, green and blue of each pixel. Each frame lasts for
    /// `seconds`. The film takes the place of `path` when it is complete.
    pub(crate) fn write(
        &self,
        path: &Path,
        (width, height): (usize, usize),
        seconds: f64,
        frames: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), JobError> {
        let lost = |error: io::Error| JobError::write(path, &error);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let film = tempfile::Builder::new()
            .prefix(".impasto-film-")
            .suffix(".mp4")
            .tempfile_in(folder)
            .map_err(lost)?;
        // Messages of ffmpeg go to a file: a pipe that nobody reads would fill up and block it.
        let mut said = tempfile::tempfile().map_err(lost)?;
        let mut command = ffmpeg();
        command
            .args(["-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"])
            .args(["-s", &format!("{width}x{height}"), "-r", &(1.0 / seconds).to_string(), "-i", "-"])
            .args(["-an", "-c:v", self.encoder])
            .args(self.quality)
            // The file states its colour space, so that all players show the same colours.
            .args(["-vf", &format!("scale=out_color_matrix=bt709,{COLOURS}"), "-pix_fmt", "yuv420p"])
            .args(["-movflags", "+faststart", "-f", "mp4"])
            .arg(std::path::absolute(film.path()).map_err(lost)?)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(said.try_clone().map_err(lost)?);
        // In a process group of its own, ffmpeg is not ended by Ctrl-C: the frames so far are to be written.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(lost)?;
        let fed = match child.stdin.take() {
            Some(pipe) => {
                let mut pipe = BufWriter::new(pipe);
                frames(&mut pipe).and_then(|()| pipe.flush())
            }
            None => Ok(()),
        };
        let ended = child.wait().map_err(lost)?;
        if !ended.success() {
            let reason = last_line(&mut said).unwrap_or_else(|| ended.to_string());
            return Err(JobError::failed(format!("{}: ffmpeg made no film: {reason}", path.display())));
        }
        fed.map_err(lost)?;
        // Opened by its name, because ffmpeg may have replaced the file.
        let mut film = File::open(film.path()).map_err(lost)?;
        Ok(write_atomically(path, |file| io::copy(&mut film, file).map(|_| ()))?)
    }
}

/// Returns the command with the arguments that are always the same.
fn ffmpeg() -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-nostdin"]);
    command
}

fn last_line(said: &mut File) -> Option<String> {
    let mut text = Vec::new();
    said.seek(SeekFrom::Start(0)).ok()?;
    said.read_to_end(&mut text).ok()?;
    let text = String::from_utf8_lossy(&text);
    text.lines().rev().find(|line| !line.trim().is_empty()).map(printable)
}
