//! The same network is read from every format and compared with the original weights. Third-party libraries wrote the
//! files (tests/oracle/weights.py).

#![cfg(feature = "foreign-formats")]
#![allow(clippy::unwrap_used)] // a failing test

use std::path::{Path, PathBuf};

use impasto_encoder::{
    ChannelOrder, Encoder, EncoderError, Examined, Family, Format, Identified, InputMap, Precision, examine,
    import_file, read_file,
};
use safetensors::SafeTensors;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// The weights that all files were made from. The order of the input channels is blue, green, red.
fn truth() -> Vec<(String, Vec<f32>, Vec<f32>)> {
    let bytes = std::fs::read(fixture("truth.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let values = |name: &str| -> Vec<f32> {
        let data = file.tensor(name).unwrap();
        data.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
    };
    let names = impasto_encoder::Topology::vgg19(1, 1);
    let names = names.convs().iter().map(|conv| conv.name());
    names.map(|n| (n.clone(), values(&format!("{n}.weight")), values(&format!("{n}.bias")))).collect()
}

/// Returns the first layer as a function of RGB in 0..1. The kernel and the input map are combined, so that the order
/// of channels between them does not matter.
fn with_input(encoder: &Encoder) -> Vec<f64> {
    let (map, first) = (encoder.input(), &encoder.weights()[0].kernel);
    let mut whole = Vec::new();
    for filter in first.chunks(27) {
        for rgb in 0..3 {
            for place in 0..9 {
                whole.push(
                    (0..3).map(|c| f64::from(filter[9 * c + place]) * f64::from(map.matrix[c][rgb])).sum(),
                );
            }
        }
        // The contribution of the map's bias at each place.
        whole.extend((0..9).map(|place| {
            (0..3).map(|c| f64::from(filter[9 * c + place]) * f64::from(map.bias[c])).sum::<f64>()
        }));
    }
    whole
}

/// The formats that hold the numbers unchanged. The first filter is that of Oxford's training.
const SAME: [(&str, Format, ChannelOrder); 16] = [
    ("zip.pth", Format::TorchZip, ChannelOrder::Bgr),
    ("legacy.pth", Format::TorchLegacy, ChannelOrder::Bgr),
    ("checkpoint.pth", Format::TorchZip, ChannelOrder::Bgr),
    ("double.pth", Format::TorchLegacy, ChannelOrder::Bgr),
    ("torchvision.safetensors", Format::Safetensors, ChannelOrder::Bgr),
    ("published.h5", Format::Keras, ChannelOrder::Bgr),
    ("later.h5", Format::Keras, ChannelOrder::Bgr),
    ("keras3.weights.h5", Format::Keras, ChannelOrder::Bgr),
    ("first.caffemodel", Format::Caffe, ChannelOrder::Bgr),
    ("second.caffemodel", Format::Caffe, ChannelOrder::Bgr),
    ("renamed.caffemodel", Format::Caffe, ChannelOrder::Bgr),
    ("raw.onnx", Format::Onnx, ChannelOrder::Bgr),
    ("floats.onnx", Format::Onnx, ChannelOrder::Bgr),
    ("new.mat", Format::MatConvNet, ChannelOrder::Rgb),
    ("old.mat", Format::MatConvNet, ChannelOrder::Rgb),
    ("numbered.npz", Format::Npz, ChannelOrder::Bgr),
];

#[test]
fn every_format_gives_the_same_weights() {
    let truth = truth();
    let oxford = Family::Vgg19Oxford;
    let mut whole: Option<Vec<f64>> = None;
    let all = SAME.into_iter().chain([("named.npz", Format::Npz, ChannelOrder::Rgb)]);
    for (name, format, order) in all {
        let Examined { encoder, format: found, identified } =
            examine(&fixture(name), None).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(found, format, "{name}");
        assert_eq!(identified, Some(Identified { family: oxford, order }), "{name}");
        assert_eq!(encoder.provenance().family, "vgg19-oxford", "{name}");
        assert_eq!(encoder.weights().len(), 16, "{name}");
        for (index, ((conv, kernel, bias), weights)) in truth.iter().zip(encoder.weights()).enumerate() {
            assert_eq!(encoder.topology().convs()[index].name(), *conv, "{name}");
            assert!(weights.bias == *bias, "{name}: bias of {conv}");
            let mut found = weights.kernel.clone();
            if index == 0 && order == ChannelOrder::Rgb {
                found = found.chunks(27).flat_map(|f| [&f[18..], &f[9..18], &f[..9]].concat()).collect();
            }
            assert!(found == *kernel, "{name}: kernel of {conv}");
        }
        // The map undoes the order of channels.
        let found = with_input(&encoder);
        let whole = whole.get_or_insert_with(|| found.clone());
        for (a, b) in whole.iter().zip(&found) {
            // Some files store the mean in f32.
            assert!((a - b).abs() < 1e-4, "{name}: {a} {b}");
        }
    }
    // The map is Caffe's: blue in 0..255 minus its mean goes to the first channel.
    let map = read_file(&fixture("first.caffemodel")).unwrap();
    assert_eq!(map.input().matrix[0], [0.0, 0.0, 255.0]);
    assert_eq!(map.input().bias, [-103.939, -116.779, -123.68]);
}

#[test]
fn half_precision_is_read() {
    let truth = truth();
    let half = read_file(&fixture("half.pth")).unwrap();
    assert_eq!(half.provenance().family, "vgg19-oxford");
    for ((conv, kernel, _), weights) in truth.iter().zip(half.weights()) {
        for (a, b) in kernel.iter().zip(&weights.kernel) {
            assert!((a - b).abs() <= a.abs() / 2048.0 + f32::powi(2.0, -25), "{conv}: {a} {b}");
        }
    }
}

#[test]
fn the_first_convolution_of_a_sequence_may_be_the_input_map() {
    let Examined { encoder, identified, .. } = examine(&fixture("sequential.pth"), None).unwrap();
    assert_eq!(encoder.provenance().family, "vgg19-normalised");
    assert_eq!(identified.unwrap().family, Family::Vgg19Normalised);
    assert_eq!(encoder.topology().convs().last().unwrap().name(), "conv5_4");
    assert_eq!(encoder.input(), &InputMap::caffe().turned());
    let imported = import_file(&fixture("sequential.pth"), None).unwrap();
    assert_eq!(imported.provenance().metadata["padding"], "reflect");
}

#[test]
fn what_is_imported_is_read_as_the_same_and_says_where_it_is_from() {
    let folder = tempfile::tempdir().unwrap();
    for (name, format, _) in SAME {
        let out = folder.path().join("out.safetensors");
        let imported = import_file(&fixture(name), None).unwrap();
        let sha256 = imported.save(&out, Precision::Single).unwrap();
        let again = read_file(&out).unwrap();
        assert!(again.weights() == imported.weights(), "{name}");
        assert_eq!(again.input(), imported.input(), "{name}");
        assert_eq!(again.provenance().family, "vgg19-oxford", "{name}");
        assert_eq!(again.provenance().sha256, sha256);
        let said = &again.provenance().metadata;
        assert_eq!(said["source"], format!("{name} ({format})"));
        assert_eq!(said["source_sha256"], read_file(&fixture(name)).unwrap().provenance().sha256);
        assert_eq!(said["licence"], "CC-BY-4.0");
        assert!(said["attribution"].contains("Simonyan"));
        // A second import keeps the original source.
        let twice = import_file(&out, None).unwrap();
        assert_eq!(twice.provenance().metadata["source"], said["source"]);
    }
}

#[test]
fn weights_of_no_known_training_take_what_their_format_is_fed_with() {
    let caffe = examine(&fixture("unknown.caffemodel"), None).unwrap();
    assert_eq!((caffe.encoder.provenance().family.as_str(), caffe.identified), ("unknown", None));
    assert_eq!(caffe.encoder.input(), &InputMap::caffe().turned());
    let matlab = examine(&fixture("unknown.mat"), None).unwrap();
    assert_eq!(matlab.encoder.provenance().family, "unknown");
    assert_eq!(matlab.encoder.input(), &InputMap::caffe());
    assert_eq!(caffe.encoder.topology().convs().len(), 13);

    for name in ["unknown.onnx", "unknown.npz"] {
        let error = read_file(&fixture(name)).map(drop).unwrap_err();
        assert!(matches!(error, EncoderError::NeedsFamily { .. }), "{name}: {error}");
        assert!(error.hint().unwrap().contains("--family"), "{name}");
        let encoder = examine(&fixture(name), Some(Family::Vgg16)).unwrap().encoder;
        assert_eq!(encoder.provenance().family, "vgg16");
        assert_eq!(encoder.input(), &InputMap::imagenet());
        assert!(encoder.weights()[1..] == caffe.encoder.weights()[1..], "{name}");
        let oxford = examine(&fixture(name), Some(Family::Vgg16Oxford)).unwrap().encoder;
        assert_eq!(oxford.input(), &InputMap::caffe().turned());
        // A family with other convolutions is refused.
        let error = examine(&fixture(name), Some(Family::Vgg19)).map(drop).unwrap_err();
        assert!(matches!(error, EncoderError::OtherFamily { .. } | EncoderError::NotChain { .. }), "{error}");
    }
}

#[test]
fn what_is_said_must_not_be_against_the_weights() {
    for (name, ..) in SAME {
        let error = examine(&fixture(name), Some(Family::Vgg19)).map(drop).unwrap_err();
        let said = error.to_string();
        assert!(matches!(error, EncoderError::OtherFamily { .. }) && said.contains("vgg19-oxford"), "{said}");
        examine(&fixture(name), Some(Family::Vgg19Oxford)).unwrap();
    }
}

#[test]
fn programs_are_called_by_their_name() {
    for (name, callable) in
        [("system.pth", "system"), ("eval.pth", "__builtin__.eval"), ("exec.pth", "builtins.exec")]
    {
        let error = read_file(&fixture(name)).map(drop).unwrap_err();
        let said = error.to_string();
        assert!(matches!(error, EncoderError::Program { .. }) && said.contains(callable), "{name}: {said}");
        assert!(error.hint().unwrap().contains("state_dict"));
    }
}
