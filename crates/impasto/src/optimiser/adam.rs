//! The settings and the state of Adam (Kingma and Ba, "Adam: a method for stochastic optimization", 2015,
//! arXiv:1412.6980). The engine makes the steps.

use std::io;

use impasto_engine::painting::{AdamStep, Home, Values};
use serde::{Deserialize, Serialize};

use super::Average;

/// Settings of Adam.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdamSettings {
    /// Learning rate: step per iteration, in units of RGB 0..1.
    pub rate: f64,
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub epsilon: f64,
    /// Whether epsilon is added before the bias of the second moment is corrected (TensorFlow, Torch7). Otherwise
    /// it is added after (PyTorch, the paper's first form).
    pub epsilon_before_correction: bool,
    /// Whether pixels are projected to 0..1 after each step.
    pub bounded: bool,
}

/// Adam's state for one picture.
#[derive(Debug, Serialize, Deserialize)]
pub struct Adam {
    /// The settings.
    pub settings: AdamSettings,
    /// Number of steps taken.
    pub steps: u64,
    /// First moments, one per value of the picture.
    #[serde(skip)]
    pub first: Values,
    /// Second moments, one per value of the picture.
    #[serde(skip)]
    pub second: Values,
}

impl Adam {
    /// The state before the first step, for a picture of `values` values.
    pub(crate) fn new(settings: AdamSettings, values: usize, home: &Home) -> io::Result<Adam> {
        Ok(Adam { settings, steps: 0, first: home.zeros(values)?, second: home.zeros(values)? })
    }

    /// The state for a picture of another size; `resize(moments, smooth)` resizes moments. First moments are
    /// resized smoothly. Second moments are resized linearly, which keeps them from going below 0, since roots are
    /// taken of them.
    pub(crate) fn resized(self, resize: impl Fn(Values, bool) -> io::Result<Values>) -> io::Result<Adam> {
        let Adam { first, second, .. } = self;
        Ok(Adam { second: resize(second, false)?, first: resize(first, true)?, ..self })
    }

    /// The next step, which also adds the moved picture to an average. It counts when it is made
    /// ([`count`](Adam::count)): a step that is abandoned changes nothing.
    ///
    /// Of `rate / correction1 * m / (sqrt(v) / correction2 + epsilon)`, everything that all values share is computed
    /// here, so that a value takes one division.
    pub(crate) fn next<'a>(&'a mut self, average: &'a mut Average) -> AdamStep<'a> {
        let AdamSettings { rate, beta1, beta2, epsilon, epsilon_before_correction, bounded } = self.settings;
        let steps = (self.steps + 1).min(i32::MAX as u64) as i32;
        let (correction1, correction2) = (1.0 - beta1.powi(steps), (1.0 - beta2.powi(steps)).sqrt());
        AdamStep {
            beta1: beta1 as f32,
            beta2: beta2 as f32,
            rate: (rate * correction2 / correction1) as f32,
            epsilon: if epsilon_before_correction { epsilon } else { epsilon * correction2 } as f32,
            bounded,
            first: &mut self.first,
            second: &mut self.second,
            average_decay: average.decay,
            average: &mut average.sum,
        }
    }

    /// Counts a step that was made.
    pub(crate) fn count(&mut self) {
        self.steps += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(adam: &mut Adam, x: &mut [f32], gradient: &[f32]) {
        adam.next(&mut Average::none(0.9)).make(x, gradient).unwrap();
        adam.count();
    }

    /// Three steps of `torch.optim.Adam([x], lr=0.1, betas=(0.9, 0.99))` on x^2 from 1, and of Keras' form, with
    /// epsilon 0.1, against f64 formulas written out here.
    #[test]
    fn steps_are_those_of_the_paper_and_of_tensorflow() {
        for before in [false, true] {
            let epsilon = 0.1;
            let settings = AdamSettings {
                rate: 0.1,
                beta1: 0.9,
                beta2: 0.99,
                epsilon,
                epsilon_before_correction: before,
                bounded: false,
            };
            let mut adam = Adam::new(settings, 1, &Home::Memory).unwrap();
            let mut x = [1.0f32];
            let (mut exact, mut m, mut v) = (1.0f64, 0.0, 0.0);
            for t in 1..=3 {
                let g = 2.0 * x[0];
                step(&mut adam, &mut x, &[g]);
                let g = 2.0 * exact;
                m = 0.9 * m + 0.1 * g;
                v = 0.99 * v + 0.01 * g * g;
                let (c1, c2) = (1.0 - 0.9f64.powi(t), 1.0 - 0.99f64.powi(t));
                exact -= if before {
                    0.1 * c2.sqrt() / c1 * m / (v.sqrt() + epsilon)
                } else {
                    0.1 * (m / c1) / ((v / c2).sqrt() + epsilon)
                };
                assert!((x[0] as f64 - exact).abs() < 1e-6, "{before} {t}: {} {exact}", x[0]);
            }
        }
    }

    #[test]
    fn projection_keeps_pixels_in_the_box() {
        let settings = AdamSettings {
            rate: 0.7,
            beta1: 0.9,
            beta2: 0.99,
            epsilon: 1e-8,
            epsilon_before_correction: false,
            bounded: true,
        };
        let mut adam = Adam::new(settings, 2, &Home::Memory).unwrap();
        let mut x = [0.5, 0.5];
        step(&mut adam, &mut x, &[1.0, -1.0]);
        assert_eq!(x, [0.0, 1.0]);
    }
}
