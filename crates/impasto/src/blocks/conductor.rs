//! Conducts a run in blocks: runs the small scales, judges the sums of the blocks, and carries the picture from scale
//! to scale.

use std::path::Path;

use impasto_engine::painting::Values;
use impasto_engine::{Engine, Tiling};
use impasto_image::Picture;

use super::Vectors;
use super::piece::out_of_turn;
use super::scale::{self, Cut, ScaleSpec};
use super::spread::Spread;
use super::sums::{Form, added};
use crate::checkpoint::{Checkpoint, CheckpointError, State};
use crate::magnitude::check_cotangents;
use crate::optimiser::Optimiser;
use crate::recipe::{Keep, OptimizerKind};
use crate::{Error, Session, Setting, Step, StyleTransfer};

/// The work that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A step of a small scale: [`Conductor::step`].
    Whole,
    /// A scale in blocks: [`Conductor::open`].
    Spread,
    /// None: the picture is complete.
    Done,
}

/// The one part of a run in blocks that sees the whole.
pub struct Conductor {
    session: Session,
    cut: Cut,
    spread: Option<Spread>,
    /// Whether the blocks of the next scale restore themselves.
    restored: bool,
}

impl Conductor {
    /// Checks all options, and begins the run.
    ///
    /// # Errors
    /// The errors of [`StyleTransfer::build`], and [`Error::Invalid`] for what a run in blocks does not have: L-BFGS, a
    /// limit of time or memory, protected parts, and textures.
    pub fn new(transfer: StyleTransfer, cut: Cut) -> Result<Conductor, Error> {
        let refused = |setting: Setting, problem: &str| Err(Error::invalid(setting, problem));
        if transfer.time.is_some() {
            return refused(Setting::Time, "a run in blocks has no limit of time: give `iterations`");
        }
        if transfer.memory.is_some() {
            return refused(Setting::Memory, "a run in blocks is limited by the size of its tiles");
        }
        if transfer.texture.is_some() {
            return Err(Error::invalid("texture", "a texture cannot be painted in blocks"));
        }
        if transfer.regions.keeps_rest() {
            return refused(
                Setting::Rest,
                "a run in blocks has no protected parts: expected first, found keep",
            );
        }
        if transfer.regions.protects() {
            return refused(Setting::Protect, "a run in blocks has no protected parts");
        }
        if transfer.backend.is_some() {
            return Err(Error::invalid("device", "a run in blocks uses processors"));
        }
        let tiling = Tiling { window: cut.tile.or(Some(usize::MAX)), ..Tiling::default() };
        let session = transfer.tiling(tiling).build()?;
        let conductor = Conductor { session, cut, spread: None, restored: false };
        if conductor.session.inputs.recipe.optimizer == OptimizerKind::Lbfgs {
            return Err(Error::invalid("`optimizer`", "a run in blocks needs adam, found lbfgs"));
        }
        conductor.check_scales()?;
        Ok(conductor)
    }

    /// Finds scales that cannot be cut, before the work.
    fn check_scales(&self) -> Result<(), Error> {
        let inputs = &self.session.inputs;
        let topology = self.session.engine.network().encoder.topology();
        for scale in (0..inputs.scales.len()).filter(|scale| self.is_spread(*scale)) {
            let canvas = inputs.canvas(inputs.scales[scale]);
            scale::blocks(&inputs.recipe, topology, canvas.outer(), canvas.margin, self.cut)?;
        }
        Ok(())
    }

    fn is_spread(&self, scale: usize) -> bool {
        self.session.inputs.scales[scale].long_edge() > self.cut.above
    }

    /// The session, for what it knows of the run: its scales, its recipe, its encoder.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Goes to the work that comes next. The first call paints the draft.
    ///
    /// # Errors
    /// The errors of [`Session::step`].
    pub fn stage(&mut self) -> Result<Stage, Error> {
        if self.spread.is_some() {
            return Err(Error::invalid("blocks", "the scale is not closed"));
        }
        if self.restored {
            return Ok(Stage::Spread);
        }
        Ok(match self.session.arrive()? {
            false => Stage::Done,
            true if self.is_spread(self.session.scale) => Stage::Spread,
            true => Stage::Whole,
        })
    }

