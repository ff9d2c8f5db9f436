//! Runs on a graphics card, or on a program that plays one (Debian's `mesa-vulkan-drivers`).

use std::io::Write;
use std::sync::Arc;

use impasto::engine::{CpuBackend, EngineError};
use impasto::{
    Backend, Checkpoint, Draft, Error, Init, OptimizerKind, Overrides, Picture, Session, StyleTransfer,
};
use impasto_gpu::GpuBackend;

use crate::common::{NARROW, waves};

/// The largest mean difference from the processor's picture after an iteration at each of three scales: one step of 8
/// bits. Rounding grows with every further iteration, since Adam's steps are as long for a small derivative as for a
/// large one: after 45 iterations the processor's own instruction sets are as far from each other as from a card.
const MEAN: f32 = 1.0 / 255.0;

/// A card of its own for a test; `None`, after saying so, where there is none.
fn card() -> Option<Arc<GpuBackend>> {
    match GpuBackend::find("gpu") {
        Ok(card) => Some(Arc::new(card)),
        Err(reason) => {
            let forbidden = std::env::var_os("IMPASTO_NO_SKIPS").is_some_and(|value| value == "1");
            assert!(!forbidden, "skipped: {reason}");
            // Not by a macro, which the test harness would catch.
            let _ = writeln!(std::io::stderr(), "skipped: {reason}");
            None
        }
    }
}

/// A run from the content. Two devices' drafts are a little apart, and Adam's first step has the same length for a tiny
/// derivative as for a large one.
fn begun(backend: Arc<dyn Backend>) -> Session {
    let init = Some(Init::Content);
    let iterations = Overrides { init, iterations: Some(1), min_size: Some(48), ..Overrides::default() };
    let transfer = StyleTransfer::new(waves(96, 64, 0)).style(waves(80, 70, 1)).model(NARROW);
    transfer.overrides(iterations).size(96).backend(backend).build().unwrap()
}

fn end(mut session: Session) -> Picture {
    session.by_ref().for_each(|step| drop(step.unwrap()));
    session.picture().unwrap()
}

fn difference(a: &Picture, b: &Picture) -> f32 {
    let sum: f32 = a.rgb().iter().zip(b.rgb()).map(|(a, b)| (a - b).abs()).sum();
    sum / a.rgb().len() as f32
}

fn processor() -> Arc<dyn Backend> {
    Arc::new(CpuBackend { set: None })
}

#[test]
fn a_card_paints_the_processors_picture_and_the_same_bytes_twice() {
    let Some(card) = card() else { return };
    let expected = end(begun(processor()));
    let painted = end(begun(card.clone()));
    assert!(difference(&painted, &expected) < MEAN, "{}", difference(&painted, &expected));
    assert_eq!(painted, end(begun(card)));
}

/// Losses without roots are judged on the card, in one submission with the step. The steps are short, so that thirty of
/// them do not enlarge rounding as those of the default preset do.
#[test]
fn thirty_iterations_that_a_card_judges_paint_the_processors_picture() {
    let Some(card) = card() else { return };
    /// Relative difference of a loss in f32 from the processor's after some steps.
    const LOSS: f64 = 0.01;
    for statistic in ["gram:1000", "gram:1000+mean-std", "covariance:1000"] {
        let run = |backend: Arc<dyn Backend>| {
            let overrides = Overrides {
                statistic: Some(statistic.parse().unwrap()),
                init: Some(Init::Content),
                optimizer: Some(OptimizerKind::Adam),
                learning_rate: Some(0.005),
                iterations: Some(30),
                min_size: Some(64),
                ..Overrides::default()
            };
            let transfer = StyleTransfer::new(waves(64, 48, 0)).style(waves(60, 50, 1)).model(NARROW);
            let mut session = transfer.overrides(overrides).size(64).backend(backend).build().unwrap();
            let totals: Vec<f64> = session.by_ref().map(|step| step.unwrap().losses.total).collect();
            (totals, session.picture().unwrap())
        };
        let (expected, picture) = run(processor());
        let (found, painted) = run(card.clone());
        assert!(difference(&painted, &picture) < MEAN, "{statistic}: {}", difference(&painted, &picture));
        assert!(found.len() == 30 && found[29] < found[0], "{statistic}: {found:?}");
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected).abs() <= LOSS * expected, "{statistic}: {found}, expected {expected}");
        }
        assert_eq!((found, painted), run(card.clone()), "{statistic}");
    }
}

