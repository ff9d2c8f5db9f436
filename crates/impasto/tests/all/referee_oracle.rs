//! Each measure of the referee compared with a published implementation. `referee.rs` tests their purpose.
//!
//! The numbers in `fixtures/referee.json` were computed in f64 by `tests/oracle/referee.py` at the top of the
//! repository, with scikit-image, pytorch-msssim, piq, SciPy, POT and PyTorch.
#![allow(clippy::unwrap_used)] // a panic fails the test

use std::path::PathBuf;

use impasto::image::Plane;
use impasto::referee::{
    Colours, Noise, Patches, Referee, Responses, gmsd, lab, luma, ms_ssim, pyramid, ssim,
};
use impasto::{Picture, Style};
use serde_json::Value;

/// Relative tolerance. Pictures and sorted samples are f32 here and f64 in the oracle; sums are f64 in both.
/// Measured: up to 1.1e-7.
const ROUNDING: f64 = 1e-6;

/// Tolerance for L*a*b*: scikit-image's matrix from sRGB to XYZ and its white point have other last digits.
/// Measured: 0.013 of a range of 100.
const OTHER_MATRIX: f64 = 0.03;

/// Tolerance for a distance of 8.5, where the matrix shifts both pictures alike. Measured: 6e-4.
const DISTANCE: f64 = 2e-3;

/// Relative tolerance for features, which are f32 here and f64 in the oracle; roots of matrices amplify the
/// difference. Measured: 6e-7. The smallest correlation here is 0.03; its relative error is 6e-7, too.
const FEATURES: f64 = 1e-5;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn picture(name: &str) -> Picture {
    impasto::image::open(&fixture(name)).unwrap().picture
}

fn expected() -> Value {
    serde_json::from_slice(&std::fs::read(fixture("referee.json")).unwrap()).unwrap()
}

/// One style, and two.
fn styles() -> [Vec<(f64, Picture)>; 2] {
    [vec![(1.0, picture("style.png"))], vec![(0.7, picture("style.png")), (0.3, picture("style2.png"))]]
}

#[track_caller]
fn near(found: impl Into<Option<f64>>, expected: &Value, part: f64) {
    let (found, expected) = (found.into().unwrap(), expected.as_f64().unwrap());
    assert!((found - expected).abs() <= part * expected.abs(), "{found}, expected {expected}");
}

/// The same picture as in the oracle.
fn drawn(width: usize, height: usize, kind: f64) -> Plane {
    let value = |i: usize| {
        let (x, y) = ((i % width) as f64, (i / width) as f64);
        let slow = (x * (0.11 + 0.01 * kind) + y * 0.07).sin();
        let fast = (x * 0.9 - y * 1.3 + 0.5 * kind).sin();
        (0.5 + 0.3 * slow + 0.15 * fast) as f32
    };
    Plane::new(width, height, (0..width * height).map(value).collect()).unwrap()
}

fn large(kind: f64) -> Plane {
    drawn(192, 176, kind)
}

#[test]
fn luma_agrees_with_scikit_image_pytorch_msssim_and_piq() {
    let expected = expected();
    let (a, b) = (luma(&picture("image.png")), luma(&picture("content.png")));
    near(ssim(&a, &b), &expected["ssim"], ROUNDING);
    near(gmsd(&a, &b), &expected["gmsd"], ROUNDING);
    let (a, b) = (large(0.0), large(1.0));
    near(ssim(&a, &b), &expected["ssim-large"], ROUNDING);
    near(gmsd(&a, &b), &expected["gmsd-large"], ROUNDING);
    let (value, scales) = ms_ssim(&a, &b).unwrap();
    assert_eq!(scales, 5);
    near(value, &expected["ms-ssim-large"], ROUNDING);
}

