//! Runs decoders on hostile files, and stops their panics and endless loops.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// Stack of a decoder's thread. Nested structures in files become nested calls, for which the standard library's 2 MiB
/// are too few.
const STACK: usize = 16 << 20;

/// Why there is no result.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    /// The decoder panicked; its message.
    Panic(String),
    /// The decoder exceeded this time.
    Late(Duration),
}

/// Runs `work` for at most `limit`. A thread cannot be ended from outside: a late one keeps its resources until it or
/// the process ends.
pub(super) fn guarded<T: Send + 'static>(
    limit: Option<Duration>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Stopped> {
    // No state of the closure outlives it, so no broken state is visible afterwards.
    let work = move || {
        catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
            let message = panic.downcast_ref::<String>().map(String::as_str);
            let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
            Stopped::Panic(message.unwrap_or("no reason given").to_owned())
        })
    };
    // A WebAssembly module has no thread to spare: whoever uses it ends it.
    let Some(limit) = limit.filter(|_| cfg!(not(target_arch = "wasm32"))) else { return work() };
    let (sender, receiver) = channel();
    let spawned = thread::Builder::new().name("decoder".into()).stack_size(STACK).spawn(move || {
        // The receiver may have given up.
        let _ = sender.send(work());
    });
    match spawned.map(|_| receiver.recv_timeout(limit)) {
        Ok(Ok(result)) => result,
        Ok(Err(RecvTimeoutError::Timeout)) => Err(Stopped::Late(limit)),
        Ok(Err(RecvTimeoutError::Disconnected)) => Err(Stopped::Panic("its thread ended".into())),
        Err(error) => Err(Stopped::Panic(format!("cannot start its thread: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_and_endless_loops_end() {
        for limit in [None, Some(Duration::from_secs(60))] {
            assert_eq!(guarded(limit, || 1), Ok(1));
            let error = guarded(limit, || -> u8 { panic!("index {} out of range", 7) }).unwrap_err();
            assert_eq!(error, Stopped::Panic("index 7 out of range".into()));
        }
        let limit = Duration::from_millis(20);
        let endless = || thread::sleep(Duration::from_secs(3600));
        assert_eq!(guarded(Some(limit), endless), Err(Stopped::Late(limit)));
    }
}
