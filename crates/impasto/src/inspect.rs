//! Inspection of a network: the features of a picture at its layers, their Gram matrices, and pictures
//! reconstructed from one term of the objective alone.
//!
//! A picture with the same features as another at a layer shows what the layer still knows of it (Mahendran and
//! Vedaldi, "Understanding deep image representations by inverting them", CVPR 2015). A picture with the same
//! statistics shows what the objective takes for its style (Gatys, Ecker and Bethge, CVPR 2016, figure 1). Both
//! begin with noise. Differences: the reconstructions run coarse to fine, and use the total variation term of the
//! default preset, which removes the dots that poolings leave.

use impasto_encoder::{Encoder, Tap};
use impasto_engine::{Cancel, Edges, Engine, Network, Pixels, Rect, Request, Size};
use impasto_image::{Picture, fit_long_edge};

use crate::assembly::pixels;
use crate::device;
use crate::plan::largest;
use crate::threads::{ThreadPool, thread_pool};
use crate::{Error, Overrides, Preset, Setting, StyleTransfer};

/// The features of one picture, layer by layer.
pub struct Inspector {
    engine: Box<dyn Engine>,
    pool: ThreadPool,
    image: Pixels,
    layers: Vec<(String, Tap)>,
    note: Option<String>,
}

/// The features of a picture at one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerFeatures {
    /// Name of the layer.
    pub layer: String,
    /// Number of channels.
    pub channels: usize,
    /// Columns of each map.
    pub width: usize,
    /// Rows of each map.
    pub height: usize,
    /// The features, `[channels, height, width]`, row by row.
    pub maps: Vec<f32>,
    /// The Gram matrix, `[channels, channels]`, divided by the number of positions and of channels: symmetric, row
    /// by row.
    pub gram: Vec<f64>,
}

impl Inspector {
    /// Makes an inspector for a picture of encoded RGB in 0..1, at its own size. If `layers` is empty, it uses
    /// those layers of the default preset that the encoder has.
    ///
    /// # Errors
    /// Fails for a layer that the encoder does not have or that is named twice, for a picture that is too small for
    /// a layer, and with [`Error::TooLarge`] for one that needs more than `memory` bytes.
    pub fn new(
        picture: Picture,
        encoder: &Encoder,
        layers: &[String],
        threads: Option<usize>,
        memory: Option<usize>,
        cancel: Cancel,
    ) -> Result<Inspector, Error> {
        Inspector::on("cpu", picture, encoder, layers, (threads, memory), cancel)
    }

    /// Like [`new`](Inspector::new), on a device ([`StyleTransfer::device`]).
    ///
    /// # Errors
    /// The errors of [`new`](Inspector::new), and those of the device.
    pub fn on(
        device: &str,
        picture: Picture,
        encoder: &Encoder,
        layers: &[String],
        (threads, memory): (Option<usize>, Option<usize>),
        cancel: Cancel,
    ) -> Result<Inspector, Error> {
        let pool = thread_pool(threads)?;
        let layers = resolve(encoder, layers)?;
        let deepest = layers.iter().map(|(_, tap)| *tap).max().unwrap_or(Tap::after(0));
        let network = Network::new(encoder.truncated(deepest));
        let (engine, note) = pool.install(|| device::engine(device, network, cancel))?;
        let inspector = Inspector { engine, pool, image: pixels(picture), layers, note };
        let size = inspector.image.size;
        let needed = inspector.bytes(size)?;
        if let Some(memory) = memory.filter(|memory| needed > *memory) {
            let long_edge = size.width.max(size.height);
            let fits = largest(long_edge, |long| {
                let (width, height) = fit_long_edge((size.width, size.height), long.max(1));
                Ok(inspector.bytes(Size::new(width, height)).is_ok_and(|bytes| bytes <= memory))
            })?;
            return Err(Error::TooLarge { long_edge, needed, memory, fits });
        }
        Ok(inspector)
    }

    /// A note on the device for the user.
    pub fn device_note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Peak bytes of memory to observe the layers.
    fn bytes(&self, size: Size) -> Result<usize, Error> {
        let topology = self.engine.network().encoder.topology();
        let mut most = 0;
        for (_, tap) in &self.layers {
            let request = Request { moments: vec![*tap], ..Request::default() };
            let engine = self.engine.evaluation_bytes(size, &request, self.pool.current_num_threads())?;
            let (width, height) = topology.size_at(tap.conv(), (size.width, size.height));
            // The maps exist three times: in the engine, in the engine's result, and in ours.
            let maps = width * height * topology.channels(*tap) * (size_of::<f32>() * 2 + size_of::<f64>());
            most = most.max(engine + maps);
        }
        Ok(most)
    }

    /// The names of the layers, in their order.
    pub fn layers(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().map(|(layer, _)| layer.as_str())
    }

