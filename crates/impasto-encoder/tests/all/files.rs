//! Encoder files, good and bad. Every check happens before use, and its error names the finding.

#![allow(clippy::unwrap_used)] // a failing test

use std::collections::HashMap;
use std::io::Cursor;

use impasto_encoder::{Encoder, EncoderError, InputMap, Precision, Topology, open, read};
use safetensors::tensor::{Dtype, TensorView, serialize};

type Tensors = Vec<(String, Vec<usize>, Vec<f32>)>;

fn bytes(tensors: &Tensors) -> Vec<u8> {
    let raw: Vec<Vec<u8>> =
        tensors.iter().map(|(_, _, values)| values.iter().flat_map(|v| v.to_le_bytes()).collect()).collect();
    let views = tensors.iter().zip(&raw).map(|((name, shape, _), data)| {
        (name.clone(), TensorView::new(Dtype::F32, shape.clone(), data).unwrap())
    });
    serialize(views, None::<HashMap<String, String>>).unwrap()
}

fn add(tensors: &mut Tensors, prefix: &str, inputs: usize, outputs: usize) {
    let kernel = (0..outputs * inputs * 9).map(|i| (i as f32 * 0.37).sin()).collect();
    tensors.push((format!("{prefix}.weight"), vec![outputs, inputs, 3, 3], kernel));
    tensors.push((format!("{prefix}.bias"), vec![outputs], vec![0.5; outputs]));
}

/// Two blocks with 4, 5 and 6 channels.
fn canonical() -> Tensors {
    let mut tensors = Tensors::new();
    add(&mut tensors, "conv1_1", 3, 4);
    add(&mut tensors, "conv1_2", 4, 5);
    add(&mut tensors, "conv2_1", 5, 6);
    tensors.push(("input.weight".into(), vec![3, 3], vec![2.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 4.0]));
    tensors.push(("input.bias".into(), vec![3], vec![-1.0, 0.0, 1.0]));
    tensors
}

fn torchvision(indices: &[usize], narrow: bool) -> Tensors {
    let mut tensors = Tensors::new();
    let mut inputs = 3;
    for &index in indices {
        let outputs = if narrow { 2 } else { 4 };
        add(&mut tensors, &format!("features.{index}"), inputs, outputs);
        inputs = outputs;
    }
    tensors
}

fn load(tensors: &Tensors) -> Result<Encoder, EncoderError> {
    read("file.safetensors", Cursor::new(bytes(tensors)))
}

fn message(tensors: &Tensors) -> String {
    load(tensors).unwrap_err().to_string()
}

#[test]
fn lite_is_vgg19_at_a_quarter_of_its_width() {
    let lite = open("lite").unwrap();
    let expected = Topology::vgg19(1, 4);
    let deepest = expected.tap("relu5_1").unwrap();
    assert_eq!(lite.topology(), &expected.truncated(deepest));
    assert_eq!(lite.provenance().family, "vgg19-lite");
    assert_eq!(lite.provenance().sha256.len(), 64);
}

#[test]
fn canonical_files_give_topology_weights_and_input_map() {
    let encoder = load(&canonical()).unwrap();
    assert_eq!(encoder.topology(), &Topology::new(&[vec![4, 5], vec![6]]).unwrap());
    assert_eq!(encoder.input().matrix[1], [0.0, 3.0, 0.0]);
    assert_eq!(encoder.input().bias, [-1.0, 0.0, 1.0]);
    assert_eq!(encoder.weights()[1].kernel[3], (3.0f32 * 0.37).sin());
}

#[test]
fn torchvision_files_are_told_apart_and_classifiers_left_unread() {
    let nineteen = [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34];
    let sixteen = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28];
    for (indices, blocks, family) in
        [(&nineteen[..], [2, 2, 4, 4, 4], "vgg19"), (&sixteen[..], [2, 2, 3, 3, 3], "vgg16")]
    {
        let mut tensors = torchvision(indices, true);
        tensors.push(("classifier.0.weight".into(), vec![2, 2], vec![f32::NAN; 4]));
        tensors.push(("head.fc.bias".into(), vec![1], vec![0.0]));
        let encoder = load(&tensors).unwrap();
        let expected = Topology::new(&blocks.map(|length| vec![2; length])).unwrap();
        assert_eq!(encoder.topology(), &expected);
        assert_eq!(encoder.provenance().family, family);
        assert_eq!(encoder.input(), &InputMap::imagenet());
    }
}

#[test]
fn linear_heads_are_known_and_left_unread() {
    let mut tensors = canonical();
    tensors.push(("head2_1.weight".into(), vec![7, 6], vec![f32::INFINITY; 42]));
    load(&tensors).unwrap();
}

#[test]
fn metrics_are_read_and_written() {
    let mut tensors = canonical();
    let values: Vec<f32> = (0..36).map(|i| (i as f32).sqrt()).collect();
    tensors.push(("metric2_1.weight".into(), vec![6, 6], values.clone()));
    let encoder = load(&tensors).unwrap();
    let taps: Vec<_> = encoder.topology().taps().collect();
    assert_eq!(encoder.metric(taps[2]), Some(&values[..]));
    assert_eq!((encoder.metric(taps[0]), encoder.metric(taps[1])), (None, None));
    assert_eq!(encoder.truncated(taps[2]).metric(taps[2]), Some(&values[..]));
    let mut saved = Vec::new();
    encoder.write(&mut saved, Precision::Single).unwrap();
    assert_eq!(read("saved", Cursor::new(saved)).unwrap().metric(taps[2]), Some(&values[..]));

    let with = |name: &str, shape: &[usize]| {
        let mut tensors = canonical();
        tensors.push((name.into(), shape.to_vec(), vec![1.0; shape.iter().product()]));
        message(&tensors)
    };
    assert!(with("metric2_1.weight", &[6, 5]).contains("[6, 6]"));
    assert!(with("metric2_2.weight", &[6, 6]).contains("metric2_2.weight"));
    assert!(with("metric2_1.bias", &[6]).contains("metric2_1.bias"));
    let mut tensors = canonical();
    tensors.push(("metric2_1.weight".into(), vec![6, 6], vec![f32::NAN; 36]));
    assert!(message(&tensors).contains("metric2_1.weight"));
}

