//! The state that a shot begins with: one that was kept, one that is made from a painted frame, or that of an earlier
//! shot of the same scene.

use std::collections::HashMap;

use impasto::image::{Picture, Plane};
use impasto::{Colour, Picture as Painting, make_grey};
use impasto_job::{Cause, JobError};

use super::finish::PAINT_AGAIN;
use super::folder::Progress;
use super::paint::Work;
use super::write;
use crate::film::{Frame, State};

/// Earlier shots that a new one is compared with.
const REMEMBERED: usize = 12;

impl Work<'_> {
    /// The state after an earlier shot that looks like this frame.
    pub(super) fn like(&mut self, shot: usize, frame: &Frame) -> Result<Option<State>, JobError> {
        /// Histograms that differ by less than this are of one scene. They differ by at most 2.
        const ALIKE: f32 = 0.5;
        let mine = histogram(&frame.picture);
        let mut best: Option<(f32, State)> = None;
        for earlier in shot.saturating_sub(REMEMBERED)..shot {
            let Some(Progress { state, .. }) = self.folder.progress(earlier)? else { continue };
            let other = histogram(&state.input);
            let distance = mine.iter().zip(&other).map(|(a, b)| (a - b).abs()).sum::<f32>();
            if distance < best.as_ref().map_or(ALIKE, |(least, _)| *least) {
                best = Some((distance, state));
            }
        }
        Ok(best.map(|(_, state)| state))
    }

    /// The state that a film goes on from. A frame that was changed by hand takes the place of the painting.
    pub(super) fn resumed(&mut self, progress: Progress) -> Result<State, JobError> {
        let Progress { frame, state, digest } = progress;
        let path = self.folder.frame(frame);
        if !path.exists() {
            return Err(JobError::bad_input(format!("{} is missing", path.display()))
                .caused_by(Cause::Frames)
                .hint(PAINT_AGAIN));
        }
        match super::manifest::digest(&path)? == digest {
            true => Ok(state),
            false => {
                self.film
                    .around
                    .warn(format!("note: {} was changed: the film goes on from it", path.display()));
                Ok(state.changed(self.taken(frame)?))
            }
        }
    }

    /// A state made from a painted frame and its input alone.
    pub(super) fn adopt(&mut self, key: usize) -> Result<State, JobError> {
        let frame = self.frame(key, None)?;
        let painting = self.taken(key)?;
        Ok(self.painter(&frame)?.adopt(&frame, painting)?)
    }

    /// A frame on the disk as a painting to go on from. A run of lightness alone sees no colours.
    pub(super) fn taken(&self, key: usize) -> Result<Painting, JobError> {
        let (mut painting, _) = self.sized(key)?;
        if self.film.spec.run.colour()? == Colour::Luminance {
            make_grey(&mut painting);
        }
        Ok(painting)
    }

    /// A painted frame, which has to have the film's size.
    pub(super) fn sized(&self, frame: usize) -> Result<(Painting, Option<Plane>), JobError> {
        write::frame(&self.folder.frame(frame), self.film.size, self.film.source.space(), PAINT_AGAIN)
    }
}

/// How often each of 64 colours occurs.
fn histogram(picture: &Picture) -> Vec<f32> {
    let area = picture.width() * picture.height();
    let mut counts: HashMap<usize, usize> = HashMap::new();
    let level = |value: f32| (value.clamp(0.0, 1.0) * 3.999) as usize;
    for at in 0..area {
        let [r, g, b] = [0, 1, 2].map(|plane| level(picture.rgb()[plane * area + at]));
        *counts.entry(16 * r + 4 * g + b).or_default() += 1;
    }
    (0..64).map(|bin| counts.get(&bin).copied().unwrap_or(0) as f32 / area as f32).collect()
}
