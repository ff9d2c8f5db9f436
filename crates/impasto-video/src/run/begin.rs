//! The start of a film: everything that would otherwise fail at its end is found here, before the work.

use std::path::{Path, PathBuf};

use impasto::encoder::Encoder;
use impasto::engine::InstructionSet;
use impasto::image::{Depth, Format, fit_long_edge};
use impasto_job::JobError;
use impasto_job::inputs::{Input, Masks, check_apart, read};

use super::Surroundings;
use super::folder::{Folder, Manifest, fingerprint};
use crate::event::{Plan, VideoEvent};
use crate::ffmpeg::{self, Codec};
use crate::shots::{Detector, Shots};
use crate::source::{Pattern, Source};
use crate::spec::VideoSpec;
use crate::timeline::{Timeline, rate};

/// The largest long edge, unless another is asked for; the same as for stills.
const USUAL_SIZE: usize = 768;

/// Bytes of state for each pixel, and bytes of a pixel of 16 bits in a file, at most.
const STATE_BYTES: u64 = 160;
const FRAME_BYTES: u64 = 7;

/// Frames by which a header may promise too much: edit lists, and frames that a decoder cannot show without others.
const SLACK: usize = 2;

/// Where frames go at the end.
pub(crate) enum Sink {
    /// A film.
    Film { codec: Codec },
    /// A file for each frame.
    Frames { pattern: Pattern, format: Format, depth: Depth },
}

/// A film that is ready to be painted.
pub(crate) struct Film<'a> {
    pub(crate) spec: &'a VideoSpec,
    pub(crate) around: &'a Surroundings,
    pub(crate) source: Source,
    pub(crate) line: Timeline,
    pub(crate) size: (usize, usize),
    pub(crate) sink: Sink,
    pub(crate) styles: Vec<Input>,
    pub(crate) masks: Masks,
    pub(crate) encoder: Encoder,
    pub(crate) manifest: Manifest,
    pub(crate) place: PathBuf,
    /// A shot that goes on inside of itself, at this frame, without a state.
    pub(crate) adopted: Option<(usize, usize)>,
}

