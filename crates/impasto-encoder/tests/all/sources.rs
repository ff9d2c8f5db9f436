//! Models in caches, in temporary folders. There is our own cache, and there are those of torch, Hugging Face and
//! Keras, which are only read.
#![allow(clippy::unwrap_used)] // a failing test

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::weights::{file, model, sha256, timm, with_places};
use impasto_encoder::sources::{
    Digest, Environment, Event, Needed, Place, Size, SourceError, State, Store, WeightFile,
};
use impasto_encoder::{EncoderError, read_file};
use tempfile::TempDir;

const SNAPSHOT: &str = "hf/models--timm--tiny/snapshots/0123abcd";

/// All caches in one folder.
struct Caches {
    folder: TempDir,
    store: Store,
    bytes: Vec<u8>,
}

impl Caches {
    fn new() -> Caches {
        let bytes = timm(1, true);
        let places = [
            Place::HuggingFace { repository: "timm/tiny", file: "model.safetensors" },
            Place::Torch("tiny.pth"),
            Place::Keras("tiny.h5"),
        ];
        let file = with_places(
            file("f.safetensors", &["https://nowhere.invalid/f"], Needed::Whole, &bytes),
            &places,
        );
        Caches::with(file, bytes)
    }

    fn with(file: WeightFile, bytes: Vec<u8>) -> Caches {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        let environment = Environment {
            cache: Some(path("own")),
            torch: vec![path("torch/hub/checkpoints"), path("old")],
            hugging_face: Some(path("hf")),
            keras: Some(path("keras/models")),
            ..Environment::default()
        };
        let model = model(vec![file]);
        let store = Store::new(environment, std::slice::from_ref(model));
        Caches { folder, store, bytes }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Opens the model. Returns the encoder and the names of the events.
    fn open(&self) -> (Result<impasto_encoder::Encoder, EncoderError>, Vec<String>) {
        let mut events = Vec::new();
        let opened = self.store.open(&self.store.models()[0], &mut |event| {
            events.push(match event {
                Event::Verifying { .. } => "verifying".into(),
                Event::Found { cache, .. } => format!("found in {cache}"),
                Event::PassedOver { why, .. } => format!("passed over: {why}"),
                Event::Kept { .. } => "kept".into(),
                Event::NotKept { .. } => "not kept".into(),
                other => panic!("{other:?}"),
            });
        });
        (opened, events)
    }

    fn states(&self) -> Vec<(String, &'static str, State)> {
        let found = self.store.look(&self.store.models()[0]).into_iter();
        let name = |path: &Path| path.strip_prefix(self.folder.path()).unwrap().display().to_string();
        found.map(|finding| (name(&finding.path), finding.cache, finding.state)).collect()
    }
}

#[test]
fn a_model_in_any_cache_is_found_verified_once_and_kept() {
    let places = [
        ("torch/hub/checkpoints/tiny.pth", "torch"),
        ("old/tiny.pth", "torch"),
        (&format!("{SNAPSHOT}/model.safetensors"), "Hugging Face"),
        ("keras/models/tiny.h5", "Keras"),
        ("own/models/f.safetensors", "own"),
    ];
    for (place, cache) in places {
        let caches = Caches::new();
        let path = caches.put(place, &caches.bytes);
        let before = fs::metadata(&path).unwrap();
        assert_eq!(caches.states(), [(place.to_string(), cache, State::Unverified)]);
        // Looking for models writes nothing.
        assert!(place.starts_with("own") || !caches.path("own").exists());

        let (opened, events) = caches.open();
        assert_eq!(events, ["verifying", &format!("found in {cache}"), "kept"]);
        let opened = opened.unwrap();
        assert!(opened.weights() == read_file(&path).unwrap().weights());
        assert_eq!(opened.provenance().name, "tiny");
        assert_eq!(opened.provenance().metadata["source"], "https://nowhere.invalid/f");
        assert_eq!(opened.provenance().metadata["source_sha256"], sha256(&caches.bytes));

        // From now on our own file is used, and it is the same.
        let (again, events) = caches.open();
        assert!(again.unwrap() == opened);
        assert_eq!(events, [""; 0]);
        let states = caches.states();
        assert_eq!(states[0], ("own/models/tiny.safetensors".into(), "own", State::Verified));
        assert_eq!(states[1], (place.to_string(), cache, State::Verified));
        // Without our own file the verified one is used again, and is not hashed again.
        fs::remove_file(caches.path("own/models/tiny.safetensors")).unwrap();
        let (third, events) = caches.open();
        assert_eq!(events, [&format!("found in {cache}"), "kept"]);
        assert!(third.unwrap() == opened);
        let after = fs::metadata(&path).unwrap();
        assert_eq!((before.len(), before.modified().unwrap()), (after.len(), after.modified().unwrap()));
    }
}

#[test]
fn what_is_not_what_its_name_says_is_passed_over_and_stays() {
    let caches = Caches::new();
    let short = caches.put("torch/hub/checkpoints/tiny.pth", &caches.bytes[..100]);
    let mut flipped = caches.bytes.clone();
    flipped[2000] ^= 1;
    let wrong = caches.put("keras/models/tiny.h5", &flipped);
    let states = caches.states();
    assert!(matches!(&states[0].2, State::Wrong(why) if why.contains("found 100")), "{states:?}");
    assert_eq!(states[1].2, State::Unverified);

    let (opened, events) = caches.open();
    let error = opened.unwrap_err();
    for words in ["tiny", "not on this machine", "passed over", "found 100", "SHA-256", "torch/hub", "keras"]
    {
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
    assert!(error.hint().unwrap().contains("models fetch tiny"), "{:?}", error.hint());
    assert_eq!(events.len(), 3, "{events:?}");
    assert_eq!(fs::read(short).unwrap().len(), 100);
    assert_eq!(fs::read(wrong).unwrap(), flipped);
    // A good file in a later place is used.
    caches.put("old/tiny.pth", &caches.bytes);
    let (opened, events) = caches.open();
    assert!(opened.is_ok() && events.iter().any(|event| event.starts_with("passed over")), "{events:?}");
}

#[test]
fn a_file_that_changed_since_is_verified_again() {
    let caches = Caches::new();
    let path = caches.put("old/tiny.pth", &caches.bytes);
    caches.open().0.unwrap();
    fs::remove_file(caches.path("own/models/tiny.safetensors")).unwrap();
    let mut flipped = caches.bytes.clone();
    flipped[2000] ^= 1;
    fs::write(&path, flipped).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(9)).unwrap();
    assert_eq!(caches.states()[0].2, State::Unverified);
    assert!(caches.open().0.is_err());
}

#[test]
fn our_own_file_is_held_against_what_was_written() {
    let caches = Caches::new();
    caches.put("old/tiny.pth", &caches.bytes);
    caches.open().0.unwrap();
    let own = caches.path("own/models/tiny.safetensors");
    let good = fs::read(&own).unwrap();
    let mut damaged = good.clone();
    let last = damaged.len() - 3;
    damaged[last] ^= 1;
    fs::write(&own, damaged).unwrap();
    let (opened, events) = caches.open();
    // The original still exists and is converted again.
    assert!(opened.is_ok());
    assert!(events[0].contains("damaged"), "{events:?}");
    assert_eq!(fs::read(&own).unwrap(), good);
    // Without it, the error reports the damage.
    fs::remove_file(caches.path("old/tiny.pth")).unwrap();
    fs::write(&own, &good[..good.len() / 2]).unwrap();
    assert!(caches.open().0.unwrap_err().to_string().contains("cut off"));
    // A lost or broken list does not matter.
    fs::write(&own, &good).unwrap();
    for list in ["", "[]", "{\"x\":1}", "{"] {
        fs::write(caches.path("own/models/verified.json"), list).unwrap();
        assert!(caches.open().0.is_ok(), "{list}");
    }
}

#[test]
fn weights_of_another_training_do_not_get_the_name() {
    // No hash is known: the content decides.
    let other = timm(1, false);
    let unknown = WeightFile { digest: None, ..file("f.safetensors", &["https://x"], Needed::Whole, &other) };
    let caches = Caches::with(unknown, other);
    caches.put("own/models/f.safetensors", &caches.bytes);
    let error = caches.open().0.unwrap_err().to_string();
    assert!(error.contains("expected weights of vgg19"), "{error}");
    // The place of our own file does not help either.
    caches.put("own/models/tiny.safetensors", &caches.bytes);
    assert!(caches.open().0.is_err());
}

#[test]
fn unfinished_and_dangling_files_do_not_count() {
    let caches = Caches::new();
    caches.put("hf/models--timm--tiny/blobs/abc.incomplete", &caches.bytes);
    caches.put("torch/hub/checkpoints/tiny.pth.abc123.partial", &caches.bytes);
    fs::create_dir_all(caches.path(SNAPSHOT)).unwrap();
    fs::create_dir_all(caches.path("keras/models/tiny.h5")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("../../blobs/abc", caches.path(SNAPSHOT).join("model.safetensors")).unwrap();
    assert_eq!(caches.states(), []);
    // A finished download of Hugging Face is a link to a blob.
    let blob = caches.put("hf/models--timm--tiny/blobs/abc", &caches.bytes);
    #[cfg(unix)]
    {
        assert!(caches.open().0.is_ok());
        assert_eq!(fs::read(blob).unwrap(), caches.bytes);
    }
}

#[test]
fn the_snapshot_of_main_comes_first() {
    let caches = Caches::new();
    let name = |snapshot: &str| format!("hf/models--timm--tiny/snapshots/{snapshot}/model.safetensors");
    for snapshot in ["aaa", "bbb", "ccc"] {
        caches.put(&name(snapshot), &caches.bytes);
    }
    caches.put("hf/models--timm--tiny/refs/main", b"bbb");
    let order: Vec<String> = caches.states().into_iter().map(|state| state.0).collect();
    assert_eq!(order, ["bbb", "aaa", "ccc"].map(name));
}

fn md5(bytes: &[u8]) -> String {
    use md5::Digest;
    md5::Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn hashes_may_be_md5_or_a_beginning() {
    for (digest, good) in [
        (Digest::Sha256(sha256(&timm(1, true))[..8].to_string().leak()), true),
        (Digest::Md5(md5(&timm(1, true)).leak()), true),
        (Digest::Sha256("00000000"), false),
        (Digest::Md5("00000000000000000000000000000000"), false),
    ] {
        let bytes = timm(1, true);
        let known = file("f.safetensors", &["https://x"], Needed::Whole, &bytes);
        let caches =
            Caches::with(WeightFile { digest: Some(digest), size: Size::AtMost(1 << 23), ..known }, bytes);
        caches.put("own/models/f.safetensors", &caches.bytes);
        assert_eq!(caches.open().0.is_ok(), good, "{digest:?}");
    }
}

#[cfg(unix)]
#[test]
fn where_nothing_can_be_kept_it_is_used_in_place() {
    let caches = Caches::new();
    caches.put("old/tiny.pth", &caches.bytes);
    // A file in place of the folder stops even a user who may write everywhere.
    caches.put("own", b"");
    let (opened, events) = caches.open();
    assert!(opened.is_ok());
    assert_eq!(events, ["verifying", "found in torch", "not kept"]);
}

#[test]
fn where_it_is_not_the_error_says_what_to_do() {
    let caches = Caches::new();
    let mut environment = caches.store.environment().clone();
    environment.offline = Some("HF_HUB_OFFLINE".into());
    let store = Store::new(environment, caches.store.models());
    let error = store.open(&store.models()[0], &mut |_| {}).unwrap_err();
    assert!(matches!(error, EncoderError::Source(SourceError::NotHere(_))));
    let hint = error.hint().unwrap();
    for words in ["HF_HUB_OFFLINE", "https://nowhere.invalid/f", "f.safetensors", "own/models"] {
        assert!(hint.contains(words), "{words}: {hint}");
    }
    let nowhere = Store::new(Environment::default(), caches.store.models());
    assert!(nowhere.open(&nowhere.models()[0], &mut |_| {}).is_err());
    assert_eq!(nowhere.look(&nowhere.models()[0]).len(), 0);
}
