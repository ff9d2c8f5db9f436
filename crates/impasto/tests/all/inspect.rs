//! Inspection of a network: features compared with the reference, Gram matrices compared with the features, and
//! pictures from one term alone.
#![allow(clippy::unwrap_used)] // a panic fails the test

use crate::common::{NARROW, waves};
use impasto::encoder::open;
use impasto::image::{Averaging, Filter, resize};
use impasto::{Error, Inspector, Picture, Reconstruction};
use impasto_engine::{Cancel, Edges, Engine, Network, Pixels, Rect, Reference, Size};

fn inspector(picture: Picture, layers: &[&str], memory: Option<usize>) -> Result<Inspector, Error> {
    let layers: Vec<String> = layers.iter().map(ToString::to_string).collect();
    Inspector::new(picture, &open(NARROW).unwrap(), &layers, Some(1), memory, Cancel::default())
}

/// Tolerance relative to the largest value: f32 against f64, through up to ten convolutions with Winograd's
/// rounding.
const ROUNDING: f64 = 1e-5;

#[test]
fn features_are_those_of_the_reference_and_grams_those_of_the_features() {
    let picture = waves(37, 29, 0);
    let mut inspector = inspector(picture.clone(), &["relu1_1", "relu3_2", "relu4_2"], None).unwrap();
    let encoder = open(NARROW).unwrap();
    let image = Pixels::new(Size::new(37, 29), picture.rgb().to_vec()).unwrap();
    for (index, (layer, size)) in
        [("relu1_1", (37, 29)), ("relu3_2", (9, 7)), ("relu4_2", (4, 3))].iter().enumerate()
    {
        let seen = inspector.look(index).unwrap();
        assert_eq!((seen.layer.as_str(), (seen.width, seen.height)), (*layer, *size));
        let tap = encoder.topology().tap(layer).unwrap();
        let mut reference = Reference::new(Network::new(encoder.truncated(tap)), Cancel::default());
        let window = Rect { x: 0, y: 0, size: Size::new(size.0, size.1) };
        let truth = reference.features(&image, Edges::default(), tap, window).unwrap();
        assert_eq!((seen.channels, seen.maps.len()), (truth.channels, truth.data.len()));
        let largest = truth.data.iter().copied().fold(0.0, f64::max);
        assert!(largest > 0.0 && (f64::from(seen.largest()) - largest).abs() < ROUNDING * largest);
        for (value, truth) in seen.maps.iter().zip(&truth.data) {
            assert!((f64::from(*value) - truth).abs() < ROUNDING * largest, "{layer}: {value} {truth}");
        }
        let zeros = truth.data.iter().filter(|value| **value == 0.0).count() as f64 / truth.data.len() as f64;
        assert!((seen.sparsity() - zeros).abs() < 0.01 && zeros > 0.1, "{} {zeros}", seen.sparsity());
        let mean = truth.data.iter().sum::<f64>() / truth.data.len() as f64;
        assert!((seen.mean() - mean).abs() < ROUNDING * largest);
        let area = size.0 * size.1;
        for (a, b) in [(0, 0), (0, 3), (5, 2)] {
            let of = |channel: usize| &truth.data[channel * area..(channel + 1) * area];
            let product = of(a).iter().zip(of(b)).map(|(a, b)| a * b).sum::<f64>();
            let gram = product / (area * seen.channels) as f64;
            let found = seen.gram[a * seen.channels + b];
            assert!((found - gram).abs() < ROUNDING * largest.powi(2), "{layer}: {found} {gram}");
        }
        let order = seen.by_energy();
        let energy = |channel: usize| seen.map(channel).iter().map(|v| f64::from(*v).powi(2)).sum::<f64>();
        assert!(order.windows(2).all(|pair| energy(pair[0]) >= energy(pair[1]) * (1.0 - 1e-4)));
        assert_eq!(order.len(), seen.channels);
    }
}

