//! The names of results that are made from the names of inputs: in a batch, and where `output` is a folder.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf, is_separator};

use impasto::image::Format;

use crate::inputs::MEMORY;
use crate::paths;
use crate::spec::{StyleSpec, StylizeSpec, Task};

/// Returns a name with the placeholders {content} and {style} filled in. A name that is filled in is not searched for
/// placeholders.
pub(crate) fn filled(template: &str, content: &str, style: &str) -> String {
    let mut name = String::new();
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        let places = [("{content}", content), ("{style}", style)];
        let place = places.into_iter().find(|(place, _)| rest[start..].starts_with(place));
        name.push_str(&rest[..start]);
        let (taken, put) = place.unwrap_or(("{", "{"));
        name.push_str(put);
        rest = &rest[start + taken.len()..];
    }
    name + rest
}

/// Returns the file name without its extension. Bytes that are not Unicode are percent-encoded.
pub(crate) fn stem(path: &Path) -> String {
    match path.as_os_str() == "-" {
        true => "stdin".into(),
        false => text(path.file_stem().unwrap_or_default()).trim_start_matches(MEMORY).to_owned(),
    }
}

/// Returns a name for each file: without the extension, or with it if several files have the same name otherwise.
pub(crate) fn distinct(paths: &[PathBuf]) -> Vec<String> {
    let mut names: Vec<String> = paths.iter().map(|path| stem(path)).collect();
    loop {
        let mut files: HashMap<&str, Vec<&OsStr>> = HashMap::new();
        for (name, path) in names.iter().zip(paths) {
            files.entry(name).or_default().push(path.file_name().unwrap_or_default());
        }
        // Files of one name in several folders cannot be told apart by it.
        let differ = |name: &String| files[&name[..]].iter().any(|file| *file != files[&name[..]][0]);
        let next: Vec<String> = names
            .iter()
            .zip(paths)
            .map(|(name, path)| match differ(name) {
                true => text(path.file_name().unwrap_or_default()),
                false => name.clone(),
            })
            .collect();
        if next == names {
            return names;
        }
        names = next;
    }
}

fn text(name: &OsStr) -> String {
    match name.to_str() {
        Some(text) => text.to_owned(),
        None => paths::encoded(name).unwrap_or_else(|| name.to_string_lossy().into_owned()),
    }
}

/// Gives a result a name where `output` is a folder: that of a batch, `CONTENT_STYLE.png`.
pub(crate) fn name_in_folder(task: &mut Task) {
    match task {
        Task::Stylize(spec) => name_stylized(spec),
        Task::Texture(spec) => {
            let name = format!("{}_texture", of_styles(&spec.style));
            complete(&mut spec.output, &name, spec.result.format.as_deref());
        }
        Task::Sheet(spec) => {
            let name = format!("{}_{}_sheet", stem(&spec.content), of_styles(&spec.style));
            complete(&mut spec.output, &name, None);
        }
        Task::Batch(_) | Task::Compare(_) | Task::Video(_) => {}
    }
}

/// Like [`name_in_folder`], for the job `stylize`.
pub(crate) fn name_stylized(spec: &mut StylizeSpec) {
    let name = format!("{}_{}", stem(&spec.content), of_styles(&spec.style));
    complete(&mut spec.output, &name, spec.result.format.as_deref());
}

/// Adds a file name to a folder, with the extension of the format.
fn complete(output: &mut PathBuf, name: &str, format: Option<&str>) {
    if is_folder(output) {
        let format = format.and_then(|name| name.parse::<Format>().ok());
        output.push(format!("{name}.{}", format.map_or("png", Format::extension)));
    }
}

fn of_styles(styles: &[StyleSpec]) -> String {
    styles.iter().map(|style| stem(&style.path)).collect::<Vec<_>>().join("_")
}

/// Whether a path names a folder: it exists as one, or ends with a separator.
fn is_folder(path: &Path) -> bool {
    let last = path.as_os_str().as_encoded_bytes().last();
    path.is_dir() || last.is_some_and(|byte| is_separator(char::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_in_once() {
        assert_eq!(filled("{content}_{style}.png", "my{style}", "{content}"), "my{style}_{content}.png");
        assert_eq!(filled("{style}{content}{style}", "a", "b"), "bab");
        assert_eq!(filled("{x}{", "a", "b"), "{x}{");
    }

    #[test]
    fn files_of_one_stem_keep_their_extensions() {
        let of = |paths: &[&str]| distinct(&paths.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(of(&["a/x.jpg", "x.png", "y.png"]), ["x.jpg", "x.png", "y"]);
        assert_eq!(of(&["x.png", "x.jpg"]), ["x.png", "x.jpg"]);
        assert_eq!(of(&["x.jpg", "x.png", "x.jpg.png"]), ["x.jpg", "x.png", "x.jpg.png"]);
        // The extension does not help these.
        assert_eq!(of(&["a/x.jpg", "b/x.jpg"]), ["x", "x"]);
    }

    #[test]
    fn folders_get_a_file() {
        let output = |output: &str, format: Option<&str>| {
            let styles = vec![StyleSpec::plain("t/b.jpg"), StyleSpec::plain("c.d.png")];
            let mut spec = StylizeSpec::new("p/a.jpg".into(), styles, output.into());
            spec.result.format = format.map(str::to_owned);
            let mut task = Task::Stylize(spec);
            name_in_folder(&mut task);
            let Task::Stylize(spec) = task else { unreachable!() };
            spec.output.to_string_lossy().replace('\\', "/")
        };
        assert_eq!(output("none/", None), "none/a_b_c.d.png");
        assert_eq!(output("none/", Some("jpg")), "none/a_b_c.d.jpg");
        assert_eq!(output("none", None), "none");
        let folder = tempfile::tempdir().unwrap();
        let existing = folder.path().to_string_lossy().replace('\\', "/");
        assert_eq!(output(&existing, None), format!("{existing}/a_b_c.d.png"));
    }
}
