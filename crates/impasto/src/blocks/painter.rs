//! Paints some of the blocks of a picture, with one engine.
//!
//! An engine keeps one observation at a time. A painter with several blocks therefore observes all but the last of them
//! once more when derivatives are pulled back. One block for a painter is fastest.

use std::collections::BTreeMap;
use std::path::Path;

use impasto_encoder::Encoder;
use impasto_engine::painting::PixelTerm;
use impasto_engine::{Blocks, Cotangents, Engine, Pixels, Plane, Tiled};

use super::piece::{Piece, out_of_turn};
use super::scale::ScaleSpec;
use super::sums::Form;
use super::{Strips, Vectors};
use crate::Error;
use crate::objective::{own_sums, pixel_terms, request};
use crate::regions::PositionWeights;
use crate::threads::{ThreadPool, thread_pool};

/// Names of the vectors of a window.
pub(super) const CONTENT: &str = "content";
pub(super) const KEPT: &str = "kept";
pub(super) const RESIDUAL: &str = "residual";

/// The name of the weights of a region.
pub(super) fn region(index: usize) -> String {
    format!("region.{index}")
}

/// Some of the blocks of a picture.
pub struct Painter {
    encoder: Encoder,
    pool: ThreadPool,
    open: Option<Open>,
}

/// A scale that is painted.
struct Open {
    spec: ScaleSpec,
    engine: Tiled,
    blocks: Blocks,
    form: Form,
    terms: Vec<PixelTerm>,
    pieces: BTreeMap<usize, Piece>,
    /// The block whose observation the engine keeps.
    observed: Option<usize>,
    /// The derivatives of the current step, and whether the picture before it was the best so far.
    verdict: Option<(Cotangents, bool)>,
}

impl Painter {
    /// A painter with the encoder of the run. `threads`: `None` for one per processor. No result depends on it.
    ///
    /// # Errors
    /// When threads cannot be started.
    pub fn new(encoder: Encoder, threads: Option<usize>) -> Result<Painter, Error> {
        Ok(Painter { encoder, pool: thread_pool(threads)?, open: None })
    }

    /// Begins a scale, without blocks.
    ///
    /// # Errors
    /// When the encoder or this machine's processor is not that of the run.
    pub fn begin(&mut self, spec: ScaleSpec) -> Result<(), Error> {
        let kept = self.open.take().filter(|open| {
            (&open.spec.fingerprint.instruction_set, &open.spec.fingerprint.model)
                == (&spec.fingerprint.instruction_set, &spec.fingerprint.model)
        });
        let mut engine = match kept {
            Some(open) => open.engine,
            None => self.pool.install(|| spec.engine(&self.encoder))?,
        };
        engine.forget_targets();
        let topology = engine.network().encoder.topology().clone();
        let (blocks, form) = (spec.blocks(&topology)?, spec.form(&topology)?);
        let terms = pixel_terms(&spec.recipe);
        let pieces = BTreeMap::new();
        self.open = Some(Open { spec, engine, blocks, form, terms, pieces, observed: None, verdict: None });
        Ok(())
    }

    /// Adds a block, from the vectors that [`Conductor::part`](super::Conductor::part) gives. Returns the content's own
    /// sums over the block, if the judge needs them.
    ///
    /// # Errors
    /// When the vectors do not fit the block.
    pub fn add(&mut self, index: usize, mut vectors: Vectors) -> Result<Option<Vec<f64>>, Error> {
        let Painter { pool, open, .. } = self;
        let open = open.as_mut().ok_or_else(out_of_turn)?;
        let place = *open.blocks.all.get(index).ok_or_else(|| no_block(index))?;
        let size = place.window.size;
        let has_kept = vectors.contains_key(KEPT);
        let mut take = |name: &str, planes: usize| -> Result<Vec<f32>, Error> {
            let found = vectors.remove(name).unwrap_or_default();
            match found.len() == planes * size.area() {
                true => Ok(found),
                false => Err(Error::invalid("block", format!("{name} does not fit its window"))),
            }
        };
        let content = Pixels { size, data: take(CONTENT, 3)? };
        let regions = (0..open.spec.regions)
            .map(|index| Ok(Plane { size, data: take(&region(index), 1)? }))
            .collect::<Result<Vec<_>, Error>>()?;
        let residual = Some(Plane { size, data: take(RESIDUAL, 1)? });
        let kept = match has_kept {
            true => Some(Pixels { size, data: take(KEPT, 3)? }),
            false => None,
        };
        let weights = PositionWeights { regions, residual, held: None };
        let (recipe, engine) = (&open.spec.recipe, &mut open.engine);
        let (request, own) = pool.install(|| -> Result<_, Error> {
            let kept = kept.as_ref().unwrap_or(&content);
            let request = request(recipe, engine, kept, weights, place.edges)?;
            let own = own_sums(recipe, engine, &content, &request)?;
            Ok((request, own))
        })?;
        open.observed = None;
        open.pieces.insert(index, Piece::new((index, place), request, &open.spec, vectors)?);
        Ok(own.map(|own| Form::write(&own, &[])))
    }

