//! Sound, subtitles and chapters of the input, carried over to the film.

use std::path::Path;
use std::process::Stdio;

use impasto_job::JobError;

use super::codec::owned;
use super::{command, named, with};

/// The arguments that carry over sound, subtitles and chapters, and notes on what is left behind. What a container
/// takes is tried on the first seconds.
pub(super) fn carried(input: &Path, extension: &str) -> Result<(Vec<String>, Vec<String>), JobError> {
    let subtitles = match extension {
        "mp4" | "m4v" | "mov" => "mov_text",
        "webm" => "webvtt",
        _ => "copy",
    };
    let speech = if extension == "webm" { ["libopus", "160k"] } else { ["aac", "192k"] };
    let (mut arguments, mut notes) = (owned(&["-map_metadata", "1", "-map_chapters", "1"]), Vec::new());
    let name = input.display();
    let has = |kind: &str| streams(input, kind);
    if has("a")? {
        let copied = owned(&["-c:a", "copy"]);
        let coded = owned(&["-c:a", speech[0], "-b:a", speech[1]]);
        let chosen = if fits(input, "a", &copied, extension) {
            Some(copied)
        } else if fits(input, "a", &coded, extension) {
            notes.push(format!(
                "note: the sound of {name} is encoded anew, as .{extension} does not hold it as it is"
            ));
            Some(coded)
        } else {
            notes.push(format!("warning: the sound of {name} is left out: .{extension} cannot hold it"));
            None
        };
        arguments.extend(chosen.into_iter().flat_map(|codec| [owned(&["-map", "1:a"]), codec].concat()));
    }
    if has("s")? {
        let codec = owned(&["-c:s", subtitles]);
        match fits(input, "s", &codec, extension) {
            true => arguments.extend([owned(&["-map", "1:s"]), codec].concat()),
            false => notes.push(format!(
                "warning: the subtitles of {name} are left out: .{extension} cannot hold them"
            )),
        }
    }
    Ok((arguments, notes))
}

/// Whether a film has streams of a kind: `a` for sound, `s` for subtitles.
fn streams(input: &Path, kind: &str) -> Result<bool, JobError> {
    let mut asked = command("ffprobe");
    asked.args(["-select_streams", kind, "-show_entries", "stream=index", "-of", "csv=p=0"]);
    super::input(&mut asked, input);
    Ok(!super::said(asked, input, None)?.trim().is_empty())
}

/// Whether a container takes the streams of a kind with this codec.
fn fits(input: &Path, kind: &str, codec: &[String], extension: &str) -> bool {
    let Ok(trial) = tempfile::Builder::new().suffix(&format!(".{extension}")).tempfile() else {
        return false;
    };
    let mut command = command("ffmpeg");
    command.args(["-y", "-xerror", "-t", "2"]);
    super::input(&mut command, input);
    command.args(["-map", &format!("0:{kind}")]).args(codec);
    with(&mut command, [named(trial.path()).as_ref()]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
