//! Frames of another program, made steady.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use impasto::Picture;
use impasto_job::spec::DeflickerSpec;
use impasto_job::{End, JobError, VideoContext, VideoEvent};
use impasto_video::deflicker;

use crate::clips::{Place, SIZE, frame};

/// A clip that moves by a pixel a frame, and paintings of it whose light and texture change from frame to frame.
fn clip(frames: usize) -> Place {
    let place = Place::new(&(0..frames).map(|at| (0, at)).collect::<Vec<_>>());
    fs::create_dir(place.path("painted")).unwrap();
    for at in 0..frames {
        flickering(at).save(place.path(&format!("painted/{at:03}.png"))).unwrap();
    }
    place
}

/// A painting of a frame: its values, some light, and a texture of its own.
fn flickering(at: usize) -> Picture {
    let mut painting = frame(0, at);
    let light = if at.is_multiple_of(3) { 0.06 } else { -0.03 };
    for (i, value) in painting.rgb_mut().iter_mut().enumerate() {
        let texture = ((i * 7919 + at * 104_729) % 101) as f32 / 100.0 - 0.5;
        *value += light + 0.1 * texture;
    }
    painting
}

fn job(place: &Place, output: &str) -> DeflickerSpec {
    DeflickerSpec::new(place.path("in"), place.path("painted"), place.path(output))
}

fn run(spec: &DeflickerSpec) -> Result<End, JobError> {
    Ok(deflicker(spec, &VideoContext::default())?.end)
}

/// The root of the mean squared difference of two frames that follow each other, the second moved by a pixel.
fn flicker(before: &Picture, now: &Picture) -> f32 {
    let pairs = (0..before.rgb().len()).filter(|at| (8..SIZE.0 - 8).contains(&(at % SIZE.0)));
    let squares: Vec<f32> = pairs.map(|at| (now.rgb()[at] - before.rgb()[at + 1]).powi(2)).collect();
    (squares.iter().sum::<f32>() / squares.len() as f32).sqrt()
}

#[test]
fn frames_that_flicker_become_steady_and_keep_their_colours_and_detail() {
    let place = clip(10);
    assert_eq!(run(&job(&place, "out/%03d.png")).unwrap(), End::Complete);
    let shown = |at: usize| Picture::open(place.path(&format!("out/{:03}.png", at + 1))).unwrap();
    let (mut painted, mut steady) = (0.0, 0.0);
    for at in 1..10 {
        painted += flicker(&flickering(at - 1), &flickering(at));
        steady += flicker(&shown(at - 1), &shown(at));
    }
    assert!(steady < 0.3 * painted, "{steady} of {painted}");
    let mean = |picture: &Picture| picture.rgb().iter().sum::<f32>() / picture.rgb().len() as f32;
    let painted = (0..10).map(|at| mean(&flickering(at))).sum::<f32>() / 10.0;
    let last = mean(&shown(9));
    // The first frame is lighter than the mean of all by 0.05; the film follows the mean slowly.
    assert!((last - painted).abs() < 0.06, "{last}, paintings have {painted}");
    let deviation = |picture: &Picture| {
        let mean = mean(picture);
        let squares = picture.rgb().iter().map(|value| (value - mean).powi(2)).sum::<f32>();
        (squares / picture.rgb().len() as f32).sqrt()
    };
    assert!(deviation(&shown(9)) > 0.9 * deviation(&flickering(9)));
    assert!(!place.path("out/.impasto.film").exists(), "the folder of frames is removed");
}

#[test]
fn without_strength_frames_stay_as_they_are() {
    let place = clip(3);
    run(&DeflickerSpec { strength: 0.0, ..job(&place, "out/%03d.png") }).unwrap();
    for at in 0..3 {
        let [painted, shown] = [format!("painted/{at:03}.png"), format!("out/{:03}.png", at + 1)];
        assert!(
            Picture::open(place.path(&painted)).unwrap().rgb()
                == Picture::open(place.path(&shown)).unwrap().rgb()
        );
    }
}

#[test]
fn a_cut_keeps_nothing_of_the_shot_before() {
    let place = clip(6);
    run(&DeflickerSpec { cuts: Some(vec![3]), ..job(&place, "out/%03d.png") }).unwrap();
    let [painted, shown] =
        ["painted/003.png", "out/004.png"].map(|name| Picture::open(place.path(name)).unwrap());
    assert!(painted.rgb() == shown.rgb());
}

#[test]
fn work_that_was_stopped_anywhere_ends_with_the_same_bytes() {
    let whole = clip(30);
    run(&job(&whole, "out/%03d.png")).unwrap();
    for stop in [1, 24, 28] {
        let place = clip(30);
        let spec = job(&place, "out/%03d.png");
        let (context, seen) = (VideoContext::default(), Arc::new(AtomicUsize::new(0)));
        let control = context.control.clone();
        let listener = move |event| {
            if matches!(event, VideoEvent::Frame { .. }) && seen.fetch_add(1, Ordering::SeqCst) + 1 == stop {
                control.stop();
            }
        };
        let stopped = deflicker(&spec, &VideoContext { listener: Arc::new(listener), ..context }).unwrap();
        assert_eq!((stopped.end, stopped.left), (End::Stopped, 30 - stop));
        assert!(place.bytes("out").is_empty());
        assert_eq!(run(&spec).unwrap(), End::Complete);
        assert!(place.bytes("out") == whole.bytes("out"), "stopped after {stop}");
    }
}

#[test]
fn films_that_do_not_fit_and_other_settings_are_refused() {
    let place = clip(4);
    let refused = |spec: DeflickerSpec| run(&spec).unwrap_err().to_string();
    let ok = || job(&place, "out/%03d.png");
    assert!(refused(DeflickerSpec { strength: -1.0, ..ok() }).contains("`strength`"));
    assert!(refused(DeflickerSpec { cuts: Some(vec![4]), ..ok() }).contains("`cuts`"));
    assert!(refused(job(&place, "painted/%03d.png")).contains("is an input"));
    run(&DeflickerSpec { keep_frames: true, ..ok() }).unwrap();
    let other = DeflickerSpec { strength: 0.5, ..ok() };
    assert!(refused(other).contains("frames of other settings"));
    let key = place.path("out/.impasto.film/000000.png");
    Picture::filled(32, 24, [0.5; 3]).save(&key).unwrap();
    let error = run(&ok()).unwrap_err();
    assert!(
        error.to_string().contains("expected 64x48 pixels")
            && error.hint_text().unwrap().contains("remove it")
    );
    fs::remove_file(&key).unwrap();
    assert_eq!(run(&ok()).unwrap(), End::Complete);

    let short = clip(4);
    for at in 0..4 {
        frame(0, at).save(short.path(&format!("in/9{at}.png"))).unwrap();
    }
    assert!(refused(job(&short, "out/%03d.png")).contains("has 8 frames"));
    let narrow = clip(2);
    for at in 0..2 {
        let path = narrow.path(&format!("painted/{at:03}.png"));
        Picture::filled(40, 48, [0.5; 3]).save(path).unwrap();
    }
    assert!(refused(job(&narrow, "out/%03d.png")).contains("64x48 pixels"));
}
