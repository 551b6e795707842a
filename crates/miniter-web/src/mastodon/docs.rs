//! What the OpenAPI document of this API says, made from the code.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use miniter_service::Scope;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, HeaderBuilder, OpenApi as Document, Ref, RefOr, Response, ResponseBuilder,
};
use utoipa::{Modify, OpenApi};

use crate::http::auth::Access;
use crate::http::body::BodyPolicy;
use crate::http::endpoint::{Endpoint, Method};
use crate::http::failure::Failure;
use crate::http::limits::Limit;
use crate::http::openapi::operation_of;
use crate::mastodon::error::Error;
use crate::mastodon::{PARTS, Part, get};

pub(super) const PART: Part = Part { endpoints, document: DocsApi::openapi };

fn endpoints() -> Vec<Endpoint> {
    vec![get("/openapi/mastodon.json", Access::Anyone, |route| route.to(openapi_document))]
}

/// The media type of pages for people.
const PAGE: &str = "text/html";

#[derive(OpenApi)]
#[openapi(paths(openapi_document))]
struct DocsApi;

#[derive(OpenApi)]
#[openapi(
    info(title = "miniter: the Mastodon client API", description = DESCRIPTION, license(name = "MIT OR Apache-2.0")),
    components(schemas(Error)),
    modifiers(&Authorization)
)]
struct Documentation;

const DESCRIPTION: &str = "The client API of Mastodon 4.2, for the apps that people have.\n\n\
    A failure is `{\"error\": \u{2026}}`. What is not built is 404, whatever the method is. Parameters may stand in the query string, in \
    a form, in `multipart/form-data` or in JSON. Ids are strings of decimal digits. `X-RateLimit-Limit`, `-Remaining` and \
    `-Reset` tell what is left; a client that calls too often gets 429 and must wait as long as `Retry-After` says.";

/// The way to show a token.
struct Authorization;

impl Modify for Authorization {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}

/// The OpenAPI 3.1 document of the Mastodon client API.
#[must_use]
pub fn openapi() -> Document {
    let mut document = Documentation::openapi();
    for part in PARTS {
        document = document.merge_from((part.document)());
        for endpoint in (part.endpoints)() {
            let path = document.paths.paths.get_mut(endpoint.path);
            if let Some(operation) = path.and_then(|path| operation_of(path, endpoint.method).as_mut()) {
                let media_type = media_type_of(operation);
                operation.responses.responses.extend(failures(&endpoint, media_type));
                if let Access::Scopes(scopes) | Access::Token(scopes) = endpoint.access {
                    let names: Vec<_> = scopes.iter().map(Scope::name).collect();
                    operation.security = Some(vec![SecurityRequirement::new("bearer", names)]);
                }
            }
        }
    }
    document
}

/// What failures are written in: a route that answers with pages has pages for them, too.
fn media_type_of(operation: &Operation) -> &'static str {
    let is_page = |response: &RefOr<Response>| match response {
        RefOr::T(response) => response.content.contains_key(PAGE),
        RefOr::Ref(_) => false,
    };
    if operation.responses.responses.values().any(is_page) { PAGE } else { "application/json" }
}

/// What follows from an endpoint: its failures.
fn failures(endpoint: &Endpoint, media_type: &'static str) -> Vec<(String, RefOr<Response>)> {
    let mut failures = vec![
        (404, "There is nothing at this address, or not for the reader."),
        (500, "A fault on our side."),
        (503, "The server cannot answer now."),
    ];
    if endpoint.limit != Limit::Unlimited {
        failures.push((429, "Too many requests."));
    }
    if let Access::Scopes(_) | Access::Token(_) = endpoint.access {
        failures.push((401, "The access token is invalid."));
        failures.push((403, "This action is outside the authorized scopes, or the reader may not do it."));
    }
    if endpoint.method == Method::Get || endpoint.body != BodyPolicy::NONE {
        failures.push((400, "The request cannot be understood."));
        failures.push((422, "A parameter breaks a rule."));
    }
    if endpoint.body != BodyPolicy::NONE {
        failures.push((408, "The body did not arrive in time."));
        failures.push((413, "The body is too large."));
        failures
            .push((415, "The body has a media type or a content encoding that this route does not take."));
    }
    failures
        .into_iter()
        .map(|(status, text)| (status.to_string(), RefOr::T(failure(status, text, media_type))))
        .collect()
}

fn failure(status: u16, text: &str, media_type: &'static str) -> Response {
    let content = ContentBuilder::new();
    let content =
        if media_type == PAGE { content } else { content.schema(Some(Ref::from_schema_name("Error"))) };
    let mut response = ResponseBuilder::new().description(text).content(media_type, content.build());
    if [429, 503].contains(&status) {
        let header = HeaderBuilder::new().description(Some("Seconds after which to try again.")).build();
        response = response.header("Retry-After", header);
    }
    response.build()
}

/// The document as JSON, made once.
static DOCUMENT: LazyLock<Result<String, serde_json::Error>> = LazyLock::new(|| openapi().to_json());

/// Returns this document.
#[utoipa::path(
    get,
    path = "/openapi/mastodon.json",
    tag = "documentation",
    operation_id = "read_mastodon_openapi",
    responses((status = 200, description = "OpenAPI 3.1.", content_type = "application/json", body = Object))
)]
async fn openapi_document() -> Result<HttpResponse, Failure> {
    match &*DOCUMENT {
        Ok(json) => Ok(HttpResponse::Ok().content_type(ContentType::json()).body(json.as_str())),
        Err(error) => Err(Failure::internal(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap, HashSet};

    use super::*;

    #[test]
    fn every_route_is_in_the_openapi_document_and_nothing_else() {
        let document = serde_json::to_value(openapi()).unwrap();
        let (mut documented, mut ids) = (BTreeSet::new(), HashSet::new());
        for (path, operations) in document["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                documented.insert(format!("{} {path}", method.to_uppercase()));
                assert!(operation["responses"]["404"].is_object(), "{path}");
                assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{operation}");
            }
        }
        let served: BTreeSet<_> = crate::mastodon::endpoints()
            .iter()
            .map(|endpoint| format!("{} {}", endpoint.method.answers()[0], endpoint.path))
            .collect();
        assert_eq!(documented, served);
        assert_eq!(document["openapi"], "3.1.0");
    }

    #[test]
    fn no_two_schemas_have_one_name() {
        let mut seen = HashMap::new();
        for part in PARTS {
            let components = (part.document)().components.unwrap_or_default();
            for (name, schema) in components.schemas {
                let schema = serde_json::to_value(schema).unwrap();
                let known = seen.entry(name).or_insert_with(|| schema.clone());
                assert_eq!(*known, schema);
            }
        }
    }
}
