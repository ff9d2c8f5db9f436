//! Waiting for a card's answer within a call.
//!
//! A thread of a desktop sleeps. In a browser the answer only comes while the page's event loop runs, so a call that
//! waits must be suspended, and resumed when it has come. WebAssembly has that where the browser has JSPI (JavaScript
//! Promise Integration). The page brings the two functions for it (`Pause`); without them a call that would have to
//! wait is an error.

use std::future::Future;

use impasto_engine::EngineError;

/// Waits for an answer of the card.
pub(crate) fn wait<T>(future: impl Future<Output = Result<T, EngineError>>) -> Result<T, EngineError> {
    answer(future).unwrap_or_else(|| {
        let reason = "this page cannot wait for it".into();
        Err(EngineError::DeviceRefused { device: "WebGPU".into(), reason })
    })
}

/// The answer of the card; `None` where nothing can wait for it.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn answer<T>(future: impl Future<Output = T>) -> Option<T> {
    Some(pollster::block_on(future))
}

#[cfg(target_arch = "wasm32")]
pub(crate) use paused::answer;
#[cfg(target_arch = "wasm32")]
pub use paused::{Pause, pause_with};

// A desktop's threads sleep: there only the tests use it.
#[cfg(any(test, target_arch = "wasm32"))]
#[cfg_attr(not(target_arch = "wasm32"), allow(dead_code, unreachable_pub))]
mod paused {
    use std::future::Future;
    use std::pin::pin;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, OnceLock};
    use std::task::{Context, Poll, Wake, Waker};

    /// How a page suspends a call.
    #[derive(Clone, Copy, Debug)]
    pub struct Pause {
        /// Suspends the call. It returns when `wake` has been called since it began.
        pub pause: fn(),
        /// Lets a call that is suspended go on, as soon as the event loop is free.
        pub wake: fn(),
    }

    static PAUSE: OnceLock<Pause> = OnceLock::new();

    /// Says how the calls of this process are suspended. Only the first word counts.
    ///
    /// While a call is suspended, callbacks of the browser run, and nothing else may use the engine that waits.
    pub fn pause_with(pause: Pause) {
        let _ = PAUSE.set(pause);
    }

    pub(crate) fn answer<T>(future: impl Future<Output = T>) -> Option<T> {
        PAUSE.get().map(|pause| until(future, *pause))
    }

    struct Woken {
        woken: AtomicBool,
        wake: fn(),
    }

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.woken.store(true, Ordering::Relaxed);
            (self.wake)();
        }
    }

    /// Polls a future until it is ready, and pauses as long as it cannot go on.
    fn until<T>(future: impl Future<Output = T>, Pause { pause, wake }: Pause) -> T {
        let mut future = pin!(future);
        let woken = Arc::new(Woken { woken: AtomicBool::new(false), wake });
        let waker = Waker::from(woken.clone());
        loop {
            if let Poll::Ready(answer) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return answer;
            }
            // Something else may wake it too.
            while !woken.woken.swap(false, Ordering::Relaxed) {
                pause();
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use std::cell::{Cell, RefCell};
        use std::future::poll_fn;

        use super::*;

        thread_local! {
            static PAUSES: Cell<usize> = const { Cell::new(0) };
            static WAKER: RefCell<Option<Waker>> = const { RefCell::new(None) };
        }

        /// The event loop runs: every second time it brings the answer.
        fn pause() {
            PAUSES.set(PAUSES.get() + 1);
            if PAUSES.get().is_multiple_of(2) {
                WAKER.take().expect("something waits").wake();
            }
        }

        /// Is ready at the fourth look. The second answer is there before anything pauses.
        async fn fourth() -> usize {
            let mut looks = 0;
            poll_fn(move |context| {
                looks += 1;
                match looks {
                    4 => return Poll::Ready(looks),
                    2 => context.waker().wake_by_ref(),
                    _ => WAKER.set(Some(context.waker().clone())),
                }
                Poll::Pending
            })
            .await
        }

        #[test]
        fn a_call_pauses_until_it_is_woken_and_no_longer() {
            assert_eq!(until(fourth(), Pause { pause, wake: || {} }), 4);
            assert_eq!(PAUSES.get(), 4);
            assert_eq!(until(async { 7 }, Pause { pause: || panic!("nothing to wait for"), wake: || {} }), 7);
        }
    }
}
