//! The note in a checkpoint: the data, besides the state of the session, that resuming the job needs.

use std::path::{Path, PathBuf};

use impasto::{Checkpoint, CheckpointError, Step, image};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::inputs::{Input, is_in_memory};
use crate::spec::{JobSpec, StyleSpec, StylizeSpec, Task, TextureSpec, check_version};
use crate::{Cause, JobError};

/// The note in a checkpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ResumeInfo {
    /// The job, with absolute paths.
    pub(crate) job: JobSpec,
    /// SHA-256 of all files that were read.
    pub(crate) inputs: Vec<String>,
    /// The completed steps.
    pub(crate) steps: Vec<Step>,
    /// The value that the face (front end) which began the job wants to find again.
    #[serde(default)]
    pub(crate) face: Value,
}

impl ResumeInfo {
    /// Reads a note of this version, or of a version in which jobs had no format of their own yet.
    pub(crate) fn parse(text: &str) -> Result<ResumeInfo, String> {
        let note: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let note = if note.get("args").is_some() { from_args(note)? } else { note };
        serde_json::from_value(note).map_err(|error| error.to_string())
    }

    /// Checks that the inputs are the files that the run began with.
    pub(crate) fn check(&self, inputs: &[&Input]) -> Result<(), JobError> {
        let changed = inputs.iter().zip(&self.inputs).find(|(input, hash)| input.sha256() != **hash);
        match changed {
            Some((input, _)) => Err(JobError::bad_input(format!(
                "{} has changed since the checkpoint was written",
                input.path.display()
            ))
            .hint("restore the file, or begin the run anew")),
            None => Ok(()),
        }
    }
}

/// Converts a note of version 0.1 from before jobs, which holds the arguments of `stylize`.
fn from_args(mut note: Value) -> Result<Value, String> {
    let lost = || "its options are damaged".to_owned();
    let mut args = note["args"].take();
    let options = args.as_object_mut().ok_or_else(lost)?;
    let face = serde_json::json!({
        "progress": options.remove("progress"),
        "preview": options.remove("preview"),
    });
    options.remove("like");
    if let Some(extras) = options.remove("extras") {
        options.insert("side_outputs".into(), extras);
    }
    let texture = options.remove("texture").filter(Value::is_object);
    let spec: StylizeSpec = serde_json::from_value(args).map_err(|error| error.to_string())?;
    let task = match texture {
        None => Task::Stylize(spec),
        Some(texture) => {
            let side = |name: &str| texture[name].as_u64().map(|side| side as usize).ok_or_else(lost);
            let size = (side("width")?, side("height")?);
            Task::Texture(TextureSpec::of_stylize(spec, size, texture["seamless"] == true))
        }
    };
    note["job"] = serde_json::to_value(JobSpec::from(task)).map_err(|error| error.to_string())?;
    note["face"] = face;
    Ok(note)
}

/// The checkpoint from which a run continues.
pub(crate) struct Resumed {
    pub(crate) path: PathBuf,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) info: ResumeInfo,
}

impl Resumed {
    /// Reads a checkpoint.
    pub(crate) fn read(path: &Path) -> Result<Resumed, JobError> {
        let checkpoint = Checkpoint::read(path).map_err(|error| unread(path, error))?;
        let info = ResumeInfo::parse(checkpoint.note()).map_err(|reason| {
            JobError::bad_input(format!("{} was not written by a job of impasto: {reason}", path.display()))
                .hint("the program that wrote it may be able to resume it")
        })?;
        check_version(info.job.version)?;
        Ok(Resumed { path: path.into(), checkpoint, info })
    }
}

/// The error for a checkpoint that cannot be read. A picture is named beside the checkpoint that was meant.
fn unread(path: &Path, error: CheckpointError) -> JobError {
    match error {
        CheckpointError::Read { source, .. } => JobError::read(path, &source),
        CheckpointError::Damaged { .. } if image::open(path).is_ok() => {
            let mut checkpoint = path.as_os_str().to_owned();
            checkpoint.push(".checkpoint");
            let checkpoint = PathBuf::from(checkpoint);
            let message = format!("{} is a picture: expected a checkpoint", path.display());
            JobError::bad_input(message).caused_by(Cause::Checkpoint).hint(match checkpoint.exists() {
                true => format!("`impasto resume {}` goes on", checkpoint.display()),
                false => "a run that was interrupted keeps a checkpoint beside the picture, called OUT.checkpoint; \
                          without one, start the run again"
                    .into(),
            })
        }
        error => impasto::Error::from(error).into(),
    }
}

