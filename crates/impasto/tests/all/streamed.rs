//! A run with its state in files equals the run with its state in memory: it has the same bytes after every step,
//! and either can resume from the other's checkpoints.
#![allow(clippy::unwrap_used)] // a panic fails the test

use std::path::Path;

use crate::common::{saved, waves};
use impasto::{
    Checkpoint, CheckpointError, Error, Init, Keep, OptimizerKind, Overrides, Preset, Session, StyleTransfer,
};
use impasto_engine::{EngineError, Tiling};

/// A shallow layer, which needs small margins only.
fn layers(name: &str) -> Option<Vec<String>> {
    Some(vec![name.into()])
}

/// A transfer that is cut into tiles at both of its scales. With `folder`, it has little memory.
fn transfer(preset: &str, overrides: Overrides, folder: Option<&Path>) -> StyleTransfer {
    let tiling =
        Tiling { window: Some(192 * 192), folder: folder.map(Path::to_path_buf), ..Tiling::default() };
    StyleTransfer::new(waves(400, 300, 0))
        .style(waves(150, 150, 1))
        .preset(Preset::named(preset).unwrap())
        .overrides(Overrides {
            iterations: Some(2),
            min_size: Some(260),
            content_layers: layers("relu2_1"),
            style_layers: layers("relu1_1"),
            // A draft would be smaller with less memory.
            init: Some(Init::Content),
            ..overrides
        })
        .size(400)
        .tiling(tiling)
        .memory(folder.map(|_| 1 << 20))
}

fn resumed(transfer: &StyleTransfer, checkpoint: &[u8]) -> Session {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    std::fs::write(&path, checkpoint).unwrap();
    let mut session = transfer.clone().build().unwrap();
    session.restore(&Checkpoint::read(&path).unwrap()).unwrap();
    session
}

#[test]
fn files_give_the_same_bytes_as_memory() {
    let folder = tempfile::tempdir().unwrap();
    let pairs = Overrides { optimizer: Some(OptimizerKind::Lbfgs), ..Overrides::default() };
    let best = Overrides { keep: Some(Keep::Best), ..Overrides::default() };
    let runs = [("impasto", Overrides::default()), ("crowson", best), ("impasto", pairs)];
    for (preset, overrides) in runs {
        let [in_files, in_memory] =
            [Some(folder.path()), None].map(|folder| transfer(preset, overrides.clone(), folder));
        let mut streamed = in_files.clone().build().unwrap();
        let mut kept = in_memory.clone().build().unwrap();
        assert!(streamed.scales().len() > 1, "{preset}: one scale only");
        assert!(streamed.plan().scales.iter().all(|scale| scale.streamed && scale.spilled_bytes > 0));
        assert!(kept.plan().scales.iter().all(|scale| !scale.streamed));
        let steps: usize = kept.scales().iter().map(|scale| scale.iterations).sum();
        for step in 0..steps {
            let state = saved(&kept);
            assert!(saved(&streamed) == state, "{preset}: another state before step {step}");
            assert_eq!(streamed.picture().unwrap(), kept.picture().unwrap(), "{preset} before step {step}");
            if step == 3 {
                // Each run resumes from the other's checkpoint.
                (streamed, kept) = (resumed(&in_files, &state), resumed(&in_memory, &saved(&streamed)));
            }
            streamed.step().unwrap().unwrap();
            kept.step().unwrap().unwrap();
        }
        assert_eq!(streamed.picture().unwrap(), kept.picture().unwrap(), "{preset} at the end");
    }
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "files were left");
}

#[test]
fn a_folder_that_goes_away_ends_the_run_with_the_reason() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("results");
    // Nothing is written before the first step.
    let mut missing = transfer("impasto", Overrides::default(), Some(&folder)).build().unwrap();
    let error = missing.step().unwrap_err();
    assert!(matches!(error, Error::Engine(EngineError::Spill { .. })), "{error}");

    std::fs::create_dir(&folder).unwrap();
    let mut session = transfer("impasto", Overrides::default(), Some(&folder)).build().unwrap();
    (0..2).for_each(|_| drop(session.step().unwrap()));
    let picture = session.picture().unwrap();
    std::fs::remove_dir(&folder).unwrap();
    // The next scale has vectors of another size.
    let error = session.step().unwrap_err();
    assert!(matches!(error, Error::Stream { .. }), "{error}");
    assert!(error.hint().unwrap().contains("`memory`"));
    // The run is over, but the picture is still available. The remaining state is not worth saving.
    assert!(session.step().unwrap().is_none());
    assert_eq!(session.picture().unwrap(), picture);
    let unsaved = session.save(&parent.path().join("run"), "");
    assert!(matches!(unsaved, Err(Error::Checkpoint(CheckpointError::Failed))), "{unsaved:?}");
}
