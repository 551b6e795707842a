//! The API's own documentation: an OpenAPI document made from the code, and a page to try it out.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::LazyLock;

use actix_web::http::header::{CONTENT_SECURITY_POLICY, ContentType, LOCATION, REFERRER_POLICY};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::{Modify, OpenApi};
use utoipa_swagger_ui::{Config, Url};

use crate::classic::problem::{self, Code};
use crate::classic::{self, ClassicApi};
use crate::http::auth::Access;
use crate::http::body::BodyPolicy;
use crate::http::endpoint::Endpoint;
use crate::http::failure::Failure;
use crate::http::limits::Limit;
use crate::http::openapi::operation_of;
use crate::operations::{self, OperationsApi};

/// The routes of the documentation, each with the codes that it alone decides on.
pub(super) fn operations() -> Vec<(Endpoint, &'static [Code])> {
    let get = |path, handle| classic::get(path, Limit::Read, Access::Anyone, handle);
    vec![
        (get("/openapi.json", |route| route.to(openapi_document)), DOCUMENT_PROBLEMS),
        (get("/docs", |route| route.to(to_docs_page)), &[]),
        (get("/docs/{file}", |route| route.to(docs_file)), DOCS_PROBLEMS),
        (get("/docs/", |route| route.to(docs_page)), DOCUMENT_PROBLEMS),
    ]
}

/// The codes of the routes for operators, whose failures look as those of this API.
fn operators_problems(path: &str) -> &'static [Code] {
    match path {
        "/readyz" => &[Code::Unavailable, Code::Draining],
        "/metrics" => &[Code::NotFound, Code::Internal, Code::Unavailable],
        _ => &[],
    }
}

/// The same routes, documented.
#[derive(OpenApi)]
#[openapi(
    info(title = "miniter", description = DESCRIPTION, license(name = "MIT OR Apache-2.0")),
    tags((name = "miniter", description = "The microblog"), (name = "documentation", description = "This document"),
        (name = "operations", description = "For operators of the server")),
    paths(openapi_document, to_docs_page, docs_page, docs_file),
    modifiers(&Authorization)
)]
struct Documentation;

const DESCRIPTION: &str = "A microblog server.\n\n\
    Every failure is `application/problem+json` (RFC 9457) with a stable `code`, and every answer carries \
    `X-Request-Id`. An unknown path is 404 `not_found`, and a known one with another method 405 `method_not_allowed` \
    with `Allow`. A client that calls too often gets 429 and must wait as long as `Retry-After` says; `RateLimit` and \
    `RateLimit-Policy` tell what is left. Only what is no HTTP/1.1 request at all (a broken head, one of more than 16 KiB, or one that is too \
    slow) gets a bare 400, 408 or 431, and a connection for which there is no place a bare 503 with `Retry-After`.";

/// The two ways to show a token.
struct Authorization;

impl Modify for Authorization {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        let bare = ApiKeyValue::with_description(
            "Authorization",
            "The bare access token, as the classic clients send it.",
        );
        components.add_security_scheme("token", SecurityScheme::ApiKey(ApiKey::Header(bare)));
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}

/// The OpenAPI 3.1 document of everything that is served.
#[must_use]
pub fn openapi() -> Document {
    let mut document =
        Documentation::openapi().merge_from(ClassicApi::openapi()).merge_from(OperationsApi::openapi());
    let operators = operations::endpoints(problem::render)
        .into_iter()
        .chain([operations::metrics_endpoint(problem::render)])
        .map(|endpoint| (endpoint, operators_problems(endpoint.path)));
    for (endpoint, codes) in classic::operations().into_iter().chain(operations()).chain(operators) {
        let operation = document
            .paths
            .paths
            .get_mut(endpoint.path)
            .and_then(|path| operation_of(path, endpoint.method).as_mut());
        if let Some(operation) = operation {
            document_endpoint(operation, &endpoint, codes);
        }
    }
    document
}

/// Adds what follows from an endpoint: who may call, and which failures there are beside those that it alone decides on.
fn document_endpoint(operation: &mut Operation, endpoint: &Endpoint, own: &[Code]) {
    let mut codes = Vec::new();
    let has_body = endpoint.body != BodyPolicy::NONE;
    if has_body {
        codes.extend([Code::InvalidJson, Code::InvalidBody]);
    }
    codes.extend(own);
    if has_body {
        codes.extend([Code::BadRequest, Code::BodyTimeout, Code::BodyTooLarge, Code::UnsupportedMediaType]);
    }
    if let Access::Scopes(_) | Access::Token(_) = endpoint.access {
        codes.extend([Code::TokenMissing, Code::TokenInvalid, Code::TokenExpired]);
        let schemes = ["token", "bearer"];
        operation.security =
            Some(schemes.map(|name| SecurityRequirement::new(name, <[String; 0]>::default())).to_vec());
    }
    if endpoint.limit != Limit::Unlimited {
        codes.push(Code::RateLimited);
    }
    // Each path refuses the methods that it does not have.
    codes.push(Code::MethodNotAllowed);
    operation.responses.responses.extend(problem::responses(&codes));
}

