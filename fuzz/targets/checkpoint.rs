//! Any bytes are a checkpoint of this very run, which then goes on, or a typed error. The digest at the end would stop
//! every mutation at the door; where the first byte says so, it is made right before.
#![no_main]

mod common;

use std::cell::RefCell;
use std::path::PathBuf;

use impasto::{Checkpoint, OptimizerKind, Session};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

const DIGEST: usize = 32;

thread_local! {
    static RUN: RefCell<(Session, PathBuf)> = {
        // In memory, where the system has that.
        let folder = if PathBuf::from("/dev/shm").is_dir() { PathBuf::from("/dev/shm") } else { std::env::temp_dir() };
        let path = folder.join(format!("impasto-fuzz-{}", std::process::id()));
        RefCell::new((common::session(OptimizerKind::Adam), path))
    };
}

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else { return };
    let mut bytes = bytes.to_vec();
    if first % 2 == 0
        && let Some(end) = bytes.len().checked_sub(DIGEST)
    {
        let digest = Sha256::digest(&bytes[..end]);
        bytes[end..].copy_from_slice(&digest);
    }
    RUN.with_borrow_mut(|(session, path)| {
        std::fs::write(&*path, &bytes).expect("room for the file");
        if let Ok(checkpoint) = Checkpoint::read(path)
            && session.restore(&checkpoint).is_ok()
        {
            // A state that was taken up can be gone on from, be it to an error.
            let _ = (session.step(), session.picture());
        }
    });
});
