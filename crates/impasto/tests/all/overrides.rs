//! Overrides of single values: each has an effect, and one without effect is rejected with the expected value.
#![allow(clippy::unwrap_used)] // a panic fails the test

use crate::common::{names, text};
use impasto::objective::Statistic;
use impasto::{Error, Init, Keep, OptimizerKind, Overrides, Preset, Recipe, Smallest};

/// Tolerance for layer weights that are divided equally in another order.
const ROUNDING: f64 = 1e-15;

fn apply(overrides: Overrides) -> Result<Recipe, Error> {
    overrides.apply(Preset::named("crowson").unwrap().recipe())
}

#[test]
fn the_first_scale_the_average_and_the_history_are_as_asked_for() {
    let with = |first, each| {
        apply(Overrides { first_iterations: first, iterations: each, ..Overrides::default() }).unwrap()
    };
    let iterations = |recipe: &Recipe| {
        recipe.pyramid.scales((256, 256)).iter().map(|scale| scale.iterations).collect::<Vec<_>>()
    };
    assert_eq!(iterations(&with(None, None)), [1000, 500, 500]);
    assert_eq!(iterations(&with(Some(7), None)), [7, 500, 500]);
    assert_eq!(iterations(&with(Some(7), Some(3))), [7, 3, 3]);
    let scaling = Overrides { first_iterations: Some(90), ..Overrides::default() };
    let scaling = scaling.apply(Preset::named("scaling").unwrap().recipe()).unwrap();
    let scales = scaling.pyramid.scales((4096, 4096));
    assert_eq!(scales.iter().map(|scale| scale.iterations).collect::<Vec<_>>(), [90, 30, 30, 30]);

    let averaged = apply(Overrides { average_decay: Some(0.25), ..Overrides::default() }).unwrap();
    assert_eq!(averaged.average_decay, 0.25);
    for decay in [1.0, -0.1, f64::NAN] {
        let overrides = Overrides { average_decay: Some(decay), ..Overrides::default() };
        assert!(text(apply(overrides)).starts_with("`average_decay`: expected"), "{decay}");
    }
    let last = Overrides { average_decay: Some(0.5), ..Overrides::default() };
    let refused = last.clone().apply(Preset::named("gatys").unwrap().recipe());
    assert!(text(refused).contains("no part in this run"));
    let kept = Overrides { keep: Some(Keep::Average), ..last };
    assert_eq!(kept.apply(Preset::named("gatys").unwrap().recipe()).unwrap().average_decay, 0.5);

    let lbfgs = Some(OptimizerKind::Lbfgs);
    let few = apply(Overrides { history: Some(5), optimizer: lbfgs, ..Overrides::default() }).unwrap();
    assert_eq!((few.lbfgs.history, few.lbfgs.history_later), (5, 5));
    let adam = apply(Overrides { history: Some(5), ..Overrides::default() });
    assert!(text(adam).contains("only lbfgs"));
    let none = apply(Overrides { history: Some(0), optimizer: lbfgs, ..Overrides::default() });
    assert!(text(none).contains("expected 1 to 1000, found 0"));
    let many = apply(Overrides { first_iterations: Some(2_000_000), ..Overrides::default() });
    assert!(text(many).starts_with("`first_iterations`: expected at most"));
}

#[test]
fn weights_are_numbers_of_zero_or_more() {
    type Set = fn(&mut Overrides, f64);
    let options: [(&str, Set); 4] = [
        ("`content_weight`", |o, weight| o.content_weight = Some(weight)),
        ("`style_weight`", |o, weight| o.style_weight = Some(weight)),
        ("`tv_weight`", |o, weight| o.tv_weight = Some(weight)),
        ("`style_layer_weights`", |o, weight| o.style_layer_weights = Some(vec![1.0, 1.0, weight, 1.0, 1.0])),
    ];
    for (option, set) in options {
        for weight in [-1.0, -1e-300, f64::NAN, f64::INFINITY] {
            let mut overrides = Overrides::default();
            set(&mut overrides, weight);
            let expected = format!("{option}: expected a number of 0 or more, found {weight}");
            assert_eq!(text(apply(overrides)), expected);
        }
        let mut overrides = Overrides::default();
        set(&mut overrides, 0.0);
        apply(overrides).unwrap();
    }
}

