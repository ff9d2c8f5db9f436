//! Requests of the page: two pictures, and drafts of them. Runs are in `run`.

use std::sync::Arc;
use std::time::Duration;

use impasto::image::{Encoding, Metadata, fit_long_edge, to_bytes};
use impasto::{Backend, Clock, Draft, EngineCache, Picture, Preset, Style, StyleTransfer};

use crate::pixels::resized;
use crate::run::Run;
use crate::{Given, Image, Problem, Settings, recipe};

/// Bytes that a run may take. A page gets at most 4 GB, on telephones far less; what needs more is painted in tiles.
const MEMORY: usize = 1 << 30;

/// Paints for one page. It keeps what its next call can reuse.
pub struct Painter {
    pub(crate) now: fn() -> Duration,
    content: Option<Given>,
    style: Option<Given>,
    /// Drafts that are kept warm, with the size of their result: a quick one and a whole one.
    pub(crate) drafts: Vec<(usize, Draft)>,
    /// The picture that can be saved, and the settings that made it.
    pub(crate) shown: Option<(Picture, Settings)>,
    pub(crate) run: Option<Run>,
    pub(crate) cache: Option<EngineCache>,
    /// The graphics card, as long as it works.
    pub(crate) card: Option<Arc<dyn Backend>>,
}

impl Painter {
    /// A painter without pictures. The clock only goes forward, from any moment.
    pub fn new(now: fn() -> Duration) -> Painter {
        let (content, style, drafts, shown) = (None, None, Vec::new(), None);
        Painter { now, content, style, drafts, shown, run: None, cache: None, card: None }
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
    pub(crate) fn end(&mut self) {
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

    pub(crate) fn transfer(&self, settings: &Settings) -> Result<StyleTransfer, Problem> {
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

    pub(crate) fn image(&self, picture: &Picture) -> Image {
        Image::new(picture, self.content.as_ref().and_then(|content| content.alpha.as_ref()))
    }
}
