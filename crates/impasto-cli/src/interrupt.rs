//! Ctrl-C and SIGTERM: the first abandons the evaluation, so that what there is can be saved; the second ends at once.

use std::sync::atomic::{AtomicBool, Ordering};

use impasto::Cancel;

use crate::output::say;

/// Raised while a result is written: that is not to be broken off.
static SAVING: AtomicBool = AtomicBool::new(false);

/// Does what must not be broken off by a second signal.
pub(crate) fn saving<T>(work: impl FnOnce() -> T) -> T {
    SAVING.store(true, Ordering::SeqCst);
    let done = work();
    SAVING.store(false, Ordering::SeqCst);
    done
}

/// A flag that the signals raise.
pub(crate) fn cancel_on_signal() -> Cancel {
    let cancel = Cancel::default();
    let flag = cancel.clone();
    let handler = move || {
        if flag.is_cancelled() && !SAVING.load(Ordering::SeqCst) {
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
