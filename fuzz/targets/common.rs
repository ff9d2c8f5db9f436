//! A small encoder as a file, and a run by it that takes no time.

use std::collections::HashMap;
use std::io::Cursor;

use impasto::{OptimizerKind, Overrides, Picture, Session, StyleTransfer};
use safetensors::tensor::{Dtype, TensorView, serialize};

/// Two blocks, of 4, 5 and 6 channels.
pub fn encoder_file() -> Vec<u8> {
    let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
    let mut add = |name: &str, shape: &[usize], value: fn(usize) -> f32| {
        let values = (0..shape.iter().product()).flat_map(|i| value(i).to_le_bytes());
        tensors.push((name.to_owned(), shape.to_vec(), values.collect()));
    };
    for (name, inputs, outputs) in [("conv1_1", 3, 4), ("conv1_2", 4, 5), ("conv2_1", 5, 6)] {
        add(&format!("{name}.weight"), &[outputs, inputs, 3, 3], |i| (i as f32 * 0.37).sin());
        add(&format!("{name}.bias"), &[outputs], |_| 0.5);
    }
    add("input.weight", &[3, 3], |i| if i % 4 == 0 { 2.0 } else { 0.0 });
    add("input.bias", &[3], |_| -1.0);
    let views = tensors
        .iter()
        .map(|(name, shape, data)| (name.clone(), TensorView::new(Dtype::F32, shape.clone(), data).expect("fits")));
    serialize(views, None::<HashMap<String, String>>).expect("a file")
}

/// A run of two small scales.
pub fn session(optimizer: OptimizerKind) -> Session {
    let encoder = impasto_encoder::read("small", Cursor::new(encoder_file())).expect("an encoder");
    let waves = |turn: f32| {
        let rgb = (0..3 * 24 * 16).map(|i| 0.5 + 0.5 * (i as f32 * turn).sin()).collect();
        Picture::new(24, 16, rgb).expect("a picture")
    };
    let overrides = Overrides {
        optimizer: Some(optimizer),
        iterations: Some(3),
        min_size: Some(16),
        content_layers: Some(vec!["relu2_1".into()]),
        style_layers: Some(vec!["relu1_1".into(), "relu2_1".into()]),
        ..Overrides::default()
    };
    let transfer = StyleTransfer::new(waves(0.1)).style(waves(0.7)).encoder(encoder).overrides(overrides);
    transfer.size(24).threads(1).build().expect("a session")
}