impl<'a> Film<'a> {
    /// Reads and checks everything, and finds the shots. Nothing is written.
    pub(crate) fn open(spec: &'a VideoSpec, around: &'a Surroundings) -> Result<Film<'a>, JobError> {
        spec.check()?;
        let limits = spec.limits.limits()?;
        let fps = match spec.film.fps.as_deref() {
            Some(text) => Some(rate(text).ok_or_else(|| {
                JobError::bad_input(format!("`fps`: expected a number above 0, found {text}"))
                    .hint("such as 12, 23.976 or 30000/1001")
            })?),
            None => None,
        };
        spec.run.objective.preset()?;
        spec.run.overrides()?;
        let sink = sink(spec)?;
        let source = Source::open(&spec.input, limits, fps, spec.film.tone_map)?;
        let styles =
            spec.style.iter().map(|style| read(&style.path, &limits)).collect::<Result<Vec<_>, _>>()?;
        let masks = Masks::read(&spec.regions, &spec.style, &impasto_job::inputs::Source::files(limits))?;
        check_apart("-o", &spec.output, &styles.iter().collect::<Vec<_>>())?;
        if impasto_job::encoding::same_file(&spec.input, &spec.output) {
            return Err(JobError::bad_input(format!(
                "{} is the input: it would be overwritten",
                spec.input.display()
            )));
        }
        let encoder = (around.models)(&spec.run.objective.model)?;
        let size = size(spec, &source, &sink)?;
        if source.alpha() && !sink.holds_alpha() {
            around.warn(format!(
                "warning: {} holds no alpha: transparent parts are painted over",
                spec.output.display()
            ));
        }
        // Frames as files take the rate as their own.
        let fps = if matches!(source, Source::Files { .. }) { None } else { fps };
        let line = Timeline::new(source.times(), fps);
        let place = folder_of(spec);
        let inputs = fingerprints(&source, &styles, &masks)?;
        let known = Manifest::read(&place.join("film.json"))?.filter(|manifest| manifest.inputs == inputs);
        let shots = match (&spec.film.cuts, spec.film.no_cuts, known) {
            (Some(cuts), ..) => Shots::given(cuts, line.len()),
            (None, true, _) => Shots::given(&[], line.len()),
            (None, false, Some(known)) if known.shots.frames == line.len() => known.shots,
            _ => find_shots(&source, &line, around)?,
        };
        let engine = InstructionSet::from_env()?.name().to_owned();
        let weights = encoder.provenance().sha256.clone();
        let manifest = Manifest::of(spec, inputs, (weights, engine), size, shots);
        Ok(Film {
            spec,
            around,
            source,
            line,
            size,
            sink,
            styles,
            masks,
            encoder,
            manifest,
            place,
            adopted: None,
        })
    }

    /// Opens the film and its folder, and tells the plan.
    pub(crate) fn begin(
        spec: &'a VideoSpec,
        around: &'a Surroundings,
    ) -> Result<(Film<'a>, Folder), JobError> {
        let mut film = Film::open(spec, around)?;
        let folder = Folder::open(film.place.clone(), spec.shard()?)?;
        match folder.manifest()? {
            Some(before) if spec.work.from.is_none() => {
                if let Some(what) = before.difference(&film.manifest) {
                    let message = format!("{} holds frames of other settings: {what}", folder.path.display());
                    return Err(JobError::bad_input(message).hint(
                        "`from` N paints again from frame N on (`from` 0: everything); or give another `folder`",
                    ));
                }
            }
            None if spec.work.join => {
                return Err(JobError::bad_input(format!(
                    "`join`: {} holds no frames",
                    folder.path.display()
                )));
            }
            _ => folder.put_manifest(&film.manifest)?,
        }
        if let Some(from) = spec.work.from {
            film.adopted = film.rewind(&folder, from)?;
        }
        around.control.begin();
        around.emit(VideoEvent::Planned(film.plan()));
        Ok((film, folder))
    }

    /// The frames of each shot that are painted, for the shots of this part of the work.
    pub(crate) fn parts(&self) -> Result<Vec<(usize, Vec<usize>)>, JobError> {
        let (part, parts) = self.spec.shard()?;
        Ok(self.shards(parts).into_iter().nth(part - 1).unwrap_or_default())
    }

    /// The painted frames of all shots.
    pub(crate) fn painted(&self) -> Vec<(usize, Vec<usize>)> {
        let film = &self.spec.film;
        let (step, last) = (film.hold.or(film.every).unwrap_or(1), film.every.is_some());
        let keys = |shot| self.line.painted(shot, step, last);
        self.manifest.shots.ranges().into_iter().map(keys).enumerate().collect()
    }

    /// Deals shots to a number of parts: the longest first, each to the part that has least.
    fn shards(&self, parts: usize) -> Vec<Vec<(usize, Vec<usize>)>> {
        let mut shots = self.painted();
        shots.sort_by_key(|(number, frames)| (std::cmp::Reverse(frames.len()), *number));
        let mut dealt: Vec<Vec<(usize, Vec<usize>)>> = vec![Vec::new(); parts];
        for shot in shots {
            let load =
                |part: &Vec<(usize, Vec<usize>)>| part.iter().map(|(_, frames)| frames.len()).sum::<usize>();
            if let Some(least) = dealt.iter_mut().min_by_key(|part| load(part)) {
                least.push(shot);
            }
        }
        dealt.iter_mut().for_each(|part| part.sort_by_key(|(number, _)| *number));
        dealt
    }

    /// What the film will take.
    pub(crate) fn plan(&self) -> Plan {
        let mine = self.parts().unwrap_or_default();
        let exists = |frame: &&usize| self.place.join(format!("{frame:06}.png")).exists();
        let (width, height) = self.size;
        let pixels = (width * height) as u64;
        let shots = self.manifest.shots.ranges().len();
        Plan {
            width,
            height,
            frames: self.line.len(),
            painted: mine.iter().map(|(_, frames)| frames.len()).sum(),
            done: mine.iter().flat_map(|(_, frames)| frames).filter(exists).count(),
            shots,
            seconds: self.line.between(0, self.line.len()),
            disk_bytes: pixels * (FRAME_BYTES * self.line.len() as u64 + STATE_BYTES * shots as u64),
            folder: self.place.clone(),
        }
    }

    /// Forgets everything from frame `from` on. Returns the shot that goes on inside of itself, if there is one: it begins
    /// from the painted frame before.
    fn rewind(&self, folder: &Folder, from: usize) -> Result<Option<(usize, usize)>, JobError> {
        if from >= self.line.len() {
            let last = self.line.len() - 1;
            return Err(JobError::bad_input(format!("`from`: expected a frame up to {last}, found {from}")));
        }
        let mut inside = None;
        for (shot, range) in
            self.manifest.shots.ranges().into_iter().enumerate().filter(|(_, range)| range.end > from)
        {
            let reached = folder.reached(shot)?;
            if range.start < from && reached.is_some_and(|reached| reached + 1 >= from) {
                inside = Some((shot, from));
            }
            if reached.is_some_and(|reached| reached >= from) {
                folder.forget(shot)?;
            }
        }
        Ok(inside)
    }
}

impl Sink {
    pub(crate) fn holds_alpha(&self) -> bool {
        match self {
            Sink::Film { codec } => codec.holds_alpha(),
            Sink::Frames { format, .. } => !matches!(format, Format::Jpeg),
        }
    }
}

