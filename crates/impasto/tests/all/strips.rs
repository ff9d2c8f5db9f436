//! Strips: pictures much wider than high, as contents and as styles. Every shape is painted whose short side is large
//! enough at its final size.
#![allow(clippy::unwrap_used)] // a panic fails the test

use crate::common::{NARROW, in_range, waves};
use impasto::{Effort, Overrides, Picture, Preset, Session, StyleTransfer};

fn short_sides(session: &Session) -> Vec<usize> {
    session.scales().iter().map(|scale| scale.width.min(scale.height)).collect()
}

fn painted(transfer: StyleTransfer) -> Picture {
    let mut session = transfer.build().unwrap();
    session.by_ref().for_each(|step| assert!(step.unwrap().losses.total.is_finite()));
    session.picture().unwrap()
}

fn once() -> Overrides {
    Overrides { iterations: Some(1), ..Overrides::default() }
}

#[test]
fn a_strip_is_painted_at_every_size() {
    for preset in Preset::ALL {
        for size in [144, 181, 256, 300, 363, 500, 512, 513, 600, 640, 700, 768, 1000, 1024] {
            let transfer = StyleTransfer::new(waves(900, 100, 0)).style(waves(64, 48, 1)).model(NARROW);
            let session = transfer.preset(*preset).overrides(once()).size(size).build().unwrap();
            let sides = short_sides(&session);
            assert!(sides[0] >= 16 && sides.is_sorted(), "{preset:?} {size}: {sides:?}");
        }
    }
}

#[test]
fn strips_of_both_directions_end_as_pictures() {
    for (width, height) in [(400, 17), (17, 400), (150, 16)] {
        let picture =
            painted(StyleTransfer::new(waves(width, height, 0)).style(waves(64, 48, 1)).overrides(once()));
        assert_eq!(picture.size(), (width, height));
        assert!(in_range(&picture));
    }
}

#[test]
fn a_strip_is_a_style_too() {
    for style in [(300, 18), (18, 300), (900, 16)] {
        let transfer = StyleTransfer::new(waves(96, 72, 0)).style(waves(style.0, style.1, 1));
        assert!(in_range(&painted(transfer.overrides(once()))), "{style:?}");
        let texture = StyleTransfer::texture((64, 48), false).unwrap().style(waves(style.0, style.1, 1));
        assert!(in_range(&painted(texture.overrides(once()))), "{style:?}");
    }
}

#[test]
fn a_strip_and_a_style_that_is_one_make_a_draft() {
    let draft = Overrides { effort: Some(Effort::Draft), ..Overrides::default() };
    for (content, style) in [((300, 16), (64, 48)), ((64, 48), (300, 16)), ((16, 300), (300, 16))] {
        let transfer = StyleTransfer::new(waves(content.0, content.1, 0)).style(waves(style.0, style.1, 1));
        let picture = painted(transfer.overrides(draft.clone()));
        assert_eq!(picture.size(), content);
        assert!(in_range(&picture));
    }
    // Large strokes make the draft smaller than the result.
    let transfer = StyleTransfer::new(waves(600, 18, 0)).style(waves(64, 48, 1)).style_scale(4.0);
    assert!(in_range(&painted(transfer.overrides(draft))));
}

#[test]
fn a_texture_may_be_a_strip() {
    for seamless in [false, true] {
        let texture = StyleTransfer::texture((512, 16), seamless).unwrap().style(waves(64, 48, 1));
        assert_eq!(painted(texture.overrides(once())).size(), (512, 16));
    }
}
