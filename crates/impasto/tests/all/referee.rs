//! Each measure of the referee on pictures that are known to be better or worse. `referee_oracle.rs` compares the
//! measures with published implementations.
#![allow(clippy::unwrap_used)] // a panic fails the test

use std::path::PathBuf;

use crate::common::waves;
use impasto::image::{Filter, resize};
use impasto::referee::{Better, Measure, Referee, Scores, seams};
use impasto::{Picture, Style};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Tolerance for the structure of a picture against itself, which is 1 up to rounding in f32.
const ROUNDING: f64 = 1e-6;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Side of the pictures below, in pixels: large enough for five scales of MS-SSIM.
const SIDE: usize = 192;

/// Slow waves, like large flat areas; each seed gives another picture.
fn painting(seed: u32) -> Picture {
    let seed = seed as f32;
    changed(&Picture::filled(SIDE, SIDE, [0.5; 3]), |plane, x, y, value| {
        let (plane, x, y) = (plane as f32, x as f32, y as f32);
        let coarse = (x * (0.03 + 0.02 * seed) + y * 0.015 + plane + seed).sin();
        let fine = (y * (0.22 - 0.03 * seed) - x * 0.15 * plane + 2.0 * seed).cos();
        value + 0.3 * coarse + 0.15 * fine
    })
}

/// Changes each value by a function of plane, column, row and value.
fn changed(picture: &Picture, change: impl Fn(usize, usize, usize, f32) -> f32) -> Picture {
    let (width, height) = picture.size();
    let place = |i: usize| (i / (width * height), i % width, i / width % height);
    let values = picture.rgb().iter().enumerate().map(|(i, value)| {
        let (plane, x, y) = place(i);
        change(plane, x, y, *value)
    });
    Picture::new(width, height, values.collect()).unwrap()
}

/// Adds uniform noise to each plane; the standard deviation is in 8-bit steps.
fn noisy(picture: &Picture, deviation: f32) -> Picture {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut noisy = picture.clone();
    for value in noisy.rgb_mut() {
        let even = (rng.next_u32() >> 8) as f32 / (1 << 24) as f32 - 0.5;
        *value += 12.0_f32.sqrt() * deviation / 255.0 * even;
    }
    noisy
}

fn scores(content: &Picture, style: &Picture, picture: &Picture) -> Scores {
    Referee::new(Some(content.clone()), vec![style.clone().into()]).unwrap().score(picture).unwrap()
}

#[test]
fn content_is_like_itself_and_style_too() {
    // The style has other colours and is rough.
    let tint = |plane: usize| [1.0, 0.6, 0.3][plane];
    let style = noisy(&changed(&painting(1), |plane, _, _, value| tint(plane) * value), 20.0);
    let (content, style) = (painting(0), changed(&style, |_, _, _, value| value.clamp(0.0, 1.0)));
    let own = scores(&content, &style, &content);
    assert!((own.ssim.unwrap() - 1.0).abs() < 1e-9 && (own.ms_ssim.unwrap() - 1.0).abs() < 1e-9, "{own:?}");
    assert!(own.gmsd.unwrap() < 1e-6 && own.noise == Some(0.0) && own.seams == Some(0.0), "{own:?}");
    assert_eq!(own.ms_ssim_scales, 5);
    let styles = scores(&content, &style, &style);
    assert!(styles.colour.unwrap() < 1e-6 && styles.patches.unwrap() < 1e-6, "{styles:?}");
    // Tolerance for roots of eigenvalues that are 0 up to rounding.
    assert!(styles.filters.unwrap() < 1e-5 && styles.noise == Some(0.0), "{styles:?}");
    // The mean of content and style has a score between theirs in each measure.
    let half =
        changed(&content, |plane, x, y, value| 0.5 * (value + style.rgb()[(plane * SIDE + y) * SIDE + x]));
    let half = scores(&content, &style, &half);
    for (((name, measure, low), (.., middle)), (.., high)) in
        own.each().into_iter().zip(half.each()).zip(styles.each()).take(7)
    {
        let (low, middle, high) = (low.unwrap(), middle.unwrap(), high.unwrap());
        let is_content = measure.aspect == impasto::referee::Aspect::Content;
        let (best, worst) = if is_content { (low, high) } else { (high, low) };
        assert!(
            measure.prefers(best, middle) && measure.prefers(middle, worst),
            "{name}: {best} {middle} {worst}"
        );
    }
}

