//! Files that state the coding of their numbers without a profile: the space of the result, and what is kept. The
//! corpus has their pixels. Notes on further pictures.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use impasto_image::{Decoded, ImageError, Note, Space};

use crate::common::{decode, every_format};

fn corpus(name: &str) -> Decoded {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name);
    decode(&fs::read(path).unwrap(), name).unwrap()
}

#[test]
fn wide_colours_become_display_p3() {
    for (name, space) in [
        ("coding/codes-p3.png", Space::DisplayP3),
        ("coding/primaries-p3.png", Space::DisplayP3),
        ("coding/gamma-2.2-adobe.png", Space::DisplayP3),
        ("coding/codes-bt2020-light.png", Space::DisplayP3),
        ("coding/codes-srgb.png", Space::Srgb),
        ("coding/gamma-1.png", Space::Srgb),
        ("coding/gamma-1-grey-alpha.png", Space::Srgb),
        ("coding/srgb-before-gamma.png", Space::Srgb),
    ] {
        assert_eq!(corpus(name).space, space, "{name}");
    }
}

#[test]
fn a_profile_that_was_not_used_is_not_kept() {
    assert!(corpus("coding/profile-before-gamma.png").icc_profile.is_some());
    assert_eq!(corpus("coding/codes-before-all.png").icc_profile, None);
}

#[test]
fn high_dynamic_range_is_refused_with_advice() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/unread/png-pq.png");
    let error = decode(&fs::read(path).unwrap(), "a.png").unwrap_err();
    assert!(matches!(error, ImageError::UnreadKind { .. }), "{error}");
    assert!(error.hint().unwrap().contains("standard dynamic range"));
}

#[test]
fn the_pictures_of_animations_are_counted() {
    let mut animations = 0;
    for (name, bytes) in every_format().into_iter().filter(|(name, _)| name.starts_with("animated")) {
        animations += 1;
        assert_eq!(decode(&bytes, &name).unwrap().notes, [Note::FirstOf { pictures: 2 }], "{name}");
    }
    assert!(animations > 1, "{animations}");
    for name in ["gif/animated.gif", "webp/animated.webp"] {
        assert_eq!(corpus(name).notes, [Note::FirstOf { pictures: 2 }], "{name}");
    }
    if cfg!(feature = "jxl") {
        assert_eq!(corpus("jxl/animated.jxl").notes, [Note::FirstOf { pictures: 3 }]);
    }
}