    /// Does one iteration of a small scale.
    ///
    /// # Errors
    /// The errors of [`Session::step`].
    pub fn step(&mut self) -> Result<Step, Error> {
        self.session.step()?.ok_or_else(out_of_turn)
    }

    /// Begins a scale in blocks. What it returns goes to every [`Painter`](super::Painter).
    ///
    /// # Errors
    /// When the pictures do not suit the cut.
    pub fn open(&mut self) -> Result<ScaleSpec, Error> {
        let spread = Spread::open(&mut self.session, self.cut, self.restored)?;
        let Session { inputs, scale, iteration, optimiser, average, fingerprint, .. } = &self.session;
        let canvas = inputs.canvas(inputs.scales[*scale]);
        let spec = ScaleSpec {
            cut: self.cut,
            fingerprint: fingerprint.clone(),
            recipe: inputs.recipe.at_scale(*scale, inputs.scales.len()),
            size: canvas.outer(),
            margin: canvas.margin,
            regions: spread.regions,
            level: inputs.colour == crate::Colour::Luminance,
            scale: *scale,
            iteration: *iteration,
            optimiser: optimiser.clone_scalars(),
            average: average.clone_scalars(),
        };
        (self.spread, self.restored) = (Some(spread), false);
        Ok(spec)
    }

    /// Number of blocks of the open scale.
    ///
    /// # Errors
    /// When no scale is open.
    pub fn count(&self) -> Result<usize, Error> {
        Ok(self.spread.as_ref().ok_or_else(out_of_turn)?.blocks.all.len())
    }

    /// For each block of the open scale, the blocks whose cores its window shows: it gives them derivatives, and takes
    /// pixels from them.
    ///
    /// # Errors
    /// When no scale is open.
    pub fn around(&self) -> Result<Vec<Vec<usize>>, Error> {
        let blocks = &self.spread.as_ref().ok_or_else(out_of_turn)?.blocks;
        Ok((0..blocks.all.len()).map(|index| blocks.around(index).collect()).collect())
    }

    /// The vectors of a block, for its painter ([`Painter::add`](super::Painter::add)).
    ///
    /// # Errors
    /// When there is no such block, or the judge is made already.
    pub fn part(&self, index: usize) -> Result<Vectors, Error> {
        self.spread.as_ref().ok_or_else(out_of_turn)?.part(index)
    }

    /// Makes the judge of the scale. `own` has what the painters returned for each block, or is empty if they returned
    /// nothing.
    ///
    /// # Errors
    /// When the sums are not those of all blocks, or a style's moments are not finite.
    pub fn ready(&mut self, own: &[Vec<f64>]) -> Result<(), Error> {
        self.spread.as_mut().ok_or_else(out_of_turn)?.ready(&self.session, own)
    }

    /// Judges the sums of all blocks, in their order, and counts the step. Returns the verdict for all painters, the
    /// step, and whether it is the last of the scale.
    ///
    /// # Errors
    /// [`Error::Diverged`] if a value is not finite.
    pub fn judge(&mut self, sums: &[impl AsRef<[f64]>]) -> Result<(Vec<f64>, Step, bool), Error> {
        let spread = self.spread.as_ref().ok_or_else(out_of_turn)?;
        let judge = spread.judge.as_ref().ok_or_else(out_of_turn)?;
        if sums.len() != spread.blocks.all.len() {
            return Err(Error::invalid("sums", "they are not those of all blocks"));
        }
        let session = &mut self.session;
        let start = session.clock.now();
        let (seen, terms) = spread.form.read(&added(sums)?)?;
        let judged = session.pool.install(|| {
            let (losses, cotangents) = judge.judge(&seen, &terms)?;
            check_cotangents(&cotangents, judge.terms())?;
            Ok((losses, cotangents))
        });
        let (losses, cotangents) = judged.map_err(|error| session.diverged(error))?;
        let keeps = session.inputs.recipe.keep == Keep::Best
            && session.scale + 1 == session.inputs.scales.len()
            && session.best.as_ref().is_none_or(|(lowest, _)| losses.total < *lowest);
        if keeps {
            session.best = Some((losses.total, Values::default()));
        }
        let Optimiser::Adam(adam) = &mut session.optimiser else { return Err(out_of_turn()) };
        adam.count();
        session.average.count();
        let mut verdict = vec![f64::from(u8::from(keeps))];
        verdict.extend(Form::write_cotangents(&cotangents));
        let step = session.done(losses, start);
        Ok((verdict, step, session.scale_is_done()?))
    }

