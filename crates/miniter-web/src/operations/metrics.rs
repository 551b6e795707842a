//! What the server is doing, in numbers.

use actix_web::{HttpResponse, web};

use crate::http::failure::Failure;
use crate::http::metrics::CONTENT_TYPE;
use crate::http::state::State;

/// Returns what is counted, for Prometheus. It is not found here if the server has an address of its own for it.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operations",
    responses(
        (status = 200, description = "The text format of Prometheus.", body = String, content_type = "text/plain")
    )
)]
pub(crate) async fn metrics(state: web::Data<State>) -> Result<HttpResponse, Failure> {
    let text = state
        .metrics
        .render(&state.bulkheads, state.services.health.connections())
        .map_err(Failure::internal)?;
    Ok(HttpResponse::Ok().content_type(CONTENT_TYPE).body(text))
}
