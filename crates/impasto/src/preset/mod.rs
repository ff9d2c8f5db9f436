//! Complete recipes of published programs, and our own. Each file has one recipe; it says what the recipe
//! reproduces and where it differs.

mod crowson;
mod gatys;
mod impasto;
mod johnson;
mod johnson_pt;
mod keras;
mod reconstruction;
mod scaling;

use crate::optimiser::{AdamSettings, LbfgsSettings};
pub(crate) use impasto::{from_nothing, with_effort};

use crate::{Error, Recipe};

/// A recipe by name.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Name of the preset.
    pub name: &'static str,
    /// Description in one line.
    pub about: &'static str,
    recipe: fn() -> Recipe,
}

impl Preset {
    /// All presets, our own first.
    pub const ALL: &'static [Preset] = &[
        Preset {
            name: "impasto",
            about: "our own: a draft, then Wasserstein style, coarse to fine, averaged",
            recipe: impasto::recipe,
        },
        Preset {
            name: "gatys",
            about: "Gatys, Ecker and Bethge's own PyTorch release",
            recipe: gatys::recipe,
        },
        Preset { name: "johnson", about: "jcjohnson/neural-style (Lua)", recipe: johnson::recipe },
        Preset { name: "johnson-pt", about: "ProGamerGov/neural-style-pt", recipe: johnson_pt::recipe },
        Preset { name: "crowson", about: "crowsonkb/style-transfer-pytorch", recipe: crowson::recipe },
        Preset {
            name: "scaling",
            about: "Galerne et al., scaling painting style transfer",
            recipe: scaling::recipe,
        },
        Preset { name: "keras", about: "the TensorFlow style transfer tutorial", recipe: keras::recipe },
    ];

    /// The preset with this name.
    ///
    /// # Errors
    /// [`Error::Unknown`] with the nearest names.
    pub fn named(name: &str) -> Result<Preset, Error> {
        Preset::ALL
            .iter()
            .copied()
            .find(|preset| preset.name == name)
            .ok_or_else(|| Error::unknown("preset", name, Preset::ALL.iter().map(|preset| preset.name)))
    }

    /// The recipe of this preset.
    pub fn recipe(&self) -> Recipe {
        (self.recipe)()
    }
}

/// The five layers of Gatys, Ecker and Bethge, with one weight each.
fn style_layers(weights: [f64; 5]) -> Vec<(String, f64)> {
    weights.into_iter().enumerate().map(|(block, weight)| (format!("relu{}_1", block + 1), weight)).collect()
}

fn layer(name: &str) -> Vec<(String, f64)> {
    vec![(name.to_string(), 1.0)]
}

/// PyTorch's Adam with the given rate in units of RGB 0..1.
fn adam(rate: f64) -> AdamSettings {
    AdamSettings {
        rate,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        epsilon_before_correction: false,
        bounded: false,
    }
}

/// L-BFGS of PyTorch and Torch7 without line search, on a variable that is `scale` times RGB 0..1.
fn lbfgs(scale: f64) -> LbfgsSettings {
    LbfgsSettings { rate: 1.0, history: 100, history_later: 100, variable_scale: scale, line_search: false }
}
