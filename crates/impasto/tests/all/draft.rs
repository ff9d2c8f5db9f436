//! Drafts: how much of content and style they have, alone and as the beginning of a run.
#![allow(clippy::unwrap_used)] // a panic fails the test

use crate::common::{in_range, said, saved, transfer, waves};
use impasto::image::Plane;
use impasto::{Checkpoint, Colour, Draft, Effort, Init, Overrides, Picture, Regions, Style, StyleTransfer};

/// Tolerance between draft and run, which round differently when they resize.
const ROUNDING: f32 = 1e-5;

fn draft_of(transfer: StyleTransfer) -> Picture {
    let overrides = Overrides { effort: Some(Effort::Draft), ..Overrides::default() };
    let mut session = transfer.overrides(overrides).build().unwrap();
    assert_eq!(session.step().unwrap(), None);
    session.picture().unwrap()
}

/// Mean absolute difference of the values.
fn distance(a: &Picture, b: &Picture) -> f32 {
    assert_eq!(a.size(), b.size());
    let pairs = a.rgb().iter().zip(b.rgb());
    pairs.map(|(a, b)| (a - b).abs()).sum::<f32>() / a.rgb().len() as f32
}

/// Mean of each channel over a range of columns.
fn colour(picture: &Picture, columns: std::ops::Range<usize>) -> [f32; 3] {
    let (width, height) = picture.size();
    std::array::from_fn(|channel| {
        let plane = &picture.rgb()[channel * width * height..][..width * height];
        let seen = plane.iter().enumerate().filter(|(at, _)| columns.contains(&(at % width)));
        seen.map(|(_, value)| value).sum::<f32>() / (columns.len() * height) as f32
    })
}

/// Waves around a colour.
fn tinted(width: usize, height: usize, tint: [f32; 3]) -> Picture {
    let mut picture = waves(width, height, 2);
    let area = width * height;
    for (at, value) in picture.rgb_mut().iter_mut().enumerate() {
        *value = (tint[at / area] + 0.3 * (*value - 0.5)).clamp(0.0, 1.0);
    }
    picture
}

#[test]
fn a_draft_takes_the_styles_colours_and_has_the_results_size() {
    let content = tinted(70, 50, [0.5, 0.5, 0.5]);
    let red = draft_of(StyleTransfer::new(content.clone()).style(tinted(60, 60, [0.8, 0.3, 0.2])));
    let blue = draft_of(StyleTransfer::new(content).style(tinted(60, 60, [0.2, 0.3, 0.8])));
    assert_eq!(red.size(), (70, 50));
    assert!(in_range(&red) && in_range(&blue));
    let (red, blue) = (colour(&red, 0..70), colour(&blue, 0..70));
    assert!(red[0] > blue[0] + 0.2 && blue[2] > red[2] + 0.2, "{red:?} {blue:?}");
}

#[test]
fn the_session_shows_its_draft_first_and_goes_on_from_it() {
    let mut session = transfer("impasto").build().unwrap();
    let draft = session.draft().unwrap().unwrap();
    assert!(session.has_draft());
    assert_eq!(session.draft().unwrap(), None, "it is painted once");
    assert_eq!(session.picture().unwrap(), draft);
    let other =
        transfer("impasto").overrides(Overrides { init: Some(Init::Content), ..Overrides::default() });
    let mut other = other.build().unwrap();
    assert_eq!(other.draft().unwrap(), None);
    // The start of a run from the content is close to the content; a draft is not.
    assert!(distance(&draft, &other.picture().unwrap()) > 0.02);
    let (one, two) = (session.step().unwrap().unwrap(), other.step().unwrap().unwrap());
    assert_ne!(one.losses, two.losses);
}

#[test]
fn a_warm_draft_is_that_of_a_run() {
    let begin = || StyleTransfer::new(waves(48, 40, 0)).style(waves(44, 48, 1)).style(waves(30, 30, 2));
    let near = |a: &Picture, b: &Picture| {
        let worst = a.rgb().iter().zip(b.rgb()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < ROUNDING, "{worst}");
    };
    let mut draft = Draft::new(begin()).unwrap();
    let first = draft.picture().unwrap();
    near(&first, &draft_of(begin()));
    draft.set_strength(0.5);
    let half = draft.picture().unwrap();
    assert!(distance(&half, &first) > 0.01);
    draft.set_strength(1.0);
    assert_eq!(draft.picture().unwrap(), first);
    draft.set_style_weights(&[0.0, 1.0]);
    let second = draft.picture().unwrap();
    near(&second, &draft_of(StyleTransfer::new(waves(48, 40, 0)).style(waves(30, 30, 2))));
    draft.set_stroke_size(0.5);
    assert_ne!(draft.picture().unwrap(), second);
    draft.set_colour(Colour::Keep);
    assert!(in_range(&draft.picture().unwrap()));
    draft.set_stroke_size(9.0);
    assert!(said(draft.picture()).0.contains("`stroke_size`"));
    draft.set_stroke_size(1.0);
    draft.cancel().cancel();
    assert!(draft.picture().unwrap_err().is_cancelled());
}

#[test]
fn strength_goes_from_the_content_to_the_draft() {
    let content = waves(48, 40, 0);
    let at = |strength: f64| {
        let overrides =
            Overrides { effort: Some(Effort::Draft), strength: Some(strength), ..Overrides::default() };
        let mut session = transfer("impasto").overrides(overrides).build().unwrap();
        session.step().unwrap();
        session.picture().unwrap()
    };
    assert!(distance(&at(0.0), &content) < 1e-6);
    let distances: Vec<f32> = [0.25, 0.5, 0.75, 1.0].map(|part| distance(&at(part), &content)).to_vec();
    assert!(distances.windows(2).all(|pair| pair[0] < pair[1]), "{distances:?}");
}

