//! Frames as files, in and out.

use std::sync::{Arc, Mutex};

use impasto::Picture;
use impasto_job::{End, Event, Outcome, Previews, Runner, Task};
use impasto_video::{VideoEvent, VideoRunner};

use crate::clips::{Place, SIZE, frame, run};

#[test]
fn a_folder_of_frames_becomes_a_pattern_of_frames() {
    let place = Place::new(&[(0, 0), (0, 1), (0, 2)]);
    let events = run(place.job("out/%02d.png")).unwrap();
    let names: Vec<String> = place.bytes("out").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["01.png", "02.png", "03.png"]);
    assert_eq!(Picture::open(place.path("out/02.png")).unwrap().size(), SIZE);
    let frames: Vec<usize> = events
        .iter()
        .filter_map(|event| match event {
            VideoEvent::Frame { frame, .. } => Some(*frame),
            _ => None,
        })
        .collect();
    assert_eq!(frames, [0, 1, 2]);
    assert!(matches!(events.last(), Some(VideoEvent::Done { .. })));
    // The folder of the work is gone.
    assert!(!place.path("out/.impasto.film").exists());
}

/// A runner of jobs paints films by the function of this crate, with the same bytes.
#[test]
fn a_film_is_a_job_like_others() {
    let place = Place::new(&[(0, 0), (0, 1)]);
    run(place.job("out/%d.png")).unwrap();
    let alone = place.bytes("out");
    let task = Task::Video(Box::new(place.job("out/%d.png")));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&seen);
    let runner = Runner::new(task).films(impasto_video::films()).threads(Some(1));
    let previews = Previews { max_edge: 32, every: None };
    let outcome =
        runner.previews(previews).on_event(move |event| listener.lock().unwrap().push(event)).run().unwrap();
    let Outcome::Filmed(filmed) = outcome else { panic!("no film") };
    assert_eq!((filmed.end, filmed.painted, filmed.frames, filmed.size), (End::Complete, 2, 2, SIZE));
    assert!(place.bytes("out") == alone);
    let events = seen.lock().unwrap();
    let names: Vec<String> = events
        .iter()
        .map(|event| serde_json::to_value(event).unwrap()["event"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["planned", "shot", "frame", "picture", "frame", "picture", "wrote", "done"]);
    let shown = events.iter().filter_map(|event| match event {
        Event::Film(VideoEvent::Picture { picture, .. }) => Some(picture.size()),
        _ => None,
    });
    assert_eq!(shown.collect::<Vec<_>>(), [(32, 24); 2]);
}

#[test]
fn a_scene_that_stands_still_gives_the_same_bytes() {
    let place = Place::new(&[(0, 0); 3]);
    run(place.job("out/%d.png")).unwrap();
    let files = place.bytes("out");
    assert!(files[0].1 == files[1].1 && files[1].1 == files[2].1);
}

#[test]
fn a_cut_begins_anew_without_a_ghost() {
    let frames: Vec<(usize, usize)> = (0..4).map(|at| (0, at)).chain((0..3).map(|at| (1, at))).collect();
    let place = Place::new(&frames);
    let mut job = place.job("out/%d.png");
    job.film.cuts = Some(vec![4]);
    run(job).unwrap();
    // The second shot alone has the same first frame.
    let alone = Place::new(&[(1, 0), (1, 1), (1, 2)]);
    run(alone.job("out/%d.png")).unwrap();
    assert!(place.bytes("out")[4].1 == alone.bytes("out")[0].1);
}

#[test]
fn held_frames_are_copies_and_those_between_are_not() {
    let frames: Vec<(usize, usize)> = (0..5).map(|at| (0, at)).collect();
    let place = Place::new(&frames);
    let mut job = place.job("out/%d.png");
    job.film.hold = Some(2);
    run(job).unwrap();
    let files = place.bytes("out");
    assert!(files[0].1 == files[1].1 && files[2].1 == files[3].1 && files[1].1 != files[2].1);

    let place = Place::new(&frames);
    let mut job = place.job("out/%d.png");
    job.film.every = Some(2);
    let events = run(job).unwrap();
    let painted = events.iter().filter(|event| matches!(event, VideoEvent::Frame { .. })).count();
    assert_eq!(painted, 3);
    let files = place.bytes("out");
    assert!((1..5).all(|at| files[at].1 != files[at - 1].1));
}

