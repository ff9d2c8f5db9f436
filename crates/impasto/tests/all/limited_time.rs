//! Runs in limited time, with a clock whose speed the test sets: results do not depend on the machine's speed.
#![allow(clippy::unwrap_used)] // a panic fails the test

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::common::{NARROW, said, waves};
use impasto::{Clock, Overrides, Session, StyleTransfer};

/// A clock that advances by `step` milliseconds each time it is read.
fn clock(step: u64) -> Clock {
    let looks = AtomicU64::new(0);
    Clock::new(move || Duration::from_millis(step * looks.fetch_add(1, Ordering::Relaxed)))
}

fn transfer(overrides: Overrides) -> StyleTransfer {
    let overrides = Overrides { min_size: Some(64), plateau: Some(0.0), ..overrides };
    StyleTransfer::new(waves(96, 72, 0)).style(waves(60, 50, 1)).model(NARROW).size(96).overrides(overrides)
}

fn run(transfer: StyleTransfer) -> Session {
    let mut session = transfer.build().unwrap();
    session.by_ref().for_each(|step| drop(step.unwrap()));
    session
}

#[test]
fn a_run_ends_in_its_time_has_its_size_and_can_be_had_again() {
    // Too many iterations to wait for.
    let many = Overrides { iterations: Some(1_000_000), ..Overrides::default() };
    let limited =
        |seconds: u64| transfer(many.clone()).time(Some(Duration::from_secs(seconds))).clock(clock(10));
    let session = run(limited(4));
    assert_eq!(session.picture().unwrap().size(), (96, 72));
    let counts = session.iterations_done();
    // An iteration reads the clock at least once.
    assert!(counts.len() == 2 && counts.iter().all(|count| (5..400).contains(count)), "{counts:?}");
    let longer = run(limited(8)).iterations_done();
    assert!(longer.iter().sum::<usize>() > counts.iter().sum(), "{longer:?} {counts:?}");
    // The same clock gives the same run: there is no other source of time.
    assert_eq!(run(limited(4)).iterations_done(), counts);
    let again = Overrides { scale_iterations: Some(counts), ..Overrides::default() };
    assert_eq!(run(transfer(again)).picture().unwrap(), session.picture().unwrap());
}

#[test]
fn time_that_is_enough_changes_nothing() {
    let few = || transfer(Overrides { iterations: Some(3), ..Overrides::default() });
    let limited = run(few().time(Some(Duration::from_secs(600))).clock(clock(10)));
    assert_eq!(limited.picture().unwrap(), run(few()).picture().unwrap());
}

#[test]
fn less_time_than_a_few_iterations_take_is_refused() {
    let mut session = transfer(Overrides { iterations: Some(50), ..Overrides::default() })
        .time(Some(Duration::from_millis(20)))
        .clock(clock(10))
        .build()
        .unwrap();
    let (message, _) = said(session.step());
    assert!(message.starts_with("`time`: expected at least"), "{message}");
}
