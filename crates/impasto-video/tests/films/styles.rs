//! Styles that change over time.

use impasto_job::spec::StyleSpec;
use impasto_video::VideoSpec;

use crate::clips::{Place, frame, run, stopped_after};

/// A film from the style `style.png` at its beginning to the style `other.png` at its sixth frame.
fn changing(place: &Place) -> VideoSpec {
    frame(6, 3).save(place.path("other.png")).unwrap();
    let mut job = place.job("out/%d.png");
    job.style[0].at = Some("0f".into());
    job.style.push(StyleSpec { at: Some("5f".into()), ..StyleSpec::plain(place.path("other.png")) });
    job
}

#[test]
fn a_scene_that_stands_still_changes_with_its_styles() {
    let alone = Place::new(&[(0, 0); 2]);
    run(alone.job("out/%d.png")).unwrap();
    let place = Place::new(&[(0, 0); 6]);
    run(changing(&place)).unwrap();
    let (alone, files) = (alone.bytes("out"), place.bytes("out"));
    assert!(files[0].1 == alone[0].1, "the film does not begin in its first style");
    assert!(alone[0].1 == alone[1].1 && files.windows(2).all(|pair| pair[0].1 != pair[1].1));
}

#[test]
fn a_change_of_styles_goes_on_with_the_same_bytes() {
    let frames: Vec<(usize, usize)> = (0..6).map(|at| (0, at)).collect();
    let whole = Place::new(&frames);
    run(changing(&whole)).unwrap();
    for stop in [1, 4] {
        let place = Place::new(&frames);
        stopped_after(changing(&place), stop);
        run(changing(&place)).unwrap();
        assert!(place.bytes("out") == whole.bytes("out"), "stopped after {stop}");
    }
    let place = Place::new(&frames);
    stopped_after(changing(&place), 3);
    let mut job = changing(&place);
    job.style[1].at = Some("4f".into());
    assert!(run(job).unwrap_err().to_string().contains("style"), "another time was taken for the same job");
}

/// Times count from the beginning of the film, not of a shot.
#[test]
fn parts_of_a_film_have_the_styles_of_their_times() {
    let clip: Vec<(usize, usize)> = (0..3).map(|at| (0, at)).chain((0..3).map(|at| (1, at))).collect();
    let cut = |place: &Place| {
        let mut job = changing(place);
        job.film.cuts = Some(vec![3]);
        job
    };
    let whole = Place::new(&clip);
    run(cut(&whole)).unwrap();
    let place = Place::new(&clip);
    for part in ["2/2", "1/2"] {
        let mut job = cut(&place);
        job.work.shard = Some(part.into());
        run(job).unwrap();
    }
    let mut job = cut(&place);
    job.work.join = true;
    run(job).unwrap();
    assert!(place.bytes("out") == whole.bytes("out"));
}

#[test]
fn a_style_that_has_nothing_to_change_to_is_refused() {
    let place = Place::new(&[(0, 0), (0, 1)]);
    let mut job = changing(&place);
    job.style[1].at = None;
    let refused = run(job).unwrap_err();
    assert!(refused.to_string().contains("nothing to change to"), "{refused}");
    // Each style has a region of its own, so there is nothing to blend.
    impasto::Picture::filled(64, 48, [1.0; 3]).save(place.path("all.png")).unwrap();
    let mut half = impasto::Picture::filled(64, 48, [0.0; 3]);
    half.rgb_mut().iter_mut().enumerate().filter(|(at, _)| at % 64 < 32).for_each(|(_, value)| *value = 1.0);
    half.save(place.path("half.png")).unwrap();
    let mut job = changing(&place);
    job.regions.mask = vec![place.path("all.png"), place.path("half.png")];
    let refused = run(job).unwrap_err();
    assert!(refused.hint_text().unwrap().contains("the same regions"), "{refused}");
}
