//! Kinds of engines, found by name: the devices of a style transfer.

use std::fmt;
use std::sync::Arc;

use impasto_encoder::Level;

use crate::{
    Autoencoder, Cancel, Cpu, CpuAutoencoder, Engine, EngineError, InstructionSet, Network, Reference,
};

/// Makes engines of one kind. Implement it to bring your own engine; test it with `impasto-engine-testing`.
pub trait Backend: fmt::Debug + Send + Sync {
    /// The name to select the backend by. Results may depend only on what the name says: a later run with the same name
    /// uses the engine again.
    fn name(&self) -> &str;

    /// Whether it can run here; true by default.
    ///
    /// # Errors
    /// The reason for the user why it cannot.
    fn available(&self) -> Result<(), String> {
        Ok(())
    }

    /// Bytes of its own memory; `None`, the default, when it uses the machine's.
    fn memory(&self) -> Option<u64> {
        None
    }

    /// Makes an engine for a network.
    ///
    /// # Errors
    /// When the backend or this network cannot run here.
    fn prepare(&self, network: Network, cancel: Cancel) -> Result<Box<dyn Engine>, EngineError>;

    /// Makes an autoencoder for a level of a draft. By default the CPU runs it, on the given instruction set.
    ///
    /// # Errors
    /// When the level cannot run here.
    fn autoencoder(
        &self,
        level: Level,
        cancel: Cancel,
        set: InstructionSet,
    ) -> Result<Box<dyn Autoencoder>, EngineError> {
        Ok(Box::new(CpuAutoencoder::new(level, cancel, set)))
    }
}

/// [`Cpu`] on an instruction set.
#[derive(Clone, Copy, Debug)]
pub struct CpuBackend {
    /// The instruction set; `None` selects the one that the environment names, or the machine's best.
    pub set: Option<InstructionSet>,
}

impl Backend for CpuBackend {
    fn name(&self) -> &str {
        self.set.map_or("cpu", InstructionSet::name)
    }

    fn available(&self) -> Result<(), String> {
        match self.set {
            Some(set) if !set.is_available() => Err(format!("this machine has no {}", set.name())),
            _ => Ok(()),
        }
    }

    fn prepare(&self, network: Network, cancel: Cancel) -> Result<Box<dyn Engine>, EngineError> {
        if let Err(reason) = self.available() {
            return Err(EngineError::NoSuchBackend {
                name: self.name().into(),
                reason,
                available: usable(&backends()),
            });
        }
        let set = self.set.map_or_else(InstructionSet::from_env, Ok)?;
        Ok(Box::new(Cpu::with_instructions(network, cancel, set)))
    }
}

/// [`Reference`]: slow, in double precision.
#[derive(Clone, Copy, Debug)]
pub struct ReferenceBackend;

impl Backend for ReferenceBackend {
    fn name(&self) -> &str {
        "reference"
    }

    fn prepare(&self, network: Network, cancel: Cancel) -> Result<Box<dyn Engine>, EngineError> {
        Ok(Box::new(Reference::new(network, cancel)))
    }
}

/// All built-in backends: `cpu`, one for each instruction set, and `reference`.
pub fn backends() -> Vec<Arc<dyn Backend>> {
    let sets = InstructionSet::ALL
        .iter()
        .copied()
        .map(|set| Arc::new(CpuBackend { set: Some(set) }) as Arc<dyn Backend>);
    let first: Arc<dyn Backend> = Arc::new(CpuBackend { set: None });
    std::iter::once(first).chain(sets).chain([Arc::new(ReferenceBackend) as Arc<dyn Backend>]).collect()
}

/// Names of the backends that can run here.
fn usable(known: &[Arc<dyn Backend>]) -> Vec<String> {
    known.iter().filter(|backend| backend.available().is_ok()).map(|backend| backend.name().into()).collect()
}

/// The backend of a name; `auto` is the fastest that can run here, or the one that `IMPASTO_INSTRUCTION_SET` names.
///
/// # Errors
/// [`EngineError::NoSuchBackend`] for an unknown name, and for a backend that cannot run here.
pub fn backend(name: &str) -> Result<Arc<dyn Backend>, EngineError> {
    let known = backends();
    let asked = if name == "auto" { "cpu" } else { name };
    let found = known.iter().find(|backend| backend.name() == asked).cloned();
    let reason = match &found {
        None => Some("there is no backend of this name".into()),
        Some(backend) => backend.available().err(),
    };
    match (found, reason) {
        (Some(found), None) => Ok(found),
        (_, reason) => Err(EngineError::NoSuchBackend {
            name: name.into(),
            reason: reason.unwrap_or_default(),
            available: usable(&known),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backends_are_found_by_name_and_say_why_not() {
        assert_eq!(backend("auto").unwrap().name(), "cpu");
        assert_eq!(backend("portable").unwrap().name(), "portable");
        assert_eq!(backend("reference").unwrap().name(), "reference");
        let none = backend("abacus").unwrap_err().to_string();
        assert!(none.starts_with("no device abacus: there is no backend of this name"), "{none}");
        // A machine has AVX2 or NEON, never both.
        let absent =
            ["avx2", "neon"].iter().filter_map(|name| backend(name).err()).next().unwrap().to_string();
        assert!(absent.contains("this machine has no"), "{absent}");
    }
}
