//! For whoever runs the server: is it alive, should it get requests, and what is it doing?

mod health;
mod metrics;

use utoipa::OpenApi;

use crate::http::endpoint::Endpoint;
use crate::http::limits::Limit;

pub(crate) use health::Readiness;

/// The routes on the address where people are served.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/livez", Limit::Unlimited, |route| route.to(health::livez)),
        Endpoint::get("/readyz", Limit::Unlimited, |route| route.to(health::readyz)),
    ]
}

/// What may be served on an address of its own.
pub(crate) fn metrics_endpoint() -> Endpoint {
    Endpoint::get("/metrics", Limit::Unlimited, |route| route.to(metrics::metrics))
}

/// The same routes, documented.
#[derive(OpenApi)]
#[openapi(paths(health::livez, health::readyz, metrics::metrics))]
pub(crate) struct OperationsApi;
