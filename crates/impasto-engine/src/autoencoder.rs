//! Engines that turn features back into a picture: an encoder up to one tap, and its decoder.
//!
//! Features are moved between the two, by an affine map for each region: f becomes M f + b. That is all that a transfer without
//! iterations needs (Li et al., "Universal style transfer via feature transforms", NIPS 2017), and no derivative.

use impasto_encoder::Level;

use crate::{Cancel, EngineError, Moments, Pixels, Plane, Size};

/// An affine map of features with C channels: `f -> matrix f + bias`.
#[derive(Clone, Debug, PartialEq)]
pub struct Affine {
    /// `C x C` values, row-major: row `i` gives channel `i`.
    pub matrix: Vec<f64>,
    /// `C` values.
    pub bias: Vec<f64>,
}

impl Affine {
    /// The map that leaves features as they are.
    pub fn identity(channels: usize) -> Affine {
        let matrix =
            (0..channels * channels).map(|i| f64::from(u8::from(i / channels == i % channels))).collect();
        Affine { matrix, bias: vec![0.0; channels] }
    }
}

/// Runs a level: [`encode`](Autoencoder::encode), then the caller finds maps from the sums, then
/// [`decode`](Autoencoder::decode).
pub trait Autoencoder: Send {
    /// What it runs.
    fn level(&self) -> &Level;

    /// Obeys another flag from now on.
    fn set_cancel(&mut self, cancel: Cancel);

    /// Bytes that both directions take at a size, on so many threads, besides the networks and the pictures that go in and out.
    ///
    /// # Errors
    /// As [`encode`](Autoencoder::encode).
    fn bytes(&self, size: Size, regions: usize, threads: usize) -> Result<usize, EngineError>;

    /// Runs the encoder, keeps the features, and returns their sums for each region; one region with weight 1 everywhere where there
    /// are none. Pictures are reflected at their edges.
    ///
    /// # Errors
    /// When a side is no multiple of [`Level::step`], weights are of another size, or the evaluation was cancelled.
    fn encode(&mut self, image: &Pixels, regions: &[Plane]) -> Result<Vec<Moments>, EngineError>;

    /// Moves the features that [`encode`](Autoencoder::encode) kept, and decodes them: RGB, nominally 0..1, of the image's size.
    /// A position of weight w moves by w (M f + b - f), summed over the regions; without regions every position moves. Uses the
    /// features up.
    ///
    /// # Errors
    /// When nothing is encoded, maps do not fit, or the evaluation was cancelled.
    fn decode(&mut self, moves: &[Affine]) -> Result<Pixels, EngineError>;
}

/// Checks an image for a level.
pub(crate) fn check_image(level: &Level, size: Size, regions: &[Plane]) -> Result<(), EngineError> {
    let step = level.step();
    if size.area() == 0 || !size.width.is_multiple_of(step) || !size.height.is_multiple_of(step) {
        let fits = |side: usize| side.next_multiple_of(step).max(step);
        let expected = Size::new(fits(size.width), fits(size.height));
        return Err(EngineError::SizesDiffer { what: "image of a level", expected, found: size });
    }
    match regions.iter().find(|plane| plane.size != size) {
        Some(plane) => {
            Err(EngineError::SizesDiffer { what: "position weights", expected: size, found: plane.size })
        }
        None => Ok(()),
    }
}

/// Checks maps for a level and so many regions.
pub(crate) fn check_moves(level: &Level, regions: usize, moves: &[Affine]) -> Result<(), EngineError> {
    let channels = level.channels();
    if moves.len() != regions.max(1) {
        return Err(EngineError::MovesDiffer { what: "number of regions" });
    }
    let fits = |by: &Affine| by.bias.len() == channels && by.matrix.len() == channels * channels;
    match moves.iter().all(fits) {
        true => Ok(()),
        false => Err(EngineError::MovesDiffer { what: "number of channels" }),
    }
}
