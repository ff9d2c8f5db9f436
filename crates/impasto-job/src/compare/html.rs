//! The scores as an HTML page: one self-contained file, which loads nothing from elsewhere.

use std::fmt::Write;
use std::io::Cursor;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};
use impasto::Picture;
use impasto::image::{Averaging, Filter, ImageError, fit_long_edge, resize, write_atomically};
use impasto::referee::{Better, Measure};

use super::table::{arrow, rows, structure_at, tells};
use super::{Inputs, Scored};
use crate::JobError;
use crate::inputs::Input;
use crate::text::printable;

/// Largest long edge of the pictures in a page.
const LONG_EDGE: usize = 640;

/// JPEG quality of the pictures in a page.
const QUALITY: u8 = 88;

const STYLE: &str = "
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em; color: #222; background: #fff; }
figure { display: inline-block; margin: 0 1em 1em 0; vertical-align: top; }
img { max-width: 320px; max-height: 320px; display: block; }
figcaption, .size { color: #666; font-size: 13px; overflow-wrap: anywhere; max-width: 320px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; }
th { overflow-wrap: anywhere; }
th, td { padding: .3em .8em; text-align: right; border-bottom: 1px solid #ddd; vertical-align: bottom; }
th:first-child, td.aspect { text-align: left; }
td.aspect { color: #666; padding-top: 1em; }
td { font-variant-numeric: tabular-nums; }
td.best { font-weight: bold; background: #e3f1e3; }
dt { font-weight: bold; margin-top: .6em; }
dd { margin: 0; }
";

/// The formula of each measure, which is shown after the measure's own description.
const FORMULAS: [(&str, &str); 11] = [
    (
        "ssim",
        "mean of (2 μ μ' + c₁)(2 σ₁₂ + c₂) / ((μ² + μ'² + c₁)(σ² + σ'² + c₂)) over Gaussian \
         windows of 11×11; Wang et al. 2004",
    ),
    (
        "ms-ssim",
        "product over five scales of SSIM without its luminance factor, to published powers; Wang et al. 2003",
    ),
    (
        "gmsd",
        "standard deviation of (2 g g' + c) / (g² + g'² + c), with g and g' the magnitudes of Prewitt's gradients; \
         Xue et al. 2014",
    ),
    (
        "structure",
        "Pearson's correlation of two matrices, the content's and the picture's: the cosines of an encoder's centred \
         features at all pairs of positions; after Kolkin et al. 2019",
    ),
    ("colour", "mean of W₁ along 64 directions of L*a*b*; Rabin et al. 2011"),
    (
        "patches",
        "mean of W₁ along 128 directions of 7×7 patches, over the bands of a Laplacian pyramid; Karras et al. 2018",
    ),
    (
        "filters",
        "W₂² of Gaussians with the moments of the responses f of 32 random filters, divided by tr E[f fᵀ] of the \
         style; Ustyuzhaninov et al. 2017",
    ),
    ("layers", "as for filters, with the features of an encoder in place of the responses"),
    (
        "noise",
        "deviation of even noise, and of fine detail that edges do not explain, beyond those of content and styles; \
         from a line through the energies of fine detail and of edges in blocks of 8×8; after Immerkær 1996",
    ),
    (
        "seams",
        "median step along a line at a multiple of 8 pixels, or along a grid, less that beside it and in the content",
    ),
    ("border", "median roughness of the four outermost lines, less that inside and in the content"),
];

/// Writes the page. The file appears complete or not at all.
pub(super) fn write(path: &Path, inputs: &Inputs, scored: &[Scored]) -> Result<(), JobError> {
    let page = page(inputs, scored)?;
    write_atomically(path, |file| file.write_all(page.as_bytes())).map_err(|error| match error {
        ImageError::Write { source, .. } => JobError::write(path, &source),
        other => other.into(),
    })
}

fn page(inputs: &Inputs, scored: &[Scored]) -> Result<String, JobError> {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>impasto compare</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>Scores by measures that no run optimises</h1>\n"
    );
    let sources = inputs.content.iter().map(|input| ("content", input));
    for (kind, input) in sources.chain(inputs.styles.iter().map(|input| ("style", input))) {
        let (image, name) = (embedded(&input.decoded.picture)?, name(input));
        let (width, height) = input.decoded.picture.size();
        page += &format!(
            "<figure><img src=\"{image}\" alt=\"{name}\"><figcaption>{kind}: {name}, \
             {width}×{height}</figcaption></figure>\n"
        );
    }
    page += "<div class=\"scroll\"><table>\n<tr><th></th>";
    for (input, Scored { size: (width, height), .. }) in inputs.pictures.iter().zip(scored) {
        let (image, name) = (embedded(&input.decoded.picture)?, name(input));
        page += &format!(
            "<th><img src=\"{image}\" alt=\"{name}\">{name}<div class=\"size\">scored at {width}×{height}</div></th>"
        );
    }
    page += "</tr>\n";
    let rows = rows(scored);
    let mut aspect = None;
    for row in &rows {
        let part = tells(row.measure.aspect);
        if aspect.replace(part) != Some(part) {
            let columns = scored.len() + 1;
            page += &format!("<tr><td class=\"aspect\" colspan=\"{columns}\">{part}</td></tr>\n");
        }
        page += &format!("<tr><th scope=\"row\">{} {}</th>", escaped(&row.name), arrow(row.measure.better));
        for (text, is_best) in &row.cells {
            page += &format!("<td{}>{}</td>", if *is_best { " class=\"best\"" } else { "" }, escaped(text));
        }
        page += "</tr>\n";
    }
    page += "</table></div>\n";
    for (input, scored) in inputs.pictures.iter().zip(scored).filter(|(_, of)| !of.scores.seams_at.is_empty())
    {
        page +=
            &format!("<p>The strongest seam of {}: {}.</p>\n", name(input), escaped(&scored.scores.seams_at));
    }
    if let Some(at) = structure_at(scored) {
        page += &format!("<p>Structure is seen at {}.</p>\n", escaped(&printable(at)));
    }
    page +=
        "<p>↑ higher is better, ↓ lower is better. Scores depend on the size of the pictures.</p>\n<dl>\n";
    let shown = |measure: &&Measure| rows.iter().any(|row| row.measure.name == measure.name);
    for measure in Measure::ALL.iter().chain([&Measure::LAYER]).filter(shown) {
        let formula =
            FORMULAS.iter().find(|(name, _)| *name == measure.name).map_or("", |(_, formula)| formula);
        let best = if measure.better == Better::Higher { 1 } else { 0 };
        // Writing to a string does not fail.
        let _ = writeln!(
            page,
            "<dt>{} {}</dt><dd>{}; {best} is the best value. Formula: {}.</dd>",
            escaped(measure.name),
            arrow(measure.better),
            escaped(measure.about),
            escaped(formula)
        );
    }
    page +=
        &format!("</dl>\n<p class=\"size\">impasto {}</p>\n</body>\n</html>\n", env!("CARGO_PKG_VERSION"));
    Ok(page)
}

fn name(input: &Input) -> String {
    escaped(&printable(&input.path.to_string_lossy()))
}

/// Escapes a text from outside, so that it cannot act as HTML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            c => escaped.push(c),
        }
    }
    escaped
}