#[test]
fn without_names_it_looks_where_the_default_preset_looks() {
    let inspector = inspector(waves(20, 20, 0), &[], None).unwrap();
    let layers: Vec<&str> = inspector.layers().collect();
    assert_eq!(layers, ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu4_2", "relu5_1"]);
}

#[test]
fn what_cannot_be_is_refused() {
    let refused = |picture, layers: &[&str], memory| match inspector(picture, layers, memory) {
        Err(error) => (error.to_string(), error.hint().unwrap_or_default()),
        Ok(_) => panic!("{layers:?} was not refused"),
    };
    let (error, hint) = refused(waves(20, 20, 0), &["relu4_9"], None);
    assert!(error.contains("relu4_9") && hint.contains("relu4_4"), "{error}: {hint}");
    let (error, _) = refused(waves(20, 20, 0), &["relu1_1", "relu1_1"], None);
    assert!(error.contains("twice"), "{error}");
    let (error, hint) = refused(waves(15, 40, 0), &["relu5_1"], None);
    assert!(error.contains("too small") && hint.contains("16"), "{error}: {hint}");
    let (error, hint) = refused(waves(400, 300, 0), &["relu1_1"], Some(10_000_000));
    assert!(error.contains("memory"), "{error}");
    let fits: usize = hint.rsplit(' ').next().unwrap().parse().unwrap();
    assert!((50..400).contains(&fits), "{hint}");
    assert!(inspector(waves(fits, fits * 3 / 4, 0), &["relu1_1"], Some(10_000_000)).is_ok());
}

#[test]
fn a_style_up_to_a_layer_is_that_of_all_layers_up_to_it() {
    let encoder = open(NARROW).unwrap();
    let layers = |layers: &[&str]| {
        Reconstruction::Style(layers.iter().map(ToString::to_string).collect()).layers(&encoder).unwrap()
    };
    assert_eq!(layers(&["relu3_1"]), ["relu1_1", "relu2_1", "relu3_1"]);
    assert_eq!(layers(&["relu2_2"]), ["relu1_1", "relu2_1", "relu2_2"]);
    assert_eq!(layers(&["relu1_1"]), ["relu1_1"]);
    assert_eq!(layers(&["relu1_1", "relu4_1"]), ["relu1_1", "relu4_1"]);
}

/// Root of the mean squared difference.
fn apart(a: &Picture, b: &Picture) -> f32 {
    let squares = a.rgb().iter().zip(b.rgb()).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
    (squares / a.rgb().len() as f32).sqrt()
}

#[test]
fn shallow_features_give_the_picture_back_and_statistics_do_not() {
    // A picture without detail as fine as noise, which the total variation would remove.
    let picture = resize(&waves(16, 12, 0), 48, 36, Filter::Bicubic, Averaging::Values);
    let encoder = open("lite").unwrap();
    let made = |what: &Reconstruction| {
        let mut session = what.transfer(picture.clone(), &encoder, Some(2400)).unwrap().build().unwrap();
        let mut losses = Vec::new();
        while let Some(step) = session.step().unwrap() {
            losses.push(step.losses);
        }
        let (first, last) = (&losses[0], &losses[losses.len() - 1]);
        assert!(last.total < 0.2 * first.total, "{} {}", first.total, last.total);
        match what {
            Reconstruction::Content(_) => assert!(last.style.is_empty() && last.content.len() == 1),
            Reconstruction::Style(_) => assert!(last.content.is_empty() && last.style.len() == 2),
        }
        session.picture().unwrap()
    };
    let content = made(&Reconstruction::Content("relu1_2".into()));
    let style = made(&Reconstruction::Style(vec!["relu2_1".into()]));
    // The picture has a standard deviation of 0.2. An unrelated picture would be further away than that.
    assert!(apart(&content, &picture) < 0.0125, "{}", apart(&content, &picture));
    assert!(apart(&style, &picture) > 0.15, "{}", apart(&style, &picture));
}