/// Where the frames of a job go.
fn sink(spec: &VideoSpec) -> Result<Sink, JobError> {
    let name = spec.output.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let encoding = &spec.encoding;
    let Some(pattern) = Pattern::of(name) else {
        if encoding.depth.is_some() {
            return Err(JobError::bad_input(
                "`depth` is for frames as files; a film has that of its `codec`",
            ));
        }
        let codec = Codec::of(&spec.output, encoding.codec.as_deref())?;
        if encoding.crf.is_some() && !codec.needs_even() || encoding.crf.is_some() && codec == Codec::ProRes {
            return Err(JobError::bad_input("`crf` has no effect on prores, ffv1 and gif"));
        }
        ffmpeg::check()?;
        ffmpeg::check_encoder(codec)?;
        check_place(&spec.output)?;
        return Ok(Sink::Film { codec });
    };
    if pattern.name(0).is_none() {
        return Err(JobError::bad_input(format!(
            "{}: expected a place for the number",
            spec.output.display()
        ))
        .hint("such as out/%04d.png"));
    }
    if encoding.codec.is_some() || encoding.crf.is_some() {
        return Err(JobError::bad_input("`codec` and `crf` are for films, not for frames as files"));
    }
    let format = Format::of(&spec.output)?;
    let depth = match encoding.depth {
        None => {
            if format == Format::OpenExr {
                format.depth(Depth::Sixteen)
            } else {
                Depth::Eight
            }
        }
        Some(8) => Depth::Eight,
        Some(16) => Depth::Sixteen,
        Some(32) => Depth::Float,
        Some(other) => {
            return Err(JobError::bad_input(format!("`depth`: expected 8, 16 or 32, found {other}")));
        }
    };
    if format.depth(depth) != depth {
        return Err(JobError::bad_input(format!("{} does not hold that `depth`", format.name())));
    }
    Ok(Sink::Frames { pattern, format, depth })
}

/// Makes sure that a file can be written at a place.
fn check_place(path: &Path) -> Result<(), JobError> {
    if path.is_dir() {
        return Err(JobError::bad_input(format!("{} is a folder", path.display())).hint("name a file in it"));
    }
    Ok(impasto::image::check_writable(path)?)
}

/// The size of the painted frames.
fn size(spec: &VideoSpec, source: &Source, sink: &Sink) -> Result<(usize, usize), JobError> {
    let from = source.size();
    let long = from.0.max(from.1);
    let long = match spec.run.size {
        Some(0) => return Err(JobError::bad_input("`size`: expected at least 1 pixel, found 0")),
        Some(size) => size,
        None => long.min(USUAL_SIZE),
    };
    let (width, height) = fit_long_edge(from, long);
    Ok(match sink {
        Sink::Film { codec } if codec.needs_even() => ((width / 2 * 2).max(2), (height / 2 * 2).max(2)),
        _ => (width, height),
    })
}

/// The folder of a job.
fn folder_of(spec: &VideoSpec) -> PathBuf {
    if let Some(folder) = &spec.work.folder {
        return folder.clone();
    }
    let pattern = spec.output.file_name().and_then(|name| name.to_str()).and_then(Pattern::of).is_some();
    match spec.output.parent().filter(|_| pattern) {
        Some(parent) => parent.join(".impasto.film"),
        None => {
            let mut name = spec.output.clone().into_os_string();
            name.push(".film");
            name.into()
        }
    }
}

/// What tells whether the inputs are the same files.
fn fingerprints(source: &Source, styles: &[Input], masks: &Masks) -> Result<Vec<String>, JobError> {
    let files = source.files().into_iter().map(fingerprint);
    let pictures = styles.iter().chain(masks.inputs()).map(|input| Ok(input.sha256().to_owned()));
    files.chain(pictures).collect()
}

/// Looks through the whole film for cuts. A film that ends early is found here.
fn find_shots(source: &Source, line: &Timeline, around: &Surroundings) -> Result<Shots, JobError> {
    let mut detector = Detector::default();
    let (mut read, mut next) = (0, 0);
    for frame in source.small_frames()? {
        let frame = frame?;
        // A frame that is shown several times counts as often; one that is not shown does not count.
        while line.source.get(next) == Some(&read) {
            detector.add(&frame);
            next += 1;
        }
        read += 1;
        if around.control.is_asked_to_end() {
            return Err(JobError::new(
                impasto_job::ErrorKind::Interrupted,
                "interrupted; nothing was painted",
            ));
        }
    }
    let promised = source.film().and_then(|(_, probe)| probe.promised).unwrap_or(0);
    let expected = source.times().len().max(promised);
    let path = source.files().first().map(|path| path.display().to_string()).unwrap_or_default();
    if read + SLACK < expected {
        return Err(JobError::bad_input(format!(
            "{path} is cut off or damaged: {read} of {expected} frames can be read"
        ))
        .hint(format!("to take what is there, copy it first: ffmpeg -i {path} -c:v ffv1 whole.mkv")));
    }
    if read < line.source.last().map_or(0, |last| last + 1) {
        around
            .warn(format!("note: {path}: the last frames cannot be read; the frame before stands for them"));
        detector.repeat(line.len() - next);
    }
    Ok(detector.shots())
}
