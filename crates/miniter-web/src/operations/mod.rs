//! For operators: is the server alive, should it get requests, and what is it doing?

mod health;
mod metrics;

use actix_web::Route;
use utoipa::OpenApi;

use crate::http::auth::Access;
use crate::http::body::BodyPolicy;
use crate::http::endpoint::{Endpoint, Method};
use crate::http::limits::{Limit, RateLimitHeaders};
use crate::http::render::Render;

/// The routes on the address where people are served. Their failures look as those of a presentation do.
pub(crate) fn endpoints(render: Render) -> Vec<Endpoint> {
    vec![
        get("/livez", render, |route| route.to(health::livez)),
        get("/readyz", render, |route| route.to(health::readyz)),
    ]
}

/// What may be served on an address of its own.
pub(crate) fn metrics_endpoint(render: Render) -> Endpoint {
    get("/metrics", render, |route| route.to(metrics::metrics))
}

fn get(path: &'static str, render: Render, handle: fn(Route) -> Route) -> Endpoint {
    Endpoint {
        method: Method::Get,
        path,
        limit: Limit::Unlimited,
        rate_limit_headers: RateLimitHeaders::Standard,
        access: Access::Anyone,
        body: BodyPolicy::NONE,
        render,
        handle,
    }
}

/// The same routes, documented.
#[derive(OpenApi)]
#[openapi(paths(health::livez, health::readyz, metrics::metrics))]
pub(crate) struct OperationsApi;