#[test]
fn structure_is_kept_by_other_colours_and_lost_with_the_subject() {
    let (width, height) = (320, 240);
    let sized = |picture: &Picture, width, height| {
        resize(picture, width, height, Filter::Bicubic, Default::default())
    };
    let sample = |name: &str| {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(name);
        sized(&impasto::image::open(&path).unwrap().picture, width, height)
    };
    let (content, other) = (sample("samples/harbour.jpg"), sample("samples/mosaic.jpg"));
    let mut referee = Referee::new(Some(content.clone()), vec![other.clone().into()]).unwrap();
    let mut score = |picture: &Picture| referee.score(picture).unwrap();
    let at = |plane: usize, x: usize, y: usize| content.rgb()[(plane * height + y) * width + x];
    let own = score(&content);
    assert!([own.structure, own.structure_coarse].iter().all(|own| (own.unwrap() - 1.0).abs() < ROUNDING));
    assert_eq!(own.structure_at, "relu3_4 of lite");
    // Measured: 0.78, 0.83, 0.87; then 0.11, 0.06, 0.05.
    for (what, kept) in [
        ("blurred", sized(&sized(&content, 80, 60), width, height)),
        ("other colours", changed(&content, |plane, x, y, _| 0.2 + 0.6 * at((plane + 1) % 3, x, y))),
        ("negative", changed(&content, |_, _, _, value| 1.0 - value)),
    ] {
        let found = score(&kept).structure.unwrap();
        assert!(found > 0.7, "{what}: {found}");
    }
    let painted = score(&sample("docs/images/harbour-swirls.jpg"));
    assert!((0.4..0.6).contains(&painted.structure.unwrap()), "{painted:?}");
    let shuffled = changed(&content, |plane, x, y, _| {
        let (across, down, side) = (8, 6, 40);
        let place = (y / side * across + x / side) * 7 % (across * down);
        at(plane, place % across * side + x % side, place / across * side + y % side)
    });
    for (what, lost) in [
        ("mirrored", changed(&content, |plane, x, y, _| at(plane, width - 1 - x, y))),
        ("shuffled", shuffled),
        ("another", other),
    ] {
        let found = score(&lost).structure.unwrap();
        assert!(found.abs() < 0.15, "{what}: {found}");
    }
    // SSIM prefers this picture to the painted one.
    let flat = score(&Picture::filled(width, height, [0.5; 3]));
    assert_eq!(flat.structure, Some(0.0));
    assert!(flat.ssim > painted.ssim, "{flat:?}");
}

#[test]
fn noise_is_found_and_grows_with_what_was_added() {
    let (content, style) = (painting(0), painting(1));
    let mut referee = Referee::new(Some(content.clone()), vec![style.clone().into()]).unwrap();
    let mut scores = |picture: &Picture| referee.score(picture).unwrap();
    let mut of = |picture: &Picture| scores(picture).noise.unwrap();
    let painted = changed(&content, |plane, x, y, value| {
        0.3 * value + 0.7 * style.rgb()[(plane * SIDE + y) * SIDE + x]
    });
    assert!(of(&painted) < 0.05, "{}", of(&painted));
    let found: Vec<f64> = [0.5, 1.0, 2.0, 4.0, 8.0].map(|deviation| of(&noisy(&painted, deviation))).to_vec();
    assert!(found.is_sorted() && found[0] > 0.1, "{found:?}");
    // Almost all of strong noise is beyond the sources.
    assert!((found[4] / 8.0 - 1.0).abs() < 0.1, "{found:?}");
    // A checkerboard, and single specks.
    let checkers = changed(&painted, |_, x, y, value| value + if (x + y) % 2 == 0 { 0.01 } else { -0.01 });
    assert!(of(&checkers) > 3.0, "{}", of(&checkers));
    let specks = changed(&painted, |_, x, y, value| if (x * 7 + y * 13) % 211 == 0 { 1.0 } else { value });
    assert!(of(&specks) > 1.0, "{}", of(&specks));
    // The rest of the scores hardly sees a little noise.
    let (clean, a_little) = (scores(&painted), scores(&noisy(&painted, 1.0)));
    assert!((clean.ssim.unwrap() - a_little.ssim.unwrap()).abs() < 0.02);
    assert!((clean.colour.unwrap() - a_little.colour.unwrap()).abs() < 0.2);
    assert!(a_little.seams.unwrap() < 0.2, "{a_little:?}");
}

