//! Names of files that are not Unicode: in jobs as JSON, and in checkpoints.
#![cfg(target_os = "linux")]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use impasto_job::spec::StyleSpec;
use impasto_job::{End, Event, JobSpec, Outcome, Runner, Task};
use tempfile::tempdir;

use crate::{runner, sample, small};

fn name(bytes: &[u8]) -> PathBuf {
    OsStr::from_bytes(bytes).into()
}

#[test]
fn a_job_with_any_names_comes_back_from_json() {
    let mut spec = small(&name(b"out\xff.png"));
    spec.content = name(b"caf\xe9 50%.png");
    spec.style = vec![StyleSpec { mask: Some(name(b"m\xfe.png")), ..StyleSpec::plain(name(b"\xe9.jpg")) }];
    spec.run.init = Some(name(b"i\xff.png"));
    spec.regions.mask = vec![name(b"a\xff.png"), "b.png".into()];
    spec.regions.protect = Some(name(b"p\xff.png"));
    (spec.report, spec.checkpoint) = (Some(name(b"r\xff.json")), Some("percent-encoded:x".into()));
    spec.side_outputs.triptych = Some(name(b"t\xff.png"));
    let job = JobSpec::from(Task::Stylize(spec));
    let json = job.to_json().unwrap();
    assert!(json.contains("percent-encoded:caf%E9 50%25.png") && json.contains("\"b.png\""), "{json}");
    assert_eq!(JobSpec::from_json(&json).unwrap(), job);
    let event = Event::Checkpointed { path: name(b"c\xff") };
    assert_eq!(serde_json::to_value(event).unwrap()["path"], "percent-encoded:c%FF");
}

#[test]
fn a_paused_job_with_any_names_goes_on() {
    let folder = tempdir().unwrap();
    let content = folder.path().join(name(b"caf\xe9.jpg"));
    fs::copy(sample("harbour.jpg"), &content).unwrap();
    let output = folder.path().join(name(b"out\xff.png"));
    let mut spec = small(&output);
    spec.content = content;
    let begun = runner(spec);
    let control = begun.control();
    let begun = begun.on_event(move |event| {
        if matches!(&event, Event::Step { step, .. } if step.iteration == 5) {
            control.pause();
        }
    });
    let Ok(Outcome::Painted(paused)) = begun.run() else { panic!("not painted") };
    assert_eq!(paused.end, End::Paused);
    let resumed = Runner::resume(&paused.checkpoint.unwrap()).unwrap().run();
    let Ok(Outcome::Painted(done)) = resumed else { panic!("not painted") };
    assert_eq!((done.end, done.iterations, output.is_file()), (End::Complete, 40, true));
}
