//! Results as files: with what the content had and a format can hold.

use std::path::Path;

use clap::{Args, ValueEnum};
use impasto::image::{Decoded, Depth, Encoding, Filter, Format, Plane, Space, resize_plane, save};
use impasto::{Picture, Session};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// How results are written.
#[derive(Args, Clone, Serialize, Deserialize)]
pub(crate) struct OutputArgs {
    /// Bits a channel: 8 or 16 [default: the content's]
    #[arg(long, value_name = "BITS", value_parser = clap::value_parser!(u8), help_heading = "Output")]
    pub(crate) depth: Option<u8>,
    /// Quality of JPEG files, 1 to 100 [default: 95]
    #[arg(long, value_name = "Q", value_parser = clap::value_parser!(u8).range(1..=100), help_heading = "Output")]
    pub(crate) quality: Option<u8>,
    /// The colour profile that the result is written by
    #[arg(long, value_enum, default_value_t = ProfileKind::Input, help_heading = "Output")]
    pub(crate) profile: ProfileKind,
}

/// A colour profile.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub(crate) enum ProfileKind {
    /// The content's; sRGB, and none embedded, where it has none for RGB
    Input,
    Srgb,
    /// Display P3
    P3,
}

/// How a result is to be written: with the content's bit depth and colour profile, unless asked otherwise.
///
/// # Errors
/// What the format cannot hold.
pub(crate) fn encoding(path: &Path, content: &Decoded, asked: &OutputArgs) -> Result<Encoding, Failure> {
    let format = Format::of(path)?;
    let depth = match asked.depth {
        None => content.depth,
        Some(8) => Depth::Eight,
        Some(16) => Depth::Sixteen,
        Some(other) => {
            return Err(Failure::bad_input(format!("--depth: expected 8 or 16, found {other}")));
        }
    };
    if depth == Depth::Sixteen && !format.holds_sixteen_bits() {
        let what = if asked.depth.is_some() { "--depth 16" } else { "the content has 16 bits" };
        return Err(Failure::bad_input(format!("{}: {what}, {} holds 8", path.display(), format.name()))
            .hint("end the name in .png or .tif, or give --depth 8"));
    }
    if asked.quality.is_some() && format != Format::Jpeg {
        return Err(Failure::bad_input(format!(
            "--quality is for JPEG, {} is {}",
            path.display(),
            format.name()
        )));
    }
    let icc_profile = match asked.profile {
        ProfileKind::Input => content.icc_profile.clone(),
        ProfileKind::Srgb => Some(Space::Srgb.icc()),
        ProfileKind::P3 => Some(Space::DisplayP3.icc()),
    };
    if asked.profile == ProfileKind::P3 && !format.holds_profile() {
        return Err(Failure::bad_input(format!("--profile p3: {} holds no colour profile", format.name()))
            .hint("end the name in .png, .jpg, .tif or .webp"));
    }
    let standard = Encoding::default();
    let jpeg_quality = asked.quality.unwrap_or(standard.jpeg_quality);
    Ok(Encoding { depth, jpeg_quality, space: content.space, icc_profile })
}

/// Writes a result, with the content's transparency.
pub(crate) fn write(
    path: &Path,
    picture: &Picture,
    content: &Decoded,
    asked: &OutputArgs,
) -> Result<(), Failure> {
    let size = picture.size();
    let alpha = content.alpha.as_ref().and_then(|alpha| {
        let mut resized = resize_plane(alpha.data(), alpha.size(), size, Filter::Bilinear);
        resized.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        Plane::new(size.0, size.1, resized)
    });
    Ok(save(path, picture, alpha.as_ref(), &encoding(path, content, asked)?)?)
}

/// What a format will not hold although the content has it, and nobody asked for it: to be said before the work.
pub(crate) fn losses_of_format(output: &Path, content: &Decoded) -> Result<Vec<String>, Failure> {
    let format = Format::of(output)?;
    let wide = content.space == Space::DisplayP3 && !format.holds_profile();
    let warning =
        || format!("warning: {} holds no colour profile: the result has the colours of sRGB", format.name());
    Ok(wide.then(warning).into_iter().collect())
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
