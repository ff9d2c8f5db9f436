//! Results as files: with what the content had and a format can hold.

use std::path::Path;

use clap::{Args, ValueEnum};
use impasto::image::{
    Decoded, Depth, Encoding, Filter, Format, ImageError, Metadata, Plane, Space, resize_plane, save,
};
use impasto::{Picture, Session};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// How results are written.
#[derive(Args, Clone, Serialize, Deserialize)]
pub(crate) struct OutputArgs {
    /// png, jpg, tif, webp, exr, qoi or bmp [default: as the extension says]
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    pub(crate) format: Option<String>,
    /// Bits a channel: 8, 16, or 32 for floating point [default: the content's]
    #[arg(long, value_name = "BITS", value_parser = clap::value_parser!(u8), help_heading = "Output")]
    pub(crate) depth: Option<u8>,
    /// Quality of JPEG files, 1 to 100 [default: 95]
    #[arg(long, value_name = "Q", value_parser = clap::value_parser!(u8).range(1..=100), help_heading = "Output")]
    pub(crate) quality: Option<u8>,
    /// The colour profile that the result is written by
    #[arg(long, value_enum, default_value_t = ProfileKind::Input, help_heading = "Output")]
    pub(crate) profile: ProfileKind,
    /// Write no EXIF, no print size and no recipe
    #[arg(long, help_heading = "Output")]
    pub(crate) no_metadata: bool,
    /// Keep the place where the content was taken, too
    #[arg(long, conflicts_with = "no_metadata", help_heading = "Output")]
    pub(crate) keep_gps: bool,
}

impl OutputArgs {
    /// The format of the file of this name.
    pub(crate) fn format(&self, path: &Path) -> Result<Format, Failure> {
        match &self.format {
            Some(name) => {
                name.parse().map_err(|reason| Failure::bad_input(format!("--format {name}: {reason}")))
            }
            None => Ok(Format::of(path).map_err(|error| match error {
                ImageError::UnknownExtension { .. } => Failure::from(error).and_hint("or give --format"),
                error => error.into(),
            })?),
        }
    }
}

/// A colour profile.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ProfileKind {
    /// The content's; sRGB, and none embedded, where it has none for RGB
    Input,
    Srgb,
    /// Display P3
    P3,
}

/// How a result is to be written: with the content's bit depth, colour profile and metadata, unless asked otherwise.
///
/// # Errors
/// What the format cannot hold.
pub(crate) fn encoding(path: &Path, content: &Decoded, asked: &OutputArgs) -> Result<Encoding, Failure> {
    let format = asked.format(path)?;
    let refused = |what: String, hint: String| {
        Err(Failure::bad_input(format!("{}: {what}", path.display())).hint(hint))
    };
    let depth = match asked.depth {
        None => content.depth,
        Some(bits) => depth_of(bits)
            .ok_or_else(|| Failure::bad_input(format!("--depth: expected 8, 16 or 32, found {bits}")))?,
    };
    let holds =
        |depth| format.depth(depth) >= depth && (asked.depth.is_none() || format.depth(depth) == depth);
    if !holds(depth) {
        let what = match asked.depth {
            Some(bits) => format!("--depth {bits}"),
            None => format!("the content has {}", bits_of(depth)),
        };
        let can = Format::those(|format| format.depths().contains(&depth));
        let other = format.depth(depth);
        return refused(
            format!("{what}, {} holds {}", format.name(), bits_of(other)),
            format!("end the name in {can}, or give --depth {}", number_of(other)),
        );
    }
    if asked.quality.is_some() && format != Format::Jpeg {
        return Err(Failure::bad_input(format!(
            "--quality is for JPEG, {} is {}",
            path.display(),
            format.name()
        )));
    }
    let icc_profile = match asked.profile {
        // What is wider than sRGB without a profile for RGB is light of wide primaries.
        ProfileKind::Input => content
            .icc_profile
            .clone()
            .or_else(|| (content.space == Space::DisplayP3).then(|| content.space.icc())),
        ProfileKind::Srgb => Some(Space::Srgb.icc()),
        ProfileKind::P3 => Some(Space::DisplayP3.icc()),
    };
    if asked.profile == ProfileKind::P3 && !format.holds_wide_gamut() {
        return refused(
            format!("--profile p3: {} holds no colour profile", format.name()),
            format!("end the name in {}", Format::those(Format::holds_wide_gamut)),
        );
    }
    if asked.keep_gps && !format.holds_exif() {
        return refused(
            format!("--keep-gps: {} holds no EXIF", format.name()),
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
        // The recipe of the content is not that of the result.
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
    asked: &OutputArgs,
    recipe: &str,
) -> Result<(), Failure> {
    let size = picture.size();
    let alpha = content.alpha.as_ref().and_then(|alpha| {
        let mut resized = resize_plane(alpha.data(), alpha.size(), size, Filter::Bilinear);
        resized.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        Plane::new(size.0, size.1, resized)
    });
    let mut encoding = encoding(path, content, asked)?;
    let format = asked.format(path)?;
    encoding.metadata.recipe = (!asked.no_metadata && format.fits_recipe(recipe)).then(|| recipe.to_owned());
    // A file of light has no profile, but the primaries of a space.
    let space = match asked.profile {
        ProfileKind::Input => content.space,
        ProfileKind::Srgb => Space::Srgb,
        ProfileKind::P3 => Space::DisplayP3,
    };
    if format == Format::OpenExr && space != content.space {
        let picture = picture.clone().between(content.space, space);
        return Ok(save(path, &picture, alpha.as_ref(), &Encoding { space, ..encoding })?);
    }
    Ok(save(path, picture, alpha.as_ref(), &encoding)?)
}

/// What a format will not hold although the content has it, and nobody asked for it: to be said before the work.
pub(crate) fn losses_of_format(
    output: &Path,
    content: &Decoded,
    asked: &OutputArgs,
) -> Result<Vec<String>, Failure> {
    let format = asked.format(output)?;
    let name = format.name();
    let mut losses = Vec::new();
    if content.space == Space::DisplayP3 && !format.holds_wide_gamut() {
        losses.push(format!("warning: {name} holds no colour profile: the result has the colours of sRGB"));
    }
    if !asked.no_metadata && content.metadata.exif.is_some() && !format.holds_exif() {
        losses.push(format!("warning: {name} holds no EXIF: the result has none of the content's"));
    }
    if !asked.no_metadata && !format.holds_recipe() {
        losses.push(format!("note: {name} holds no recipe: `impasto show` will find none"));
    }
    Ok(losses)
}

/// A format may have an end.
pub(crate) fn check_side(output: &Path, asked: &OutputArgs, session: &Session) -> Result<(), Failure> {
    let format = asked.format(output)?;
    let long = session.scales().iter().map(|scale| scale.width.max(scale.height)).max().unwrap_or(0);
    if long > format.longest_side() {
        let message =
            format!("{} holds at most {} pixels a side, found {long}", format.name(), format.longest_side());
        let can = Format::those(|format| format.longest_side() >= long);
        return Err(Failure::bad_input(message).hint(format!("give a smaller --size, or use {can}")));
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
