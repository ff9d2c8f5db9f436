//! A scale that is spread: what the conductor prepares for the blocks, and what it gathers from them.

use impasto_engine::painting::Home;
use impasto_engine::{Blocks, Engine, Plane, Rect, Size};
use impasto_image::{Filter, resize};

use super::painter::{CONTENT, KEPT, RESIDUAL, region};
use super::piece::{AVERAGE, BEST, FIRST, PICTURE, SECOND};
use super::planes::{cut, inside, only, paste};
use super::sums::{Form, added};
use super::{Vectors, scale};
use crate::assembly::pixels;
use crate::draft::draft_at;
use crate::objective::{Judge, MeanMoments};
use crate::optimiser::{Average, Optimiser};
use crate::prepare::{mirrored, targets_at};
use crate::scale_up::new_optimiser;
use crate::{Error, Session, Setting};

pub(super) struct Spread {
    pub(super) blocks: Blocks,
    pub(super) form: Form,
    pub(super) regions: usize,
    /// Style moments, until the judge is made of them.
    targets: Option<Vec<Vec<Option<MeanMoments>>>>,
    pub(super) judge: Option<Judge>,
    /// Whole planes with the margin: those that blocks are cut from, later those that are gathered.
    whole: Vectors,
    gathered: usize,
}

impl Spread {
    /// Prepares the scale of a session. Its vectors move here, unless `restored`: then each block has its own in a
    /// file.
    pub(super) fn open(session: &mut Session, cut: super::Cut, restored: bool) -> Result<Spread, Error> {
        if session.inputs.recipe.holds_draft() {
            session.paint_draft()?;
        }
        let Session { inputs, draft, engine, styles, pool, scale, .. } = session;
        let size = inputs.scales[*scale];
        let canvas = inputs.canvas(size);
        let topology = engine.network().encoder.topology().clone();
        let blocks = scale::blocks(&inputs.recipe, &topology, canvas.outer(), canvas.margin, cut)?;
        let content = inputs.content.as_ref().ok_or(Error::NoStyle)?;
        let mut placed = inputs.regions.place(inputs.alpha.as_ref(), canvas);
        if placed.held.take().is_some() {
            return Err(Error::invalid(Setting::Protect, "a picture in blocks has no protected parts"));
        }
        let draft = draft.as_ref().filter(|_| inputs.recipe.content_is_draft);
        let (targets, content, kept) = pool.install(|| -> Result<_, Error> {
            let targets = targets_at(inputs, (size.width, size.height), engine, styles)?;
            engine.forget_targets();
            let resized = resize(content, size.width, size.height, Filter::Bicubic, inputs.averaging);
            let kept = draft
                .map(|draft| mirrored(draft_at(draft, (content, &resized), inputs.averaging), canvas).data);
            let content =
                if canvas.margin == 0 { pixels(resized).data } else { mirrored(resized, canvas).data };
            Ok((targets, content, kept))
        })?;
        let ones = |planes: Vec<Plane>| match planes.is_empty() {
            true => vec![vec![1.0; blocks.size.area()]],
            false => planes.into_iter().map(|plane| plane.data).collect(),
        };
        let regions = ones(placed.regions);
        let count = regions.len();
        let mut whole = Vectors::from([(CONTENT.to_owned(), content)]);
        whole.extend(kept.map(|kept| (KEPT.to_owned(), kept)));
        whole.extend(regions.into_iter().enumerate().map(|(index, plane)| (region(index), plane)));
        let residual = ones(placed.residual.into_iter().collect()).swap_remove(0);
        whole.insert(RESIDUAL.into(), residual);
        if !restored {
            whole.extend(taken(session)?);
        }
        let form = Form::new(&session.inputs.recipe, &topology, count)?;
        Ok(Spread { blocks, form, regions: count, targets: Some(targets), judge: None, whole, gathered: 0 })
    }

