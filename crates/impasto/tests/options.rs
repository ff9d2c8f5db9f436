//! What is asked for wrongly is refused before anything is run, in words that say what to do.
#![allow(clippy::unwrap_used)] // a failing test

mod common;

use common::{transfer, waves};
use impasto::encoder::EncoderError;
use impasto::objective::{Mixture, Statistic};
use impasto::{
    DEFAULT_SIZE, Error, Init, Keep, LARGEST_SIZE, OptimizerKind, Overrides, Picture, Preset, Recipe,
    Smallest, Style, StyleTransfer,
};

/// Layer weights that are shared equally, in another order.
const ROUNDING: f64 = 1e-15;

fn apply(overrides: Overrides) -> Result<Recipe, Error> {
    overrides.apply(Preset::named("crowson").unwrap().recipe())
}

/// Text and hint of the error, with the hint empty where there is none.
fn said<T>(result: Result<T, Error>) -> (String, String) {
    let Err(error) = result else { panic!("not refused") };
    assert!(!error.is_cancelled());
    (error.to_string(), error.hint().unwrap_or_default())
}

fn text<T>(result: Result<T, Error>) -> String {
    said(result).0
}

fn names(layers: &[&str]) -> Option<Vec<String>> {
    Some(layers.iter().map(|layer| layer.to_string()).collect())
}

// === Overrides ===

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
        assert!(text(apply(overrides)).starts_with("--average-decay: expected"), "{decay}");
    }
    let last = Overrides { average_decay: Some(0.5), ..Overrides::default() };
    let refused = last.clone().apply(Preset::named("gatys").unwrap().recipe());
    assert!(text(refused).contains("no part of this run"));
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
    assert!(text(many).starts_with("--first-iterations: expected at most"));
}

#[test]
fn weights_are_numbers_of_zero_or_more() {
    type Set = fn(&mut Overrides, f64);
    let options: [(&str, Set); 4] = [
        ("--content-weight", |o, weight| o.content_weight = Some(weight)),
        ("--style-weight", |o, weight| o.style_weight = Some(weight)),
        ("--tv-weight", |o, weight| o.tv_weight = Some(weight)),
        ("--style-layer-weights", |o, weight| o.style_layer_weights = Some(vec![1.0, 1.0, weight, 1.0, 1.0])),
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
    let refused = "--content-weight: content and style both have weight 0: nothing to look at";
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
    assert_eq!(text(style(&[], None)), "--style-layers: expected at least one layer");
    assert_eq!(
        text(style(&["relu1_1", "relu2_1", "relu1_1"], None)),
        "--style-layers: relu1_1 is named twice"
    );
    assert_eq!(
        text(style(&["relu1_1", "relu2_1"], Some(&[1.0]))),
        "--style-layer-weights: expected 2 weights, one each for relu1_1,relu2_1, found 1"
    );
    let five = Overrides { style_layer_weights: Some(vec![1.0; 6]), ..Overrides::default() };
    assert_eq!(
        text(apply(five)),
        "--style-layer-weights: expected 5 weights, one each for \
         relu1_1,relu2_1,relu3_1,relu4_1,relu5_1, found 6"
    );
    let content =
        |layers: &[&str]| apply(Overrides { content_layers: names(layers), ..Overrides::default() });
    assert_eq!(text(content(&[])), "--content-layers: expected at least one layer");
    assert_eq!(text(content(&["relu4_2", "relu4_2"])), "--content-layers: relu4_2 is named twice");

    // The preset's total is shared.
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
            format!("--learning-rate: expected a number above 0, found {rate}")
        );
    }
    let overrides = Overrides { min_size: Some(0), ..Overrides::default() };
    assert_eq!(text(apply(overrides)), "--min-size: expected at least 1 pixel, found 0");
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
    // The rate is that of the optimiser that runs.
    assert_eq!((recipe.lbfgs.rate, recipe.adam.rate), (0.5, preset.adam.rate));
    assert_eq!(recipe.pyramid.smallest, Smallest::LongEdge(99));
    assert_eq!(recipe.style_layers, preset.style_layers);
    let adam = apply(Overrides { learning_rate: Some(0.5), ..Overrides::default() }).unwrap();
    assert_eq!((adam.lbfgs.rate, adam.adam.rate), (preset.lbfgs.rate, 0.5));
}

// === Names ===

#[test]
fn misspelt_names_are_answered_with_the_nearest() {
    let nearest = |result: (String, String), expected: &str, first: &str| {
        assert_eq!(result.0, expected);
        assert!(result.1.starts_with(&format!("did you mean {first}")), "{expected}: {}", result.1);
        assert!(result.1.ends_with('?'), "{}", result.1);
    };
    nearest(said(Preset::named("impato")), "no preset impato", "impasto");
    nearest(said(Preset::named("jonson")), "no preset jonson", "johnson");
    nearest(said("wassertein".parse::<Mixture>()), "no statistic wassertein", "wasserstein");
    nearest(said("gram+meanstd:3".parse::<Mixture>()), "no statistic meanstd", "mean-std");
    nearest(said("adamm".parse::<OptimizerKind>()), "no optimizer adamm", "adam");
    nearest(said("avarage".parse::<Keep>()), "no iterate to keep avarage", "average");
    nearest(said("style-stat".parse::<Init>()), "no init style-stat", "style-stats");
    // Where nothing is near, all that there are.
    let (_, hint) = said(Preset::named("zzz"));
    assert!(Preset::ALL.iter().all(|preset| hint.contains(preset.name)), "{hint}");
    let (_, hint) = said("".parse::<Mixture>());
    assert!(Statistic::ALL.iter().all(|statistic| hint.contains(statistic.name())), "{hint}");
}

