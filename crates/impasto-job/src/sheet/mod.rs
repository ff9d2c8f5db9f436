//! The job `sheet`: small pictures with other values of options, side by side, with the values. Options that look the
//! same at every size can be chosen on a sheet and then used for a large picture.

mod draw;
mod vary;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use impasto::image::{Encoding, Format, Metadata, Space, check_output, save};
use impasto::{EngineCache, Picture, Session};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::control::Request;
use crate::event::ItemOutcome;
use crate::inputs::{self, Inputs};
use crate::spec::SheetSpec;
use crate::transfer::{self, Asked};
use crate::{Context, End, ErrorKind, Event, JobError, recipe};
use vary::{Cell, Grid};

/// The outcome of a sheet.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SheetDone {
    /// How the sheet ended: complete, or ended early.
    pub end: End,
    /// Number of pictures that were made.
    pub made: usize,
    /// Number of pictures that were asked for.
    pub of: usize,
    /// Size of the sheet in pixels.
    pub size: (usize, usize),
    /// The labels above the columns.
    pub columns: Vec<String>,
    /// The labels above the rows; none if there is only one row.
    pub rows: Vec<String>,
    /// The pictures that were made, row by row.
    pub cells: Vec<SheetCell>,
    /// The sheet: RGB, encoded by the curve of sRGB. A sheet that was cancelled has none.
    pub picture: Option<Arc<Picture>>,
    /// The colour space of the sheet.
    pub space: Space,
    /// Whether the file carries the recipes of its pictures ([`like_cell`](crate::like_cell)).
    pub has_recipe: bool,
}

/// A picture of a sheet: its place, and what was varied.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SheetCell {
    /// Pixels from the left edge of the sheet.
    pub left: usize,
    /// Pixels from the top of the sheet.
    pub top: usize,
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// The varied options and their values, as a text.
    pub label: String,
    /// The varied options with their values.
    pub settings: Map<String, Value>,
}

/// Default long edge of the pictures in pixels.
const SIZE: usize = 256;

pub(crate) fn run(spec: &SheetSpec, context: &Context) -> Result<SheetDone, JobError> {
    let mut spec = spec.clone();
    spec.run.size.get_or_insert(SIZE);
    let source = context.source(&spec.input)?;
    let grid = Grid::of(&spec.vary)?;
    let cells = grid.cells(&spec.run)?;
    let in_memory = context.in_memory && spec.output.as_os_str().is_empty();
    if !in_memory {
        check_output(&spec.output, None, false)?;
    }
    let init = spec.run.overrides()?.1;
    let inputs = Inputs::read(&spec.content, &spec.style, init.as_deref(), &spec.regions, &source)?;
    inputs::check_apart("`output`", &spec.output, &inputs.all())?;
    inputs::check_model("`output`", &spec.output, &spec.run.objective.model)?;
    inputs.notes().into_iter().for_each(|note| context.warn(note));
    context.control.begin();
    let mut sheet = Sheet { spec: &spec, context, inputs, cache: None };
    let size = sheet.check(&cells)?;
    if !in_memory {
        check_side(&spec.output, draw::size(size, grid.columns().len(), grid.rows().len()))?;
    }
    if sheet.inputs.content.decoded.alpha.is_some() {
        context.warn(
            "note: the sheet is opaque: transparent parts of the content are filled with the colours around them",
        );
    }
    let (made, ended) = sheet.make_all(&cells);
    if context.control.requested() == Request::Cancel {
        return Ok(SheetDone {
            end: End::Cancelled,
            made: 0,
            of: cells.len(),
            size: (0, 0),
            columns: grid.columns(),
            rows: grid.rows(),
            cells: Vec::new(),
            picture: None,
            space: sheet.inputs.content.decoded.space,
            has_recipe: false,
        });
    }
    if made.is_empty() {
        return Err(ended.err().unwrap_or_else(|| JobError::bug("a sheet without a picture")));
    }
    let drawn = Arc::new(draw::sheet(&made, size, &grid.columns(), &grid.rows()));
    let recipe = if in_memory { None } else { sheet.recipe(&cells[..made.len()])? };
    if !in_memory {
        sheet.write(&drawn, made.len(), recipe.clone())?;
    }
    let done = |end| SheetDone {
        end,
        made: made.len(),
        of: cells.len(),
        size: drawn.size(),
        columns: grid.columns(),
        rows: grid.rows(),
        cells: places(&cells[..made.len()], size, &grid),
        picture: Some(Arc::clone(&drawn)),
        space: sheet.inputs.content.decoded.space,
        has_recipe: recipe.is_some(),
    };
    match ended {
        Ok(()) => Ok(done(End::Complete)),
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(done(context.control.end())),
        Err(error) => {
            let (path, made) = (spec.output.display(), made.len());
            Err(error.and_hint(format!("{path} has the {made} pictures that were made")))
        }
    }
}

