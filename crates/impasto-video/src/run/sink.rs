//! The result of a film: its form, its size, and its place. Nothing that is not of the film may be lost there.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use impasto::image::{Depth, Format, fit_long_edge};
use impasto_job::JobError;
use impasto_job::spec::{EncodingSpec, VideoSpec};

use crate::ffmpeg::{self, Codec};
use crate::source::{Pattern, Source};

/// Where frames go at the end.
pub(crate) enum Sink {
    /// A film.
    Film { codec: Codec },
    /// A file for each frame.
    Frames { pattern: Pattern, format: Format, depth: Depth },
}

impl Sink {
    /// The form of a result, by its name and the options.
    ///
    /// # Errors
    /// When options do not fit each other, or when ffmpeg or the place of the result is not there.
    pub(crate) fn of(output: &Path, encoding: &EncodingSpec) -> Result<Sink, JobError> {
        let name = output.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        match Pattern::of(name) {
            Some(pattern) => files(output, encoding, pattern),
            None => film(output, encoding),
        }
    }

    /// Refuses a result that would replace an input.
    ///
    /// # Errors
    /// With the input's name.
    pub(crate) fn check_apart(&self, output: &Path, inputs: &[&Path], frames: usize) -> Result<(), JobError> {
        let known: HashMap<PathBuf, &Path> =
            inputs.iter().filter_map(|path| Some((fs::canonicalize(path).ok()?, *path))).collect();
        let results = match self {
            Sink::Film { .. } => vec![output.to_owned()],
            Sink::Frames { pattern, .. } => {
                let names = (1..=frames).filter_map(|number| pattern.name(number));
                names.map(|name| folder_beside(output).join(name)).collect()
            }
        };
        match results.iter().find_map(|path| known.get(&fs::canonicalize(path).ok()?)) {
            Some(input) => {
                Err(JobError::bad_input(format!("{} is an input: it would be overwritten", input.display()))
                    .hint("give another `output`"))
            }
            None => Ok(()),
        }
    }

    /// Makes the folder of a result in files, and refuses a folder for painted frames whose files would be replaced.
    ///
    /// # Errors
    /// When a folder cannot be written to, or holds files of others.
    pub(crate) fn make_place(&self, output: &Path, place: &Path) -> Result<(), JobError> {
        if let Sink::Frames { pattern, .. } = self {
            let folder = folder_beside(output);
            fs::create_dir_all(&folder).map_err(|error| JobError::write(&folder, &error))?;
            check_place(&folder.join(pattern.name(1).unwrap_or_default()))?;
        }
        let Ok(entries) = fs::read_dir(place) else { return Ok(()) };
        let is_ours =
            |name: &OsStr| name == "film.json" || Path::new(name).extension() == Some("lock".as_ref());
        let mut names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
        // A folder without a manifest was not made by a film, unless it holds nothing but locks.
        if place.join("film.json").exists() || names.all(|name| is_ours(&name)) {
            return Ok(());
        }
        Err(JobError::bad_input(format!("{} holds files that are not of this film", place.display()))
            .hint("give an empty `folder`: painted frames are kept there, and removed at the end"))
    }

    /// The size of frames that this result can have: some films need even sides.
    pub(crate) fn fitted(&self, (width, height): (usize, usize)) -> (usize, usize) {
        match self {
            Sink::Film { codec } if codec.needs_even() => ((width / 2 * 2).max(2), (height / 2 * 2).max(2)),
            _ => (width, height),
        }
    }

    pub(crate) fn holds_alpha(&self) -> bool {
        match self {
            Sink::Film { codec } => codec.holds_alpha(),
            Sink::Frames { format, .. } => !matches!(format, Format::Jpeg),
        }
    }
}

/// A film.
fn film(output: &Path, encoding: &EncodingSpec) -> Result<Sink, JobError> {
    if encoding.depth.is_some() {
        return Err(JobError::bad_input("`depth` is for frames as files; a film has that of its `codec`"));
    }
    let codec = Codec::of(output, encoding.codec.as_deref())?;
    match (encoding.crf, codec.largest_crf()) {
        (Some(_), None) => {
            return Err(JobError::bad_input("`crf` has no effect on prores, ffv1, gif and apng"));
        }
        (Some(crf), Some(most)) if crf > most => {
            return Err(JobError::bad_input(format!("`crf`: expected 0 to {most}, found {crf}")));
        }
        _ => {}
    }
    if encoding.no_sound && codec.is_silent() {
        return Err(JobError::bad_input("`no_sound` has no effect on gif and apng, which hold none"));
    }
    ffmpeg::check()?;
    ffmpeg::check_encoder(codec)?;
    check_place(output)?;
    Ok(Sink::Film { codec })
}

/// A file for each frame.
fn files(output: &Path, encoding: &EncodingSpec, pattern: Pattern) -> Result<Sink, JobError> {
    if pattern.name(0).is_none() {
        return Err(JobError::bad_input(format!("{}: expected a place for the number", output.display()))
            .hint("such as out/%04d.png"));
    }
    if encoding.codec.is_some() || encoding.crf.is_some() || encoding.no_sound {
        return Err(JobError::bad_input(
            "`codec`, `crf` and `no_sound` are for films, not for frames as files",
        ));
    }
    let format = Format::of(output)?;
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
pub(crate) fn size(spec: &VideoSpec, source: &Source, sink: &Sink) -> Result<(usize, usize), JobError> {
    let from = source.size();
    let long = from.0.max(from.1);
    let long = match spec.run.size {
        Some(0) => return Err(JobError::bad_input("`size`: expected at least 1 pixel, found 0")),
        Some(size) => size,
        None => long.min(impasto::DEFAULT_SIZE),
    };
    Ok(sink.fitted(fit_long_edge(from, long)))
}

/// The folder that a path lies in.
fn folder_beside(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).to_owned()
}

/// The folder for the frames of a result until it is made: the one that is given, or one beside the result.
pub(crate) fn folder_of(output: &Path, given: Option<&Path>) -> PathBuf {
    if let Some(folder) = given {
        return folder.to_owned();
    }
    let pattern = output.file_name().and_then(|name| name.to_str()).and_then(Pattern::of).is_some();
    match output.parent().filter(|_| pattern) {
        Some(parent) => parent.join(".impasto.film"),
        None => {
            let mut name = output.as_os_str().to_owned();
            name.push(".film");
            name.into()
        }
    }
}
