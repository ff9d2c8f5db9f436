//! Ctrl-C and SIGTERM: the first abandons the evaluation, so that what there is can be saved; the second ends at once.

use std::sync::atomic::{AtomicUsize, Ordering};

use impasto::Cancel;

use crate::output::say;

/// Results that are being written: that is not to be broken off.
static SAVING: AtomicUsize = AtomicUsize::new(0);

/// One of them, however its writing ends.
struct Saving;

impl Drop for Saving {
    fn drop(&mut self) {
        SAVING.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Does what must not be broken off by a second signal.
pub(crate) fn saving<T>(work: impl FnOnce() -> T) -> T {
    SAVING.fetch_add(1, Ordering::SeqCst);
    let _saving = Saving;
    work()
}

/// A flag that the signals raise.
pub(crate) fn cancel_on_signal() -> Cancel {
    let cancel = Cancel::default();
    let flag = cancel.clone();
    let handler = move || {
        if flag.is_cancelled() && SAVING.load(Ordering::SeqCst) == 0 {
            // The user insists; saving would take longer than they want to wait.
            #[allow(clippy::exit)]
            std::process::exit(130);
        }
        flag.cancel();
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        say(&format!("warning: Ctrl-C will end the run without saving: {error}"));
    }
    cancel
}
