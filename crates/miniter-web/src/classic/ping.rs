//! Is anybody there?

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;

/// Answers `pong`.
#[utoipa::path(
    get,
    path = "/ping",
    tag = "miniter",
    responses((status = 200, description = "The server is there.", body = String, content_type = "text/plain",
        example = "pong"))
)]
pub(crate) async fn ping() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::plaintext()).body("pong")
}
