//! Cross-origin requests (the Fetch standard's CORS).

use std::str::FromStr;

use actix_cors::Cors;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderName,
    HeaderValue, LINK, RETRY_AFTER,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};
use url::{Origin, Url};

use crate::http::limits::{RATELIMIT, RATELIMIT_POLICY};
use crate::http::request_id::X_REQUEST_ID;

/// Which web pages may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// All of them, as the original server had it. Tokens travel in a header that no browser adds by itself, so a
    /// foreign page gains nothing by it.
    Any,
    /// These origins only, as browsers send them (`https://example.com`).
    Only(Vec<String>),
}

/// `*`, or origins separated by commas.
impl FromStr for CorsOrigins {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim() == "*" {
            return Ok(Self::Any);
        }
        text.split(',')
            .map(str::trim)
            .map(|origin| {
                serialized_origin(origin).ok_or_else(|| {
                    format!(
                        "{origin:?} is no origin; write https://example.com, without a path or a slash at the end"
                    )
                })
            })
            .collect::<Result<_, _>>()
            .map(Self::Only)
    }
}

/// An origin as browsers send it: the host in lower case and in Punycode, and no port that is the scheme's own. They are
/// compared byte by byte. `None` if no browser sends such an origin.
fn serialized_origin(text: &str) -> Option<String> {
    let (_, authority) = text.split_once("://")?;
    let is_authority = !authority.is_empty()
        && authority.chars().all(|c| !(c.is_whitespace() || c.is_control() || r"/\?#@*".contains(c)));
    let url = Url::parse(text).ok().filter(|_| is_authority)?;
    match (url.origin(), url.scheme()) {
        (origin @ Origin::Tuple(..), "http" | "https") => Some(origin.ascii_serialization()),
        // The URL of a file or of a socket is the origin of no page.
        (Origin::Tuple(..), _) | (Origin::Opaque(_), "file") => None,
        // Those of apps in a web view and of browser extensions, whose hosts have no rules (capacitor://localhost).
        (Origin::Opaque(_), scheme) => Some(format!("{scheme}://{}", authority.to_ascii_lowercase())),
    }
}

/// What the open paths answer to a page that asks whether it may call.
const OPEN_PREFLIGHT: [(HeaderName, &str); 3] = [
    (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE"),
    (ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type, Idempotency-Key"),
    (ACCESS_CONTROL_MAX_AGE, "3600"),
];

/// What they let a page read besides.
const OPEN_EXPOSED: HeaderValue = HeaderValue::from_static(
    "Link, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id, Retry-After",
);

/// The middleware of paths that any page may call, whatever [`CorsOrigins`] are: by what they begin with. Their clients are web
/// pages of anybody.
pub(crate) async fn open_cors(
    paths: &'static [&'static str],
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    if !paths.iter().any(|path| request.path().starts_with(path)) {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    }
    let asks =
        request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if asks {
        let mut answer = HttpResponse::Ok();
        for header in OPEN_PREFLIGHT {
            answer.insert_header(header);
        }
        request.into_response(answer.finish()).map_into_right_body()
    } else {
        next.call(request).await?.map_into_left_body()
    };
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response.headers_mut().insert(ACCESS_CONTROL_EXPOSE_HEADERS, OPEN_EXPOSED);
    Ok(response)
}

/// The middleware, for endpoints that have these methods.
pub(crate) fn cors(origins: &CorsOrigins, methods: impl IntoIterator<Item = Method>) -> Cors {
    let cors = Cors::default()
        .allowed_methods(methods)
        .allow_any_header()
        .expose_headers([LINK, RETRY_AFTER, RATELIMIT, RATELIMIT_POLICY, X_REQUEST_ID])
        // An hour; browsers cap it anyway.
        .max_age(3_600);
    match origins {
        CorsOrigins::Any => cors.allow_any_origin().send_wildcard(),
        CorsOrigins::Only(origins) => origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> Vec<String> {
        match text.parse() {
            Ok(CorsOrigins::Only(origins)) => origins,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        assert_eq!("*".parse(), Ok(CorsOrigins::Any));
        assert_eq!(
            only("https://example.com, http://localhost:3000"),
            ["https://example.com", "http://localhost:3000"]
        );
        for text in [
            "",
            "example.com",
            "null",
            "https://",
            "https://example.com/",
            "https://example.com/app",
            "https://example.com?x",
            "https://example.com#x",
            "https://song@example.com",
            "https://*.example.com",
            "https://example.com:port",
            "https://exam ple.com",
            "https:\\\\example.com",
            "https:example.com",
            "https://example.com,",
            "file://",
            "file://host",
            "wss://example.com",
            "*,*",
            "*,https://example.com",
        ] {
            assert!(text.parse::<CorsOrigins>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_origin_is_kept_as_browsers_send_it() {
        for (written, sent) in [
            ("https://App.Example.com", "https://app.example.com"),
            ("HTTPS://example.com", "https://example.com"),
            ("http://b.example:80", "http://b.example"),
            ("https://b.example:443", "https://b.example"),
            ("https://b.example:80", "https://b.example:80"),
            ("https://b.example:08443", "https://b.example:8443"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("http://[::0001]:8080", "http://[::1]:8080"),
            ("capacitor://LocalHost", "capacitor://localhost"),
            ("chrome-extension://abcdefgh", "chrome-extension://abcdefgh"),
        ] {
            assert_eq!(only(written), [sent], "{written}");
        }
    }
}
