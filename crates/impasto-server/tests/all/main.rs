//! The studio without a socket: requests go through the router, and jobs are really painted.
#![allow(clippy::unwrap_used)] // a failing test

mod clips;
mod common;
mod devices;
mod drafts;
mod events;
mod film_work;
mod films;
mod guard;
mod jobs;
mod library;
mod openapi;
mod pictures;
mod queue;
