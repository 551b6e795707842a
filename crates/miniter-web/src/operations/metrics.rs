//! What the server is doing, in numbers.

use actix_web::{HttpResponse, web};

use crate::http::metrics::CONTENT_TYPE;
use crate::http::problem::{ApiError, Code, problems};
use crate::state::State;

problems!(MetricsProblems: NotFound, Internal, Unavailable);

/// Returns what is counted, for Prometheus. It is not found here if the server has an address of its own for it.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operations",
    responses(
        (status = 200, description = "The text format of Prometheus.", body = String, content_type = "text/plain"),
        MetricsProblems
    )
)]
pub(crate) async fn metrics(state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let text = state
        .metrics
        .render(&state.lanes, state.services.health.connections())
        .map_err(|error| ApiError::from(Code::Internal).with_cause(Box::new(error)))?;
    Ok(HttpResponse::Ok().content_type(CONTENT_TYPE).body(text))
}
