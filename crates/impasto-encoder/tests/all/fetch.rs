//! Fetching from the test's own server: a well-behaved one, and connections that fail.
#![cfg(feature = "fetch")]
#![allow(clippy::unwrap_used)] // a failing test

use std::fs;
use std::time::{Duration, Instant};

use crate::common::fetching::*;
use crate::common::server::{Content, Reply, Server};
use crate::common::weights::{file, sha256, store, timm};
use impasto_encoder::Precision;
use impasto_encoder::sources::{Event, Fetch, Needed, Patience, WeightFile};
use tempfile::TempDir;

// === Well-behaved servers ===

#[test]
fn a_file_is_fetched_verified_converted_and_kept() {
    let Setting { server, cache, store, bytes } = setting(Needed::Whole, |reply, _| reply);
    let mut seen = Vec::new();
    let path = store
        .fetch(&store.models()[0], &quick(), &mut |event| {
            if let Event::Received { bytes, total } = event {
                seen.push((bytes, total));
            }
        })
        .unwrap();
    assert_eq!(seen.last(), Some(&(bytes.len() as u64, Some(bytes.len() as u64))));
    assert!(seen.is_sorted() && seen.len() > 10, "{} steps", seen.len());
    let metadata = assert_is(&path, &bytes).provenance().metadata.clone();
    assert_eq!(metadata["source_sha256"], sha256(&bytes));
    assert_eq!(metadata["licence"], "BSD-3-Clause");
    assert_eq!(metadata["source"], server.url("f"));
    assert_eq!(names(cache.path()), KEPT);
    // The second time nothing is fetched. A model that is opened by name has that name.
    assert_eq!(fetch(&store, &quick()).unwrap(), path);
    let opened = store.open(&store.models()[0], &mut |_| {}).unwrap();
    assert_eq!(opened.provenance().name, "tiny");
    assert_eq!(opened.provenance().sha256, sha256(&fs::read(&path).unwrap()));
    assert_eq!(server.requests().len(), 1);
    // `force` fetches it again.
    fetch(&store, &Fetch { force: true, ..quick() }).unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn of_a_safetensors_file_only_header_and_convolutions_are_fetched() {
    let Setting { server, cache, store, bytes } = setting(Needed::Convolutions, |reply, _| reply);
    let path = fetch(&store, &quick()).unwrap();
    let metadata = assert_is(&path, &bytes).provenance().metadata.clone();
    assert!(metadata["checked"].contains("conv1_1"), "{metadata:?}");
    assert_eq!(names(cache.path()), KEPT);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].range, Some((0, Some(65535))));
    assert!(requests.iter().all(|request| request.range.unwrap().1.is_some()));
    // 1.25 of 3.7 MB are sent. The recorded hash is that of the sent bytes.
    assert!(server.sent() * 2 < bytes.len() as u64, "{} of {}", server.sent(), bytes.len());
    let part = &bytes[..server.sent() as usize];
    assert_eq!(metadata["source_sha256"], sha256(part));
}

