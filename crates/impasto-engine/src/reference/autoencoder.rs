//! A level in plain loops in f64, to compare the fast one with.

use impasto_encoder::{Conv, Level, Weights};

use super::layers::{self, Map};
use super::sums::moments;
use crate::autoencoder::{Affine, Autoencoder, check_image, check_moves};
use crate::geometry::Border;
use crate::request::pyramid;
use crate::{Cancel, EngineError, Moments, Pixels, Plane, Size, Workspace};

/// The f64 autoencoder.
#[derive(Debug)]
pub struct ReferenceAutoencoder {
    level: Level,
    cancel: Cancel,
    kept: Option<Kept>,
}

/// Features, and the position weights of each region.
#[derive(Debug)]
struct Kept {
    features: Map,
    regions: Vec<Plane>,
}

impl ReferenceAutoencoder {
    /// Makes an autoencoder that runs `level`.
    pub fn new(level: Level, cancel: Cancel) -> ReferenceAutoencoder {
        ReferenceAutoencoder { level, cancel, kept: None }
    }

    /// Runs a convolution with its ReLU.
    fn run(&self, map: &Map, weights: &Weights, conv: &Conv) -> Result<Map, EngineError> {
        self.cancel.check()?;
        let mut output = layers::convolve(map, weights, conv, Border::mirrored(map.size));
        output.data.iter_mut().filter(|value| **value < 0.0).for_each(|value| *value = 0.0);
        Ok(output)
    }
}

impl Autoencoder for ReferenceAutoencoder {
    fn level(&self) -> &Level {
        &self.level
    }

    fn set_cancel(&mut self, cancel: Cancel) {
        self.cancel = cancel;
    }

    fn kernel_bytes(&self) -> usize {
        size_of::<f32>() * (self.level.encoder.parameters() + self.level.decoder.parameters())
    }

    fn leave(&mut self) -> Workspace {
        self.kept = None;
        Workspace::default()
    }

    fn bytes(&self, size: Size, regions: usize, _: usize) -> Result<usize, EngineError> {
        check_image(&self.level, size, &[])?;
        // Maps before and after a convolution; the largest have the image's size.
        let encoder = self.level.encoder.topology().convs().iter();
        let widest =
            encoder.chain(self.level.decoder.convs()).map(|conv| conv.inputs.max(conv.outputs)).max();
        Ok(size.area() * (2 * size_of::<f64>() * widest.unwrap_or(0) + 2 * regions * size_of::<f32>()))
    }

    fn encode(&mut self, image: &Pixels, regions: &[Plane]) -> Result<Vec<Moments>, EngineError> {
        self.kept = None;
        check_image(&self.level, image.size, regions)?;
        let encoder = &self.level.encoder;
        let topology = encoder.topology();
        let data = image.data.iter().map(|&value| f64::from(value)).collect();
        let mut map = layers::map_input(&Map { channels: 3, size: image.size, data }, encoder.input());
        for (index, (conv, weights)) in topology.convs().iter().zip(encoder.weights()).enumerate() {
            if topology.pools_before(index) {
                map = layers::pool(&map, encoder.pooling(), 1.0).0;
            }
            map = self.run(&map, weights, conv)?;
        }
        let blocks = topology.convs().last().map_or(1, |conv| conv.block);
        let regions: Vec<Plane> = regions.iter().filter_map(|plane| pyramid(plane, blocks).pop()).collect();
        let everywhere = vec![1.0; map.size.area()];
        let wide = |plane: &Plane| plane.data.iter().map(|&weight| f64::from(weight)).collect::<Vec<f64>>();
        let sums = match regions.is_empty() {
            true => vec![moments(&map, &everywhere)],
            false => regions.iter().map(|plane| moments(&map, &wide(plane))).collect(),
        };
        self.kept = Some(Kept { features: map, regions });
        Ok(sums)
    }

    fn decode(&mut self, moves: &[Affine]) -> Result<Pixels, EngineError> {
        let Kept { features, regions } = self.kept.take().ok_or(EngineError::NoObservation)?;
        check_moves(&self.level, regions.len(), moves)?;
        let mut map = moved(&features, &regions, moves);
        let decoder = &self.level.decoder;
        for (index, (conv, weights)) in decoder.convs().iter().zip(decoder.weights()).enumerate() {
            map = self.run(&map, weights, conv)?;
            if decoder.enlarges_after(index) {
                map = layers::enlarge(&map);
            }
        }
        Ok(Pixels { size: map.size, data: map.data.into_iter().map(|value| value as f32).collect() })
    }
}

/// f + sum of w (M f + b - f).
fn moved(features: &Map, regions: &[Plane], moves: &[Affine]) -> Map {
    let (channels, area) = (features.channels, features.size.area());
    let mut moved = features.clone();
    for (index, by) in moves.iter().enumerate() {
        for place in 0..area {
            let weight = regions.get(index).map_or(1.0, |plane| f64::from(plane.data[place]));
            for to in 0..channels {
                let row = &by.matrix[to * channels..][..channels];
                let mapped: f64 =
                    row.iter().enumerate().map(|(from, m)| m * features.data[from * area + place]).sum();
                let own = features.data[to * area + place];
                moved.data[to * area + place] += weight * (mapped + by.bias[to] - own);
            }
        }
    }
    moved
}
