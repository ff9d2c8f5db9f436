//! The studio as a process: a port, a signal that ends it, and the order of the end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use impasto_job::{ErrorKind, JobError};
use tokio::net::TcpListener;

use crate::files::{in_use, is_in_use};
use crate::{Options, Studio, clean, environment, listen};

/// Serves the studio until it is told to end, by SIGTERM or Ctrl-C. Calls `started` with the address that opens it.
///
/// # Errors
/// When the folder or the port cannot be used.
pub fn serve(mut options: Options, started: impl FnOnce(&str)) -> Result<(), JobError> {
    if !options.listen.is_loopback() && options.hosts.is_empty() {
        return Err(JobError::bad_input(
            "an address other than the loopback address needs the names of the host",
        )
        .hint("give --allow-host and the name that browsers will use"));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(16)
        .thread_name("http")
        .enable_all()
        .build()
        .map_err(environment)?;
    let address = SocketAddr::new(options.listen, options.port);
    let listener =
        runtime.block_on(TcpListener::bind(address)).map_err(|error| unheard(&options, address, &error))?;
    let address = listener.local_addr().map_err(environment)?;
    options.port = address.port();
    let studio = Studio::open(&options)?;
    studio.begin_work()?;
    // Whoever reads the address may end the studio at once.
    let told = {
        let _within = runtime.enter();
        told_to_end()
    };
    studio.app.files.keep_address(&shown(address));
    started(&format!("http://{}/#token={}", shown(address), studio.token()));
    runtime.block_on(async {
        let cleaning = tokio::spawn(clean::clean(Arc::clone(&studio.app)));
        let serving = tokio::spawn(listen::serve(listener, studio.router(), studio.app.end.subscribe()));
        told.await;
        studio.app.end.send_replace(true);
        cleaning.abort();
        // An error would be a panic, which ends nothing else.
        let _ = serving.await;
    });
    studio.end();
    runtime.shutdown_timeout(Duration::from_millis(200));
    Ok(())
}

/// The error for a port that cannot be used. Mostly a studio of the same folder has it.
fn unheard(options: &Options, address: SocketAddr, error: &std::io::Error) -> JobError {
    if error.kind() != std::io::ErrorKind::AddrInUse {
        let message = format!("cannot listen on {address}: {}", impasto::image::reason(error));
        return JobError::new(ErrorKind::Environment, message)
            .hint("--port 0 takes a free port, and --listen 127.0.0.1 the address of this machine");
    }
    if is_in_use(&options.data) {
        return in_use(&options.data);
    }
    JobError::new(ErrorKind::Environment, format!("cannot listen on {address}: another program has the port"))
        .hint("--port 0 takes a free port")
}

/// The address as a browser takes it.
fn shown(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => format!("127.0.0.1:{}", address.port()),
        false => address.to_string(),
    }
}

/// Returns what waits for SIGTERM or Ctrl-C. From this call on, also one that comes before the wait counts.
#[cfg(unix)]
fn told_to_end() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = signal(SignalKind::terminate())
        .and_then(|terminate| Ok((terminate, signal(SignalKind::interrupt())?)));
    async move {
        match signals {
            Ok((mut terminate, mut interrupt)) => tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            },
            Err(_) => drop(tokio::signal::ctrl_c().await),
        }
    }
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
async fn told_to_end() {
    let _ = tokio::signal::ctrl_c().await;
}
