//! The address at which people reach this server. Every absolute URL in an answer begins with it.
//!
//! The header `Host` is never used for that: a client chooses it, and a proxy may change it.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use miniter_domain::{StatusId, UserId};
use miniter_service::ContentUrls;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

/// The characters of a path segment that are escaped: all but RFC 3986's unreserved ones.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Scheme, host and, unless it is the scheme's own, port: `https://example.com`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    /// Where the host begins in the origin.
    host: usize,
}

impl PublicUrl {
    /// The URL of a server that is reached directly at the address on which it listens. An address that stands for all of a
    /// machine's is taken for the loopback.
    #[must_use]
    pub fn of_address(address: SocketAddr) -> Self {
        let mut address = address;
        if address.ip().is_unspecified() {
            address.set_ip([127, 0, 0, 1].into());
        }
        let scheme = "http://";
        Self { origin: format!("{scheme}{address}"), host: scheme.len() }
    }

    /// Host and port, as they stand in the URL: `example.com`, `127.0.0.1:5000`.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.origin[self.host..]
    }

    /// Whether people reach the server over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// The absolute URL of a path, which begins with a slash and is escaped.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Where a `WebSocket` connects to: the same host, by `wss` or `ws`.
    #[must_use]
    pub fn streaming_url(&self) -> String {
        let scheme = if self.is_https() { "wss" } else { "ws" };
        format!("{scheme}://{}", self.host())
    }

    /// The page of an account.
    #[must_use]
    pub fn account_url(&self, username: &str) -> String {
        self.join(&format!("/@{}", escape(username)))
    }

    /// The page of a status, which is its `uri`, too.
    #[must_use]
    pub fn status_url(&self, username: &str, status: StatusId) -> String {
        self.join(&format!("/@{}/{status}", escape(username)))
    }

    /// The page of a hashtag, which is given without `#`.
    #[must_use]
    pub fn tag_url(&self, tag: &str) -> String {
        self.join(&format!("/tags/{}", escape(tag)))
    }

    /// The picture of an account that has chosen none.
    #[must_use]
    pub fn default_avatar_url(&self, user: UserId) -> String {
        self.join(&format!("/avatars/default/{user}.png"))
    }

    /// The header of an account that has chosen none. Clients know by the name of the file that it says nothing.
    #[must_use]
    pub fn default_header_url(&self) -> String {
        self.join("/headers/default/missing.png")
    }

    /// A file below `/media`, whose name is given.
    #[must_use]
    pub fn media_url(&self, name: &str) -> String {
        self.join(&format!("/media/{}", escape(name)))
    }

    /// The icon of the server itself.
    #[must_use]
    pub fn icon_url(&self) -> String {
        self.join("/instance/icon.png")
    }

    /// The picture of the server itself.
    #[must_use]
    pub fn thumbnail_url(&self) -> String {
        self.join("/instance/thumbnail.png")
    }
}

impl ContentUrls for PublicUrl {
    fn host(&self) -> &str {
        self.host()
    }

    fn account_url(&self, username: &str) -> String {
        self.account_url(username)
    }

    fn tag_url(&self, name: &str) -> String {
        self.tag_url(name)
    }
}

fn escape(segment: &str) -> impl fmt::Display {
    utf8_percent_encode(segment, ESCAPED)
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

/// `https://example.com`, with or without a port: nothing else of a URL.
impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || {
            format!(
                "{text:?} is no public URL; write https://example.com, without a path or a slash at the end"
            )
        };
        let (_, authority) = text.split_once("://").ok_or_else(refuse)?;
        // A URL parser takes these for a part of the host, or drops them.
        let has_more = authority.is_empty()
            || authority.contains(|c: char| c.is_whitespace() || c.is_control() || r"/\?#@".contains(c));
        let url = Url::parse(text).ok().filter(|_| !has_more).ok_or_else(refuse)?;
        if !["http", "https"].contains(&url.scheme()) {
            return Err(refuse());
        }
        // The host in lower case and in Punycode, and no port that is the scheme's own.
        Ok(Self { origin: url.origin().ascii_serialization(), host: url.scheme().len() + "://".len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> PublicUrl {
        text.parse().unwrap()
    }

    #[test]
    fn it_is_a_scheme_and_a_host() {
        for (text, origin, host) in [
            ("https://example.com", "https://example.com", "example.com"),
            ("https://Example.COM:443", "https://example.com", "example.com"),
            ("http://example.com:8080", "http://example.com:8080", "example.com:8080"),
            ("https://bücher.example", "https://xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("http://[::1]:5000", "http://[::1]:5000", "[::1]:5000"),
        ] {
            assert_eq!((url(text).to_string().as_str(), url(text).host()), (origin, host));
        }
        for text in [
            "",
            "example.com",
            "https://",
            "https://example.com/",
            "https://example.com/miniter",
            "https://example.com?x",
            "https://example.com#x",
            "https://song@example.com",
            "https://exam ple.com",
            "https:\\\\example.com",
            "https:example.com",
            "ftp://example.com",
            "https://example.com:port",
            "javascript://example.com",
        ] {
            assert!(text.parse::<PublicUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn without_a_setting_it_is_the_address_of_the_server() {
        for (address, origin) in [
            ("127.0.0.1:5000", "http://127.0.0.1:5000"),
            ("0.0.0.0:5001", "http://127.0.0.1:5001"),
            ("[::]:5001", "http://127.0.0.1:5001"),
            ("[::1]:80", "http://[::1]:80"),
            ("192.0.2.7:5000", "http://192.0.2.7:5000"),
        ] {
            assert_eq!(PublicUrl::of_address(address.parse().unwrap()).to_string(), origin);
        }
    }

    #[test]
    fn each_thing_has_an_address() {
        let public = url("https://example.com");
        assert_eq!(public.account_url("song_1"), "https://example.com/@song_1");
        assert_eq!(public.status_url("song", StatusId::new(7)), "https://example.com/@song/7");
        assert_eq!(public.tag_url("책/방"), "https://example.com/tags/%EC%B1%85%2F%EB%B0%A9");
        assert_eq!(public.default_avatar_url(UserId::new(7)), "https://example.com/avatars/default/7.png");
        assert_eq!(public.streaming_url(), "wss://example.com");
        assert_eq!(url("http://[::1]:5000").streaming_url(), "ws://[::1]:5000");
    }
}
