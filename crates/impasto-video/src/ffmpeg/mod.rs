//! The installed ffmpeg: finding it, its version, and running it. Calling a program keeps its licence out of ours, and
//! its many formats out of our code.

mod codec;
mod decode;
mod encode;
mod pipe;
mod probe;
mod sound;

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use impasto_job::text::printable;
use impasto_job::{ErrorKind, JobError};

pub(crate) use codec::{Codec, check_encoder};
pub(crate) use decode::{Decoded, Decoder, Request, first_frame};
pub(crate) use encode::{Job, encode};
pub(crate) use pipe::Layout;
pub(crate) use probe::{Probe, check_size, count, probe};

/// The oldest version that has all options we use (`-fps_mode` came with 5.1).
const OLDEST: (u32, u32) = (5, 1);

/// The hint for users without ffmpeg.
const WAY_ON: &str = "install ffmpeg 5.1 or later (on Debian: apt install ffmpeg), or give a folder of frames and write \
                      a pattern such as out/%04d.png, which needs no other program";

/// The hint for files that only name others.
const ONE_FILE: &str = "a playlist or another list of files is not read: make one file of it first, such as with ffmpeg -i \
                        LIST -c copy film.mkv";

/// Makes sure that ffmpeg and ffprobe are here and new enough.
///
/// # Errors
/// When one of them is missing, does not run, or is too old.
pub(crate) fn check() -> Result<(), JobError> {
    for program in ["ffmpeg", "ffprobe"] {
        let said = Command::new(program).arg("-version").stdin(Stdio::null()).output();
        let said = match said {
            Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
            Ok(output) => {
                let message = format!("{program} does not run here: {}", output.status);
                return Err(JobError::bad_input(message).hint(WAY_ON));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let message = format!("films are read and written by ffmpeg, and {program} is not installed");
                return Err(JobError::bad_input(message).hint(WAY_ON));
            }
            Err(error) => {
                return Err(JobError::bad_input(format!("{program} does not start: {error}")).hint(WAY_ON));
            }
        };
        // Builds from the sources of a day have no number; they are new.
        if let Some(version) = version(&said).filter(|version| *version < OLDEST) {
            let (major, minor) = version;
            let message = format!("{program} {major}.{minor} is too old: 5.1 or later is needed");
            return Err(JobError::bad_input(message).hint(WAY_ON));
        }
    }
    Ok(())
}

/// The version in the first line of what a program says of itself.
fn version(said: &str) -> Option<(u32, u32)> {
    let word = said.lines().next()?.split_whitespace().nth(2)?;
    let mut numbers = word.trim_start_matches('n').split(|c: char| !c.is_ascii_digit());
    let major = numbers.next()?.parse().ok()?;
    Some((major, numbers.next().and_then(|minor| minor.parse().ok()).unwrap_or(0)))
}

/// A command that reads no keys and says only errors. It has a process group of its own, so that Ctrl-C does not end
/// it.
fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.args(["-v", "error"]);
    if program == "ffmpeg" {
        command.args(["-hide_banner", "-nostdin"]);
    }
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
}

/// The name of a file that ffmpeg takes for nothing else: not for an option, nor for a protocol.
fn named(path: &Path) -> OsString {
    let mut name = OsString::from("file:");
    name.push(path.as_os_str());
    name
}

/// The containers that are read: whole films in one file. Playlists and lists are not among them, since they make
/// ffmpeg open other files, also those that the one who made the list may not see.
const CONTAINERS: &str = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,gif,apng,avi,asf,flv,mpeg,mpegts,mpegvideo,m4v,h264,hevc,\
                          av1,obu,vc1,ivf,mjpeg,yuv4mpegpipe,nut,mxf,gxf,dv,ogg,rm,wtv,swf,dnxhd,dirac,flic,bink,smk,nuv";

/// Adds a film as an input. Nothing but this file is opened.
fn input(command: &mut Command, path: &Path) {
    command.args(["-protocol_whitelist", "file,pipe", "-format_whitelist", CONTAINERS]);
    with(command, ["-i".as_ref(), named(path).as_ref()]);
}

/// Runs a command to its end and returns the text that it writes.
fn said(command: Command, path: &Path, within: Option<Duration>) -> Result<String, JobError> {
    bounded(command, path, within).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Runs a command to its end and returns the bytes that it writes. If it takes longer than `within`, it is ended.
fn bounded(mut command: Command, path: &Path, within: Option<Duration>) -> Result<Vec<u8>, JobError> {
    let lost = |error: io::Error| JobError::read(path, &error);
    let mut noted = tempfile::tempfile().map_err(lost)?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(noted.try_clone().map_err(lost)?);
    let mut child = command.spawn().map_err(lost)?;
    let pipe = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.map_or(Ok(0), |mut pipe| pipe.read_to_end(&mut bytes)).map(|_| bytes)
    });
    let end = within.and_then(|within| Instant::now().checked_add(within));
    let status = loop {
        match (child.try_wait().map_err(lost)?, end) {
            (Some(status), _) => break status,
            (None, Some(end)) if Instant::now() > end => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(JobError::bad_input(format!("{}: ffmpeg takes too long", path.display())));
            }
            (None, Some(_)) => std::thread::sleep(Duration::from_millis(5)),
            (None, None) => break child.wait().map_err(lost)?,
        }
    };
    let bytes = reader.join().unwrap_or_else(|_| Ok(Vec::new())).map_err(lost)?;
    if status.success() {
        return Ok(bytes);
    }
    let text = text_of(&mut noted);
    if text.contains("not on whitelist") {
        let message = format!("{}: expected a film in one file", path.display());
        return Err(JobError::bad_input(message).hint(ONE_FILE));
    }
    let reason = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no reason given");
    Err(JobError::bad_input(format!("{}: ffmpeg cannot read it: {}", path.display(), printable(reason))))
}

/// Returns the last line that a program has written into a file, empty lines aside.
fn last_line(said: &mut std::fs::File) -> Option<String> {
    text_of(said).lines().rev().find(|line| !line.trim().is_empty()).map(printable)
}

/// The text that a program has written into a file, as far as it can be read.
fn text_of(said: &mut std::fs::File) -> String {
    let mut text = Vec::new();
    let read = said.seek(SeekFrom::Start(0)).and_then(|_| said.read_to_end(&mut text));
    read.map(|_| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default()
}

/// An error of the environment about a program.
fn broken(path: &Path, what: &str) -> JobError {
    JobError::new(ErrorKind::Environment, format!("{}: {what}", path.display()))
}

/// Adds arguments of several kinds.
fn with<const N: usize>(command: &mut Command, arguments: [&OsStr; N]) {
    command.args(arguments);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_every_kind_of_build() {
        assert_eq!(version("ffmpeg version 5.1.9-0+deb12u1 Copyright (c)"), Some((5, 1)));
        assert_eq!(version("ffmpeg version n6.0 Copyright"), Some((6, 0)));
        assert_eq!(version("ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright"), Some((4, 4)));
        assert_eq!(version("ffmpeg version N-109468-gd39b34123d Copyright"), None);
        assert_eq!(version(""), None);
    }
}
