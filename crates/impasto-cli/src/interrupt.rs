//! Ctrl-C and SIGTERM: the first stops the job, so that its results so far can be saved; the second
//! ends it at once, unless a file is being written.

use std::time::{Duration, Instant};

use impasto_job::Control;

use crate::output::say;

/// Signals this soon after the first are the same one: `timeout` and some shells send it to the process and to its
/// group. Nobody presses a key twice as fast.
const SAME: Duration = Duration::from_millis(300);

/// The signals that came.
#[derive(Default)]
struct Signals {
    first: Option<Instant>,
}

impl Signals {
    /// Notes a signal that comes now. Returns whether it is a second one, and not the first once more.
    fn insists(&mut self, now: Instant) -> bool {
        let first = *self.first.get_or_insert(now);
        now.duration_since(first) > SAME
    }
}

/// Stops the job when a signal comes.
pub(crate) fn stop_on_signal(control: &Control) {
    let control = control.clone();
    let mut signals = Signals::default();
    let handler = move || {
        if !control.has_begun() {
            // There is nothing to save yet.
            end();
        }
        let insists = signals.insists(Instant::now());
        if insists && control.is_ending() && !control.is_saving() {
            // Saving would take longer than the user wants to wait.
            say("error: interrupted twice; nothing more was saved");
            end();
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_right_after_the_first_is_the_same_one() {
        let (mut signals, start) = (Signals::default(), Instant::now());
        let mut after = |milliseconds| signals.insists(start + Duration::from_millis(milliseconds));
        assert_eq!(
            [after(0), after(1), after(300), after(301), after(5000)],
            [false, false, false, true, true]
        );
    }
}
