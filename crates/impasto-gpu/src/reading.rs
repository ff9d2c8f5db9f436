//! A buffer that is being mapped for the host: a future that the driver's callback wakes. On a desktop the device is
//! polled first, so that the future is ready at once; in a browser it is awaited.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use wgpu::{BufferAsyncError, BufferSlice, MapMode};

/// A buffer that is being mapped.
pub(crate) struct Mapped(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    done: Option<Result<(), BufferAsyncError>>,
    waker: Option<Waker>,
}

impl Mapped {
    pub(crate) fn begin(slice: BufferSlice) -> Mapped {
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = state.clone();
        slice.map_async(MapMode::Read, move |done| {
            let mut state = shared.lock().unwrap_or_else(PoisonError::into_inner);
            state.done = Some(done);
            if let Some(waker) = state.waker.take() {
                waker.wake();
            }
        });
        Mapped(state)
    }
}

impl Future for Mapped {
    type Output = Result<(), BufferAsyncError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.done.take() {
            Some(done) => Poll::Ready(done),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}
