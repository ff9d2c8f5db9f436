//! A block in progress: its window of the picture, and the state of its core.

use std::path::Path;

use impasto_engine::painting::{Home, LARGEST_DERIVATIVE, Numbers, PixelTerm, add_to_average, level, tie_at};
use impasto_engine::{Block, Blocks, Edges, Pixels, Rect, Request, Size};

use super::planes::{add, cut, inside, paste};
use super::scale::ScaleSpec;
use super::{Strips, Vectors};
use crate::Error;
use crate::checkpoint::{self, Checkpoint, CheckpointError, State};
use crate::optimiser::{Adam, Average, Optimiser};

/// Names of the vectors of a block's core.
pub(super) const PICTURE: &str = "image";
pub(super) const AVERAGE: &str = "average";
pub(super) const FIRST: &str = "adam.first";
pub(super) const SECOND: &str = "adam.second";
pub(super) const BEST: &str = "best";

pub(super) struct Piece {
    pub(super) index: usize,
    pub(super) place: Block,
    /// The request to the engine: only positions of the core count.
    pub(super) request: Request,
    /// The pixels of the window.
    pub(super) window: Pixels,
    /// The derivatives of the terms on the pixels, by the core.
    smooth: Vec<f32>,
    /// The derivatives by the core that this block's own features give.
    gradient: Option<Vec<f32>>,
    adam: Adam,
    average: Average,
    best: Option<Vec<f32>>,
}

impl Piece {
    /// A block with the vectors of its core, or, without them, one that a shard has to restore.
    pub(super) fn new(
        (index, place): (usize, Block),
        request: Request,
        spec: &ScaleSpec,
        mut vectors: Vectors,
    ) -> Result<Piece, Error> {
        let Optimiser::Adam(scalars) = &spec.optimiser else {
            return Err(Error::invalid("optimizer", "blocks need adam"));
        };
        let mut take = |name: &str| vectors.remove(name).unwrap_or_default();
        let window = Pixels { size: place.window.size, data: vec![0.0; 3 * place.window.size.area()] };
        let adam = Adam {
            settings: scalars.settings,
            steps: scalars.steps,
            first: take(FIRST).into(),
            second: take(SECOND).into(),
        };
        let average = spec.average.with(take(AVERAGE).into());
        let picture = take(PICTURE);
        let best = vectors.remove(BEST);
        let (smooth, gradient) = (Vec::new(), None);
        let mut piece = Piece { index, place, request, window, smooth, gradient, adam, average, best };
        if !picture.is_empty() {
            piece.set_core(&picture)?;
        }
        Ok(piece)
    }

    fn core(&self) -> Rect {
        inside(self.place.core, self.place.window)
    }

    fn set_core(&mut self, picture: &[f32]) -> Result<(), Error> {
        check(picture.len(), 3 * self.place.core.size.area())?;
        let (core, size) = (self.core(), self.window.size);
        paste(&mut self.window.data, size, core, picture);
        Ok(())
    }

    pub(super) fn picture(&self) -> Vec<f32> {
        cut(&self.window.data, self.window.size, self.core())
    }

    /// Computes the terms on the pixels, and returns the core's share in their values.
    pub(super) fn smooth(&mut self, terms: &[PixelTerm], whole: Size) -> Vec<f64> {
        let (core, size, picture) = (self.core(), self.window.size, self.picture());
        self.smooth = vec![0.0; if terms.is_empty() { 0 } else { picture.len() }];
        let mut shares = Vec::with_capacity(terms.len());
        for term in terms {
            let mut gradient = Pixels { size, data: vec![0.0; self.window.data.len()] };
            term.add_gradient_of_part(&self.window, whole, &mut gradient);
            let own = cut(&gradient.data, size, core);
            shares.push(term.share(&picture, &own));
            self.smooth.iter_mut().zip(own).for_each(|(to, from)| *to += from);
        }
        shares
    }