/// From noise, where derivatives are large: five steps keep rounding small. After thirty, the processor's instruction
/// sets are more than one step of 8 bits from each other, so that nothing could be told.
#[test]
fn half_precision_paints_the_same_picture() {
    let Some(card) = card() else { return };
    let painted = |half: bool| {
        let init = Some(Init::Noise);
        let iterations = Overrides { init, iterations: Some(5), min_size: Some(64), ..Overrides::default() };
        let transfer = StyleTransfer::new(waves(64, 48, 0)).style(waves(60, 50, 1)).model(NARROW);
        let transfer = transfer.overrides(iterations).size(64).half(half).backend(card.clone());
        let session = transfer.build().unwrap();
        (session.plan().peak_bytes, end(session))
    };
    let ((least, half), (most, full)) = (painted(true), painted(false));
    assert!(least < most, "{least} bytes in half precision, {most} without");
    assert!(half != full && difference(&half, &full) < MEAN, "{}", difference(&half, &full));
}

/// Drafts run on the card too: in a run, and alone, as pictures of the studio and of films do.
#[test]
fn a_card_drafts_the_processors_picture_and_the_same_bytes_twice() {
    let Some(card) = card() else { return };
    let transfer = |backend: Arc<dyn Backend>| {
        let begins = Overrides { init: Some(Init::Draft), ..Overrides::default() };
        let transfer = StyleTransfer::new(waves(96, 64, 0)).style(waves(80, 70, 1)).model(NARROW);
        transfer.overrides(begins).size(96).backend(backend)
    };
    let draft = |backend| transfer(backend).build().unwrap().draft().unwrap().unwrap();
    let expected = draft(processor());
    let kernels = card.taken().now;
    let painted = draft(card.clone());
    assert!(difference(&painted, &expected) < MEAN, "{}", difference(&painted, &expected));
    assert!(painted != expected, "the processor painted it");
    assert_eq!(painted, draft(card.clone()));
    let mut alone = Draft::new(transfer(card.clone())).unwrap();
    assert!(card.taken().now > kernels, "the levels are not on the card");
    assert_eq!(alone.picture().unwrap(), painted);
}

#[test]
fn a_run_goes_on_on_the_other_device() {
    let Some(card) = card() else { return };
    let card: Arc<dyn Backend> = card;
    let expected = end(begun(processor()));
    let folder = tempfile::tempdir().unwrap();
    let ways = [[card.clone(), processor()], [processor(), card]];
    for (index, [first, second]) in ways.into_iter().enumerate() {
        let path = folder.path().join(index.to_string());
        let mut session = begun(first);
        for _ in 0..2 {
            session.step().unwrap().unwrap();
        }
        session.save(&path, "").unwrap();
        let checkpoint = Checkpoint::read(&path).unwrap();
        let mut session = begun(second);
        let refused = session.restore(&checkpoint).unwrap_err().to_string();
        assert!(refused.contains("the instruction set is not the same"), "{refused}");
        session.restore_elsewhere(&checkpoint).unwrap();
        let painted = end(session);
        assert!(difference(&painted, &expected) < MEAN, "{index}: {}", difference(&painted, &expected));
    }
}

#[test]
fn a_card_that_is_lost_is_an_error_and_what_was_saved_goes_on() {
    let Some(card) = card() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let mut session = begun(card.clone());
    session.step().unwrap().unwrap();
    session.save(&path, "").unwrap();
    card.lose();
    let error = session.step().unwrap_err();
    assert!(matches!(error, Error::Engine(EngineError::DeviceLost { .. })), "{error}");
    assert!(error.hint().unwrap().contains("`device` cpu"), "{:?}", error.hint());
    assert!(card.is_lost());
    let mut session = begun(processor());
    session.restore_elsewhere(&Checkpoint::read(&path).unwrap()).unwrap();
    end(session);
}