/// The places of the pictures that were made.
fn places(made: &[Cell], (width, height): (usize, usize), grid: &Grid) -> Vec<SheetCell> {
    let (across, rows) = (grid.columns().len(), grid.rows().len());
    let place = |(at, cell): (usize, &Cell)| {
        let (left, top) = draw::place((width, height), (at % across, at / across), rows);
        let (label, settings) = (cell.label.clone(), cell.settings.clone());
        SheetCell { left, top, width, height, label, settings }
    };
    made.iter().enumerate().map(place).collect()
}

/// The pictures of a sheet, all of one content in one set of styles.
struct Sheet<'a> {
    spec: &'a SheetSpec,
    context: &'a Context,
    inputs: Inputs,
    cache: Option<EngineCache>,
}

impl Sheet<'_> {
    /// Finds the errors of all pictures before the work for the first one. Returns the size of a picture.
    fn check(&mut self, cells: &[Cell]) -> Result<(usize, usize), JobError> {
        let mut size = (1, 1);
        for cell in cells {
            let session = self.session(cell)?;
            size = session.scales().last().map_or(size, |scale| (scale.width, scale.height));
            self.cache = Some(session.into_cache());
        }
        Ok(size)
    }

    /// Returns the pictures that could be made, and the error that ended the work, if any.
    fn make_all(&mut self, cells: &[Cell]) -> (Vec<Picture>, Result<(), JobError>) {
        let control = &self.context.control;
        let mut made = Vec::with_capacity(cells.len());
        for (index, cell) in cells.iter().enumerate() {
            let start = Instant::now();
            if control.is_asked_to_end() {
                return (made, Err(JobError::interrupted("interrupted")));
            }
            match self.make(cell) {
                Ok((picture, device)) => {
                    made.push(picture);
                    self.context.emit(Event::Item {
                        number: index + 1,
                        of: cells.len(),
                        name: cell.label.clone(),
                        outcome: ItemOutcome::Made { seconds: start.elapsed().as_secs_f64(), device },
                    });
                }
                // The pictures so far are kept.
                Err(_) if control.is_ending() => return (made, Err(JobError::interrupted("interrupted"))),
                Err(error) => return (made, Err(error)),
            }
        }
        (made, Ok(()))
    }

    /// Makes a picture, and names the device that made it.
    fn make(&mut self, cell: &Cell) -> Result<(Picture, String), JobError> {
        let mut session = self.session(cell)?;
        while session.step()?.is_some() {}
        let (picture, device) = (session.picture(), session.instruction_set().to_owned());
        self.cache = Some(session.into_cache());
        Ok((picture?, device))
    }

    fn session(&mut self, cell: &Cell) -> Result<Session, JobError> {
        let SheetSpec { style, regions, .. } = self.spec;
        let asked = Asked { run: &cell.run, styles: style, texture: None, regions };
        let transfer = transfer::of(&asked, &mut self.inputs.clone(), self.context)
            .map_err(|error| error.about(&cell.label))?;
        let session = transfer.build_with(self.cache.take());
        session.map_err(|error| JobError::from(error).about(&cell.label))
    }

    /// Returns the recipe of the pictures that were made, if the format has room for it.
    fn recipe(&self, made: &[Cell]) -> Result<Option<String>, JobError> {
        let SheetSpec { run, style, regions, .. } = self.spec;
        let asked = Asked { run, styles: style, texture: None, regions };
        let pictures = made.iter().map(|cell| (&cell.label[..], &cell.settings));
        let recipe = recipe::of_sheet(&asked, &self.inputs, pictures);
        let format = Format::of(&self.spec.output)?;
        Ok(Some(recipe).filter(|recipe| format.holds_recipe() && format.fits_recipe(recipe)))
    }

    fn write(&self, drawn: &Picture, made: usize, recipe: Option<String>) -> Result<(), JobError> {
        let space = self.inputs.content.decoded.space;
        let icc_profile = (space != Space::Srgb).then(|| space.icc());
        let metadata = Metadata { recipe, ..Metadata::default() };
        let encoding = Encoding { space, icc_profile, metadata, ..Encoding::default() };
        let path = &self.spec.output;
        self.context.control.saving(|| save(path, drawn, None, &encoding))?;
        let (width, height) = drawn.size();
        self.context.emit(Event::Wrote { path: path.clone(), width, height, count: made, seconds: 0.0 });
        Ok(())
    }
}

fn check_side(output: &Path, (width, height): (usize, usize)) -> Result<(), JobError> {
    let format = Format::of(output)?;
    if width.max(height) > format.longest_side() {
        let (name, most) = (format.name(), format.longest_side());
        return Err(JobError::bad_input(format!(
            "the sheet has {width}x{height} pixels, but {name} holds at most {most} a side"
        ))
        .hint("end the name in .png, or give fewer values or a smaller `size`"));
    }
    Ok(())
}
