//! The painting of a film: shot by shot, frame by frame, each kept on the disk before the next begins.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use impasto::image::{Picture, Plane};
use impasto::{Colour, Mask, Picture as Painting, Regions};
use impasto_job::{End, ErrorKind, Filmed, JobError, VideoEvent};

use super::begin::{CLOSING, Film};
use super::between::Between;
use super::folder::{Folder, Record};
use super::masks::MovingMask;
use super::reader::Reader;
use crate::film::{Frame, Opening, Painted, Painter, State};
use crate::source::at_size;

/// The work on a film.
pub(super) struct Work<'a> {
    pub(super) film: &'a Film<'a>,
    pub(super) folder: &'a Folder,
    reader: Reader<'a, (Picture, Option<Plane>)>,
    /// Readers of the masks that move.
    masks: Vec<Reader<'a, Mask>>,
    painter: Option<Painter>,
    /// The beginning of a film that loops.
    opening: Option<Opening>,
    /// The last painted frame, as it is shown.
    shown: Option<Painting>,
    done: usize,
    of: usize,
    painted: usize,
    guards: Guards,
    started: Instant,
}

/// How often the guards of the film's look have acted.
#[derive(Default)]
struct Guards {
    loosened: usize,
}

impl Guards {
    fn add(&mut self, painted: &Painted) {
        /// The share of a frame that is worth a word.
        const MUCH: f32 = 0.02;
        self.loosened += usize::from(painted.guarded.is_some_and(|guarded| guarded.loosened > MUCH));
    }

    /// A note on what they did; none if they did nothing.
    fn note(&self, frames: usize) -> Option<String> {
        let loosened = self.loosened;
        (loosened > 0).then(|| {
            format!(
                "note: {loosened} of the {frames} frames painted now had paint loosened, for new light or lost detail"
            )
        })
    }
}

impl<'a> Work<'a> {
    pub(super) fn new(film: &'a Film<'a>, folder: &'a Folder) -> Result<Work<'a>, JobError> {
        let reader = Reader::new(film.source.frames()?);
        let masks = film.moving.iter().map(MovingMask::reader).collect::<Result<_, _>>()?;
        let of = film.parts()?.iter().map(|(_, keys)| keys.len()).sum();
        Ok(Work {
            film,
            folder,
            reader,
            masks,
            painter: None,
            opening: None,
            shown: None,
            done: 0,
            of,
            painted: 0,
            guards: Guards::default(),
            started: Instant::now(),
        })
    }

    /// Paints all shots of this part of the work. Returns the number of painted frames, and how it ended.
    pub(super) fn run(&mut self) -> Result<Filmed, JobError> {
        let parts = self.film.parts()?;
        let shots = self.film.manifest.shots.ranges();
        for (shot, keys) in parts {
            match self.shot(shot, &shots, &keys) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {
                    return Ok(self.filmed(self.film.around.control.end()));
                }
                Err(error) => return Err(error),
            }
        }
        self.guards.note(self.painted).into_iter().for_each(|note| self.film.around.warn(note));
        Ok(self.filmed(End::Complete))
    }

    /// Number of frames that were painted so far.
    pub(super) fn painted(&self) -> usize {
        self.painted
    }

    fn filmed(&self, end: End) -> Filmed {
        self.film.filmed(end, (self.painted, self.of - self.done))
    }

    fn shot(&mut self, shot: usize, shots: &[Range<usize>], keys: &[usize]) -> Result<(), JobError> {
        let progress = self.folder.progress(shot)?;
        let mut at = match &progress {
            Some(progress) => keys.iter().filter(|key| **key <= progress.frame).count(),
            None => self
                .film
                .adopted
                .filter(|(of, _)| *of == shot)
                .map_or(0, |(_, from)| keys.iter().filter(|key| **key < from).count()),
        };
        self.done += at;
        if at == keys.len() {
            return Ok(());
        }
        self.film.around.emit(VideoEvent::Shot {
            number: shot + 1,
            of: shots.len(),
            first: shots[shot].start,
            frames: shots[shot].len(),
        });
        let loops = self.film.spec.film.looped && self.film.can_loop();
        if loops && at > 0 {
            // A film that goes on needs its beginning again.
            let frame = self.frame(keys[0], None)?;
            let (painting, _) = self.sized(keys[0])?;
            self.opening = Some(Opening { painting, input: frame.picture });
        }
        let mut state = match (progress, at) {
            (Some(progress), _) => Some(self.resumed(progress)?),
            (None, 0) => None,
            (None, at) => Some(self.adopt(keys[at - 1])?),
        };
        if at > 0 {
            self.shown = Some(self.sized(keys[at - 1])?.0);
        }
        let flashes = &self.film.manifest.shots.flashes;
        while at < keys.len() {
            if self.film.around.control.is_asked_to_end() {
                return Err(JobError::new(ErrorKind::Interrupted, "interrupted"));
            }
            let (key, before) = (keys[at], at.checked_sub(1).map(|at| keys[at]));
            let start = Instant::now();
            let mut between = Between::new(self.film, before, key);
            for tick in between.ticks() {
                let frame = self.frame(tick, before)?;
                between.add(tick, frame);
            }
            let frame = self.frame(key, before)?;
            let closing = (keys.len() - at <= CLOSING && loops)
                .then(|| 1.0 - (keys.len() - 1 - at) as f32 / CLOSING as f32);
            let is_first = keys[..at].iter().all(|key| flashes.contains(key));
            let (painted, next) =
                self.paint(shot, &frame, if is_first { None } else { state.as_ref() }, closing)?;
            if at == 0 && loops {
                self.opening =
                    Some(Opening { painting: next.painting.clone(), input: frame.picture.clone() });
            }
            self.film.around.control.saving(|| -> Result<(), JobError> {
                let space = self.film.source.space();
                for (tick, picture, alpha) in
                    between.make(self.shown.as_ref().zip(state.as_ref()), &painted.picture, &frame)
                {
                    self.folder.put_frame(tick, (&picture, alpha.as_ref()), space)?;
                }
                let digest = self.folder.put_frame(key, (&painted.picture, frame.alpha.as_ref()), space)?;
                // Nothing is painted from a flash, and no frame beside it is made from it.
                let next = match &state {
                    Some(state) if flashes.contains(&key) && !is_first => state.clone(),
                    _ => {
                        self.shown = Some(painted.picture.clone());
                        next
                    }
                };
                let record = Record {
                    frame: key,
                    iterations: painted.iterations,
                    unseen: painted.unseen,
                    guarded: painted.guarded,
                    seconds: start.elapsed().as_secs_f64(),
                    engine: self.film.manifest.engine.clone(),
                };
                self.folder.put_state(shot, &next, &digest, &record)?;
                state = Some(next);
                Ok(())
            })?;
            at += 1;
            self.tell(shot, key, painted, start);
        }
        Ok(())
    }

