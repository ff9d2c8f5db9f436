//! Frames as files: a folder, or a pattern such as `in/%04d.png` or `in/*.exr`.

use std::fs;
use std::path::{Path, PathBuf};

use impasto::image::{Format, Limits, Space};
use impasto_job::JobError;

use crate::ffmpeg::Decoded;

/// The files of a folder or a pattern, in their order; `None` for a single file.
pub(crate) fn list(path: &Path) -> Result<Option<Vec<PathBuf>>, JobError> {
    if path.is_dir() {
        return folder(path, None).map(Some);
    }
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return Ok(None) };
    let Some(pattern) = Pattern::of(name).filter(|_| !path.exists()) else { return Ok(None) };
    let place = path.parent().filter(|place| !place.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let files = folder(place, Some(&pattern))?;
    match files.is_empty() {
        true => Err(JobError::bad_input(format!("no file is named like {}", path.display()))),
        false => Ok(Some(files)),
    }
}

/// Whether a path means several files: a folder or a pattern.
pub(crate) fn is_several(path: &Path) -> bool {
    let is_pattern = || path.file_name().and_then(|name| name.to_str()).and_then(Pattern::of).is_some();
    path.is_dir() || (!path.exists() && is_pattern())
}

/// The pictures of a folder in the order of their numbers.
fn folder(path: &Path, pattern: Option<&Pattern>) -> Result<Vec<PathBuf>, JobError> {
    let entries = fs::read_dir(path).map_err(|error| JobError::read(path, &error))?;
    let mut files = Vec::new();
    for entry in entries {
        let file = entry.map_err(|error| JobError::read(path, &error))?.path();
        let Some(name) =
            file.file_name().and_then(|name| name.to_str()).filter(|name| !name.starts_with('.'))
        else {
            continue;
        };
        let wanted = match pattern {
            Some(pattern) => pattern.fits(name),
            None => Format::of(&file).is_ok() && file.is_file(),
        };
        if wanted {
            files.push((order(name), file));
        }
    }
    files.sort();
    Ok(files.into_iter().map(|(_, file)| file).collect())
}

/// The order of names: texts by their letters, numbers by their value, so that 9 comes before 10.
fn order(name: &str) -> Vec<(String, u64)> {
    let mut parts = vec![(String::new(), 0u64)];
    let mut in_number = false;
    for letter in name.chars() {
        match letter.to_digit(10) {
            Some(digit) => {
                if let Some((_, number)) = parts.last_mut() {
                    *number = number.saturating_mul(10).saturating_add(u64::from(digit));
                }
                in_number = true;
            }
            None => {
                if in_number {
                    parts.push((String::new(), 0));
                }
                in_number = false;
                if let Some((text, _)) = parts.last_mut() {
                    text.push(letter);
                }
            }
        }
    }
    parts
}

/// A pattern of file names: text, and a place for a number or for any letters.
pub(crate) struct Pattern {
    before: String,
    /// Digits of the number; `None` for any letters (`*`).
    digits: Option<usize>,
    after: String,
}

impl Pattern {
    /// Reads a pattern: `%d`, `%04d` or `*` within a name; `None` if it has none of these.
    pub(crate) fn of(name: &str) -> Option<Pattern> {
        if let Some((before, after)) = name.split_once('*') {
            return Some(Pattern { before: before.into(), digits: None, after: after.into() });
        }
        let (before, rest) = name.split_once('%')?;
        let (digits, after) = rest.split_once('d')?;
        let digits =
            if digits.is_empty() { 1 } else { digits.strip_prefix('0').unwrap_or(digits).parse().ok()? };
        Some(Pattern { before: before.into(), digits: Some(digits), after: after.into() })
    }

    fn fits(&self, name: &str) -> bool {
        let middle = name.strip_prefix(&self.before).and_then(|rest| rest.strip_suffix(&self.after));
        middle.is_some_and(|middle| match self.digits {
            Some(digits) => middle.len() >= digits && middle.bytes().all(|byte| byte.is_ascii_digit()),
            None => true,
        })
    }

    /// The name of a frame; `None` for a pattern without a number.
    pub(crate) fn name(&self, number: usize) -> Option<String> {
        self.digits.map(|digits| format!("{}{number:0digits$}{}", self.before, self.after))
    }
}

/// Reads and decodes a picture within limits.
pub(crate) fn open(file: &Path, limits: &Limits) -> Result<impasto::image::Decoded, JobError> {
    let bytes = impasto::image::read(file, limits)?;
    Ok(impasto::image::decode(bytes, &file.display().to_string(), limits)?)
}

/// Reads a frame.
pub(crate) fn read(
    file: &Path,
    size: (usize, usize),
    space: Space,
    limits: &Limits,
) -> Result<Decoded, JobError> {
    let mut decoded = open(file, limits)?;
    if decoded.picture.size() != size {
        let (path, found) = (file.display(), decoded.picture.size());
        return Err(JobError::bad_input(format!(
            "{path}: expected {size:?} pixels as in the first frame, found {found:?}"
        )));
    }
    decoded.bring_to(space);
    Ok((decoded.picture, decoded.alpha))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_sorted_by_value() {
        let mut names = ["b2.png", "a10.png", "a9.png", "a09x.png"];
        names.sort_by_key(|name| order(name));
        assert_eq!(names, ["a9.png", "a09x.png", "a10.png", "b2.png"]);
    }

    #[test]
    fn patterns_fit_names_and_make_them() {
        let pattern = Pattern::of("in%04d.png").unwrap();
        assert!(pattern.fits("in0001.png") && pattern.fits("in12345.png"));
        assert!(!pattern.fits("in001.png") && !pattern.fits("in00x1.png") && !pattern.fits("in0001.jpg"));
        assert_eq!(pattern.name(7).unwrap(), "in0007.png");
        assert!(Pattern::of("*.exr").unwrap().fits("any.exr"));
        assert!(Pattern::of("film.mp4").is_none());
    }
}
