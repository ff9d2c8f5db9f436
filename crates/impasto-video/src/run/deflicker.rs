//! `deflicker` from files to a file. The frames on the disk are the whole state: at every [`KEY`]-th frame the work
//! begins anew from that frame alone, so that it goes on there after an interruption, with the same bytes.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Instant;

use impasto_job::spec::DeflickerSpec;
use impasto_job::{Cause, End, Filmed, JobError, VideoContext, VideoEvent};
use serde_json::json;

use super::cuts::{SLACK, check_read, shots};
use super::folder::Folder;
use super::manifest::fingerprint;
use super::reader::Reader;
use super::sink::{Sink, folder_of};
use super::told;
use super::write::{Output, frame};
use crate::film::Steadied;
use crate::source::{Source, at_size};
use crate::timeline::{Timeline, asked_rate};

/// The frames at which the work begins anew: every so-many-th.
const KEY: usize = 24;

/// The way on from a steadied frame that is no longer right.
const REMOVE: &str = "remove it: the work goes on before it";

/// The difference of two shapes, width by height, that rounding may leave.
const SHAPE: f64 = 0.03;

/// Makes a film steady that another program painted frame by frame. It follows the motion of the original, keeps its
/// sound, and goes on after an interruption when it is called again. That it was stopped is not an error:
/// [`Filmed::end`] tells.
///
/// # Errors
/// When an option is wrong, when a file cannot be read or written, or when the films do not fit each other.
pub fn deflicker(spec: &DeflickerSpec, around: &VideoContext) -> Result<Filmed, JobError> {
    told(impasto::thread_pool(None)?.install(|| Work::open(spec, around)?.run()), around)
}

struct Work<'a> {
    spec: &'a DeflickerSpec,
    around: &'a VideoContext,
    original: Source,
    painted: Source,
    sink: Sink,
    size: (usize, usize),
    line: Timeline,
    shots: Vec<Range<usize>>,
    folder: Folder,
}

