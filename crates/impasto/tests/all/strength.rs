//! Strength and stroke size: from the content to the full style, and the first scale of a run.
#![allow(clippy::unwrap_used)] // a panic fails the test

use crate::common::{NARROW, waves};
use impasto::referee::{luma, ssim};
use impasto::{Error, Init, Overrides, Picture, StyleTransfer};

fn transfer(overrides: Overrides) -> StyleTransfer {
    StyleTransfer::new(waves(96, 80, 0)).style(waves(90, 100, 1)).overrides(overrides).size(96)
}

fn end(transfer: StyleTransfer) -> Picture {
    let mut session = transfer.build().unwrap();
    session.by_ref().for_each(|step| drop(step.unwrap()));
    session.picture().unwrap()
}

fn with(strength: f64) -> Overrides {
    Overrides { strength: Some(strength), iterations: Some(25), min_size: Some(64), ..Overrides::default() }
}

#[test]
fn more_strength_is_less_of_the_content_and_none_is_all_of_it() {
    let content = waves(96, 80, 0);
    assert!(end(transfer(with(0.0))) == content);
    let likeness = |strength: f64| ssim(&luma(&content), &luma(&end(transfer(with(strength))))).unwrap();
    let found: Vec<f64> = [0.1, 0.4, 0.7, 1.0].into_iter().map(likeness).collect();
    assert!(found.windows(2).all(|pair| pair[1] < pair[0]), "{found:?}");
    // A run from noise paints the content anew.
    let noise = Overrides { init: Some(Init::Noise), ..with(0.0) };
    assert!(!transfer(noise).build().unwrap().scales().iter().any(|scale| scale.iterations == 0));
}

#[test]
fn targets_are_between_the_contents_own_and_the_styles() {
    let losses = |strength: f64, of: &Picture| {
        let overrides = Overrides { tv_weight: Some(0.0), strength: Some(strength), ..Overrides::default() };
        let transfer = StyleTransfer::new(waves(96, 80, 0)).style(waves(90, 100, 1)).model(NARROW);
        let losses = transfer.overrides(overrides).evaluate(of).unwrap().losses;
        losses.style.iter().map(|(_, value)| value).sum::<f64>()
    };
    let (content, style) = (waves(96, 80, 0), waves(96, 80, 1));
    let (half, full) = (losses(0.5, &content), losses(1.0, &content));
    // A picture has distance 0 to itself, up to rounding.
    assert!(losses(0.0, &content) < 1e-4 * full, "{full}");
    assert!(half > 0.01 * full && half < 0.9 * full, "{half} {full}");
    assert!(losses(0.5, &style) > losses(1.0, &style));
}

#[test]
fn strokes_of_another_size_begin_at_another_scale() {
    let content = || StyleTransfer::new(waves(512, 400, 0)).style(waves(300, 300, 1)).size(512);
    let first = |transfer: StyleTransfer| transfer.build().unwrap().scales()[0].width;
    assert_eq!(first(content()), 128);
    assert_eq!(first(content().stroke_size(0.5)), 256);
    assert_eq!(first(content().stroke_size(2.0)), 64);
    // Only the stroke size changes the first scale, not the style scale.
    let plain = content().stroke_size(0.5).build().unwrap().plan().clone();
    assert_eq!(content().style_scale(0.5).stroke_size(1.0).build().unwrap().scales()[0].width, 128);
    assert!(plain.scales.len() < content().build().unwrap().scales().len());
    let asked = Overrides { min_size: Some(200), ..Overrides::default() };
    assert_eq!(first(content().stroke_size(0.5).overrides(asked)), 256);
}

#[test]
fn values_out_of_range_are_refused_with_the_range() {
    let text = |transfer: StyleTransfer| match transfer.build() {
        Err(error @ Error::Invalid { .. }) => error.to_string(),
        other => panic!("{:?}", other.err()),
    };
    for strength in [-0.1, 1.1, f64::NAN] {
        assert!(text(transfer(with(strength))).contains("`strength`: expected 0 to 1"), "{strength}");
    }
    for size in [0.0, 0.05, 5.0, f64::NAN] {
        let refused = text(transfer(Overrides::default()).stroke_size(size));
        assert!(refused.contains("`stroke_size`: expected 0.1 to 4"), "{size}: {refused}");
    }
}
