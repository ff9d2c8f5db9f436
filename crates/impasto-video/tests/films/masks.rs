//! Masks that move.

use std::fs;
use std::path::PathBuf;

use impasto::{Colour, Picture};
use impasto_job::spec::StyleSpec;
use impasto_video::VideoSpec;

use crate::clips::{Place, SIZE, frame, has_ffmpeg, run, stopped_after, tool};

/// Writes a folder of masks: the colour of each column in each frame.
fn masks(place: &Place, folder: &str, frames: usize, colour: impl Fn(usize, usize) -> [f32; 3]) {
    fs::create_dir(place.path(folder)).unwrap();
    for at in 0..frames {
        let value = |i: usize| colour(at, i % SIZE.0)[i / (SIZE.0 * SIZE.1)];
        let mask = Picture::new(SIZE.0, SIZE.1, (0..3 * SIZE.0 * SIZE.1).map(value).collect()).unwrap();
        mask.save(place.path(&format!("{folder}/{at:03}.png"))).unwrap();
    }
}

/// A film in which all but a band is protected. The band moves by 12 pixels a frame.
fn protected(place: &Place, frames: usize) -> VideoSpec {
    let is_painted = |at: usize, x: usize| (12 * at..12 * at + 24).contains(&x);
    masks(place, "keep", frames, |at, x| if is_painted(at, x) { [0.0; 3] } else { [1.0; 3] });
    let mut job = place.job("out/%d.png");
    job.regions.protect = Some(place.path("keep"));
    job.regions.feather = Some(0.0);
    job
}

/// The mean distance of the columns of two pictures.
fn distance(a: &Picture, b: &Picture, columns: std::ops::Range<usize>) -> f32 {
    let far = |at: &usize| columns.contains(&(at % SIZE.0));
    let distances: Vec<f32> =
        (0..a.rgb().len()).filter(far).map(|at| (a.rgb()[at] - b.rgb()[at]).abs()).collect();
    distances.iter().sum::<f32>() / distances.len() as f32
}

#[test]
fn protected_parts_move_and_what_they_leave_is_painted() {
    let place = Place::new(&[(0, 0); 4]);
    run(protected(&place, 4)).unwrap();
    let input = frame(0, 0);
    for at in 0..4 {
        let painted = Picture::open(place.path(&format!("out/{}.png", at + 1))).unwrap();
        let band = 12 * at..(12 * at + 24).min(SIZE.0);
        assert!(distance(&painted, &input, band.start + 3..band.end - 3) > 0.03, "frame {at} is not painted");
        let rest = distance(&painted, &input, band.end + 1..SIZE.0);
        assert!(rest < 0.003, "frame {at}: {rest} to the right");
        if band.start > 0 {
            let rest = distance(&painted, &input, 0..band.start - 1);
            assert!(rest < 0.003, "frame {at}: {rest} to the left");
        }
    }
}

#[test]
fn masks_that_move_go_on_with_the_same_bytes() {
    let frames: Vec<(usize, usize)> = (0..5).map(|at| (0, at)).collect();
    let whole = Place::new(&frames);
    run(protected(&whole, 5)).unwrap();
    let place = Place::new(&frames);
    let job = protected(&place, 5);
    stopped_after(job.clone(), 2);
    let kept = fs::read(place.path("keep/003.png")).unwrap();
    Picture::filled(SIZE.0, SIZE.1, [0.0; 3]).save(place.path("keep/003.png")).unwrap();
    assert!(run(job.clone()).unwrap_err().to_string().contains("a mask is another file now"));
    fs::write(place.path("keep/003.png"), kept).unwrap();
    run(job).unwrap();
    assert!(place.bytes("out") == whole.bytes("out"));
    // Two parts, each of which begins in the middle of the masks.
    let (whole, place) = (Place::new(&frames), Place::new(&frames));
    let cut = |place: &Place| {
        let mut job = protected(place, 5);
        job.film.cuts = Some(vec![2]);
        job
    };
    run(cut(&whole)).unwrap();
    let job = cut(&place);
    for part in ["1/2", "2/2"] {
        let mut job = job.clone();
        job.work.shard = Some(part.into());
        run(job).unwrap();
    }
    let mut job = job;
    job.work.join = true;
    run(job).unwrap();
    assert!(place.bytes("out") == whole.bytes("out"));
}

