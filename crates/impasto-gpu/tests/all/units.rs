//! Products on matrix units, where the card has some: the conformance suite, and what else must stay true.

use impasto_encoder::Pooling;
use impasto_engine::{Backend, Cancel, Edges, Padding, Rect, Request, Size};
use impasto_engine_testing::{CHECKS, Random, conform, conform_in_half, cotangents, network_of, picture};
use impasto_gpu::{GpuBackend, Method};

use crate::autoencoder::levels_on;
use crate::card;
use crate::conformance::named;
use crate::half::features_of_any_size_are_alike;

/// A card whose matrix units compute all layers but the first; `None`, after saying so, where there are none. Few
/// drivers have them, so the variable that forbids skips has a word of its own for this.
pub(crate) fn on_units() -> Option<GpuBackend> {
    let adapter = card()?.adapter().clone();
    let card = GpuBackend::open_here(&adapter).unwrap().method(Method::Winograd).units(true);
    if card.matrix_units().is_none() {
        let reason = match adapter.units {
            None => "the card has no matrix units",
            Some(_) => "the card's matrix units do not compute what its other kernels compute",
        };
        let forbidden = std::env::var_os("IMPASTO_NO_SKIPS").is_some_and(|value| value == "units");
        assert!(!forbidden, "skipped: {reason}");
        crate::say(reason);
        return None;
    }
    Some(card)
}

#[test]
fn units_conform() {
    let Some(card) = on_units() else { return };
    conform(&card, CHECKS, &[]);
}

#[test]
fn units_conform_in_half_precision() {
    let Some(card) = on_units() else { return };
    conform_in_half(&card, &named(&["small_pictures", "ends_of_the_range", "features"]), &[]);
}

/// With widths of real networks, some of whose layers are direct products.
#[test]
fn units_and_direct_products_conform_in_one_network() {
    let Some(card) = on_units() else { return };
    let card = GpuBackend::open_here(card.adapter()).unwrap().units(true);
    conform(&card, &named(&["wide_layers"]), &[]);
}

/// Scales take the size of features away: a power of two changes no bit.
#[test]
fn features_of_any_size_are_multiplied_as_well() {
    let Some(card) = on_units() else { return };
    features_of_any_size_are_alike(&card, false);
}

#[test]
fn levels_of_drafts_agree_with_the_reference() {
    let Some(card) = on_units() else { return };
    levels_on(&card);
}

#[test]
fn names_and_identities_say_when_units_compute() {
    let Some(card) = on_units() else { return };
    let network = || network_of(&mut Random(1), &[vec![8, 8]], Pooling::Max, 1.0, Padding::Zero);
    let names = |card: &GpuBackend| {
        let engine = card.prepare(network(), Cancel::default()).unwrap();
        assert_eq!(engine.identity(), card.name());
        card.name().to_owned()
    };
    let with = names(&card);
    assert!(with.ends_with(", matrix units)"), "{with}");
    assert_eq!(card.adapter().ways_of(&with), "ddduuuu".parse().ok());
    let plain = card.units(false);
    assert!(plain.matrix_units().is_none());
    assert_eq!(names(&plain), format!("gpu {}", plain.adapter().identity()));
}

/// The same bytes every time, and other bytes than without units: else nothing would be tested here.
#[test]
fn units_give_the_same_bytes_every_time() {
    let Some(card) = on_units() else { return };
    let network = network_of(&mut Random(2), &[vec![24, 72], vec![80]], Pooling::Max, 1.0, Padding::Zero);
    let image = picture(&mut Random(3), Size::new(75, 58));
    let taps: Vec<_> = network.encoder.topology().taps().collect();
    let deepest = *taps.last().unwrap();
    let request = Request { moments: taps, ..Request::default() };
    let evaluate = |card: &GpuBackend| {
        let mut engine = card.prepare(network.clone(), Cancel::default()).unwrap();
        let seen = engine.observe(&image, &request).unwrap();
        let gradient = engine.pull_back(&image, &cotangents(&seen)).unwrap();
        let edges = Edges::default();
        let window = Rect { x: 0, y: 0, size: Size::new(37, 29) };
        (gradient, engine.features(&image, edges, deepest, window).unwrap())
    };
    let (first, second) = (evaluate(&card), evaluate(&card));
    assert!(first == second);
    let plain = evaluate(&card.units(false));
    assert!(first.0 != plain.0 && first.1 != plain.1);
}
