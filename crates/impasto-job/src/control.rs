//! Commands to a job in progress, from any thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

use impasto::Cancel;

use crate::End;

/// A request to end a job. A later request counts only if it is more urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Request {
    /// No request yet.
    GoOn,
    Pause,
    Stop,
    Cancel,
}

/// The commands to one job. Clones command the same job. Commands to a job that is over have no effect.
#[derive(Clone, Debug, Default)]
pub struct Control(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    request: AtomicU8,
    soon: AtomicBool,
    /// Whether a picture is asked for.
    look: AtomicBool,
    /// Raised to abandon the evaluation in progress.
    flag: Cancel,
    /// Whether there is work that can be stopped.
    begun: AtomicBool,
    /// Number of files that are being written.
    saving: AtomicUsize,
}

impl Control {
    /// Ends the job at once. Nothing more is written, but an existing checkpoint stays.
    pub fn cancel(&self) {
        self.request(Request::Cancel);
        self.0.flag.cancel();
    }

    /// Ends the job at once and keeps its results so far. For a run these are the current picture and, if the run is
    /// long, a checkpoint; for a batch or a sheet, the completed pictures.
    pub fn stop(&self) {
        self.request(Request::Stop);
        self.0.flag.cancel();
    }

    /// Ends a run after the step in progress, with a checkpoint from which [`Runner::resume`](crate::Runner::resume)
    /// continues it. No picture is written. A batch or a sheet begins no further picture.
    pub fn pause(&self) {
        self.request(Request::Pause);
    }

    /// Completes a run early: it leaves the scale in progress, and the full size gets a few iterations.
    /// A batch or a sheet begins no further picture.
    pub fn finish_soon(&self) {
        self.0.soon.store(true, Ordering::SeqCst);
    }

    /// Asks for a picture of the run ([`Event::Preview`](crate::Event::Preview)) after the step in progress. It has no
    /// effect unless the runner was asked for previews ([`Runner::previews`](crate::Runner::previews)).
    pub fn look(&self) {
        self.0.look.store(true, Ordering::SeqCst);
    }

    /// Marks the beginning of the work: from here on the job answers requests. Before, the job reads its inputs and has
    /// nothing to keep, so a face (front end) may simply abandon it.
    pub fn begin(&self) {
        self.0.begun.store(true, Ordering::SeqCst);
    }

    /// Whether the work has begun.
    pub fn has_begun(&self) -> bool {
        self.0.begun.load(Ordering::SeqCst)
    }

    /// Whether the job was asked to end at once.
    pub fn is_ending(&self) -> bool {
        self.0.flag.is_cancelled()
    }

    /// Whether a file is being written, which should not be interrupted.
    pub fn is_saving(&self) -> bool {
        self.0.saving.load(Ordering::SeqCst) > 0
    }

    /// Runs work that should not be interrupted, such as writing a file.
    pub fn saving<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.saving.fetch_add(1, Ordering::SeqCst);
        let _saving = Saving(&self.0);
        work()
    }

    /// The flag that ends evaluations of the library.
    pub fn flag(&self) -> Cancel {
        self.0.flag.clone()
    }

    /// Whether the job was asked to end after the step in progress, or at once.
    pub fn is_asked_to_end_now(&self) -> bool {
        self.requested() != Request::GoOn
    }

    pub(crate) fn requested(&self) -> Request {
        match self.0.request.load(Ordering::SeqCst) {
            1 => Request::Pause,
            2 => Request::Stop,
            3 => Request::Cancel,
            _ => Request::GoOn,
        }
    }

    /// Whether the job was asked to end, now or soon.
    pub fn is_asked_to_end(&self) -> bool {
        self.requested() != Request::GoOn || self.is_hurried()
    }

    /// Whether a picture was asked for since the last call.
    pub(crate) fn takes_look(&self) -> bool {
        self.0.look.swap(false, Ordering::SeqCst)
    }

    /// How a job ends that was asked to end before its work was done: paused, stopped or cancelled.
    pub fn end(&self) -> End {
        match self.requested() {
            Request::Cancel => End::Cancelled,
            Request::Pause => End::Paused,
            Request::Stop | Request::GoOn => End::Stopped,
        }
    }

    pub(crate) fn is_hurried(&self) -> bool {
        self.0.soon.load(Ordering::SeqCst)
    }

    fn request(&self, request: Request) {
        self.0.request.fetch_max(request as u8, Ordering::SeqCst);
    }
}

/// Counts one piece of work that should not be interrupted, until it ends or panics.
struct Saving<'a>(&'a Shared);

impl Drop for Saving<'_> {
    fn drop(&mut self) {
        self.0.saving.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_urgent_request_counts() {
        let control = Control::default();
        control.pause();
        assert!(control.requested() == Request::Pause && !control.is_ending());
        control.cancel();
        control.stop();
        assert!(control.clone().requested() == Request::Cancel && control.is_ending());
    }

    #[test]
    fn saving_ends_with_a_panic_too() {
        let control = Control::default();
        let inner = control.clone();
        let work = std::panic::AssertUnwindSafe(|| inner.saving(|| panic!("in the middle")));
        assert!(std::panic::catch_unwind(work).is_err());
        assert!(!control.is_saving());
        assert!(control.saving(|| control.is_saving()));
    }
}
