//! `save_every`: the names of the intermediate pictures.

use std::path::{Path, PathBuf};

use impasto::Session;
use impasto::image::check_writable;

use crate::JobError;
use crate::encoding::same_file;
use crate::inputs::Input;
use crate::spec::StylizeSpec;

/// Returns `out_0050.png` for `out.png` and 50.
pub(crate) fn numbered(output: &Path, iteration: usize) -> PathBuf {
    let mut name = output.file_stem().unwrap_or_default().to_os_string();
    name.push(format!("_{iteration:04}"));
    if let Some(extension) = output.extension() {
        name.push(".");
        name.push(extension);
    }
    output.with_file_name(name)
}

/// Refuses `save_every` if no picture would be written, or if one would replace another file of the run.
pub(crate) fn check_numbered(
    spec: &StylizeSpec,
    session: &Session,
    inputs: &[&Input],
    checkpoint: &Path,
) -> Result<(), JobError> {
    let Some(every) = spec.save_every else { return Ok(()) };
    let iterations: usize = session.scales().iter().map(|scale| scale.iterations).sum();
    if every > iterations {
        let message =
            format!("`save_every` {every}: the run has {iterations} iterations, so nothing would be saved");
        return Err(JobError::bad_input(message));
    }
    let taken: Vec<&Path> = inputs
        .iter()
        .map(|input| input.path.as_path())
        .chain(spec.report.as_deref())
        .chain(spec.side_outputs.files().map(|(_, path)| path))
        .chain([checkpoint])
        .collect();
    for iteration in (every..=iterations).step_by(every) {
        let path = numbered(&spec.output, iteration);
        if let Some(other) =
            taken.iter().find(|other| other.file_name() == path.file_name() && same_file(other, &path))
        {
            let message = format!("`save_every` would overwrite {}", other.display());
            return Err(JobError::bad_input(message).hint("give another name with `output`"));
        }
    }
    check_writable(&numbered(&spec.output, iterations))?;
    Ok(())
}
