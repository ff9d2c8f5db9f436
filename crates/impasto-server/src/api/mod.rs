//! The routes, and the layers that every request passes.

mod actions;
mod archive;
mod carried;
mod devices;
mod drafts;
mod events;
mod jobs;
mod library;
mod openapi;
mod page;
mod pictures;
mod queue;
mod results;
mod send;
mod session;
mod status;
mod views;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::get;
use tower_http::csrf::CsrfLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::problem::Problem;
use crate::{guard, metrics};

pub use openapi::openapi;

/// The routes that need the token, with their description.
fn closed() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(status::status))
        .routes(routes!(devices::devices))
        .routes(routes!(pictures::list))
        .routes(routes!(pictures::put, pictures::show))
        .routes(routes!(pictures::info))
        .routes(routes!(pictures::original))
        .routes(routes!(carried::settings))
        .routes(routes!(jobs::list, jobs::post))
        .routes(routes!(jobs::put, jobs::get, jobs::patch, jobs::delete))
        .routes(routes!(jobs::restore))
        .routes(routes!(actions::act))
        .routes(routes!(results::preview))
        .routes(routes!(results::result))
        .routes(routes!(results::frame))
        .routes(routes!(results::losses))
        .routes(routes!(results::timelapse))
        .routes(routes!(results::report))
        .routes(routes!(results::scores))
        .routes(routes!(results::cells))
        .routes(routes!(archive::zip))
        .routes(routes!(drafts::draft))
        .routes(routes!(drafts::plan))
        .routes(routes!(queue::queue))
        .routes(routes!(queue::pause))
        .routes(routes!(queue::resume))
        .routes(routes!(library::styles))
        .routes(routes!(library::put_style, library::delete_style))
        .routes(routes!(library::presets))
        .routes(routes!(library::put_preset, library::delete_preset))
        .routes(routes!(library::samples))
        .routes(routes!(events::events))
        .routes(routes!(session::leave))
}

/// The routes that need no token: the page, which holds no data, and what signs in.
fn open() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(session::enter))
}

/// The whole server.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let (closed, _) = closed().split_for_parts();
    let (open, _) = open().split_for_parts();
    let closed = closed
        .route("/openapi.json", get(openapi::serve))
        .layer(from_fn_with_state(Arc::clone(app), guard::signed_in));
    let metrics = Router::new()
        .route("/metrics", get(metrics::serve))
        .layer(from_fn_with_state(Arc::clone(app), guard::signed_in));
    let api = Router::new()
        .merge(closed)
        .merge(open)
        .route("/healthz", get(status::healthz))
        .fallback(unknown)
        .method_not_allowed_fallback(not_allowed);
    Router::new()
        .nest("/api/v1", api)
        .merge(metrics)
        .route("/healthz", get(status::healthz))
        .route("/problems/{name}", get(page::problem))
        .fallback(page::asset)
        .layer(CsrfLayer::new().with_rejection_response(|_| cross_site().into_response()))
        .layer(from_fn_with_state(Arc::clone(app), guard::guard))
        .layer(from_fn_with_state(Arc::clone(app), metrics::count))
        .with_state(Arc::clone(app))
}

/// The answer to a request that a page of another site sent.
fn cross_site() -> Problem {
    let detail = "the request comes from a page of another site";
    Problem::new(StatusCode::FORBIDDEN, "origin-not-allowed", detail)
}

async fn unknown() -> Problem {
    Problem::not_found("resource")
}

async fn not_allowed() -> Problem {
    let detail = "this resource has no such method";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
}
