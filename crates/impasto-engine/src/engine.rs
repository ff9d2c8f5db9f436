//! The trait that every engine implements, and its errors.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use impasto_encoder::Tap;

use crate::painting::{self, AdamStep, Painting, PixelMemory};
use crate::{
    Cotangents, Edges, Judged, Judging, LayerSeconds, Network, Observation, Pixels, Rect, Request, Size,
    Target,
};

/// A flag that abandons the evaluation in progress, from any thread or a signal handler.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks every engine that holds this flag to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// True once [`Cancel::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// For engines: call it between two pieces of work.
    ///
    /// # Errors
    /// [`EngineError::Cancelled`] once [`Cancel::cancel`] was called.
    pub fn check(&self) -> Result<(), EngineError> {
        if self.is_cancelled() { Err(EngineError::Cancelled) } else { Ok(()) }
    }
}

/// Features of a window at a tap, planar `[channels, height, width]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// Channels of the tap.
    pub channels: usize,
    /// Size of the window.
    pub size: Size,
    /// The values, channel by channel.
    pub data: Vec<f64>,
}

/// The decisions of a pooling, planar, for the conformance suite.
#[derive(Clone, Debug, PartialEq)]
pub enum PoolDecision {
    /// Max: the index of the chosen value (0..4, in reading order), per output.
    Max(Vec<u8>),
    /// Average: nothing to decide.
    Average,
    /// L2: value over root, per input position; 0 where the root is 0.
    L2(Vec<f64>),
}

/// The decisions of the last observation. Two engines of finite precision may decide differently where a value is
/// within rounding of zero or of its neighbour. With the decisions given, everything else is linear and must agree.
#[derive(Clone, Debug, PartialEq)]
pub struct Decisions {
    /// Per convolution, planar: true where the ReLU passed the value.
    pub relu: Vec<Vec<bool>>,
    /// Per pooling, from the first block on.
    pub pools: Vec<PoolDecision>,
}

/// Runs a network over images.
///
/// One iteration has three steps: [`observe`](Engine::observe), then the objective turns the observation into
/// cotangents, then [`pull_back`](Engine::pull_back).
pub trait Engine: Send {
    /// The network that this engine runs.
    fn network(&self) -> &Network;

    /// Everything that results depend on besides the network and the request, such as an instruction set. Engines with
    /// equal identity give equal bytes.
    fn identity(&self) -> &str;

    /// Sets whether features at taps, or all, are kept in half precision from an observation to its pull-back. Half
    /// precision takes less memory; gradients differ by about a thousandth. The last observation is dropped. An engine
    /// without such storage ignores the setting.
    fn set_half(&mut self, half: bool);

    /// Replaces the flag to obey: an engine that is used again must not stop for the run before.
    fn set_cancel(&mut self, cancel: Cancel);

    /// Bytes of the transformed weights, in both directions.
    fn kernel_bytes(&self) -> usize;

    /// Forecasts the bytes that an evaluation of a request takes for a size and a number of threads: all that is
    /// allocated besides the encoder, its kernels, the targets, the input and the output. The forecast itself allocates
    /// nothing.
    ///
    /// # Errors
    /// When the request has no tap or the image is too small.
    fn evaluation_bytes(&self, size: Size, request: &Request, threads: usize) -> Result<usize, EngineError>;

    /// Like [`evaluation_bytes`](Engine::evaluation_bytes), for a capture at a tap.
    ///
    /// # Errors
    /// When the image is too small.
    fn capture_bytes(&self, size: Size, tap: Tap, threads: usize) -> Result<usize, EngineError>;

    /// Runs once over an image and keeps its features at a tap inside the engine, as a content target.
    ///
    /// # Errors
    /// When the image is too small for the tap, or the evaluation was cancelled.
    fn capture(&mut self, image: &Pixels, edges: Edges, tap: Tap) -> Result<Target, EngineError>;

    /// Bytes of one position of a content target at a tap, in the engine's own layout.
    fn target_stride(&self, tap: Tap) -> usize;

    /// Passes the rows of a content target to `row`, from the first on, and drops the target. Positions of a row are
    /// contiguous. With [`import_target`](Engine::import_target), targets can be stored elsewhere and cut into tiles.
    ///
    /// # Errors
    /// When there is no such target; [`EngineError::Spill`] for an error of `row`.
    fn export_target(
        &mut self,
        target: Target,
        row: &mut dyn FnMut(usize, &[u8]) -> io::Result<()>,
    ) -> Result<(), EngineError>;

