//! Fetching under difficult conditions: other processes, no network, a full disk, a killed process.
#![cfg(feature = "fetch")]
#![allow(clippy::unwrap_used)] // a failing test

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::common::fetching::*;
use crate::common::server::{Content, Reply, Server};
use crate::common::weights::{file, store, timm};
use impasto_encoder::EncoderError;
use impasto_encoder::sources::{Event, Needed, Size, SourceError, Store, WeightFile};
use tempfile::TempDir;

/// Time after which a wait fails. Nothing that works takes this long on any machine.
const PATIENCE: Duration = Duration::from_secs(300);

fn wait_until(what: &str, mut happened: impl FnMut() -> bool) {
    let start = Instant::now();
    while !happened() {
        assert!(start.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what}");
        sleep(Duration::from_millis(1));
    }
}

#[test]
fn two_at_once_fetch_it_once() {
    // The server answers when the others wait.
    let waited = Arc::new(AtomicUsize::new(0));
    let waiting = waited.clone();
    let set = setting(Needed::Whole, move |reply, _| {
        wait_until("two to wait", || waiting.load(Ordering::SeqCst) >= 2);
        reply
    });
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let watch = &mut |event: Event<'_>| {
                        if matches!(event, Event::Waiting) {
                            waited.fetch_add(1, Ordering::SeqCst);
                        }
                    };
                    set.store.fetch(&set.store.models()[0], &quick(), watch).unwrap()
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| drop(assert_is(&thread.join().unwrap(), &set.bytes)));
    });
    assert_eq!(set.server.requests().len(), 1);
    assert_eq!(waited.load(Ordering::SeqCst), 2);
}

#[test]
fn where_the_network_is_forbidden_nothing_is_asked() {
    let set = setting(Needed::Whole, |reply, _| reply);
    let mut environment = set.store.environment().clone();
    environment.offline = Some("IMPASTO_OFFLINE".into());
    let store = Store::new(environment, set.store.models());
    let error = fetch(&store, &quick()).unwrap_err();
    assert!(error.to_string().contains("forbidden by IMPASTO_OFFLINE"), "{error}");
    let hint = error.hint().unwrap();
    assert!(hint.contains(&set.server.url("f")) && hint.contains("f.safetensors"), "{hint}");
    assert_eq!(set.server.requests().len(), 0);
}

#[test]
fn a_full_disk_is_found_before_anything_is_written() {
    let content = Content::zeros(1 << 60, Vec::new());
    let server = Server::start(move |_, _| Reply::file(&content));
    let cache = TempDir::new().unwrap();
    let known = file("f.safetensors", &[&server.url("f")], Needed::Whole, b"");
    let store = store(cache.path(), vec![WeightFile { size: Size::Exact(1 << 60), ..known }]);
    let error = fetch(&store, &quick()).unwrap_err();
    assert!(
        matches!(error, EncoderError::Source(SourceError::NoSpace { needed, .. }) if needed > 1 << 60),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("IMPASTO_CACHE"));
}

/// The child process of the next test. Without its environment variables it does nothing.
#[test]
#[ignore = "the child process of other tests"]
fn as_a_child_it_fetches() {
    let Ok(url) = std::env::var("FETCH_TEST_URL") else { return };
    let cache = PathBuf::from(std::env::var_os("FETCH_TEST_CACHE").unwrap());
    let needed = if std::env::var("FETCH_TEST_NEEDED").unwrap() == "whole" {
        Needed::Whole
    } else {
        Needed::Convolutions
    };
    let store = store(&cache, vec![file("f.safetensors", &[&url], needed, &timm(1, true))]);
    fetch(&store, &quick()).unwrap();
}

#[test]
fn killed_at_any_moment_and_run_again_it_ends_with_the_right_file() {
    killed(1);
}

#[test]
#[ignore = "soak: run by .ci/run full"]
fn soak_killed_at_any_moment_and_run_again_it_ends_with_the_right_file() {
    killed(5);
}

/// No file has so many bytes.
const ALL: u64 = 1 << 40;

fn killed(rounds: u64) {
    for needed in ["whole", "part"] {
        let bytes = timm(1, true);
        let content = Content::of(&bytes);
        // The server is silent after this many bytes of an answer.
        let stall = Arc::new(AtomicU64::new(ALL));
        let after = stall.clone();
        let server =
            Server::start(move |_, _| Reply::file(&content).stall_after(after.load(Ordering::SeqCst)));
        let cache = TempDir::new().unwrap();
        let child = || {
            let mut command = std::process::Command::new(std::env::current_exe().unwrap());
            command.args(["--ignored", "--exact", "fetch_processes::as_a_child_it_fetches"]);
            command.env("FETCH_TEST_URL", server.url("f"));
            command.env("FETCH_TEST_CACHE", cache.path()).env("FETCH_TEST_NEEDED", needed);
            command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
            command.spawn().unwrap()
        };
        let path = cache.path().join("models/tiny.safetensors");
        let length = || {
            let part = fs::metadata(cache.path().join("models/f.safetensors.part"));
            part.map_or(0, |part| part.len())
        };
        for round in 0..rounds {
            for (moment, bytes_sent) in
                [0, 10 + round, 70_000, 200_000, 600_000 + 9999 * round, ALL, ALL].into_iter().enumerate()
            {
                stall.store(bytes_sent, Ordering::SeqCst);
                let (asked, sent, part) = (server.requests().len(), server.sent(), length());
                let mut child = child();
                wait_until("a child to get so far", || {
                    let happened = match moment {
                        0 => server.requests().len() > asked,
                        1 | 2 => server.sent() - sent >= bytes_sent.min(60_000),
                        // The client writes 64 kB at a time.
                        3 | 4 => length() > part,
                        // At moment 5 the rest is being sent. At moment 6 the file has its name.
                        5 => server.sent() > sent,
                        _ => path.exists(),
                    };
                    happened || child.try_wait().unwrap().is_some()
                });
                child.kill().unwrap();
                child.wait().unwrap();
                // If the name exists, the file is whole.
                if path.exists() {
                    assert_is(&path, &bytes);
                    fs::remove_file(&path).unwrap();
                }
            }
        }
        assert!(child().wait().unwrap().success());
        assert!(server.requests().iter().any(|request| request.if_range.is_some()), "nothing was taken up");
        assert_is(&path, &bytes);
        assert_eq!(names(cache.path()), KEPT);
    }
}
