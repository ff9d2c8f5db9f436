//! Fetching from a server of the test's own that does what servers do, good and bad.
#![cfg(feature = "fetch")]
#![allow(clippy::unwrap_used)] // a failing test

mod common {
    pub(crate) mod server;
    pub(crate) mod weights;
}

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use common::server::{Content, Reply, Server};
use common::weights::{file, sha256, store, timm};
use impasto_encoder::sources::{Event, Fetch, Needed, Patience, Size, SourceError, Store, WeightFile};
use impasto_encoder::{Encoder, EncoderError, Precision, read_file};
use tempfile::TempDir;

/// Quick about everything: the server is near.
fn quick() -> Fetch {
    let patience = Patience {
        connect: Duration::from_secs(5),
        silence: Duration::from_millis(400),
        tries: 3,
        pause: Duration::from_millis(5),
        stretch: Duration::from_secs(60),
        least: 1,
        proxies: false,
    };
    Fetch { patience, ..Fetch::default() }
}

fn fetch(store: &Store, how: &Fetch) -> Result<PathBuf, EncoderError> {
    store.fetch(&store.models()[0], how, &mut |_| {})
}

/// What [`fetch`] says when it fails, and what each address did.
#[track_caller]
fn fails(store: &Store, how: &Fetch) -> String {
    let error = fetch(store, how).unwrap_err();
    assert!(matches!(error, EncoderError::Source(SourceError::Fetch { .. })), "{error}");
    assert!(error.hint().unwrap().contains("another machine"), "{:?}", error.hint());
    error.to_string()
}

/// The same weights as in timm's file, under the names of convolutions.
#[track_caller]
fn assert_is(path: &Path, timm: &[u8]) -> Encoder {
    let (kept, folder) = (read_file(path).unwrap(), TempDir::new().unwrap());
    let whole = folder.path().join("whole.safetensors");
    fs::write(&whole, timm).unwrap();
    let original = read_file(&whole).unwrap();
    assert!(kept.weights() == original.weights() && kept.input() == original.input());
    kept
}

/// Everything in the folder of models but locks.
fn names(cache: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(cache.join("models")) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| !name.ends_with(".lock"));
    names.sort();
    names
}

/// A server with one file, and a store that knows it.
struct Setting {
    server: Server,
    cache: TempDir,
    store: Store,
    bytes: Vec<u8>,
}

/// Replies are made from the good one, the count of requests before, and whether the request is for a range.
fn setting(needed: Needed, reply: impl Fn(Reply, usize) -> Reply + Send + Sync + 'static) -> Setting {
    let bytes = timm(1, true);
    let content = Content::of(&bytes);
    let server = Server::start(move |_, before| reply(Reply::file(&content), before));
    let cache = TempDir::new().unwrap();
    let files = vec![file("f.safetensors", &[&server.url("f")], needed, &bytes)];
    let store = store(cache.path(), files);
    Setting { server, cache, store, bytes }
}

const KEPT: [&str; 2] = ["tiny.safetensors", "verified.json"];

// === Servers that do as they should ===

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
    // A second time it is there; opened by name it is called by it.
    assert_eq!(fetch(&store, &quick()).unwrap(), path);
    let opened = store.open(&store.models()[0], &mut |_| {}).unwrap();
    assert_eq!(opened.provenance().name, "tiny");
    assert_eq!(opened.provenance().sha256, sha256(&fs::read(&path).unwrap()));
    assert_eq!(server.requests().len(), 1);
    // Unless one insists.
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
    // 1.25 of 3.7 MB; and what is said to have been hashed is what was sent.
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
    // It is what the name stands for as long as there is nothing better; single precision cannot be made of it.
    assert!(store.open(&store.models()[0], &mut |_| {}).is_ok());
    let single = fetch(&store, &quick()).unwrap();
    assert_eq!(server.requests().len(), 2);
    assert!(fs::metadata(path).unwrap().len() * 19 < fs::metadata(&single).unwrap().len() * 10);
    assert_is(&single, &bytes);
    // The other way round nothing is fetched.
    fs::remove_file(cache.path().join("models/tiny.f16.safetensors")).unwrap();
    fetch(&store, &half).unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn half_precision_does_not_hide_what_others_have() {
    let Setting { server, cache, store, bytes } = setting(Needed::Whole, |reply, _| reply);
    fetch(&store, &Fetch { precision: Precision::Half, ..quick() }).unwrap();
    // By hand, under its published name; and what a try that was broken off left.
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
        // The storage breaks off once.
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
    // Longer in all than the longest silence.
    let pace = Duration::from_millis(20);
    let set = setting(Needed::Whole, move |reply, _| reply.at_pace(100_000, pace));
    let start = Instant::now();
    assert_is(&fetch(&set.store, &quick()).unwrap(), &set.bytes);
    assert!(start.elapsed() > quick().patience.silence);
    assert_eq!(set.server.requests().len(), 1);
}