#[test]
fn statistics_have_positive_weights() {
    for (weight, shown) in
        [("0", "\"0\""), ("-1", "\"-1\""), ("", "\"\""), ("x", "\"x\""), ("inf", "\"inf\"")]
    {
        let mixture = format!("mean-std+gram:{weight}").parse::<Mixture>();
        assert_eq!(
            text(mixture),
            format!("--statistic: expected a positive weight after gram:, found {shown}")
        );
    }
}

#[test]
fn layers_that_the_encoder_lacks_are_answered_with_the_nearest() {
    for (overrides, typed, nearest) in [
        (
            Overrides { style_layers: names(&["relu1_1", "relu6_1"]), ..Overrides::default() },
            "relu6_1",
            "relu5_1",
        ),
        (Overrides { content_layers: names(&["conv4_2"]), ..Overrides::default() }, "conv4_2", "relu4_2"),
        (Overrides { content_layers: names(&["rleu"]), ..Overrides::default() }, "rleu", "relu"),
    ] {
        let (text, hint) = said(transfer("impasto").overrides(overrides).build());
        assert_eq!(text, format!("the encoder has no layer {typed} (it ends at relu5_1)"));
        assert!(hint.starts_with(&format!("did you mean {nearest}")), "{hint}");
    }
}

#[test]
fn a_preset_that_needs_a_deeper_encoder_names_the_way_out() {
    let Err(error) = transfer("keras").build() else { panic!("lite ends at relu5_1") };
    assert!(matches!(error, Error::PresetNeedsLayer { .. }));
    assert_eq!(error.to_string(), "preset keras looks at relu5_2, but the encoder ends at relu5_1");
    let hint = error.hint().unwrap();
    assert!(hint.starts_with("the nearest layer is relu5_1"), "{hint}");
    assert!(hint.contains("give --content-layers relu5_1, or a model that is deep enough"), "{hint}");
    // The way out is one.
    let overrides = Overrides { content_layers: names(&["relu5_1"]), ..Overrides::default() };
    transfer("keras").overrides(overrides).build().unwrap();
    transfer("keras").model(common::NARROW).build().unwrap();
}

#[test]
fn models_are_found_or_answered_with_the_nearest() {
    let (text, hint) = said(transfer("impasto").model("lit").build());
    assert_eq!(text, "no model lit: neither a built-in name nor a file");
    assert!(hint.starts_with("did you mean lite"), "{hint}");
    let (text, hint) = said(transfer("impasto").model("random:vgg20").build());
    assert_eq!(text, "model random:vgg20: expected vgg19 or vgg16, found \"vgg20\"");
    assert!(hint.contains("random:vgg19?seed=0"), "{hint}");
    let (text, _) = said(transfer("impasto").model("no/such/file.safetensors").build());
    assert!(text.starts_with("cannot read encoder no/such/file.safetensors: "), "{text}");
    // An encoder at hand takes the place of a name, and the other way round.
    let encoder = impasto::encoder::open(common::NARROW).unwrap();
    let session = transfer("impasto").model("lit").encoder(encoder.clone()).build().unwrap();
    assert_eq!(session.encoder().name, common::NARROW);
    let session = transfer("impasto").encoder(encoder).model("lite").build().unwrap();
    assert_eq!(session.encoder().name, "lite");
}

#[test]
fn unknown_layers_are_the_encoders_error() {
    let overrides = Overrides { content_layers: names(&["relu9_9"]), ..Overrides::default() };
    let result = transfer("impasto").overrides(overrides).build();
    assert!(matches!(result, Err(Error::Encoder(EncoderError::UnknownLayer { .. }))));
}

// === Pictures and sizes ===

#[test]
fn there_is_a_style() {
    let nothing = StyleTransfer::new(waves(48, 40, 0));
    assert_eq!(text(nothing.clone().build()), "no style picture was given");
    assert_eq!(text(nothing.evaluate(&waves(48, 40, 0))), "no style picture was given");
}

#[test]
fn style_weights_are_numbers_of_zero_or_more_and_not_all_zero() {
    for weights in [[1.0, -0.5], [0.0, 0.0], [f64::NAN, 1.0], [1.0, f64::INFINITY], [-1.0, 2.0]] {
        let transfer = StyleTransfer::new(waves(48, 40, 0))
            .style(Style::new(waves(40, 40, 1)).weight(weights[0]))
            .style(Style::new(waves(40, 40, 2)).weight(weights[1]));
        let refused = "--style-weights: expected numbers of 0 or more, not all 0";
        assert_eq!(text(transfer.build()), refused, "{weights:?}");
    }
}

