//! Ctrl-C and SIGTERM: the first abandons the evaluation, so that what there is can be saved; the second ends at once.

use impasto::Cancel;

/// A flag that the signals raise.
pub(crate) fn cancel_on_signal() -> Cancel {
    let cancel = Cancel::default();
    let flag = cancel.clone();
    let handler = move || {
        if flag.is_cancelled() {
            // The user insists; saving would take longer than they want to wait.
            #[allow(clippy::exit)]
            std::process::exit(130);
        }
        flag.cancel();
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        eprintln!("warning: Ctrl-C will end the run without saving: {error}");
    }
    cancel
}
