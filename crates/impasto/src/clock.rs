//! The clock of a run. A test of a run in limited time can give its own, and needs neither to wait nor an idle
//! machine.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use impasto_engine::Stopwatch;

/// A clock that only goes forward. The default is the machine's; `wasm32-unknown-unknown` has none, and the default
/// stands still there.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Duration + Send + Sync>);

impl Clock {
    /// Makes a clock from a function that returns the time since some fixed moment.
    pub fn new(now: impl Fn() -> Duration + Send + Sync + 'static) -> Clock {
        Clock(Arc::new(now))
    }

    pub(crate) fn now(&self) -> Duration {
        (self.0)()
    }

    /// Seconds since an earlier value of [`now`](Clock::now).
    pub(crate) fn seconds_since(&self, moment: Duration) -> f64 {
        self.now().saturating_sub(moment).as_secs_f64()
    }
}

impl Default for Clock {
    fn default() -> Clock {
        let started = Stopwatch::start();
        Clock::new(move || started.elapsed())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