    /// Makes a content target from rows that [`export_target`](Engine::export_target) gave: a grid of `size` positions
    /// at a tap. It replaces another target if one is given.
    ///
    /// # Errors
    /// [`EngineError::Spill`] for an error of `row`.
    fn import_target(
        &mut self,
        slot: Option<Target>,
        tap: Tap,
        size: Size,
        row: &mut dyn FnMut(usize, &mut [u8]) -> io::Result<()>,
    ) -> Result<Target, EngineError>;

    /// Drops all content targets, before the next scale.
    fn forget_targets(&mut self);

    /// Runs the encoder, computes the requested sums and gives out the requested features. Keeps what
    /// [`pull_back`](Engine::pull_back) needs: one bit per activation, the choices of the poolings, and the features at
    /// the taps.
    ///
    /// # Errors
    /// When the request does not fit the network or the image, or the evaluation was cancelled.
    fn observe(&mut self, image: &Pixels, request: &Request) -> Result<Observation, EngineError>;

    /// Computes the derivative by the pixels (RGB 0..1) from the derivatives by the sums of the last observation: dF =
    /// w (2 D F + d) at a style tap, 2 c w (F - F*) at a content tap. Derivatives by features are added as they are.
    /// The observation is used up, because gradients replace its data. `image` must be the observed one: an engine that
    /// keeps no copy reads it again.
    ///
    /// # Errors
    /// When there was no observation since the last pull-back, the cotangents do not fit it, or the evaluation was
    /// cancelled.
    fn pull_back(&mut self, image: &Pixels, cotangents: &Cotangents) -> Result<Pixels, EngineError>;

    /// Features of a window at a tap, for inspection and tests. Drops the last observation.
    ///
    /// # Errors
    /// When the image is too small, the window reaches beyond the tap's grid, or the evaluation was cancelled.
    fn features(
        &mut self,
        image: &Pixels,
        edges: Edges,
        tap: Tap,
        window: Rect,
    ) -> Result<Features, EngineError>;

    /// The memory for pictures in progress, if it is not the host's. Vectors in it belong to the two next methods,
    /// which then should not read them back. `None`, the default: the host's memory.
    fn pixel_memory(&self) -> Option<Arc<dyn PixelMemory>> {
        None
    }

    /// Like [`observe`](Engine::observe), for a painting. Also returns the weighted values of its terms.
    ///
    /// # Errors
    /// The errors of [`observe`](Engine::observe); [`EngineError::Pixels`] if the picture cannot be read.
    fn observe_painting(
        &mut self,
        painting: &mut Painting,
        request: &Request,
    ) -> Result<(Observation, Vec<f64>), EngineError> {
        painting::observe(self, painting, request)
    }

    /// Like [`pull_back`](Engine::pull_back), for a painting: the derivative by the pixels that an optimiser moves.
    ///
    /// # Errors
    /// The errors of [`pull_back`](Engine::pull_back); [`EngineError::NotFinite`] for a derivative that is not finite.
    fn pull_back_painting(
        &mut self,
        painting: &mut Painting,
        cotangents: &Cotangents,
    ) -> Result<Pixels, EngineError> {
        painting::pull_back(self, painting, cotangents)
    }

    /// Computes that derivative, moves the picture by one step of Adam, and adds it to the average.
    ///
    /// # Errors
    /// The errors of [`pull_back_painting`](Engine::pull_back_painting), and [`EngineError::NotFinite`] for a
    /// derivative above [`LARGEST_DERIVATIVE`](painting::LARGEST_DERIVATIVE): they leave everything as it was.
    /// [`EngineError::NotFinite`] also for a picture that is not finite after the step.
    fn step_painting(
        &mut self,
        painting: &mut Painting,
        cotangents: &Cotangents,
        adam: &mut AdamStep,
    ) -> Result<(), EngineError> {
        painting::step(self, painting, cotangents, adam)
    }

    /// Bytes that [`step_judged`](Engine::step_judged) takes besides the evaluation of a request; 0, the default, for
    /// an engine that leaves judging to the host.
    fn judging_bytes(&self, _request: &Request) -> usize {
        0
    }

    /// Observes a painting, judges it, and moves it by one step of Adam: all in one call, without sums on the host.
    /// `None`, the default, from an engine that leaves judging to the host; then nothing has happened.
    ///
    /// # Errors
    /// The errors of [`observe_painting`](Engine::observe_painting) and [`step_painting`](Engine::step_painting).
    fn step_judged(
        &mut self,
        _painting: &mut Painting,
        _request: &Request,
        _judging: &Arc<Judging>,
        _adam: &mut AdamStep,
    ) -> Result<Option<Judged>, EngineError> {
        Ok(None)
    }

