//! What every presentation shares. It knows no presentation.

pub(crate) mod address;
pub(crate) mod answer;
pub(crate) mod app;
pub(crate) mod auth;
pub(crate) mod body;
pub(crate) mod bulkhead;
pub(crate) mod chunked_body_guard;
pub(crate) mod connection;
pub(crate) mod connections;
pub(crate) mod cors;
pub(crate) mod endpoint;
pub(crate) mod failure;
pub(crate) mod framing;
pub(crate) mod freshness;
pub(crate) mod limits;
pub(crate) mod metrics;
pub(crate) mod observe;
pub(crate) mod page;
pub(crate) mod panic;
pub(crate) mod rate_limit;
pub(crate) mod readiness;
pub(crate) mod render;
pub(crate) mod request_context;
pub(crate) mod request_id;
pub(crate) mod state;
pub(crate) mod stream;
