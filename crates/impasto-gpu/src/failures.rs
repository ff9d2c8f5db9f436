//! The failures of a card, as its driver reports them.
//!
//! A driver reports errors whenever it likes, not where they were caused, and does not tell whose work they spoilt. So
//! they are kept, and each engine of the card learns of those that came since its last look, wherever it waits. With
//! two jobs on a card, neither goes on with numbers that may be wrong.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use impasto_engine::EngineError;

/// A failure that a driver reported, after which the card still works.
#[derive(Clone, Debug)]
enum Failure {
    /// There was no memory.
    Memory,
    /// The driver refused something.
    Refused(String),
}

/// The number of failures that are kept. One failure leads to many others; the first that an engine has not seen tells
/// the cause.
const KEPT: usize = 256;

/// Everything that a driver has reported. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failures(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// The reason why the card does not answer any more. It never will.
    lost: Option<String>,
    /// The number of failures so far.
    count: u64,
    /// The newest failures with their numbers.
    newest: VecDeque<(u64, Failure)>,
    /// The number of observations after which a test wants the card to be lost.
    left: Option<usize>,
}

impl State {
    fn add(&mut self, failure: Failure) {
        self.count += 1;
        self.newest.push_back((self.count, failure));
        if self.newest.len() > KEPT {
            self.newest.pop_front();
        }
    }
}

impl Failures {
    /// Collects the failures of a card, from now on.
    pub(crate) fn of(device: &wgpu::Device) -> Failures {
        let failures = Failures::default();
        let of_loss = failures.clone();
        device.set_device_lost_callback(move |_, reason| {
            let said = if reason.is_empty() { "the driver gives no reason".into() } else { reason };
            of_loss.lost(said);
        });
        let of_work = failures.clone();
        device.on_uncaptured_error(Arc::new(move |error| {
            of_work.state().add(match error {
                wgpu::Error::OutOfMemory { .. } => Failure::Memory,
                wgpu::Error::Validation { description, .. } | wgpu::Error::Internal { description, .. } => {
                    Failure::Refused(description)
                }
            });
        }));
        failures
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether these are of the same card, opened once.
    pub(crate) fn are(&self, other: &Failures) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The number of failures so far.
    pub(crate) fn count(&self) -> u64 {
        self.state().count
    }

    /// The error for what came after the first `seen` failures, if anything, and the number of all.
    pub(crate) fn since(&self, seen: u64, device: &str) -> (Option<EngineError>, u64) {
        let (state, device) = (self.state(), device.to_owned());
        if let Some(reason) = state.lost.clone() {
            return (Some(EngineError::DeviceLost { device, reason }), seen);
        }
        let first = state.newest.iter().find(|(number, _)| *number > seen);
        let error = first.map(|(_, failure)| match failure {
            Failure::Memory => EngineError::DeviceMemory { device },
            Failure::Refused(reason) => EngineError::DeviceRefused { device, reason: reason.clone() },
        });
        (error, state.count)
    }

    /// The card does not answer any more.
    pub(crate) fn lost(&self, reason: String) {
        self.state().lost = Some(reason);
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.state().lost.is_some()
    }

    /// Wants the card to be lost after this many observations: for tests.
    pub(crate) fn lose_after(&self, observations: usize) {
        self.state().left = Some(observations);
    }

    /// Whether a test wants the card to be lost now.
    pub(crate) fn due(&self) -> bool {
        self.state().left == Some(0)
    }

    /// Counts an observation for [`lose_after`](Failures::lose_after).
    pub(crate) fn observed(&self) {
        let mut state = self.state();
        state.left = state.left.map(|left| left.saturating_sub(1));
    }
}
