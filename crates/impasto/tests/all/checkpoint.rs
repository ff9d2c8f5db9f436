//! A run that is saved and resumed ends with the bytes of an uninterrupted run. A checkpoint that is damaged or
//! belongs to another run is rejected with the reason.
#![allow(clippy::unwrap_used)] // a panic fails the test

use std::fs;

use crate::common::{saved, transfer, waves};
use impasto::{
    Checkpoint, CheckpointError, Error, Keep, OptimizerKind, Overrides, Picture, Session, StyleTransfer,
};
use impasto_engine::Tiling;

fn overrides(optimizer: OptimizerKind, keep: Keep) -> Overrides {
    Overrides {
        optimizer: Some(optimizer),
        keep: Some(keep),
        iterations: Some(4),
        min_size: Some(32),
        ..Overrides::default()
    }
}

fn read(bytes: &[u8]) -> Result<Checkpoint, CheckpointError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    fs::write(&path, bytes).unwrap();
    Checkpoint::read(&path)
}

fn end(mut session: Session) -> Picture {
    session.by_ref().for_each(|step| drop(step.unwrap()));
    session.picture().unwrap()
}

#[test]
fn a_resumed_run_ends_with_the_same_bytes() {
    let runs = [
        ("impasto", OptimizerKind::Adam, Keep::Average),
        ("crowson", OptimizerKind::Adam, Keep::Best),
        ("gatys", OptimizerKind::Lbfgs, Keep::Last),
        ("johnson", OptimizerKind::Lbfgs, Keep::Best),
    ];
    for (preset, optimizer, keep) in runs {
        let begin = || transfer(preset).overrides(overrides(optimizer, keep)).build().unwrap();
        let expected = end(begin());
        let mut session = begin();
        assert!(session.scales().len() > 1, "{preset}: one scale only");
        let steps: usize = session.scales().iter().map(|scale| scale.iterations).sum();
        // Before the first step, between any two, at a change of scale, and after the last.
        for done in 0..=steps {
            let checkpoint = read(&saved(&session)).unwrap();
            assert_eq!(checkpoint.note(), "a note");
            let mut resumed = begin();
            resumed.restore(&checkpoint).unwrap();
            assert_eq!(resumed.picture().unwrap(), session.picture().unwrap(), "{preset} after {done}");
            assert_eq!(saved(&resumed), saved(&session), "{preset} after {done}");
            assert_eq!(end(resumed), expected, "{preset} resumed after {done} of {steps}");
            session.step().unwrap();
        }
    }
}

#[test]
fn tiles_do_not_depend_on_the_number_of_threads() {
    let window = |threads: usize| {
        let transfer = StyleTransfer::new(waves(900, 700, 0)).style(waves(100, 100, 1)).size(900);
        transfer.memory(150_000_000).threads(threads).build().unwrap().plan().window
    };
    assert!(window(1).is_some());
    assert_eq!(window(1), window(64));
}

#[test]
fn tiles_are_part_of_a_run() {
    let tiled = || {
        let tiling = Tiling { window: Some(500 * 500), ..Tiling::default() };
        StyleTransfer::new(waves(600, 420, 0))
            .style(waves(300, 300, 1))
            .overrides(Overrides { iterations: Some(2), min_size: Some(600), ..Overrides::default() })
            .size(600)
            .tiling(tiling)
    };
    let expected = end(tiled().build().unwrap());
    let mut session = tiled().build().unwrap();
    session.step().unwrap();
    let checkpoint = read(&saved(&session)).unwrap();
    assert_eq!(checkpoint.window(), Some(500 * 500));
    let mut whole = tiled().tiling(Tiling::default()).build().unwrap();
    assert_refused(whole.restore(&checkpoint), "tiles");
    let mut resumed = tiled().build().unwrap();
    resumed.restore(&checkpoint).unwrap();
    assert_eq!(end(resumed), expected);
}

