//! The facts about a film file: the size as it is shown, the kind of its pixels, and the time of every frame.

use std::path::Path;
use std::time::Duration;

use impasto::image::Limits;
use impasto_job::JobError;
use serde_json::Value;

use super::{command, input, said};
use crate::timeline::{Ratio, Times};

/// The properties of a film's first video stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Probe {
    /// Pixels across, as shown: turned and with square pixels.
    pub(crate) width: usize,
    /// Pixels down, as shown.
    pub(crate) height: usize,
    /// Whether pixels are square in the file.
    pub(crate) square: bool,
    /// Whether channels have more than 8 bits.
    pub(crate) deep: bool,
    pub(crate) alpha: bool,
    /// The decoder that has to be named, because the usual one drops the alpha.
    pub(crate) decoder: Option<&'static str>,
    /// The name of a transfer curve of high dynamic range, if it has one.
    pub(crate) hdr: Option<String>,
    /// Whether the file says nothing of its colour matrix, and is of a size that is BT.709 by convention.
    pub(crate) assumed_709: bool,
    pub(crate) interlaced: bool,
    pub(crate) times: Times,
    /// The names of the container's format, by ffmpeg.
    pub(crate) format: String,
    /// Bits of a channel.
    pub(crate) depth: u8,
    /// The number of frames that the header promises, if it does.
    pub(crate) promised: Option<usize>,
    /// Seconds from the container's start to the first frame.
    pub(crate) offset: f64,
}

/// Reads the properties of a film.
///
/// # Errors
/// When ffprobe cannot read it, or when it holds no video.
pub(crate) fn probe(path: &Path, within: Option<Duration>) -> Result<Probe, JobError> {
    let mut asked = command("ffprobe");
    let entries = "stream=codec_name,width,height,pix_fmt,color_space,color_transfer,sample_aspect_ratio,r_frame_rate,\
                   avg_frame_rate,time_base,nb_frames,field_order:stream_tags=alpha_mode:stream_side_data=rotation:\
                   format=start_time,format_name";
    asked.args(["-select_streams", "v:0", "-of", "json", "-show_entries", entries]);
    input(&mut asked, path);
    let said = said(asked, path, within)?;
    let json: Value = serde_json::from_str(&said).unwrap_or_default();
    let stream = &json["streams"][0];
    let none = || JobError::bad_input(format!("{} holds no video", path.display()));
    let number = |name: &str| stream[name].as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
    let (width, height) = (number("width").ok_or_else(none)?, number("height").ok_or_else(none)?);
    let text = |name: &str| stream[name].as_str().unwrap_or_default();
    let format = text("pix_fmt");
    let aspect = ratio(&text("sample_aspect_ratio").replace(':', "/")).filter(|(n, d)| *n > 0 && *d > 0);
    let (across, down) = aspect.unwrap_or((1, 1));
    let turned = stream["side_data_list"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|data| data["rotation"].as_f64().is_some_and(|degrees| (degrees.abs() as i64) % 180 == 90));
    let wide =
        if across == down { width } else { (width as f64 * across as f64 / down as f64).round() as usize };
    let (width, height) = if turned { (height, wide.max(1)) } else { (wide.max(1), height) };
    let alpha_mode = stream["tags"]["alpha_mode"].as_str() == Some("1");
    let decoder = match text("codec_name") {
        "vp9" if alpha_mode => Some("libvpx-vp9"),
        "vp8" if alpha_mode => Some("libvpx"),
        _ => None,
    };
    let transfer = text("color_transfer");
    let matrix = text("color_space");
    let is_yuv = format.starts_with("yuv") || format.starts_with("nv") || format.starts_with('p');
    let times = times(path, stream, within)?;
    let start =
        json["format"]["start_time"].as_str().and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    Ok(Probe {
        square: across == down,
        deep: is_deep(format),
        alpha: has_alpha(format) || decoder.is_some() || text("codec_name") == "gif",
        decoder,
        hdr: ["smpte2084", "arib-std-b67"].contains(&transfer).then(|| transfer.to_owned()),
        assumed_709: is_yuv && matches!(matrix, "" | "unknown") && (width >= 1280 || height > 576),
        interlaced: matches!(text("field_order"), "tt" | "bb" | "tb" | "bt"),
        promised: text("nb_frames").parse().ok().filter(|frames| *frames > 0),
        offset: (times.first_seconds() - start).max(0.0),
        times,
        format: json["format"]["format_name"].as_str().unwrap_or_default().to_owned(),
        depth: if is_deep(format) { 16 } else { 8 },
        width,
        height,
    })
}

