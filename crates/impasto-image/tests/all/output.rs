//! Files are written whole or not at all. Errors that would occur at the end are found at the beginning.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io;
use std::path::Path;

use impasto_image::{Encoding, ImageError, Picture, check_output, save, write_atomically};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_save_leaves_only_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    for side in [3, 5] {
        save(&path, &Picture::filled(side, side, [0.5; 3]), None, &Encoding::default()).unwrap();
        assert_eq!(names(folder.path()), ["a.png"]);
        assert_eq!(impasto_image::open(&path).unwrap().picture.size(), (side, side));
    }
}

#[test]
fn a_failure_halfway_keeps_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    fs::write(&path, "old").unwrap();
    let error = write_atomically(&path, |out| {
        out.write_all(&[b'x'; 100_000])?;
        Err(io::Error::from(io::ErrorKind::StorageFull))
    })
    .unwrap_err();
    assert!(matches!(error, ImageError::Write { .. }) && error.hint().is_some());
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(names(folder.path()), ["report.json"]);
}

#[test]
fn a_failed_encoding_keeps_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jpg");
    fs::write(&path, "old").unwrap();
    // A profile of this size does not fit into the segments of a JPEG file.
    let encoding = Encoding { icc_profile: Some(vec![0; 20 << 20]), ..Encoding::default() };
    let error = save(&path, &Picture::filled(2, 2, [0.5; 3]), None, &encoding).unwrap_err();
    assert!(matches!(error, ImageError::Encode { .. }), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(names(folder.path()), ["a.jpg"]);
}

#[test]
fn outputs_are_checked_in_advance() {
    let folder = tempfile::tempdir().unwrap();
    let inside = |name: &str| folder.path().join(name);
    fs::write(inside("file"), "").unwrap();
    fs::create_dir(inside("folder.png")).unwrap();
    assert!(check_output(&inside("a.png"), None, true).is_ok());
    assert!(check_output(&inside("a.jpg"), None, false).is_ok());
    assert!(matches!(check_output(&inside("a.jpg"), None, true), Err(ImageError::NoAlpha { .. })));
    assert!(matches!(check_output(&inside("a.xyz"), None, false), Err(ImageError::UnknownExtension { .. })));
    assert!(matches!(
        check_output(&inside("a"), None, false),
        Err(ImageError::UnknownExtension { extension: None, .. })
    ));
    assert!(matches!(check_output(&inside("folder.png"), None, false), Err(ImageError::IsFolder { .. })));
    assert!(matches!(check_output(&inside("missing/a.png"), None, false), Err(ImageError::NoFolder { .. })));
    assert!(matches!(check_output(&inside("file/a.png"), None, false), Err(ImageError::NotAFolder { .. })));
    assert_eq!(names(folder.path()), ["file", "folder.png"]);
}

#[test]
fn a_name_without_a_folder_means_the_current_one() {
    assert!(check_output(Path::new("does-not-exist-yet.png"), None, false).is_ok());
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn permissions_are_those_of_an_ordinary_file_or_of_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
        fs::write(folder.path().join("ordinary"), "").unwrap();
        let path = folder.path().join("new.txt");
        write_atomically(&path, |out| out.write_all(b"1")).unwrap();
        assert_eq!(mode("new.txt"), mode("ordinary"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        write_atomically(&path, |out| out.write_all(b"2")).unwrap();
        assert_eq!(mode("new.txt"), 0o640);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        let error = write_atomically(&path, |out| out.write_all(b"3")).unwrap_err();
        assert!(matches!(error, ImageError::Write { .. }));
        assert_eq!(fs::read(&path).unwrap(), b"2");
    }

    #[test]
    fn links_are_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.txt"), folder.path().join("link.txt"));
        fs::write(&real, "old").unwrap();
        symlink(&real, &link).unwrap();
        write_atomically(&link, |out| out.write_all(b"new")).unwrap();
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn devices_are_written_to_and_not_replaced() {
        use std::os::unix::fs::FileTypeExt;
        write_atomically(Path::new("/dev/null"), |out| out.write_all(b"gone")).unwrap();
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    }
}
