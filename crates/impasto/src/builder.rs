//! The options of a style transfer. [`build`](StyleTransfer::build) makes a session of them.

use std::sync::Arc;
use std::time::Duration;

use impasto_encoder::Encoder;
use impasto_engine::{Backend, Cancel, InstructionSet, Tiling};
use impasto_image::{Averaging, Picture, Plane};

use crate::clock::Clock;
use crate::device::{self, Chosen};
use crate::follow::Follow;
use crate::texture::Texture;
use crate::{Colour, Error, Overrides, Preset, Recipe, Regions, Style};

/// Neural style transfer: repaints a content picture in the style of others.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let content = impasto::Picture::open("content.jpg")?;
/// let style = impasto::Picture::open("style.jpg")?;
/// let mut session = impasto::StyleTransfer::new(content).style(style).size(512).build()?;
/// while let Some(step) = session.step()? {
///     println!("{} of {}: {}", step.iteration, step.iterations, step.losses.total);
/// }
/// session.picture()?.save("out.png")?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct StyleTransfer {
    pub(crate) content: Picture,
    pub(crate) alpha: Option<Plane>,
    pub(crate) regions: Regions,
    pub(crate) styles: Vec<Style>,
    pub(crate) texture: Option<Texture>,
    pub(crate) preset: Preset,
    pub(crate) recipe: Option<Recipe>,
    pub(crate) overrides: Overrides,
    pub(crate) model: String,
    pub(crate) encoder: Option<Encoder>,
    pub(crate) size: Option<usize>,
    pub(crate) style_scale: f64,
    pub(crate) stroke_size: Option<f64>,
    pub(crate) averaging: Averaging,
    pub(crate) colour: Colour,
    pub(crate) seed: u64,
    pub(crate) threads: Option<usize>,
    pub(crate) init_picture: Option<Picture>,
    pub(crate) instruction_set: Option<InstructionSet>,
    pub(crate) backend: Option<Arc<dyn Backend>>,
    /// Whether a card may take the processor's place.
    pub(crate) automatic: bool,
    device_note: Option<String>,
    pub(crate) tiling: Tiling,
    pub(crate) memory: Option<usize>,
    pub(crate) half: bool,
    pub(crate) time: Option<Duration>,
    pub(crate) clock: Clock,
    pub(crate) cancel: Cancel,
    pub(crate) follow: Option<Follow>,
    pub(crate) traced: bool,
}

impl StyleTransfer {
    /// Begins with the picture to repaint. All pictures of a transfer share one colour space
    /// ([`Space`](impasto_image::Space)), with encoded RGB values in 0..1.
    pub fn new(content: Picture) -> StyleTransfer {
        StyleTransfer {
            content,
            alpha: None,
            regions: Regions::default(),
            styles: Vec::new(),
            texture: None,
            preset: Preset::ALL[0],
            recipe: None,
            overrides: Overrides::default(),
            model: impasto_encoder::EMBEDDED.into(),
            encoder: None,
            size: None,
            style_scale: 1.0,
            stroke_size: None,
            averaging: Averaging::default(),
            colour: Colour::default(),
            seed: 0,
            threads: None,
            init_picture: None,
            instruction_set: None,
            backend: None,
            automatic: false,
            device_note: None,
            tiling: Tiling::default(),
            memory: None,
            half: false,
            time: None,
            clock: Clock::default(),
            cancel: Cancel::default(),
            follow: None,
            traced: false,
        }
    }

    /// Replaces the picture to repaint, with its opacity: the next frame of a film.
    #[must_use]
    pub fn content(mut self, content: Picture, alpha: Option<Plane>) -> StyleTransfer {
        (self.content, self.alpha) = (content, alpha);
        self
    }

    /// Prepares the styles for many pictures like the content. They are shrunk to `long_edge` pixels times their scale,
    /// and get the colours that [`colour`](StyleTransfer::colour) asks for: those of this content, or grey. The colour
    /// is then that of the styles.
    ///
    /// # Errors
    /// [`Error::Invalid`] for opacity of another size than its picture.
    pub fn with_styles_prepared(mut self, long_edge: usize) -> Result<StyleTransfer, Error> {
        self.take_colours(&[])?;
        self.colour = Colour::Style;
        let scale = self.scale_of_styles();
        for style in &mut self.styles {
            let long = long_edge as f64 * (style.scale * scale).max(1.0);
            crate::draft::shrink(style, long.ceil() as usize, self.averaging);
        }
        Ok(self)
    }