/// Returns the job with absolute paths, which are valid in every folder.
pub(super) fn absolute(job: &JobSpec) -> JobSpec {
    let mut job = job.clone();
    match &mut job.task {
        Task::Stylize(spec) => {
            in_place(&mut spec.content);
            spec.regions.files_mut().for_each(in_place);
            let side = &mut spec.side_outputs;
            let others = [&mut spec.report, &mut side.triptych, &mut side.plot, &mut side.timelapse];
            others.into_iter().flatten().for_each(in_place);
            files_of(&mut spec.style).for_each(in_place);
            in_place(&mut spec.output);
            if let Ok((_, Some(picture))) = spec.run.overrides() {
                spec.run.init = Some(made_absolute(&picture));
            }
            absolute_model(&mut spec.run.objective.model);
        }
        Task::Texture(spec) => {
            spec.report.iter_mut().for_each(in_place);
            files_of(&mut spec.style).for_each(in_place);
            in_place(&mut spec.output);
            if let Ok((_, Some(picture))) = spec.as_stylize().0.run.overrides() {
                spec.init = Some(made_absolute(&picture));
            }
            absolute_model(&mut spec.model);
        }
        _ => {}
    }
    job
}

/// The pictures of styles, and their masks.
fn files_of(styles: &mut [StyleSpec]) -> impl Iterator<Item = &mut PathBuf> {
    styles.iter_mut().flat_map(|style| [Some(&mut style.path), style.mask.as_mut()]).flatten()
}

fn in_place(path: &mut PathBuf) {
    *path = made_absolute(path);
}

/// Returns the absolute path. The name `-` stands for standard input and stays, like the names of pictures in memory.
fn made_absolute(path: &Path) -> PathBuf {
    match path.as_os_str().is_empty() || path.as_os_str() == "-" || is_in_memory(path) {
        true => path.into(),
        false => std::path::absolute(path).unwrap_or_else(|_| path.into()),
    }
}

/// Makes the path of a model file absolute. The name of a model stays, even if a file has the same name.
fn absolute_model(model: &mut String) {
    let named =
        impasto::encoder::known().iter().any(|known| known.name == *model) || model.starts_with("random:");
    let path = PathBuf::from(&*model);
    if !named
        && path.exists()
        && let Some(path) = made_absolute(&path).to_str()
    {
        *model = path.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A note from before jobs had a format of their own, shortened to two steps.
    const BEFORE_JOBS: &str = include_str!("../../tests/fixtures/note_before_jobs.json");

    #[test]
    fn notes_of_older_programs_are_read() {
        let info = ResumeInfo::parse(BEFORE_JOBS).unwrap();
        let Task::Stylize(spec) = &info.job.task else { panic!("another task") };
        assert_eq!(spec.content, Path::new("/pictures/harbour.jpg"));
        assert_eq!((spec.style[0].weight, spec.run.size), (Some(2.0), Some(200)));
        assert_eq!(spec.side_outputs.triptych.as_deref(), Some(Path::new("/results/o1t.png")));
        assert_eq!((info.steps.len(), info.face["progress"].as_str()), (2, Some("Json")));
        // A note of this version can be read too.
        let again = ResumeInfo::parse(&serde_json::to_string(&info).unwrap()).unwrap();
        assert_eq!((again.job, again.inputs), (info.job, info.inputs));
    }

    #[test]
    fn textures_of_older_programs_are_read() {
        let mut note: Value = serde_json::from_str(BEFORE_JOBS).unwrap();
        note["args"]["texture"] = serde_json::json!({ "width": 96, "height": 64, "seamless": true });
        let info = ResumeInfo::parse(&note.to_string()).unwrap();
        let Task::Texture(spec) = &info.job.task else { panic!("another task") };
        assert_eq!((spec.size, spec.seamless, spec.preset.as_str()), ((96, 64), true, "gatys"));
    }

    #[test]
    fn what_is_no_note_is_refused_with_the_reason() {
        for (text, reason) in [("", "EOF"), ("{}", "job"), (r#"{"args": 3}"#, "damaged")] {
            let problem = ResumeInfo::parse(text).unwrap_err();
            assert!(problem.contains(reason), "{text}: {problem}");
        }
    }
}
