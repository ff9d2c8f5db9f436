//! The buffers of evaluations, by role. They stay from one evaluation to the next.
//!
//! Tiles of several sizes take turns, so a buffer serves every tile that it is large enough for. All the same the
//! buffers never take more than the largest evaluation asked for: that is what a plan knows. Another kind of request is
//! planned by itself, so it gets buffers of its own sizes.

use std::collections::BTreeMap;

use impasto_engine::EngineError;

use crate::buffer::Buffer;
use crate::device::Device;
use crate::shape::{Kind, Role};
use crate::transfers::rounded;

#[derive(Debug, Default)]
pub(crate) struct Arena {
    buffers: BTreeMap<Role, Buffer>,
    /// The kind of the last request.
    kind: Option<Kind>,
    /// The most bytes that an evaluation of this kind asked for.
    most: u64,
}

impl Arena {
    /// An arena in which one buffer plays all roles: for recordings that are counted and never run.
    pub(crate) fn played_by(buffer: &Buffer, needs: &BTreeMap<Role, usize>) -> Arena {
        let buffers = needs.keys().map(|&role| (role, buffer.clone())).collect();
        Arena { buffers, ..Arena::default() }
    }

    /// Makes sure that there is a buffer of at least this size for each role, and lets go of the others.
    pub(crate) fn fit(
        &mut self,
        device: &Device,
        kind: Kind,
        needs: &BTreeMap<Role, usize>,
    ) -> Result<(), EngineError> {
        let needs: BTreeMap<Role, u64> =
            needs.iter().map(|(&role, &bytes)| (role, rounded(bytes as u64))).collect();
        let same = self.kind.as_ref() == Some(&kind);
        self.most = needs.values().sum::<u64>().max(if same { self.most } else { 0 });
        self.kind = Some(kind);
        let before = self.buffers.len();
        self.buffers.retain(|role, buffer| needs.get(role).is_some_and(|&bytes| buffer.size() >= bytes));
        let size = |(role, &bytes): (&Role, &u64)| self.buffers.get(role).map_or(bytes, |kept| kept.size());
        if needs.iter().map(size).sum::<u64>() > self.most {
            self.buffers.retain(|role, buffer| needs.get(role) == Some(&buffer.size()));
        }
        if self.buffers.len() < before {
            device.finish()?;
        }
        for (&role, &bytes) in &needs {
            self.buffers.entry(role).or_insert_with(|| match role {
                Role::Host => device.host_buffer(bytes),
                _ => device.buffer(bytes),
            });
        }
        device.check()
    }

    /// The buffer of a role; it must be one of those asked for.
    pub(crate) fn get(&self, role: Role) -> &Buffer {
        &self.buffers[&role]
    }

    /// The buffer of a role, if it was asked for.
    pub(crate) fn find(&self, role: Role) -> Option<&Buffer> {
        self.buffers.get(&role)
    }

    pub(crate) fn clear(&mut self) {
        *self = Arena::default();
    }
}
