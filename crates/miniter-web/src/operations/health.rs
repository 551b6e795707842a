//! Is this node alive, and should it get requests?

use std::time::{Duration, Instant};

use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, web};
use miniter_service::ServiceError;
use tokio::time::timeout;

use crate::http::failure::Failure;
use crate::http::state::State;

/// How long requests share an answer of the database: however many ask, the database is asked no more often.
const SHARED: Duration = Duration::from_millis(200);

/// How long a request waits for the answer to another request's question.
const PATIENCE: Duration = Duration::from_millis(1_300);

/// Answers `live` as long as the process does anything at all.
#[utoipa::path(
    get,
    path = "/livez",
    tag = "operations",
    responses((status = 200, description = "The process is alive.", body = String, content_type = "text/plain",
        example = "live"))
)]
pub(crate) async fn livez() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::plaintext()).body("live")
}

/// Answers `ready` if the database can be read, its schema is not older than this program, and the node is not about to
/// stop.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operations",
    responses(
        (status = 200, description = "This node should get requests.", body = String, content_type = "text/plain",
            example = "ready")
    )
)]
pub(crate) async fn readyz(state: web::Data<State>) -> Result<HttpResponse, Failure> {
    if state.readiness.is_draining() {
        return Err(Failure::Draining);
    }
    let mut last = timeout(PATIENCE, state.readiness.last.lock()).await.map_err(|_| Failure::Overloaded)?;
    match *last {
        Some((asked, true)) if asked.elapsed() < SHARED => {}
        Some((asked, false)) if asked.elapsed() < SHARED => return Err(Failure::Overloaded),
        _ => {
            let health = state.services.health.clone();
            let outcome =
                state.bulkheads.health.run(move || health.check().map_err(ServiceError::from)).await;
            *last = Some((Instant::now(), outcome.is_ok()));
            // With any fault of the database this node should get no requests.
            outcome.map_err(Failure::into_unavailable)?;
        }
    }
    Ok(HttpResponse::Ok().content_type(ContentType::plaintext()).body("ready"))
}
