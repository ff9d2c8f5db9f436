//! The conformance suite, with both methods of convolving.

use impasto_engine_testing::{CHECKS, Check, conform};
use impasto_gpu::{GpuBackend, Method};

use crate::card;

/// A card that computes all layers by one method.
fn by(method: Method) -> Option<GpuBackend> {
    Some(GpuBackend::open_here(card()?.adapter()).unwrap().method(method))
}

fn check(names: &[&str], backend: Option<GpuBackend>) {
    let Some(backend) = backend else { return };
    let checks: Vec<Check> = CHECKS.iter().filter(|check| names.contains(&check.name)).copied().collect();
    assert_eq!(checks.len(), names.len(), "no such check");
    conform(&backend, &checks, &[]);
}

#[test]
fn direct_products_conform() {
    let quick = ["bad_requests", "cancelling", "targets_that_move", "a_flat_picture"];
    check(&quick, by(Method::Direct));
    check(&["small_pictures", "features"], by(Method::Direct));
}

#[test]
fn winograd_conforms() {
    check(&["small_pictures", "ends_of_the_range"], by(Method::Winograd));
    check(&["wide_layers", "larger_pictures"], by(Method::Winograd));
}

#[test]
fn paintings_conform() {
    check(&["paintings"], by(Method::Winograd));
}
