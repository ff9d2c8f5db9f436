//! Features and Gram matrices as pictures.

use impasto::image::{Averaging, Filter, resize};
use impasto::{LayerFeatures, Picture};

/// Smallest and largest long edge of a map on a sheet. Small maps are enlarged by whole numbers, so that each feature
/// is a square.
const SMALLEST: usize = 96;
const LARGEST: usize = 192;

/// Pixels between maps.
const GAP: usize = 4;

/// Smallest side of a heat map.
const HEAT_SIDE: usize = 512;

/// Powers of ten that a heat map distinguishes below the largest value.
const DECADES: f64 = 3.0;

/// The part of a map's features that are shown as white as the largest, because edges stand out far from all else.
const WHITE: f64 = 0.01;

/// Draws maps in rows, in the given order. Each map is as bright as its own largest features allow: channels differ by
/// orders of magnitude, so that on a common scale most would be black. A map of zeros is black.
pub(super) fn contact_sheet(features: &LayerFeatures, channels: &[usize]) -> Picture {
    let maps: Vec<Picture> = channels.iter().map(|&channel| grey(features, channel)).collect();
    let (width, height) = maps.first().map_or((1, 1), Picture::size);
    // The sheet is nearly square, and if possible without an incomplete row.
    let square = ((maps.len() * (height + GAP)) as f64 / (width + GAP) as f64).sqrt().ceil() as usize;
    let columns = (square..2 * square).find(|columns| maps.len().is_multiple_of(*columns));
    let columns = columns.unwrap_or(square).clamp(1, maps.len().max(1));
    let rows = maps.len().div_ceil(columns).max(1);
    let (wide, high) = (columns * (width + GAP) + GAP, rows * (height + GAP) + GAP);
    let mut sheet = Picture::filled(wide, high, [0.25; 3]);
    for (number, map) in maps.iter().enumerate() {
        let (left, top) = (GAP + number % columns * (width + GAP), GAP + number / columns * (height + GAP));
        sheet.put(map, (left, top));
    }
    sheet
}

/// Draws a map at its size on the sheet, black for 0 and white for its largest features.
fn grey(features: &LayerFeatures, channel: usize) -> Picture {
    let map = features.map(channel);
    let white = white(map);
    let long = features.width.max(features.height).max(1);
    let times = SMALLEST.div_ceil(long);
    let (width, height) = (features.width * times, features.height * times);
    let plane: Vec<f32> = (0..width * height)
        .map(|at| map[at / width / times * features.width + at % width / times] / white)
        .map(|value| value.min(1.0))
        .collect();
    let picture = Picture::new(width, height, plane.repeat(3));
    let picture = picture.unwrap_or_else(|| Picture::filled(1, 1, [0.0; 3]));
    if long <= LARGEST {
        return picture;
    }
    let (width, height) = impasto::image::fit_long_edge(picture.size(), LARGEST);
    resize(&picture, width, height, Filter::Bilinear, Averaging::Values)
}

/// Returns the smallest feature that is shown white.
fn white(map: &[f32]) -> f32 {
    let mut sorted = map.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let above = (map.len() as f64 * WHITE) as usize;
    let at = sorted.len().saturating_sub(1 + above);
    let found = sorted.get(at).copied().filter(|value| *value > 0.0);
    // If nearly all features are 0, only the largest is white.
    found.or(sorted.last().copied()).unwrap_or(0.0).max(f32::MIN_POSITIVE)
}

/// Draws the Gram matrix with a square for each value. The scale is logarithmic, from the largest value down, because a
/// few channels have nearly all the energy. Values below the scale, and 0, have its lowest colour.
pub(super) fn heat_map(features: &LayerFeatures) -> Picture {
    let channels = features.channels;
    let times = HEAT_SIDE.div_ceil(channels.max(1));
    let side = channels * times;
    let largest = features.gram.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let colours: Vec<[f32; 3]> = features
        .gram
        .iter()
        .map(|value| {
            let height = 1.0 + (value.max(0.0) / largest).log10() / DECADES;
            heat(height.clamp(0.0, 1.0))
        })
        .collect();
    let rgb = (0..3 * side * side)
        .map(|at| {
            let (plane, at) = (at / (side * side), at % (side * side));
            colours[at / side / times * channels + at % side / times][plane]
        })
        .collect();
    Picture::new(side, side, rgb).unwrap_or_else(|| Picture::filled(1, 1, [0.0; 3]))
}

