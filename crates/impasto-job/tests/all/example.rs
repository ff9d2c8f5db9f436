//! The example `folder` repaints every picture of a folder, and skips existing results.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::sample;

#[test]
fn a_folder_is_repainted() {
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("photos");
    fs::create_dir(&photos).unwrap();
    let small = impasto::Picture::filled(40, 30, [0.3, 0.6, 0.4]);
    impasto::image::save(&photos.join("meadow.png"), &small, None, &Default::default()).unwrap();
    let results = folder.path().join("results");
    // Cargo builds examples before tests, beside them.
    let program: PathBuf = std::env::current_exe().unwrap().parent().unwrap().join("../examples/folder");
    let run = || Command::new(&program).args([&photos, &sample("mosaic.jpg"), &results]).output().unwrap();
    let first = run();
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    assert!(String::from_utf8_lossy(&first.stdout).contains("wrote"));
    assert!(results.join("meadow.png").is_file());
    assert!(run().stdout.is_empty());
}