    /// Takes the vectors of a block's core, after the last step of the scale.
    ///
    /// # Errors
    /// When they do not fit the block.
    pub fn gather(&mut self, index: usize, vectors: &Vectors) -> Result<(), Error> {
        self.spread.as_mut().ok_or_else(out_of_turn)?.gather(index, vectors)
    }

    /// Ends the scale, when all blocks are gathered.
    ///
    /// # Errors
    /// When one is missing.
    pub fn close(&mut self) -> Result<(), Error> {
        self.spread.take().ok_or_else(out_of_turn)?.close(&mut self.session)
    }

    /// The result so far, at the size of the current scale. While a scale is spread, the conductor has none.
    ///
    /// # Errors
    /// When a scale is open.
    pub fn picture(&self) -> Result<Picture, Error> {
        match self.spread.is_some() || self.restored {
            true => Err(Error::invalid("blocks", "the picture is with the painters")),
            false => self.session.picture(),
        }
    }

    /// Writes a checkpoint of a small scale.
    ///
    /// # Errors
    /// The errors of [`Session::save`].
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        self.session.save(path, &self.note())
    }

    /// Continues from a checkpoint of a small scale.
    ///
    /// # Errors
    /// The errors of [`Session::restore`].
    pub fn restore(&mut self, path: &Path) -> Result<(), Error> {
        let saved = Checkpoint::read(path)?;
        if saved.note() != self.note() {
            return Err(saved.differs("its blocks are not the same".into()).into());
        }
        self.session.restore(&saved)
    }

    fn note(&self) -> String {
        format!("{:?}", self.cut)
    }

    /// The place in the run as JSON. Together with the files of all blocks it is a checkpoint of a spread scale.
    ///
    /// # Errors
    /// Never in practice; the serialiser has an error.
    pub fn state(&self) -> Result<String, Error> {
        let Session { fingerprint, optimiser, average, scale, iteration, best, pace, .. } = &self.session;
        let mut state = State::new(fingerprint.clone(), optimiser.clone_scalars(), average.clone_scalars());
        (state.scale, state.iteration, state.pace) = (*scale, *iteration, pace.saved(None));
        state.best = best.as_ref().map(|(loss, _)| *loss);
        serde_json::to_string(&(self.cut, state)).map_err(|error| Error::invalid("state", error.to_string()))
    }

    /// Goes to a place in the run, at a spread scale whose blocks restore themselves.
    ///
    /// # Errors
    /// When the place is one of another run.
    pub fn resume(&mut self, state: &str) -> Result<(), Error> {
        let place = || std::path::PathBuf::from("manifest.json");
        let (cut, state): (Cut, State) = serde_json::from_str(state)
            .map_err(|error| CheckpointError::Damaged { path: place(), problem: error.to_string() })?;
        let differs = |what: String| CheckpointError::Differs { path: place(), what };
        if let Some(what) = self.session.fingerprint.difference(&state.fingerprint) {
            return Err(differs(what).into());
        }
        if cut != self.cut || state.scale >= self.session.inputs.scales.len() || !self.is_spread(state.scale)
        {
            return Err(differs("its blocks are not the same".into()).into());
        }
        let session = &mut self.session;
        (session.scale, session.iteration, session.pace) = (state.scale, state.iteration, state.pace);
        (session.optimiser, session.average) = (state.optimiser, state.average);
        session.best = state.best.map(|loss| (loss, Values::default()));
        (session.image, session.begun) = (Values::default(), true);
        (self.spread, self.restored) = (None, true);
        Ok(())
    }
}
