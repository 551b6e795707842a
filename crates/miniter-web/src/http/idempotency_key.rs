//! The key under which a client may send the same request again.

use actix_web::HttpRequest;
use miniter_domain::DomainError;
use miniter_service::ServiceError;

use crate::http::failure::Failure;

/// The key in the request's header, if it has one. Bytes that are not UTF-8 are each a character, as in old HTTP.
pub(crate) fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Failure> {
    let mut values = request.headers().get_all("Idempotency-Key");
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(ServiceError::from(DomainError::InvalidIdempotencyKey).into());
    }
    let bytes = value.as_bytes();
    Ok(Some(
        std::str::from_utf8(bytes)
            .map_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect(), str::to_owned),
    ))
}
