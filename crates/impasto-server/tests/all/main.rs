//! The studio without a socket: requests go through the router, and jobs are really painted.
#![allow(clippy::unwrap_used)] // a failing test

mod common;
mod drafts;
mod events;
mod films;
mod guard;
mod jobs;
mod library;
mod openapi;
mod pictures;
mod queue;
