//! Sending a person back to the app.

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderValue, LOCATION, REFERRER_POLICY};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::http::failure::Failure;
use crate::mastodon::oauth::NOT_KEPT;

/// What is escaped in a value: all but RFC 3986's unreserved characters. A space is `%20`, which all apps read.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The address of an app with parameters behind it. The address itself stays as it is, byte by byte.
fn with_parameters(uri: &str, parameters: &[(&str, &str)]) -> String {
    let mut target = uri.to_owned();
    let mut separator = if uri.contains('?') { '&' } else { '?' };
    for (name, value) in parameters {
        target.push(separator);
        target.push_str(name);
        target.push('=');
        target.extend(utf8_percent_encode(value, ESCAPED));
        separator = '&';
    }
    target
}

/// Sends the person to the app, which gets the parameters and the state that it has sent.
pub(super) fn to_app(
    uri: &str,
    parameters: &[(&str, &str)],
    state: Option<&str>,
) -> Result<HttpResponse, Failure> {
    let state = state.map(|state| ("state", state));
    let parameters: Vec<_> = parameters.iter().copied().chain(state).collect();
    to(&with_parameters(uri, &parameters))
}

/// Sends the person to another page. By GET, whatever the method was (RFC 9700, 4.12).
pub(super) fn to(target: &str) -> Result<HttpResponse, Failure> {
    let target = HeaderValue::from_str(target).map_err(Failure::internal)?;
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, target))
        .insert_header(NOT_KEPT)
        // The address of the page has what the app had sent.
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_stand_behind_the_address_and_nothing_before_them_changes() {
        for (uri, target) in [
            ("icecubesapp://", "icecubesapp://?code=a-b_c&state=x%20%26%ED%95%9C"),
            (
                "com.tapbots.Ivory.10217:/request_token",
                "com.tapbots.Ivory.10217:/request_token?code=a-b_c&state=x%20%26%ED%95%9C",
            ),
            (
                "https://App.example/cb?x=%2f",
                "https://App.example/cb?x=%2f&code=a-b_c&state=x%20%26%ED%95%9C",
            ),
        ] {
            assert_eq!(with_parameters(uri, &[("code", "a-b_c"), ("state", "x &한")]), target);
        }
    }
}