/// The second style's region is not to be seen in the first two frames.
#[test]
fn a_region_may_come_and_go() {
    let place = Place::new(&[(0, 0); 5]);
    frame(6, 3).save(place.path("other.png")).unwrap();
    let is_blue = |at: usize, x: usize| (2..4).contains(&at) && x >= 32;
    masks(&place, "mask", 5, |at, x| if is_blue(at, x) { [0.0, 0.0, 1.0] } else { [1.0, 0.0, 0.0] });
    let mut job = place.job("out/%d.png");
    job.regions.mask = vec![place.path("mask")];
    job.style[0].region = Some("red".into());
    let other = StyleSpec { region: Some("blue".into()), ..StyleSpec::plain(place.path("other.png")) };
    job.style.push(other);
    run(job).unwrap();
    let frames: Vec<Picture> =
        (1..6).map(|at| Picture::open(place.path(&format!("out/{at}.png"))).unwrap()).collect();
    assert_eq!(distance(&frames[0], &frames[1], 0..64), 0.0, "nothing moves yet");
    let (left, right) = (distance(&frames[1], &frames[2], 0..24), distance(&frames[1], &frames[2], 40..64));
    assert!(right > 0.04 && right > 4.0 * left, "{left} {right}");
    let back = distance(&frames[3], &frames[4], 40..64);
    assert!(back > 0.04, "{back}");
}

#[test]
fn a_mask_of_another_length_is_refused() {
    let place = Place::new(&[(0, 0); 3]);
    let refused = run(protected(&place, 2)).unwrap_err();
    assert!(refused.to_string().contains("2 frames, and the film has 3"), "{refused}");
    assert!(refused.hint_text().unwrap().contains("a single picture stands still"));
    assert!(place.bytes("out").is_empty());
}

#[test]
fn no_mask_is_overwritten() {
    let place = Place::new(&[(0, 0); 2]);
    let mut job = protected(&place, 2);
    job.output = place.path("keep/%03d.png");
    assert!(run(job).unwrap_err().to_string().contains("001.png is an input"));
}

#[test]
fn a_mask_may_be_a_film() {
    if !has_ffmpeg("a_mask_may_be_a_film") {
        return;
    }
    let place = Place::new(&[(0, 0), (0, 2), (0, 4)]);
    let mut job = protected(&place, 3);
    run(job.clone()).unwrap();
    let of_files = place.bytes("out");
    job.regions.protect = Some(film_of(&place, "keep", "keep.mkv"));
    run(job).unwrap();
    assert!(place.bytes("out") == of_files);
}

/// Makes a film without loss of the frames in a folder.
fn film_of(place: &Place, folder: &str, name: &str) -> PathBuf {
    let (from, to) = (place.path(&format!("{folder}/%03d.png")), place.path(name));
    let [input, output] = [&from, &to].map(|path| path.to_str().unwrap());
    tool("ffmpeg", &["-framerate", "25", "-i", input, "-c:v", "ffv1", "-pix_fmt", "bgr0", output]);
    to
}

#[test]
fn a_mask_film_that_cannot_be_read_to_its_end_is_refused() {
    if !has_ffmpeg("a_mask_film_that_cannot_be_read_to_its_end_is_refused") {
        return;
    }
    let place = Place::new(&[(0, 0); 12]);
    let mut job = protected(&place, 12);
    let (files, whole, damaged) =
        (place.path("keep/%03d.png"), place.path("whole.mkv"), place.path("damaged.mkv"));
    let [files, from, to] = [&files, &whole, &damaged].map(|path| path.to_str().unwrap());
    tool("ffmpeg", &["-framerate", "25", "-i", files, "-c:v", "magicyuv", from]);
    // All packets are there, but the last six hold noise instead of frames.
    let noise = "noise=amount=if(gte(n\\,6)\\,1\\,0)";
    tool("ffmpeg", &["-i", from, "-c", "copy", "-bsf:v", noise, to]);
    job.regions.protect = Some(damaged);
    let refused = run(job).unwrap_err().to_string();
    assert!(refused.contains("damaged.mkv is cut off or damaged: 6 of 12 frames"), "{refused}");
}