    /// A frame of the result.
    pub(super) fn frame(&mut self, tick: usize, before: Option<usize>) -> Result<Frame, JobError> {
        let source = self.film.line.source[tick];
        let (picture, alpha) = self.reader.read(source, |frame| Ok(at_size(frame, self.film.size)))?;
        let regions = self.regions(source)?;
        let seconds = before.map_or(0.0, |before| self.film.line.between(before, tick));
        let styles = self.film.style_times.at(self.film.line.between(0, tick));
        Ok(Frame { picture, alpha, seconds, styles, regions })
    }

    /// The regions of a frame of the input, if there are masks.
    fn regions(&mut self, source: usize) -> Result<Option<Regions>, JobError> {
        let given = &self.film.spec.regions;
        if given.mask.is_empty() && given.protect.is_none() {
            return Ok(None);
        }
        let mut frames: Vec<(&Path, Mask)> = Vec::new();
        for (mask, reader) in self.film.moving.iter().zip(&mut self.masks) {
            frames.push((&mask.path, reader.read(source, |frame| Ok(mask.mask(frame)))?));
        }
        let frame = |path: &Path| Some(frames.iter().find(|(other, _)| *other == path)?.1.clone());
        self.film.masks.regions_of_frame(given, &frame).map(Some)
    }

    fn paint(
        &mut self,
        shot: usize,
        frame: &Frame,
        state: Option<&State>,
        closing: Option<f32>,
    ) -> Result<(Painted, State), JobError> {
        let opening = self.opening.clone();
        let matched = match state {
            None if self.film.spec.film.match_shots => self.like(shot, frame)?,
            _ => None,
        };
        let painter = self.painter(frame)?;
        let painted = match (state, matched) {
            (Some(state), _) => painter.next(frame, state.clone(), opening.as_ref().zip(closing))?,
            (None, Some(earlier)) => painter.next(frame, earlier, None)?,
            (None, None) => painter.first(frame)?,
        };
        Ok(painted)
    }

    /// The painter, which is made with the first frame.
    pub(super) fn painter(&mut self, frame: &Frame) -> Result<&mut Painter, JobError> {
        if self.painter.is_none() {
            // Styles are matched to the colours of the first frame, wherever the work goes on.
            self.painter = Some(match self.film.spec.run.colour()? {
                Colour::Match(_) => self.film.painter(&self.film.first()?)?,
                _ => self.film.painter(frame)?,
            });
        }
        self.painter.as_mut().ok_or_else(|| JobError::failed("there is no painter"))
    }

    fn tell(&mut self, shot: usize, frame: usize, painted: Painted, start: Instant) {
        self.done += 1;
        self.painted += 1;
        self.guards.add(&painted);
        let each = self.started.elapsed().as_secs_f64() / self.painted as f64;
        self.film.around.emit(VideoEvent::Frame {
            frame,
            done: self.done,
            of: self.of,
            shot: shot + 1,
            iterations: painted.iterations,
            unseen: painted.unseen,
            guarded: painted.guarded,
            seconds: start.elapsed().as_secs_f64(),
            seconds_left: each * (self.of - self.done) as f64,
        });
        if self.film.around.shows_frames {
            let (picture, space) = (Arc::new(painted.picture), self.film.source.space());
            self.film.around.emit(VideoEvent::Picture { picture, space, frame });
        }
    }
}
