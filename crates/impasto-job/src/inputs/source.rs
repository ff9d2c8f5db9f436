//! Where the pictures of a job come from: files, and pictures in memory that stand in for files.
//!
//! A job names a picture in memory `memory:NAME`, in place of a path. The face (front end) gives the picture itself to
//! the runner ([`Runner::pictures`](crate::Runner::pictures)), because a job is data and holds none.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use impasto::image::Limits;

use super::{Input, read};
use crate::JobError;

/// The beginning of a name of a picture in memory.
pub const MEMORY: &str = "memory:";

/// Pictures in memory, by the paths that a job names them by.
pub type Pictures = Arc<HashMap<PathBuf, Input>>;

/// Whether a path names a picture in memory.
pub fn is_in_memory(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().starts_with(MEMORY.as_bytes())
}

/// Reads the pictures of a job.
#[derive(Clone, Default)]
pub struct Source {
    limits: Limits,
    pictures: Pictures,
}

impl Source {
    /// Reads files alone.
    pub fn files(limits: Limits) -> Source {
        Source { limits, pictures: Pictures::default() }
    }

    /// Reads these pictures, and files.
    pub fn with(limits: Limits, pictures: &Pictures) -> Source {
        Source { limits, pictures: Arc::clone(pictures) }
    }

    /// Reads a picture.
    ///
    /// # Errors
    /// When the file cannot be read, is not a picture, or exceeds the limits, or when the picture is not in memory.
    pub fn read(&self, path: &Path) -> Result<Input, JobError> {
        match self.pictures.get(path) {
            Some(input) => Ok(input.clone()),
            None if is_in_memory(path) => {
                let name = path.display().to_string();
                let name = name.trim_start_matches(MEMORY);
                Err(JobError::bad_input(format!("{name}: the picture was in memory, and is not any more"))
                    .hint("give it again"))
            }
            None => read(path, &self.limits),
        }
    }
}

#[cfg(test)]
mod tests {
    use impasto::image::{Numbers, RawPicture};

    use super::*;

    #[test]
    fn pictures_in_memory_go_before_files() {
        let raw =
            RawPicture { size: (1, 1), numbers: Numbers::Eight(vec![9; 3]), icc_profile: None, exif: None };
        let input = Input::from_raw("a", raw).unwrap();
        let pictures = Arc::new(HashMap::from([(PathBuf::from("memory:a"), input)]));
        let source = Source::with(Limits::default(), &pictures);
        assert_eq!(source.read(Path::new("memory:a")).unwrap().path, Path::new("a"));
        let gone = source.read(Path::new("memory:b")).err().unwrap();
        assert!(gone.message().starts_with("b: the picture was in memory"), "{gone}");
        assert!(source.read(Path::new("none.png")).is_err());
    }
}
