//! Runs that end early: cancelled, or with a loss that is not finite.
#![allow(clippy::unwrap_used)] // a panic fails the test

use crate::common::{in_range, nearly_equal, saved, transfer};
use impasto::{Cancel, CheckpointError, Error, Keep, OptimizerKind, Overrides, Session};

fn iterations(count: usize) -> Overrides {
    Overrides { iterations: Some(count), ..Overrides::default() }
}

#[test]
fn a_cancelled_run_says_so_and_keeps_its_picture() {
    for steps_before in [0, 2] {
        let cancel = Cancel::default();
        let mut session =
            transfer("impasto").overrides(iterations(4)).cancel(cancel.clone()).build().unwrap();
        for _ in 0..steps_before {
            session.step().unwrap().unwrap();
        }
        let (picture, state) = (session.picture().unwrap(), saved(&session));
        cancel.cancel();
        for _ in 0..2 {
            let error = session.step().unwrap_err();
            assert!(error.is_cancelled(), "{error}");
            assert_eq!(session.picture().unwrap(), picture);
            assert_eq!(saved(&session), state);
        }
        assert!(in_range(&picture));
    }
    assert!(!transfer("impasto").size(0).build().map(|_| ()).unwrap_err().is_cancelled());
}

#[test]
fn what_a_cancelled_run_leaves_obeys_the_next_runs_flag() {
    let run = |cancel: &Cancel| transfer("impasto").overrides(iterations(2)).cancel(cancel.clone());
    let end = |mut session: Session| {
        session.by_ref().for_each(|step| drop(step.unwrap()));
        session.picture().unwrap()
    };
    let whole = end(run(&Cancel::default()).build().unwrap());
    let first = Cancel::default();
    let mut session = run(&first).build().unwrap();
    first.cancel();
    assert!(session.step().unwrap_err().is_cancelled());
    // The old flag does not cancel the next session; its own flag does.
    let second = Cancel::default();
    let mut session = run(&second).build_with(Some(session.into_cache())).unwrap();
    session.step().unwrap().unwrap();
    second.cancel();
    assert!(session.step().unwrap_err().is_cancelled());
    let third = run(&Cancel::default()).build_with(Some(session.into_cache())).unwrap();
    assert_eq!(end(third), whole);
}

/// Adam divides by the root of the gradient's square. Where that is infinite, the picture would stay as it was.
#[test]
fn weights_that_single_precision_cannot_carry_are_an_error() {
    for preset in ["impasto", "crowson"] {
        for weight in [1e30, 1e40, 1e300] {
            let overrides = Overrides { style_weight: Some(weight), ..iterations(2) };
            let mut session = transfer(preset).overrides(overrides).build().unwrap();
            let error = session.by_ref().find_map(Result::err).unwrap();
            let Error::Diverged { scale: 1, iteration: 1, .. } = &error else { panic!("{error}") };
            assert!(in_range(&session.picture().unwrap()));
            assert_eq!(session.step().unwrap(), None);
        }
        // Large weights in the same ratio are carried.
        let overrides = Overrides { style_weight: Some(1e9), ..iterations(2) };
        let mut session = transfer(preset).overrides(overrides).build().unwrap();
        assert_eq!(session.by_ref().map(Result::unwrap).count(), 2);
    }
}

#[test]
fn a_diverging_run_says_where_and_keeps_the_last_good_picture() {
    // The first step leaves finite pixels of 1e20 and more, whose features are not finite.
    let far = Overrides { learning_rate: Some(1e30), ..iterations(5) };
    // The first step leaves pixels that are not finite.
    let beyond = Overrides { learning_rate: Some(1e300), ..iterations(5) };
    let adam = Overrides { optimizer: Some(OptimizerKind::Adam), ..far.clone() };
    for (overrides, layer, iteration) in
        [(far, "relu4_2", 2), (adam, "relu4_2", 2), (beyond, "the pixels", 1)]
    {
        for keep in [Keep::Last, Keep::Average, Keep::Best] {
            let overrides = Overrides { keep: Some(keep), ..overrides.clone() };
            let mut session = transfer("gatys").overrides(overrides).build().unwrap();
            let start = session.picture().unwrap();
            let error = session.by_ref().find_map(Result::err).unwrap();
            let Error::Diverged { layer: found, scale: 1, iteration: at } = &error else {
                panic!("{error}");
            };
            assert_eq!((found.as_str(), *at), (layer, iteration));
            assert_eq!(
                error.to_string(),
                format!("at {layer}: a value that is not a finite number, in scale 1, iteration {iteration}")
            );
            assert!(error.hint().unwrap().contains("`learning_rate`"));
            assert!(!error.is_cancelled());
            let picture = session.picture().unwrap();
            assert!(in_range(&picture));
            // Only the first picture was good.
            assert!(nearly_equal(&picture, &start), "{keep} after {layer}");
            assert_eq!(session.step().unwrap(), None, "it goes on as if nothing had happened");
            assert!(!session.can_be_saved());
            let unsaved = session.save("nowhere".as_ref(), "");
            assert!(matches!(unsaved, Err(Error::Checkpoint(CheckpointError::Failed))), "{unsaved:?}");
        }
    }
}
