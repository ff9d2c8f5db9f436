//! The size of a style picture relative to the content.

use impasto_image::fit_long_edge;

use crate::recipe::StyleFit;
use crate::sizes::LARGEST_SIZE;
use crate::{Error, Setting};

/// Rejects a style picture larger than the largest result.
pub(crate) fn check_style_size((width, height): (usize, usize)) -> Result<(), Error> {
    match width.max(height) <= LARGEST_SIZE {
        true => Ok(()),
        false => Err(Error::invalid(
            Setting::StyleScale,
            format!("expected a style of at most {LARGEST_SIZE} pixels a side, found {width}x{height}"),
        )),
    }
}

/// The size in pixels of a style picture for a content of the given size.
pub(crate) fn style_size(
    style: (usize, usize),
    fit: StyleFit,
    scale: f64,
    content: (usize, usize),
) -> (usize, usize) {
    let (style_long, style_short) = (style.0.max(style.1), style.0.min(style.1));
    let (content_long, content_short) = (content.0.max(content.1), content.0.min(content.1));
    let scaled = |edge: usize| (edge as f64 * scale).round().max(1.0) as usize;
    let long = match fit {
        StyleFit::LongEdge { enlarge: true } => scaled(content_long),
        // A scale above 1 asks for a larger style. Otherwise the style is never enlarged.
        StyleFit::LongEdge { enlarge: false } => {
            scaled(content_long).min((style_long as f64 * scale.max(1.0)).round() as usize)
        }
        StyleFit::ShortEdge => {
            let short = (scaled(content_short) as f64).min(style_short as f64 * scale.max(1.0));
            (style_long as f64 * short / style_short as f64).round() as usize
        }
    };
    fit_long_edge(style, long)
}

/// The size of a style as [`style_size`] gives it, or the next larger one whose short side has `least` pixels. So a
/// thin style has features at the deepest layer at every scale.
pub(crate) fn seen_style_size(
    style: (usize, usize),
    (fit, scale): (StyleFit, f64),
    content: (usize, usize),
    least: usize,
) -> (usize, usize) {
    let usual = style_size(style, fit, scale, content);
    if usual.0.min(usual.1) >= least {
        return usual;
    }
    let (long, short) = (style.0.max(style.1), style.0.min(style.1).max(1));
    fit_long_edge(style, (long * least).div_ceil(short))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thin_styles_are_taken_larger_and_others_are_not() {
        let usual = (StyleFit::LongEdge { enlarge: false }, 1.0);
        assert_eq!(seen_style_size((900, 100), usual, (128, 128), 16), (144, 16));
        assert_eq!(seen_style_size((100, 901), usual, (128, 128), 16), (16, 145));
        assert_eq!(seen_style_size((900, 100), usual, (512, 400), 16), (512, 57));
        assert_eq!(seen_style_size((900, 100), usual, (128, 128), 1), (128, 14));
    }
}