    /// Adds a style: a picture, or a [`Style`] with its weight and scale.
    #[must_use]
    pub fn style(mut self, style: impl Into<Style>) -> StyleTransfer {
        self.styles.push(style.into());
        self
    }

    /// Sets the weight of each style, in their order: a film may change them from frame to frame. The styles' moments
    /// are kept by an [`EngineCache`](crate::EngineCache). Styles beyond the end of `weights` keep theirs.
    #[must_use]
    pub fn style_weights(mut self, weights: &[f64]) -> StyleTransfer {
        self.styles.iter_mut().zip(weights).for_each(|(style, weight)| style.weight = *weight);
        self
    }

    /// The content's opacity, of the content's size: 1 for opaque, 0 for transparent. Transparent pixels count for
    /// nothing and are filled with the colours around them. The result has no opacity; resize this plane and add it
    /// when you write the result.
    #[must_use]
    pub fn alpha(mut self, alpha: Plane) -> StyleTransfer {
        self.alpha = Some(alpha);
        self
    }

    /// Regions of the content, each painted in its own styles, and the protected parts that stay as they are.
    /// Default: the whole content is one region.
    #[must_use]
    pub fn regions(mut self, regions: Regions) -> StyleTransfer {
        self.regions = regions;
        self
    }

    /// The recipe to begin with. Default: `impasto`.
    #[must_use]
    pub fn preset(mut self, preset: Preset) -> StyleTransfer {
        self.preset = preset;
        self
    }

    /// A recipe in place of the preset's. It is checked when the transfer is built. Default: the preset's recipe.
    ///
    /// The recipe of a run with a [`stroke_size`](StyleTransfer::stroke_size) already has its scales adjusted for
    /// that size. To repeat such a run, give its stroke size as [`style_scale`](StyleTransfer::style_scale).
    #[must_use]
    pub fn recipe(mut self, recipe: Recipe) -> StyleTransfer {
        self.recipe = Some(recipe);
        self
    }

    /// Changes to single values of the recipe.
    #[must_use]
    pub fn overrides(mut self, overrides: Overrides) -> StyleTransfer {
        self.overrides = overrides;
        self
    }

    /// The encoder, by name or path. Default: `lite`.
    #[must_use]
    pub fn model(mut self, name: impl Into<String>) -> StyleTransfer {
        (self.model, self.encoder) = (name.into(), None);
        self
    }

    /// The encoder, already loaded.
    #[must_use]
    pub fn encoder(mut self, encoder: Encoder) -> StyleTransfer {
        self.encoder = Some(encoder);
        self
    }

    /// Long edge of the result in pixels. Default: 768, or the content's long edge if that is smaller.
    #[must_use]
    pub fn size(mut self, long_edge: usize) -> StyleTransfer {
        self.size = Some(long_edge);
        self
    }

    /// Factor for the size of all style pictures; less than 1 gives smaller strokes. Default: 1.
    #[must_use]
    pub fn style_scale(mut self, scale: f64) -> StyleTransfer {
        self.style_scale = scale;
        self
    }

    /// Size of the strokes in the result, relative to those in the style, from 0.1 to 4. It scales the styles as
    /// [`style_scale`](StyleTransfer::style_scale) does, and also adjusts the smallest scale of the run, unless the
    /// overrides set it. The same value looks alike at every size of the result. Default: 1.
    #[must_use]
    pub fn stroke_size(mut self, size: f64) -> StyleTransfer {
        self.stroke_size = Some(size);
        self
    }

    /// The quantity that is averaged when pictures are resized. Default: light.
    #[must_use]
    pub fn averaging(mut self, averaging: Averaging) -> StyleTransfer {
        self.averaging = averaging;
        self
    }

    /// The source of the result's colours. Default: the style.
    #[must_use]
    pub fn colour(mut self, colour: Colour) -> StyleTransfer {
        self.colour = colour;
        self
    }

