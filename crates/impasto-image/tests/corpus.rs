//! Odd and hostile files: the valid ones are read, the broken ones are errors, and none takes long.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::time::{Duration, Instant};

use impasto_image::{ImageError, decode, open};

mod common;
use common::{collection, name};

/// In this collection, names that start with x are broken files; all others are valid.
#[test]
fn pngsuite() {
    for path in collection("pngsuite") {
        if path.extension().is_none_or(|extension| extension != "png") {
            continue;
        }
        match open(&path) {
            Ok(_) => assert!(!name(&path).starts_with('x'), "{}", name(&path)),
            Err(error) => assert!(name(&path).starts_with('x'), "{error}"),
        }
    }
}

#[test]
fn hostile() {
    for path in collection("pillow-hostile") {
        let bytes = fs::read(&path).unwrap();
        let start = Instant::now();
        let result = decode(&bytes, &name(&path));
        let took = start.elapsed();
        assert!(took < Duration::from_secs(20), "{}: {took:?}", name(&path));
        if let Err(error) = result {
            assert!(!matches!(error, ImageError::Read { .. }), "{error}");
        }
    }
}
