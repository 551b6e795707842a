//! The request context: what the server knows of a request once its route is known.

use actix_web::{HttpMessage, HttpRequest};
use miniter_domain::UserId;
use miniter_service::{AnyGrant, Credential};

use crate::http::auth::TokenFault;
use crate::http::endpoint::Endpoint;
use crate::http::failure::Failure;

/// What is known of a request once its route is, in its extensions.
pub(crate) struct RequestContext {
    /// The endpoint, as it was registered. Where its path takes another method, one that the path has.
    pub(crate) endpoint: Endpoint,
    /// The token that came with the request; `None` before it was read.
    pub(crate) identified: Option<Result<Credential, TokenFault>>,
    /// Whether that token still counts; `None` before the check, and after the outcome was taken.
    pub(crate) authenticated: Option<Result<AnyGrant, Failure>>,
    /// The grant that is good enough for the endpoint.
    pub(crate) authorized: Option<AnyGrant>,
    /// Who is asking, for the log.
    pub(crate) user: Option<UserId>,
    /// Whether what is in memory has all that was acknowledged before the request came.
    pub(crate) is_fresh: bool,
}

impl RequestContext {
    /// Notes which route it is.
    pub(crate) fn begin(request: &HttpRequest, endpoint: Endpoint) {
        let context = Self {
            endpoint,
            identified: None,
            authenticated: None,
            authorized: None,
            user: None,
            is_fresh: false,
        };
        request.extensions_mut().insert(context);
    }
}
