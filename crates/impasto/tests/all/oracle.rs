//! Every preset and statistic compared with PyTorch: losses per layer, and the gradient by the pixels.
//!
//! The numbers in `fixtures/` were computed in f64 by `tests/oracle/make_fixtures.py` at the top of the repository,
//! an independent implementation written from the published formulas.
#![allow(clippy::unwrap_used)] // a panic fails the test

use std::collections::BTreeMap;
use std::path::PathBuf;

use impasto::encoder::Pooling;
use impasto::image::Plane;
use impasto::objective::Losses;
use impasto::{Evaluation, Mask, Overrides, Picture, Preset, Regions, Rest, Style, StyleTransfer};
use safetensors::SafeTensors;

/// Relative error of a term. Features are f32 here and f64 in the oracle, which changes terms by up to 3e-6.
const TERM: f64 = 1e-4;

/// Relative L2 error of the gradient. It is tight because at this width the 12-step derivative of `crowson` is only
/// 0.6 % from the exact one: a cosine would not tell them apart.
const GRADIENT: f64 = 1e-4;

/// The same with L2 pooling, whose derivative jumps where a window is all zeros. In this picture, one window is
/// zero up to rounding, and the instruction set determines its side of the jump (an error of 7e-7 on one side,
/// 1.2e-3 on the other).
const KINKED: f64 = 2e-3;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn picture(name: &str) -> Picture {
    impasto::image::open(&fixture(name)).unwrap().picture
}

fn mask(name: &str) -> Plane {
    match Mask::new(&picture(name), None).unwrap() {
        Mask::Grey(plane) => plane,
        Mask::Colours(_) => panic!("{name} is grey"),
    }
}

/// The transfer of a case of the fixtures.
fn transfer(case: &str) -> StyleTransfer {
    let model = if case.starts_with("metrics-") { "metrics.safetensors" } else { "narrow.safetensors" };
    let transfer = StyleTransfer::new(picture("content.png")).model(fixture(model).to_str().unwrap());
    let (preset, overrides) = match case {
        "crowson-average" => {
            ("crowson", Overrides { pooling: Some(Pooling::Average), ..Overrides::default() })
        }
        "crowson-l2" => ("crowson", Overrides { pooling: Some(Pooling::L2), ..Overrides::default() }),
        "blend" => ("crowson", Overrides::default()),
        "regions-gatys" | "metrics-gatys" => ("gatys", Overrides::default()),
        "regions-crowson" | "metrics-crowson" => ("crowson", Overrides::default()),
        _ => match case.strip_prefix("stat-") {
            Some(statistic) => (
                "gatys",
                Overrides {
                    statistic: Some(statistic.parse().unwrap()),
                    style_weight: Some(1.0),
                    ..Overrides::default()
                },
            ),
            None => (case, Overrides::default()),
        },
    };
    let transfer = transfer.preset(Preset::named(preset).unwrap()).overrides(overrides);
    match case {
        "blend" => {
            let style = |name, weight| Style::new(picture(name)).weight(weight);
            transfer.style(style("style.png", 0.7)).style(style("style2.png", 0.3))
        }
        // One style with a mask in a soft region, and the other style in the rest.
        "regions-gatys" | "regions-crowson" => transfer
            .regions(Regions::default().region(mask("mask.png")).rest(Rest::First))
            .style(Style::new(picture("style.png")).parts([]))
            .style(Style::new(picture("style2.png")).parts([(0, Some(mask("style2_mask.png")))])),
        _ => transfer.style(picture("style.png")),
    }
}

fn terms(losses: &Losses) -> BTreeMap<String, f64> {
    let layers = losses.content.iter().map(|(layer, value)| (format!("content {layer}"), *value));
    let layers = layers.chain(losses.style.iter().map(|(layer, value)| (format!("style {layer}"), *value)));
    layers.chain([("tv".to_string(), losses.tv), ("total".to_string(), losses.total)]).collect()
}

#[test]
fn losses_and_gradients_agree_with_pytorch() {
    let losses: serde_json::Value =
        serde_json::from_slice(&std::fs::read(fixture("losses.json")).unwrap()).unwrap();
    let bytes = std::fs::read(fixture("gradients.safetensors")).unwrap();
    let gradients = SafeTensors::deserialize(&bytes).unwrap();
    let cases = losses.as_object().unwrap();
    assert_eq!(cases.len(), 17, "a case has come or gone: name it here");
    for (case, expected) in cases {
        let Evaluation { losses, gradient, .. } = transfer(case).evaluate(&picture("image.png")).unwrap();
        let found = terms(&losses);
        let mut seen = 0;
        for kind in ["content", "style"] {
            for (layer, value) in expected[kind].as_object().unwrap() {
                let (value, found) = (value.as_f64().unwrap(), found[&format!("{kind} {layer}")]);
                assert!((found / value - 1.0).abs() < TERM, "{case}: {kind} {layer}: {found} {value}");
                seen += 1;
            }
        }
        for kind in ["tv", "total"] {
            let (value, found) = (expected[kind].as_f64().unwrap(), found[kind]);
            assert!((found - value).abs() <= TERM * value.abs(), "{case}: {kind}: {found} {value}");
            seen += 1;
        }
        assert_eq!(seen, found.len(), "{case}: another number of terms");
        let expected: Vec<f64> = gradients
            .tensor(case)
            .unwrap()
            .data()
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]) as f64)
            .collect();
        assert_eq!(expected.len(), gradient.data.len());
        let pairs = expected.iter().zip(&gradient.data);
        let error: f64 = pairs.map(|(e, f)| (e - *f as f64).powi(2)).sum();
        let norm: f64 = expected.iter().map(|e| e * e).sum();
        let bound = if case == "crowson-l2" { KINKED } else { GRADIENT };
        assert!((error / norm).sqrt() < bound, "{case}: gradient {:e}", (error / norm).sqrt());
    }
}
