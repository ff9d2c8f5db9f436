//! The pictures of a run: decoded, hashed, with their masks matched.

mod file;
mod masks;

use std::panic::resume_unwind;
use std::path::Path;
use std::thread;

use impasto::image::Limits;

use crate::JobError;
use crate::spec::{RegionSpec, StyleSpec, Texture};

pub use file::{Input, InputSummary, check_apart, check_model, read};
pub use masks::Masks;

pub(crate) use file::{Unread, open, sha256};

/// All pictures that a run is made from.
#[derive(Clone)]
pub struct Inputs {
    /// The picture to repaint. A texture has none: an [`Input`] without a file takes its place.
    pub content: Input,
    /// The styles, in their order.
    pub styles: Vec<Input>,
    /// The initial picture, if it is a file.
    pub init: Option<Input>,
    /// The masks of content and styles.
    pub masks: Masks,
}

impl Inputs {
    /// Reads the files of a run.
    ///
    /// # Errors
    /// When a file cannot be read, is not a picture, or exceeds the limits, or when the masks do not match.
    pub fn read(
        content: &Path,
        styles: &[StyleSpec],
        init: Option<&Path>,
        regions: &RegionSpec,
        limits: &Limits,
    ) -> Result<Inputs, JobError> {
        // Content and styles are read in parallel: decoding is a good part of a draft's time.
        let (content, styles_read) = thread::scope(|scope| {
            let content = scope.spawn(|| read(content, limits));
            let styles = read_styles(styles, limits);
            (content.join().unwrap_or_else(|panic| resume_unwind(panic)), styles)
        });
        let styles_read = styles_read?;
        Inputs::with(content?, styles_read, (styles, init, regions), limits)
    }

    /// Reads the files of a texture, which has no content.
    pub(crate) fn read_texture(
        texture: &Texture,
        styles: &[StyleSpec],
        init: Option<&Path>,
        regions: &RegionSpec,
        limits: &Limits,
    ) -> Result<Inputs, JobError> {
        let styles_read = read_styles(styles, limits)?;
        let nothing = Input::nothing((texture.width, texture.height), styles_read.first());
        Inputs::with(nothing, styles_read, (styles, init, regions), limits)
    }

    fn with(
        content: Input,
        styles: Vec<Input>,
        (given, init, regions): (&[StyleSpec], Option<&Path>, &RegionSpec),
        limits: &Limits,
    ) -> Result<Inputs, JobError> {
        let init = init.map(|path| read(path, limits)).transpose()?;
        Ok(Inputs { content, styles, init, masks: Masks::read(regions, given, limits)? })
    }

    /// All input files, always in the same order.
    pub fn all(&self) -> Vec<&Input> {
        let main = [&self.content]
            .into_iter()
            .filter(|content| content.is_file())
            .chain(&self.styles)
            .chain(&self.init);
        main.chain(self.masks.inputs()).collect()
    }

    /// Notes about the inputs.
    pub fn notes(&self) -> Vec<String> {
        let of_files = self.all().into_iter().flat_map(Input::notes);
        of_files.chain(self.masks.notes().cloned()).collect()
    }
}

fn read_styles(styles: &[StyleSpec], limits: &Limits) -> Result<Vec<Input>, JobError> {
    styles.iter().map(|style| read(&style.path, limits)).collect()
}
