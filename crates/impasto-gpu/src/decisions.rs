//! The decisions of the last observation, for the conformance suite. The activations are on the card, so the host reads
//! them and decides as the kernels do.

use impasto_encoder::Pooling;
use impasto_engine::{Decisions, EngineError, PoolDecision, Size};

use crate::engine::GpuEngine;
use crate::layers::{QUAD, quads};

/// Row and column of the four values of a window, in reading order.
const WINDOW: [(usize, usize); 4] = [(0, 0), (0, 1), (1, 0), (1, 1)];

/// Values as the card holds them.
struct Map {
    channels: usize,
    size: Size,
    values: Vec<f32>,
}

impl Map {
    fn at(&self, channel: usize, y: usize, x: usize) -> f32 {
        self.values[(y * self.size.width + x) * QUAD * quads(self.channels) + channel]
    }

    fn window(&self, channel: usize, y: usize, x: usize) -> [f32; 4] {
        WINDOW.map(|(dy, dx)| self.at(channel, 2 * y + dy, 2 * x + dx))
    }

    /// A value for each place of a planar map of some size.
    fn planar<T>(&self, size: Size, value: impl Fn(usize, usize, usize) -> T) -> Vec<T> {
        let places = 0..self.channels * size.area();
        places.map(|i| value(i / size.area(), i / size.width % size.height, i % size.width)).collect()
    }
}

/// The two numbers of a word in half precision, as `kept.wgsl` reads them.
fn numbers(word: f32) -> [f32; 2] {
    let number = |code: u32| if code > 0 { f32::from_bits((code + (1 << 15)) << 14) } else { 0.0 };
    [word.to_bits() & 0xffff, word.to_bits() >> 16].map(number)
}

impl GpuEngine {
    /// Reads the map after a convolution, without disturbing the observation.
    async fn look_at(&self, conv: usize) -> Result<Map, EngineError> {
        let topology = self.network.encoder.topology();
        let recording = self.recording.as_ref().ok_or(EngineError::NoObservation)?;
        let half = recording.shape.half;
        let count = QUAD * recording.shape.map_quads(topology, conv) / if half { 2 } else { 1 };
        let host = self.device.host_buffer((size_of::<f32>() * count) as u64);
        self.copy_to_host(crate::shape::Role::Map(conv), &host, count);
        let words = self.device.read(&host, count).await?;
        Ok(Map {
            channels: topology.convs()[conv].outputs,
            size: recording.shape.size_at(topology, conv),
            values: if half { words.into_iter().flat_map(numbers).collect() } else { words },
        })
    }

    pub(crate) async fn decided(&self) -> Result<Decisions, EngineError> {
        self.observed.as_ref().ok_or(EngineError::NoObservation)?;
        let recording = self.recording.as_ref().ok_or(EngineError::NoObservation)?;
        let (topology, deepest) = (self.network.encoder.topology(), recording.shape.deepest());
        let mut decisions = Decisions { relu: Vec::new(), pools: Vec::new() };
        for conv in 0..=deepest {
            let map = self.look_at(conv).await?;
            decisions.relu.push(map.planar(map.size, |channel, y, x| map.at(channel, y, x) > 0.0));
            if conv < deepest && topology.pools_after(conv) {
                decisions.pools.push(self.pooled(&map));
            }
        }
        Ok(decisions)
    }

    fn pooled(&self, map: &Map) -> PoolDecision {
        let small = map.size.halved();
        match self.network.pooling {
            Pooling::Average => PoolDecision::Average,
            Pooling::Max => PoolDecision::Max(map.planar(small, |channel, y, x| {
                let window = map.window(channel, y, x);
                (1..4).fold(0, |best, i| if window[i] > window[best] { i } else { best }) as u8
            })),
            Pooling::L2 => PoolDecision::L2(map.planar(map.size, |channel, y, x| {
                if y / 2 >= small.height || x / 2 >= small.width {
                    return 0.0;
                }
                let squares = map.window(channel, y / 2, x / 2).map(|value| f64::from(value).powi(2));
                let root = squares.iter().sum::<f64>().sqrt();
                if root > 0.0 { f64::from(map.at(channel, y, x)) / root } else { 0.0 }
            })),
        }
    }
}
