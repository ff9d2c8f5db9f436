//! The conformance suite, with both methods of convolving.

use impasto_engine_testing::{CHECKS, Check, conform, conform_in_half};
use impasto_gpu::{GpuBackend, Method};

use crate::card;

/// A card that computes all layers by one method.
fn by(method: Method) -> Option<GpuBackend> {
    Some(GpuBackend::open_here(card()?.adapter()).unwrap().method(method))
}

pub(crate) fn named(names: &[&str]) -> Vec<Check> {
    let checks: Vec<Check> = CHECKS.iter().filter(|check| names.contains(&check.name)).copied().collect();
    assert_eq!(checks.len(), names.len(), "no such check");
    checks
}

fn check(names: &[&str], backend: Option<GpuBackend>) {
    let Some(backend) = backend else { return };
    conform(&backend, &named(names), &[]);
}

const DIRECT: &[&str] =
    &["bad_requests", "cancelling", "targets_that_move", "a_flat_picture", "small_pictures", "features"];
const WINOGRAD: &[&str] = &["small_pictures", "ends_of_the_range", "wide_layers", "larger_pictures"];
const PAINTINGS: &[&str] = &["paintings", "judged"];

#[test]
fn no_check_is_left_out() {
    let ran = [DIRECT, WINOGRAD, PAINTINGS].concat();
    for check in CHECKS {
        assert!(ran.contains(&check.name), "{} is in no list", check.name);
    }
}

#[test]
fn direct_products_conform() {
    check(DIRECT, by(Method::Direct));
}

#[test]
fn winograd_conforms() {
    check(WINOGRAD, by(Method::Winograd));
}

/// In half precision the way forward is the same, so the checks are those that pull back.
#[test]
fn half_precision_conforms() {
    let (Some(direct), Some(winograd)) = (by(Method::Direct), by(Method::Winograd)) else { return };
    conform_in_half(&direct, &named(&["targets_that_move", "paintings", "judged", "features"]), &[]);
    conform_in_half(&winograd, &named(&["small_pictures", "ends_of_the_range"]), &[]);
}

/// Users get a method for each layer: both, in one network.
#[test]
fn paintings_conform() {
    check(PAINTINGS, by(Method::Winograd));
    check(&["wide_layers"], card().map(|card| GpuBackend::open_here(card.adapter()).unwrap()));
}