/// Viridis, whose lightness rises evenly.
#[cfg(feature = "plot")]
fn heat(height: f64) -> [f32; 3] {
    use plotters::style::colors::colormaps::{ColorMap, ViridisRGB};
    let colour = ViridisRGB.get_color(height);
    [colour.0, colour.1, colour.2].map(|byte| f32::from(byte) / 255.0)
}

/// Grey, in a build without colour maps.
#[cfg(not(feature = "plot"))]
fn heat(height: f64) -> [f32; 3] {
    [height as f32; 3]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two channels of 2x1 positions: one with the values 1 and 3, and one of zeros.
    fn features() -> LayerFeatures {
        LayerFeatures {
            layer: "relu1_1".into(),
            channels: 2,
            width: 2,
            height: 1,
            maps: vec![1.0, 3.0, 0.0, 0.0],
            gram: vec![2.5, 0.0, 0.0, 2.5 * 10f64.powf(-1.5)],
        }
    }

    fn at(picture: &Picture, x: usize, y: usize) -> [f32; 3] {
        let (width, area) = (picture.width(), picture.width() * picture.height());
        [0, 1, 2].map(|plane| picture.rgb()[plane * area + y * width + x])
    }

    #[test]
    fn a_sheet_shows_each_channel_in_its_place() {
        let sheet = contact_sheet(&features(), &[1, 0]);
        // Two maps of 96x48 pixels, side by side.
        assert_eq!(sheet.size(), (2 * 96 + 3 * GAP, 48 + 2 * GAP));
        assert_eq!(at(&sheet, 50, 20), [0.0; 3]);
        assert_eq!(at(&sheet, 2 * GAP + 96 + 47, GAP), [1.0 / 3.0; 3]);
        assert_eq!(at(&sheet, 2 * GAP + 96 + 48, GAP), [1.0; 3]);
        assert_eq!(at(&sheet, 0, 0), [0.25; 3]);
    }

    #[test]
    fn single_features_do_not_darken_a_map() {
        let mut map = vec![0.5; 200];
        map[7] = 9.0;
        assert_eq!(white(&map), 0.5);
        // In a map that is nearly empty, the single feature is white.
        let mut map = vec![0.0; 200];
        map[7] = 9.0;
        assert_eq!(white(&map), 9.0);
        assert!(white(&[0.0; 10]) > 0.0 && white(&[]) > 0.0);
    }

    #[test]
    fn sheets_are_nearly_square_and_full() {
        let of = |channels: usize| {
            let maps = vec![1.0; 2 * channels];
            let features = LayerFeatures { channels, maps, ..features() };
            let (width, height) = contact_sheet(&features, &(0..channels).collect::<Vec<_>>()).size();
            ((width - GAP) / (96 + GAP), (height - GAP) / (48 + GAP))
        };
        assert_eq!([of(1), of(2), of(16), of(64), of(7)], [(1, 1), (2, 1), (4, 4), (8, 8), (2, 4)]);
    }

    #[test]
    fn a_heat_map_is_logarithmic() {
        let map = heat_map(&features());
        assert_eq!(map.size(), (512, 512));
        let near = |found: [f32; 3], bytes: [u8; 3]| {
            found.iter().zip(bytes).all(|(found, byte)| (found * 255.0 - f32::from(byte)).abs() < 8.0)
        };
        // The colours of viridis from yellow to violet; the middle of the scale is 1.5 of 3 decades down.
        assert!(near(at(&map, 0, 0), [253, 231, 37]), "{:?}", at(&map, 0, 0));
        assert!(near(at(&map, 300, 0), [68, 1, 84]), "{:?}", at(&map, 300, 0));
        assert!(near(at(&map, 511, 511), [33, 145, 140]), "{:?}", at(&map, 511, 511));
    }
}
