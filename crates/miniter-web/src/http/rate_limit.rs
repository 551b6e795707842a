//! The rate limit of a route: it takes a call from the caller's bucket, or refuses.

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest};
use miniter_domain::{Allowance, Exhausted};

use crate::http::address::subscriber;
use crate::http::auth;
use crate::http::failure::Failure;
use crate::http::limits::{Caller, Limit, RateLimitHeaders};
use crate::http::state::state_of;

/// The middleware. What is left stands on every answer, refusals among them.
pub(crate) async fn rate_limit(
    limit: Limit,
    style: RateLimitHeaders,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, Error> {
    let outcome = take(limit, request.request()).await;
    let mut response = match outcome {
        None | Some(Ok(_)) => next.call(request).await?,
        Some(Err(Exhausted { retry_after })) => request.error_response(Failure::RateLimited { retry_after }),
    };
    if let Some(outcome) = outcome {
        let headers = state_of(response.request())
            .and_then(|state| state.limits.buckets(limit))
            .map(|buckets| buckets.headers(style, outcome));
        for (name, value) in headers.into_iter().flatten() {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

/// Takes a call from the caller's bucket. `None` if nothing is limited.
async fn take(limit: Limit, request: &HttpRequest) -> Option<Result<Allowance, Exhausted>> {
    let state = state_of(request)?;
    let buckets = state.limits.buckets(limit)?;
    let user = if buckets.by_user { auth::caller(request, state).await } else { None };
    let address = || Caller::Address(subscriber(request, &state.trusted_proxies));
    let outcome = buckets.take(user.map_or_else(address, Caller::User));
    if outcome.is_err() {
        state.metrics.count_rate_limited(buckets.name);
    }
    Some(outcome)
}
