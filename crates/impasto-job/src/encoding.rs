//! Results as files: with the content's bit depth, colour profile, transparency and metadata, if the format holds them.

use std::borrow::Cow;
use std::path::Path;

use impasto::image::{Decoded, Depth, Encoding, Filter, Format, Metadata, Plane, Space, resize_plane, save};
use impasto::{Picture, Session};

use crate::JobError;
use crate::spec::{OutputSpec, ProfileKind};

/// Returns the encoding of a result: the content's bit depth, colour profile and metadata, unless options change them.
/// For a texture the first style takes the content's place; `source` names the one or the other.
///
/// # Errors
/// When the format cannot hold what the options ask for, or the content's bit depth.
pub(crate) fn encoding(
    path: &Path,
    (source, content): (&str, &Decoded),
    asked: &OutputSpec,
) -> Result<Encoding, JobError> {
    let format = asked.format(path)?;
    let refused = |what: String, hint: String| {
        Err(JobError::bad_input(format!("{}: {what}", path.display())).hint(hint))
    };
    let depth = match asked.depth {
        None => content.depth,
        Some(bits) => depth_of(bits)
            .ok_or_else(|| JobError::bad_input(format!("`depth`: expected 8, 16 or 32, found {bits}")))?,
    };
    let holds =
        |depth| format.depth(depth) >= depth && (asked.depth.is_none() || format.depth(depth) == depth);
    if !holds(depth) {
        let what = match asked.depth {
            Some(bits) => format!("`depth` {bits}"),
            None => format!("the {source} has {}", bits_of(depth)),
        };
        let can = Format::those(|format| format.depths().contains(&depth));
        let other = format.depth(depth);
        return refused(
            format!("{what}, but {} holds {}", format.name(), bits_of(other)),
            format!("end the name in {can}, or give `depth` {}", number_of(other)),
        );
    }
    if asked.quality.is_some() && format != Format::Jpeg {
        return Err(JobError::bad_input(format!(
            "`quality` is for JPEG, but {} is {}",
            path.display(),
            format.name()
        )));
    }
    let icc_profile = match asked.profile {
        // A content that is wider than sRGB but has no RGB profile comes from an OpenEXR file with wide primaries.
        ProfileKind::Input => content
            .icc_profile
            .clone()
            .or_else(|| (content.space == Space::DisplayP3).then(|| content.space.icc())),
        ProfileKind::Srgb => Some(Space::Srgb.icc()),
        ProfileKind::P3 => Some(Space::DisplayP3.icc()),
    };
    if asked.profile == ProfileKind::P3 && !format.holds_wide_gamut() {
        return refused(
            format!("`profile` p3: {} holds no colour profile", format.name()),
            format!("end the name in {}", Format::those(Format::holds_wide_gamut)),
        );
    }
    if asked.keep_gps && !format.holds_exif() {
        return refused(
            format!("`keep_gps`: {} holds no EXIF", format.name()),
            format!("end the name in {}", Format::those(Format::holds_exif)),
        );
    }
    let standard = Encoding::default();
    Ok(Encoding {
        format: Some(format),
        depth,
        jpeg_quality: asked.quality.unwrap_or(standard.jpeg_quality),
        space: content.space,
        icc_profile,
        // The result gets its own recipe, not the content's.
        metadata: match asked.no_metadata {
            true => Metadata::default(),
            false => Metadata { recipe: None, ..content.metadata.clone() },
        },
        keep_gps: asked.keep_gps,
    })
}

pub(crate) fn depth_of(bits: u8) -> Option<Depth> {
    [Depth::Eight, Depth::Sixteen, Depth::Float].into_iter().find(|depth| number_of(*depth) == bits)
}

fn number_of(depth: Depth) -> u8 {
    match depth {
        Depth::Eight => 8,
        Depth::Sixteen => 16,
        Depth::Float => 32,
    }
}

fn bits_of(depth: Depth) -> String {
    format!("{} bits", number_of(depth))
}

/// Writes a result, with the content's transparency and the recipe of its run.
pub(crate) fn write(
    path: &Path,
    picture: &Picture,
    content: &Decoded,
    asked: &OutputSpec,
    recipe: &str,
) -> Result<(), JobError> {
    let (picture, alpha, encoding) = prepared(path, picture, content, asked, recipe)?;
    Ok(save(path, &picture, alpha.as_ref(), &encoding)?)
}

/// Returns a result in the form in which its file holds it: the picture, its opacity, and the encoding.
pub(crate) fn prepared<'a>(
    path: &Path,
    picture: &'a Picture,
    content: &Decoded,
    asked: &OutputSpec,
    recipe: &str,
) -> Result<(Cow<'a, Picture>, Option<Plane>, Encoding), JobError> {
    let size = picture.size();
    let alpha = content.alpha.as_ref().and_then(|alpha| {
        let mut resized = resize_plane(alpha.data(), alpha.size(), size, Filter::Bilinear);
        resized.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        Plane::new(size.0, size.1, resized)
    });
    let mut encoding = encoding(path, ("content", content), asked)?;
    let format = asked.format(path)?;
    encoding.metadata.recipe = (!asked.no_metadata && format.fits_recipe(recipe)).then(|| recipe.to_owned());
    // An OpenEXR file has no profile. It states the primaries of a colour space, so the values are converted to it.
    let space = match asked.profile {
        ProfileKind::Input => content.space,
        ProfileKind::Srgb => Space::Srgb,
        ProfileKind::P3 => Space::DisplayP3,
    };
    if format == Format::OpenExr && space != content.space {
        let picture = picture.clone().between(content.space, space);
        return Ok((Cow::Owned(picture), alpha, Encoding { space, ..encoding }));
    }
    Ok((Cow::Borrowed(picture), alpha, encoding))
}

/// Returns warnings about properties of the content that the format does not hold, unless options asked for them (then
/// they are errors). They are shown before the work.
pub(crate) fn losses_of_format(
    output: &Path,
    content: &Decoded,
    asked: &OutputSpec,
) -> Result<Vec<String>, JobError> {
    let format = asked.format(output)?;
    let name = format.name();
    let mut losses = Vec::new();
    if content.space == Space::DisplayP3 && !format.holds_wide_gamut() {
        losses.push(format!("warning: {name} holds no colour profile: the result has only colours of sRGB"));
    }
    if !asked.no_metadata && content.metadata.exif.is_some() && !format.holds_exif() {
        losses.push(format!("warning: {name} holds no EXIF: the content's EXIF is lost"));
    }
    if !asked.no_metadata && !format.holds_recipe() {
        losses.push(format!("note: {name} holds no recipe: `impasto show` will find none in the result"));
    }
    Ok(losses)
}

/// Refuses a result that is larger than its format allows.
pub(crate) fn check_side(output: &Path, asked: &OutputSpec, session: &Session) -> Result<(), JobError> {
    let format = asked.format(output)?;
    let long = session.scales().iter().map(|scale| scale.width.max(scale.height)).max().unwrap_or(0);
    if long > format.longest_side() {
        let message =
            format!("{} holds at most {} pixels a side, found {long}", format.name(), format.longest_side());
        let can = Format::those(|format| format.longest_side() >= long);
        return Err(JobError::bad_input(message).hint(format!("give a smaller `size`, or use {can}")));
    }
    Ok(())
}

/// Returns whether two paths name the same file, which need not exist yet.
pub fn same_file(a: &Path, b: &Path) -> bool {
    let place = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        (folder.canonicalize().ok(), path.file_name().map(std::ffi::OsStr::to_os_string))
    };
    place(a) == place(b)
}
