//! Encoders as files. A file is read back as the same encoder, or nothing is written.

#![allow(clippy::unwrap_used)] // a failing test

use std::fs;
use std::io::Cursor;

use impasto_encoder::{
    Encoder, EncoderError, InputMap, Pooling, Precision, Provenance, RandomSpec, Weights, open, read,
    read_file,
};
use safetensors::SafeTensors;

fn random() -> Encoder {
    let made = "random:vgg16?seed=5&width=1/16".parse::<RandomSpec>().unwrap().encoder("random");
    let bias = |outputs| (0..outputs).map(|i| (i as f32 * 0.3).cos()).collect();
    let weights: Vec<Weights> = made
        .weights()
        .iter()
        .map(|w| Weights { kernel: w.kernel.clone(), bias: bias(w.bias.len()) })
        .collect();
    let metadata = [("source".to_string(), "a test".to_string())].into();
    let provenance = Provenance { family: "vgg16-oxford".into(), metadata, ..Provenance::default() };
    let input = InputMap::caffe().turned();
    Encoder::new(made.topology().clone(), input, weights, Pooling::Average, provenance).unwrap()
}

#[test]
fn a_saved_encoder_is_read_as_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("e.safetensors");
    let encoder = random();
    let sha256 = encoder.save(&path, Precision::Single).unwrap();
    let again = read_file(&path).unwrap();
    assert_eq!(again.topology(), encoder.topology());
    assert_eq!(again.input(), encoder.input());
    assert_eq!(again.weights(), encoder.weights());
    assert_eq!(again.pooling(), Pooling::Average);
    assert_eq!(again.provenance().family, "vgg16-oxford");
    assert_eq!(again.provenance().sha256, sha256);
    let said = &again.provenance().metadata;
    for (key, value) in [("source", "a test"), ("format", "impasto-encoder"), ("padding", "zero")] {
        assert_eq!(said[key], value);
    }
    // The format's own library reads it too.
    let bytes = fs::read(&path).unwrap();
    let other = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(other.tensor("conv3_1.weight").unwrap().shape(), [16, 8, 3, 3]);
    assert_eq!(other.len(), 2 * 13 + 2);
    // The same encoder gives the same bytes.
    assert_eq!(encoder.write(Vec::new(), Precision::Single).unwrap(), sha256);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "something was left behind");
}

#[test]
fn half_precision_rounds_and_refuses_what_it_cannot_hold() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("e.safetensors");
    let encoder = random();
    encoder.save(&path, Precision::Half).unwrap();
    let again = read_file(&path).unwrap();
    for (before, after) in encoder.weights().iter().zip(again.weights()) {
        for (a, b) in before.kernel.iter().zip(&after.kernel) {
            // The bound is half of the spacing of binary16, for normal and for subnormal values.
            assert!((a - b).abs() <= a.abs() / 2048.0 + f32::powi(2.0, -25), "{a} {b}");
        }
    }
    let old = fs::read(&path).unwrap();
    let mut weights = encoder.weights().to_vec();
    weights[2].bias[1] = -65520.0;
    let large = Encoder::new(
        encoder.topology().clone(),
        *encoder.input(),
        weights,
        Pooling::Max,
        Provenance::default(),
    )
    .unwrap();
    let error = large.save(&path, Precision::Half).unwrap_err();
    assert!(
        matches!(&error, EncoderError::TooLargeForHalf { tensor, .. } if tensor == "conv2_1.bias"),
        "{error}"
    );
    assert!(fs::read(&path).unwrap() == old, "the old file was touched");
}

#[test]
fn what_cannot_be_written_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let encoder = open("lite").unwrap();
    for place in ["", "no/such/e.safetensors"] {
        let error = encoder.save(&folder.path().join(place), Precision::Single).unwrap_err();
        assert!(matches!(error, EncoderError::Write { .. }), "{error}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    // The embedded encoder is in half precision, so writing it in half precision loses nothing.
    let mut bytes = Vec::new();
    encoder.write(&mut bytes, Precision::Half).unwrap();
    let again = read("again", Cursor::new(bytes)).unwrap();
    assert_eq!((again.weights(), again.input()), (encoder.weights(), encoder.input()));
}