#[test]
fn regions_have_drafts_of_their_own_and_what_is_protected_stays() {
    let (width, height) = (64, 48);
    let half = |left: bool| {
        let data = (0..width * height).map(|at| f32::from(u8::from((at % width < width / 2) == left)));
        Plane::new(width, height, data.collect()).unwrap()
    };
    let content = tinted(width, height, [0.5; 3]);
    let red = Style::new(tinted(40, 40, [0.8, 0.3, 0.2])).parts([(0, None)]);
    let blue = Style::new(tinted(40, 40, [0.2, 0.3, 0.8])).parts([(1, None)]);
    let regions = Regions::default().region(half(true)).region(half(false));
    let picture =
        draft_of(StyleTransfer::new(content.clone()).style(red.clone()).style(blue).regions(regions));
    let (left, right) = (colour(&picture, 0..24), colour(&picture, 40..64));
    assert!(left[0] > right[0] + 0.1 && right[2] > left[2] + 0.1, "{left:?} {right:?}");
    let protect = Regions::default().protect(half(true)).feather(0.005);
    let red = Style::new(tinted(40, 40, [0.8, 0.3, 0.2]));
    let picture = draft_of(StyleTransfer::new(content.clone()).style(red).regions(protect));
    let kept = (0..picture.rgb().len()).filter(|at| at % width < width / 2 - 4);
    assert!(kept.clone().all(|at| (picture.rgb()[at] - content.rgb()[at]).abs() < 1e-6));
    assert!(colour(&picture, 40..64)[0] > colour(&content, 40..64)[0] + 0.1);
}

#[test]
fn what_is_transparent_has_no_part() {
    let content = tinted(48, 40, [0.5; 3]);
    let style = tinted(40, 40, [0.8, 0.3, 0.2]);
    // The upper half of another style is blue, but transparent.
    let (mut other, area) = (style.clone(), 40 * 40);
    (0..area / 2).for_each(|at| (other.rgb_mut()[at], other.rgb_mut()[2 * area + at]) = (0.0, 1.0));
    let alpha = Plane::new(40, 40, (0..area).map(|at| f32::from(u8::from(at >= area / 2))).collect());
    let plain = draft_of(StyleTransfer::new(content.clone()).style(style));
    let seen = draft_of(StyleTransfer::new(content.clone()).style(other.clone()));
    let hidden = draft_of(StyleTransfer::new(content).style(Style::new(other).alpha(alpha)));
    assert!(distance(&plain, &hidden) < 0.5 * distance(&plain, &seen));
}

#[test]
fn the_bytes_are_the_same_at_any_number_of_threads_and_after_a_resumption() {
    let run = |threads: usize, stop: Option<usize>| {
        let overrides =
            Overrides { scale_iterations: Some(vec![2, 2]), min_size: Some(32), ..Overrides::default() };
        let begin = || transfer("impasto").overrides(overrides.clone()).threads(threads).build().unwrap();
        let mut session = begin();
        for _ in 0..stop.unwrap_or(0) {
            session.step().unwrap();
        }
        if stop.is_some() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("run");
            std::fs::write(&path, saved(&session)).unwrap();
            session = begin();
            session.restore(&Checkpoint::read(&path).unwrap()).unwrap();
        }
        while session.step().unwrap().is_some() {}
        session.picture().unwrap()
    };
    let whole = run(1, None);
    assert_eq!(whole, run(3, None));
    for stop in 0..4 {
        assert_eq!(whole, run(2, Some(stop)), "resumed after {stop}");
    }
}

#[test]
fn a_draft_is_smaller_where_memory_is_short() {
    let begin = |memory: usize| {
        let content = waves(700, 500, 0);
        StyleTransfer::new(content).style(waves(600, 600, 1)).size(512).memory(memory).build().unwrap()
    };
    let (short, long) = (begin(120_000_000), begin(4_000_000_000));
    assert_eq!(long.recipe().draft_size, 512);
    assert!(short.recipe().draft_size < 512, "{}", short.recipe().draft_size);
    assert!(short.plan().peak_bytes <= 120_000_000);
}

#[test]
fn effort_is_for_one_preset_and_a_draft_has_no_iterations() {
    let with = |preset: &str, overrides: Overrides| said(transfer(preset).overrides(overrides).build());
    let effort = |effort| Overrides { effort: Some(effort), ..Overrides::default() };
    assert!(with("gatys", effort(Effort::Fine)).0.contains("`effort` is for preset impasto"));
    let both = Overrides { iterations: Some(3), ..effort(Effort::Draft) };
    assert!(with("impasto", both).0.contains("`iterations`: cannot act"));
    let picture = transfer("impasto").init_picture(waves(32, 24, 2)).overrides(effort(Effort::Draft));
    assert!(said(picture.build()).0.contains("`init`: cannot act"));
    let texture = StyleTransfer::texture((32, 32), false).unwrap().style(waves(20, 20, 1));
    assert!(said(Draft::new(texture.clone()).map(drop)).0.contains("no content"));
    let init = Overrides { init: Some(Init::Draft), ..Overrides::default() };
    assert!(said(texture.overrides(init).build()).0.contains("a texture has no content"));
    let fine = transfer("impasto").overrides(effort(Effort::Fine)).build().unwrap();
    let work =
        |session: &impasto::Session| session.scales().iter().map(|scale| scale.iterations).sum::<usize>();
    assert!(work(&fine) > work(&transfer("impasto").build().unwrap()));
    assert_eq!("fine".parse::<Effort>().unwrap(), Effort::Fine);
    assert!("best".parse::<Effort>().is_err());
}
