//! A file that is not there: what was meant.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::Ending;

/// The most files of a folder that are looked at.
const MOST: usize = 10_000;

/// Returns what the user can do about a file that is not there, as a sentence without a full stop.
pub fn hint_of_missing(path: &Path) -> String {
    let text = path.to_string_lossy();
    if text.starts_with("http://") || text.starts_with("https://") {
        return "download it first, and name the file".into();
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            format!("the folder {} does not exist either", folder.display())
        }
        _ => match alike(path) {
            Some(other) => format!("did you mean {}?", other.display()),
            None => "check the spelling, and the current folder".into(),
        },
    }
}

/// Returns the reason of a system's error in words, without its number.
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "there is no permission".into(),
        _ => {
            let text = error.to_string();
            text.split(" (os error ").next().unwrap_or_default().to_owned()
        }
    }
}

/// A file in the same folder whose name differs only in capital letters, in the ending, or in one letter.
fn alike(path: &Path) -> Option<PathBuf> {
    let lower = |path: &Path| path.file_name()?.to_str().map(str::to_lowercase);
    let asked = lower(path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let entries = fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let found = entries.take(MOST).filter_map(|entry| {
        let other = entry.ok()?.path();
        let name = lower(&other)?;
        let (is_same, has_stem) = (name == asked, is_other_ending(&asked, &name));
        let fits = is_same || has_stem || is_one_letter_off(&asked, &name);
        (fits && other.is_file()).then_some((!is_same, !has_stem, other))
    });
    let name = found.min()?.2;
    Some(folder.map_or_else(|| PathBuf::from(name.file_name().unwrap_or_default()), |_| name.clone()))
}

/// Whether two names differ in their endings alone, and both are of pictures or of films. The first may have no ending.
fn is_other_ending(asked: &str, other: &str) -> bool {
    let stem = |name: &str| Path::new(name).file_stem().map(ToOwned::to_owned);
    let (mine, theirs) = (Ending::of(asked), Ending::of(other));
    theirs.is_some()
        && (stem(other).is_some_and(|stem| stem == asked) || (mine == theirs && stem(asked) == stem(other)))
}

/// Whether two names differ in one letter, or in two that are swapped. Names that differ in a digit are of a series.
fn is_one_letter_off(a: &str, b: &str) -> bool {
    let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
    a.chars().count() > 4 && digits(a) == digits(b) && strsim::osa_distance(a, b) == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_case_or_ending_are_found() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["photo.jpg", "photo.txt", "film.mov", "run.png", "run.png.checkpoint"] {
            fs::write(folder.path().join(name), b"").unwrap();
        }
        let hint = |name: &str| hint_of_missing(&folder.path().join(name));
        let meant = |name: &str| format!("did you mean {}?", folder.path().join(name).display());
        for name in ["photo.JPG", "PHOTO.png", "photo", "Photo.jpeg"] {
            // On some systems these are the file itself.
            assert_eq!(hint(name), meant("photo.jpg"), "{name}");
        }
        assert_eq!(hint("film.mp4"), meant("film.mov"));
        for name in ["phto.jpg", "hpoto.jpg", "photoo.jpg", "pboto.jpg"] {
            assert_eq!(hint(name), meant("photo.jpg"), "{name}");
        }
        for name in ["foto.jpg", "photo1.jpg", "photo.mp4", "film.png", "run.checkpoint", "photo.txt.old"] {
            assert!(hint(name).starts_with("check the spelling"), "{name}: {}", hint(name));
        }
        assert!(hint("no/photo.jpg").contains("does not exist either"));
        assert!(hint_of_missing(Path::new("https://a.org/b.jpg")).contains("download it first"));
    }

    #[test]
    fn reasons_have_no_numbers() {
        assert_eq!(reason(&io::Error::from(io::ErrorKind::PermissionDenied)), "there is no permission");
        let reason = reason(&io::Error::from_raw_os_error(2));
        assert!(!reason.is_empty() && !reason.contains("os error"), "{reason}");
    }
}
