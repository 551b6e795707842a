//! Paths that end in a slash. Servers of some APIs ignore it, and so clients of these APIs write it now and then.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Uri;
use actix_web::http::uri::PathAndQuery;
use actix_web::middleware::Next;

/// The middleware that routes `/path/` as `/path`, where the path begins with one of `prefixes`.
pub(crate) async fn ignore_trailing_slash(
    prefixes: &'static [&'static str],
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let path = request.path();
    let is_meant = prefixes.iter().any(|prefix| path.len() > prefix.len() && path.starts_with(prefix));
    if is_meant && let Some(uri) = without_slash(request.uri()) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
    next.call(request).await
}

/// The address without the slash at the end of its path, if there is one.
fn without_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix('/')?;
    let whole = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(whole).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use actix_web::{App, HttpRequest, web};

    use super::*;

    #[actix_web::test]
    async fn a_slash_is_ignored_below_the_prefixes_only() {
        let echo =
            |request: HttpRequest| async move { format!("{} {}", request.path(), request.query_string()) };
        let app = init_service(
            App::new()
                .wrap(from_fn(|request, next| ignore_trailing_slash(&["/api/"], request, next)))
                .route("/api/list", web::get().to(echo))
                .route("/api/list/{id}", web::get().to(echo))
                .route("/ping", web::get().to(echo)),
        )
        .await;
        for (path, expected) in [
            ("/api/list", Some("/api/list ")),
            ("/api/list/", Some("/api/list ")),
            ("/api/list/?a=b/&c=/", Some("/api/list a=b/&c=/")),
            ("/api/list/7/", Some("/api/list/7 ")),
            ("/api/list//", None),
            ("/api/", None),
            ("/ping", Some("/ping ")),
            ("/ping/", None),
        ] {
            let response = call_service(&app, TestRequest::get().uri(path).to_request()).await;
            assert_eq!(response.status().is_success(), expected.is_some(), "{path}");
            if let Some(expected) = expected {
                assert_eq!(read_body(response).await, expected, "{path}");
            }
        }
    }
}
