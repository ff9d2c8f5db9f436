//! The embedded levels agree with their card (docs/draft.md).

#![allow(clippy::unwrap_used)] // a failing test

use std::path::Path;

use impasto_encoder::{NEAREST, levels, levels_sha256};

#[test]
fn the_embedded_levels_are_the_cards() {
    let card =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/draft.md")).unwrap();
    assert!(card.contains(&format!("`{}`", levels_sha256())), "{}", levels_sha256());
    let levels = levels().unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/draft.safetensors");
    assert!(card.contains(&format!("{} bytes", file.metadata().unwrap().len())));
    let weights: usize =
        levels.iter().map(|level| level.encoder.parameters() + level.decoder.parameters()).sum();
    assert!(card.replace(' ', "").contains(&format!("{weights}weightsandbiases")));
    let metadata = &levels[0].encoder.provenance().metadata;
    assert!(metadata["licence"].starts_with("MIT") && metadata["attribution"].contains("Huan Wang"));
    assert_eq!(metadata["padding"], "reflect");
    assert!(metadata["enlarging"].contains(&format!("nearest {NEAREST}")));
}
