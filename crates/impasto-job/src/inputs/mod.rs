//! The pictures of a run: decoded, hashed, with their masks matched.

mod file;
mod masks;
mod raw;
mod source;

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use crate::JobError;
use crate::spec::{RegionSpec, StyleSpec, Texture, refuse_times};

pub use file::{Input, InputSummary, check_apart, check_model, read};
pub use masks::Masks;
pub use source::{MEMORY, Pictures, Source, is_in_memory};

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

/// Refuses standard input where it would be read twice: the second reader finds nothing.
///
/// # Errors
/// When several of the paths are `-`.
pub fn check_standard_input<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<(), JobError> {
    match paths.into_iter().filter(|path| *path == Path::new("-")).count() {
        0 | 1 => Ok(()),
        found => Err(JobError::bad_input(format!(
            "standard input (-) can be read only once: it would be read {found} times"
        ))
        .hint("save the picture to a file, and name that file")),
    }
}

/// All files that the options of a run name, besides the content.
pub fn named<'a>(
    styles: &'a [StyleSpec],
    init: Option<&'a Path>,
    regions: &'a RegionSpec,
) -> impl Iterator<Item = &'a Path> {
    let of_styles = styles.iter().flat_map(|style| [Some(&style.path), style.mask.as_ref()]).flatten();
    of_styles.chain(&regions.mask).chain(&regions.protect).map(PathBuf::as_path).chain(init)
}

impl Inputs {
    /// Reads the pictures of a run.
    ///
    /// # Errors
    /// When a picture cannot be read, or when the masks do not match.
    pub fn read(
        content: &Path,
        styles: &[StyleSpec],
        init: Option<&Path>,
        regions: &RegionSpec,
        source: &Source,
    ) -> Result<Inputs, JobError> {
        refuse_times(styles)?;
        check_standard_input(named(styles, init, regions).chain([content]))?;
        // Content and styles are read in parallel: decoding is a good part of a draft's time.
        let (content, styles_read) = thread::scope(|scope| {
            let content = scope.spawn(|| source.read(content));
            let styles = read_styles(styles, source);
            (content.join().unwrap_or_else(|panic| resume_unwind(panic)), styles)
        });
        let styles_read = styles_read?;
        Inputs::with(content?, styles_read, (styles, init, regions), source)
    }

    /// Reads the files of a texture, which has no content.
    pub(crate) fn read_texture(
        texture: &Texture,
        styles: &[StyleSpec],
        init: Option<&Path>,
        regions: &RegionSpec,
        source: &Source,
    ) -> Result<Inputs, JobError> {
        refuse_times(styles)?;
        check_standard_input(named(styles, init, regions))?;
        let styles_read = read_styles(styles, source)?;
        let nothing = Input::nothing((texture.width, texture.height), styles_read.first());
        Inputs::with(nothing, styles_read, (styles, init, regions), source)
    }

    fn with(
        content: Input,
        styles: Vec<Input>,
        (given, init, regions): (&[StyleSpec], Option<&Path>, &RegionSpec),
        source: &Source,
    ) -> Result<Inputs, JobError> {
        let init = init.map(|path| source.read(path)).transpose()?;
        Ok(Inputs { content, styles, init, masks: Masks::read(regions, given, source)? })
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

    /// Gives the inputs other names, in recipes, reports and notes: those by which users know them. Inputs for which
    /// `name` returns `None` keep theirs.
    pub fn rename(&mut self, name: &dyn Fn(&Path) -> Option<PathBuf>) {
        let main = [&mut self.content].into_iter().chain(&mut self.styles).chain(&mut self.init);
        for input in main.chain(self.masks.inputs_mut()).filter(|input| input.is_file()) {
            if let Some(name) = name(&input.path) {
                input.summary.path = name.display().to_string();
                input.path = name;
            }
        }
    }

    /// Notes about the inputs.
    pub fn notes(&self) -> Vec<String> {
        let of_files = self.all().into_iter().flat_map(Input::notes);
        of_files.chain(self.masks.notes().cloned()).collect()
    }
}

fn read_styles(styles: &[StyleSpec], source: &Source) -> Result<Vec<Input>, JobError> {
    styles.iter().map(|style| source.read(&style.path)).collect()
}
