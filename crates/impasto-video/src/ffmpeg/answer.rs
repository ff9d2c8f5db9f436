//! The answers of a program that runs to its end: bounded in bytes and in time, as the film may come from a stranger.
//! Its messages on errors go to a temporary file, of which the end is read.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use impasto::image::Format;
use impasto_job::JobError;
use impasto_job::text::printable;

/// The most bytes of a text. A line about a packet has about twenty, so that a day at 30 frames a second is within it.
const TEXT: usize = 64 << 20;

/// The last bytes of what a program says of errors, which are read.
const ENDING: u64 = 64 << 10;

/// The hint for films with more packets than that.
const IN_PARTS: &str = "cut it into parts first, such as with ffmpeg -i FILM -c copy -f segment -segment_time 3600 \
                        part%03d.mkv, and repaint each";

/// The hint for files that only name others.
const ONE_FILE: &str = "a playlist or another list of files is not read: make one file of it first, such as with \
                        ffmpeg -i LIST -c copy film.mkv";

/// The hint for a picture.
const PICTURE: &str = "`impasto stylize` paints pictures; the frames of a film are given as a folder or a pattern, \
                       such as frames/%04d.png";

/// The hint for a file that is no film, or not all of one.
const NO_FILM: &str =
    "if a player shows it, export it from there as mp4; otherwise it may be cut off: fetch or copy it again";

/// Runs a command to its end and returns the text that it writes.
pub(super) fn said(command: Command, path: &Path, within: Option<Duration>) -> Result<String, JobError> {
    bounded(command, path, TEXT, within).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Runs a command to its end and returns the bytes that it writes. If there are more than `most`, or if it takes longer
/// than `within`, it is ended.
pub(super) fn bounded(
    mut command: Command,
    path: &Path,
    most: usize,
    within: Option<Duration>,
) -> Result<Vec<u8>, JobError> {
    let lost = |error: io::Error| JobError::read(path, &error);
    let mut noted = tempfile::tempfile().map_err(lost)?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(noted.try_clone().map_err(lost)?);
    let mut child = command.spawn().map_err(lost)?;
    let bytes = match within_bounds(&mut child, path, most, within) {
        Ok(bytes) => bytes,
        Err(error) => {
            let _ = child.kill();
            let _ = child.wait();
            return Err(error);
        }
    };
    let status = child.wait().map_err(lost)?;
    if status.success() {
        return Ok(bytes);
    }
    let text = ending_of(&mut noted);
    if text.contains("not on whitelist") {
        return Err(match Format::of(path) {
            Ok(_) if impasto::image::open(path).is_ok() => {
                JobError::bad_input(format!("{}: expected a film, found a picture", path.display()))
                    .hint(PICTURE)
            }
            Ok(_) => {
                let found = "expected a film, found neither a film nor a picture";
                JobError::bad_input(format!("{}: {found}", path.display())).hint(NO_FILM)
            }
            Err(_) => {
                JobError::bad_input(format!("{}: expected a film in one file", path.display())).hint(ONE_FILE)
            }
        });
    }
    let reason = last(&text).unwrap_or_else(|| "no reason given".into());
    Err(JobError::bad_input(format!("{}: ffmpeg cannot read it: {reason}", path.display())).hint(NO_FILM))
}

/// The bytes that a program writes, up to its end.
fn within_bounds(
    child: &mut Child,
    path: &Path,
    most: usize,
    within: Option<Duration>,
) -> Result<Vec<u8>, JobError> {
    let lost = |error: io::Error| JobError::read(path, &error);
    let end = within.and_then(|within| Instant::now().checked_add(within));
    let pipe = child.stdout.take();
    let (sender, answer) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = pipe.map_or(Ok(0), |pipe| pipe.take(most as u64 + 1).read_to_end(&mut bytes));
        // Nobody listens if it took too long.
        let _ = sender.send(read.map(|_| bytes));
    });
    let left = |end: Instant| end.saturating_duration_since(Instant::now());
    let read = match end {
        Some(end) => answer.recv_timeout(left(end)),
        None => answer.recv().map_err(|_| RecvTimeoutError::Disconnected),
    };
    let bytes = match read {
        Ok(bytes) => bytes.map_err(lost)?,
        Err(RecvTimeoutError::Timeout) => return Err(too_long(path)),
        Err(RecvTimeoutError::Disconnected) => return Err(JobError::failed("a thread ended early")),
    };
    if bytes.len() > most {
        let message = format!("{}: ffmpeg tells more of it than {most} bytes", path.display());
        return Err(JobError::bad_input(message).hint(IN_PARTS));
    }
    wait_until(end, child, path)?;
    Ok(bytes)
}

