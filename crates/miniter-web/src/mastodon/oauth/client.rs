//! How an app proves itself: by its id and secret, among the parameters or in the header `Authorization` (RFC 6749, 2.3.1).

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use miniter_service::ClientCredentials;
use percent_encoding::percent_decode_str;

/// What an app proves itself with. The header comes first.
pub(super) fn credentials(
    request: &HttpRequest,
    client_id: Option<String>,
    client_secret: Option<String>,
) -> Option<ClientCredentials> {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    header.and_then(basic).or_else(|| {
        let (client_id, client_secret) = (client_id?, client_secret?.into());
        Some(ClientCredentials { client_id, client_secret })
    })
}

/// The credentials of a `Basic` header (RFC 7617), each of which is encoded like a value of a form.
fn basic(value: &str) -> Option<ClientCredentials> {
    let (scheme, encoded) = value.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (client_id, client_secret) = decoded.split_once(':')?;
    let decode = |text: &str| Some(percent_decode_str(text).decode_utf8().ok()?.into_owned());
    Some(ClientCredentials { client_id: decode(client_id)?, client_secret: decode(client_secret)?.into() })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn credentials_stand_in_the_header_or_among_the_parameters() {
        let of = |header: Option<&str>, id: Option<&str>, secret: Option<&str>| {
            let mut request = TestRequest::post();
            if let Some(header) = header {
                request = request.insert_header((AUTHORIZATION, header));
            }
            let text = |text: Option<&str>| text.map(str::to_owned);
            let found = credentials(&request.to_http_request(), text(id), text(secret));
            found.map(|found| found.client_id)
        };
        assert_eq!(of(None, Some("id"), Some("secret")).as_deref(), Some("id"));
        // "head:secret" and "he%61d:secret"
        for header in ["Basic aGVhZDpzZWNyZXQ=", "basic aGVhZDpzZWNyZXQ=", "Basic aGUlNjFkOnNlY3JldA=="] {
            assert_eq!(of(Some(header), Some("id"), Some("secret")).as_deref(), Some("head"), "{header}");
            assert_eq!(of(Some(header), None, None).as_deref(), Some("head"), "{header}");
        }
        for header in ["Bearer token", "Basic", "Basic !", "Basic aGVhZA==", "token"] {
            assert_eq!(of(Some(header), Some("id"), Some("secret")).as_deref(), Some("id"), "{header}");
            assert_eq!(of(Some(header), None, None), None, "{header}");
        }
        assert_eq!(of(None, Some("id"), None), None);
        assert_eq!(of(None, None, Some("secret")), None);
    }
}
