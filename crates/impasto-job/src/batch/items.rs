//! The items of a batch: each content in each style, with the name of its result; and the items of a shard.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use impasto::image::{Ending, ImageError, hint_of_missing};

use crate::inputs::is_in_memory;
use crate::naming::{distinct, filled};
use crate::spec::OutputSpec;
use crate::{Cause, JobError};

/// One picture to make.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) content: PathBuf,
    pub(super) style: PathBuf,
    /// File name in the output folder.
    pub(super) output: String,
}

/// Returns the inputs that the names stand for: files, folders (the pictures directly in them), and patterns.
pub(super) fn expand(what: &str, names: &[PathBuf]) -> Result<Vec<PathBuf>, JobError> {
    let mut found = Vec::new();
    for name in names {
        let before = found.len();
        if name.is_dir() {
            let entries = fs::read_dir(name).map_err(|error| JobError::read(name, &error))?;
            let mut inside: Vec<PathBuf> = entries
                .filter_map(|entry| Some(entry.ok()?.path()))
                .filter(|path| is_picture(path))
                .collect();
            inside.sort();
            found.extend(inside);
        } else if let Some(pattern) =
            name.to_str().filter(|text| text.contains(['*', '?', '[']) && !name.exists())
        {
            let options = glob::MatchOptions { require_literal_leading_dot: true, ..Default::default() };
            let paths = glob::glob_with(pattern, options).map_err(|error| {
                JobError::bad_input(format!("{pattern}: {error}")).hint("such as 'photos/*.jpg'")
            })?;
            found.extend(paths.filter_map(Result::ok).filter(|path| path.is_file()));
        } else {
            check_there(what, name, names.len() == 1)?;
            found.push(name.clone());
        }
        if found.len() == before {
            return Err(JobError::bad_input(format!("{}: no {what} picture there", name.display())));
        }
    }
    Ok(found)
}

/// Refuses a style that is not there, or a folder, or the only content. One file of several contents that is missing
/// is one failed item, not the end of the batch.
fn check_there(what: &str, name: &Path, alone: bool) -> Result<(), JobError> {
    let is_one_of_several = what == "content" && !alone && is_called_picture(name);
    match is_one_of_several || name == Path::new("-") || is_in_memory(name) || name.exists() {
        true => Ok(()),
        false if what == "content" && !is_called_picture(name) => {
            let message = format!("{}: no such file or folder", name.display());
            Err(JobError::bad_input(message).caused_by(Cause::Missing).hint(hint_of_missing(name)))
        }
        false => Err(ImageError::NotFound { path: name.into() }.into()),
    }
}

fn is_called_picture(path: &Path) -> bool {
    Ending::of(path) == Some(Ending::Picture)
}

fn is_picture(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    path.is_file() && !hidden && is_called_picture(path)
}

/// Refuses an output folder with inputs in it: the next batch would take the results for inputs.
pub(super) fn check_folder(folder: &Path, pictures: &[PathBuf]) -> Result<(), JobError> {
    if folder.is_file() {
        let message = format!("`output`: expected a folder, found the file {}", folder.display());
        return Err(JobError::bad_input(message).hint("a batch writes to a folder, such as `output` results"));
    }
    let Ok(folder) = folder.canonicalize() else { return Ok(()) };
    let inside = |path: &&PathBuf| {
        path.canonicalize().is_ok_and(|path| path.parent().is_some_and(|parent| parent == folder))
    };
    match pictures.iter().find(inside) {
        Some(path) => Err(JobError::bad_input(format!("`output`: {} is in the same folder", path.display()))
            .hint("choose another one: the next batch would take the results for inputs")),
        None => Ok(()),
    }
}

