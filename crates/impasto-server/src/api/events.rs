//! The stream of events (server-sent events).
//!
//! Durable events have ids, and a browser that comes back gets those that it missed. Progress and previews have none.
//! A stream that falls behind is closed, and not thinned out: the browser comes back and gets what it missed.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};
use utoipa::IntoParams;

use crate::app::App;
use crate::extract::Asked;
use crate::listen::is_true;
use crate::problem::{Problem, ProblemBody};
use crate::work::Watch;

/// Time after which a browser comes back.
const RETRY: Duration = Duration::from_secs(2);

/// Time between two signs of life.
const ALIVE: Duration = Duration::from_secs(15);

/// From where a stream begins.
#[derive(Deserialize, IntoParams)]
pub(crate) struct EventsQuery {
    /// The id of the last event that is known. A browser that comes back sends it as `Last-Event-ID`.
    after: Option<i64>,
}

/// All events, as they happen.
#[utoipa::path(get, path = "/events", tag = "events", params(EventsQuery),
    responses((status = 200, content_type = "text/event-stream"), (status = 429, body = ProblemBody)))]
pub(crate) async fn events(
    State(app): State<Arc<App>>,
    Asked(query): Asked<EventsQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let permit = Arc::clone(&app.streams).try_acquire_owned().map_err(|_| {
        Problem::new(axum::http::StatusCode::TOO_MANY_REQUESTS, "busy", "too many streams are open")
            .retry_after(5)
    })?;
    let known = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok()).or(query.after);
    let mut news = app.store.news();
    let last = match known {
        Some(known) => known,
        None => *news.borrow_and_update(),
    };
    // Events since then are told at once.
    news.mark_changed();
    let follow = Follow {
        watch: app.live.watch(),
        end: app.end.subscribe(),
        news,
        last,
        ready: vec![Event::default().retry(RETRY).comment("events of impasto")],
        app,
        _permit: permit,
    };
    let stream = unfold(follow, |follow| follow.next());
    let stream = Sse::new(stream).keep_alive(KeepAlive::new().interval(ALIVE));
    let headers =
        [(header::CACHE_CONTROL, "no-store"), (header::HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((headers, stream).into_response())
}

/// One stream.
struct Follow {
    app: Arc<App>,
    watch: Watch,
    news: watch::Receiver<i64>,
    end: watch::Receiver<bool>,
    /// The id of the last durable event that was sent.
    last: i64,
    /// Events to send, the last one first.
    ready: Vec<Event>,
    _permit: OwnedSemaphorePermit,
}

impl Follow {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Follow)> {
        loop {
            if let Some(event) = self.ready.pop() {
                return Some((Ok(event), self));
            }
            tokio::select! {
                biased;
                _ = is_true(&mut self.end) => return None,
                changed = self.news.changed() => {
                    changed.ok()?;
                    self.catch_up().await?;
                }
                event = self.watch.events.recv() => match event {
                    Ok((name, data)) => self.ready.push(Event::default().event(name).data(data)),
                    Err(broadcast::error::RecvError::Lagged(_) | broadcast::error::RecvError::Closed) => return None,
                },
            }
        }
    }

    /// Fetches the durable events since the last one.
    async fn catch_up(&mut self) -> Option<()> {
        self.news.mark_unchanged();
        match self.app.store.events_after(self.last).await.ok()? {
            Some(events) => {
                self.last = events.last().map_or(self.last, |event| event.id);
                let event = |event: crate::store::Durable| {
                    Event::default().id(event.id.to_string()).event(event.name).data(event.data)
                };
                self.ready = events.into_iter().rev().map(event).collect();
            }
            None => {
                // Some are no longer kept: the browser fetches everything anew.
                self.last = self.app.store.last_event().await.ok()?;
                let id = self.last.to_string();
                self.ready = vec![Event::default().id(id).event("resync").data("{}")];
            }
        }
        Some(())
    }
}
