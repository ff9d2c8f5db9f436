//! What a style transfer is made of, piece by piece; [`build`](StyleTransfer::build) puts it together.

use std::sync::Arc;
use std::time::Duration;

use impasto_encoder::Encoder;
use impasto_engine::{Backend, Cancel, InstructionSet, Tiling};
use impasto_image::{Averaging, Picture, Plane};

use crate::clock::Clock;
use crate::texture::Texture;
use crate::{Colour, Error, Overrides, Preset, Recipe, Regions, Style};

/// Long edge of the result unless asked otherwise.
pub const DEFAULT_SIZE: usize = 768;

/// Longest edge of a result.
pub const LARGEST_SIZE: usize = 30_000;

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
    pub(crate) tiling: Tiling,
    pub(crate) memory: Option<usize>,
    pub(crate) half: bool,
    pub(crate) time: Option<Duration>,
    pub(crate) clock: Clock,
    pub(crate) cancel: Cancel,
}

impl StyleTransfer {
    /// Begins with the picture to repaint. All pictures of a transfer are in one space of colours
    /// ([`Space`](impasto_image::Space)), values in 0..1.
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
            tiling: Tiling::default(),
            memory: None,
            half: false,
            time: None,
            clock: Clock::default(),
            cancel: Cancel::default(),
        }
    }

    /// Adds a style: a picture, or a [`Style`] with its weight and scale.
    #[must_use]
    pub fn style(mut self, style: impl Into<Style>) -> StyleTransfer {
        self.styles.push(style.into());
        self
    }

    /// The content's opacity, 1 for opaque, of its size: what is transparent counts for nothing, and is filled with what is
    /// around it. The result does not have it; it is to be resized and added where the result is written.
    #[must_use]
    pub fn alpha(mut self, alpha: Plane) -> StyleTransfer {
        self.alpha = Some(alpha);
        self
    }

    /// Regions of the content, each painted in styles of its own, and what of it stays as it is. Default: all of it is one.
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

    /// A recipe in the preset's place, which is checked when the transfer is built. Default: the preset's. The recipe of a run with a
    /// [`stroke_size`](StyleTransfer::stroke_size) has scales for it already: give [`style_scale`](StyleTransfer::style_scale) with it instead.
    #[must_use]
    pub fn recipe(mut self, recipe: Recipe) -> StyleTransfer {
        self.recipe = Some(recipe);
        self
    }

    /// Changes of single values of the recipe.
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

    /// The encoder, at hand.
    #[must_use]
    pub fn encoder(mut self, encoder: Encoder) -> StyleTransfer {
        self.encoder = Some(encoder);
        self
    }

    /// Long edge of the result in pixels. Default: 768, or the content's own where that is smaller.
    #[must_use]
    pub fn size(mut self, long_edge: usize) -> StyleTransfer {
        self.size = Some(long_edge);
        self
    }

    /// Size of all style pictures beside the content: less than 1 gives smaller strokes. Default: 1.
    #[must_use]
    pub fn style_scale(mut self, scale: f64) -> StyleTransfer {
        self.style_scale = scale;
        self
    }

    /// Size of strokes in the picture beside those in the style, 0.1 to 4: as [`style_scale`](StyleTransfer::style_scale), and the
    /// smallest scale of the run is chosen to go with it, unless it is asked for. The same value looks the same at every size of
    /// the result. Default: 1.
    #[must_use]
    pub fn stroke_size(mut self, size: f64) -> StyleTransfer {
        self.stroke_size = Some(size);
        self
    }

    /// What is averaged where pictures are resized. Default: light.
    #[must_use]
    pub fn averaging(mut self, averaging: Averaging) -> StyleTransfer {
        self.averaging = averaging;
        self
    }

    /// Whose colours the result has. Default: those of the style.
    #[must_use]
    pub fn colour(mut self, colour: Colour) -> StyleTransfer {
        self.colour = colour;
        self
    }

    /// Seed of everything random. Default: 0.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> StyleTransfer {
        self.seed = seed;
        self
    }

    /// Threads to run on; the result does not depend on it. Default: one per processor.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> StyleTransfer {
        self.threads = Some(threads);
        self
    }

    /// A picture to begin with.
    #[must_use]
    pub fn init_picture(mut self, picture: Picture) -> StyleTransfer {
        self.init_picture = Some(picture);
        self
    }

    /// The instruction set to compute with, on which a result depends to the byte. Default: what the environment variable
    /// `IMPASTO_INSTRUCTION_SET` names, or the best of this machine.
    #[must_use]
    pub fn instruction_set(mut self, set: InstructionSet) -> StyleTransfer {
        (self.instruction_set, self.backend) = (Some(set), None);
        self
    }

    /// What the encoder runs on, by name: `auto` and `cpu` are the CPU's best, and a single instruction set (`avx2`) or `reference`
    /// may be asked for. Drafts are painted by the CPU.
    ///
    /// # Errors
    /// [`Error::Engine`] with the reason where there is none of this name, or where it cannot run here.
    pub fn device(mut self, name: &str) -> Result<StyleTransfer, Error> {
        let backend = impasto_engine::backend(name)?;
        match name.parse::<InstructionSet>() {
            Ok(set) => (self.instruction_set, self.backend) = (Some(set), None),
            Err(_) => (self.instruction_set, self.backend) = (None, Some(backend)),
        }
        Ok(self)
    }

    /// What the encoder runs on, from any crate. Default: the CPU, on the instruction set that is asked for or the best.
    #[must_use]
    pub fn backend(mut self, backend: Arc<dyn Backend>) -> StyleTransfer {
        self.backend = Some(backend);
        self
    }

    /// Cuts pictures in tiles of a given size. Default: what [`memory`](StyleTransfer::memory) needs.
    #[must_use]
    pub fn tiling(mut self, tiling: Tiling) -> StyleTransfer {
        self.tiling = tiling;
        self
    }

    /// Bytes of memory that the run may take: pictures are cut in tiles where they would take more, with the same result to
    /// rounding. Default, and `None`: as many as it needs.
    #[must_use]
    pub fn memory(mut self, bytes: impl Into<Option<usize>>) -> StyleTransfer {
        self.memory = bytes.into();
        self
    }

    /// Keeps features at the layers that are looked at in half precision: less memory, and gradients that differ by about a
    /// thousandth. Default: full precision, however little memory there is.
    #[must_use]
    pub fn half(mut self, half: bool) -> StyleTransfer {
        self.half = half;
        self
    }

    /// The time that the run may take, from [`build`](StyleTransfer::build) on: each scale gets as many iterations as there is time
    /// for, at most those of the recipe. Default, and `None`: as long as it takes.
    #[must_use]
    pub fn time(mut self, time: impl Into<Option<Duration>>) -> StyleTransfer {
        self.time = time.into();
        self
    }

    /// What tells the time of [`time`](StyleTransfer::time), and the seconds of steps. Default: the machine's clock.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> StyleTransfer {
        self.clock = clock;
        self
    }

    /// A flag that abandons the evaluation in progress.
    #[must_use]
    pub fn cancel(mut self, cancel: Cancel) -> StyleTransfer {
        self.cancel = cancel;
        self
    }
}
