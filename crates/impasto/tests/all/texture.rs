//! Textures: from noise, of a style alone. A seamless texture is the same wherever it is cut.
#![allow(clippy::unwrap_used)] // a panic fails the test

use crate::common::{NARROW, in_range, waves};
use impasto::{Colour, Error, Init, Overrides, Picture, Regions, Scale, StyleTransfer};
use impasto_engine::{Padding, Tiling};

fn end(transfer: StyleTransfer) -> Picture {
    let mut session = transfer.build().unwrap();
    session.by_ref().for_each(|step| drop(step.unwrap()));
    session.picture().unwrap()
}

fn few(iterations: usize, min_size: usize) -> Overrides {
    Overrides { iterations: Some(iterations), min_size: Some(min_size), ..Overrides::default() }
}

fn texture(size: (usize, usize), seamless: bool) -> StyleTransfer {
    StyleTransfer::texture(size, seamless).unwrap().style(waves(150, 130, 1)).model(NARROW)
}

fn rolled(picture: &Picture, (dx, dy): (usize, usize)) -> Picture {
    let (width, height) = picture.size();
    let at = |i: usize| {
        let (plane, x, y) = (i / (width * height), i % width, i / width % height);
        plane * width * height + (y + dy) % height * width + (x + dx) % width
    };
    let rgb = (0..3 * width * height).map(|i| picture.rgb()[at(i)]).collect();
    Picture::new(width, height, rgb).unwrap()
}

/// Tolerance for the mean over pixels. Sums have another order, and Adam's first steps take the sign of a gradient.
const ROUNDING: f64 = 2e-3;

fn difference(a: &Picture, b: &Picture) -> f64 {
    let differences = a.rgb().iter().zip(b.rgb()).map(|(a, b)| (a - b).abs() as f64);
    differences.sum::<f64>() / a.rgb().len() as f64
}

#[test]
fn a_seamless_texture_is_the_same_wherever_it_is_cut() {
    // From the same noise, cut in two different places. (`margin.rs` tests the change of scale.)
    let start = waves(64, 96, 7);
    // The total variation does not cross the edges.
    let overrides = |init: Init| Overrides { tv_weight: Some(0.0), init: Some(init), ..few(4, 96) };
    let run = |start: Picture, seamless: bool| {
        let transfer = texture((64, 96), seamless).overrides(overrides(Init::Picture)).init_picture(start);
        end(transfer)
    };
    for seamless in [true, false] {
        let one = rolled(&run(start.clone(), seamless), (32, 32));
        let other = run(rolled(&start, (32, 32)), seamless);
        let found = difference(&one, &other);
        assert_eq!(found < ROUNDING, seamless, "{found}");
    }
}

#[test]
fn scales_of_a_ring_are_rounded_and_its_end_is_what_was_asked_for() {
    let session = texture((320, 208), true).overrides(few(1, 100)).build().unwrap();
    let sizes: Vec<(usize, usize)> = session.scales().iter().map(|s: &Scale| (s.width, s.height)).collect();
    assert_eq!(sizes, [(112, 80), (160, 96), (224, 144), (320, 208)]);
    assert_eq!((session.recipe().padding, session.recipe().margin), (Some(Padding::Wrap), 0));
    let plain = texture((321, 209), false).overrides(few(1, 100)).build().unwrap();
    assert_eq!(plain.scales().last().map(|scale| (scale.width, scale.height)), Some((321, 209)));
    assert_ne!(plain.recipe().padding, Some(Padding::Wrap));
}

#[test]
fn noise_comes_to_look_like_the_style() {
    for seamless in [true, false] {
        let mut session = texture((96, 80), seamless).overrides(few(40, 96)).build().unwrap();
        let losses: Vec<f64> = session.by_ref().map(|step| step.unwrap().losses.total).collect();
        assert!(losses[losses.len() - 1] < 0.1 * losses[0], "{losses:?}");
        assert!(session.recipe().content_layers.is_empty());
        assert!(in_range(&session.picture().unwrap()));
    }
}

#[test]
fn tiles_of_a_ring_are_the_ring() {
    let shallow = Overrides {
        style_layers: Some(vec!["relu1_1".into(), "relu2_1".into()]),
        tv_weight: Some(0.0),
        ..few(2, 384)
    };
    let transfer = texture((384, 384), true).overrides(shallow);
    let tiling = Tiling { window: Some(192 * 192), ..Tiling::default() };
    let cut = transfer.clone().tiling(tiling);
    assert_ne!(cut.clone().build().unwrap().plan().scales[0].tiles, (1, 1));
    let found = difference(&end(transfer), &end(cut));
    assert!(found < ROUNDING, "{found}");
}

#[test]
fn what_a_texture_cannot_be_is_an_error() {
    let failed = |transfer: StyleTransfer| match transfer.build() {
        Err(error @ Error::Invalid { .. }) => error.to_string(),
        other => panic!("{:?}", other.err()),
    };
    assert!(failed(texture((100, 96), true)).contains("multiples of 16"));
    let with = |overrides: Overrides| texture((96, 96), false).overrides(overrides);
    for (transfer, option) in [
        (with(Overrides { content_weight: Some(1.0), ..Overrides::default() }), "`content_weight`"),
        (with(Overrides { strength: Some(0.5), ..Overrides::default() }), "`strength`"),
        (with(Overrides { init: Some(Init::Content), ..Overrides::default() }), "`init`"),
        (texture((96, 96), false).colour(Colour::Keep), "`colour`"),
        (texture((96, 96), false).size(200), "`size`"),
        (texture((96, 96), false).regions(Regions::default().feather(0.1)), "`mask`"),
    ] {
        assert!(failed(transfer).contains(option), "{option}");
    }
    assert!(StyleTransfer::texture((0, 5), false).is_err());
    assert!(StyleTransfer::texture((5, 1 << 20), false).is_err());
}
