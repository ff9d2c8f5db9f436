//! Requests of the page: two pictures, drafts of them, and a run.

use std::time::Duration;

use impasto::image::{Encoding, Metadata, fit_long_edge, to_bytes};
use impasto::{Clock, Draft, EngineCache, Picture, Preset, Session, Step, Style, StyleTransfer};
use serde::Serialize;

use crate::pixels::resized;
use crate::{Given, Image, Problem, Settings, recipe};

/// Bytes that a run may take. A page gets at most 4 GB, on telephones far less; what needs more is painted in tiles.
const MEMORY: usize = 1 << 30;

/// Iterations of the last scale in a run that is asked to end soon.
const FEW: usize = 5;

/// Paints for one page. It keeps what its next call can reuse.
pub struct Painter {
    now: fn() -> Duration,
    content: Option<Given>,
    style: Option<Given>,
    /// Drafts that are kept warm, with the size of their result: a quick one and a whole one.
    drafts: Vec<(usize, Draft)>,
    /// The picture that can be saved, and the settings that made it.
    shown: Option<(Picture, Settings)>,
    run: Option<Run>,
    cache: Option<EngineCache>,
}

/// A run in progress or at its end.
struct Run {
    session: Session,
    settings: Settings,
    /// Work of the whole run, in pixels times iterations.
    work: f64,
    started: Duration,
}

/// The progress of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Progress {
    /// The step that was just done.
    pub step: Step,
    /// The part of the work that is done, from 0 to 1.
    pub fraction: f64,
    /// Seconds until the end, at the pace so far.
    pub seconds_left: f64,
}

impl Painter {
    /// A painter without pictures. The clock only goes forward, from any moment.
    pub fn new(now: fn() -> Duration) -> Painter {
        Painter { now, content: None, style: None, drafts: Vec::new(), shown: None, run: None, cache: None }
    }

    /// Takes the picture to repaint.
    pub fn set_content(&mut self, content: Given) {
        self.forget();
        self.content = Some(content);
    }

    /// Takes the picture whose style is used.
    pub fn set_style(&mut self, style: Given) {
        self.forget();
        self.style = Some(style);
    }

    fn forget(&mut self) {
        self.drafts.clear();
        self.shown = None;
        self.end();
    }

    /// Ends a run, and keeps what the next can reuse.
    fn end(&mut self) {
        if let Some(run) = self.run.take() {
            self.cache = Some(run.session.into_cache());
        }
    }

    fn pictures(&self) -> Result<(&Given, &Given), Problem> {
        match (&self.content, &self.style) {
            (Some(content), Some(style)) => Ok((content, style)),
            (None, _) => Err(Problem::new("there is no content yet")),
            (_, None) => Err(Problem::new("there is no style yet")),
        }
    }

    fn transfer(&self, settings: &Settings) -> Result<StyleTransfer, Problem> {
        let (content, style) = self.pictures()?;
        let given = Style::new(style.picture.clone()).alpha(style.alpha.clone());
        let transfer = StyleTransfer::new(content.picture.clone()).style(given).clock(Clock::new(self.now));
        let transfer = match &content.alpha {
            Some(alpha) => transfer.alpha(alpha.clone()),
            None => transfer,
        };
        settings.apply(transfer.memory(MEMORY))
    }

    /// Paints the draft of a result whose long edge is at most `longest`, too. It ends a run.
    ///
    /// # Errors
    /// Without both pictures, and for settings out of range.
    pub fn draft(&mut self, settings: &Settings, longest: usize) -> Result<Image, Problem> {
        /// A quick draft and a whole one; older ones go.
        const WARM: usize = 2;
        self.end();
        let size = settings.size.min(longest);
        let mut draft = match self.drafts.iter().position(|(of, _)| *of == size) {
            Some(at) => self.drafts.remove(at).1,
            None => Draft::new(self.transfer(&Settings { size, ..settings.clone() })?)?,
        };
        draft.set_strength(settings.strength);
        draft.set_stroke_size(settings.stroke_size);
        draft.set_colour(settings.colour()?);
        let picture = draft.picture()?;
        self.drafts.insert(0, (size, draft));
        self.drafts.truncate(WARM);
        let image = self.image(&picture);
        self.shown = Some((picture, Settings { size, ..settings.clone() }));
        Ok(image)
    }