    /// Observes a block: its sums, to be judged with those of all others.
    ///
    /// # Errors
    /// When there is no such block here, or the engine fails.
    pub fn observe(&mut self, index: usize) -> Result<Vec<f64>, Error> {
        let Painter { pool, open, .. } = self;
        let open = open.as_mut().ok_or_else(out_of_turn)?;
        let Open { engine, blocks, terms, pieces, observed, .. } = open;
        let piece = pieces.get_mut(&index).ok_or_else(|| no_block(index))?;
        pool.install(|| {
            let seen = engine.observe(&piece.window, &piece.request)?;
            *observed = Some(index);
            Ok(Form::write(&seen, &piece.smooth(terms, blocks.size)))
        })
    }

    /// Takes the verdict over the sums of all blocks.
    ///
    /// # Errors
    /// When it belongs to another run.
    pub fn take(&mut self, verdict: &[f64]) -> Result<(), Error> {
        let open = self.open.as_mut().ok_or_else(out_of_turn)?;
        let (is_best, cotangents) = verdict.split_first().ok_or_else(out_of_turn)?;
        open.verdict = Some((open.form.read_cotangents(cotangents)?, *is_best != 0.0));
        Ok(())
    }

    /// The numbers of the blocks here, in the order in which derivatives are cheapest: that of the last observation
    /// first.
    pub fn order(&self) -> Vec<usize> {
        let Some(open) = &self.open else { return Vec::new() };
        let others = open.pieces.keys().copied().filter(|index| Some(*index) != open.observed);
        open.observed.into_iter().chain(others).collect()
    }

    /// Takes the verdict's derivatives to the pixels of a block's window. Returns those that belong to other blocks.
    ///
    /// # Errors
    /// When no verdict was taken, there is no such block here, or the engine fails.
    pub fn pull_back(&mut self, index: usize) -> Result<Strips, Error> {
        let Painter { pool, open, .. } = self;
        let open = open.as_mut().ok_or_else(out_of_turn)?;
        let Open { engine, blocks, pieces, observed, verdict, .. } = open;
        let piece = pieces.get_mut(&index).ok_or_else(|| no_block(index))?;
        let (cotangents, _) = verdict.as_ref().ok_or_else(out_of_turn)?;
        pool.install(|| {
            if *observed != Some(index) {
                engine.observe(&piece.window, &piece.request)?;
            }
            *observed = None;
            let gradient = engine.pull_back(&piece.window, cotangents)?;
            Ok(piece.split(blocks, &gradient))
        })
    }

    /// Moves the pixels of a block, with the derivatives that other blocks have by them. Returns the pixels that are in
    /// the windows of others.
    ///
    /// # Errors
    /// [`Error::NotFinite`], which ends the run; also when derivatives of a neighbour are missing.
    pub fn descend(&mut self, index: usize, others: Strips) -> Result<Strips, Error> {
        let Painter { pool, open, .. } = self;
        let open = open.as_mut().ok_or_else(out_of_turn)?;
        let Open { spec, blocks, pieces, verdict, .. } = open;
        let piece = pieces.get_mut(&index).ok_or_else(|| no_block(index))?;
        let (_, is_best) = verdict.as_ref().ok_or_else(out_of_turn)?;
        pool.install(|| piece.descend((blocks, spec), others, *is_best))?;
        Ok(piece.strips(blocks))
    }

    /// The pixels of a block that are in the windows of others.
    ///
    /// # Errors
    /// When there is no such block here.
    pub fn strips(&self, index: usize) -> Result<Strips, Error> {
        let (open, piece) = self.piece(index)?;
        Ok(piece.strips(&open.blocks))
    }

    /// Takes the pixels around a block from others.
    ///
    /// # Errors
    /// When they do not fit.
    pub fn fill(&mut self, index: usize, strips: Strips) -> Result<(), Error> {
        let open = self.open.as_mut().ok_or_else(out_of_turn)?;
        let piece = open.pieces.get_mut(&index).ok_or_else(|| no_block(index))?;
        open.observed = open.observed.filter(|observed| *observed != index);
        piece.fill(&open.blocks, strips)
    }

    /// The vectors of a block's core: picture, average, moments of Adam, and the best picture so far if it is kept.
    ///
    /// # Errors
    /// When there is no such block here.
    pub fn vectors(&self, index: usize) -> Result<Vectors, Error> {
        self.piece(index)?.1.vectors()
    }

    /// Writes a block to a file of its own after `iteration` iterations of the scale, and returns the SHA-256 at its
    /// end.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if the file cannot be written.
    pub fn save(&self, index: usize, iteration: usize, path: &Path) -> Result<String, Error> {
        let (open, piece) = self.piece(index)?;
        piece.save(&open.spec, iteration, path)
    }

    /// Continues a block from its file.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if the file is damaged or belongs to another block, step or run.
    pub fn restore(&mut self, index: usize, path: &Path) -> Result<(), Error> {
        let open = self.open.as_mut().ok_or_else(out_of_turn)?;
        let piece = open.pieces.get_mut(&index).ok_or_else(|| no_block(index))?;
        open.observed = None;
        piece.restore(&open.spec, path)
    }

    fn piece(&self, index: usize) -> Result<(&Open, &Piece), Error> {
        let open = self.open.as_ref().ok_or_else(out_of_turn)?;
        Ok((open, open.pieces.get(&index).ok_or_else(|| no_block(index))?))
    }
}

fn no_block(index: usize) -> Error {
    Error::invalid("block", format!("there is no block {index} here"))
}
