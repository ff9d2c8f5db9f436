//! Layers computed in other ways than the rule's: the conformance suite, and names that tell.

use impasto_encoder::Pooling;
use impasto_engine::{Backend, Cancel, Padding};
use impasto_engine_testing::{Random, conform, network_of};
use impasto_gpu::{GpuBackend, Ways};

use crate::card;
use crate::conformance::named;

fn in_ways(ways: &str) -> Option<GpuBackend> {
    let ways: Ways = ways.parse().unwrap();
    Some(GpuBackend::open_here(card()?.adapter()).unwrap().ways(ways))
}

/// Neighbouring layers take different ways, which pass maps on to each other.
#[test]
fn layers_that_take_turns_conform() {
    let Some(card) = in_ways("wdwdwdw") else { return };
    conform(&card, &named(&["wide_layers", "targets_that_move"]), &[]);
}

#[test]
fn names_tell_other_ways_than_the_rules() {
    let Some(card) = in_ways("wdwdwdw") else { return };
    let adapter = card.adapter().clone();
    let plain = format!("gpu {}", adapter.identity());
    let plain_of = |tail: &str| format!("{}{tail})", plain.strip_suffix(')').unwrap());
    assert_eq!(card.name(), plain_of(", layers wdwdwdw"));
    let network = network_of(&mut Random(1), &[vec![8, 8]], Pooling::Max, 1.0, Padding::Zero);
    assert_eq!(card.prepare(network, Cancel::default()).unwrap().identity(), card.name());
    for ways in ["wdwdwdw", "ddddddd", "dddwwww"] {
        let card = in_ways(ways).unwrap();
        assert_eq!(adapter.ways_of(card.name()), ways.parse().ok());
    }
    assert_eq!(in_ways("dddwwww").unwrap().name(), plain);
    for wrong in ["avx2", "gpu another (vulkan, driver)", &plain_of(", layers x")] {
        assert_eq!(adapter.ways_of(wrong), None, "{wrong}");
    }
    // Without matrix units the same layers go without.
    if adapter.units.is_none() {
        assert_eq!(in_ways("ddduuuu").unwrap().name(), plain);
    }
}

/// A measurement by the real clock may find anything, but what it finds can be used.
#[test]
fn what_is_measured_can_be_used() {
    let Some(card) = card() else { return };
    let card = GpuBackend::open_here(card.adapter()).unwrap();
    let started = std::time::Instant::now();
    let ways = card.measured(&|| started.elapsed()).unwrap();
    let card = card.ways(ways);
    assert_eq!(card.adapter().ways_of(card.name()), Some(ways));
}
