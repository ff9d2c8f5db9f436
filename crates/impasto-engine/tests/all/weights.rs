//! Compares the features of the same network in every format of weights (tests/oracle/weights.py) with those that
//! PyTorch computes.

#![allow(clippy::unwrap_used)] // a failing test

use std::path::{Path, PathBuf};

use impasto_encoder::{Encoder, Family, examine, read_file};
use impasto_engine::{Cancel, Edges, Engine, Network, Pixels, Rect, Reference, Size};
use safetensors::SafeTensors;

/// Error relative to the layer's largest value. Both compute in f64, but the input map is rounded to f32 only here.
const ROUNDING: f64 = 1e-6;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../impasto-encoder/tests/fixtures")
}

/// Compares features at the layers that the oracle wrote under a prefix.
fn compare(what: &str, encoder: &Encoder, prefix: &str) {
    let bytes = std::fs::read(fixtures().join("truth.safetensors")).unwrap();
    let truth = SafeTensors::deserialize(&bytes).unwrap();
    let picture = truth.tensor("picture").unwrap();
    let [_, height, width] = picture.shape()[..] else { panic!("a picture") };
    let size = Size::new(width, height);
    let data = picture.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    let image = Pixels { size, data };
    let mut engine = Reference::new(Network::new(encoder.clone()), Cancel::default());
    let mut compared = 0;
    for name in truth.names().into_iter().filter(|name| name.starts_with(&format!("{prefix}relu"))) {
        let tensor = truth.tensor(name).unwrap();
        let expected: Vec<f64> =
            tensor.data().chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect();
        let tap = encoder.topology().tap(&name[prefix.len()..]).unwrap();
        let (wide, high) = encoder.topology().size_at(tap.conv(), (width, height));
        let window = Rect { x: 0, y: 0, size: Size::new(wide, high) };
        let found = engine.features(&image, Edges::default(), tap, window).unwrap();
        assert_eq!(found.data.len(), expected.len(), "{what} {name}");
        let largest = expected.iter().fold(0.0f64, |most, value| most.max(value.abs()));
        assert!(largest > 0.0, "{name}");
        for (a, b) in expected.iter().zip(&found.data) {
            assert!((a - b).abs() <= ROUNDING * largest, "{what} {name}: {a} {b} of {largest}");
        }
        compared += 1;
    }
    assert!(compared > 1, "nothing was compared");
}

#[test]
fn every_format_gives_the_features_that_pytorch_computes() {
    for name in [
        "zip.pth",
        "legacy.pth",
        "checkpoint.pth",
        "double.pth",
        "torchvision.safetensors",
        "published.h5",
        "later.h5",
        "keras3.weights.h5",
        "first.caffemodel",
        "second.caffemodel",
        "renamed.caffemodel",
        "raw.onnx",
        "floats.onnx",
        "new.mat",
        "old.mat",
        "numbered.npz",
        "named.npz",
    ] {
        compare(name, &read_file(&fixtures().join(name)).unwrap(), "");
    }
}

#[test]
fn rescaled_filters_and_their_input_map_give_rescaled_features() {
    compare("sequential.pth", &read_file(&fixtures().join("sequential.pth")).unwrap(), "normalised.");
}

#[test]
fn unknown_weights_take_what_their_format_is_fed_with_or_what_is_said() {
    compare("unknown.caffemodel", &read_file(&fixtures().join("unknown.caffemodel")).unwrap(), "vgg16.");
    let family = Some(Family::Vgg16Oxford);
    for name in ["unknown.onnx", "unknown.npz", "unknown.mat"] {
        compare(name, &examine(&fixtures().join(name), family).unwrap().encoder, "vgg16.");
    }
}
