//! The name of a request, in its answer and in the log.

use actix_web::http::header::HeaderName;
use uuid::Uuid;
use uuid::fmt::Simple;

/// The header that has it.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How long one is, in bytes.
pub(crate) const REQUEST_ID_LENGTH: usize = Simple::LENGTH;

/// A new one. It is always ours: one that a stranger sends could be made to collide with another's, or forge lines of the log.
pub(crate) fn new_request_id(buffer: &mut [u8; REQUEST_ID_LENGTH]) -> &str {
    Uuid::new_v4().simple().encode_lower(buffer)
}
