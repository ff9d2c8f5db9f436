//! A film out of frames: one ffmpeg, which also carries over sound, subtitles and chapters of the input.
//!
//! ffmpeg may end without an error although a disk was full or frames were lost. So errors end it (`-xerror`), the frames
//! of the file are counted, and only a complete file gets its name.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use impasto_job::JobError;

use super::{Layout, broken, command, count, last_line, named, with};
use crate::timeline::Ratio;

/// The matrix, curve and primaries of HD television, stated in the file, so that all players show the same colours.
const COLOURS: [&str; 8] =
    ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"];

/// Conversion to the matrix of the file.
const TO_709: &str = "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int+bitexact";

/// A way to encode a film.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    H264,
    H265,
    Av1,
    Vp9,
    ProRes,
    Ffv1,
    Gif,
}

impl Codec {
    /// The names that users give.
    const NAMES: [(&'static str, Codec); 7] = [
        ("h264", Codec::H264),
        ("h265", Codec::H265),
        ("av1", Codec::Av1),
        ("vp9", Codec::Vp9),
        ("prores", Codec::ProRes),
        ("ffv1", Codec::Ffv1),
        ("gif", Codec::Gif),
    ];

    /// The usual codec of a file's extension, or the one that was asked for.
    ///
    /// # Errors
    /// When the extension is of no film, when the codec is unknown, or when the file cannot hold it.
    pub(crate) fn of(path: &Path, asked: Option<&str>) -> Result<Codec, JobError> {
        let extension =
            path.extension().map(|text| text.to_string_lossy().to_lowercase()).unwrap_or_default();
        use Codec::{Av1, Ffv1, Gif, H264, H265, ProRes, Vp9};
        let holds: &[Codec] = match &extension[..] {
            "mp4" | "m4v" => &[H264, H265, Av1],
            "mov" => &[ProRes, H264, H265],
            "mkv" => &[Ffv1, H264, H265, Av1, Vp9, ProRes],
            "webm" => &[Vp9, Av1],
            "gif" => &[Gif],
            _ => {
                let message = format!("{}: the extension names no film", path.display());
                return Err(JobError::bad_input(message)
                    .hint("end the name in mp4, mov, mkv, webm or gif, or give a pattern of frames such as out/%04d.png"));
            }
        };
        let Some(asked) = asked else { return Ok(holds[0]) };
        let found = Codec::NAMES.into_iter().find(|(name, _)| *name == asked).map(|(_, codec)| codec);
        match found.filter(|codec| holds.contains(codec)) {
            Some(codec) => Ok(codec),
            None => {
                let names =
                    Codec::NAMES.iter().filter(|(_, codec)| holds.contains(codec)).map(|(name, _)| *name);
                let names = names.collect::<Vec<_>>().join(", ");
                Err(JobError::bad_input(format!("`codec` {asked}: .{extension} holds {names}")))
            }
        }
    }

    /// Whether both sides have to be even, because colour is kept for blocks of 2x2 pixels.
    pub(crate) fn needs_even(self) -> bool {
        matches!(self, Codec::H264 | Codec::H265 | Codec::Av1 | Codec::Vp9 | Codec::ProRes)
    }

    /// Whether alpha is kept.
    pub(crate) fn holds_alpha(self) -> bool {
        matches!(self, Codec::Vp9 | Codec::ProRes | Codec::Ffv1 | Codec::Gif)
    }

    fn encoder(self) -> &'static str {
        match self {
            Codec::H264 => "libx264",
            Codec::H265 => "libx265",
            Codec::Av1 => "libsvtav1",
            Codec::Vp9 => "libvpx-vp9",
            Codec::ProRes => "prores_ks",
            Codec::Ffv1 => "ffv1",
            Codec::Gif => "gif",
        }
    }