    /// Computes the features at the layer with this index.
    ///
    /// # Errors
    /// [`Error::Engine`] if it was cancelled, [`Error::Invalid`] for an index out of range.
    pub fn look(&mut self, index: usize) -> Result<LayerFeatures, Error> {
        let (layer, tap) = self
            .layers
            .get(index)
            .cloned()
            .ok_or_else(|| Error::invalid("layer", "the index is beyond the last layer"))?;
        let Inspector { engine, pool, image, .. } = self;
        pool.install(|| {
            let request = Request { moments: vec![tap], ..Request::default() };
            let seen = engine.observe(image, &request)?;
            let topology = engine.network().encoder.topology();
            let channels = topology.channels(tap);
            let (width, height) = topology.size_at(tap.conv(), (image.size.width, image.size.height));
            let window = Rect { x: 0, y: 0, size: Size::new(width, height) };
            let features = engine.features(image, Edges::default(), tap, window)?;
            let sums = &seen.moments[0][0];
            Ok(LayerFeatures {
                layer,
                channels,
                width,
                height,
                maps: features.data.into_iter().map(|value| value as f32).collect(),
                gram: sums.second.iter().map(|sum| sum / (sums.weight * channels as f64)).collect(),
            })
        })
    }
}

impl LayerFeatures {
    /// The map of one channel: `height` rows of `width` features.
    pub fn map(&self, channel: usize) -> &[f32] {
        let area = self.width * self.height;
        &self.maps[channel * area..(channel + 1) * area]
    }

    /// Indices of the channels by mean square, the largest first.
    pub fn by_energy(&self) -> Vec<usize> {
        let energy = |channel: usize| self.gram[channel * (self.channels + 1)];
        let mut channels: Vec<usize> = (0..self.channels).collect();
        channels.sort_by(|a, b| energy(*b).total_cmp(&energy(*a)));
        channels
    }

    /// The mean of all features.
    pub fn mean(&self) -> f64 {
        self.maps.iter().map(|&value| f64::from(value)).sum::<f64>() / self.maps.len().max(1) as f64
    }

    /// The share of features that are 0.
    pub fn sparsity(&self) -> f64 {
        self.maps.iter().filter(|value| **value == 0.0).count() as f64 / self.maps.len().max(1) as f64
    }

    /// The largest feature.
    pub fn largest(&self) -> f32 {
        self.maps.iter().copied().fold(0.0, f32::max)
    }
}

/// A picture reconstructed from one term of the objective alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reconstruction {
    /// From the features at a layer.
    Content(String),
    /// From the statistics at layers. A single layer stands for itself and all shallower style layers of the
    /// default preset.
    Style(Vec<String>),
}

impl Reconstruction {
    /// The transfer that reconstructs the picture from noise. `iterations` sets the iterations at each scale.
    ///
    /// # Errors
    /// Fails for a layer that the encoder does not have.
    pub fn transfer(
        &self,
        picture: Picture,
        encoder: &Encoder,
        iterations: Option<usize>,
    ) -> Result<StyleTransfer, Error> {
        let layers = self.layers(encoder)?;
        let (preset, overrides) = match self {
            Reconstruction::Content(_) => (
                Preset::CONTENT_ALONE,
                Overrides { content_layers: Some(layers), iterations, ..Overrides::default() },
            ),
            Reconstruction::Style(_) => (
                Preset::STYLE_ALONE,
                Overrides { style_layers: Some(layers), iterations, ..Overrides::default() },
            ),
        };
        let transfer = StyleTransfer::new(picture.clone()).style(picture);
        Ok(transfer.preset(preset).overrides(overrides).encoder(encoder.clone()))
    }

    /// The layers that the reconstruction uses.
    ///
    /// # Errors
    /// Fails for a layer that the encoder does not have.
    pub fn layers(&self, encoder: &Encoder) -> Result<Vec<String>, Error> {
        let topology = encoder.topology();
        match self {
            Reconstruction::Content(layer) => {
                topology.tap(layer)?;
                Ok(vec![layer.clone()])
            }
            Reconstruction::Style(layers) => {
                let taps = layers.iter().map(|layer| topology.tap(layer)).collect::<Result<Vec<_>, _>>()?;
                let [last] = taps[..] else { return Ok(layers.clone()) };
                let usual = Preset::ALL[0].recipe().style_layers;
                let before = usual.iter().filter_map(|(layer, _)| topology.tap(layer).ok());
                let mut taps: Vec<Tap> = before.filter(|tap| *tap < last).collect();
                taps.push(last);
                Ok(taps.into_iter().map(|tap| topology.tap_name(tap)).collect())
            }
        }
    }
}

/// Resolves layers by name; without names, returns those of the default preset.
fn resolve(encoder: &Encoder, layers: &[String]) -> Result<Vec<(String, Tap)>, Error> {
    let topology = encoder.topology();
    if layers.is_empty() {
        let recipe = Preset::ALL[0].recipe();
        let usual = recipe.style_layers.iter().chain(&recipe.content_layers);
        let mut taps: Vec<Tap> = usual.filter_map(|(layer, _)| topology.tap(layer).ok()).collect();
        taps.sort();
        return Ok(taps.into_iter().map(|tap| (topology.tap_name(tap), tap)).collect());
    }
    let mut named: Vec<(String, Tap)> = Vec::with_capacity(layers.len());
    for layer in layers {
        let tap = topology.tap(layer)?;
        if named.iter().any(|(_, other)| *other == tap) {
            return Err(Error::invalid(Setting::Layers, format!("{layer} is named twice")));
        }
        named.push((layer.clone(), tap));
    }
    Ok(named)
}
