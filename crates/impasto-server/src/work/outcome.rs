//! The meaning of a run's outcome for its job, and the files beside its result.

use std::fs;
use std::path::{Path, PathBuf};

use impasto_job::{Compared, End, Filmed, Outcome, SheetDone};
use serde_json::{Value, json};

use crate::problem::Problem;
use crate::store::State;

/// How a job ended.
pub(super) struct Ended {
    pub(super) state: State,
    pub(super) result: Option<Value>,
    pub(super) error: Option<Problem>,
    pub(super) stopped_early: bool,
}

impl Ended {
    /// An end that brought nothing.
    pub(super) fn without(state: State) -> Ended {
        Ended { state, result: None, error: None, stopped_early: false }
    }
}

/// The meaning of a run's outcome for its job.
pub(super) fn end(
    folder: &Path,
    outcome: Outcome,
    paused: State,
    names: &[(PathBuf, String)],
) -> Result<Ended, Problem> {
    let state = match outcome.end() {
        End::Complete | End::Stopped => State::Done,
        End::Paused => paused,
        End::Cancelled => State::Cancelled,
        _ => State::Failed,
    };
    let stopped_early = outcome.end() == End::Stopped;
    let result = match outcome {
        Outcome::Painted(painted) => match &painted.output {
            Some(path) => {
                let (width, height) = painted.picture.size();
                Some(json!({
                    "width": width, "height": height,
                    "seconds": painted.seconds, "iterations": painted.iterations,
                    "timelapse": folder.join("timelapse.gif").exists(),
                    "file": path.file_name().map(|name| name.to_string_lossy()),
                    "bytes": fs::metadata(path)?.len(),
                }))
            }
            None => None,
        },
        Outcome::Sheet(done) => Some(sheet(folder, &done)?),
        Outcome::Compared(compared) => Some(scores(folder, &compared, names)?),
        Outcome::Filmed(filmed) => film(&filmed)?,
        _ => None,
    };
    // A run that was stopped before anything was painted has nothing to keep.
    let state = if state == State::Done && result.is_none() { State::Cancelled } else { state };
    if state.is_final() {
        let _ = fs::remove_file(folder.join("checkpoint"));
    }
    Ok(Ended { state, result: result.filter(|_| state == State::Done), error: None, stopped_early })
}

fn film(filmed: &Filmed) -> Result<Option<Value>, Problem> {
    let Some(path) = &filmed.output else { return Ok(None) };
    let (width, height) = filmed.size;
    Ok(Some(json!({
        "width": width, "height": height,
        "frames": filmed.frames, "shots": filmed.shots, "length": filmed.seconds,
        "file": path.file_name().map(|name| name.to_string_lossy()),
        "bytes": fs::metadata(path)?.len(),
    })))
}

fn sheet(folder: &Path, done: &SheetDone) -> Result<Value, Problem> {
    let (width, height) = done.size;
    let cells = json!({
        "width": width, "height": height,
        "columns": done.columns, "rows": done.rows, "cells": done.cells,
    });
    fs::write(folder.join("cells.json"), cells.to_string())?;
    let bytes = fs::metadata(folder.join("result.png"))?.len();
    Ok(json!({ "width": width, "height": height, "bytes": bytes, "file": "result.png", "items": done.made }))
}

fn scores(folder: &Path, compared: &Compared, names: &[(PathBuf, String)]) -> Result<Value, Problem> {
    let mut text = compared.to_json().to_string();
    for (file, name) in names {
        let quoted = |text: &str| json!(text).to_string().trim_matches('"').to_owned();
        text = text.replace(&quoted(&file.display().to_string()), &quoted(name));
    }
    fs::write(folder.join("scores.json"), &text)?;
    Ok(json!({ "bytes": text.len(), "file": "scores.json" }))
}
