//! What `stylize` is asked for, and another command does.

use std::path::Path;

use impasto_job::spec::StylizeSpec;

use super::words::is_film;
use crate::failure::Failure;
use crate::show::quoted;

/// Refuses a folder or a film in place of a picture, with the command that was meant.
///
/// # Errors
/// When another command was meant.
pub(crate) fn of_stylize(spec: &StylizeSpec) -> Result<(), Failure> {
    let shown = |path: &Path| quoted(&path.to_string_lossy());
    let (content, output) = (&spec.content, &spec.output);
    let styles: Vec<String> = spec.style.iter().map(|style| shown(&style.path)).collect();
    let (name, given, styles) = (content.display(), shown(content), styles.join(" "));
    let wrong = |message: String, hint: String| Err(Failure::bad_input(message).hint(hint));
    if content.is_dir() {
        return wrong(
            format!("{name}: expected a picture, found a folder"),
            format!("`impasto batch {given} --style {styles} -o results` repaints every picture in it"),
        );
    }
    if content.is_file() && is_film(content.as_os_str()) {
        let output = match is_film(output.as_os_str()) {
            true => shown(output),
            false => {
                let stem = content.file_stem().unwrap_or_default().to_string_lossy();
                quoted(&format!("{stem}-painted.mp4"))
            }
        };
        return wrong(
            format!("{name}: expected a picture, found a film"),
            format!("`impasto video {given} {styles} -o {output}` repaints a film"),
        );
    }
    if is_film(output.as_os_str()) {
        let timelapse = shown(output);
        return wrong(
            format!("{}: expected the name of a picture, found that of a film", output.display()),
            format!(
                "`impasto stylize {given} {styles} -o out.png --timelapse {timelapse}` films the painting; \
                 `impasto video` repaints a film"
            ),
        );
    }
    Ok(())
}