/// Refuses a film whose frames are larger than the limits.
pub(crate) fn check_size(probe: &Probe, path: &Path, limits: &Limits) -> Result<(), JobError> {
    let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    let bytes = (probe.width as u64).saturating_mul(probe.height as u64).saturating_mul(3);
    Ok(limits.check((side(probe.width), side(probe.height)), bytes, path)?)
}

/// The times of all frames, from the packets: they are read, not decoded.
fn times(path: &Path, stream: &Value, within: Option<Duration>) -> Result<Times, JobError> {
    let text = |name: &str| stream[name].as_str().unwrap_or_default();
    let mut asked = command("ffprobe");
    asked.args(["-select_streams", "v:0", "-of", "csv=p=0", "-show_entries", "packet=pts,duration,flags"]);
    input(&mut asked, path);
    let said = said(asked, path, within)?;
    let rate = |name: &str| ratio(text(name)).filter(|(n, d)| *n > 0 && *d > 0);
    let average = rate("avg_frame_rate").or_else(|| rate("r_frame_rate")).unwrap_or((25, 1));
    let packets = said.lines().filter(|line| !line.trim().is_empty()).map(|line| {
        let mut parts = line.split(',');
        let [pts, duration] = [0, 1].map(|_| parts.next().and_then(|part| part.parse::<i64>().ok()));
        let dropped = parts.next().is_some_and(|flags| flags.contains('D'));
        (pts, duration.unwrap_or(0), dropped)
    });
    let shown: Vec<(Option<i64>, i64)> =
        packets.filter(|(.., dropped)| !dropped).map(|(pts, duration, _)| (pts, duration)).collect();
    if shown.is_empty() {
        return Err(JobError::bad_input(format!("{} holds no frames", path.display())));
    }
    let base = rate("time_base").unwrap_or((1, 90_000));
    let pts: Option<Vec<i64>> = shown.iter().map(|(pts, _)| *pts).collect();
    Ok(match pts {
        Some(pts) => {
            let last = shown.iter().max_by_key(|(pts, _)| *pts).map_or(0, |(_, duration)| *duration);
            Times::stamped(base, pts, last, [rate("r_frame_rate"), Some(average)])
        }
        None => Times::constant(average, shown.len()),
    })
}

/// The number of video packets of a file that was written.
pub(crate) fn count(path: &Path) -> Result<usize, JobError> {
    let mut asked = command("ffprobe");
    asked.args([
        "-select_streams",
        "v:0",
        "-count_packets",
        "-of",
        "csv=p=0",
        "-show_entries",
        "stream=nb_read_packets",
    ]);
    input(&mut asked, path);
    let said = said(asked, path, None)?;
    Ok(said.trim().trim_end_matches(',').parse().unwrap_or(0))
}

fn ratio(text: &str) -> Option<Ratio> {
    let (n, d) = text.split_once('/')?;
    Some((n.parse().ok()?, d.parse().ok()?))
}

/// Whether the channels of a pixel format have more than 8 bits.
fn is_deep(format: &str) -> bool {
    let format = format.trim_end_matches("le").trim_end_matches("be");
    [
        "p9", "p10", "p12", "p14", "p16", "p010", "p016", "y9", "y10", "y12", "y14", "y16", "48", "64",
        "f32", "a16", "x2rgb10",
    ]
    .iter()
    .any(|ending| format.ends_with(ending))
}

fn has_alpha(format: &str) -> bool {
    ["yuva", "rgba", "bgra", "argb", "abgr", "gbrap", "ya8", "ya16", "pal8"]
        .iter()
        .any(|begin| format.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixel_formats_tell_their_depth_and_alpha() {
        for deep in [
            "yuv420p10le",
            "yuv444p12be",
            "rgb48le",
            "rgba64le",
            "gray16le",
            "gbrpf32le",
            "p010le",
            "yuva444p12le",
        ] {
            assert!(is_deep(deep), "{deep}");
        }
        for shallow in ["yuv420p", "yuvj422p", "rgb24", "bgra", "gray", "nv12", "pal8", "gbrp"] {
            assert!(!is_deep(shallow), "{shallow}");
        }
        assert!(has_alpha("yuva420p") && has_alpha("bgra") && !has_alpha("rgb24"));
    }
}