    /// The vectors of a block: those of its window, and those of its core.
    pub(super) fn part(&self, index: usize) -> Result<Vectors, Error> {
        let block = self.blocks.all.get(index);
        let block = block.ok_or_else(|| Error::invalid("block", format!("there is no block {index}")))?;
        let core = inside(block.core, block.window);
        let of = |(name, planes): (&String, &Vec<f32>)| {
            let is_core = [PICTURE, AVERAGE, FIRST, SECOND, BEST].contains(&name.as_str());
            let rect: Rect = if is_core { block.core } else { block.window };
            let mut part = cut(planes, self.blocks.size, rect);
            if *name == RESIDUAL || name.starts_with("region.") {
                only(&mut part, block.window.size, core);
            }
            (name.clone(), part)
        };
        Ok(self.whole.iter().map(of).collect())
    }

    /// Makes the judge, with the content's own sums of all blocks in their order, if they were asked for. The vectors
    /// that blocks were cut from are dropped.
    pub(super) fn ready(&mut self, session: &Session, own: &[Vec<f64>]) -> Result<(), Error> {
        self.whole = Vectors::new();
        let targets = self.targets.take().ok_or_else(super::piece::out_of_turn)?;
        let own = match own.is_empty() {
            true => None,
            false => Some(self.form.of_content().read(&added(own)?)?.0),
        };
        let recipe = session.inputs.recipe.at_scale(session.scale, session.inputs.scales.len());
        let encoder = &session.engine.network().encoder;
        let judge = session.pool.install(|| Judge::new(&recipe, encoder, targets, own.as_ref()));
        self.judge = Some(judge?);
        Ok(())
    }

    /// Takes the vectors of a block's core.
    pub(super) fn gather(&mut self, index: usize, vectors: &Vectors) -> Result<(), Error> {
        let size: Size = self.blocks.size;
        let block = self.blocks.all.get(index).copied();
        let block = block.ok_or_else(|| Error::invalid("block", format!("there is no block {index}")))?;
        for (name, part) in vectors {
            if part.len() != 3 * block.core.size.area() {
                return Err(Error::invalid("block", format!("{name} does not fit its core")));
            }
            let planes = self.whole.entry(name.clone()).or_insert_with(|| vec![0.0; 3 * size.area()]);
            paste(planes, size, block.core, part);
        }
        self.gathered += 1;
        Ok(())
    }

    /// Gives the gathered vectors to the session.
    pub(super) fn close(mut self, session: &mut Session) -> Result<(), Error> {
        if self.gathered != self.blocks.all.len() {
            return Err(Error::invalid("blocks", "not all of them were gathered"));
        }
        let mut take = |name: &str| self.whole.remove(name).unwrap_or_default();
        let Optimiser::Adam(adam) = &mut session.optimiser else { return Err(super::piece::out_of_turn()) };
        (adam.first, adam.second) = (take(FIRST).into(), take(SECOND).into());
        session.image = take(PICTURE).into();
        session.average.sum = take(AVERAGE).into();
        if let Some((_, best)) = &mut session.best {
            *best = take(BEST).into();
        }
        Ok(())
    }
}

/// The vectors of a session: the picture, its average and the moments of Adam, which begin here at the first step.
fn taken(session: &mut Session) -> Result<Vectors, Error> {
    let image = std::mem::take(&mut session.image).into_vec().map_err(Error::stream)?;
    if session.average.sum.is_empty() {
        let recipe = &session.inputs.recipe;
        session.average = Average::new(recipe.average_decay, &image, &Home::Memory).map_err(Error::stream)?;
        session.optimiser =
            new_optimiser(recipe, session.scale, image.len(), &Home::Memory).map_err(Error::stream)?;
    }
    let average = std::mem::take(&mut session.average.sum).into_vec().map_err(Error::stream)?;
    let Optimiser::Adam(adam) = &mut session.optimiser else {
        return Err(Error::invalid("optimizer", "blocks need adam"));
    };
    let first = std::mem::take(&mut adam.first).into_vec().map_err(Error::stream)?;
    let second = std::mem::take(&mut adam.second).into_vec().map_err(Error::stream)?;
    let all = [(PICTURE, image), (AVERAGE, average), (FIRST, first), (SECOND, second)];
    Ok(all.into_iter().map(|(name, values)| (name.to_owned(), values)).collect())
}
