//! Results as files: with what the content had and a format can hold.

use std::path::Path;

use impasto::image::{Decoded, Depth, Encoding, Filter, Format, Plane, resize_plane, save};
use impasto::{Picture, Session};

use crate::failure::Failure;

/// Writes a result with the content's transparency, bit depth and colour profile, where the format holds them.
pub(crate) fn write(path: &Path, picture: &Picture, content: &Decoded) -> Result<(), Failure> {
    let size = picture.size();
    let alpha = content.alpha.as_ref().and_then(|alpha| {
        let mut resized = resize_plane(alpha.data(), alpha.size(), size, Filter::Bilinear);
        resized.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        Plane::new(size.0, size.1, resized)
    });
    let format = Format::of(path)?;
    let encoding = Encoding {
        depth: if format.holds_sixteen_bits() { content.depth } else { Depth::Eight },
        icc_profile: content.icc_profile.clone().filter(|_| format.holds_profile()),
        ..Encoding::default()
    };
    Ok(save(path, picture, alpha.as_ref(), &encoding)?)
}

/// What a format will not hold, to be said before the work.
pub(crate) fn losses_of_format(output: &Path, content: &Decoded) -> Result<Vec<String>, Failure> {
    let (format, mut warnings) = (Format::of(output)?, Vec::new());
    if content.depth == Depth::Sixteen && !format.holds_sixteen_bits() {
        warnings.push(format!(
            "warning: the content has 16 bits, {} holds 8: png and tif keep them",
            format.name()
        ));
    }
    if content.icc_profile.is_some() && !format.holds_profile() {
        let name = format.name();
        warnings.push(format!(
            "warning: the content has a colour profile, {name} holds none: png, jpg and tif do"
        ));
    }
    Ok(warnings)
}

/// A format may have an end.
pub(crate) fn check_side(output: &Path, session: &Session) -> Result<(), Failure> {
    let format = Format::of(output)?;
    let long = session.scales().iter().map(|scale| scale.width.max(scale.height)).max().unwrap_or(0);
    if long > format.longest_side() {
        let message =
            format!("{} holds at most {} pixels a side, found {long}", format.name(), format.longest_side());
        return Err(Failure::bad_input(message).hint("give a smaller --size, or use png or tif"));
    }
    Ok(())
}

/// Two names of one file, which may not exist yet.
pub(crate) fn same_file(a: &Path, b: &Path) -> bool {
    let place = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        (folder.canonicalize().ok(), path.file_name().map(std::ffi::OsStr::to_os_string))
    };
    place(a) == place(b)
}