#[test]
fn networks_with_other_metrics_are_told_apart() {
    let plain = load(&canonical()).unwrap();
    let tap = plain.topology().taps().next().unwrap();
    let with = |value: f32| plain.clone().with_metrics([(tap, vec![value; 16])].into());
    let (one, other) = (with(1.0).unwrap(), with(2.0).unwrap());
    assert_ne!(one.provenance().sha256, plain.provenance().sha256);
    assert_ne!(one.provenance().sha256, other.provenance().sha256);
    assert_eq!(with(f32::INFINITY), None);
    assert_eq!(plain.clone().with_metrics([(tap, vec![1.0; 15])].into()), None);
}

#[test]
fn what_is_wrong_is_named() {
    let mut tensors = canonical();
    tensors.retain(|(name, ..)| name != "conv1_2.weight");
    let said = message(&tensors);
    assert!(said.contains("file.safetensors") && said.contains("conv1_2.weight is missing"), "{said}");

    let mut tensors = canonical();
    tensors.retain(|(name, ..)| !name.starts_with("conv1_2"));
    let said = message(&tensors);
    assert!(said.contains("conv2_1.weight") && said.contains("[out, 4, 3, 3]"), "{said}");

    let mut tensors = canonical();
    tensors.push(("conv9.weight".into(), vec![1], vec![0.0]));
    assert!(message(&tensors).contains("conv9.weight is not known"));

    let mut tensors = canonical();
    tensors[0].1 = vec![4, 3, 9, 1];
    let said = message(&tensors);
    assert!(said.contains("conv1_1.weight") && said.contains("[4, 3, 9, 1]"), "{said}");

    let mut tensors = canonical();
    tensors[2].2[7] = f32::NAN;
    let said = message(&tensors);
    assert!(said.contains("conv1_2.weight") && said.contains("NaN at index 7"), "{said}");

    let mut tensors = canonical();
    tensors.retain(|(name, ..)| name != "input.bias");
    assert!(message(&tensors).contains("input.bias is missing"));

    let batch_norm = vec![("features.1.running_mean".to_string(), vec![1], vec![0.0])];
    assert!(message(&batch_norm).contains("features.1.running_mean"));

    let empty = Tensors::new();
    assert!(message(&empty).contains("no tensor at all"));
}

#[test]
fn truncated_and_hostile_files_are_errors_at_every_length() {
    let whole = bytes(&canonical());
    for length in (0..whole.len()).step_by(37) {
        let error = read("cut.safetensors", Cursor::new(&whole[..length])).unwrap_err();
        assert!(matches!(error, EncoderError::Header { .. }), "{length}: {error}");
    }
    let mut padded = whole.clone();
    padded.push(0);
    assert!(read("padded", Cursor::new(padded)).is_err());

    for hostile in [u64::MAX, 1 << 40, 1 << 24, whole.len() as u64] {
        let mut lying = whole.clone();
        lying[..8].copy_from_slice(&hostile.to_le_bytes());
        assert!(matches!(read("lying", Cursor::new(lying)).unwrap_err(), EncoderError::Header { .. }));
    }
    let header =
        br#"{"conv1_1.weight":{"dtype":"F32","shape":[4611686018427387904,9,3,3],"data_offsets":[0,4]}}"#;
    let mut overflow = (header.len() as u64).to_le_bytes().to_vec();
    overflow.extend_from_slice(header);
    overflow.extend_from_slice(&[0; 4]);
    assert!(matches!(read("overflow", Cursor::new(overflow)).unwrap_err(), EncoderError::Header { .. }));
}

#[test]
fn random_weights_are_the_same_for_the_same_seed_and_he_normal() {
    let one = open("random:vgg19?seed=3&width=1/8").unwrap();
    assert_eq!(one, open("random:vgg19?seed=3&width=1/8").unwrap());
    assert_ne!(one.weights(), open("random:vgg19?seed=4&width=1/8").unwrap().weights());
    let kernel = &one.weights()[4].kernel;
    let inputs = one.topology().convs()[4].inputs;
    let variance = kernel.iter().map(|v| (v * v) as f64).sum::<f64>() / kernel.len() as f64;
    let expected = 2.0 / (9 * inputs) as f64;
    // With 9,216 draws the estimate itself deviates by 1.5 %.
    assert!((variance / expected - 1.0).abs() < 0.06, "{variance} {expected}");
    assert_eq!(open("random:vgg16").unwrap().topology(), &Topology::vgg16(1, 1));
}

#[test]
fn wrong_names_get_hints() {
    let error = open("lit").unwrap_err();
    assert_eq!(error.hint().unwrap(), "did you mean lite?");
    for wrong in ["random:vgg18", "random:vgg19?sed=1", "random:vgg19?width=0", "random:vgg19?seed=x"] {
        assert!(matches!(open(wrong).unwrap_err(), EncoderError::RandomSpec { .. }), "{wrong}");
    }
    assert!(matches!(open("no/such/file.safetensors").unwrap_err(), EncoderError::Io { .. }));
}
