//! The job `video`: a film, repainted frame by frame without flicker. What paints it is in a crate above this one.

use std::path::PathBuf;

use impasto::Colour;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{InputSpec, RegionSpec, RunSpec, StyleSpec};
use crate::{JobError, paths};

/// Repaint a film in the style of pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(deny_unknown_fields)]
pub struct VideoSpec {
    /// The film to repaint: any file that ffmpeg reads, a folder of frames, or a pattern such as in/%04d.png
    #[serde(serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub input: PathBuf,
    /// The style pictures, as FILE or FILE:weight=W,scale=F,rotate=D,mask=FILE,region=COLOUR,layers=L+L,at=TIME
    #[cfg_attr(feature = "clap", arg(required = true, value_parser = StyleSpec::parser()))]
    pub style: Vec<StyleSpec>,
    /// The film to write (mp4, mov, mkv, webm, gif or apng), or a pattern of frames such as out/%04d.png
    #[cfg_attr(feature = "clap", arg(short, long, value_name = "OUT"))]
    #[serde(serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub output: PathBuf,
    /// Options for the frames of the film.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub film: FilmSpec,
    /// Options for the file of the film.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub encoding: EncodingSpec,
    /// Options for dividing and continuing the work.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub work: WorkSpec,
    /// The options of the run that paints the first frame of a shot.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub run: RunSpec,
    /// Options for masks. Those of the content may move: films, folders, or patterns of frames.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub regions: RegionSpec,
    /// Options for reading input files.
    #[cfg_attr(feature = "clap", command(flatten))]
    #[serde(default)]
    pub limits: InputSpec,
}

/// Options for the frames of a film.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct FilmSpec {
    /// Frames a second, such as 12 or 30000/1001: the nearest frames of the film are taken, and none are blended. For a
    /// folder of frames, their rate [default: the film's own times; 25 for frames]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", help_heading = "Film"))]
    pub fps: Option<String>,
    /// Paint every N-th frame and show it N times, as animators work on twos
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", help_heading = "Film"))]
    pub hold: Option<usize>,
    /// Paint every K-th frame, and make those between from both neighbours along the motion
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "K", conflicts_with = "hold", help_heading = "Film")
    )]
    pub every: Option<usize>,
    /// Paint everything anew after this many seconds, in still parts too, as in films painted by hand; 2 is usual
    #[cfg_attr(feature = "clap", arg(long, value_name = "T", help_heading = "Film"))]
    pub boil: Option<f64>,
    /// Let the end lead to the beginning: the last twelve frames are drawn to the first one
    #[cfg_attr(feature = "clap", arg(long = "loop", help_heading = "Film"))]
    #[serde(rename = "loop")]
    pub looped: bool,
    /// Begin a shot from an earlier one that looks like it, so that both keep one look
    #[cfg_attr(feature = "clap", arg(long, help_heading = "Film"))]
    pub match_shots: bool,
    /// Frames at which shots begin, in place of those that are found, such as 120,310
    #[cfg_attr(
        feature = "clap",
        arg(long, value_name = "N,N,...", value_delimiter = ',', help_heading = "Film")
    )]
    pub cuts: Option<Vec<usize>>,
    /// Take the film as one shot
    #[cfg_attr(feature = "clap", arg(long, conflicts_with = "cuts", help_heading = "Film"))]
    pub no_cuts: bool,
    /// Bring a film of high dynamic range to the standard range, by Hable's curve
    #[cfg_attr(feature = "clap", arg(long, help_heading = "Film"))]
    pub tone_map: bool,
}

/// Options for the file of a film.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct EncodingSpec {
    /// The codec: h264, h265, av1, vp9, prores, ffv1, gif or apng [default: by the extension]
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME", help_heading = "Output"))]
    pub codec: Option<String>,
    /// Quality of h264, h265, av1 and vp9: lower is better and larger [default: 16, 18, 22 or 20]
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", help_heading = "Output"))]
    pub crf: Option<u32>,
    /// Bits per channel of frames as files: 8, 16, or 32 for floating point [default: 8; 16 for EXR]
    #[cfg_attr(feature = "clap", arg(long, value_name = "BITS", help_heading = "Output"))]
    pub depth: Option<u8>,
    /// Leave out sound, subtitles and chapters
    #[cfg_attr(feature = "clap", arg(long, help_heading = "Output"))]
    pub no_sound: bool,
}

/// Options for dividing and continuing the work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct WorkSpec {
    /// Paint only the I-th of N parts, so that several machines can share the shots; `join` makes the film
    #[cfg_attr(feature = "clap", arg(long, value_name = "I/N", help_heading = "Work"))]
    pub shard: Option<String>,
    /// Make the film of frames that are all painted
    #[cfg_attr(feature = "clap", arg(long, conflicts_with = "shard", help_heading = "Work"))]
    pub join: bool,
    /// Paint again from this frame on, with the settings given now
    #[cfg_attr(feature = "clap", arg(long, value_name = "N", help_heading = "Work"))]
    pub from: Option<usize>,
    /// The folder for painted frames and the state between them [default: OUT.film]
    #[cfg_attr(feature = "clap", arg(long, value_name = "DIR", help_heading = "Work"))]
    #[serde(serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub folder: Option<PathBuf>,
    /// Keep that folder after the film is made
    #[cfg_attr(feature = "clap", arg(long, help_heading = "Work"))]
    pub keep_frames: bool,
}

