//! A card that `auto` took, and that fails: its picture begins again on the processor, and the rest of the batch is
//! made there. A card that was named is never replaced: its pictures fail.

use std::sync::atomic::Ordering;

use super::Batch;
use super::items::Item;
use crate::JobError;
use crate::error::Cause;
use crate::spec::RunSpec;

impl Batch<'_> {
    /// Whether the batch left the choice of a device to the program.
    pub(super) fn is_automatic(&self) -> bool {
        self.spec.run.device.as_deref().is_none_or(|name| name == "auto")
    }

    /// The options of the next picture, and whether they name the processor because a card has failed.
    pub(super) fn options(&self) -> (RunSpec, bool) {
        let run = self.spec.run.clone();
        match self.fallen.load(Ordering::SeqCst) {
            true => (RunSpec { device: Some("cpu".into()), ..run }, true),
            false => (run, false),
        }
    }

    /// Whether a picture may begin again on the processor after this error.
    pub(super) fn may_fall(&self, error: &JobError) -> bool {
        self.is_automatic() && *error.cause() == Cause::Device
    }

    /// Leaves the card, and says so. Pictures that were in progress side by side fail together, and each begins again.
    pub(super) fn fall(&self, item: &Item, error: &JobError) {
        let again = format!("{} begins again on the processor", item.output);
        self.context.warn(match self.fallen.swap(true, Ordering::SeqCst) {
            false => {
                format!("warning: {}: {again}, and the rest of the batch is made there", error.message())
            }
            true => format!("note: {again}"),
        });
    }
}
