//! Pictures as browsers show them: small, upright, in sRGB, encoded anew, so that no file of a stranger is shown as it
//! is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::ImageEncoder;
use impasto::Picture;
use impasto::image::{
    Averaging, Decoded, Encoding, Filter, Format, ImageError, Limits, Plane, Space, decode, fit_long_edge,
    read, resize, resize_plane, save,
};

use crate::problem::Problem;

/// Long edges of pictures that are kept. A request gets the smallest that is large enough.
const EDGES: [usize; 5] = [256, 512, 1024, 2048, 4096];

/// Quality of JPEG that is shown.
const QUALITY: u8 = 90;

/// Returns the picture as JPEG in memory.
pub(crate) fn jpeg(picture: &Picture, space: Space) -> io::Result<Vec<u8>> {
    let picture = match space {
        Space::Srgb => picture,
        space => &picture.clone().between(space, Space::Srgb),
    };
    let (width, height) = picture.size();
    let (plane, rgb) = (width * height, picture.rgb());
    let byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
    let bytes: Vec<u8> =
        (0..plane).flat_map(|at| [0, 1, 2].map(|channel| byte(rgb[channel * plane + at]))).collect();
    let mut jpeg = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
        .write_image(&bytes, width as u32, height as u32, image::ExtendedColorType::Rgb8)
        .map_err(io::Error::other)?;
    Ok(jpeg)
}

/// Reads a picture of the data folder. `limits` are those of uploads, or wider ones for results.
pub(crate) fn open(path: &Path, limits: &Limits) -> Result<Decoded, ImageError> {
    decode(read(path, limits)?, &path.display().to_string(), limits)
}

/// Returns a picture with a long edge of at most `edge`, with values in 0..1.
pub(crate) fn shrink(decoded: &mut Decoded, edge: usize) {
    let size = decoded.picture.size();
    if decoded.picture.long_edge() <= edge {
        return;
    }
    let (width, height) = fit_long_edge(size, edge);
    let small = resize(&decoded.picture, width, height, Filter::Bilinear, Averaging::Light);
    let rgb = small.into_rgb().into_iter().map(|value| value.clamp(0.0, 1.0)).collect();
    if let Some(picture) = Picture::new(width, height, rgb) {
        decoded.picture = picture;
    }
    decoded.alpha = decoded.alpha.take().and_then(|alpha| {
        let mut data = resize_plane(alpha.data(), size, (width, height), Filter::Bilinear);
        data.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        Plane::new(width, height, data)
    });
}

/// Returns the bytes of a small version of a picture, and their type. It is made once, and kept as a file whose name
/// begins with `stem`.
pub(crate) fn small(
    source: &Path,
    stem: &Path,
    fit: usize,
    limits: &Limits,
) -> Result<(Arc<[u8]>, &'static str), Problem> {
    let edge = EDGES.into_iter().find(|edge| *edge >= fit).unwrap_or(EDGES[EDGES.len() - 1]);
    let kept = |extension: &str| -> PathBuf {
        let mut name = stem.as_os_str().to_os_string();
        name.push(format!(".{edge}.{extension}"));
        name.into()
    };
    let kinds = [("jpg", "image/jpeg"), ("png", "image/png")];
    for (extension, kind) in kinds {
        if let Ok(bytes) = fs::read(kept(extension)) {
            return Ok((bytes.into(), kind));
        }
    }
    let mut decoded =
        open(source, limits).map_err(|error| Problem::from(impasto_job::JobError::from(error)))?;
    shrink(&mut decoded, edge);
    let (extension, kind) = if decoded.alpha.is_some() { kinds[1] } else { kinds[0] };
    let encoding = Encoding {
        format: if decoded.alpha.is_some() { Some(Format::Png) } else { Some(Format::Jpeg) },
        jpeg_quality: QUALITY,
        space: decoded.space,
        ..Encoding::default()
    };
    let path = kept(extension);
    save(&path, &decoded.picture, decoded.alpha.as_ref(), &encoding)
        .map_err(|error| Problem::from(impasto_job::JobError::from(error)))?;
    Ok((fs::read(path)?.into(), kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_pictures_are_made_once_and_keep_transparency() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source.png");
        let picture = Picture::filled(600, 300, [0.2, 0.4, 0.6]);
        let alpha = Plane::filled(600, 300, 0.5);
        save(&source, &picture, Some(&alpha), &Encoding::default()).unwrap();
        let stem = folder.path().join("shown");
        let (bytes, kind) = small(&source, &stem, 300, &Limits::default()).unwrap();
        assert_eq!(kind, "image/png");
        let shown = decode(Arc::clone(&bytes), "shown", &Limits::default()).unwrap();
        assert_eq!((shown.picture.size(), shown.alpha.is_some()), ((512, 256), true));
        fs::remove_file(&source).unwrap();
        assert_eq!(small(&source, &stem, 400, &Limits::default()).unwrap().0, bytes);
        let whole = jpeg(&picture, Space::Srgb).unwrap();
        let read = decode(Arc::<[u8]>::from(whole), "jpeg", &Limits::default()).unwrap().picture;
        assert!((read.rgb()[0] - 0.2).abs() < 0.01 && read.size() == (600, 300));
    }
}
