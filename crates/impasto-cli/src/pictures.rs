//! The pictures of a run, read together.

use std::panic::resume_unwind;
use std::path::Path;
use std::thread;

use impasto::image::Limits;

use crate::failure::Failure;
use crate::inputs::{self, Input};
use crate::masks::{Masks, RegionArgs};
use crate::style_arg::StyleArg;
use crate::texture::Texture;

/// Where a content comes from.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    File(&'a Path),
    /// It is none.
    Texture(&'a Texture),
}

/// Everything that a run is made from.
#[derive(Clone)]
pub(crate) struct Pictures {
    pub(crate) content: Input,
    pub(crate) styles: Vec<Input>,
    /// What to begin with.
    pub(crate) init: Option<Input>,
    pub(crate) masks: Masks,
}

impl Pictures {
    pub(crate) fn read(
        content: Source<'_>,
        styles: &[StyleArg],
        init: Option<&Path>,
        regions: &RegionArgs,
        limits: &Limits,
    ) -> Result<Pictures, Failure> {
        let read = |path: &Path| inputs::read(path, limits);
        let read_styles = || styles.iter().map(|style| read(&style.path)).collect::<Result<Vec<_>, _>>();
        let (content, styles_read) = match content {
            Source::File(path) => {
                // Both at once: decoding is a good part of a draft's time.
                let (content, styles) = thread::scope(|scope| {
                    let content = scope.spawn(|| read(path));
                    let styles = read_styles();
                    (content.join().unwrap_or_else(|panic| resume_unwind(panic)), styles)
                });
                let styles = styles?;
                (content?, styles)
            }
            Source::Texture(texture) => {
                let styles = read_styles()?;
                (Input::nothing((texture.width, texture.height), styles.first()), styles)
            }
        };
        Ok(Pictures {
            content,
            styles: styles_read,
            init: init.map(read).transpose()?,
            masks: Masks::read(regions, styles, limits)?,
        })
    }

    /// All files, in an order that does not change.
    pub(crate) fn all(&self) -> Vec<&Input> {
        let main = [&self.content]
            .into_iter()
            .filter(|content| content.is_file())
            .chain(&self.styles)
            .chain(&self.init);
        main.chain(self.masks.inputs()).collect()
    }

    /// What is worth knowing of them.
    pub(crate) fn notes(&self) -> Vec<String> {
        let of_files = self.all().into_iter().filter_map(Input::note);
        of_files.chain(self.masks.notes().cloned()).collect()
    }
}