/// Waits for the end of a program whose answer is over. It ends in a moment, as a rule.
fn wait_until(end: Option<Instant>, child: &mut Child, path: &Path) -> Result<(), JobError> {
    while let Some(end) = end.filter(|_| !matches!(child.try_wait(), Ok(Some(_)) | Err(_))) {
        if end <= Instant::now() {
            return Err(too_long(path));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

fn too_long(path: &Path) -> JobError {
    JobError::bad_input(format!("{}: ffmpeg takes too long", path.display()))
}

/// Returns the last line that a program has written into a file, empty lines aside.
pub(super) fn last_line(said: &mut File) -> Option<String> {
    last(&ending_of(said))
}

fn last(text: &str) -> Option<String> {
    text.lines().rev().find(|line| !line.trim().is_empty()).map(printable)
}

/// The end of the text that a program has written into a file, as far as it can be read.
fn ending_of(said: &mut File) -> String {
    let mut text = Vec::new();
    let read = said.seek(SeekFrom::End(0)).and_then(|length| {
        said.seek(SeekFrom::Start(length.saturating_sub(ENDING)))?;
        said.take(ENDING).read_to_end(&mut text)
    });
    read.map(|_| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn an_answer_without_an_end_is_an_error_with_a_hint() {
        for within in [None, Some(Duration::from_secs(600))] {
            let error = bounded(Command::new("yes"), "film.mkv".as_ref(), 1000, within).unwrap_err();
            assert_eq!(error.message(), "film.mkv: ffmpeg tells more of it than 1000 bytes");
            assert!(error.hint_text().unwrap().contains("parts"));
        }
        // Exactly so many bytes are within the bound.
        let bytes = bounded(shell("printf 12345"), "film.mkv".as_ref(), 5, None).unwrap();
        assert_eq!(bytes, b"12345");
    }

    #[test]
    fn the_end_of_what_was_said_tells_the_reason() {
        let script = "yes noise | head -c 300000 >&2; echo the reason >&2; echo >&2; exit 1";
        let error = bounded(shell(script), "film.mkv".as_ref(), 5, None).unwrap_err();
        assert_eq!(error.message(), "film.mkv: ffmpeg cannot read it: the reason");
    }

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let within = Some(Duration::from_millis(1));
        let error = bounded(shell("exec sleep 600"), "film.mkv".as_ref(), 5, within).unwrap_err();
        assert_eq!(error.message(), "film.mkv: ffmpeg takes too long");
    }

    #[test]
    fn a_program_that_goes_on_after_its_answer_is_waited_for_up_to_the_end() {
        let path = Path::new("film.mkv");
        let mut child = shell("exec sleep 600").spawn().unwrap();
        let error = wait_until(Some(Instant::now()), &mut child, path).unwrap_err();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(error.message(), "film.mkv: ffmpeg takes too long");
        // It is over, so that a time that has passed is no error.
        wait_until(Some(Instant::now()), &mut child, path).unwrap();
        let mut child = shell("exit 0").spawn().unwrap();
        wait_until(Some(Instant::now() + Duration::from_secs(600)), &mut child, path).unwrap();
        assert!(child.wait().unwrap().success());
    }
}
