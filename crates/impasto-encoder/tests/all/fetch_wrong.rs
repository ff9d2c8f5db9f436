//! Fetching wrong files. Every wrong file is refused or fetched again.
#![cfg(feature = "fetch")]
#![allow(clippy::unwrap_used)] // a failing test

use std::fs;

use crate::common::fetching::*;
use crate::common::server::{Content, Reply, Server};
use crate::common::weights::{file, store, timm};
use impasto_encoder::sources::{Event, Needed, Size, WeightFile};
use tempfile::TempDir;

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
    // The size is approximate, so the longer file is accepted at first. The server does not tell the two files apart.
    let known = WeightFile { size: Size::About(bytes.len() as u64), ..known };
    let store = store(cache.path(), vec![known]);
    assert_is(&fetch(&store, &quick()).unwrap(), &bytes);
    // The requests are the first one, the range that no longer exists, and the whole file.
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
        ("not a web address", |_| Reply::redirect("ftp://example.com/f")),
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
        // A page is shorter than any file, but the error must mention more than the wrong length.
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
    // The file is of another training, but its hash is the expected one.
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
