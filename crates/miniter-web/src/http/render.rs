//! How a failure becomes an answer: each presentation has a renderer, and the outermost middleware calls the right one.

use std::mem;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};

use crate::http::failure::Failure;
use crate::http::request_context::RequestContext;

/// Seconds after which an overloaded server is worth another try.
const RETRY_SECONDS: u32 = 1;

/// Writes a failure as one presentation does: its status, its headers and its body. The text is the request's id.
pub(crate) type Render = fn(&Failure, &HttpRequest, &str) -> HttpResponse;

/// Which presentation answers where no route does.
#[derive(Clone, Copy)]
pub(crate) struct Renderers {
    /// The renderer of each part of the address space that a presentation has for itself, by what its paths begin with.
    pub(crate) by_prefix: &'static [(&'static str, Render)],
    /// The renderer of the rest.
    pub(crate) otherwise: Render,
}

impl Renderers {
    /// The renderer of a request: that of its endpoint, or else that of its path.
    pub(crate) fn of(self, request: &HttpRequest) -> Render {
        if let Some(context) = request.extensions().get::<RequestContext>() {
            return context.endpoint.render;
        }
        let path = request.path();
        let claimed = self.by_prefix.iter().find(|(prefix, _)| path.starts_with(prefix));
        claimed.map_or(self.otherwise, |(_, render)| *render)
    }
}

/// Writes a failure. `headers` are those that middlewares have put on the answer already; HTTP's own are added.
pub(crate) fn write(
    render: Render,
    failure: &Failure,
    request: &HttpRequest,
    mut headers: HeaderMap,
    request_id: &str,
) -> HttpResponse {
    let mut answer = render(failure, request, request_id);
    let status = answer.status();
    headers.remove(CONTENT_TYPE);
    // A presentation may hide that the path exists.
    if let Failure::MethodNotAllowed { allow } = failure
        && status == StatusCode::METHOD_NOT_ALLOWED
    {
        headers.insert(ALLOW, allow.clone());
    }
    if let Some(wait) = failure.retry_after() {
        // Whole seconds (RFC 9110, 10.2.3), and never too few of them.
        let seconds = u64::try_from(wait.as_micros().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    } else if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_SECONDS));
    }
    let rendered = mem::replace(answer.headers_mut(), headers);
    for (name, value) in rendered {
        answer.headers_mut().append(name, value);
    }
    answer
}

#[cfg(test)]
mod tests;
