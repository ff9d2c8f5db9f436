//! The results of runs: with every preset and optimiser, from almost empty pictures, and with several styles.
#![allow(clippy::unwrap_used)] // a panic fails the test

use crate::common::{NARROW, checkerboard, in_range, transfer, waves};
use impasto::image::{Averaging, Filter, resize};
use impasto::objective::Statistic;
use impasto::{Init, OptimizerKind, Overrides, Picture, Preset, Session, Step, Style, StyleTransfer};

fn iterations(count: usize) -> Overrides {
    Overrides { iterations: Some(count), ..Overrides::default() }
}

/// Runs to the end.
fn run(mut session: Session) -> (Vec<Step>, Picture) {
    let steps = session.by_ref().collect::<Result<_, _>>().unwrap();
    (steps, session.picture().unwrap())
}

// === Progress ===

/// The lowest loss of a run with 20 iterations, relative to the first. L-BFGS with fixed steps sometimes goes up.
fn brought_down_to(preset: &str, model: &str) -> f64 {
    // With a draft, the content term begins at 0 and rises. From noise, both terms fall.
    let init = (preset == "impasto").then_some(Init::Noise);
    let overrides = Overrides { min_size: Some(48), init, ..iterations(20) };
    let (steps, _) = run(transfer(preset).model(model).overrides(overrides).build().unwrap());
    assert_eq!(steps.len(), 20);
    let lowest = steps.iter().map(|step| step.losses.total).fold(f64::INFINITY, f64::min);
    lowest / steps[0].losses.total
}

#[test]
fn every_preset_brings_the_loss_down() {
    for &preset in Preset::ALL {
        // The tutorial needs a deeper layer than `lite` has.
        let model = if preset.name == "keras" { NARROW } else { "lite" };
        let part = brought_down_to(preset.name, model);
        assert!(part < 0.8, "{}: to {part} of the first", preset.name);
    }
}

/// The content term holds the draft and begins at 0, so only the style terms must fall.
#[test]
fn iterations_bring_a_draft_nearer_to_the_style() {
    let overrides = Overrides { min_size: Some(48), ..iterations(20) };
    let (steps, _) = run(transfer("impasto").overrides(overrides).build().unwrap());
    let style = |step: &Step| step.losses.style.iter().map(|(_, value)| value).sum::<f64>();
    let (first, last) = (style(&steps[0]), style(&steps[19]));
    assert!(last < 0.8 * first, "{last} of {first}");
}

#[test]
fn random_weights_will_do() {
    for (preset, most) in [
        ("impasto", 0.8),
        ("gatys", 0.8),
        ("scaling", 0.8),
        // The run begins with noise that is almost flat, and random weights guide it little.
        ("johnson", 0.995),
    ] {
        let part = brought_down_to(preset, NARROW);
        assert!(part < most, "{preset}: to {part} of the first");
    }
}

#[test]
fn either_optimiser_brings_down_what_the_other_is_meant_for() {
    for (preset, optimizer) in [("gatys", OptimizerKind::Adam), ("crowson", OptimizerKind::Lbfgs)] {
        let overrides = Overrides { optimizer: Some(optimizer), ..iterations(15) };
        let (steps, picture) = run(transfer(preset).overrides(overrides).build().unwrap());
        let (first, last) = (steps[0].losses.total, steps[14].losses.total);
        assert!(last < 0.8 * first, "{preset} by {optimizer}: from {first} to {last}");
        assert!(in_range(&picture));
    }
}

// === Pictures with little in them ===

#[test]
fn flat_and_flickering_pictures_do_no_harm() {
    let side = 32;
    let flat = |value| Picture::filled(side, side, [value; 3]);
    let extremes = [
        ("grey", flat(0.5)),
        ("black", flat(0.0)),
        ("white", flat(1.0)),
        ("checkerboard", checkerboard(side, side)),
    ];
    let lively = waves(side, side, 0);
    for (name, extreme) in &extremes {
        for (role, content, style) in
            [("content", extreme, &lively), ("style", &lively, extreme), ("both", extreme, extreme)]
        {
            for &statistic in Statistic::ALL {
                for preset in ["crowson", "gatys"] {
                    let what = format!("{name} as {role}, {preset}, {}", statistic.name());
                    let overrides = Overrides { statistic: Some(statistic.into()), ..iterations(3) };
                    let mut session = StyleTransfer::new(content.clone())
                        .style(style.clone())
                        .preset(Preset::named(preset).unwrap())
                        .overrides(overrides)
                        .build()
                        .unwrap();
                    for _ in 0..3 {
                        let step = session.step().unwrap_or_else(|error| panic!("{what}: {error}")).unwrap();
                        assert!(step.losses.total.is_finite(), "{what}");
                        assert!(in_range(&session.picture().unwrap()), "{what}");
                    }
                    assert!(session.step().unwrap().is_none());
                }
            }
        }
    }
}