    /// The options of a codec: filters and encoder. A low crf, because brush strokes are detail.
    fn options(self, alpha: bool, crf: Option<u32>) -> Vec<String> {
        let crf = |usual: u32| crf.unwrap_or(usual).to_string();
        let (filter, options): (String, Vec<String>) = match self {
            Codec::H264 => {
                (format!("{TO_709},format=yuv420p"), owned(&["-preset", "slow", "-crf", &crf(16)]))
            }
            Codec::H265 => (
                format!("{TO_709},format=yuv420p10le"),
                owned(&[
                    "-preset",
                    "slow",
                    "-crf",
                    &crf(18),
                    "-tag:v",
                    "hvc1",
                    "-x265-params",
                    "log-level=error",
                ]),
            ),
            Codec::Av1 => {
                (format!("{TO_709},format=yuv420p10le"), owned(&["-preset", "6", "-crf", &crf(22)]))
            }
            Codec::Vp9 => {
                let format = if alpha { "yuva420p" } else { "yuv420p" };
                let options =
                    ["-b:v", "0", "-crf", &crf(20), "-row-mt", "1", "-deadline", "good", "-cpu-used", "2"];
                (format!("{TO_709},format={format}"), owned(&options))
            }
            Codec::ProRes if alpha => (
                format!("{TO_709},format=yuva444p10le"),
                owned(&["-profile:v", "4", "-alpha_bits", "16", "-vendor", "apl0"]),
            ),
            Codec::ProRes => {
                (format!("{TO_709},format=yuv422p10le"), owned(&["-profile:v", "3", "-vendor", "apl0"]))
            }
            // Sixteen bits of RGB, so nothing is lost.
            Codec::Ffv1 => {
                let format = if alpha { "gbrap16le" } else { "gbrp16le" };
                (format!("format={format}"), owned(&["-level", "3", "-slicecrc", "1"]))
            }
            Codec::Gif => {
                let format = if alpha { "rgba" } else { "rgb24" };
                (
                    format!("format={format},split[a][b];[a]palettegen[p];[b][p]paletteuse"),
                    owned(&["-loop", "0"]),
                )
            }
        };
        let mut all = owned(&["-vf", &filter, "-c:v", self.encoder()]);
        all.extend(options);
        if !matches!(self, Codec::Ffv1 | Codec::Gif) {
            all.extend(owned(&COLOURS));
        }
        all
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

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
    let film = tempfile::Builder::new()
        .prefix(".impasto-film-")
        .suffix(&format!(".{extension}"))
        .tempfile_in(folder)
        .map_err(lost)?;
    let (sound, notes) = match job.sound.filter(|_| job.codec != Codec::Gif) {
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
        with(&mut command, ["-i".as_ref(), named(input).as_ref()]);
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
    if job.codec != Codec::Gif && !(job.frames.len()..=expected).contains(&found) {
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

/// The arguments that carry over sound, subtitles and chapters, and notes on what is left behind. What a container takes
/// is tried on the first seconds.
fn carried(input: &Path, extension: &str) -> Result<(Vec<String>, Vec<String>), JobError> {
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
    with(&mut asked, ["-i".as_ref(), named(input).as_ref()]);
    Ok(!super::output(asked, input)?.trim().is_empty())
}

/// Whether a container takes the streams of a kind with this codec.
fn fits(input: &Path, kind: &str, codec: &[String], extension: &str) -> bool {
    let Ok(trial) = tempfile::Builder::new().suffix(&format!(".{extension}")).tempfile() else {
        return false;
    };
    let mut command = command("ffmpeg");
    command.args(["-y", "-xerror", "-t", "2"]);
    with(&mut command, ["-i".as_ref(), named(input).as_ref()]);
    command.args(["-map", &format!("0:{kind}")]).args(codec);
    with(&mut command, [named(trial.path()).as_ref()]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Makes sure that the installed ffmpeg has an encoder.
pub(crate) fn check_encoder(codec: Codec) -> Result<(), JobError> {
    let mut asked = command("ffmpeg");
    let listed = asked.arg("-encoders").stdin(Stdio::null()).output();
    let listed =
        listed.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let name = codec.encoder();
    match listed.lines().any(|line| line.split_whitespace().nth(1) == Some(name)) {
        true => Ok(()),
        false => Err(JobError::bad_input(format!("the installed ffmpeg lacks the encoder {name}"))
            .hint("give another `codec`, or a pattern of frames such as out/%04d.png")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_chooses_the_codec_within_what_the_file_holds() {
        assert_eq!(Codec::of(Path::new("a.mp4"), None).unwrap(), Codec::H264);
        assert_eq!(Codec::of(Path::new("a.MKV"), None).unwrap(), Codec::Ffv1);
        assert_eq!(Codec::of(Path::new("a.mov"), Some("h264")).unwrap(), Codec::H264);
        let refused = Codec::of(Path::new("a.webm"), Some("h264")).unwrap_err();
        assert!(
            refused.message().contains("vp9, av1") || refused.message().contains("av1, vp9"),
            "{refused}"
        );
        assert!(Codec::of(Path::new("a.txt"), None).unwrap_err().hint_text().unwrap().contains("mp4"));
    }
}