    /// Keeps what a derivative by the window says of the core, and returns the rest for its owners.
    pub(super) fn split(&mut self, blocks: &Blocks, gradient: &Pixels) -> Strips {
        self.gradient = Some(cut(&gradient.data, gradient.size, self.core()));
        self.shared(blocks).map(|(other, rect)| (other, cut(&gradient.data, gradient.size, rect))).collect()
    }

    /// The blocks around this one, with their part of this block's window.
    fn shared(&self, blocks: &Blocks) -> impl Iterator<Item = (usize, Rect)> {
        let (index, window) = (self.index, self.place.window);
        let rect = move |other| Some((other, inside(blocks.shared(index, other)?, window)));
        blocks.around(index).filter_map(rect)
    }

    /// Adds the derivatives that other blocks have by this core, in the order of the blocks, and moves the pixels by a
    /// step of Adam.
    pub(super) fn descend(
        &mut self,
        (blocks, spec): (&Blocks, &ScaleSpec),
        mut others: Strips,
        is_best: bool,
    ) -> Result<(), Error> {
        let mut gradient = self.gradient.take().ok_or_else(out_of_turn)?;
        let core = self.place.core;
        others.sort_by_key(|(other, _)| *other);
        let expected = (0..blocks.all.len()).filter(|other| blocks.around(*other).any(|i| i == self.index));
        if !expected.eq(others.iter().map(|(other, _)| *other)) {
            return Err(Error::invalid("strips", "derivatives of a neighbour are missing"));
        }
        for (other, strip) in others {
            let rect = blocks.shared(other, self.index).ok_or_else(out_of_turn)?;
            check(strip.len(), 3 * rect.size.area())?;
            add(&mut gradient, core.size, inside(rect, core), &strip);
        }
        gradient.iter_mut().zip(&self.smooth).for_each(|(to, from)| *to += from);
        let not_finite = |layer: &str| Error::NotFinite { layer: layer.into() };
        if !gradient.iter().all(|value| value.is_finite()) {
            return Err(not_finite("the gradient by the pixels"));
        }
        tie_at(&mut gradient, core.size, spec.margin, edges(core, blocks.size));
        if spec.level {
            level(&mut gradient);
        }
        if !gradient.iter().all(|value| value.abs() <= LARGEST_DERIVATIVE) {
            return Err(not_finite(impasto_engine::painting::GRADIENT));
        }
        let mut picture = self.picture();
        if is_best {
            self.best = Some(picture.clone());
        }
        let mut step = self.adam.next(&mut self.average);
        step.make(&mut picture, &gradient).map_err(Error::stream)?;
        if !picture.iter().all(|value| value.is_finite()) {
            return Err(not_finite("the pixels"));
        }
        add_to_average(step.average, &picture, step.average_decay).map_err(Error::stream)?;
        self.adam.count();
        self.average.count();
        self.set_core(&picture)
    }

    /// The pixels of the core that others have in their windows.
    pub(super) fn strips(&self, blocks: &Blocks) -> Strips {
        let others = (0..blocks.all.len()).filter(|other| *other != self.index);
        let rect = |other| Some((other, inside(blocks.shared(other, self.index)?, self.place.window)));
        let cut = |(other, rect)| (other, cut(&self.window.data, self.window.size, rect));
        others.filter_map(rect).map(cut).collect()
    }

    /// Takes the pixels of the frame from others.
    pub(super) fn fill(&mut self, blocks: &Blocks, strips: Strips) -> Result<(), Error> {
        for (other, strip) in strips {
            let rect = blocks.shared(self.index, other).filter(|_| other != self.index);
            let rect = rect.ok_or_else(|| Error::invalid("strips", "pixels of a block that is far away"))?;
            check(strip.len(), 3 * rect.size.area())?;
            paste(&mut self.window.data, self.window.size, inside(rect, self.place.window), &strip);
        }
        Ok(())
    }

