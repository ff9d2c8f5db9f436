//! The errors of a build that does not read the formats of other programs.

use std::path::Path;

use impasto_encoder::{EncoderError, Family, examine};

#[test]
fn files_of_other_programs_are_known_where_they_are_not_read() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for (name, format) in [
        ("zip.pth", "PyTorch (zip)"),
        ("legacy.pth", "PyTorch (legacy)"),
        ("published.h5", "Keras (HDF5)"),
        ("first.caffemodel", "Caffe"),
        ("raw.onnx", "ONNX"),
        ("new.mat", "MatConvNet"),
    ] {
        let error = examine(&fixtures.join(name), None).map(drop).unwrap_err();
        assert!(matches!(error, EncoderError::LeftOut { .. }), "{name}: {error}");
        assert!(
            error.to_string().contains(&format!("this build reads no {format} files")),
            "{name}: {error}"
        );
        assert!(error.hint().unwrap().contains("build with the feature foreign-formats"), "{name}");
    }
}

#[test]
fn safetensors_and_arrays_are_always_read() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for name in ["torchvision.safetensors", "named.npz", "numbered.npz"] {
        let found = examine(&fixtures.join(name), None).unwrap();
        assert_eq!(found.identified.unwrap().family, Family::Vgg19Oxford, "{name}");
    }
}
