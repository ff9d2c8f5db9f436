//! Colours of content and style: maps compared with NumPy, SciPy and scikit-image (tests/oracle/colour_maps.py),
//! and the source of a result's colours.
#![allow(clippy::unwrap_used)] // a panic fails the test

use crate::common::waves;
use impasto::image::Plane;
use impasto::{Colour, ColourMap, Overrides, Picture, Style, StyleTransfer, match_colours};
use serde_json::Value;

/// Tolerance: the oracle computes in f64, and histograms are counted in 16-bit steps.
const WITHIN: f32 = 2.5e-5;

fn numbers(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|value| value.as_f64().unwrap() as f32).collect()
}

#[test]
fn maps_are_those_of_numpy_and_scikit_image() {
    let known: Value = serde_json::from_str(include_str!("../fixtures/colour_maps.json")).unwrap();
    let style = Picture::new(6, 5, numbers(&known["style"])).unwrap();
    let content = Picture::new(7, 4, numbers(&known["content"])).unwrap();
    for &map in ColourMap::ALL {
        let mut found = style.clone();
        match_colours(map, (&mut found, None), (&content, None)).unwrap();
        let expected = numbers(&known["cases"][map.to_string()]);
        let worst = found.rgb().iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < WITHIN, "{map}: {worst}");
    }
}

/// A picture with a left half of colour `a` and a right half of colour `b`.
fn halves(a: [f32; 3], b: [f32; 3]) -> Picture {
    let rgb = (0..3).flat_map(|plane| (0..64).map(move |i| if i % 8 < 4 { a[plane] } else { b[plane] }));
    Picture::new(8, 8, rgb.collect()).unwrap()
}

#[test]
fn what_is_not_seen_has_no_colours() {
    let left = Plane::new(8, 8, (0..64).map(|i| if i % 8 < 4 { 1.0 } else { 0.0 }).collect()).unwrap();
    let style = halves([0.2, 0.4, 0.6], [0.9, 0.9, 0.0]);
    let content = halves([0.7, 0.5, 0.3], [0.0, 1.0, 0.0]);
    for &map in ColourMap::ALL {
        let mut found = style.clone();
        match_colours(map, (&mut found, Some(&left)), (&content, Some(&left))).unwrap();
        for (plane, expected) in found.rgb().chunks(64).zip([0.7, 0.5, 0.3]) {
            assert!((plane[0] - expected).abs() < 1e-3, "{map}: {}", plane[0]);
        }
    }
    // The covariance of a grey picture has no inverse, which must do no harm.
    let grey = |value: f32| Picture::new(2, 1, [value, 0.8].repeat(3)).unwrap();
    for &map in ColourMap::ALL {
        let mut found = grey(0.2);
        match_colours(map, (&mut found, None), (&grey(0.4), None)).unwrap();
        assert!(found.rgb().iter().all(|value| value.is_finite()), "{map}");
        assert!(
            (found.rgb()[0] - 0.4).abs() < 1e-2 && (found.rgb()[1] - 0.8).abs() < 1e-2,
            "{map}: {:?}",
            found.rgb()
        );
    }
}

#[test]
fn rounding_does_not_become_colour() {
    // Sepia in 8 bits: two of three directions contain only rounding errors.
    let sepia = |plane: usize, i: usize| ((i % 96) as f32 * [2.5, 2.1, 1.6][plane]).round() / 255.0;
    let rgb = (0..3).flat_map(|plane| (0..96 * 8).map(move |i| sepia(plane, i))).collect();
    let style = Picture::new(96, 8, rgb).unwrap();
    for map in [ColourMap::MongeKantorovich, ColourMap::Pca, ColourMap::Cholesky] {
        let mut found = style.clone();
        match_colours(map, (&mut found, None), (&waves(48, 40, 0), None)).unwrap();
        let rgb = found.rgb();
        let chroma = |i: usize| [rgb[i] - rgb[768 + i], rgb[768 + i] - rgb[2 * 768 + i]];
        let step = |i: usize| (0..2).map(|k| (chroma(i + 1)[k] - chroma(i)[k]).abs()).sum::<f32>();
        let mean = (0..95).map(step).sum::<f32>() / 95.0;
        assert!(mean < 24.0 / 255.0, "{map}: {} steps of 8 bits", mean * 255.0);
    }
}

fn painted(content: Picture, colour: Colour) -> Picture {
    let overrides = Overrides { iterations: Some(6), ..Overrides::default() };
    let transfer =
        StyleTransfer::new(content).style(Style::new(waves(56, 48, 1))).overrides(overrides).colour(colour);
    let mut session = transfer.build().unwrap();
    session.by_ref().for_each(|step| drop(step.unwrap()));
    session.picture().unwrap()
}

/// Largest difference between channels.
fn chroma(picture: &Picture) -> f32 {
    let area = picture.width() * picture.height();
    let rgb = picture.rgb();
    (0..area)
        .map(|at| {
            let pixel = [rgb[at], rgb[area + at], rgb[2 * area + at]];
            pixel.iter().fold(0.0, |most: f32, value| most.max(*value))
                - pixel.iter().fold(1.0, |least: f32, value| least.min(*value))
        })
        .fold(0.0, f32::max)
}

#[test]
fn grey_stays_grey_where_colours_are_the_contents() {
    let grey = || {
        let plane: Vec<f32> = waves(48, 40, 0).rgb()[..48 * 40].to_vec();
        Picture::new(48, 40, plane.repeat(3)).unwrap()
    };
    assert!(chroma(&painted(grey(), Colour::Style)) > 0.01, "without it, it takes colour");
    for colour in [Colour::Keep, Colour::Luminance] {
        let found = chroma(&painted(grey(), colour));
        assert!(found < 1e-3, "{colour:?}: {found}");
    }
}

#[test]
fn each_way_paints_another_picture_and_is_part_of_the_run() {
    let ways = [
        Colour::Style,
        Colour::Keep,
        Colour::Luminance,
        Colour::Match(ColourMap::Cholesky),
        Colour::Match(ColourMap::Pca),
    ];
    let pictures: Vec<Picture> = ways.iter().map(|way| painted(waves(48, 40, 0), *way)).collect();
    for (i, one) in pictures.iter().enumerate() {
        assert!(pictures[..i].iter().all(|other| other != one), "{:?}", ways[i]);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let begin = |way| {
        let overrides = Overrides { iterations: Some(2), ..Overrides::default() };
        let transfer = StyleTransfer::new(waves(48, 40, 0)).style(waves(40, 40, 1)).overrides(overrides);
        transfer.colour(way).build().unwrap()
    };
    let mut run = begin(Colour::Luminance);
    run.step().unwrap();
    run.save(&path, "").unwrap();
    let checkpoint = impasto::Checkpoint::read(&path).unwrap();
    let refused = begin(Colour::Keep).restore(&checkpoint).unwrap_err().to_string();
    assert!(refused.contains("not the same"), "{refused}");
    let mut resumed = begin(Colour::Luminance);
    resumed.restore(&checkpoint).unwrap();
    while run.step().unwrap().is_some() {}
    while resumed.step().unwrap().is_some() {}
    assert_eq!(run.picture().unwrap(), resumed.picture().unwrap());
}