    /// The vectors of the core.
    pub(super) fn vectors(&self) -> Result<Vectors, Error> {
        let copied = |values: &dyn Numbers| -> Result<Vec<f32>, Error> {
            let mut buffer = Vec::new();
            Ok(values.view(0..values.len(), &mut buffer).map_err(Error::stream)?.to_vec())
        };
        let mut all = Vectors::from([
            (PICTURE.to_owned(), self.picture()),
            (AVERAGE.to_owned(), copied(&self.average.sum)?),
            (FIRST.to_owned(), copied(&self.adam.first)?),
            (SECOND.to_owned(), copied(&self.adam.second)?),
        ]);
        if let Some(best) = &self.best {
            all.insert(BEST.into(), best.clone());
        }
        Ok(all)
    }

    /// Writes the block to a file of its own, whole or not at all, and returns the SHA-256 at its end.
    pub(super) fn save(&self, spec: &ScaleSpec, iteration: usize, path: &Path) -> Result<String, Error> {
        let adam = Optimiser::Adam(Adam {
            settings: self.adam.settings,
            steps: self.adam.steps,
            first: Default::default(),
            second: Default::default(),
        });
        let mut state = State::new(spec.fingerprint.clone(), adam, self.average.clone_scalars());
        (state.scale, state.iteration) = (spec.scale, iteration);
        let vectors = self.vectors()?;
        let vectors: Vec<(String, &dyn Numbers)> =
            vectors.iter().map(|(name, values)| (name.clone(), values as &dyn Numbers)).collect();
        Ok(checkpoint::write(path, &state, &self.note(spec), &vectors)?)
    }

    /// Continues from a file that [`save`](Piece::save) wrote.
    pub(super) fn restore(&mut self, spec: &ScaleSpec, path: &Path) -> Result<(), Error> {
        let saved = Checkpoint::read(path)?;
        if let Some(what) = spec.fingerprint.difference(&saved.state.fingerprint) {
            return Err(saved.differs(what).into());
        }
        let mine = (saved.note() == self.note(spec))
            && (saved.state.scale, saved.state.iteration) == (spec.scale, spec.iteration);
        if !mine {
            return Err(saved.differs("it is another block, or another step".into()).into());
        }
        let len = 3 * self.place.core.size.area();
        let take = |name: &str| match saved.vector(name, len, &Home::Memory) {
            Ok(values) if values.is_empty() => Err(CheckpointError::Damaged {
                path: path.into(),
                problem: "its parts do not fit each other".into(),
            }
            .into()),
            values => values,
        };
        let picture = take(PICTURE)?.into_vec().map_err(Error::stream)?;
        let Optimiser::Adam(scalars) = &saved.state.optimiser else { return Err(out_of_turn()) };
        self.adam = Adam {
            settings: scalars.settings,
            steps: scalars.steps,
            first: take(FIRST)?,
            second: take(SECOND)?,
        };
        self.average = saved.state.average.with(take(AVERAGE)?);
        self.best = match saved.has(BEST) {
            true => Some(take(BEST)?.into_vec().map_err(Error::stream)?),
            false => None,
        };
        self.gradient = None;
        self.set_core(&picture)
    }

    /// The fingerprint that tells the file of this block from those of others.
    fn note(&self, spec: &ScaleSpec) -> String {
        format!("block {} of {:?}", self.index, spec.cut)
    }
}

/// Which sides of a core are the picture's edges. A window may reach an edge that its core does not.
fn edges(core: Rect, whole: Size) -> Edges {
    Edges {
        top: core.y == 0,
        bottom: core.y + core.size.height == whole.height,
        left: core.x == 0,
        right: core.x + core.size.width == whole.width,
    }
}

fn check(found: usize, expected: usize) -> Result<(), Error> {
    match found == expected {
        true => Ok(()),
        false => Err(Error::invalid("block", format!("expected {expected} values, found {found}"))),
    }
}

pub(super) fn out_of_turn() -> Error {
    Error::invalid("block", "the calls of a step come in another order: observe, pull back, descend")
}
