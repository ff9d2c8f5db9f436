//! A bias-corrected exponential average of the iterates: what Adam's noise averages out to (Polyak averaging, with the bias
//! correction of Adam's moments).

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

const CHUNK: usize = 1 << 14;

/// The running average.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Average {
    pub(crate) decay: f64,
    /// decay^n after n pictures.
    pub(crate) remains: f64,
    #[serde(skip)]
    pub(crate) sum: Vec<f32>,
}

impl Average {
    /// The average of one picture.
    pub fn new(decay: f64, image: &[f32]) -> Average {
        let mut average = Average { decay, remains: 1.0, sum: vec![0.0; image.len()] };
        average.add(image);
        average
    }

    /// All but the vector.
    pub(crate) fn clone_scalars(&self) -> Average {
        Average { sum: Vec::new(), ..*self }
    }

    /// Takes another picture in.
    pub fn add(&mut self, image: &[f32]) {
        self.remains *= self.decay;
        let (old, new) = (self.decay as f32, (1.0 - self.decay) as f32);
        self.sum.par_chunks_mut(CHUNK).zip(image.par_chunks(CHUNK)).for_each(|(sum, image)| {
            sum.iter_mut().zip(image).for_each(|(sum, image)| *sum = old * *sum + new * image);
        });
    }

    /// The average so far.
    pub fn get(&self) -> Vec<f32> {
        let factor = (1.0 / (1.0 - self.remains)) as f32;
        self.sum.iter().map(|sum| factor * sum).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bias_is_corrected() {
        let mut average = Average::new(0.99, &[0.25]);
        assert!((average.get()[0] - 0.25).abs() < 1e-6);
        average.add(&[0.75]);
        // (0.99 * 0.25 + 0.75) / 1.99
        assert!((average.get()[0] - 0.501_256_3).abs() < 1e-6);
    }
}