    /// The time of each part of the last evaluation, if the engine measures it.
    fn layer_times(&self) -> Option<&LayerSeconds> {
        None
    }

    /// The decisions of the last observation, for tests.
    ///
    /// # Errors
    /// When there was no observation.
    fn decisions(&self) -> Result<Decisions, EngineError>;
}

/// Why an engine could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// [`Cancel::cancel`] was called; the evaluation has no result.
    #[error("the evaluation was abandoned")]
    Cancelled,
    /// A request without any tap.
    #[error("nothing to observe: the request has no tap")]
    NothingToObserve,
    /// No observation to pull back from.
    #[error("there is no observation to pull back from")]
    NoObservation,
    /// The image is too small to leave a feature at a layer.
    #[error(
        "an image of {}x{} is too small for {layer}: expected at least {smallest}x{smallest}",
        found.width, found.height
    )]
    TooSmall {
        /// The deepest layer asked for.
        layer: String,
        /// Smallest width and height.
        smallest: usize,
        /// The image's size.
        found: Size,
    },
    /// Two things that belong together have different sizes.
    #[error(
        "{what}: expected {}x{}, found {}x{}",
        expected.width, expected.height, found.width, found.height
    )]
    SizesDiffer {
        /// The name of the thing.
        what: &'static str,
        /// Expected size.
        expected: Size,
        /// Found size.
        found: Size,
    },
    /// A tap beyond the network.
    #[error("tap after convolution {conv}, but the network has {convs}")]
    NoSuchTap {
        /// Index asked for.
        conv: usize,
        /// Number of convolutions.
        convs: usize,
    },
    /// A content target that this engine does not hold.
    #[error("content target {index} is not held by this engine")]
    NoSuchTarget {
        /// Its index.
        index: usize,
    },
    /// Content targets that do not fit into memory could not be kept in a file.
    #[error("cannot keep content targets in a temporary file: {source}")]
    Spill {
        /// The system's error.
        source: io::Error,
    },
    /// Pixels of the picture in progress cannot be read or written where they are kept.
    #[error("cannot keep the picture in progress: {source}")]
    Pixels {
        /// The error of the file or of the engine's memory.
        source: io::Error,
    },
    /// Numbers became infinite or undefined.
    #[error("{what} are not finite")]
    NotFinite {
        /// The name of the numbers.
        what: &'static str,
    },
    /// No backend has this name, or it cannot run here.
    #[error("no device {name}: {reason}; expected one of {}", available.join(", "))]
    NoSuchBackend {
        /// The requested name.
        name: String,
        /// Why this backend cannot be used.
        reason: String,
        /// Names of the backends that can run here.
        available: Vec<String>,
    },
    /// This machine has no instruction set of this name.
    #[error("{asked_by}: expected one of {available}, found {found}")]
    NoSuchInstructionSet {
        /// The environment variable, or whatever else named it.
        asked_by: &'static str,
        /// Its value.
        found: String,
        /// The sets that this machine has.
        available: String,
    },
    /// Maps do not fit the features that they should move.
    #[error("maps do not fit the level: {what}")]
    MovesDiffer {
        /// The part that differs.
        what: &'static str,
    },
    /// An engine that did not give out the features it was asked for.
    #[error("the device gives no features: expected those of {expected} layers, found {found}")]
    FeaturesMissing {
        /// Number of layers whose features were asked for.
        expected: usize,
        /// Number of layers that came.
        found: usize,
    },
    /// A card that does not answer any more: it was reset, taken out, or its driver fell.
    #[error("the device {device} was lost: {reason}")]
    DeviceLost {
        /// Its name.
        device: String,
        /// The driver's words.
        reason: String,
    },
    /// A card without enough memory.
    #[error("the memory of the device {device} is full")]
    DeviceMemory {
        /// Its name.
        device: String,
    },
    /// A picture that a card cannot take whole, because a map of its features is larger than the card's largest buffer.
    #[error("a picture of {}x{} is too large for the device {device} without tiles", size.width, size.height)]
    DeviceTooSmall {
        /// Its name.
        device: String,
        /// The picture's size.
        size: Size,
    },
    /// A driver that refused something: a fault in it or in the engine.
    #[error("the device {device} refused its work: {reason}")]
    DeviceRefused {
        /// Its name.
        device: String,
        /// The driver's words.
        reason: String,
    },
    /// Cotangents do not fit the last observation.
    #[error("cotangents do not fit the observation: {what}")]
    CotangentsDiffer {
        /// The part that differs.
        what: &'static str,
    },
}

impl EngineError {
    pub(crate) fn pixels(source: io::Error) -> EngineError {
        EngineError::Pixels { source }
    }
}
