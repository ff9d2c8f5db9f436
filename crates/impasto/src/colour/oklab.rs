//! Oklab (Björn Ottosson, "A perceptual color space for image processing", 2020), from RGB encoded with the sRGB
//! curve. The matrices are those for the sRGB primaries. Pictures in Display P3 are treated as sRGB, which turns
//! hues a little on the way to Oklab and turns them back on the way from it; no colour is lost.

use impasto_image::curve::{decode, encode};

/// Steps of the bisection; they find the chroma to a four-thousandth.
const STEPS: usize = 12;

/// Values outside 0..1 by at most this much are rounding errors.
const ROUNDING: f32 = 1e-4;

fn product(matrix: [[f32; 3]; 3], vector: [f32; 3]) -> [f32; 3] {
    matrix.map(|row| row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2])
}

/// Lightness and the two opponent channels.
pub(super) fn from_rgb(rgb: [f32; 3]) -> [f32; 3] {
    const TO_CONES: [[f32; 3]; 3] = [
        [0.412_221_46, 0.536_332_55, 0.051_445_995],
        [0.211_903_5, 0.680_699_5, 0.107_396_96],
        [0.088_302_46, 0.281_718_85, 0.629_978_7],
    ];
    const TO_LAB: [[f32; 3]; 3] = [
        [0.210_454_26, 0.793_617_8, -0.004_072_047],
        [1.977_998_5, -2.428_592_2, 0.450_593_7],
        [0.025_904_037, 0.782_771_77, -0.808_675_77],
    ];
    product(TO_LAB, product(TO_CONES, rgb.map(decode)).map(f32::cbrt))
}

/// Encoded RGB, which may lie outside 0..1.
pub(super) fn to_rgb(lab: [f32; 3]) -> [f32; 3] {
    const FROM_LAB: [[f32; 3]; 3] = [
        [1.0, 0.396_337_78, 0.215_803_76],
        [1.0, -0.105_561_346, -0.063_854_17],
        [1.0, -0.089_484_18, -1.291_485_5],
    ];
    const FROM_CONES: [[f32; 3]; 3] = [
        [4.076_741_7, -3.307_711_6, 0.230_969_94],
        [-1.268_438, 2.609_757_4, -0.341_319_38],
        [-0.004_196_086_3, -0.703_418_6, 1.707_614_7],
    ];
    product(FROM_CONES, product(FROM_LAB, lab).map(|cone| cone * cone * cone)).map(encode)
}

/// Encoded RGB in 0..1 of this lightness and hue, with as much of the chroma as fits.
pub(super) fn inside([l, a, b]: [f32; 3]) -> [f32; 3] {
    let with = |part: f32| to_rgb([l, part * a, part * b]);
    let fits = |rgb: [f32; 3]| rgb.iter().all(|value| (-ROUNDING..=1.0 + ROUNDING).contains(value));
    let (mut low, mut high) = (0.0, 1.0);
    if fits(with(1.0)) {
        low = 1.0;
    } else {
        for _ in 0..STEPS {
            let middle = 0.5 * (low + high);
            if fits(with(middle)) { low = middle } else { high = middle }
        }
    }
    with(low).map(|value| value.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_colours() {
        // Computed with colour-science 0.4 (tests/oracle/colour_maps.py): sRGB, Oklab.
        for (rgb, lab) in [
            ([1.0, 1.0, 1.0], [1.0, 0.0, -0.000_11]),
            ([1.0, 0.0, 0.0], [0.627_93, 0.224_89, 0.125_80]),
            ([0.0, 1.0, 0.0], [0.866_45, -0.233_92, 0.179_42]),
            ([0.0, 0.0, 1.0], [0.452_03, -0.032_35, -0.311_62]),
            ([0.5, 0.5, 0.5], [0.598_18, 0.0, -0.000_07]),
        ] {
            let found = from_rgb(rgb);
            assert!(found.iter().zip(lab).all(|(a, b)| (a - b).abs() < 2e-4), "{rgb:?}: {found:?}");
            assert!(to_rgb(found).iter().zip(rgb).all(|(a, b)| (a - b).abs() < 1e-3), "{rgb:?}");
        }
    }

    #[test]
    fn colours_that_are_none_lose_chroma_only() {
        let [l, a, b] = from_rgb([0.0, 0.0, 1.0]);
        let found = inside([0.9, a, b]);
        assert!(found.iter().all(|value| (0.0..=1.0).contains(value)));
        let [lightness, green, blue] = from_rgb(found);
        assert!((lightness - 0.9).abs() < 2e-3 && l < 0.9, "{lightness}");
        assert!((green / blue - a / b).abs() < 0.02 && blue > b, "the hue stays");
    }
}
