//! Accepting connections: with a deadline for the head of a request, a bound on connections, and an end.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The most connections at once. Others wait until one ends.
const CONNECTIONS: usize = 512;

/// Time for the head of a request, so that a client that sends it byte by byte holds nothing. It is also the time that
/// an idle connection stays open.
const HEAD: Duration = Duration::from_secs(20);

/// Time that answers in progress get at the end.
const LAST: Duration = Duration::from_millis(800);

/// Serves connections until `end` is true.
pub(crate) async fn serve(listener: TcpListener, router: Router, mut end: watch::Receiver<bool>) {
    let free = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let permit = tokio::select! {
            permit = Arc::clone(&free).acquire_owned() => permit,
            _ = is_true(&mut end) => break,
        };
        let (stream, _) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // The process may be out of file descriptors. Connections that end give some back.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            _ = is_true(&mut end) => break,
        };
        while connections.try_join_next().is_some() {}
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(router.clone());
        let mut ended = end.clone();
        connections.spawn(async move {
            let _permit = permit;
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(64 * 1024);
            let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
            tokio::select! {
                _ = connection.as_mut() => {}
                _ = is_true(&mut ended) => {
                    connection.as_mut().graceful_shutdown();
                    let _ = timeout(LAST, connection).await;
                }
            }
        });
    }
    let _ = timeout(LAST + Duration::from_millis(100), async {
        while connections.join_next().await.is_some() {}
    })
    .await;
}

/// Waits until the value is true.
pub(crate) async fn is_true(flag: &mut watch::Receiver<bool>) {
    // A sender that is gone ends everything too.
    let _ = flag.wait_for(|flag| *flag).await;
}