#[test]
fn there_is_something_to_look_at() {
    let refused = "`content_weight`: content and style both have weight 0: expected at least one above 0";
    let nothing = Overrides { content_weight: Some(0.0), style_weight: Some(0.0), ..Overrides::default() };
    assert_eq!(text(apply(nothing)), refused);
    let nothing = Overrides {
        content_weight: Some(0.0),
        style_layer_weights: Some(vec![0.0; 5]),
        ..Overrides::default()
    };
    assert_eq!(text(apply(nothing)), refused);
    apply(Overrides { content_weight: Some(0.0), ..Overrides::default() }).unwrap();
    apply(Overrides { style_weight: Some(0.0), ..Overrides::default() }).unwrap();
}

#[test]
fn layers_are_named_once_and_weighted_one_by_one() {
    let style = |layers: &[&str], weights: Option<&[f64]>| {
        apply(Overrides {
            style_layers: names(layers),
            style_layer_weights: weights.map(<[f64]>::to_vec),
            ..Overrides::default()
        })
    };
    assert_eq!(text(style(&[], None)), "`style_layers`: expected at least one layer");
    assert_eq!(
        text(style(&["relu1_1", "relu2_1", "relu1_1"], None)),
        "`style_layers`: relu1_1 is named twice"
    );
    assert_eq!(
        text(style(&["relu1_1", "relu2_1"], Some(&[1.0]))),
        "`style_layer_weights`: expected 2 weights, one each for relu1_1,relu2_1, found 1"
    );
    let five = Overrides { style_layer_weights: Some(vec![1.0; 6]), ..Overrides::default() };
    assert_eq!(
        text(apply(five)),
        "`style_layer_weights`: expected 5 weights, one each for \
         relu1_1,relu2_1,relu3_1,relu4_1,relu5_1, found 6"
    );
    let content =
        |layers: &[&str]| apply(Overrides { content_layers: names(layers), ..Overrides::default() });
    assert_eq!(text(content(&[])), "`content_layers`: expected at least one layer");
    assert_eq!(text(content(&["relu4_2", "relu4_2"])), "`content_layers`: relu4_2 is named twice");

    // The preset's total weight is divided equally.
    let recipe = style(&["relu1_2", "relu3_1"], None).unwrap();
    for (found, expected) in recipe.style_layers.iter().zip([("relu1_2", 0.5), ("relu3_1", 0.5)]) {
        assert_eq!(found.0, expected.0);
        assert!((found.1 - expected.1).abs() < ROUNDING, "{found:?}");
    }
    assert_eq!(
        style(&["relu1_2", "relu3_1"], Some(&[3.0, 0.0])).unwrap().style_layers,
        [("relu1_2".to_string(), 3.0), ("relu3_1".to_string(), 0.0)]
    );
    assert_eq!(
        content(&["relu3_1", "relu4_1"]).unwrap().content_layers,
        [("relu3_1".to_string(), 0.5), ("relu4_1".to_string(), 0.5)]
    );
}

#[test]
fn rates_and_sizes_are_above_zero() {
    for rate in [0.0, -0.1, f64::NAN, f64::INFINITY] {
        let overrides = Overrides { learning_rate: Some(rate), ..Overrides::default() };
        assert_eq!(
            text(apply(overrides)),
            format!("`learning_rate`: expected a number above 0, found {rate}")
        );
    }
    let overrides = Overrides { min_size: Some(0), ..Overrides::default() };
    assert_eq!(text(apply(overrides)), "`min_size`: expected at least 1 pixel, found 0");
}

#[test]
fn what_is_given_takes_the_place_of_the_presets_and_the_rest_stays() {
    let preset = Preset::named("crowson").unwrap().recipe();
    assert_eq!(apply(Overrides::default()).unwrap(), preset);
    let recipe = apply(Overrides {
        tv_weight: Some(0.0),
        statistic: Some(Statistic::MeanStd.into()),
        optimizer: Some(OptimizerKind::Lbfgs),
        learning_rate: Some(0.5),
        min_size: Some(99),
        keep: Some(Keep::Last),
        init: Some(Init::Gray),
        ..Overrides::default()
    })
    .unwrap();
    assert_eq!((recipe.tv_weight, recipe.keep, recipe.init.clone()), (0.0, Keep::Last, Init::Gray));
    assert_eq!(recipe.statistic, Statistic::MeanStd.into());
    // The learning rate applies to the optimiser that runs.
    assert_eq!((recipe.lbfgs.rate, recipe.adam.rate), (0.5, preset.adam.rate));
    assert_eq!(recipe.pyramid.smallest, Smallest::LongEdge(99));
    assert_eq!(recipe.style_layers, preset.style_layers);
    let adam = apply(Overrides { learning_rate: Some(0.5), ..Overrides::default() }).unwrap();
    assert_eq!((adam.lbfgs.rate, adam.adam.rate), (preset.lbfgs.rate, 0.5));
}