#[test]
fn detail_of_a_source_is_no_noise() {
    let (content, style) = (painting(0), noisy(&painting(1), 6.0));
    // The first picture is as rough as the style.
    assert!(scores(&content, &style, &noisy(&content, 5.0)).noise.unwrap() < 0.1);
    assert!(scores(&content, &style, &noisy(&content, 9.0)).noise.unwrap() > 2.0);
}

#[test]
fn seams_are_found_where_they_are() {
    let clean = noisy(&painting(0), 3.0);
    let of = |picture: &Picture| seams(picture, None).unwrap();
    let none = of(&clean);
    assert!(none.strength < 0.5 && none.border < 0.5, "{none:?}");
    // Tiles that meet at one line, with a step as large as the noise.
    let step = 3.0 / 255.0;
    let tiles = of(&changed(&clean, |_, x, _, value| if x < 64 { value } else { value + step }));
    assert_eq!(tiles.place, "x = 64");
    assert!(tiles.strength > 1.0 && tiles.strength < 4.0, "{tiles:?}");
    let tiles = of(&changed(&clean, |_, _, y, value| if y < 136 { value } else { value + step }));
    assert_eq!(tiles.place, "y = 136");
    // Grids of poolings: alternating lighter and darker blocks.
    for period in [2, 4, 8, 16] {
        let blocks = of(&changed(&clean, |_, x, y, value| {
            value + if (x / period + y / period) % 2 == 0 { step } else { -step }
        }));
        assert!(blocks.place.starts_with(&format!("every {period} pixels")), "{period}: {blocks:?}");
        assert!(blocks.strength > 1.0, "{blocks:?}");
    }
    // A frame of noise, two pixels wide.
    let frame = of(&changed(&clean, |_, x, y, value| {
        let outside = x < 2 || y < 2 || x >= SIDE - 2 || y >= SIDE - 2;
        if outside && (x + y) % 2 == 0 { value + 0.1 } else { value }
    }));
    assert!(frame.border > 10.0, "{frame:?}");
    // A line that the content has is not a seam.
    let wall = changed(&clean, |_, x, _, value| if x < 64 { value } else { 0.5 * value });
    assert!(of(&wall).strength > 10.0);
    assert!(seams(&wall, Some(&wall)).unwrap().strength < 0.5);
}

#[test]
fn sizes_are_brought_together() {
    let (content, style) = (painting(0), painting(1));
    let mut referee = Referee::new(Some(content.clone()), vec![style.into()]).unwrap().size(96).unwrap();
    let small = resize(&content, 96, 96, Filter::Bicubic, Default::default());
    let (large, small) = (referee.score(&content).unwrap(), referee.score(&small).unwrap());
    assert_eq!((large.clone(), large.ms_ssim_scales), (small, 4));
    assert!((large.ssim.unwrap() - 1.0).abs() < 1e-6);
    // A picture is never enlarged.
    assert_eq!(referee.size_of(&waves(40, 30, 0)), (40, 30));
    assert_eq!(referee.size_of(&waves(200, 100, 0)), (96, 48));
    for wrong in [0, 30_001] {
        assert!(Referee::new(None, vec![content.clone().into()]).unwrap().size(wrong).is_err());
    }
}

