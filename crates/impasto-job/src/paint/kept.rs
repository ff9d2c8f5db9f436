//! A result in memory, with everything that its file gets: it can be saved later, in any format, with the bytes that
//! the run would have written.

use std::path::Path;
use std::sync::Arc;

use impasto::image::{Decoded, Plane, Space, check_output};
use impasto::{Keep, Picture};

use crate::encoding::{encoding, losses_of_format, prepared, write};
use crate::spec::OutputSpec;
use crate::{JobError, recipe};

/// A result in memory.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The picture: RGB, encoded by the curve of sRGB.
    pub picture: Arc<Picture>,
    /// The properties that the file takes from the content: depth, space, profile, opacity, metadata. The content's own
    /// picture is not kept.
    pub content: Arc<Decoded>,
    /// How the run would write it.
    pub result: OutputSpec,
    /// The recipe, as JSON.
    pub recipe: String,
}

impl Kept {
    pub(super) fn of(picture: Arc<Picture>, content: &Decoded, result: &OutputSpec, recipe: &str) -> Kept {
        let content = Decoded {
            picture: Picture::filled(1, 1, [0.0; 3]),
            space: content.space,
            alpha: content.alpha.clone(),
            depth: content.depth,
            icc_profile: content.icc_profile.clone(),
            metadata: content.metadata.clone(),
            is_one_of_several: false,
            notes: Vec::new(),
        };
        Kept { picture, content: Arc::new(content), result: result.clone(), recipe: recipe.to_owned() }
    }

    /// The colour space of the picture.
    pub fn space(&self) -> Space {
        self.content.space
    }

    /// The opacity of the content, in the content's size.
    pub fn alpha(&self) -> Option<&Plane> {
        self.content.alpha.as_ref()
    }

    /// Another iterate of the same run.
    #[must_use]
    pub fn iterate(&self, keep: Keep, picture: Arc<Picture>) -> Kept {
        Kept { picture, recipe: recipe::keeping(&self.recipe, keep), ..self.clone() }
    }

    /// Writes the picture, as the run would have written it with these options. Returns warnings about what the format
    /// does not hold.
    ///
    /// # Errors
    /// When the format is unknown or cannot hold what is asked for, or the file cannot be written.
    pub fn save(&self, path: &Path, asked: &OutputSpec) -> Result<Vec<String>, JobError> {
        self.check(path, asked)?;
        check_output(path, Some(asked.format(path)?), self.content.alpha.is_some())?;
        let recipe = recipe::writing(&self.recipe, asked);
        write(path, &self.picture, &self.content, asked, &recipe)?;
        losses_of_format(path, &self.content, asked)
    }

    /// Returns the bytes that [`save`](Kept::save) would write to a file of this name.
    ///
    /// # Errors
    /// The errors of [`save`](Kept::save), except those of writing.
    pub fn to_bytes(&self, name: &Path, asked: &OutputSpec) -> Result<Vec<u8>, JobError> {
        self.check(name, asked)?;
        let recipe = recipe::writing(&self.recipe, asked);
        let (picture, alpha, encoding) = prepared(name, &self.picture, &self.content, asked, &recipe)?;
        Ok(impasto::image::to_bytes(name, &picture, alpha.as_ref(), &encoding)?)
    }

    fn check(&self, path: &Path, asked: &OutputSpec) -> Result<(), JobError> {
        encoding(path, ("content", &self.content), asked).map(|_| ())
    }
}