impl VideoSpec {
    /// A job with the default options.
    pub fn new(input: PathBuf, style: Vec<StyleSpec>, output: PathBuf) -> VideoSpec {
        VideoSpec {
            input,
            style,
            output,
            film: FilmSpec::default(),
            encoding: EncodingSpec::default(),
            work: WorkSpec::default(),
            run: RunSpec::default(),
            regions: RegionSpec::default(),
            limits: InputSpec::default(),
        }
    }

    /// The part of the shots that is painted: number and count.
    ///
    /// # Errors
    /// When the option is no part.
    pub fn shard(&self) -> Result<(usize, usize), JobError> {
        let Some(text) = &self.work.shard else { return Ok((1, 1)) };
        let numbers =
            text.split_once('/').and_then(|(i, n)| Some((i.trim().parse().ok()?, n.trim().parse().ok()?)));
        numbers.filter(|(i, n): &(usize, usize)| (1..=*n).contains(i)).ok_or_else(|| {
            JobError::bad_input(format!("`shard`: expected I/N with I from 1 to N, found {text}"))
        })
    }

    /// Finds options that are out of range, or that make no sense for a film.
    ///
    /// # Errors
    /// With the option in the message.
    pub fn check(&self) -> Result<(), JobError> {
        let refused = |option: &str, why: &str| Err(JobError::bad_input(format!("`{option}` {why}")));
        for (option, value) in [("hold", self.film.hold), ("every", self.film.every)] {
            if let Some(wrong) = value.filter(|value| !(2..=12).contains(value)) {
                return refused(option, &format!("expected 2 to 12, found {wrong}"));
            }
        }
        if let Some(wrong) = self.film.boil.filter(|life| !(0.2..=3600.0).contains(life)) {
            return refused("boil", &format!("expected 0.2 to 3600 seconds, found {wrong}"));
        }
        if self.film.looped && (self.film.hold.is_some() || self.film.every.is_some()) {
            return refused("loop", "cannot act together with `hold` or `every`");
        }
        if self.film.looped && !matches!(self.run.colour()?, Colour::Style | Colour::Match(_)) {
            return refused("loop", "cannot act together with `colour` keep or luminance");
        }
        let both = [
            (self.film.hold.is_some() && self.film.every.is_some(), "hold", "every"),
            (self.film.cuts.is_some() && self.film.no_cuts, "cuts", "no_cuts"),
            (self.work.shard.is_some() && self.work.join, "shard", "join"),
            // The other parts would keep their old frames.
            (self.work.shard.is_some() && self.work.from.is_some(), "shard", "from"),
            (self.work.join && self.work.from.is_some(), "join", "from"),
        ];
        if let Some((_, one, other)) = both.into_iter().find(|(both, ..)| *both) {
            return refused(one, &format!("cannot act together with `{other}`"));
        }
        if self.film.match_shots && self.work.shard.is_some() {
            return refused("match_shots", "cannot act with `shard`: a shot waits for an earlier one");
        }
        if self.run.time.is_some() {
            return refused(
                "time",
                "is for one picture; a film takes as long as its frames (see `effort`, `hold`, `every`)",
            );
        }
        if self.run.init.is_some() {
            return refused("init", "is for one picture; a frame begins from the frame before");
        }
        if self.run.optimizer.as_deref() == Some("lbfgs") {
            return refused("optimizer", "lbfgs cannot hold a frame to the one before; expected adam");
        }
        for style in &self.style {
            style.time()?;
        }
        let rest_changes = !self.regions.mask.is_empty()
            && self.regions.rest() == impasto::Rest::First
            && self.style.first().is_some_and(|style| style.at.is_some());
        if rest_changes {
            let refused =
                JobError::bad_input("`rest` first paints the rest in the first style, which has a time");
            return Err(refused.hint("put a style without at first"));
        }
        self.shard().map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> VideoSpec {
        VideoSpec::new("in.mp4".into(), vec![StyleSpec::plain("style.jpg")], "out.mp4".into())
    }

    #[test]
    fn a_job_survives_json() {
        let mut job = spec();
        job.film.looped = true;
        job.work.shard = Some("2/3".into());
        let text = serde_json::to_string(&job).unwrap();
        assert!(text.contains("\"loop\":true"));
        assert_eq!(serde_json::from_str::<VideoSpec>(&text).unwrap(), job);
        assert_eq!(job.shard().unwrap(), (2, 3));
    }

    #[test]
    fn options_without_sense_are_refused_by_name() {
        let wrong = |change: fn(&mut VideoSpec)| {
            let mut job = spec();
            change(&mut job);
            job.check().unwrap_err().to_string()
        };
        assert!(wrong(|job| job.film.hold = Some(1)).contains("`hold`"));
        assert!(wrong(|job| job.run.time = Some("5m".into())).contains("`time`"));
        assert!(wrong(|job| job.run.init = Some("noise".into())).contains("`init`"));
        assert!(wrong(|job| job.work.shard = Some("3/2".into())).contains("`shard`"));
        let again = |job: &mut VideoSpec| (job.work.join, job.work.from) = (true, Some(3));
        assert!(wrong(again).contains("`join` cannot act together with `from`"));
        assert!(wrong(|job| job.style[0].at = Some("soon".into())).contains("such as 10s"));
        let rest = |job: &mut VideoSpec| {
            job.regions.mask = vec!["mask.png".into()];
            (job.regions.rest, job.style[0].at) = (Some(super::super::RestKind::First), Some("1s".into()));
        };
        assert!(wrong(rest).contains("`rest` first"));
        assert!(spec().check().is_ok());
    }
}
