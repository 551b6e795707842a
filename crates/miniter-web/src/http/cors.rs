//! Cross-origin requests (the Fetch standard's CORS).

use actix_cors::Cors;
use actix_web::http::Method;
use actix_web::http::header::{LINK, RETRY_AFTER};

use crate::http::exchange::X_REQUEST_ID;
use crate::http::limits::{RATELIMIT, RATELIMIT_POLICY};

/// Which web pages may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// All of them, as the original server had it. Tokens travel in a header that no browser adds by itself, so a
    /// foreign page gains nothing by it.
    Any,
    /// These origins only (`https://example.com`).
    Only(Vec<String>),
}

/// The middleware.
pub(crate) fn cors(origins: &CorsOrigins) -> Cors {
    let cors = Cors::default()
        .allowed_methods([Method::GET, Method::HEAD, Method::POST])
        .allow_any_header()
        .expose_headers([LINK, RETRY_AFTER, RATELIMIT, RATELIMIT_POLICY, X_REQUEST_ID])
        // An hour; browsers cap it anyway.
        .max_age(3_600);
    match origins {
        CorsOrigins::Any => cors.allow_any_origin().send_wildcard(),
        CorsOrigins::Only(origins) => origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin)),
    }
}
