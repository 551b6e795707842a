//! The bodies of requests: one extractor, and for each endpoint a policy.

mod fields;
mod form;
mod json;
pub(crate) mod lenient;
mod multipart;
pub(crate) mod params;
#[cfg(test)]
mod tests;

use std::fmt::Display;
use std::time::Duration;

use actix_web::http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, TRANSFER_ENCODING,
};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev, web};
use futures_util::future::{FutureExt, LocalBoxFuture};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::http::body::fields::Fields;
use crate::http::connection::Connection;
use crate::http::connections::{Full, Reservation};
use crate::http::failure::Failure;
use crate::http::request_context::RequestContext;

/// The buffer into which a body is read grows to up to so many times its length.
const GROWTH: usize = 2;

/// How long a body may take to arrive. At 7 KiB a second one of 64 KiB is through.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// The longest note on what is wrong with a body, in characters; it may quote the body.
const MAX_NOTE: usize = 200;

/// Which bodies an endpoint takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BodyPolicy {
    kinds: &'static [Kind],
    /// The largest, in bytes.
    limit: usize,
}

impl BodyPolicy {
    /// The endpoint reads no body.
    pub(crate) const NONE: Self = Self { kinds: &[], limit: 0 };

    /// JSON only, of at most so many bytes.
    pub(crate) const fn json(limit: usize) -> Self {
        Self { kinds: &[Kind::Json], limit }
    }

    /// Fields of any kind, of at most so many bytes. No body is a set of none.
    pub(crate) const fn fields(limit: usize) -> Self {
        Self { kinds: &[Kind::Json, Kind::Form, Kind::Multipart], limit }
    }

    /// Whether a request without a body is one without fields. JSON alone has to be an object, an empty form has no bytes.
    pub(crate) fn allows_none(self) -> bool {
        self.kinds.contains(&Kind::Form)
    }
}

/// A kind of body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Json,
    /// `application/x-www-form-urlencoded`
    Form,
    /// `multipart/form-data`
    Multipart,
}

impl Kind {
    /// What the head of a request says of its body.
    fn of(request: &HttpRequest) -> Option<Self> {
        let mime = request.mime_type().ok()??;
        match (mime.type_().as_str(), mime.subtype().as_str()) {
            ("application", "json") => Some(Self::Json),
            ("application", _) if mime.suffix().is_some_and(|suffix| suffix == "json") => Some(Self::Json),
            ("application", "x-www-form-urlencoded") => Some(Self::Form),
            ("multipart", "form-data") => Some(Self::Multipart),
            _ => None,
        }
    }
}

/// The fields in the body of a request, of any kind that its endpoint takes. Those that `T` does not have are ignored.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let received = receive(request, payload, policy_of(request));
        async move {
            let Some(body) = received.await? else { return Fields::default().parse().map(Self) };
            match body.kind {
                Kind::Json => json::parse(&body.bytes),
                Kind::Form => form::parse(&body.bytes)?.parse(),
                Kind::Multipart => multipart::parse(body.media_type, body.bytes).await?.parse(),
            }
            .map(Self)
        }
        .boxed_local()
    }
}

/// A body that has arrived.
struct Received {
    kind: Kind,
    media_type: HeaderValue,
    bytes: Bytes,
    /// As long as it may become: all of it is kept until it is parsed.
    _reserved: Option<Reservation>,
}

fn policy_of(request: &HttpRequest) -> BodyPolicy {
    request.extensions().get::<RequestContext>().map_or(BodyPolicy::NONE, |context| context.endpoint.body)
}

/// Reads a body to its end. `None` where there is nothing to read, and need not be.
fn receive(
    request: &HttpRequest,
    payload: &mut dev::Payload,
    policy: BodyPolicy,
) -> impl Future<Output = Result<Option<Received>, Failure>> + 'static {
    let checked = check_head(request, policy);
    let length = announced(request).and_then(|length| length.try_into().ok());
    let length = length.map_or(policy.limit, |length: usize| length.min(policy.limit));
    let reserved =
        Connection::of(request).map_or(Ok(None), |connection| connection.place().reserve(GROWTH * length));
    let payload = web::Payload::from_request(request, payload);
    async move {
        let kind = match checked? {
            Head::Empty => return Ok(None),
            Head::Typed(kind, media_type) => Some((kind, media_type)),
            Head::Untyped => None,
        };
        let reserved = reserved.map_err(|Full| Failure::Overloaded)?;
        let payload = payload.await.map_err(|_| Failure::BadRequest)?;
        let bytes = timeout(MAX_WAIT, payload.to_bytes_limited(policy.limit))
            .await
            .map_err(|_| Failure::BodyTimeout)?
            .map_err(|_| Failure::BodyTooLarge)?
            // The client left, or its chunks were malformed.
            .map_err(|_| Failure::BadRequest)?;
        match kind {
            Some((kind, media_type)) => Ok(Some(Received { kind, media_type, bytes, _reserved: reserved })),
            None if bytes.is_empty() => Ok(None),
            None => Err(Failure::UnsupportedMediaType),
        }
    }
}

/// What the head says of the body.
enum Head {
    /// There is none.
    Empty,
    /// It is of this kind, with this media type.
    Typed(Kind, HeaderValue),
    /// It is chunked and has no media type. Some clients send an empty one so.
    Untyped,
}

/// Refuses what need not be read.
fn check_head(request: &HttpRequest, policy: BodyPolicy) -> Result<Head, Failure> {
    if policy.allows_none() && is_without_body(request) {
        return Ok(Head::Empty);
    }
    let headers = request.headers();
    if policy.allows_none() && headers.contains_key(TRANSFER_ENCODING) && !headers.contains_key(CONTENT_TYPE)
    {
        return Ok(Head::Untyped);
    }
    let kind = Kind::of(request).filter(|kind| policy.kinds.contains(kind));
    let is_plain = request
        .headers()
        .get_all(CONTENT_ENCODING)
        .all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    let kind = kind.filter(|_| is_plain).zip(request.headers().get(CONTENT_TYPE).cloned());
    let kind = kind.ok_or(Failure::UnsupportedMediaType)?;
    if announced(request).is_some_and(|length| length > policy.limit as u64) {
        return Err(Failure::BodyTooLarge);
    }
    let (kind, media_type) = kind;
    Ok(Head::Typed(kind, media_type))
}

/// Whether the head says that no byte follows. Its media type, if there is one, then says nothing.
fn is_without_body(request: &HttpRequest) -> bool {
    announced(request).unwrap_or(0) == 0 && !request.headers().contains_key(TRANSFER_ENCODING)
}

/// How long the body is to be; a chunked one does not say.
fn announced(request: &HttpRequest) -> Option<u64> {
    request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok())
}

/// The message of a parser, cut to a length that no client can exceed.
fn note(error: &impl Display) -> String {
    error.to_string().chars().take(MAX_NOTE).collect()
}