#[test]
fn style_scales_are_above_zero() {
    for scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(
            text(transfer("impasto").style_scale(scale).build()),
            format!("--style-scale: expected a number above 0, found {scale}")
        );
    }
}

#[test]
fn sizes_and_threads_are_within_limits() {
    let size = |size| transfer("impasto").size(size).build();
    assert_eq!(text(size(0)), "--size: expected at least 1 pixel, found 0");
    assert_eq!(
        text(size(LARGEST_SIZE + 1)),
        format!("--size: expected at most {LARGEST_SIZE} pixels, found {}", LARGEST_SIZE + 1)
    );
    for threads in [0, 1025, usize::MAX] {
        let refused = format!("--threads: expected 1 to 1024, found {threads}");
        assert_eq!(text(transfer("impasto").threads(threads).build()), refused);
        assert_eq!(text(transfer("impasto").threads(threads).evaluate(&waves(48, 40, 0))), refused);
    }
}

#[test]
fn the_content_is_not_enlarged_unless_asked_for() {
    let last = |transfer: StyleTransfer| {
        let session = transfer.build().unwrap();
        let scale = session.scales()[session.scales().len() - 1];
        (scale.width, scale.height)
    };
    assert_eq!(last(transfer("impasto")), (48, 40));
    assert_eq!(last(transfer("impasto").size(96)), (96, 80));
    let large = StyleTransfer::new(waves(1600, 16, 0)).style(waves(48, 48, 1));
    let overrides = Overrides {
        style_layers: names(&["relu1_1"]),
        content_layers: names(&["relu2_1"]),
        min_size: Some(DEFAULT_SIZE),
        ..Overrides::default()
    };
    assert_eq!(last(large.overrides(overrides)), (DEFAULT_SIZE, 8));
}

#[test]
fn pictures_that_are_too_small_are_refused_before_the_first_step() {
    let content = "give a larger picture, --size or --min-size, or shallower layers";
    let style = "give a larger picture or --style-scale, or shallower layers";
    let needs = "too small for relu5_1: expected at least 16x16";
    let small = |content: Picture, style: Picture| StyleTransfer::new(content).style(style).build();
    let result = small(waves(40, 15, 0), waves(48, 48, 1));
    let expected = format!("the content at its first scale has 40x15 pixels, {needs}");
    assert_eq!(said(result), (expected, content.to_string()));
    let result = small(waves(64, 64, 0), waves(48, 9, 1));
    let expected = format!("a style at the first scale has 48x9 pixels, {needs}");
    assert_eq!(said(result), (expected, style.to_string()));
    let result = transfer("impasto").style_scale(0.25).build();
    let expected = format!("a style at the first scale has 11x12 pixels, {needs}");
    assert_eq!(said(result), (expected, style.to_string()));
    // Only the layers that look at a picture ask something of it.
    let overrides = Overrides { style_layers: names(&["relu1_1", "relu2_1"]), ..Overrides::default() };
    let shallow = StyleTransfer::new(waves(64, 64, 0)).style(waves(40, 2, 1)).overrides(overrides);
    shallow.build().unwrap().step().unwrap().unwrap();
    assert!(small(waves(16, 16, 0), waves(16, 16, 1)).unwrap().step().unwrap().is_some());
}

#[test]
fn a_picture_to_begin_with_goes_with_its_init() {
    let init = |init: Option<Init>| Overrides { init, iterations: Some(0), ..Overrides::default() };
    let picture = waves(48, 40, 7);
    let none = text(transfer("impasto").overrides(init(Some(Init::Picture))).build());
    assert_eq!(none, "--init: expected a picture to begin with, found none");
    let given = transfer("impasto").init_picture(picture.clone());
    let other = text(given.clone().overrides(init(Some(Init::Noise))).build());
    assert_eq!(other, "--init: a picture to begin with was given, and an init of another kind");
    for chosen in [None, Some(Init::Picture)] {
        let session = given.clone().overrides(init(chosen)).build().unwrap();
        assert_eq!(session.iterate(Keep::Last).unwrap(), picture);
    }
}

#[test]
fn judged_pictures_are_of_the_contents_size() {
    // 50 x 41 pixels have features of the same size as 48 x 40 have at the content layer.
    for (width, height) in [(40, 40), (50, 41)] {
        let (text, hint) = said(transfer("impasto").evaluate(&waves(width, height, 0)));
        assert_eq!(text, format!("picture: expected 48x40, found {width}x{height}"));
        assert_eq!(
            hint,
            "content and picture must have the same size; pictures of one shape can be brought to it with --size"
        );
    }
    // As the hint says, where the shape is the same.
    transfer("impasto").size(32).evaluate(&waves(96, 80, 0)).unwrap();
    let result = transfer("impasto").size(0).evaluate(&waves(48, 40, 0));
    assert_eq!(said(result).0, "--size: expected at least 1 pixel, found 0");
}
