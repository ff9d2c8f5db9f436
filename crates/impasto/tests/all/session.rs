//! Runs from the first step to the last: the steps of a session and its picture.
#![allow(clippy::unwrap_used)] // a panic fails the test

use crate::common::{AVERAGE, NARROW, in_range, nearly_equal, transfer, waves};
use impasto::image::{Averaging, Filter, resize};
use impasto::optimiser::{Optimiser, Values};
use impasto::{Init, Iterations, Keep, Overrides, Picture, Preset, Scale, Session, Step, StyleTransfer};

fn iterations(count: usize) -> Overrides {
    Overrides { iterations: Some(count), ..Overrides::default() }
}

/// Runs to the end.
fn run(mut session: Session) -> (Vec<Step>, Picture) {
    let steps = session.by_ref().collect::<Result<_, _>>().unwrap();
    (steps, session.picture().unwrap())
}

// === Determinism ===

/// Larger than one chunk of pixels and of positions, so that threads share the work.
fn large(preset: &str, init: Init) -> StyleTransfer {
    StyleTransfer::new(waves(96, 72, 0))
        .style(waves(80, 90, 1))
        .preset(Preset::named(preset).unwrap())
        .overrides(Overrides { init: Some(init), min_size: Some(64), ..iterations(3) })
}

#[test]
fn the_same_seed_gives_the_same_bytes_at_any_number_of_threads() {
    for preset in ["impasto", "gatys"] {
        for init in [Init::Content, Init::Noise] {
            let [one, two, three] = [1, 2, 3].map(|threads| {
                let session = large(preset, init.clone()).seed(5).threads(threads).build().unwrap();
                assert_eq!(session.threads(), threads);
                let (steps, picture) = run(session);
                let losses: Vec<_> = steps.into_iter().map(|step| step.losses).collect();
                (losses, picture)
            });
            assert!(one == two, "{preset} {init}: two threads differ from one");
            assert!(one == three, "{preset} {init}: three threads differ from one");
        }
    }
}

#[test]
fn the_seed_decides_what_is_random_and_nothing_else() {
    let picture = |init: Init, seed| {
        let overrides = Overrides { init: Some(init), ..iterations(1) };
        run(transfer("impasto").overrides(overrides).seed(seed).build().unwrap()).1
    };
    for init in [Init::Noise, Init::Gray, Init::StyleStats] {
        assert_ne!(picture(init.clone(), 0), picture(init.clone(), 1), "{init}");
        assert_eq!(picture(init.clone(), 1), picture(init.clone(), 1), "{init}");
    }
    assert_eq!(picture(Init::Content, 0), picture(Init::Content, 1));
}

// === Steps ===

#[test]
fn steps_follow_the_scales_and_the_picture_is_at_hand_at_each() {
    let overrides = Overrides { min_size: Some(32), ..iterations(2) };
    let mut session = StyleTransfer::new(waves(96, 72, 0))
        .style(waves(64, 64, 1))
        .model(NARROW)
        .overrides(overrides)
        .build()
        .unwrap();
    let expected = [(34, 26), (48, 36), (68, 51), (96, 72)];
    let scales = expected.map(|(width, height)| Scale { width, height, iterations: 2 });
    assert_eq!(session.scales(), scales);
    assert_eq!(session.work_left(), expected.map(|(w, h)| (2 * w * h) as f64).iter().sum::<f64>());
    assert_eq!(session.picture().unwrap().size(), (34, 26));
    assert!(in_range(&session.picture().unwrap()));
    for (scale, size) in expected.into_iter().enumerate() {
        for iteration in 1..=2 {
            let step = session.step().unwrap().unwrap();
            assert_eq!((step.scale, step.scales), (scale + 1, 4));
            assert_eq!((step.width, step.height), size);
            assert_eq!((step.iteration, step.iterations), (iteration, 2));
            assert!(step.losses.total.is_finite() && step.seconds > 0.0);
            let picture = session.picture().unwrap();
            assert_eq!(picture.size(), size);
            assert!(in_range(&picture));
        }
    }
    let last = session.picture().unwrap();
    assert_eq!(session.step().unwrap(), None);
    assert_eq!(session.step().unwrap(), None);
    assert_eq!(session.picture().unwrap(), last);
}

#[test]
fn the_total_is_the_sum_of_the_terms_and_every_layer_has_one() {
    let step = transfer("crowson").overrides(iterations(1)).build().unwrap().step().unwrap().unwrap();
    let names = |terms: &[(String, f64)]| terms.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&step.losses.content), ["relu4_2"]);
    assert_eq!(names(&step.losses.style), ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]);
    let terms = step.losses.content.iter().chain(&step.losses.style).map(|(_, value)| value);
    let sum = terms.sum::<f64>() + step.losses.tv;
    assert!((sum / step.losses.total - 1.0).abs() < 1e-12, "{sum} {}", step.losses.total);
    assert!(step.losses.tv > 0.0);
}

