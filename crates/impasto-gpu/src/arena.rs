//! The buffers of evaluations, by role. They stay from one to the next and grow when they must, so that tiles of
//! several sizes share them.

use std::collections::BTreeMap;

use impasto_engine::EngineError;
use wgpu::Buffer;

use crate::device::Device;
use crate::shape::Role;

#[derive(Debug, Default)]
pub(crate) struct Arena(BTreeMap<Role, Buffer>);

impl Arena {
    /// Makes sure that there is a buffer of at least this size for each role, and lets go of the others.
    pub(crate) fn fit(&mut self, device: &Device, needs: &BTreeMap<Role, usize>) -> Result<(), EngineError> {
        self.0.retain(|role, buffer| needs.get(role).is_some_and(|&bytes| buffer.size() >= bytes as u64));
        for (&role, &bytes) in needs {
            self.0.entry(role).or_insert_with(|| device.buffer(bytes as u64));
        }
        device.check()
    }

    /// The buffer of a role; it must be one of those asked for.
    pub(crate) fn get(&self, role: Role) -> &Buffer {
        &self.0[&role]
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
