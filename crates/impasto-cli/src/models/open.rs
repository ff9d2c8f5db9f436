//! Opens the encoder that `--model` names, wherever it comes from. All commands use this function.

use std::io::{IsTerminal, stderr, stdin};
use std::sync::OnceLock;

use impasto::encoder::sources::{Fetch, Model, SourceError, Store};
use impasto::encoder::{self, Encoder, EncoderError};
use impasto_job::JobError;

use super::ask::ask;
use super::watch::Watch;
use crate::args::{NetworkArgs, ProgressKind};

static NETWORK: OnceLock<NetworkArgs> = OnceLock::new();

/// Stores whether the command line allows the network.
pub(crate) fn set_network(args: NetworkArgs) {
    let _ = NETWORK.set(args);
}

/// Returns the published models and the places where they may be.
pub(crate) fn store() -> Store {
    let store = Store::of_process();
    if !NETWORK.get().is_some_and(|network| network.offline) {
        return store;
    }
    let mut environment = store.environment().clone();
    environment.offline = Some("--offline".into());
    Store::new(environment, store.models())
}

/// Opens the encoder with this name, or in this file. A model that is not on this machine is fetched if the user
/// agrees.
pub(crate) fn open(name: &str) -> Result<Encoder, JobError> {
    open_or(name, &|store, model| ask(store, model, &mut stdin().lock(), &mut stderr().lock()))
}

/// Opens an encoder for a job that nobody at this terminal has begun: a missing model is fetched only with
/// `--download`.
#[cfg(feature = "serve")]
pub(crate) fn open_without_asking(name: &str) -> Result<Encoder, JobError> {
    open_or(name, &|_, _| false)
}

fn open_or(name: &str, agrees: &dyn Fn(&Store, &'static Model) -> bool) -> Result<Encoder, JobError> {
    let store = store();
    let Some(model) = store.model(name) else { return Ok(encoder::open(name)?) };
    let mut watch = Watch::new(ProgressKind::Bar);
    let missing = match store.open(model, &mut |event| watch.event(event)) {
        Err(EncoderError::Source(error @ SourceError::NotHere(_))) => error,
        other => return Ok(other?),
    };
    if !may_fetch(&store, model, agrees) {
        return Err(EncoderError::from(missing).into());
    }
    let fetched = store.fetch(model, &Fetch::default(), &mut |event| watch.event(event));
    watch.finish();
    fetched?;
    Ok(store.open(model, &mut |event| watch.event(event))?)
}

/// Returns whether the command line, or the user's answer, allows a model to be fetched.
fn may_fetch(store: &Store, model: &'static Model, agrees: &dyn Fn(&Store, &'static Model) -> bool) -> bool {
    if NETWORK.get().is_some_and(|network| network.download) {
        return true;
    }
    let can_ask = stdin().is_terminal() && stderr().is_terminal();
    store.environment().offline.is_none() && can_ask && agrees(store, model)
}