/// Another part of the frame changes, so the frame is painted; what stands still is copied all the same.
#[test]
fn parts_that_stand_still_keep_their_bytes() {
    let place = Place::new(&[(0, 0); 3]);
    for at in 0..3 {
        let mut changing = frame(0, 0);
        let other = frame(4, at);
        let pixels = changing.rgb_mut().iter_mut().zip(other.rgb()).enumerate();
        pixels.filter(|(i, _)| i % 64 >= 58).for_each(|(_, (to, from))| *to = *from);
        changing.save(place.path(&format!("in/{at:03}.png"))).unwrap();
    }
    run(place.job("out/%d.png")).unwrap();
    let frames: Vec<Picture> =
        (1..4).map(|at| Picture::open(place.path(&format!("out/{at}.png"))).unwrap()).collect();
    let differs = |columns: std::ops::Range<usize>| {
        let pairs = frames[1].rgb().iter().zip(frames[2].rgb()).enumerate();
        pairs.filter(|(i, _)| columns.contains(&(i % 64))).any(|(_, (a, b))| a != b)
    };
    assert!(!differs(0..16), "what stands still was painted again");
    assert!(differs(58..64), "what changes was not painted");
}

#[test]
fn a_plan_counts_frames_and_writes_nothing() {
    let frames: Vec<(usize, usize)> = (0..6).map(|at| (0, at)).collect();
    let place = Place::new(&frames);
    let mut job = place.job("out/%d.png");
    job.film.hold = Some(3);
    let plan = VideoRunner::new(job).plan().unwrap();
    assert_eq!((plan.frames, plan.painted, plan.shots, plan.done), (6, 2, 1, 0));
    assert!(place.bytes("out").is_empty() && !place.path("out/.impasto.film").exists());
}

#[test]
fn wrong_requests_are_refused_before_any_work() {
    let place = Place::new(&[(0, 0), (0, 1)]);
    let refused = |change: &dyn Fn(&mut impasto_video::VideoSpec)| {
        let mut job = place.job("out/%d.png");
        change(&mut job);
        run(job).unwrap_err().to_string()
    };
    assert!(refused(&|job| job.film.fps = Some("fast".into())).contains("`fps`"));
    assert!(refused(&|job| job.encoding.depth = Some(12)).contains("`depth`"));
    assert!(refused(&|job| job.output = place.path("out/*.png")).contains("place for the number"));
    assert!(refused(&|job| job.work.join = true).contains("`join`"));
    assert!(refused(&|job| job.input = place.path("none/%d.png")).contains("none"));
    assert!(place.bytes("out").is_empty());
}

#[test]
fn no_input_and_no_file_of_others_is_replaced_or_removed() {
    let place = Place::new(&[(0, 0), (0, 1)]);
    let before = place.bytes("in");
    let refused = |change: &dyn Fn(&mut impasto_video::VideoSpec), said: &str| {
        let mut job = place.job("out/%d.png");
        change(&mut job);
        let error = run(job).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        assert!(place.bytes("in") == before && place.bytes("out").is_empty());
    };
    refused(&|job| job.output = place.path("in/%03d.png"), "001.png is an input");
    refused(&|job| job.output = place.path("in/../in/%03d.png"), "001.png is an input");
    refused(&|job| job.work.folder = Some(place.path("in")), "not of this film");
    std::fs::copy(place.path("style.png"), place.path("2.png")).unwrap();
    let style = |job: &mut impasto_video::VideoSpec| {
        job.style[0].path = place.path("2.png");
        job.output = place.path("%d.png");
    };
    refused(&style, "2.png is an input");
}

#[test]
fn what_has_no_effect_is_said() {
    let place = Place::new(&[(0, 0), (0, 1)]);
    let mut job = place.job("out/%d.png");
    job.film.looped = true;
    let events = run(job).unwrap();
    let is_said = |text: &str| text.contains("`loop` has no effect");
    let said = |event: &VideoEvent| matches!(event, VideoEvent::Warned { text } if is_said(text));
    assert!(events.iter().any(said));
    let mut job = place.job("out/%d.png");
    job.encoding.no_sound = true;
    assert!(run(job).unwrap_err().to_string().contains("`no_sound`"));
    let mut job = place.job("out/%d.png");
    job.film.cuts = Some(vec![7]);
    assert!(run(job).unwrap_err().to_string().contains("`cuts`: the film has 2 frames, found 7"));
}
