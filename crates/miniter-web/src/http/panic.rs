//! A panic in a handler is a fault like any other: the client gets an answer, and the next request is served.

use std::panic::AssertUnwindSafe;

use actix_web::Error;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use futures_util::FutureExt;

use crate::http::failure::Failure;

/// The middleware.
pub(crate) async fn catch_panic(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, Error> {
    let seen = request.request().clone();
    let handled = AssertUnwindSafe(async move { next.call(request).await }).catch_unwind().await;
    handled.unwrap_or_else(|_| Ok(ServiceResponse::from_err(Failure::internal("the handler panicked"), seen)))
}