#[track_caller]
fn assert_refused(found: Result<(), Error>, word: &str) {
    let Err(Error::Checkpoint(error @ CheckpointError::Differs { .. })) = found else {
        panic!("{word}: expected a refusal, found {found:?}");
    };
    assert!(error.to_string().contains(word), "{error}");
    assert!(error.hint().is_some());
}

#[test]
fn another_run_is_refused_with_what_differs() {
    let adam = overrides(OptimizerKind::Adam, Keep::Last);
    let mut session = transfer("impasto").overrides(adam.clone()).seed(1).build().unwrap();
    session.step().unwrap();
    let checkpoint = read(&saved(&session)).unwrap();
    let base = || transfer("impasto").overrides(adam.clone()).seed(1);
    let others = [
        (
            "content",
            StyleTransfer::new(waves(48, 40, 5)).style(waves(44, 48, 1)).overrides(adam.clone()).seed(1),
        ),
        (
            "style 1",
            StyleTransfer::new(waves(48, 40, 0)).style(waves(44, 48, 7)).overrides(adam.clone()).seed(1),
        ),
        ("1 styles, not 2", base().style(waves(30, 30, 2))),
        ("seed", base().seed(2)),
        ("size", base().size(40)),
        ("size", base().overrides(Overrides { iterations: Some(9), ..adam.clone() })),
        ("size of the styles", base().style_scale(0.5)),
        ("model", base().model(crate::common::NARROW)),
        ("content_weight", base().overrides(Overrides { content_weight: Some(3.0), ..adam.clone() })),
    ];
    for (word, other) in others {
        let mut other = other.build().unwrap();
        let before = other.picture().unwrap();
        // It does not matter to the user which list is called "it"; the checkpoint's is named second.
        let found = other.restore(&checkpoint);
        let word = if word.starts_with('1') { "styles" } else { word };
        assert_refused(found, word);
        assert_eq!(other.picture().unwrap(), before, "{word}: the session was touched");
    }
}

#[test]
fn notes_of_any_length_come_back() {
    let session = transfer("impasto").build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    for note in ["", "\"quoted\" and \n new", &"{\"step\":\"é\"}".repeat(100_000)] {
        session.save(&path, note).unwrap();
        assert!(Checkpoint::read(&path).unwrap().note() == note, "{} bytes", note.len());
    }
}

#[test]
fn every_damage_is_found() {
    let adam = overrides(OptimizerKind::Adam, Keep::Last);
    let mut session = transfer("impasto").overrides(adam).build().unwrap();
    session.step().unwrap();
    let bytes = saved(&session);
    read(&bytes).unwrap();
    // A flipped bit anywhere: in the length, the header, the numbers, the digest.
    let places = (0..40).map(|i| i * bytes.len() / 40).chain([bytes.len() - 1, 3, 9]);
    for place in places {
        let mut damaged = bytes.clone();
        damaged[place] ^= 4;
        let error = read(&damaged).map(|_| ()).unwrap_err();
        let right = matches!(error, CheckpointError::Damaged { .. } | CheckpointError::Version { .. });
        assert!(right, "byte {place}: {error}");
    }
    for length in [0, 5, 8, 100, bytes.len() / 2, bytes.len() - 1] {
        let error = read(&bytes[..length]).map(|_| ()).unwrap_err();
        assert!(matches!(error, CheckpointError::Damaged { .. }), "{length} bytes: {error}");
    }
    let longer = [&bytes[..], b"more"].concat();
    assert!(matches!(read(&longer), Err(CheckpointError::Damaged { .. })));
    // Another version is reported before the rest is parsed.
    let text = br#"\"version\":1"#;
    let place = bytes.windows(text.len()).position(|window| window == text).unwrap();
    let mut newer = bytes.clone();
    newer[place + text.len() - 1] = b'7';
    assert!(matches!(read(&newer), Err(CheckpointError::Version { found: 7, .. })));
    let missing = Checkpoint::read("nowhere".as_ref());
    assert!(matches!(missing, Err(CheckpointError::Read { .. })));
}
