//! The cookie of a person's session in the browser.

use actix_web::HttpRequest;
use actix_web::http::header::COOKIE;
use miniter_service::{BrowserSession, BrowserSessions, ServiceError};

use crate::http::public_url::PublicUrl;

/// Over TLS a browser takes a cookie of this name from this very host only, and sends it to no other (RFC 6265bis, 4.1.3.2).
const SECURE_NAME: &str = "__Host-miniter";

/// Without TLS.
const PLAIN_NAME: &str = "miniter";

fn name(public_url: &PublicUrl) -> &'static str {
    if public_url.is_https() { SECURE_NAME } else { PLAIN_NAME }
}

/// The session that a browser shows, if it is one of ours and has not ended.
pub(super) fn read(
    request: &HttpRequest,
    sessions: &BrowserSessions,
    public_url: &PublicUrl,
) -> Option<BrowserSession> {
    let lines = request.headers().get_all(COOKIE).filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(found, _)| *found == name(public_url))?;
    sessions.open(value)
}

/// The value of `Set-Cookie` for a session. It goes when the browser is closed.
pub(super) fn write(
    session: &BrowserSession,
    sessions: &BrowserSessions,
    public_url: &PublicUrl,
) -> Result<String, ServiceError> {
    let value = sessions.seal(session)?;
    let secure = if public_url.is_https() { "; Secure" } else { "" };
    Ok(format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}", name(public_url)))
}