/// Returns each content in each style, with names from a template. Files whose names differ only by the extension keep
/// the extension in the name of the result. The order is style by style, so that what has been
/// computed for a style serves all contents.
pub(super) fn pair(
    contents: &[PathBuf],
    styles: &[PathBuf],
    template: &str,
    result: &OutputSpec,
) -> Result<Vec<Item>, JobError> {
    check(template, result)?;
    let mut items = Vec::with_capacity(contents.len() * styles.len());
    let mut taken: HashMap<String, (PathBuf, PathBuf)> = HashMap::new();
    let (content_names, style_names) = (distinct(contents), distinct(styles));
    for (style, style_name) in styles.iter().zip(&style_names) {
        for (content, content_name) in contents.iter().zip(&content_names) {
            let output = filled(template, content_name, style_name);
            let pair = (content.clone(), style.clone());
            if let Some((other, other_style)) = taken.insert(output.clone(), pair) {
                return Err(JobError::bad_input(format!(
                    "{output} would be the result of both {} in {} and {} in {}",
                    other.display(),
                    other_style.display(),
                    content.display(),
                    style.display()
                ))
                .hint("put {content} and {style} into `name`, or give files of different names"));
            }
            items.push(Item { content: content.clone(), style: style.clone(), output });
        }
    }
    Ok(items)
}

fn check(template: &str, result: &OutputSpec) -> Result<(), JobError> {
    let rest = filled(template, "", "");
    if let Some(start) = rest.find('{') {
        let name: String = rest[start..].chars().take_while(|&c| c != '}').chain(['}']).collect();
        return Err(
            JobError::bad_input(format!("`name`: there is no {name}")).hint("use {content} and {style}")
        );
    }
    if template.contains(['/', '\\']) {
        return Err(JobError::bad_input("`name`: expected a file name, found a path")
            .hint("give the folder with `output`"));
    }
    result.format(Path::new(template)).map(|_| ()).map_err(|failure| failure.about("`name`"))
}

/// A part of a batch: the shard with this index, of `count` shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shard {
    /// Index of the shard, from 0 on.
    pub(super) index: usize,
    pub(super) count: usize,
}

/// Variables in which job schedulers give the index and the number of shards: Kubernetes, Slurm.
const VARIABLES: [[&str; 2]; 2] =
    [["JOB_COMPLETION_INDEX", "JOB_COMPLETION_COUNT"], ["SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT"]];

impl Shard {
    /// Returns the shard that the option asks for (`2/8`, counted from 1), or else the one that a scheduler gives.
    pub(super) fn of(asked: Option<&str>) -> Result<Shard, JobError> {
        if let Some(text) = asked {
            let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
            return match parts {
                Some((index @ 1.., count)) if index <= count => Ok(Shard { index: index - 1, count }),
                _ => Err(JobError::bad_input(format!(
                    "`shard`: expected I/N with I from 1 to N, found {text}"
                ))),
            };
        }
        for [index, count] in VARIABLES {
            let Ok(index_text) = std::env::var(index) else { continue };
            let Ok(count_text) = std::env::var(count) else {
                return Err(JobError::bad_input(format!("{index} is set, but {count} is not"))
                    .hint("set it to the number of jobs, or give `shard` I/N"));
            };
            // The numbers of a Slurm array may begin anywhere and have a step.
            let (first, step) = match index.starts_with("SLURM") {
                true => (number("SLURM_ARRAY_TASK_MIN", 0), number("SLURM_ARRAY_TASK_STEP", 1).max(1)),
                false => (0, 1),
            };
            let shard = index_text.parse::<usize>().ok().zip(count_text.parse::<usize>().ok());
            return match shard {
                Some((at, count))
                    if at >= first && (at - first) % step == 0 && (at - first) / step < count =>
                {
                    Ok(Shard { index: (at - first) / step, count })
                }
                _ => Err(JobError::bad_input(format!(
                    "{index}={index_text} and {count}={count_text} name no shard"
                ))
                .hint("give `shard` I/N, or unset both variables")),
            };
        }
        Ok(Shard { index: 0, count: 1 })
    }

    /// Returns the items of the shard: every `count`-th, from `index` on.
    pub(super) fn take(self, items: Vec<Item>) -> Vec<Item> {
        items.into_iter().skip(self.index).step_by(self.count).collect()
    }
}

/// Reads a number from the environment.
fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
