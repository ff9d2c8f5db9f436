//! `--preview` in a build without the feature `preview`: it only gives the reason.

use impasto::Picture;
use impasto::image::Space;

/// Long edge of the previews, which are never shown.
pub(crate) const LONG_EDGE: usize = 1;

/// Returns the reason why no picture is shown.
pub(crate) fn show(_: &Picture, _: Space) -> Result<(), String> {
    Err("this build shows no pictures in the terminal; it lacks the feature preview".into())
}
