//! `--preview` in a build without the feature `preview`: it says that there is none.

use impasto::Picture;
use impasto::image::Space;

/// Long edge of the pictures that nobody sees.
pub(crate) const LONG_EDGE: usize = 1;

/// Says why no picture is shown.
pub(crate) fn show(_: &Picture, _: Space) -> Result<(), String> {
    Err("this build shows no pictures in the terminal; it lacks the feature preview".into())
}
