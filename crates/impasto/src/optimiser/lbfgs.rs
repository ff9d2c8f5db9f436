//! Limited-memory BFGS (Liu and Nocedal, "On the limited memory BFGS method for large scale optimization", 1989),
//! as in Torch7 and PyTorch: a fixed step, with min(1, 1/|g|_1) for the first one, or a strong-Wolfe line search on
//! request.
//!
//! Programs that optimise a picture of 0..255 have another first step than programs on 0..1. BFGS itself does not
//! depend on the scale of its variable, so the scale only enters the first direction, -g / scale^2, and its length.

use std::collections::VecDeque;
use std::io;

use impasto_engine::painting::{Home, Numbers, Values};
use serde::{Deserialize, Serialize};

use super::line_search::{LineSearch, Verdict};
use super::vector::{absolute_sum, axpy, dot, scale};

/// Pairs with less curvature than this are not kept (PyTorch's value).
const CURVATURE: f64 = 1e-10;

/// Settings of L-BFGS.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LbfgsSettings {
    /// Step per iteration, as a fraction of the quasi-Newton step.
    pub rate: f64,
    /// Pairs kept at the first scale.
    pub history: usize,
    /// Pairs kept at further scales.
    pub history_later: usize,
    /// The value of white in the program: the scale of the variable that it optimises.
    pub variable_scale: f64,
    /// Whether a strong-Wolfe line search replaces fixed steps. It takes several evaluations a step, but no step
    /// increases the loss.
    pub line_search: bool,
}

/// The state of L-BFGS for one picture.
#[derive(Debug, Serialize, Deserialize)]
pub struct Lbfgs {
    /// The settings.
    pub settings: LbfgsSettings,
    history: usize,
    /// The L-BFGS history, the oldest pair first.
    pub(super) pairs: VecDeque<Pair>,
    #[serde(skip)]
    pub(super) direction: Values,
    /// Length of the last step along the direction.
    length: f64,
    #[serde(skip)]
    pub(super) last_gradient: Values,
    search: Option<LineSearch>,
    /// The picture at the start of the search in progress.
    #[serde(skip)]
    pub(super) search_start: Values,
    /// The place where the vectors are kept.
    #[serde(skip)]
    pub(super) home: Home,
}

/// The curvature information from one step.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Pair {
    #[serde(skip)]
    pub(super) displacement: Values,
    /// Change of the gradient.
    #[serde(skip)]
    pub(super) change: Values,
    /// 1 / (displacement · change).
    inverse: f64,
}

impl Lbfgs {
    /// The state before the first step.
    pub(crate) fn new(settings: LbfgsSettings, history: usize, home: Home) -> Lbfgs {
        Lbfgs {
            settings,
            history,
            pairs: VecDeque::new(),
            direction: Values::default(),
            length: 0.0,
            last_gradient: Values::default(),
            search: None,
            search_start: Values::default(),
            home,
        }
    }

    /// A copy without the vectors.
    pub(super) fn clone_scalars(&self) -> Lbfgs {
        let empty = |pair: &Pair| Pair { inverse: pair.inverse, ..Pair::default() };
        Lbfgs {
            pairs: self.pairs.iter().map(empty).collect(),
            length: self.length,
            search: self.search.clone(),
            ..Lbfgs::new(self.settings, self.history, Home::Memory)
        }
    }

    pub(crate) fn step(&mut self, image: &mut [f32], gradient: &[f32], loss: f64) -> io::Result<()> {
        if let Some(mut search) = self.search.take() {
            if let Verdict::Try(length) = search.tell(loss, dot(gradient, &self.direction)?) {
                self.move_to(image, length)?;
                self.search = Some(search);
                return Ok(());
            }
            self.length = search.length();
        }
        self.remember(gradient)?;
        self.choose_direction(gradient)?;
        let slope = dot(gradient, &self.direction)?;
        if self.settings.line_search {
            self.search_start = self.home.copied(image)?;
            self.move_to(image, self.length)?;
            self.search = Some(LineSearch::new(loss, slope, self.length));
            return Ok(());
        }
        axpy(self.length, &self.direction, image)
    }

    fn move_to(&self, image: &mut [f32], length: f64) -> io::Result<()> {
        self.search_start.read(0, image)?;
        axpy(length, &self.direction, image)
    }