#[test]
fn half_precision_is_half_the_size_and_has_a_name_of_its_own() {
    let Setting { server, cache, store, bytes } = setting(Needed::Whole, |reply, _| reply);
    let half = Fetch { precision: Precision::Half, ..quick() };
    let path = fetch(&store, &half).unwrap();
    assert_eq!(names(cache.path()), ["tiny.f16.safetensors", "verified.json"]);
    // The model's name stands for the half-precision file while there is no better one. A half-precision file cannot be
    // converted to single precision.
    assert!(store.open(&store.models()[0], &mut |_| {}).is_ok());
    let single = fetch(&store, &quick()).unwrap();
    assert_eq!(server.requests().len(), 2);
    assert!(fs::metadata(path).unwrap().len() * 19 < fs::metadata(&single).unwrap().len() * 10);
    assert_is(&single, &bytes);
    // Half precision is converted from single precision, without fetching.
    fs::remove_file(cache.path().join("models/tiny.f16.safetensors")).unwrap();
    fetch(&store, &half).unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn half_precision_does_not_hide_what_others_have() {
    let Setting { server, cache, store, bytes } = setting(Needed::Whole, |reply, _| reply);
    fetch(&store, &Fetch { precision: Precision::Half, ..quick() }).unwrap();
    // The folder has a file that was copied by hand, under its published name, and a part of an interrupted download.
    fs::write(cache.path().join("models/f.safetensors"), &bytes).unwrap();
    fs::write(cache.path().join("models/f.safetensors.part"), b"half of it").unwrap();
    assert_is(&fetch(&store, &quick()).unwrap(), &bytes);
    assert_eq!(server.requests().len(), 1);
    assert!(!cache.path().join("models/f.safetensors.part").exists());
}

#[test]
fn redirects_are_followed_with_the_range() {
    for needed in [Needed::Whole, Needed::Convolutions] {
        let bytes = timm(1, true);
        let content = Content::of(&bytes);
        // The storage closes the connection once.
        let storage = Server::start(move |_, before| {
            let reply = Reply::file(&content);
            if before == 0 { reply.cut_after(40_000) } else { reply }
        });
        let to = storage.url("signed?key=1");
        let front = Server::start(move |request, _| match request.path.as_str() {
            "f" => Reply::redirect("/g/h"),
            "g/h" => Reply::redirect(&to),
            other => panic!("{other}"),
        });
        let cache = TempDir::new().unwrap();
        let address = front.url("f").replace("http://", "http://ann:secret@");
        let store = store(cache.path(), vec![file("f.safetensors", &[&address], needed, &bytes)]);
        assert_is(&fetch(&store, &quick()).unwrap(), &bytes);
        let requests = storage.requests();
        assert!(requests.len() >= 2 && requests.iter().all(|request| request.path == "signed?key=1"));
        assert_eq!(requests[1].range.unwrap().0, 40_000);
        assert_eq!(requests[1].if_range.as_deref(), Some("\"one\""));
        let has_credentials = |(name, _): &(String, String)| name == "authorization" || name == "cookie";
        assert!(!requests.iter().any(|request| request.headers.iter().any(has_credentials)));
        let kept = fs::read(cache.path().join("models/tiny.safetensors")).unwrap();
        assert!(!kept.windows(6).any(|six| six == b"secret"));
    }
}

#[test]
fn redirects_in_circles_end() {
    let set = setting(Needed::Whole, |_, _| Reply::redirect("/f"));
    assert!(fails(&set.store, &quick()).contains("in circles"));
    assert!(set.server.requests().len() < 20);
}

#[test]
fn a_slow_server_is_waited_for() {
    // The transfer takes longer than the longest allowed silence. The pause between two pieces is a tenth of that
    // silence.
    let silence = Duration::from_secs(2);
    let set = setting(Needed::Whole, move |reply, _| reply.at_pace(300_000, silence / 10));
    let start = Instant::now();
    assert_is(&fetch(&set.store, &with_silence(silence)).unwrap(), &set.bytes);
    assert!(start.elapsed() > silence);
    assert_eq!(set.server.requests().len(), 1);
}

#[test]
fn a_server_that_sends_next_to_nothing_is_left() {
    // The server is never silent for long, and never finishes.
    let set = setting(Needed::Whole, |reply, _| reply.at_pace(10, Duration::from_millis(20)));
    let patience = Patience { stretch: Duration::from_secs(1), least: 10_000, ..quick().patience };
    let error = fails(&set.store, &Fetch { patience, ..quick() });
    assert!(error.contains("sends too slowly"), "{error}");
    // The received bytes are kept.
    assert!(names(set.cache.path()).contains(&"f.safetensors.part".to_string()));
}

// === Connections that fail ===

#[test]
fn what_was_cut_off_is_taken_up() {
    for needed in [Needed::Whole, Needed::Convolutions] {
        let set = setting(needed, |reply, before| if before < 4 { reply.cut_after(300_001) } else { reply });
        let path = fetch(&set.store, &quick()).unwrap();
        assert_is(&path, &set.bytes);
        assert_eq!(names(set.cache.path()), KEPT);
        let requests = set.server.requests();
        let starts: Vec<u64> = requests.iter().map(|r| r.range.map_or(0, |range| range.0)).collect();
        assert!(starts.is_sorted() && starts.len() >= 4, "{starts:?}");
        assert!(requests[1..].iter().all(|request| request.if_range.as_deref() == Some("\"one\"")));
        // Nothing was sent twice.
        assert!(set.server.sent() <= set.bytes.len() as u64, "{} bytes", set.server.sent());
    }
}

#[test]
fn what_another_process_left_is_taken_up() {
    for needed in [Needed::Whole, Needed::Convolutions] {
        // The first process gives up.
        let set = setting(needed, |reply, before| match before {
            0..3 => reply.cut_after(500_000),
            3..6 => Reply::status(503).header("Retry-After", "0"),
            _ => reply,
        });
        assert!(fails(&set.store, &quick()).contains("503"));
        let sent = set.server.sent();
        assert!(names(set.cache.path()).contains(&"f.safetensors.part".to_string()));
        let path = fetch(&set.store, &quick()).unwrap();
        assert_is(&path, &set.bytes);
        assert_eq!(names(set.cache.path()), KEPT);
        if needed == Needed::Whole {
            assert!(sent > 0 && set.server.sent() == set.bytes.len() as u64);
        }
    }
}

#[test]
fn a_stalled_server_is_left_and_asked_again() {
    let set =
        setting(Needed::Whole, |reply, before| if before < 2 { reply.stall_after(700_000) } else { reply });
    let silence = Duration::from_millis(700);
    assert_is(&fetch(&set.store, &with_silence(silence)).unwrap(), &set.bytes);
    // On a busy machine, the client may also give up sound answers.
    assert!(set.server.requests().len() >= 3);
    assert!(set.server.sent() >= set.bytes.len() as u64);
    // The client gives up a server that never sends anything.
    let set = setting(Needed::Whole, |reply, _| reply.stall_after(0));
    let said = fails(&set.store, &with_silence(silence));
    assert!(said.contains("no answer in time") && said.contains("tried 3 times"), "{said}");
}

#[test]
fn servers_that_refuse_ranges_start_over() {
    for needed in [Needed::Whole, Needed::Convolutions] {
        let set = setting(needed, |reply, before| {
            let reply = reply.without_ranges();
            if before == 0 { reply.cut_after(900_000) } else { reply }
        });
        assert_is(&fetch(&set.store, &quick()).unwrap(), &set.bytes);
        assert_eq!(set.server.requests().len(), 2);
    }
}

#[test]
fn without_tags_only_a_hash_tells_that_parts_belong_together() {
    let reply = |reply: Reply, before| {
        let reply = reply.tag(None);
        if before == 0 { reply.cut_after(900_000) } else { reply }
    };
    let set = setting(Needed::Whole, reply);
    assert_is(&fetch(&set.store, &quick()).unwrap(), &set.bytes);
    assert_eq!(set.server.requests()[1].range, Some((900_000, None)));
    let set = setting(Needed::Convolutions, reply);
    assert!(fails(&set.store, &quick()).contains("ETag"));
    // A file without a hash is fetched again as a whole.
    let set = setting(Needed::Whole, reply);
    let unknown =
        WeightFile { digest: None, ..file("f", &[&set.server.url("f")], Needed::Whole, &set.bytes) };
    let store = store(set.cache.path(), vec![unknown]);
    assert_is(&fetch(&store, &quick()).unwrap(), &set.bytes);
    assert_eq!(set.server.requests()[1].range, None);
}

#[test]
fn servers_in_trouble_are_asked_again_and_then_left() {
    let set = setting(Needed::Whole, |reply, before| match before {
        0 => Reply::status(500),
        1 => Reply::status(429).header("Retry-After", "0"),
        _ => reply,
    });
    assert_is(&fetch(&set.store, &quick()).unwrap(), &set.bytes);
    let set = setting(Needed::Whole, |_, _| Reply::status(502));
    let text = fails(&set.store, &quick());
    assert!(text.contains("502") && text.contains(&set.server.url("f")), "{text}");
    assert_eq!(set.server.requests().len(), 3);
    // No server listens at all.
    let nobody = { setting(Needed::Whole, |reply, _| reply).server.url("f") };
    let cache = TempDir::new().unwrap();
    let store = store(cache.path(), vec![file("f.safetensors", &[&nobody], Needed::Whole, b"1")]);
    assert!(fails(&store, &quick()).contains(&nobody));
}
