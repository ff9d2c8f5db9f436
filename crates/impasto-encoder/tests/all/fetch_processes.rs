//! Fetching on a machine where other things happen: other processes, no network, a full disk, the end of the process.
#![cfg(feature = "fetch")]
#![allow(clippy::unwrap_used)] // a failing test

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::common::fetching::*;
use crate::common::server::{Content, Reply, Server};
use crate::common::weights::{file, store, timm};
use impasto_encoder::EncoderError;
use impasto_encoder::sources::{Event, Needed, Size, SourceError, Store, WeightFile};
use tempfile::TempDir;

#[test]
fn two_at_once_fetch_it_once() {
    let set = setting(Needed::Whole, |reply, _| reply.at_pace(200_000, Duration::from_millis(10)));
    let waited = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let watch = &mut |event: Event<'_>| {
                        if matches!(event, Event::Waiting) {
                            waited.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                        }
                    };
                    set.store.fetch(&set.store.models()[0], &quick(), watch).unwrap()
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| drop(assert_is(&thread.join().unwrap(), &set.bytes)));
    });
    assert_eq!(set.server.requests().len(), 1);
    assert_eq!(waited.into_inner(), 2);
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

/// What the child process of the next test does, when its variables are there.
#[test]
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
    for needed in ["whole", "part"] {
        let bytes = timm(1, true);
        let content = Content::of(&bytes);
        let server =
            Server::start(move |_, _| Reply::file(&content).at_pace(60_000, Duration::from_millis(4)));
        let cache = TempDir::new().unwrap();
        let child = || {
            let mut command = std::process::Command::new(std::env::current_exe().unwrap());
            command.args(["--exact", "fetch_processes::as_a_child_it_fetches"]);
            command.env("FETCH_TEST_URL", server.url("f"));
            command.env("FETCH_TEST_CACHE", cache.path()).env("FETCH_TEST_NEEDED", needed);
            command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
            command.spawn().unwrap()
        };
        let path = cache.path().join("models/tiny.safetensors");
        // All moments of a run that takes about 0.3 s, from its first steps on.
        for round in 0..16 {
            let mut child = child();
            std::thread::sleep(Duration::from_millis(5 + 23 * round % 170));
            child.kill().unwrap();
            child.wait().unwrap();
            // Whatever there is under the name is whole.
            if path.exists() {
                assert_is(&path, &bytes);
                fs::remove_file(&path).unwrap();
            }
        }
        assert!(child().wait().unwrap().success());
        assert!(server.requests().iter().any(|request| request.if_range.is_some()), "nothing was taken up");
        assert_is(&path, &bytes);
        assert_eq!(names(cache.path()), KEPT);
    }
}
