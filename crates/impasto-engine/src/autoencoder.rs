//! Engines that turn features back into a picture: an encoder up to one tap, and its decoder.
//!
//! Between the two, an affine map for each region moves the features: f becomes M f + b. A transfer without iterations
//! needs nothing else, and no derivative (Li et al., "Universal style transfer via feature transforms", NIPS 2017).

use impasto_encoder::Level;

use crate::{Cancel, EngineError, Moments, Pixels, Plane, Size, Workspace};

/// An affine map of features with C channels: `f -> matrix f + bias`.
#[derive(Clone, Debug, PartialEq)]
pub struct Affine {
    /// `C x C` values, row-major: row `i` gives channel `i`.
    pub matrix: Vec<f64>,
    /// `C` values.
    pub bias: Vec<f64>,
}

impl Affine {
    /// The map that leaves features unchanged.
    pub fn identity(channels: usize) -> Affine {
        let matrix =
            (0..channels * channels).map(|i| f64::from(u8::from(i / channels == i % channels))).collect();
        Affine { matrix, bias: vec![0.0; channels] }
    }
}

/// Runs a level. First [`encode`](Autoencoder::encode); then the caller computes maps from the sums; then
/// [`decode`](Autoencoder::decode).
pub trait Autoencoder: Send {
    /// The level that it runs.
    fn level(&self) -> &Level;

    /// Replaces the flag to obey.
    fn set_cancel(&mut self, cancel: Cancel);

    /// Bytes of the networks, and of what is made of their weights.
    fn kernel_bytes(&self) -> usize;

    /// Works in the memory that another level has left, and drops its own.
    fn enter(&mut self, _: Workspace) {}

    /// Leaves its memory to another level, and forgets the encoded picture. Levels that run one after the other pass it
    /// on.
    fn leave(&mut self) -> Workspace;

    /// For autoencoders: checks the size of an image, and of its regions.
    ///
    /// # Errors
    /// [`EngineError::SizesDiffer`] when a side is not a multiple of [`Level::step`], or weights have another size.
    fn check_image(&self, size: Size, regions: &[Plane]) -> Result<(), EngineError> {
        check_image(self.level(), size, regions)
    }

    /// For autoencoders: checks maps against the level and the number of regions.
    ///
    /// # Errors
    /// [`EngineError::MovesDiffer`].
    fn check_moves(&self, regions: usize, moves: &[Affine]) -> Result<(), EngineError> {
        check_moves(self.level(), regions, moves)
    }

    /// Bytes that both directions take for a size and a number of threads, besides the networks, the input and the
    /// output.
    ///
    /// # Errors
    /// The errors of [`encode`](Autoencoder::encode).
    fn bytes(&self, size: Size, regions: usize, threads: usize) -> Result<usize, EngineError>;

    /// Runs the encoder, keeps the features, and returns their sums for each region. Without regions there is one, with
    /// weight 1 everywhere. Pictures are reflected at their edges.
    ///
    /// # Errors
    /// When a side is not a multiple of [`Level::step`], weights have another size, or the evaluation was cancelled.
    fn encode(&mut self, image: &Pixels, regions: &[Plane]) -> Result<Vec<Moments>, EngineError>;

    /// Moves the features that [`encode`](Autoencoder::encode) kept, and decodes them to RGB, nominally 0..1, of the
    /// image's size. A position of weight w moves by w (M f + b - f), summed over the regions; without regions every
    /// position moves by M f + b - f. The kept features are used up.
    ///
    /// # Errors
    /// When nothing is encoded, maps do not fit, or the evaluation was cancelled.
    fn decode(&mut self, moves: &[Affine]) -> Result<Pixels, EngineError>;
}

/// Checks the size of an image for a level, and of its regions.
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

/// Checks that maps fit a level and the number of regions.
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