    /// Seed of all random numbers. Default: 0.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> StyleTransfer {
        self.seed = seed;
        self
    }

    /// Number of threads; the result does not depend on it. Default: one per processor.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> StyleTransfer {
        self.threads = Some(threads);
        self
    }

    /// A picture to begin with, in place of the recipe's own beginning.
    #[must_use]
    pub fn init_picture(mut self, picture: Picture) -> StyleTransfer {
        self.init_picture = Some(picture);
        self
    }

    /// The instruction set to compute with. The bytes of a result depend on it. Default: the one that the
    /// environment variable `IMPASTO_INSTRUCTION_SET` names, or the best of this machine.
    #[must_use]
    pub fn instruction_set(mut self, set: InstructionSet) -> StyleTransfer {
        (self.instruction_set, self.backend, self.automatic) = (Some(set), None, false);
        self
    }

    /// The encoder's device, by name: `cpu` uses the CPU's best instruction set, and `gpu`, `gpu:N` or a part of a
    /// card's name a graphics card ([`devices`](crate::devices) lists them). `auto` uses a card if it was measured to
    /// be faster with this network, and the CPU otherwise. A single instruction set (`avx2`) or `reference` can be
    /// named too. A draft runs there too. Default: the CPU.
    ///
    /// # Errors
    /// [`Error::Engine`] with the reason if there is no device of this name, or if it cannot run here.
    pub fn device(self, name: &str) -> Result<StyleTransfer, Error> {
        Ok(self.on(device::chosen(name)?))
    }

    /// The device that an engine of this identity ran on ([`Checkpoint::instruction_set`]).
    ///
    /// # Errors
    /// [`Error::Engine`] with the reason if this machine does not have it.
    ///
    /// [`Checkpoint::instruction_set`]: crate::Checkpoint::instruction_set
    pub fn device_of(self, identity: &str) -> Result<StyleTransfer, Error> {
        Ok(self.on(device::of_identity(identity)?))
    }

    fn on(mut self, chosen: Chosen) -> StyleTransfer {
        (self.instruction_set, self.backend) = (chosen.set, chosen.backend);
        (self.automatic, self.device_note) = (chosen.automatic, chosen.note);
        self
    }

    /// What the user should know about the device that was named: whether a program plays it.
    pub fn device_note(&self) -> Option<&str> {
        self.device_note.as_deref()
    }

    /// The encoder's backend, which may come from any crate. Default: the CPU, with the chosen instruction set or
    /// the best.
    #[must_use]
    pub fn backend(mut self, backend: Arc<dyn Backend>) -> StyleTransfer {
        (self.backend, self.automatic) = (Some(backend), false);
        self
    }

    /// Cuts pictures into tiles of a given size. Default: tiles as large as [`memory`](StyleTransfer::memory)
    /// allows.
    #[must_use]
    pub fn tiling(mut self, tiling: Tiling) -> StyleTransfer {
        self.tiling = tiling;
        self
    }

    /// Memory that the run may use, in bytes. Pictures that would need more are cut into tiles, which changes the
    /// result only by rounding. Default, and `None`: no limit.
    #[must_use]
    pub fn memory(mut self, bytes: impl Into<Option<usize>>) -> StyleTransfer {
        self.memory = bytes.into();
        self
    }

    /// Keeps the features at the observed layers in half precision; on a graphics card, all features. This takes less
    /// memory and changes gradients by about a thousandth. Default: full precision, however little memory there is.
    #[must_use]
    pub fn half(mut self, half: bool) -> StyleTransfer {
        self.half = half;
        self
    }

    /// The time that the run may take, counted from [`build`](StyleTransfer::build). Each scale gets as many
    /// iterations as there is time for, at most those of the recipe. Default, and `None`: no limit.
    #[must_use]
    pub fn time(mut self, time: impl Into<Option<Duration>>) -> StyleTransfer {
        self.time = time.into();
        self
    }

    /// The clock that measures [`time`](StyleTransfer::time) and the seconds of steps. Default: the machine's
    /// clock.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> StyleTransfer {
        self.clock = clock;
        self
    }

    /// Ties the run to a picture before it, as a frame of a film. The run begins with the tie's target, has one scale
    /// if its recipe has, and keeps its [trace](crate::Session::trace). It needs Adam, and cannot be saved in a
    /// checkpoint.
    #[must_use]
    pub fn follow(mut self, follow: Follow) -> StyleTransfer {
        self.init_picture = Some(follow.target.clone());
        (self.follow, self.traced) = (Some(follow), true);
        self
    }

    /// Keeps what a picture that [follows](StyleTransfer::follow) needs ([`Session::trace`](crate::Session::trace)).
    #[must_use]
    pub fn trace(mut self) -> StyleTransfer {
        self.traced = true;
        self
    }

    /// A flag that aborts the evaluation in progress.
    #[must_use]
    pub fn cancel(mut self, cancel: Cancel) -> StyleTransfer {
        self.cancel = cancel;
        self
    }
}
