//! A step of Adam (Kingma and Ba, "Adam: a method for stochastic optimization", 2015, arXiv:1412.6980) with projection
//! to 0..1. The numbers that depend on the count of steps are computed before.

use std::io;

use rayon::prelude::*;

use super::{CHUNK, Values, bands};

/// One step: `m = beta1 m + (1 - beta1) g`, `v = beta2 v + (1 - beta2) g^2`, and the picture moves by
/// `- rate m / (sqrt(v) + epsilon)`. Rate and epsilon contain the corrections of the bias.
#[derive(Debug)]
pub struct AdamStep<'a> {
    /// Decay of the first moment.
    pub beta1: f32,
    /// Decay of the second moment.
    pub beta2: f32,
    /// The factor of the step.
    pub rate: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
    /// Whether pixels are projected to 0..1.
    pub bounded: bool,
    /// First moments, one per value of the picture.
    pub first: &'a mut Values,
    /// Second moments, one per value of the picture.
    pub second: &'a mut Values,
    /// The running sum of the average, one per value of the picture.
    pub average: &'a mut Values,
    /// Decay of that sum.
    pub average_decay: f64,
}

impl AdamStep<'_> {
    /// Moves a picture in the host's memory.
    ///
    /// # Errors
    /// Any error of the moments' files or memory.
    pub fn make(&mut self, picture: &mut [f32], gradient: &[f32]) -> io::Result<()> {
        let AdamStep { beta1, beta2, rate, epsilon, bounded, .. } = *self;
        let chunk = |picture: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32]| {
            for i in 0..picture.len() {
                first[i] = beta1 * first[i] + (1.0 - beta1) * gradient[i];
                second[i] = beta2 * second[i] + (1.0 - beta2) * gradient[i] * gradient[i];
                let moved = picture[i] - rate * first[i] / (second[i].sqrt() + epsilon);
                picture[i] = if bounded { moved.clamp(0.0, 1.0) } else { moved };
            }
        };
        for band in bands(gradient.len()) {
            let mut done = Ok(());
            self.first.change(band.clone(), |first| {
                done = self.second.change(band.clone(), |second| {
                    let moments = first.par_chunks_mut(CHUNK).zip(second.par_chunks_mut(CHUNK));
                    let pixels =
                        picture[band.clone()].par_chunks_mut(CHUNK).zip(gradient[band].par_chunks(CHUNK));
                    pixels.zip(moments).for_each(|((picture, gradient), (first, second))| {
                        chunk(picture, gradient, first, second);
                    });
                });
            })?;
            done?;
        }
        Ok(())
    }
}