#[test]
fn a_stopped_run_has_ended() {
    let overrides = Overrides { min_size: Some(32), ..iterations(3) };
    let mut session = transfer("impasto").overrides(overrides).build().unwrap();
    session.step().unwrap().unwrap();
    let picture = session.picture().unwrap();
    session.stop();
    assert_eq!(session.step().unwrap(), None);
    assert!(session.next().is_none());
    assert_eq!(session.picture().unwrap(), picture);
    assert_eq!(picture.size(), (34, 28), "still at the first scale");
}

#[test]
fn without_iterations_the_prepared_content_comes_back() {
    for min_size in [32, 96] {
        let init = Some(Init::Content);
        let overrides = Overrides { min_size: Some(min_size), init, ..iterations(0) };
        let content = waves(96, 72, 0);
        let transfer = StyleTransfer::new(content.clone()).style(waves(64, 64, 1)).size(64);
        let (steps, picture) = run(transfer.overrides(overrides).build().unwrap());
        assert_eq!(steps, []);
        let mut expected = resize(&content, 64, 48, Filter::Bicubic, Averaging::Light);
        expected.rgb_mut().iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        assert!(nearly_equal(&picture, &expected), "from {min_size}");
    }
}

#[test]
fn a_scale_without_iterations_hands_the_picture_on() {
    let scale_iterations = Some(vec![0, 2, 1]);
    let overrides = Overrides { min_size: Some(32), scale_iterations, ..Overrides::default() };
    let transfer = StyleTransfer::new(waves(96, 72, 0)).style(waves(64, 64, 1)).size(64);
    let (steps, picture) = run(transfer.overrides(overrides).build().unwrap());
    assert_eq!(steps.iter().map(|step| step.scale).collect::<Vec<_>>(), [2, 2, 3]);
    assert_eq!(picture.size(), (64, 48));
}

#[test]
fn the_longest_run_is_the_one_that_the_preset_plans() {
    let content = waves(300, 200, 0);
    let session = StyleTransfer::new(content).style(waves(64, 64, 1)).build().unwrap();
    let scales: Vec<_> = session.scales().iter().map(|scale| (scale.width, scale.height)).collect();
    assert_eq!(scales, [(150, 100), (212, 141), (300, 200)]);
    let Iterations::Shrinking { first, divisor, .. } = session.recipe().pyramid.iterations else {
        panic!("{:?}", session.recipe().pyramid);
    };
    let planned: Vec<_> = session.scales().iter().map(|scale| scale.iterations).collect();
    assert_eq!(planned, [1.0, divisor, divisor * divisor].map(|by| (first as f64 / by) as usize));
    assert_eq!(session.encoder().name, "lite");
}

// === Which iterate ===

/// With steps this long the optimiser overshoots, so the loss goes up and down.
const OVERSHOOTING: f64 = 0.4;

#[test]
fn the_best_iterate_has_the_lowest_loss_of_the_final_scale() {
    let overrides = |keep| Overrides {
        keep: Some(keep),
        learning_rate: Some(OVERSHOOTING),
        min_size: Some(32),
        ..iterations(6)
    };
    let mut session = transfer("crowson").overrides(overrides(Keep::Best)).build().unwrap();
    assert_eq!(session.scales().len(), 2);
    for _ in 0..6 {
        session.step().unwrap().unwrap();
        assert_eq!(
            session.picture().unwrap(),
            session.iterate(Keep::Last).unwrap(),
            "no best before the final scale"
        );
    }
    let mut seen: Vec<(f64, Picture)> = Vec::new();
    // The first iterate of a scale is only available after its step. Every later one is the last iterate of the
    // step before.
    let first = session.step().unwrap().unwrap();
    let at_first = session.picture().unwrap();
    loop {
        let before = session.iterate(Keep::Last).unwrap();
        let Some(step) = session.step().unwrap() else { break };
        seen.push((step.losses.total, before));
        let lowest = seen.iter().min_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
        let best = if lowest.0 < first.losses.total { &lowest.1 } else { &at_first };
        assert_eq!(session.picture().unwrap(), *best);
    }
    let losses: Vec<f64> = seen.iter().map(|(loss, _)| *loss).collect();
    let lowest = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(
        lowest < losses[losses.len() - 1],
        "the last one is best, so that this shows nothing: {losses:?}"
    );
    assert_ne!(session.picture().unwrap(), session.iterate(Keep::Last).unwrap());
    // The kept iterate does not influence the run.
    let (steps, last) = run(transfer("crowson").overrides(overrides(Keep::Last)).build().unwrap());
    assert_eq!(last, session.iterate(Keep::Last).unwrap());
    assert_eq!(steps.len(), 12);
}

