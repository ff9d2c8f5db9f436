//! The painted frames of a film, small, as the page shows them: one JPEG for each, in the folder `frames` of the job.
//! They stay after the end, when the frames of 16 bits are gone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use impasto::Picture;
use impasto::image::Space;

use crate::pictures::jpeg;

/// The folder of the frames in the folder of a job.
pub(crate) fn folder(job: &Path) -> PathBuf {
    job.join("frames")
}

fn file(folder: &Path, number: usize) -> PathBuf {
    self::folder(folder).join(format!("{number:06}.jpg"))
}

/// Keeps a frame in the folder of its job, and returns its bytes.
pub(crate) fn keep(folder: &Path, number: usize, picture: &Picture, space: Space) -> io::Result<Vec<u8>> {
    let bytes = jpeg(picture, space)?;
    fs::create_dir_all(folder.join("frames"))?;
    // Beside and renamed: a page may ask for it meanwhile.
    let (path, partial) = (file(folder, number), folder.join("frames/partial"));
    fs::write(&partial, &bytes)?;
    fs::rename(partial, path)?;
    Ok(bytes)
}

/// The file of a frame, or of the last one before it that was painted.
pub(crate) fn at(folder: &Path, number: usize) -> Option<PathBuf> {
    let exact = file(folder, number);
    if exact.exists() {
        return Some(exact);
    }
    numbers(folder).filter(|found| *found <= number).max().map(|found| file(folder, found))
}

/// The frames that can be looked at: those up to the last painted one.
pub(crate) fn painted(folder: &Path) -> usize {
    numbers(folder).max().map_or(0, |last| last + 1)
}

fn numbers(folder: &Path) -> impl Iterator<Item = usize> {
    let entries = fs::read_dir(self::folder(folder)).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".jpg")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_that_is_not_painted_is_shown_by_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!((at(folder.path(), 5), painted(folder.path())), (None, 0));
        for number in [0, 4] {
            keep(folder.path(), number, &Picture::filled(8, 8, [0.5; 3]), Space::Srgb).unwrap();
        }
        let found = |number| at(folder.path(), number).map(|path| path.file_name().unwrap().to_owned());
        assert_eq!(painted(folder.path()), 5);
        assert_eq!(found(3), Some("000000.jpg".into()));
        assert_eq!((found(4), found(99)), (Some("000004.jpg".into()), Some("000004.jpg".into())));
    }
}
