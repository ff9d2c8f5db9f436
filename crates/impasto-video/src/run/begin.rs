//! The start of a film: everything that would otherwise fail at its end is found here, before the work.

use std::path::{Path, PathBuf};

use impasto::encoder::Encoder;
use impasto_job::inputs::{self, Input, Masks};
use impasto_job::spec::VideoSpec;
use impasto_job::{Cause, JobError, VideoContext, VideoEvent, VideoPlan};

use super::cuts::shots;
use super::folder::{Folder, reached};
use super::manifest::{Manifest, fingerprint};
use super::masks::MovingMask;
use super::sink::{Sink, folder_of, size};
use super::styles::StyleTimes;
use crate::source::Source;
use crate::timeline::{Timeline, asked_rate};

/// Frames that are drawn to the first one, at the end of a film that loops.
pub(super) const CLOSING: usize = 12;

/// A film that is ready to be painted.
pub(crate) struct Film<'a> {
    pub(crate) spec: &'a VideoSpec,
    pub(crate) around: &'a VideoContext,
    pub(crate) source: Source,
    pub(crate) line: Timeline,
    pub(crate) size: (usize, usize),
    pub(crate) sink: Sink,
    pub(crate) styles: Vec<Input>,
    pub(crate) masks: Masks,
    /// The masks of the content that move.
    pub(crate) moving: Vec<MovingMask>,
    /// The weights of the styles over time.
    pub(super) style_times: StyleTimes,
    pub(crate) encoder: Encoder,
    pub(crate) manifest: Manifest,
    pub(crate) place: PathBuf,
    /// A shot that goes on inside of itself, at this frame, without a state.
    pub(crate) adopted: Option<(usize, usize)>,
}

