//! A bias-corrected exponential average of the iterates, which averages out Adam's noise (Polyak averaging, with
//! the bias correction of Adam's moments).

use std::io;
use std::ops::Range;

use impasto_engine::painting::{Home, Numbers, Values, add_to_average};
use serde::{Deserialize, Serialize};

use super::vector::scale;

/// The running average.
#[derive(Debug, Serialize, Deserialize)]
pub struct Average {
    pub(crate) decay: f64,
    /// decay^n after n pictures.
    pub(crate) remains: f64,
    #[serde(skip)]
    pub(crate) sum: Values,
}

impl Average {
    /// The average before the first picture.
    pub(crate) fn none(decay: f64) -> Average {
        Average { decay, remains: 1.0, sum: Values::default() }
    }

    /// The average of one picture.
    pub(crate) fn new(decay: f64, image: &[f32], home: &Home) -> io::Result<Average> {
        let mut average = Average { sum: home.zeros(image.len())?, ..Average::none(decay) };
        average.add(image)?;
        Ok(average)
    }

    /// A copy without the vector.
    pub(crate) fn clone_scalars(&self) -> Average {
        self.with(Values::default())
    }

    /// A copy with this vector.
    pub(crate) fn with(&self, sum: Values) -> Average {
        Average { decay: self.decay, remains: self.remains, sum }
    }

    /// Adds a picture.
    pub(crate) fn add(&mut self, image: &[f32]) -> io::Result<()> {
        self.count();
        add_to_average(&mut self.sum, image, self.decay)
    }

    /// Counts a picture that was added to the sum.
    pub(crate) fn count(&mut self) {
        self.remains *= self.decay;
    }
}

/// The bias-corrected average.
impl Numbers for Average {
    fn len(&self) -> usize {
        self.sum.len()
    }

    fn view<'a>(&'a self, range: Range<usize>, buffer: &'a mut Vec<f32>) -> io::Result<&'a [f32]> {
        buffer.resize(range.len(), 0.0);
        self.sum.read(range.start, buffer)?;
        scale(1.0 / (1.0 - self.remains), buffer);
        Ok(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bias_is_corrected() {
        let mut average = Average::new(0.99, &[0.25], &Home::Memory).unwrap();
        let get = |average: &Average| average.view(0..1, &mut Vec::new()).unwrap()[0];
        assert!((get(&average) - 0.25).abs() < 1e-6);
        average.add(&[0.75]).unwrap();
        // (0.99 * 0.25 + 0.75) / 1.99
        assert!((get(&average) - 0.501_256_3).abs() < 1e-6);
    }
}
