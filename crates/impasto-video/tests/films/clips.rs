//! Tiny clips and jobs for the tests.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use impasto::Picture;
use impasto_job::End;
use impasto_job::spec::StyleSpec;
use impasto_video::{VideoEvent, VideoRunner, VideoSpec};

/// Pixels across and down of the clips.
pub(crate) const SIZE: (usize, usize) = (64, 48);

/// A frame of a scene with its own colours, moved by `at` pixels.
pub(crate) fn frame(scene: usize, at: usize) -> Picture {
    let value = |i: usize| {
        let (plane, x, y) = (i / (SIZE.0 * SIZE.1), i % SIZE.0 + at, i / SIZE.0 % SIZE.1);
        let wave =
            (x * (scene + 2) + y * (5 - scene % 3)) as f32 * 0.09 + plane as f32 * (scene as f32 + 0.7);
        0.5 + 0.3 * wave.sin() + 0.1 * ((x as f32 * 0.7).sin() * (y as f32 * 0.5).cos())
    };
    Picture::new(SIZE.0, SIZE.1, (0..3 * SIZE.0 * SIZE.1).map(value).collect()).unwrap()
}

/// A folder with a clip `in/`, and a style.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// A clip of these frames: scene and position of each.
    pub(crate) fn new(frames: &[(usize, usize)]) -> Place {
        let place = Place { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(place.path("in")).unwrap();
        fs::create_dir(place.path("out")).unwrap();
        for (number, (scene, at)) in frames.iter().enumerate() {
            frame(*scene, *at).save(place.path(&format!("in/{number:03}.png"))).unwrap();
        }
        frame(3, 0).save(place.path("style.png")).unwrap();
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A job with a small model and few iterations.
    pub(crate) fn job(&self, output: &str) -> VideoSpec {
        let style = StyleSpec::plain(self.path("style.png"));
        let mut job = VideoSpec::new(self.path("in"), vec![style], self.path(output));
        job.run.objective.model = "random:vgg19?width=1/16".into();
        job.run.min_size = Some(48);
        job.run.first_iterations = Some(3);
        job.run.threads = Some(2);
        job
    }

    /// The bytes of all files of a folder, by name.
    pub(crate) fn bytes(&self, folder: &str) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> =
            fs::read_dir(self.path(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let name = |file: &Path| file.file_name().unwrap().to_string_lossy().into_owned();
        files.iter().filter(|file| file.is_file()).map(|file| (name(file), fs::read(file).unwrap())).collect()
    }
}

/// Runs a job and returns its events.
pub(crate) fn run(job: VideoSpec) -> Result<Vec<VideoEvent>, impasto_job::JobError> {
    let events = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = events.clone();
    VideoRunner::new(job).on_event(move |event| seen.lock().unwrap().push(event)).run()?;
    let events = events.lock().unwrap().clone();
    Ok(events)
}

/// Runs a job that stops after this many frames.
pub(crate) fn stopped_after(job: VideoSpec, frames: usize) {
    let runner = VideoRunner::new(job);
    let (control, seen) = (runner.control(), Arc::new(AtomicUsize::new(0)));
    let runner = runner.on_event(move |event| {
        if matches!(event, VideoEvent::Frame { .. }) && seen.fetch_add(1, Ordering::SeqCst) + 1 == frames {
            control.stop();
        }
    });
    assert_eq!(runner.run().unwrap().end, End::Stopped);
}

/// Whether ffmpeg is here; reports the test as skipped if it is not. Fails if `IMPASTO_NO_SKIPS` is 1.
#[track_caller]
pub(crate) fn has_ffmpeg(test: &str) -> bool {
    let has = |program: &str| {
        Command::new(program).arg("-version").output().is_ok_and(|output| output.status.success())
    };
    if has("ffmpeg") && has("ffprobe") {
        return true;
    }
    let forbidden = std::env::var_os("IMPASTO_NO_SKIPS").is_some_and(|value| value == "1");
    assert!(!forbidden, "{test} cannot do its work here: ffmpeg is not installed");
    let _ = writeln!(std::io::stderr(), "skipped: {test}: ffmpeg is not installed");
    false
}

/// Runs ffmpeg or ffprobe, which must succeed, and returns what it prints.
pub(crate) fn tool(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(["-v", "error"]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