impl<'a> Film<'a> {
    /// Reads and checks everything, and finds the shots. Nothing is written.
    pub(crate) fn open(spec: &'a VideoSpec, around: &'a VideoContext) -> Result<Film<'a>, JobError> {
        spec.check()?;
        let limits = spec.limits.limits()?;
        let fps = asked_rate(spec.film.fps.as_deref())?;
        spec.run.objective.preset()?;
        spec.run.overrides()?;
        let sink = Sink::of(&spec.output, &spec.encoding)?;
        let source = Source::open(&spec.input, limits, fps, spec.film.tone_map)?;
        let pictures = inputs::Source::with(limits, &around.pictures);
        let styles =
            spec.style.iter().map(|style| pictures.read(&style.path)).collect::<Result<Vec<_>, _>>()?;
        let place = folder_of(&spec.output, spec.work.folder.as_deref());
        let known = Manifest::read(&place.join("film.json"))?;
        let moving = MovingMask::all(spec, (&source, limits), known.as_ref(), around)?;
        let first = |path: &Path| Some(moving.iter().find(|mask| mask.path == path)?.first());
        let masks = Masks::read_moving(&spec.regions, &spec.style, &pictures, &first)?;
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
        let weights = spec.run.objective.style_weights.as_deref();
        let style_times = StyleTimes::of(&spec.style, weights, &masks, &line)?;
        let pictures: Vec<&Path> = styles.iter().chain(masks.inputs()).map(|input| &*input.path).collect();
        let moved: Vec<&Path> = moving.iter().flat_map(|mask| mask.source.files()).collect();
        sink.check_apart(&spec.output, &[source.files(), pictures, moved].concat(), line.len())?;
        let mut inputs = fingerprints(&source, &styles, &masks)?;
        inputs.extend(moving.iter().flat_map(|mask| mask.facts.files.clone()));
        let known = known.filter(|manifest| manifest.inputs == inputs);
        let device = spec.run.device.as_deref().unwrap_or("auto");
        // A film goes on where it began, whatever `auto` would choose today.
        let begun = known.as_ref().filter(|_| device == "auto" && spec.work.from.is_none());
        let engine = match begun {
            Some(manifest) => manifest.engine.clone(),
            None => impasto::device_identity(device, &encoder)?,
        };
        let shots = shots(
            (spec.film.cuts.as_deref(), spec.film.no_cuts),
            (&source, &line),
            known.map(|known| known.shots),
            around,
        )?;
        let weights = encoder.provenance().sha256.clone();
        let facts = moving.iter().map(|mask| mask.facts.clone()).collect();
        let manifest = Manifest::of(spec, inputs, (weights, engine), size, (shots, facts));
        Ok(Film {
            spec,
            around,
            source,
            line,
            size,
            sink,
            styles,
            masks,
            moving,
            style_times,
            encoder,
            manifest,
            place,
            adopted: None,
        })
    }

    /// Opens the film and its folder, and tells the plan.
    pub(crate) fn begin(
        spec: &'a VideoSpec,
        around: &'a VideoContext,
    ) -> Result<(Film<'a>, Folder), JobError> {
        let mut film = Film::open(spec, around)?;
        film.sink.make_place(&spec.output, &film.place)?;
        let folder = Folder::open(film.place.clone(), spec.shard()?)?;
        let before = folder.manifest()?;
        match (&before, spec.work.from) {
            (Some(before), None) => {
                if let Some(what) = before.difference(&film.manifest) {
                    let message = format!("{} holds frames of other settings: {what}", folder.path.display());
                    return Err(JobError::bad_input(message).caused_by(Cause::Frames).hint(
                        "`from` N paints again from frame N on (`from` 0: everything); or give another `folder`",
                    ));
                }
            }
            (None, None) if spec.work.join => {
                return Err(JobError::bad_input(format!(
                    "`join`: {} holds no frames",
                    folder.path.display()
                )));
            }
            (_, Some(from)) => {
                film.check_from(from, before.as_ref())?;
                // The states go first. After a kill in between, the old manifest tells that settings differ.
                film.adopted = film.rewind(&folder, from)?;
            }
            _ => {}
        }
        if let Some(before) = &before {
            film.manifest = film.manifest.after(before, spec.work.from);
        }
        folder.put_manifest(&film.manifest)?;
        if spec.film.looped && !film.can_loop() {
            around.warn("warning: `loop` has no effect: the film has several shots, or few frames");
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

    /// The work and the disk space that the film will take.
    pub(crate) fn plan(&self) -> VideoPlan {
        let mine = self.parts().unwrap_or_default();
        let done = |(shot, keys): &(usize, Vec<usize>)| {
            let last = reached(&self.place, *shot).unwrap_or(None);
            keys.iter().filter(|key| last.is_some_and(|last| **key <= last)).count()
        };
        let (width, height) = self.size;
        let shots = self.manifest.shots.ranges().len();
        // A frame that is held has one file.
        let written = match self.spec.film.hold {
            Some(_) => self.painted().iter().map(|(_, frames)| frames.len()).sum(),
            None => self.line.len(),
        };
        VideoPlan {
            width,
            height,
            frames: self.line.len(),
            painted: mine.iter().map(|(_, frames)| frames.len()).sum(),
            done: mine.iter().map(done).sum(),
            shots,
            seconds: self.line.between(0, self.line.len()),
            disk_bytes: crate::room::bytes(self.size, written, shots),
            folder: self.place.clone(),
        }
    }

    /// Refuses to paint again from a frame that does not exist, or after frames of another size.
    fn check_from(&self, from: usize, before: Option<&Manifest>) -> Result<(), JobError> {
        let last = self.line.len() - 1;
        if from > last {
            return Err(JobError::bad_input(format!("`from`: expected a frame up to {last}, found {from}")));
        }
        let size = before.map_or(self.size, |before| (before.width, before.height));
        match from == 0 || size == self.size {
            true => Ok(()),
            false => Err(JobError::bad_input(format!(
                "`from` {from}: the frames before it have {}x{} pixels, and would have {}x{} now",
                size.0, size.1, self.size.0, self.size.1
            ))
            .hint("`from` 0 paints everything again")),
        }
    }

    /// Whether the end can be drawn to the beginning: in one shot, which is long enough.
    pub(crate) fn can_loop(&self) -> bool {
        matches!(&self.painted()[..], [(_, keys)] if keys.len() > 2 * CLOSING)
    }

    /// Forgets everything from frame `from` on. Returns the shot that goes on inside of itself, if there is one: it
    /// begins from the painted frame before.
    fn rewind(&self, folder: &Folder, from: usize) -> Result<Option<(usize, usize)>, JobError> {
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

/// Fingerprints, which tell whether the inputs are the same files.
fn fingerprints(source: &Source, styles: &[Input], masks: &Masks) -> Result<Vec<String>, JobError> {
    let files = source.files().into_iter().map(fingerprint);
    let pictures = styles.iter().chain(masks.inputs()).map(|input| Ok(input.sha256().to_owned()));
    files.chain(pictures).collect()
}
