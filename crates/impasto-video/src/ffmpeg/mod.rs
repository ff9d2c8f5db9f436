//! The installed ffmpeg: finding it, its version, and running it. Calling a program keeps its licence out of ours, and
//! its many formats out of our code.

mod answer;
mod codec;
mod decode;
mod encode;
mod pipe;
mod probe;
mod sound;

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use impasto_job::{ErrorKind, JobError};

use answer::{bounded, last_line, said};
pub(crate) use codec::{Codec, check_encoder};
pub(crate) use decode::{Decoded, Decoder, Request, first_frame};
pub(crate) use encode::{Job, encode};
pub(crate) use pipe::Layout;
pub(crate) use probe::{Probe, check_size, count, probe};

/// The oldest version that has all options we use (`-fps_mode` came with 5.1).
const OLDEST: (u32, u32) = (5, 1);

/// The hint for users without ffmpeg.
const WAY_ON: &str = "install ffmpeg 5.1 or later (on Debian: apt install ffmpeg), or give a folder of frames and \
                      write a pattern such as out/%04d.png, which needs no other program";

/// Makes sure that ffmpeg and ffprobe are here and new enough. Programs that were found are not started again, as long as
/// `PATH` is the same.
///
/// # Errors
/// When one of them is missing, does not run, or is too old.
pub(crate) fn check() -> Result<(), JobError> {
    /// The `PATH` in which both were found.
    static FOUND: Mutex<Option<OsString>> = Mutex::new(None);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    if found.as_ref() != Some(&path) {
        look()?;
        *found = Some(path);
    }
    Ok(())
}

/// Starts both programs, and asks them for their versions.
fn look() -> Result<(), JobError> {
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
const CONTAINERS: &str = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,gif,apng,avi,asf,flv,mpeg,mpegts,mpegvideo,m4v,h264,\
                          hevc,av1,obu,vc1,ivf,mjpeg,yuv4mpegpipe,nut,mxf,gxf,dv,ogg,rm,wtv,swf,dnxhd,dirac,flic,\
                          bink,smk,nuv";

/// Adds a film as an input. Nothing but this file is opened.
fn input(command: &mut Command, path: &Path) {
    command.args(["-protocol_whitelist", "file,pipe", "-format_whitelist", CONTAINERS]);
    with(command, ["-i".as_ref(), named(path).as_ref()]);
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