#[test]
fn a_picture_that_is_as_wanted_is_left_alone() {
    let picture = waves(48, 40, 0);
    for (preset, statistic) in [("gatys", "gram"), ("scaling", "covariance+mean-std")] {
        let overrides = Overrides { statistic: Some(statistic.parse().unwrap()), ..iterations(3) };
        let transfer = StyleTransfer::new(picture.clone()).style(picture.clone());
        let transfer = transfer.preset(Preset::named(preset).unwrap()).overrides(overrides);
        let (steps, result) = run(transfer.build().unwrap());
        assert_eq!(steps[2].losses.total, 0.0, "{preset}");
        assert_eq!(result, picture, "{preset}");
    }
}

// === Several styles ===

#[test]
fn styles_are_blended_by_weight() {
    let (one, other) = (waves(44, 48, 1), waves(40, 40, 3));
    let result = |styles: &[(f64, &Picture)]| {
        let transfer = StyleTransfer::new(waves(48, 40, 0)).overrides(iterations(3));
        let transfer = styles
            .iter()
            .fold(transfer, |t, (weight, style)| t.style(Style::new((*style).clone()).weight(*weight)));
        run(transfer.build().unwrap()).1
    };
    let (only_one, only_other) = (result(&[(1.0, &one)]), result(&[(1.0, &other)]));
    let both = result(&[(1.0, &one), (1.0, &other)]);
    assert_ne!(only_one, only_other);
    assert!(both != only_one && both != only_other);
    // Weights are relative, a style of weight 0 has no effect, and the same style twice counts as one.
    assert_eq!(result(&[(7.0, &one), (7.0, &other)]), both);
    assert_eq!(result(&[(2.0, &one), (0.0, &other)]), only_one);
    assert_eq!(result(&[(0.5, &one), (0.5, &one)]), only_one);
    assert_ne!(result(&[(3.0, &one), (1.0, &other)]), both);
}

#[test]
fn a_blend_is_nearer_to_the_style_that_weighs_more() {
    let (one, other) = (waves(44, 48, 1), waves(40, 40, 3));
    let distance = |weights: [f64; 2]| {
        let transfer = StyleTransfer::new(waves(48, 40, 0))
            .style(Style::new(one.clone()).weight(weights[0]))
            .style(Style::new(other.clone()).weight(weights[1]));
        let losses =
            transfer.evaluate(&resize(&one, 48, 40, Filter::Bicubic, Averaging::Light)).unwrap().losses;
        losses.style.iter().map(|(_, value)| value).sum::<f64>()
    };
    let distances = [[1.0, 0.0], [3.0, 1.0], [1.0, 1.0], [1.0, 3.0], [0.0, 1.0]].map(distance);
    assert!(distances.is_sorted_by(|a, b| a < b), "{distances:?}");
}

#[test]
fn each_style_has_a_size_of_its_own() {
    let losses = |global: f64, own: f64| {
        let style = Style::new(waves(80, 72, 1)).scale(own);
        let transfer = StyleTransfer::new(waves(64, 48, 0)).style(style).style_scale(global).size(64);
        transfer.evaluate(&waves(64, 48, 2)).unwrap().losses
    };
    assert_eq!(losses(0.5, 1.0), losses(1.0, 0.5), "one multiplies the other");
    assert_ne!(losses(1.0, 1.0), losses(1.0, 0.5));
    let bad = StyleTransfer::new(waves(64, 48, 0)).style(Style::new(waves(80, 72, 1)).scale(0.0)).build();
    assert!(bad.err().unwrap().to_string().contains("scale"));
}
