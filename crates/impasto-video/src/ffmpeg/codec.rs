//! Codecs: which file holds them, and the options that ffmpeg encodes them with.

use std::path::Path;
use std::process::Stdio;

use impasto_job::JobError;

use super::command;

/// The matrix, curve and primaries of HD television, stated in the file, so that all players show the same colours.
const COLOURS: [&str; 8] =
    ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"];

/// Conversion to the matrix of the file. The frames themselves state their colours too, because some encoders (ProRes)
/// write those and not the options.
const TO_709: &str = "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int+bitexact,\
                      setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv";

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
    Apng,
}

impl Codec {
    /// The names that users give.
    const NAMES: [(&'static str, Codec); 8] = [
        ("h264", Codec::H264),
        ("h265", Codec::H265),
        ("av1", Codec::Av1),
        ("vp9", Codec::Vp9),
        ("prores", Codec::ProRes),
        ("ffv1", Codec::Ffv1),
        ("gif", Codec::Gif),
        ("apng", Codec::Apng),
    ];

    /// The usual codec of a file's extension, or the one that was asked for.
    ///
    /// # Errors
    /// When the extension is of no film, when the codec is unknown, or when the file cannot hold it.
    pub(crate) fn of(path: &Path, asked: Option<&str>) -> Result<Codec, JobError> {
        let extension =
            path.extension().map(|text| text.to_string_lossy().to_lowercase()).unwrap_or_default();
        use Codec::{Apng, Av1, Ffv1, Gif, H264, H265, ProRes, Vp9};
        let holds: &[Codec] = match &extension[..] {
            "mp4" | "m4v" => &[H264, H265, Av1],
            "mov" => &[ProRes, H264, H265],
            "mkv" => &[Ffv1, H264, H265, Av1, Vp9, ProRes],
            "webm" => &[Vp9, Av1],
            "gif" => &[Gif],
            "apng" => &[Apng],
            _ => {
                let message = format!("{}: the extension names no film", path.display());
                return Err(JobError::bad_input(message).hint(
                    "end the name in mp4, mov, mkv, webm, gif or apng, or give a pattern of frames such as \
                     out/%04d.png",
                ));
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

    /// The largest crf that the encoder takes; `None` if it takes none.
    pub(crate) fn largest_crf(self) -> Option<u32> {
        match self {
            Codec::H264 | Codec::H265 => Some(51),
            Codec::Av1 | Codec::Vp9 => Some(63),
            Codec::ProRes | Codec::Ffv1 | Codec::Gif | Codec::Apng => None,
        }
    }

    /// Whether alpha is kept.
    pub(crate) fn holds_alpha(self) -> bool {
        matches!(self, Codec::Vp9 | Codec::ProRes | Codec::Ffv1 | Codec::Gif | Codec::Apng)
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
            Codec::Apng => "apng",
        }
    }

    /// Whether the file has pictures alone, and no sound.
    pub(crate) fn is_silent(self) -> bool {
        matches!(self, Codec::Gif | Codec::Apng)
    }

    /// The options of a codec: filters and encoder. A low crf, because brush strokes are detail.
    pub(super) fn options(self, alpha: bool, crf: Option<u32>) -> Vec<String> {
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
            Codec::Apng => {
                let format = if alpha { "rgba" } else { "rgb24" };
                (format!("format={format}"), owned(&["-f", "apng", "-plays", "0"]))
            }
        };
        let mut all = owned(&["-vf", &filter, "-c:v", self.encoder()]);
        all.extend(options);
        if !matches!(self, Codec::Ffv1 | Codec::Gif | Codec::Apng) {
            all.extend(owned(&COLOURS));
        }
        all
    }
}

pub(super) fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
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
