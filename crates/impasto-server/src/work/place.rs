//! Where a job is, kept in a file that survives the end of the program. A job that ends the program twice at the same
//! place is not tried again.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

/// How places begin that are iterations.
pub(super) const ITERATION: &str = "iteration";

/// Length of the text. It is filled up with blanks, so that one write replaces it.
const LENGTH: usize = 64;

/// The file with the place of a running job.
pub(super) struct Place(Option<File>);

impl Place {
    /// Makes the file in the folder of the job.
    pub(super) fn new(folder: &Path) -> Place {
        Place(File::create(folder.join("place")).ok())
    }

    /// Keeps the place. The system writes it even if the program ends at once. A disk that is full does not end a job.
    pub(super) fn set(&mut self, place: &str) {
        let write = |file: &mut File| -> io::Result<()> {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(format!("{place:<LENGTH$}").as_bytes())
        };
        if self.0.as_mut().is_some_and(|file| write(file).is_err()) {
            self.0 = None;
        }
    }
}

/// The place that was kept in this folder; empty if none was.
pub(super) fn read(folder: &Path) -> String {
    fs::read_to_string(folder.join("place")).map(|text| text.trim().to_owned()).unwrap_or_default()
}

/// Forgets the place in this folder, once its death is counted: the next life may end before it has a place of its own.
pub(super) fn forget(folder: &Path) {
    let _ = fs::remove_file(folder.join("place"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_place_counts() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()), "");
        let mut place = Place::new(folder.path());
        place.set("iteration 100 of scale 2");
        place.set("writing");
        assert_eq!(read(folder.path()), "writing");
        forget(folder.path());
        assert_eq!(read(folder.path()), "");
    }
}