    /// Work of a run with these settings, in pixels times iterations: its time is proportional to it.
    ///
    /// # Errors
    /// Without a content, and for settings out of range.
    pub fn work(&self, settings: &Settings) -> Result<f64, Problem> {
        let (content, _) = self.pictures()?;
        let size = fit_long_edge(content.picture.size(), settings.size);
        let recipe = settings.overrides()?.apply(Preset::ALL[0].recipe())?;
        let scales = recipe.pyramid.scales(size);
        Ok(scales.iter().map(|scale| (scale.width * scale.height * scale.iterations) as f64).sum())
    }

    /// Prepares a run. Returns the size that its result will have.
    ///
    /// # Errors
    /// The errors of [`StyleTransfer::build`], and those of missing pictures.
    pub fn begin(&mut self, settings: &Settings) -> Result<(usize, usize), Problem> {
        self.end();
        // Drafts take memory that the run can use; they are warm again soon.
        self.drafts.clear();
        let transfer = self.transfer(settings)?;
        let session = transfer.build_with(self.cache.take())?;
        let size = session.scales().last().map_or((0, 0), |scale| (scale.width, scale.height));
        let (work, started) = (session.work_left(), (self.now)());
        self.run = Some(Run { session, settings: settings.clone(), work, started });
        Ok(size)
    }

    /// Does one iteration of the run; `None` at its end.
    ///
    /// # Errors
    /// Without a run, and the errors of [`Session::step`].
    pub fn step(&mut self) -> Result<Option<Progress>, Problem> {
        let now = self.now;
        let run = self.running()?;
        let Some(step) = run.session.step()? else { return Ok(None) };
        let left = run.session.work_left();
        let fraction = if run.work > 0.0 { (1.0 - left / run.work).clamp(0.0, 1.0) } else { 1.0 };
        let elapsed = now().saturating_sub(run.started).as_secs_f64();
        let seconds_left = if fraction > 0.0 { elapsed * (1.0 - fraction) / fraction } else { 0.0 };
        Ok(Some(Progress { step, fraction, seconds_left }))
    }

    fn running(&mut self) -> Result<&mut Run, Problem> {
        self.run.as_mut().ok_or_else(|| Problem::new("nothing runs"))
    }

    /// The picture of the run so far, reduced to a long edge of `longest` pixels.
    ///
    /// # Errors
    /// Without a run.
    pub fn preview(&mut self, longest: usize) -> Result<Image, Problem> {
        let picture = self.running()?.session.preview(longest)?;
        Ok(self.image(&picture))
    }

    /// Brings the run to its end soon, at its full size.
    ///
    /// # Errors
    /// Without a run.
    pub fn finish_soon(&mut self) -> Result<(), Problem> {
        self.running()?.session.finish_soon(FEW);
        Ok(())
    }

    /// Ends the run and returns its picture, which can be saved then.
    ///
    /// # Errors
    /// Without a run.
    pub fn result(&mut self) -> Result<Image, Problem> {
        let run = self.running()?;
        let (picture, settings) = (run.session.picture()?, run.settings.clone());
        run.session.finish();
        let image = self.image(&picture);
        self.shown = Some((picture, settings));
        Ok(image)
    }

    /// The bytes of a PNG file: the last result or draft, with the opacity of its content and its recipe.
    ///
    /// # Errors
    /// Before anything was painted.
    pub fn png(&self) -> Result<Vec<u8>, Problem> {
        let (content, style) = self.pictures()?;
        let (picture, settings) =
            self.shown.as_ref().ok_or_else(|| Problem::new("nothing is painted yet"))?;
        let session = self.run.as_ref().map(|run| &run.session);
        let recipe = recipe::of(settings, content, style, session);
        let metadata = Metadata { recipe: Some(recipe), ..Metadata::default() };
        let encoding = Encoding { metadata, ..Encoding::default() };
        let alpha = content.alpha.as_ref().map(|alpha| resized(alpha, picture.size()));
        to_bytes("impasto.png".as_ref(), picture, alpha.as_ref(), &encoding)
            .map_err(|error| Problem::new(error.to_string()))
    }

    fn image(&self, picture: &Picture) -> Image {
        Image::new(picture, self.content.as_ref().and_then(|content| content.alpha.as_ref()))
    }
}