/// Returns a small copy of a picture, as a JPEG file in a `data:` address.
fn embedded(picture: &Picture) -> Result<String, JobError> {
    let (width, height) = fit_long_edge(picture.size(), picture.long_edge().min(LONG_EDGE));
    let small = resize(picture, width, height, Filter::Bicubic, Averaging::Light);
    let byte = |value: f32| (255.0 * value.clamp(0.0, 1.0)).round() as u8;
    let area = width * height;
    let pixels: Vec<u8> =
        (0..area).flat_map(|at| [0, 1, 2].map(|plane| byte(small.rgb()[plane * area + at]))).collect();
    let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let mut file = Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut file, QUALITY)
        .write_image(&pixels, side(width), side(height), ExtendedColorType::Rgb8)
        .map_err(|error| JobError::bug(error.to_string()))?;
    Ok(format!("data:image/jpeg;base64,{}", BASE64_STANDARD.encode(file.into_inner())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_has_its_formula() {
        for measure in Measure::ALL.iter().chain([&Measure::LAYER]) {
            assert_eq!(
                FORMULAS.iter().filter(|(name, _)| *name == measure.name).count(),
                1,
                "{}",
                measure.name
            );
        }
    }

    #[test]
    fn names_are_no_tags() {
        assert_eq!(escaped("<b>\"&'.png"), "&lt;b&gt;&quot;&amp;&#39;.png");
    }
}
