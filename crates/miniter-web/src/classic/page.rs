//! What pages are in this API, and what the OpenAPI document says of them.

use miniter_service::Timelines;
use utoipa::IntoParams;

use crate::http::page::PageRules;

/// Which part of a timeline is wanted. `http::page` reads it.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documented by it")]
pub(crate) struct PageQuery {
    /// The most entries to return, from 1. Without it, and beyond it, the server's cap (1,000 unless set otherwise).
    #[param(schema_with = limit_schema, example = 20)]
    limit: Option<String>,
    /// A tweet id: only entries older than it, the newest of them.
    #[param(pattern = "^[0-8]?[0-9]{1,18}$")]
    max_id: Option<String>,
    /// A tweet id: only entries newer than it, the newest of them.
    #[param(pattern = "^[0-8]?[0-9]{1,18}$")]
    since_id: Option<String>,
    /// A tweet id: only entries newer than it, the oldest of them.
    #[param(pattern = "^[0-8]?[0-9]{1,18}$")]
    min_id: Option<String>,
}

/// In the OpenAPI document: an integer, of any size.
fn limit_schema() -> utoipa::openapi::schema::Object {
    use utoipa::openapi::schema::{ObjectBuilder, Type};
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).build()
}

/// The rules of this API's pages: without a limit one has as many entries as there may be.
pub(super) fn rules(timelines: &Timelines) -> PageRules {
    let cap = timelines.page_limit(None);
    PageRules { default: cap, cap, keeps_parameters: false }
}
