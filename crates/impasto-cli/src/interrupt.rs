//! Ctrl-C and SIGTERM: the first stops the job, so that its results so far can be saved; the second
//! ends it at once, unless a file is being written.

use std::time::{Duration, Instant};

use impasto_job::Control;

use crate::output::say;

/// Signals this soon after the first are the same one: `timeout` and some shells send it to the process and to its
/// group. Nobody presses a key twice as fast.
const SAME: Duration = Duration::from_millis(300);

/// Stops the job when a signal comes.
pub(crate) fn stop_on_signal(control: &Control) {
    let control = control.clone();
    let mut first: Option<Instant> = None;
    let handler = move || {
        if !control.has_begun() {
            // There is nothing to save yet.
            end();
        }
        let insists = first.is_some_and(|first| first.elapsed() > SAME);
        if insists && control.is_ending() && !control.is_saving() {
            // Saving would take longer than the user wants to wait.
            say("error: interrupted twice; nothing more was saved");
            end();
        }
        first.get_or_insert_with(Instant::now);
        control.stop();
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        say(&format!("warning: Ctrl-C will end the run without saving: {error}"));
    }
}

#[allow(clippy::exit)]
fn end() -> ! {
    std::process::exit(130);
}

/// Returns a control that signals stop, for commands that are not jobs.
pub(crate) fn control_on_signal() -> Control {
    let control = Control::default();
    control.begin();
    stop_on_signal(&control);
    control
}
