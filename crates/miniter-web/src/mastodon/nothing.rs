//! What this server has none of: lists that are empty for everybody. Clients ask for some of them when they start, and take a 404
//! for a fault.
//!
//! A list that gets entries moves to the part of its noun.

use actix_web::HttpResponse;
use miniter_service::Scope;
use utoipa::OpenApi;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem};
use utoipa::openapi::schema::{ArrayBuilder, ArrayItems};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, ResponseBuilder};

use crate::http::auth::Access;
use crate::http::endpoint::Endpoint;
use crate::mastodon::{Part, get, needs};

pub(super) const PART: Part = Part { endpoints, document };

/// The lists.
const LISTS: &[(&str, Access)] = &[
    // Each of those on this server would be its own.
    ("/api/v1/instance/peers", Access::Anyone),
    ("/api/v1/instance/rules", Access::Anyone),
    ("/api/v1/custom_emojis", Access::Anyone),
    ("/api/v1/trends", Access::Anyone),
    ("/api/v1/trends/tags", Access::Anyone),
    ("/api/v1/trends/statuses", Access::Anyone),
    ("/api/v1/trends/links", Access::Anyone),
    ("/api/v1/announcements", Access::Scopes(miniter_service::Scopes::of(&[]))),
    ("/api/v1/filters", needs(Scope::ReadFilters)),
    ("/api/v2/filters", needs(Scope::ReadFilters)),
    ("/api/v1/lists", needs(Scope::ReadLists)),
    ("/api/v1/followed_tags", needs(Scope::ReadFollows)),
    ("/api/v1/conversations", needs(Scope::ReadStatuses)),
    ("/api/v1/suggestions", needs(Scope::ReadAccounts)),
    ("/api/v2/suggestions", needs(Scope::ReadAccounts)),
];

fn endpoints() -> Vec<Endpoint> {
    LISTS.iter().map(|(path, access)| get(path, *access, |route| route.to(list_nothing))).collect()
}

async fn list_nothing() -> HttpResponse {
    HttpResponse::Ok().json([(); 0])
}

#[derive(OpenApi)]
struct NothingApi;

fn document() -> Document {
    let mut document = NothingApi::openapi();
    for (path, _) in LISTS {
        let schema = ArrayBuilder::new().items(ArrayItems::False).max_items(Some(0)).build();
        let response = ResponseBuilder::new()
            .description("There is none.")
            .content("application/json", ContentBuilder::new().schema(Some(schema)).build())
            .build();
        let noun = path.trim_start_matches("/api/").replace('/', "_");
        let operation = OperationBuilder::new()
            .tag("nothing")
            .operation_id(Some(format!("list_{noun}")))
            .summary(Some("Returns an empty list."))
            .response("200", response)
            .build();
        document.paths.paths.insert((*path).to_owned(), PathItem::new(HttpMethod::Get, operation));
    }
    document
}
