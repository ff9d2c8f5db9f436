//! Wrong options are rejected before anything runs, with a message that says what to do.
#![allow(clippy::unwrap_used)] // a panic fails the test

use crate::common::{names, said, text, transfer, waves};
use impasto::encoder::EncoderError;
use impasto::objective::{Statistic, StyleLoss};
use impasto::{
    DEFAULT_SIZE, Error, Init, Keep, LARGEST_SIZE, OptimizerKind, Overrides, Picture, Preset, Style,
    StyleTransfer,
};

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
    nearest(said("wassertein".parse::<StyleLoss>()), "no statistic wassertein", "wasserstein");
    nearest(said("gram+meanstd:3".parse::<StyleLoss>()), "no statistic meanstd", "mean-std");
    nearest(said("adamm".parse::<OptimizerKind>()), "no optimizer adamm", "adam");
    nearest(said("avarage".parse::<Keep>()), "no iterate to keep avarage", "average");
    nearest(said("style-stat".parse::<Init>()), "no init style-stat", "style-stats");
    // If no name is similar, the hint lists all names.
    let (_, hint) = said(Preset::named("zzz"));
    assert!(Preset::ALL.iter().all(|preset| hint.contains(preset.name)), "{hint}");
    let (_, hint) = said("".parse::<StyleLoss>());
    assert!(Statistic::ALL.iter().all(|statistic| hint.contains(statistic.name())), "{hint}");
}

#[test]
fn statistics_have_positive_weights() {
    for (weight, shown) in
        [("0", "\"0\""), ("-1", "\"-1\""), ("", "\"\""), ("x", "\"x\""), ("inf", "\"inf\"")]
    {
        let mixture = format!("mean-std+gram:{weight}").parse::<StyleLoss>();
        assert_eq!(
            text(mixture),
            format!("`statistic`: expected a positive weight after gram:, found {shown}")
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
    assert!(hint.contains("give `content_layers` relu5_1, or a model that is deep enough"), "{hint}");
    // The hint works.
    let overrides = Overrides { content_layers: names(&["relu5_1"]), ..Overrides::default() };
    transfer("keras").overrides(overrides).build().unwrap();
    transfer("keras").model(crate::common::NARROW).build().unwrap();
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
    let encoder = impasto::encoder::open(crate::common::NARROW).unwrap();
    let session = transfer("impasto").model("lit").encoder(encoder.clone()).build().unwrap();
    assert_eq!(session.encoder().name, crate::common::NARROW);
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
        let refused = "`style_weights`: expected numbers of 0 or more, not all 0";
        assert_eq!(text(transfer.build()), refused, "{weights:?}");
    }
}

#[test]
fn style_scales_are_above_zero() {
    for scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(
            text(transfer("impasto").style_scale(scale).build()),
            format!("`style_scale`: expected a number above 0, found {scale}")
        );
    }
}

#[test]
fn sizes_and_threads_are_within_limits() {
    let size = |size| transfer("impasto").size(size).build();
    assert_eq!(text(size(0)), "`size`: expected at least 1 pixel, found 0");
    assert_eq!(
        text(size(LARGEST_SIZE + 1)),
        format!("`size`: expected at most {LARGEST_SIZE} pixels, found {}", LARGEST_SIZE + 1)
    );
    for threads in [0, 1025, usize::MAX] {
        let refused = format!("`threads`: expected 1 to 1024, found {threads}");
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
    let needs = "too small for relu5_1: expected at least 16x16";
    let small = |content: Picture, style: Picture| StyleTransfer::new(content).style(style).build();
    let result = small(waves(40, 15, 0), waves(48, 48, 1));
    let expected = format!("the content at its final size has 40x15 pixels, {needs}");
    assert_eq!(said(result), (expected, "give `size` 42 or more, or shallower layers".to_string()));
    // The hint works, and one pixel less does not.
    let sized = |size: usize| StyleTransfer::new(waves(40, 15, 0)).style(waves(48, 48, 1)).size(size).build();
    assert!(sized(42).unwrap().step().unwrap().is_some());
    text(sized(41));
    let result = small(waves(1, 3000, 0), waves(48, 48, 1));
    let no_size = "use a picture of at least 16 pixels on the short side, or shallower layers";
    assert_eq!(said(result).1, no_size);
    let result = small(waves(64, 64, 0), waves(48, 9, 1));
    let expected = format!("a style at the final size has 48x9 pixels, {needs}");
    assert_eq!(said(result), (expected, "give `style_scale` 1.78 or more, or shallower layers".to_string()));
    let larger = StyleTransfer::new(waves(64, 64, 0)).style(waves(48, 9, 1)).style_scale(1.78);
    assert!(larger.build().unwrap().step().unwrap().is_some());
    let result = transfer("impasto").style_scale(0.25).build();
    let expected = format!("a style at the final size has 11x12 pixels, {needs}");
    assert_eq!(said(result), (expected, "give `style_scale` 0.34 or more, or shallower layers".to_string()));
    assert!(transfer("impasto").style_scale(0.34).build().unwrap().step().unwrap().is_some());
    // Only the layers that are used set a smallest size.
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
    assert_eq!(none, "`init`: expected a picture to begin with, found none");
    let given = transfer("impasto").init_picture(picture.clone());
    let other = text(given.clone().overrides(init(Some(Init::Noise))).build());
    assert_eq!(other, "`init`: expected no picture to begin with for this init, found one");
    for chosen in [None, Some(Init::Picture)] {
        let session = given.clone().overrides(init(chosen)).build().unwrap();
        assert_eq!(session.iterate(Keep::Last).unwrap(), picture);
    }
}

#[test]
fn judged_pictures_are_of_the_contents_size() {
    // At the content layer, 50 x 41 pixels have features of the same size as 48 x 40.
    for (width, height) in [(40, 40), (50, 41)] {
        let (text, hint) = said(transfer("impasto").evaluate(&waves(width, height, 0)));
        assert_eq!(text, format!("picture: expected 48x40, found {width}x{height}"));
        assert_eq!(
            hint,
            "content and picture must have the same size; pictures of one shape can be resized to it with `size`"
        );
    }
    // The hint works for pictures of the same shape.
    transfer("impasto").size(32).evaluate(&waves(96, 80, 0)).unwrap();
    let result = transfer("impasto").size(0).evaluate(&waves(48, 40, 0));
    assert_eq!(said(result).0, "`size`: expected at least 1 pixel, found 0");
}