#[test]
fn a_server_that_sends_next_to_nothing_is_left() {
    // Never silent for long, and never done.
    let set = setting(Needed::Whole, |reply, _| reply.at_pace(10, Duration::from_millis(20)));
    let patience = Patience { stretch: Duration::from_secs(1), least: 10_000, ..quick().patience };
    let error = fails(&set.store, &Fetch { patience, ..quick() });
    assert!(error.contains("sends too slowly"), "{error}");
    // What came is not lost.
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
    assert_is(&fetch(&set.store, &quick()).unwrap(), &set.bytes);
    assert_eq!(set.server.requests().len(), 3);
    assert_eq!(set.server.sent(), set.bytes.len() as u64);
    // One that never says anything is left for good.
    let set = setting(Needed::Whole, |reply, _| reply.stall_after(0));
    let start = Instant::now();
    assert!(fails(&set.store, &quick()).contains("no answer in time"));
    assert_eq!(set.server.requests().len(), 3);
    assert!(start.elapsed() < Duration::from_secs(20));
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
    // What has no hash is sent as a whole.
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
    // Nobody is there at all.
    let nobody = { setting(Needed::Whole, |reply, _| reply).server.url("f") };
    let cache = TempDir::new().unwrap();
    let store = store(cache.path(), vec![file("f.safetensors", &[&nobody], Needed::Whole, b"1")]);
    assert!(fails(&store, &quick()).contains(&nobody));
}

// === Files that are not what they should be ===

#[test]
fn a_file_that_changes_between_two_ranges_is_fetched_anew() {
    for needed in [Needed::Whole, Needed::Convolutions] {
        for heeds in [true, false] {
            let (old, new) = (timm(7, true), timm(1, true));
            let contents = [Content::of(&old), Content::of(&new)];
            let server = Server::start(move |_, before| {
                let reply = Reply::file(&contents[before.min(1)]);
                let reply = if heeds { reply } else { reply.ignoring_if_range() };
                match before {
                    0 => reply.tag(Some("\"old\"")).cut_after(60_000),
                    _ => reply.tag(Some("\"new\"")),
                }
            });
            let cache = TempDir::new().unwrap();
            let store = store(cache.path(), vec![file("f.safetensors", &[&server.url("f")], needed, &new)]);
            assert_is(&fetch(&store, &quick()).unwrap(), &new);
            assert!(server.requests().len() <= 4);
        }
    }
}

