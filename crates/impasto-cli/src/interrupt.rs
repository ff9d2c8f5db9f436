//! Ctrl-C and SIGTERM: the first stops the job, so that its results so far can be saved; the second
//! ends it at once, unless a file is being written.

use impasto_job::Control;

use crate::output::say;

/// Stops the job when a signal comes.
pub(crate) fn stop_on_signal(control: &Control) {
    let control = control.clone();
    let handler = move || {
        let insists = control.is_ending() && !control.is_saving();
        if insists || !control.has_begun() {
            // There is nothing to save yet, or saving would take longer than the user wants to wait.
            #[allow(clippy::exit)]
            std::process::exit(130);
        }
        control.stop();
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        say(&format!("warning: Ctrl-C will end the run without saving: {error}"));
    }
}

/// Returns a control that signals stop, for commands that are not jobs.
pub(crate) fn control_on_signal() -> Control {
    let control = Control::default();
    control.begin();
    stop_on_signal(&control);
    control
}
