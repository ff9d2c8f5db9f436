//! A file that is not there: what was meant.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Endings of pictures and of films.
const KINDS: [&[&str]; 2] = [
    &[
        "avif", "bmp", "exr", "gif", "heic", "heif", "jpe", "jpeg", "jpg", "jxl", "png", "qoi", "tga", "tif",
        "tiff", "webp",
    ],
    &["avi", "m4v", "mkv", "mov", "mp4", "mpg", "webm"],
];

/// The most files of a folder that are looked at.
const MOST: usize = 10_000;

/// What to do about a file that is not there, as a sentence without a full stop.
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

/// The reason of a system's error in words, without its number.
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
    let (stem, ending) = split(&asked);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let entries = fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let found = entries.take(MOST).filter_map(|entry| {
        let other = entry.ok()?.path();
        let name = lower(&other)?;
        let (is_same, is_misspelt) = (name == asked, is_one_letter_off(&asked, &name));
        let (other_stem, other_ending) = split(&name);
        let has_stem = (other_stem == stem && of_one_kind(ending, other_ending))
            || (other_stem == asked && of_one_kind("", other_ending));
        let fits = is_same || has_stem;
        ((fits || is_misspelt) && other.is_file()).then_some((!is_same, !fits, other))
    });
    let name = found.min()?.2;
    Some(folder.map_or_else(|| PathBuf::from(name.file_name().unwrap_or_default()), |_| name.clone()))
}

/// Whether two names differ in one letter, or in two that are swapped. Names that differ in a digit are of a series.
fn is_one_letter_off(a: &str, b: &str) -> bool {
    let (mut a, mut b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let is_long = a.len() > 4;
    for _ in 0..2 {
        let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
        a = a.split_off(same).into_iter().rev().collect();
        b = b.split_off(same).into_iter().rev().collect();
    }
    let is_swapped = a.len() == 2 && a.iter().rev().eq(&b);
    let has_digit = a.iter().chain(&b).any(char::is_ascii_digit);
    is_long && !has_digit && (is_swapped || (a.len() <= 1 && b.len() <= 1))
}

/// A name without its ending, and the ending.
fn split(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or((name, ""))
}

/// Whether a file of the second ending may be meant where the first is asked for, or none.
fn of_one_kind(asked: &str, other: &str) -> bool {
    KINDS.iter().any(|kind| kind.contains(&other) && (asked.is_empty() || kind.contains(&asked)))
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
