//! Events of a job, commands to it from another thread, and a second job after the first.

use std::fs;
use std::sync::{Arc, Mutex};

use impasto_job::spec::{BatchSpec, OutputSpec, RunSpec, SheetSpec, StyleSpec, TextureSpec};
use impasto_job::{End, Event, ItemOutcome, Outcome, Painted, Previews, Runner, SheetDone, Task};
use tempfile::tempdir;

use crate::{collected, runner, sample, small};

fn painted(outcome: Outcome) -> Painted {
    match outcome {
        Outcome::Painted(painted) => painted,
        _ => panic!("no picture"),
    }
}

/// Gives a command at a step, and runs the job to its end.
fn commanded(
    runner: Runner,
    at: usize,
    command: impl Fn(&impasto_job::Control) + Send + Sync + 'static,
) -> Painted {
    let control = runner.control();
    let runner = runner.on_event(move |event| {
        if let Event::Step { step, .. } = event
            && step.iteration == at
        {
            command(&control);
        }
    });
    painted(runner.run().unwrap())
}

#[test]
fn a_job_tells_what_happens() {
    let folder = tempdir().unwrap();
    let output = folder.path().join("out.png");
    let (runner, events) = collected(runner(small(&output)));
    let done = painted(runner.previews(Previews { max_edge: 32, every: Some(15) }).run().unwrap());
    assert_eq!(
        (done.end, done.iterations, done.output.as_deref()),
        (End::Complete, 40, Some(output.as_path()))
    );
    assert!(output.is_file() && done.picture.long_edge() == 64);
    let events = events.lock().unwrap();
    let names: Vec<String> = events
        .iter()
        .map(|event| serde_json::to_value(event).unwrap()["event"].as_str().unwrap().into())
        .collect();
    assert_eq!(names.iter().filter(|name| *name == "step").count(), 40);
    assert_eq!(names.first().map(String::as_str), Some("planned"));
    assert_eq!(names.last().map(String::as_str), Some("done"));
    let previews: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Preview { picture, iterations, result, .. } => {
                Some((picture.long_edge(), *iterations, *result))
            }
            _ => None,
        })
        .collect();
    assert_eq!(previews, [(32, 15, false), (32, 30, false), (32, 40, true)]);
}

#[test]
fn a_paused_job_goes_on_to_the_same_bytes() {
    let folder = tempdir().unwrap();
    let (whole, parts) = (folder.path().join("whole.png"), folder.path().join("parts.png"));
    painted(runner(small(&whole)).run().unwrap());
    let paused = commanded(runner(small(&parts)), 17, |control| control.pause());
    assert_eq!((paused.end, paused.iterations, paused.output.is_none()), (End::Paused, 17, true));
    assert!(!parts.exists());
    let checkpoint = paused.checkpoint.unwrap();
    let (resumed, events) = collected(Runner::resume(&checkpoint).unwrap());
    let done = painted(resumed.run().unwrap());
    assert_eq!((done.end, done.iterations), (End::Complete, 40));
    assert!(fs::read(&whole).unwrap() == fs::read(&parts).unwrap(), "other bytes");
    assert!(!checkpoint.exists());
    assert!(matches!(events.lock().unwrap()[0], Event::Planned { done: 17, .. }));
}

#[test]
fn a_stopped_job_keeps_its_picture_and_a_cancelled_one_does_not() {
    let folder = tempdir().unwrap();
    let (kept, lost) = (folder.path().join("kept.png"), folder.path().join("lost.png"));
    let stopped = commanded(runner(small(&kept)), 9, |control| control.stop());
    assert_eq!((stopped.end, stopped.iterations, kept.is_file()), (End::Stopped, 9, true));
    let cancelled = commanded(runner(small(&lost)), 9, |control| control.cancel());
    assert_eq!((cancelled.end, cancelled.output, lost.exists()), (End::Cancelled, None, false));
    // The next job is not affected.
    let next = painted(runner(small(&lost)).run().unwrap());
    assert_eq!((next.end, next.iterations), (End::Complete, 40));
}

#[test]
fn a_job_that_should_finish_soon_has_its_full_size() {
    let folder = tempdir().unwrap();
    let output = folder.path().join("out.png");
    let mut spec = small(&output);
    spec.run.size = Some(128);
    spec.run.min_size = Some(32);
    let control = runner(spec.clone());
    let done = commanded(control, 5, |control| control.finish_soon());
    assert_eq!((done.end, done.picture.long_edge()), (End::Complete, 128));
    assert!(done.iterations < 40, "{}", done.iterations);
    // The recipe holds the actual iterations, so the same picture can be made again.
    let again = folder.path().join("again.png");
    let like = impasto_job::like(small(&again), &output, &|_| false).unwrap();
    painted(runner(like.spec).run().unwrap());
    let pixels = |path: &std::path::Path| impasto::image::open(path).unwrap().picture;
    assert!(pixels(&output) == pixels(&again), "another picture");
}