impl<'a> Work<'a> {
    /// Reads and checks everything, and finds the shots.
    fn open(spec: &'a DeflickerSpec, around: &'a VideoContext) -> Result<Work<'a>, JobError> {
        spec.check()?;
        let limits = spec.limits.limits()?;
        let fps = asked_rate(spec.fps.as_deref())?;
        let sink = Sink::of(&spec.output, &spec.encoding)?;
        let original = Source::open(&spec.original, limits, fps, spec.tone_map)?;
        let painted = Source::open(&spec.painted, limits, fps, false)?;
        let timed = [&original, &painted].into_iter().find(|source| source.film().is_some());
        if let (Some(_), Some((path, _))) = (fps, timed.and_then(Source::film)) {
            return Err(JobError::bad_input(format!("`fps` has no effect: {} has times", path.display())));
        }
        let frames = fitting(spec, &original, &painted)?;
        let mut line = Timeline::new(timed.unwrap_or(&original).times(), None);
        line.source.truncate(frames);
        line.seconds.truncate(frames);
        let inputs = [original.files(), painted.files()].concat();
        sink.check_apart(&spec.output, &inputs, frames)?;
        let size = sink.fitted(painted.size());
        let place = folder_of(&spec.output, spec.folder.as_deref());
        sink.make_place(&spec.output, &place)?;
        let folder = Folder::open(place, (1, 1))?;
        let cuts = (spec.cuts.as_deref(), spec.no_cuts);
        let shots = shots(cuts, (&original, &line), None, around)?;
        check_read(&painted, painted.small_frames()?.map_while(Result::ok).count(), (frames, around))?;
        let files = inputs.iter().map(|path| fingerprint(path)).collect::<Result<Vec<_>, _>>()?;
        let films = json!({ "files": files, "size": size, "shots": shots });
        let settings = json!({ "deflicker": 1, "strength": spec.strength, "films": films });
        claim(&folder, &settings.to_string())?;
        Ok(Work { spec, around, original, painted, sink, size, line, shots: shots.ranges(), folder })
    }

    /// Steadies all frames, and makes the film.
    fn run(self) -> Result<Filmed, JobError> {
        self.around.control.begin();
        let begun = Instant::now();
        let (frames, space) = (self.line.len(), self.painted.space());
        let mut originals = Reader::new(self.original.frames()?);
        let mut paintings = Reader::new(self.painted.frames()?);
        let mut state = None;
        let first = self.reached();
        for at in first.unwrap_or(0)..frames {
            if self.around.control.is_asked_to_end() {
                return Ok(self.filmed(self.around.control.end(), (at - first.unwrap_or(0), frames - at)));
            }
            let start = Instant::now();
            let (original, _) = originals.read(at, |frame| Ok(at_size(frame, self.size)))?;
            let shown = if Some(at) == first {
                frame(&self.folder.frame(at), self.size, space, REMOVE)?.0
            } else {
                let (painted, alpha) = paintings.read(at, |frame| Ok(at_size(frame, self.size)))?;
                let begins = self.shots.iter().any(|shot| shot.start == at);
                let mut before = state.take().filter(|_| !begins);
                let shown = match &mut before {
                    Some(before) => Steadied::next(before, original.clone(), &painted, self.spec.strength),
                    None => crate::film::rounded(painted),
                };
                state = before;
                self.folder.put_frame(at, (&shown, alpha.as_ref()), space)?;
                shown
            };
            if state.is_none() || at.is_multiple_of(KEY) {
                state = Some(Steadied::after(original, shown));
            }
            self.tell(at, (start, begun), at + 1 - first.unwrap_or(0));
        }
        let files: Vec<(PathBuf, f64)> =
            (0..frames).map(|at| (self.folder.frame(at), self.line.seconds[at])).collect();
        self.write(&files)?;
        let filmed = self.filmed(End::Complete, (frames - first.unwrap_or(0), 0));
        if !self.spec.keep_frames {
            self.folder.remove()?;
        }
        Ok(filmed)
    }

    /// The last key up to which every frame is there; `None` if there is none.
    fn reached(&self) -> Option<usize> {
        let there = (0..self.line.len()).take_while(|at| self.folder.frame(*at).exists()).count();
        there.checked_sub(1).map(|last| last / KEY * KEY)
    }

    fn write(&self, files: &[(PathBuf, f64)]) -> Result<(), JobError> {
        let output = Output {
            path: &self.spec.output,
            sink: &self.sink,
            encoding: &self.spec.encoding,
            size: self.size,
            alpha: self.painted.alpha(),
            space: self.painted.space(),
            rate: self.line.rate,
            sound: self.original.film().or(self.painted.film()),
            way_on: REMOVE,
            around: self.around,
        };
        output.write(files)
    }

    fn tell(&self, at: usize, (start, begun): (Instant, Instant), done: usize) {
        let each = begun.elapsed().as_secs_f64() / done as f64;
        self.around.emit(VideoEvent::Frame {
            frame: at,
            done: at + 1,
            of: self.line.len(),
            shot: self.shots.iter().take_while(|shot| shot.start <= at).count(),
            iterations: 0,
            unseen: 0.0,
            guarded: None,
            seconds: start.elapsed().as_secs_f64(),
            seconds_left: each * (self.line.len() - at - 1) as f64,
        });
    }

    fn filmed(&self, end: End, (painted, left): (usize, usize)) -> Filmed {
        let frames = self.line.len();
        Filmed {
            end,
            output: (end == End::Complete).then(|| self.spec.output.clone()),
            painted,
            left,
            size: self.size,
            frames,
            shots: self.shots.len(),
            seconds: self.line.between(0, frames),
            // No network runs.
            devices: Vec::new(),
        }
    }
}

/// The number of frames that two films share; refuses films that are not of one scene.
fn fitting(spec: &DeflickerSpec, original: &Source, painted: &Source) -> Result<usize, JobError> {
    let (frames, others) = (original.times().len(), painted.times().len());
    let [one, other] = [&spec.original, &spec.painted].map(|path| path.display());
    if frames.abs_diff(others) > SLACK {
        return Err(JobError::bad_input(format!("{one} has {frames} frames, and {other} has {others}"))
            .hint("both films need the same frames, one painting for each original"));
    }
    let shape = |(width, height): (usize, usize)| width as f64 / height as f64;
    if (shape(original.size()) / shape(painted.size()) - 1.0).abs() > SHAPE {
        let ((a, b), (c, d)) = (original.size(), painted.size());
        return Err(JobError::bad_input(format!("{one} has {a}x{b} pixels, and {other} has {c}x{d}"))
            .hint("both films need one shape; their sizes may differ"));
    }
    Ok(frames.min(others))
}

/// Refuses a folder with frames of other settings, and writes these settings to it if it has none.
fn claim(folder: &Folder, settings: &str) -> Result<(), JobError> {
    match folder.settings()? {
        Some(before) if before == settings => Ok(()),
        Some(_) => Err(JobError::bad_input(format!(
            "{} holds frames of other settings",
            Path::display(&folder.path)
        ))
        .caused_by(Cause::Frames)
        .hint("remove it, or give another `folder`")),
        None => folder.put_settings(settings),
    }
}
