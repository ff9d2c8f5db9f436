//! The picture that a run paints, Adam's moments and the running average: as many numbers, which stay from step to
//! step. An engine may keep them in a memory of its own ([`PixelMemory`]), so that only sums cross to the host. The
//! functions here do everything on the host, wherever the numbers are. They are the defaults of
//! [`Engine`]'s methods and the oracle for engines that replace them.

mod adam;
mod blend;
mod home;
mod margin;
mod nine_point;
mod term;
mod tv;
mod values;

use rayon::prelude::*;

pub use adam::AdamStep;
pub use blend::Blend;
pub use home::{Home, Writer};
pub use margin::{level, tie, tie_at};
pub use term::PixelTerm;
pub use tv::TvForm;
pub use values::{BAND, Numbers, PixelMemory, PixelVector, Values, bands};

use crate::{Cotangents, Engine, EngineError, Observation, Pixels, Request, Size};

/// The name of a gradient that single precision cannot carry, in [`EngineError::NotFinite`].
pub const GRADIENT: &str = "the gradient";

/// The largest derivative whose square is far within single precision. With a larger one, Adam would divide by infinity
/// and leave the picture as it is.
pub const LARGEST_DERIVATIVE: f32 = 1e19;

/// Values that a thread takes at a time.
pub const CHUNK: usize = 1 << 14;

/// A picture at one scale, and how the network sees it.
#[derive(Debug)]
pub struct Painting<'a> {
    /// Size in pixels, with the margin.
    pub size: Size,
    /// The picture: planar `[3, height, width]`, RGB, nominally 0..1.
    pub picture: &'a mut Values,
    /// Content that covers a part of the picture.
    pub over: Option<&'a Blend>,
    /// Terms on the pixels.
    pub terms: &'a [PixelTerm],
    /// Pixels on each side that mirror the picture at every step ([`tie`]).
    pub margin: usize,
    /// Whether all channels move alike ([`level`]).
    pub level: bool,
}

impl Painting<'_> {
    /// Runs `work` on the picture as the network sees it.
    fn seen<R>(&mut self, work: impl FnOnce(&Pixels) -> Result<R, EngineError>) -> Result<R, EngineError> {
        let (size, over) = (self.size, self.over);
        let result = self.picture.lend(|data| {
            let pixels = Pixels { size, data: std::mem::take(data) };
            let result = match over {
                Some(blend) => work(&blend.over(&pixels)),
                None => work(&pixels),
            };
            *data = pixels.data;
            result
        });
        result.map_err(EngineError::pixels)?
    }
}

/// Observes a painting, and computes the weighted values of its terms.
///
/// # Errors
/// The errors of [`Engine::observe`]; [`EngineError::Pixels`] if the picture cannot be read.
pub fn observe<E: Engine + ?Sized>(
    engine: &mut E,
    painting: &mut Painting,
    request: &Request,
) -> Result<(Observation, Vec<f64>), EngineError> {
    let terms = painting.terms;
    painting.seen(|image| {
        let seen = engine.observe(image, request)?;
        Ok((seen, terms.iter().map(|term| term.value(image)).collect()))
    })
}

/// The derivative by the picture, from the derivatives by the sums of the last observation: through the network, with
/// the terms, through the blend, tied at the margin, and leveled.
///
/// # Errors
/// The errors of [`Engine::pull_back`]; [`EngineError::NotFinite`] for a derivative that is not finite.
pub fn pull_back<E: Engine + ?Sized>(
    engine: &mut E,
    painting: &mut Painting,
    cotangents: &Cotangents,
) -> Result<Pixels, EngineError> {
    let terms = painting.terms;
    let mut gradient = painting.seen(|image| {
        let mut gradient = engine.pull_back(image, cotangents)?;
        terms.iter().for_each(|term| term.add_gradient(image, &mut gradient));
        Ok(gradient)
    })?;
    // The inner loop has no early exit, which would keep it from being vectorised.
    let finite = |values: &[f32]| values.iter().fold(true, |all, value| all & value.is_finite());
    if !gradient.data.par_chunks(CHUNK).all(finite) {
        return Err(EngineError::NotFinite { what: "the gradient by the pixels" });
    }
    if let Some(blend) = painting.over {
        blend.through(&mut gradient);
    }
    tie(&mut gradient.data, painting.size, painting.margin);
    if painting.level {
        level(&mut gradient.data);
    }
    Ok(gradient)
}

/// Moves the picture by one step of Adam, and adds it to the average.
///
/// # Errors
/// The errors of [`pull_back`], and [`EngineError::NotFinite`] for a derivative above [`LARGEST_DERIVATIVE`]: they
/// leave everything as it was. [`EngineError::NotFinite`] also for a picture that is not finite after the step; it is
/// not added to the average.
pub fn step<E: Engine + ?Sized>(
    engine: &mut E,
    painting: &mut Painting,
    cotangents: &Cotangents,
    adam: &mut AdamStep,
) -> Result<(), EngineError> {
    let gradient = engine.pull_back_painting(painting, cotangents)?;
    let small =
        |values: &[f32]| values.iter().fold(true, |all, value| all & (value.abs() <= LARGEST_DERIVATIVE));
    if !gradient.data.par_chunks(CHUNK).all(small) {
        return Err(EngineError::NotFinite { what: GRADIENT });
    }
    let finite = painting.picture.change_all(|picture| {
        adam.make(picture, &gradient.data)?;
        let finite = picture.par_chunks(CHUNK).all(|chunk| chunk.iter().all(|value| value.is_finite()));
        if finite {
            add_to_average(adam.average, picture, adam.average_decay)?;
        }
        Ok(finite)
    });
    match finite.and_then(|finite| finite).map_err(EngineError::pixels)? {
        true => Ok(()),
        false => Err(EngineError::NotFinite { what: "the pixels" }),
    }
}

/// `average = decay * average + (1 - decay) * picture`.
///
/// # Errors
/// Any error of the average's file or memory.
pub fn add_to_average(average: &mut Values, picture: &[f32], decay: f64) -> std::io::Result<()> {
    let (old, new) = (decay as f32, (1.0 - decay) as f32);
    for band in bands(picture.len()) {
        average.change(band.clone(), |average| {
            average.par_chunks_mut(CHUNK).zip(picture[band].par_chunks(CHUNK)).for_each(|(sum, picture)| {
                sum.iter_mut().zip(picture).for_each(|(sum, picture)| *sum = old * *sum + new * picture);
            });
        })?;
    }
    Ok(())
}