#[test]
fn the_smallest_pictures_and_the_flattest_have_scores_or_none() {
    let encoder = impasto::encoder::open(fixture("narrow.safetensors").to_str().unwrap()).unwrap();
    let flat = |width, height| Picture::filled(width, height, [0.5, 0.25, 0.75]);
    let sizes = [(1, 1), (2, 2), (3, 3), (5, 7), (10, 10), (16, 16), (17, 300), (300, 1), (41, 40)];
    for (width, height) in sizes {
        for (content, style) in
            [(flat(3, 3), flat(64, 1)), (waves(64, 48, 0), flat(64, 64)), (flat(1, 1), waves(64, 48, 1))]
        {
            let referee = Referee::new(Some(content), vec![style.into()]).unwrap();
            let mut referee = referee.encoder(&encoder).unwrap();
            for picture in [flat(width, height), waves(width, height, 0)] {
                let scores = referee.score(&picture).unwrap();
                assert!(scores.colour.is_some());
                assert!(
                    scores.each().iter().all(|(_, _, value)| value.is_none_or(f64::is_finite)),
                    "{width}x{height}: {scores:?}"
                );
            }
        }
    }
    let tiny = scores(&waves(64, 48, 0), &waves(64, 48, 1), &waves(3, 3, 0));
    assert_eq!((tiny.ssim, tiny.gmsd, tiny.patches, tiny.noise, tiny.seams), (None, None, None, None, None));
}

#[test]
fn threads_do_not_matter() {
    let encoder = impasto::encoder::open(fixture("narrow.safetensors").to_str().unwrap()).unwrap();
    let all: Vec<Scores> = [1, 2, 3]
        .into_iter()
        .map(|threads| {
            impasto::thread_pool(Some(threads)).unwrap().install(|| {
                let styles = vec![Style::new(painting(1)), Style::new(waves(300, 200, 2)).weight(0.5)];
                let referee = Referee::new(Some(painting(0)), styles).unwrap();
                referee.encoder(&encoder).unwrap().score(&noisy(&painting(0), 2.0)).unwrap()
            })
        })
        .collect();
    assert!(all[0] == all[1] && all[0] == all[2], "{all:?}");
    assert!(all[0].each().iter().all(|(_, _, value)| value.is_some()), "{:?}", all[0]);
}

#[test]
fn weights_and_scales_that_are_none_are_refused() {
    let style = || Style::new(waves(64, 48, 0));
    assert!(Referee::new(None, Vec::new()).is_err());
    for wrong in [style().weight(0.0), style().weight(f64::NAN), style().scale(0.0)] {
        assert!(Referee::new(None, vec![wrong]).is_err());
    }
    let mut referee = Referee::new(None, vec![style().scale(1e9)]).unwrap();
    let refused = referee.score(&waves(64, 48, 0)).unwrap_err().to_string();
    assert!(refused.contains("`style_scale`"), "{refused}");
    let scores = Referee::new(None, vec![style()]).unwrap().score(&waves(64, 48, 1)).unwrap();
    assert_eq!((scores.ssim, scores.ms_ssim, scores.gmsd), (None, None, None));
    assert!(scores.seams.is_some() && scores.noise.is_some());
}

#[test]
fn every_measure_says_which_way_is_better() {
    for &measure in Measure::ALL {
        let higher = measure.better == Better::Higher;
        assert_eq!(higher, measure.name.ends_with("ssim") || measure.name == "structure", "{}", measure.name);
        assert_eq!(measure.prefers(1.0, 0.5), higher);
        assert!(!measure.prefers(1.0, 1.0));
    }
    let json = serde_json::to_value(Scores::default()).unwrap();
    assert!(Measure::ALL.iter().all(|measure| json.get(measure.name).is_some()), "{json}");
}