#[test]
fn the_best_picture_is_worth_its_loss() {
    let overrides = Overrides { keep: Some(Keep::Best), learning_rate: Some(OVERSHOOTING), ..iterations(5) };
    let (steps, best) = run(transfer("crowson").overrides(overrides.clone()).build().unwrap());
    let lowest = steps.iter().map(|step| step.losses.total).fold(f64::INFINITY, f64::min);
    let evaluation = transfer("crowson").overrides(overrides).size(48).evaluate(&best).unwrap();
    assert!((evaluation.losses.total / lowest - 1.0).abs() < 1e-9, "{} {lowest}", evaluation.losses.total);
}

#[test]
fn the_average_is_that_of_the_iterates() {
    let overrides = Overrides { min_size: Some(48), ..iterations(5) };
    let mut session = transfer("impasto").overrides(overrides).build().unwrap();
    assert_eq!((session.scales().len(), session.recipe().keep), (1, Keep::Average));
    // The draft, with which the average begins, is painted before the first step.
    session.draft().unwrap();
    let decay = session.recipe().average_decay;
    let (mut sum, mut weight) = (vec![0.0f64; 3 * 48 * 40], 0.0);
    loop {
        let iterate = session.iterate(Keep::Last).unwrap();
        sum.iter_mut().zip(iterate.rgb()).for_each(|(sum, &x)| *sum = decay * *sum + x as f64);
        weight = decay * weight + 1.0;
        let average = session.picture().unwrap();
        let pairs = sum.iter().zip(average.rgb());
        let worst = pairs.map(|(sum, &x)| ((sum / weight) as f32 - x).abs()).fold(0.0, f32::max);
        assert!(worst < AVERAGE, "{worst}");
        if session.step().unwrap().is_none() {
            break;
        }
    }
    assert_ne!(session.picture().unwrap(), session.iterate(Keep::Last).unwrap());
}

#[test]
fn adam_carries_its_moments_up() {
    let overrides = Overrides { min_size: Some(32), ..iterations(2) };
    let mut session = transfer("crowson").overrides(overrides).build().unwrap();
    assert_eq!(session.scales().len(), 2);
    let read = |values: &Values| {
        let mut all = vec![0.0; values.len()];
        values.read(0, &mut all).unwrap();
        all
    };
    let mut first_moments = Vec::new();
    // There is no state before the first step.
    for expected in 1..=4 {
        session.step().unwrap().unwrap();
        let Optimiser::Adam(adam) = session.optimiser() else { panic!("crowson runs on Adam") };
        assert_eq!(adam.steps, expected);
        let Scale { width, height, .. } = session.scales()[usize::from(expected > 2)];
        assert_eq!((adam.first.len(), adam.second.len()), (3 * width * height, 3 * width * height));
        let (first, second) = (read(&adam.first), read(&adam.second));
        assert!(second.iter().all(|value| *value >= 0.0));
        // The middle pixel of the green plane, at either scale.
        first_moments.push(first[width * height + (height / 2) * width + width / 2]);
    }
    assert!(first_moments.iter().all(|moment| *moment != 0.0), "{first_moments:?}");
}

#[test]
fn the_next_scale_begins_with_the_average_enlarged() {
    // Hard edges between 0 and 1, where bicubic enlargement overshoots.
    let blocks = (0..3 * 48 * 40).map(|i| ((i % 48 / 8 + i / 48 % 40 / 8) % 2) as f32);
    let content = Picture::new(48, 40, blocks.collect()).unwrap();
    let overrides = Overrides { min_size: Some(32), ..iterations(2) };
    let transfer = StyleTransfer::new(content)
        .style(waves(44, 48, 1))
        .preset(Preset::named("crowson").unwrap())
        .overrides(overrides);
    let mut session = transfer.clone().build().unwrap();
    for _ in 0..2 {
        session.step().unwrap().unwrap();
    }
    let average = session.picture().unwrap();
    assert_ne!(average, session.iterate(Keep::Last).unwrap());
    let mut enlarged = resize(&average, 48, 40, Filter::Bicubic, Averaging::Values);
    assert!(!in_range(&enlarged), "nothing overshoots, so that this does not show that it is clipped");
    enlarged.rgb_mut().iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
    let begun = session.step().unwrap().unwrap();
    assert_eq!((begun.scale, begun.iteration), (2, 1));
    assert_eq!(begun.losses, transfer.evaluate(&enlarged).unwrap().losses);
}