    /// Adds the last step to the history.
    fn remember(&mut self, gradient: &[f32]) -> io::Result<()> {
        if self.last_gradient.is_empty() {
            return Ok(());
        }
        let Lbfgs { direction, last_gradient, home, length, .. } = &*self;
        let mut buffer = Vec::new();
        let displacement = home.made(gradient.len(), |band, to| {
            direction.read(band.start, to)?;
            scale(*length, to);
            Ok(())
        })?;
        let change = home.made(gradient.len(), |band, to| {
            to.copy_from_slice(&gradient[band.clone()]);
            axpy(-1.0, last_gradient.view(band, &mut buffer)?, to)
        })?;
        let curvature = dot(&displacement, &change)?;
        if curvature > CURVATURE {
            if self.pairs.len() == self.history.max(1) {
                self.pairs.pop_front();
            }
            self.pairs.push_back(Pair { displacement, change, inverse: 1.0 / curvature });
        }
        Ok(())
    }

    /// Chooses the direction by the two-loop recursion. It is steepest descent at first, and wherever the
    /// quasi-Newton direction does not descend.
    fn choose_direction(&mut self, gradient: &[f32]) -> io::Result<()> {
        let mut direction = gradient.to_vec();
        scale(-1.0, &mut direction);
        let mut factors = Vec::with_capacity(self.pairs.len());
        for Pair { displacement, change, inverse } in self.pairs.iter().rev() {
            let factor = inverse * dot(displacement, &direction[..])?;
            axpy(-factor, change, &mut direction)?;
            factors.push(factor);
        }
        if let Some(Pair { change, inverse, .. }) = self.pairs.back() {
            scale(1.0 / (inverse * dot(change, change)?), &mut direction);
        }
        for (Pair { displacement, change, inverse }, factor) in
            self.pairs.iter().zip(factors.into_iter().rev())
        {
            let back = inverse * dot(change, &direction[..])?;
            axpy(factor - back, displacement, &mut direction)?;
        }
        self.length = self.settings.rate;
        if self.pairs.is_empty() || dot(&direction[..], gradient)? >= 0.0 {
            self.pairs.clear();
            let variable = self.settings.variable_scale;
            direction.copy_from_slice(gradient);
            scale(-1.0 / (variable * variable), &mut direction);
            let sum = absolute_sum(gradient) / variable;
            self.length *= if sum > 0.0 { (1.0 / sum).min(1.0) } else { 1.0 };
        }
        self.direction = self.home.keep(direction)?;
        self.last_gradient = self.home.copied(gradient)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(line_search: bool) -> LbfgsSettings {
        LbfgsSettings { rate: 1.0, history: 10, history_later: 10, variable_scale: 1.0, line_search }
    }

    /// Rosenbrock's function in six dimensions.
    fn rosenbrock(x: &[f32]) -> (f64, Vec<f32>) {
        let (mut value, mut gradient) = (0.0, vec![0.0f64; x.len()]);
        for i in 0..x.len() - 1 {
            let (a, b) = (x[i] as f64, x[i + 1] as f64);
            value += 100.0 * (b - a * a).powi(2) + (1.0 - a).powi(2);
            gradient[i] += -400.0 * a * (b - a * a) - 2.0 * (1.0 - a);
            gradient[i + 1] += 200.0 * (b - a * a);
        }
        (value, gradient.into_iter().map(|g| g as f32).collect())
    }

    #[test]
    fn with_a_line_search_it_solves_rosenbrock() {
        let mut x = vec![-1.2, 1.0, -0.5, 0.8, 0.1, 1.4];
        let mut lbfgs = Lbfgs::new(settings(true), 10, Home::Memory);
        let start = rosenbrock(&x).0;
        for _ in 0..200 {
            let (value, gradient) = rosenbrock(&x);
            lbfgs.step(&mut x, &gradient, value).unwrap();
        }
        // f32 variables: the valley is flat to 1e-7 relative.
        assert!(rosenbrock(&x).0 < 1e-6 * start, "{} at {x:?}", rosenbrock(&x).0);
    }

    #[test]
    fn the_first_step_is_that_of_the_scaled_variable() {
        // A variable of 0..255: z = 255 x, g_z = g / 255; z moves by -min(1, 1/|g_z|_1) g_z.
        let mut x = [0.5f32, 0.5];
        let mut lbfgs =
            Lbfgs::new(LbfgsSettings { variable_scale: 255.0, ..settings(false) }, 10, Home::Memory);
        lbfgs.step(&mut x, &[510.0, -1020.0], 1.0).unwrap();
        let z = [0.5 * 255.0 - 2.0 / 6.0, 0.5 * 255.0 + 4.0 / 6.0];
        assert!(
            (x[0] as f64 * 255.0 - z[0]).abs() < 1e-4 && (x[1] as f64 * 255.0 - z[1]).abs() < 1e-4,
            "{x:?}"
        );
    }
}