#[test]
fn textures_batches_and_sheets_are_jobs_too() {
    let folder = tempdir().unwrap();
    let run = small(&folder.path().join("x.png")).run;
    let texture: TextureSpec = serde_json::from_value(serde_json::json!({
        "style": [{ "path": sample("mosaic.jpg") }],
        "output": folder.path().join("texture.png"),
        "size": [48, 32],
        "model": "random:vgg19?width=1/16",
        "iterations": [3],
    }))
    .unwrap();
    let made = painted(Runner::new(Task::Texture(texture)).run().unwrap());
    assert_eq!((made.end, made.picture.size()), (End::Complete, (48, 32)));

    let run = RunSpec { iterations: Some(vec![3]), ..run };
    let batch = BatchSpec {
        contents: vec![sample("harbour.jpg"), sample("nowhere.jpg")],
        style: vec![sample("mosaic.jpg")],
        output: folder.path().join("batch"),
        name: "{content}.png".into(),
        jobs: None,
        shard: None,
        run: run.clone(),
        result: OutputSpec::default(),
        input: Default::default(),
    };
    let (runner, events) = collected(Runner::new(Task::Batch(batch)));
    let Ok(Outcome::Batch(done)) = runner.run() else { panic!("no batch") };
    assert_eq!((done.end, done.made, done.failed.len(), done.left), (End::Failed, 1, 1, 0));
    let failed = |event: &Event| matches!(event, Event::Item { outcome: ItemOutcome::Failed { .. }, .. });
    assert_eq!(events.lock().unwrap().iter().filter(|event| failed(event)).count(), 1);

    let sheet = SheetSpec {
        content: sample("harbour.jpg"),
        style: vec![StyleSpec::plain(sample("mosaic.jpg"))],
        vary: vec!["seed=1,2".into()],
        output: folder.path().join("sheet.png"),
        run,
        regions: Default::default(),
        input: Default::default(),
    };
    let Ok(Outcome::Sheet(done)) = Runner::new(Task::Sheet(sheet)).run() else { panic!("no sheet") };
    assert_eq!((done.end, done.made, done.of), (End::Complete, 2, 2));
}

/// Runs a sheet of three pictures, with a command after the first.
fn sheet(
    output: &std::path::Path,
    command: impl Fn(&impasto_job::Control) + Send + Sync + 'static,
) -> SheetDone {
    let sheet = SheetSpec {
        content: sample("harbour.jpg"),
        style: vec![StyleSpec::plain(sample("mosaic.jpg"))],
        vary: vec!["seed=1,2,3".into()],
        output: output.into(),
        run: RunSpec { iterations: Some(vec![3]), ..small(output).run },
        regions: Default::default(),
        input: Default::default(),
    };
    let (control, ends) = (impasto_job::Control::default(), Arc::new(Mutex::new(Vec::new())));
    let (commanded, seen) = (control.clone(), Arc::clone(&ends));
    let runner = Runner::new(Task::Sheet(sheet)).controlled_by(&control).on_event(move |event| match event {
        Event::Item { number: 1, .. } => command(&commanded),
        Event::Done { end } => seen.lock().unwrap().push(end),
        _ => {}
    });
    let ended = runner.run();
    let told = ends.lock().unwrap()[0];
    match ended {
        Ok(Outcome::Sheet(done)) => {
            assert_eq!(done.end, told);
            done
        }
        Ok(_) => panic!("no sheet"),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_stopped_sheet_keeps_its_pictures_and_a_cancelled_one_does_not() {
    let folder = tempdir().unwrap();
    let output = folder.path().join("sheet.png");
    let cancelled = sheet(&output, |control| control.cancel());
    assert_eq!((cancelled.end, cancelled.made, output.exists()), (End::Cancelled, 0, false));
    let stopped = sheet(&output, |control| control.stop());
    assert_eq!((stopped.end, stopped.made, output.exists()), (End::Stopped, 1, true));
    let soon = sheet(&output, |control| control.finish_soon());
    assert_eq!((soon.end, soon.made), (End::Stopped, 1));
    let whole = sheet(&output, |_| {});
    assert_eq!((whole.end, whole.made), (End::Complete, 3));
}