#[test]
fn structure_agrees_with_pytorch() {
    let expected = expected();
    let portrait = |kind: f64| {
        let planes = [0.0, 1.0, 2.0].map(|plane| drawn(300, 400, kind + plane).into_data());
        Picture::new(300, 400, planes.concat()).unwrap()
    };
    let narrow = impasto::encoder::open(fixture("narrow.safetensors").to_str().unwrap()).unwrap();
    // Three cases: enlarged, with random weights; a content of another size, with `lite`; reduced, and in portrait
    // format.
    for (name, content, result, encoder) in [
        ("structure", picture("content.png"), picture("image.png"), Some(&narrow)),
        ("structure-lite", picture("content.png"), picture("style.png"), None),
        ("structure-large", portrait(1.0), portrait(0.0), None),
    ] {
        let mut referee = Referee::new(Some(content), vec![picture("style.png").into()]).unwrap();
        if let Some(encoder) = encoder {
            referee = referee.encoder(encoder).unwrap();
        }
        let scores = referee.score(&result).unwrap();
        for (layer, found) in [scores.structure, scores.structure_coarse].into_iter().enumerate() {
            near(found, &expected[name][layer], FEATURES);
        }
    }
}

#[test]
fn colours_agree_with_scikit_image_scipy_and_pot() {
    let expected = expected();
    for pair in expected["lab"].as_array().unwrap() {
        let rgb = [0, 1, 2].map(|i| pair[0][i].as_f64().unwrap() as f32);
        for (i, value) in lab(rgb).into_iter().enumerate() {
            let expected = pair[1][i].as_f64().unwrap();
            assert!((f64::from(value) - expected).abs() < OTHER_MATRIX, "{rgb:?}: {value} {expected}");
        }
    }
    let seen = Colours::of(&[(1.0, picture("image.png"))]);
    for (styles, expected) in styles().iter().zip(expected["colour"].as_array().unwrap()) {
        let found = seen.distance(&Colours::of(styles));
        assert!((found - expected.as_f64().unwrap()).abs() < DISTANCE, "{found} {expected}");
    }
}

#[test]
fn textures_agree_with_scipy_and_pytorch() {
    let (expected, image) = (expected(), picture("image.png"));
    let bands = pyramid::laplacian(&image, 5, 16);
    assert_eq!(bands.len(), expected["bands"].as_array().unwrap().len());
    for (band, expected) in bands.iter().zip(expected["bands"].as_array().unwrap()) {
        let squares: f64 = band.rgb().iter().map(|value| f64::from(*value).powi(2)).sum();
        near(squares / band.rgb().len() as f64, expected, ROUNDING);
    }
    for (at, styles) in styles().iter().enumerate() {
        near(Patches::of(styles).distance(&image), &expected["patches"][at], ROUNDING);
        near(Responses::of(styles).distance(&image), &expected["filters"][at], FEATURES);
    }
    // More places than samples, and all octaves but one.
    let [image, style] = [0.0, 2.0].map(|kind| {
        let planes = [0.0, 1.0, 2.0].map(|plane| large(kind + plane).into_data()).concat();
        Picture::new(192, 176, planes).unwrap()
    });
    let style = [(1.0, style)];
    near(Patches::of(&style).distance(&image), &expected["patches-large"], ROUNDING);
    near(Responses::of(&style).distance(&image), &expected["filters-large"], FEATURES);
}

#[test]
fn layers_agree_with_pytorch() {
    let (expected, image) = (expected(), picture("image.png"));
    let encoder = impasto::encoder::open(fixture("narrow.safetensors").to_str().unwrap()).unwrap();
    for (at, styles) in styles().into_iter().enumerate() {
        // The styles are larger than the picture; each keeps its own size.
        let styles = styles.into_iter().map(|(share, style)| {
            let scale = style.long_edge() as f64 / image.long_edge() as f64;
            Style::new(style).weight(share).scale(scale)
        });
        let mut referee = Referee::new(None, styles.collect()).unwrap().encoder(&encoder).unwrap();
        let scores = referee.score(&image).unwrap();
        let expected = expected["layers"][at].as_object().unwrap();
        assert_eq!(scores.layers.len(), expected.len());
        for (layer, value) in &scores.layers {
            near(*value, &expected[layer], FEATURES);
        }
    }
}

#[test]
fn noise_agrees_with_scipy() {
    let expected = expected();
    let [image, style, content] =
        ["image.png", "style.png", "content.png"].map(|name| Noise::of(&picture(name)).unwrap());
    near(image.even(), &expected["noise-even"][0], ROUNDING);
    near(style.even(), &expected["noise-even"][1], ROUNDING);
    near(image.beyond(&[style, content]), &expected["noise"][0], ROUNDING);
    near(style.beyond(&[content]), &expected["noise"][1], ROUNDING);
}