/// The document as JSON, made once.
static DOCUMENT: LazyLock<Result<String, serde_json::Error>> = LazyLock::new(|| openapi().to_json());

/// The codes that this operation alone decides on.
pub(super) const DOCUMENT_PROBLEMS: &[Code] = &[Code::Internal, Code::Unavailable];

/// Returns this document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "documentation",
    responses((status = 200, description = "OpenAPI 3.1.", content_type = "application/json", body = Object))
)]
async fn openapi_document() -> Result<HttpResponse, Failure> {
    match &*DOCUMENT {
        Ok(json) => Ok(HttpResponse::Ok().content_type(ContentType::json()).body(json.as_str())),
        Err(error) => Err(Failure::internal(error.to_string())),
    }
}

/// Leads to the page that shows this document.
#[utoipa::path(
    get,
    path = "/docs",
    tag = "documentation",
    responses((status = 308, description = "The page is at `/docs/`."))
)]
async fn to_docs_page() -> HttpResponse {
    // Relative, so that it holds behind a proxy that adds a prefix.
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "docs/")).finish()
}

/// Shows this document as a page to try the API out.
#[utoipa::path(
    get,
    path = "/docs/",
    tag = "documentation",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String))
)]
async fn docs_page() -> Result<HttpResponse, Failure> {
    serve("index.html")
}

/// The codes that this operation alone decides on.
pub(super) const DOCS_PROBLEMS: &[Code] = &[Code::NotFound, Code::Internal, Code::Unavailable];

/// Returns a file of that page.
#[utoipa::path(
    get,
    path = "/docs/{file}",
    tag = "documentation",
    params(("file" = String, Path, description = "Its name.", example = "index.html")),
    responses((status = 200, description = "The file."))
)]
async fn docs_file(file: web::Path<String>) -> Result<HttpResponse, Failure> {
    serve(&file)
}

/// What the page may do: run its own scripts and call this server. It sets styles from its scripts, and draws its icons from
/// data.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn serve(file: &str) -> Result<HttpResponse, Failure> {
    // Without "none" the page would send its address to a validator on the internet.
    static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
        let documents = [
            Url::with_primary("miniter", "../openapi.json", true),
            Url::new("Mastodon client API", "../openapi/mastodon.json"),
        ];
        Arc::new(Config::new(documents).persist_authorization(true).validator_url("none"))
    });
    match utoipa_swagger_ui::serve(file, Arc::clone(&CONFIG)) {
        Ok(Some(file)) => Ok(HttpResponse::Ok()
            .content_type(file.content_type)
            .insert_header((CONTENT_SECURITY_POLICY, POLICY))
            .insert_header((REFERRER_POLICY, "no-referrer"))
            .body(match file.bytes {
                // A MiB and more, of which no copy is needed.
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => Bytes::from(bytes),
            })),
        Ok(None) => Err(Failure::NotFound),
        Err(error) => Err(Failure::internal(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::app::{Serving, endpoints};
    use crate::mastodon;

    #[test]
    fn every_route_is_in_the_openapi_document_and_nothing_else() {
        let document = serde_json::to_value(openapi()).unwrap();
        let mut documented = BTreeSet::new();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for method in operations.as_object().unwrap().keys() {
                documented.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
        let elsewhere: BTreeSet<_> = mastodon::endpoints().iter().map(|endpoint| endpoint.path).collect();
        let served: BTreeSet<_> = endpoints(Serving::Everything)
            .iter()
            .filter(|endpoint| !elsewhere.contains(endpoint.path))
            .map(|endpoint| format!("{} {}", endpoint.method.answers()[0], endpoint.path))
            .collect();
        assert_eq!(documented, served);
        assert_eq!(document["openapi"], "3.1.0");
    }

    #[test]
    fn every_code_is_promised_by_some_operation() {
        let paths = serde_json::to_value(openapi()).unwrap()["paths"].to_string();
        for code in Code::ALL {
            assert!(paths.contains(&format!("\"{}\"", code.name())), "{code:?}");
        }
    }
}