#[test]
fn a_file_that_becomes_shorter_is_fetched_anew() {
    let bytes = timm(1, true);
    let (long, short) = (Content::of(&[&bytes[..], &[0; 9000]].concat()), Content::of(&bytes));
    let cut = bytes.len() as u64 + 5000;
    let server = Server::start(move |_, before| match before {
        0 => Reply::file(&long).cut_after(cut),
        _ => Reply::file(&short),
    });
    let cache = TempDir::new().unwrap();
    let known = file("f.safetensors", &[&server.url("f")], Needed::Whole, &bytes);
    // Only about known, so that the longer one is taken for it at first; and the server does not tell them apart.
    let known = WeightFile { size: Size::About(bytes.len() as u64), ..known };
    let store = store(cache.path(), vec![known]);
    assert_is(&fetch(&store, &quick()).unwrap(), &bytes);
    // The first, the range that is not there any more, and all of it.
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn the_second_address_is_tried_when_the_first_has_nothing() {
    type Bad = fn(Reply) -> Reply;
    let bad: [(&str, Bad); 9] = [
        ("404", |_| Reply::status(404)),
        ("403", |_| Reply::status(403)),
        ("web page", |_| Reply::page().header("Content-Type", "text/html; charset=utf-8")),
        ("web page", |_| Reply::page()),
        ("expected a file of", |reply| reply.lying_by(-8)),
        ("expected a file of", |reply| reply.lying_by(8)),
        ("SHA-256", |reply| {
            let _ = reply;
            Reply::file(&Content::of(&timm(2, true)))
        }),
        ("another version", |reply| reply.header("X-Linked-ETag", &format!("\"{}\"", "ab".repeat(32)))),
        ("no web address", |_| Reply::redirect("ftp://example.com/f")),
    ];
    for (words, bad) in bad {
        let bytes = timm(1, true);
        let content = Content::of(&bytes);
        let server = Server::start(move |request, _| {
            let good = Reply::file(&content);
            if request.path == "bad" { bad(good) } else { good }
        });
        let cache = TempDir::new().unwrap();
        let urls = [server.url("bad"), server.url("good")];
        // A page is shorter than any file; that its length is wrong must not be all that is said.
        let size = if words == "web page" { Size::AtMost(1 << 23) } else { Size::Exact(bytes.len() as u64) };
        let both = WeightFile { size, ..file("f.safetensors", &[&urls[0], &urls[1]], Needed::Whole, &bytes) };
        let store = store(cache.path(), vec![both]);
        let mut failures = Vec::new();
        let path = store
            .fetch(&store.models()[0], &quick(), &mut |event| {
                if let Event::Failed { address, why } = event {
                    failures.push((address.to_string(), why.to_string()));
                }
            })
            .unwrap();
        assert_is(&path, &bytes);
        assert_eq!(failures.len(), 1, "{words}");
        assert!(failures[0].0 == urls[0] && failures[0].1.contains(words), "{words}: {failures:?}");
        assert_eq!(names(cache.path()), KEPT);
    }
}

#[test]
fn a_page_is_named_as_such_whatever_else_is_wrong_with_it() {
    let set = setting(Needed::Convolutions, |_, _| Reply::page().header("Content-Type", "text/html"));
    let text = fails(&set.store, &quick());
    assert!(text.contains("web page in place of weights"), "{text}");
}

#[test]
fn a_wrong_file_never_gets_the_name() {
    // Of another training; as a whole with the hash of that.
    let other = timm(1, false);
    for needed in [Needed::Whole, Needed::Convolutions] {
        let content = Content::of(&other);
        let server = Server::start(move |_, _| Reply::file(&content));
        let cache = TempDir::new().unwrap();
        let store = store(cache.path(), vec![file("f.safetensors", &[&server.url("f")], needed, &other)]);
        let text = fails(&store, &quick());
        assert!(text.contains("expected weights of vgg19"), "{text}");
        assert_eq!(names(cache.path()), [""; 0]);
    }
}

#[test]
fn a_header_that_lies_is_found_before_the_values_are_fetched() {
    let bytes = timm(1, true);
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut huge = bytes.clone();
    huge[..8].copy_from_slice(&(1u64 << 40).to_le_bytes());
    let mut outside = bytes.clone();
    let text = String::from_utf8(bytes[8..8 + header].to_vec()).unwrap();
    let moved = text.replacen("\"data_offsets\":[0,", "\"data_offsets\":[4,", 1);
    assert_ne!(text, moved);
    outside[8..8 + header].copy_from_slice(moved.as_bytes());
    let garbage: Vec<u8> = (0..bytes.len()).map(|i| (i * 7 % 251) as u8).collect();
    for wrong in [huge, outside, garbage] {
        let content = Content::of(&wrong);
        let server = Server::start(move |_, _| Reply::file(&content));
        let cache = TempDir::new().unwrap();
        let needed = Needed::Convolutions;
        let store = store(cache.path(), vec![file("f.safetensors", &[&server.url("f")], needed, &wrong)]);
        let text = fails(&store, &quick());
        assert!(text.contains("header"), "{text}");
        assert!(server.sent() <= 65536);
    }
}

#[test]
fn no_more_is_taken_than_was_expected() {
    for size in [Size::Exact(1_000_000), Size::AtMost(1_000_000)] {
        let endless = Content::zeros(1 << 40, Vec::new());
        let server = Server::start(move |_, _| Reply::file(&endless).without_length());
        let cache = TempDir::new().unwrap();
        let known = file("f.safetensors", &[&server.url("f")], Needed::Whole, b"");
        let store = store(cache.path(), vec![WeightFile { size, ..known }]);
        let text = fails(&store, &quick());
        assert!(text.contains("more than the 1000000 bytes"), "{text}");
    }
}

#[test]
fn a_file_without_an_announced_length_is_taken_by_its_hash() {
    for size in [None, Some(Size::AtMost(1 << 23))] {
        let Setting { server, cache, bytes, .. } = setting(Needed::Whole, |reply, _| reply.without_length());
        let known = file("f.safetensors", &[&server.url("f")], Needed::Whole, &bytes);
        let store = store(cache.path(), vec![WeightFile { size: size.unwrap_or(known.size), ..known }]);
        assert_is(&fetch(&store, &quick()).unwrap(), &bytes);
    }
}

#[test]
fn what_an_earlier_try_left_broken_is_dropped() {
    let set = setting(Needed::Whole, |reply, before| match before {
        0 => reply.cut_after(2_000_000),
        1 => Reply::status(410),
        _ => reply,
    });
    assert!(fails(&set.store, &quick()).contains("410"));
    let part = set.cache.path().join("models/f.safetensors.part");
    let mut left = fs::read(&part).unwrap();
    assert_eq!(left.len(), 2_000_000);
    left[1_000_000] ^= 1;
    fs::write(&part, left).unwrap();
    assert_is(&fetch(&set.store, &quick()).unwrap(), &set.bytes);
    assert_eq!(names(set.cache.path()), KEPT);
}

// === Surroundings ===

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

// === Killed ===

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
            command.args(["--exact", "as_a_child_it_fetches"]);
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
