//! Transparent pixels count for nothing: they influence neither content nor style, and no gradient reaches them.
#![allow(clippy::unwrap_used)] // a panic fails the test

use crate::common::waves;
use impasto::image::Plane;
use impasto::{Error, Overrides, Picture, Style, StyleTransfer};

const WIDTH: usize = 96;
const HEIGHT: usize = 64;

/// Layers whose features see only a few pixels around them.
fn shallow() -> Overrides {
    Overrides {
        content_layers: Some(vec!["relu2_1".into()]),
        style_layers: Some(vec!["relu1_1".into(), "relu2_1".into()]),
        tv_weight: Some(0.0),
        ..Overrides::default()
    }
}

/// An opacity with an opaque left part.
fn left() -> Plane {
    let opacity = |i: usize| if i % WIDTH < 48 { 1.0 } else { 0.0 };
    Plane::new(WIDTH, HEIGHT, (0..WIDTH * HEIGHT).map(opacity).collect()).unwrap()
}

/// Changes the picture from column 64 on, out of reach of all features of the left part.
fn with_another_right(mut picture: Picture) -> Picture {
    for (i, value) in picture.rgb_mut().iter_mut().enumerate().filter(|(i, _)| i % WIDTH >= 64) {
        *value = (i * 7 % 10) as f32 / 10.0;
    }
    picture
}

#[test]
fn what_is_transparent_has_no_influence() {
    let (content, style, image) = (waves(WIDTH, HEIGHT, 0), waves(WIDTH, HEIGHT, 1), waves(WIDTH, HEIGHT, 2));
    let judge = |content: &Picture, style: &Picture, image: &Picture, opaque: bool| {
        let style = Style::new(style.clone()).alpha((!opaque).then(left));
        let mut transfer = StyleTransfer::new(content.clone()).overrides(shallow()).style(style);
        if !opaque {
            transfer = transfer.alpha(left());
        }
        transfer.evaluate(image).unwrap()
    };
    let expected = judge(&content, &style, &image, false);
    let others = [
        (with_another_right(content.clone()), style.clone(), image.clone()),
        (content.clone(), with_another_right(style.clone()), image.clone()),
        (content.clone(), style.clone(), with_another_right(image.clone())),
    ];
    for (index, (content, style, image)) in others.iter().enumerate() {
        assert_eq!(judge(content, style, image, false).losses, expected.losses, "other {index}");
        assert_ne!(judge(content, style, image, true).losses, expected.losses, "other {index}");
    }
    for (i, slope) in expected.gradient.data.iter().enumerate() {
        assert!(i % WIDTH < 64 || *slope == 0.0, "{slope} at {}", i % WIDTH);
    }
    assert!(expected.gradient.data.iter().any(|slope| *slope != 0.0));
}

#[test]
fn opaque_everywhere_is_as_without() {
    let transfer = |alpha: Option<Plane>| {
        StyleTransfer::new(waves(WIDTH, HEIGHT, 0)).style(Style::new(waves(WIDTH, HEIGHT, 1)).alpha(alpha))
    };
    let opaque = || Plane::new(WIDTH, HEIGHT, vec![1.0; WIDTH * HEIGHT]).unwrap();
    let image = waves(WIDTH, HEIGHT, 2);
    let without = transfer(None).evaluate(&image).unwrap().losses.total;
    let with = transfer(Some(opaque())).alpha(opaque()).evaluate(&image).unwrap().losses.total;
    // The sums have another order.
    assert!((with / without - 1.0).abs() < 1e-6, "{with} {without}");
}

#[test]
fn a_run_with_transparency_paints_what_is_seen() {
    let overrides = Overrides { iterations: Some(3), ..shallow() };
    let content = waves(WIDTH, HEIGHT, 0);
    let transfer = StyleTransfer::new(content.clone()).overrides(overrides).style(waves(WIDTH, HEIGHT, 1));
    let mut session = transfer.clone().alpha(left()).size(WIDTH).build().unwrap();
    while session.step().unwrap().is_some() {}
    let picture = session.picture().unwrap();
    let moved = |columns: std::ops::Range<usize>| {
        let pairs = picture.rgb().iter().zip(content.rgb()).enumerate();
        pairs.filter(|(i, _)| columns.contains(&(i % WIDTH))).any(|(_, (a, b))| (a - b).abs() > 1e-3)
    };
    assert!(moved(0..48));
    assert!(!moved(70..WIDTH));
    // The opacity is part of the fingerprint.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    session.save(&path, "").unwrap();
    let mut opaque = transfer.size(WIDTH).build().unwrap();
    let refused = opaque.restore(&impasto::Checkpoint::read(&path).unwrap());
    assert!(matches!(refused, Err(Error::Checkpoint(_))), "{refused:?}");
}

#[test]
fn another_size_than_the_pictures_is_an_error() {
    let transfer = StyleTransfer::new(waves(40, 40, 0)).style(waves(WIDTH, HEIGHT, 1));
    let wrong = transfer.alpha(left()).build().map(|_| ()).unwrap_err();
    assert!(wrong.to_string().contains("alpha"), "{wrong}");
}
