//! Optimisers of pixels. Each takes the loss and gradient at the current picture and moves the picture. The state
//! is plain data, so it can be saved after any evaluation.

mod adam;
mod average;
mod lbfgs;
mod line_search;
pub(crate) mod vector;

use impasto_engine::painting::Home;
pub use impasto_engine::painting::Values;
use serde::{Deserialize, Serialize};

pub use adam::{Adam, AdamSettings};
pub use average::Average;
pub use lbfgs::{Lbfgs, LbfgsSettings};
pub use line_search::LineSearch;

/// An optimiser with its state.
#[derive(Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Optimiser {
    /// Adam.
    Adam(Adam),
    /// L-BFGS.
    Lbfgs(Lbfgs),
}

impl Optimiser {
    /// A copy without the vectors.
    pub(crate) fn clone_scalars(&self) -> Optimiser {
        match self {
            Optimiser::Adam(Adam { settings, steps, .. }) => Optimiser::Adam(Adam {
                settings: *settings,
                steps: *steps,
                first: Values::default(),
                second: Values::default(),
            }),
            Optimiser::Lbfgs(lbfgs) => Optimiser::Lbfgs(lbfgs.clone_scalars()),
        }
    }

    /// The vectors of the state, by name. Together with the serialised values they are the whole state.
    pub(crate) fn vectors(&self) -> Vec<(String, &Values)> {
        match self {
            Optimiser::Adam(Adam { first, second, .. }) => {
                vec![("adam.first".into(), first), ("adam.second".into(), second)]
            }
            Optimiser::Lbfgs(Lbfgs { pairs, direction, last_gradient, search_start, .. }) => {
                let mut vectors = vec![
                    ("lbfgs.direction".into(), direction),
                    ("lbfgs.last_gradient".into(), last_gradient),
                    ("lbfgs.search_start".into(), search_start),
                ];
                for (index, pair) in pairs.iter().enumerate() {
                    vectors.push((format!("lbfgs.displacement.{index}"), &pair.displacement));
                    vectors.push((format!("lbfgs.change.{index}"), &pair.change));
                }
                vectors
            }
        }
    }

    /// Restores the vectors listed by [`vectors`](Optimiser::vectors); `take` finds a vector by its name. Later
    /// vectors are kept in `home`.
    pub(crate) fn put_back<E>(
        &mut self,
        home: &Home,
        mut take: impl FnMut(&str) -> Result<Values, E>,
    ) -> Result<(), E> {
        match self {
            Optimiser::Adam(adam) => {
                (adam.first, adam.second) = (take("adam.first")?, take("adam.second")?);
            }
            Optimiser::Lbfgs(lbfgs) => {
                lbfgs.home = home.clone();
                lbfgs.direction = take("lbfgs.direction")?;
                lbfgs.last_gradient = take("lbfgs.last_gradient")?;
                lbfgs.search_start = take("lbfgs.search_start")?;
                for (index, pair) in lbfgs.pairs.iter_mut().enumerate() {
                    pair.displacement = take(&format!("lbfgs.displacement.{index}"))?;
                    pair.change = take(&format!("lbfgs.change.{index}"))?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use impasto_engine::painting::BAND;

    use super::*;

    /// Two full bands and 5 values more.
    const LEN: usize = 2 * BAND + 5;

    /// The bytes after some steps down a quadratic bowl, with vectors in `home`: those of the picture, the
    /// optimiser and the average.
    fn after_steps(mut optimiser: Optimiser, home: &Home) -> io::Result<Vec<Vec<f32>>> {
        let mut image = vec![0.25; LEN];
        let mut average = Average::new(0.9, &image, home)?;
        for _ in 0..4 {
            let slope = |(i, x): (usize, &f32)| (1 + i % 7) as f32 * (x - 0.5);
            let gradient: Vec<f32> = image.iter().enumerate().map(slope).collect();
            match &mut optimiser {
                Optimiser::Adam(adam) => {
                    adam.next(&mut Average::none(0.9)).make(&mut image, &gradient)?;
                    adam.count();
                }
                Optimiser::Lbfgs(lbfgs) => lbfgs.step(&mut image, &gradient, 1.0)?,
            }
            average.add(&image)?;
        }
        let vectors = optimiser.vectors().into_iter().map(|(_, values)| values).chain([&average.sum]);
        let vectors = vectors.map(|values| home.copied(values)?.into_vec());
        [Ok(image)].into_iter().chain(vectors).collect()
    }

    #[test]
    fn files_and_memory_hold_the_same_numbers() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let homes = [Home::Memory, Home::Folder(folder.path().into())];
        let adam = AdamSettings {
            rate: 0.02,
            beta1: 0.9,
            beta2: 0.99,
            epsilon: 1e-8,
            epsilon_before_correction: false,
            bounded: true,
        };
        let [in_memory, in_files] =
            homes.each_ref().map(|home| after_steps(Optimiser::Adam(Adam::new(adam, LEN, home)?), home));
        assert!(in_memory? == in_files?, "adam");
        for line_search in [false, true] {
            let settings =
                LbfgsSettings { rate: 1.0, history: 2, history_later: 2, variable_scale: 1.0, line_search };
            let [in_memory, in_files] = homes.each_ref().map(|home| {
                after_steps(Optimiser::Lbfgs(Lbfgs::new(settings, settings.history, home.clone())), home)
            });
            let (in_memory, in_files) = (in_memory?, in_files?);
            assert!(in_memory == in_files, "lbfgs, line search {line_search}");
            assert!(line_search || in_memory.len() == 1 + 3 + 2 * 2 + 1, "pairs are missing");
        }
        Ok(())
    }
}
