//! Thousands of changes to sound files. Each file is read or refused. Memory is bounded, and nothing panics.
//!
//! One test makes all changes and runs alone, because memory is counted for the whole process.

#![cfg(feature = "foreign-formats")]
#![allow(clippy::unwrap_used)] // a failing test

use std::path::PathBuf;

use crate::forging::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Changes to each fixture. The environment variable `IMPASTO_MUTATIONS` asks for more.
const MUTATIONS: usize = 150;

/// Changes a few bytes of every fixture: numbers, lengths, and pieces that are removed or repeated.
#[test]
fn changed_files_are_read_or_refused_within_bounds() {
    let _alone = alone();
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let asked = std::env::var("IMPASTO_MUTATIONS").ok().and_then(|number| number.parse().ok());
    let (mut read_anyway, mut refused) = (0, 0);
    for path in names {
        let whole = std::fs::read(&path).unwrap();
        for round in 0..asked.unwrap_or(MUTATIONS) {
            let mut bytes = whole.clone();
            for _ in 0..=random.next_u32() % 3 {
                let length = bytes.len().max(1) as u32;
                // The structure is at the beginning and the end. Numbers are between them.
                let place = match random.next_u32() % 3 {
                    0 => random.next_u32() % length,
                    1 => random.next_u32() % length.min(512),
                    _ => length - 1 - random.next_u32() % length.min(2048),
                } as usize;
                match random.next_u32() % 6 {
                    0 => bytes[place] ^= 1 << (random.next_u32() % 8),
                    1 => bytes[place] = random.next_u32() as u8,
                    2 => {
                        let end = (place + 4).min(bytes.len());
                        bytes[place..end].fill([0, 0xff, 0x7f, 0x80][random.next_u32() as usize % 4]);
                    }
                    3 => bytes.truncate(place.max(1)),
                    4 => {
                        let end = (place + random.next_u32() as usize % 64).min(bytes.len());
                        bytes.drain(place..end);
                        if bytes.is_empty() {
                            bytes.push(0);
                        }
                    }
                    _ => {
                        let end = (place + random.next_u32() as usize % 64).min(bytes.len());
                        let piece = bytes[place..end].to_vec();
                        bytes.splice(place..place, piece);
                    }
                }
            }
            let what = format!("{} round {round}", path.display());
            match read(&what, &bytes, BOUND) {
                Some(_) => refused += 1,
                None => read_anyway += 1,
            }
        }
    }
    // Both outcomes occur: damage is found, and a changed weight is still a weight.
    assert!(refused > 300 && read_anyway > 300, "{refused} refused, {read_anyway} read");
}