/// The last frame of the mask stands for the two that it lacks, also where the work begins at one of them.
#[test]
fn a_mask_film_that_is_a_little_shorter_gives_the_same_bytes_in_parts() {
    if !has_ffmpeg("a_mask_film_that_is_a_little_shorter_gives_the_same_bytes_in_parts") {
        return;
    }
    let frames: Vec<(usize, usize)> = (0..5).map(|at| (0, at)).collect();
    let job = |place: &Place| {
        let mut job = protected(place, 3);
        job.input = film_of(place, "in", "film.mkv");
        job.regions.protect = Some(film_of(place, "keep", "keep.mkv"));
        job.film.cuts = Some(vec![3]);
        job
    };
    let (whole, place) = (Place::new(&frames), Place::new(&frames));
    run(job(&whole)).unwrap();
    let mut job = job(&place);
    for part in ["2/2", "1/2"] {
        job.work.shard = Some(part.into());
        run(job.clone()).unwrap();
    }
    job.work.shard = None;
    job.work.join = true;
    run(job).unwrap();
    assert!(place.bytes("out") == whole.bytes("out"));
}

/// A frame that is almost black means nothing by itself: the whole mask has brightness, and no numbers.
#[test]
fn a_mask_that_fades_in_protects_nothing_at_first() {
    let place = Place::new(&[(0, 0); 4]);
    let level = |at: usize| [1.0, 9.0, 128.0, 255.0][at] / 255.0;
    masks(&place, "keep", 4, |at, x| if x < 32 { [level(at); 3] } else { [0.0; 3] });
    let mut job = place.job("out/%d.png");
    job.regions.protect = Some(place.path("keep"));
    job.regions.feather = Some(0.0);
    run(job).unwrap();
    let input = frame(0, 0);
    let far =
        |at: usize| distance(&Picture::open(place.path(&format!("out/{at}.png"))).unwrap(), &input, 0..30);
    let (first, second, last) = (far(1), far(2), far(4));
    assert!(first > 0.03 && second > 0.03 && last < 0.003, "{first} {second} {last}");
}

#[test]
fn a_mask_without_effect_in_any_frame_is_refused() {
    let place = Place::new(&[(0, 0); 2]);
    masks(&place, "white", 2, |_, _| [1.0; 3]);
    masks(&place, "black", 2, |_, _| [0.0; 3]);
    masks(&place, "half", 2, |_, x| if x < 32 { [1.0; 3] } else { [0.0; 3] });
    let refused = |change: &dyn Fn(&mut VideoSpec)| {
        let mut job = place.job("out/%d.png");
        change(&mut job);
        let error = run(job).unwrap_err();
        assert!(error.hint_text().is_some());
        error.to_string()
    };
    let all = refused(&|job| job.regions.protect = Some(place.path("white")));
    assert!(all.contains("`protect`") && all.contains("nothing is left to paint"), "{all}");
    let none = refused(&|job| job.regions.mask = vec![place.path("black")]);
    assert!(none.contains("`mask`") && none.contains("its region has no position"), "{none}");
    // The same beside a mask that moves, with a mask that stands still.
    let still = refused(&|job| {
        job.regions.mask = vec![place.path("half")];
        job.regions.protect = Some(place.path("white/000.png"));
    });
    assert!(still.contains("`protect`") && still.contains("nothing is left to paint"), "{still}");
    let still = refused(&|job| {
        job.regions.mask = vec![place.path("half"), place.path("black/000.png")];
        job.style = vec![StyleSpec::plain(place.path("style.png")); 2];
    });
    assert!(still.contains("`mask`") && still.contains("has no position"), "{still}");
}

#[test]
fn a_film_that_is_no_mask_is_refused() {
    let place = Place::new(&[(0, 0); 8]);
    let level = |number: usize| (number % 4) as f32 / 3.0;
    masks(&place, "film", 8, |at, x| {
        let number = 8 * at + x / 8;
        [level(number), level(number / 4), level(number / 16)]
    });
    let mut job = place.job("out/%d.png");
    job.regions.mask = vec![place.path("film")];
    let refused = run(job).unwrap_err();
    assert!(refused.to_string().contains("found more than 24 colours: expected a mask"), "{refused}");
    assert!(refused.hint_text().is_some());
}

/// The styles have the colours of the first frame, wherever the work goes on.
#[test]
fn matched_colours_go_on_with_the_same_bytes() {
    let frames: Vec<(usize, usize)> = (0..4).map(|at| (at / 2, 3 * at)).collect();
    let matched = |place: &Place| {
        let mut job = place.job("out/%d.png");
        job.run.colour = impasto_job::spec::ColourKind::Match;
        job.film.no_cuts = true;
        assert!(matches!(job.run.colour().unwrap(), Colour::Match(_)));
        job
    };
    let (whole, place) = (Place::new(&frames), Place::new(&frames));
    run(matched(&whole)).unwrap();
    stopped_after(matched(&place), 2);
    run(matched(&place)).unwrap();
    assert!(place.bytes("out") == whole.bytes("out"));
}
