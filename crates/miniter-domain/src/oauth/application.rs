//! Applications: what a developer registers before people can let it use their accounts.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::DomainError;
use crate::oauth::{Scopes, SecretDigest};
use crate::user::is_longer_than;
use crate::visible::is_invisible;

/// The number of an application, given by the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppId(i64);

impl AppId {
    /// A number from the database.
    #[must_use]
    pub const fn new(id: i64) -> Self {
        Self(id)
    }

    /// The number itself.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What people see of an application beside a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppLabel {
    /// Its number.
    pub id: AppId,
    /// Its name.
    pub name: String,
    /// The address of its page.
    pub website: Option<String>,
}

/// The name of an application, as people see it beside a status and before they let it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppName(String);

impl AppName {
    /// The longest name, in Unicode code points. Mastodon has the same limit.
    pub const MAX_CHARS: usize = 60;

    /// Checks that a name can be seen, and its length.
    ///
    /// # Errors
    /// [`DomainError::InvalidAppName`] unless it has at most [`Self::MAX_CHARS`] code points, none of them U+0000, of which
    /// something can be seen.
    pub fn parse(text: String) -> Result<Self, DomainError> {
        if is_longer_than(&text, Self::MAX_CHARS) || is_invisible(&text) || text.contains('\0') {
            return Err(DomainError::InvalidAppName);
        }
        Ok(Self(text))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The page of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Website(String);

impl Website {
    /// The longest address, in Unicode code points.
    pub const MAX_CHARS: usize = 2_000;

    /// Checks that an address can be a link: a browser follows it as nothing but HTTP.
    ///
    /// # Errors
    /// [`DomainError::InvalidWebsite`] unless it begins with `http://` or `https://` and a host, and has neither white space
    /// nor control characters, and at most [`Self::MAX_CHARS`] code points.
    pub fn parse(text: String) -> Result<Self, DomainError> {
        let is_address = is_http(&text)
            && !is_longer_than(&text, Self::MAX_CHARS)
            && !text.contains(|c: char| c.is_whitespace() || c.is_control());
        if is_address { Ok(Self(text)) } else { Err(DomainError::InvalidWebsite) }
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a text begins like the address of a page: with `http://` or `https://` and something that can be a host.
fn is_http(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let is_scheme = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    is_scheme && !rest.is_empty() && !rest.starts_with(['/', '?', '#', ':', '@', '\\'])
}

/// An address that an authorization code may be sent to. It is kept and compared byte by byte: applications compare it, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri(String);

impl RedirectUri {
    /// The address of no place: the code is shown to the person, who types it into the application.
    pub const OUT_OF_BAND: &'static str = "urn:ietf:wg:oauth:2.0:oob";

    /// Schemes whose addresses a browser runs, or opens as a page of its own making.
    const RUNNABLE: [&'static str; 9] =
        ["javascript", "data", "vbscript", "about", "blob", "file", "filesystem", "view-source", "mailto"];

    /// Checks an address: a scheme, `:` and printable ASCII without a fragment (RFC 6749, 3.1.2). Schemes of applications are
    /// whatever they like (`com.example.app:/token`, `app://`).
    ///
    /// # Errors
    /// [`DomainError::InvalidRedirectUri`] for anything else, for addresses that a browser would run (`javascript:`, `data:`),
    /// and for `http` and `https` without a host.
    pub fn parse(text: &str) -> Result<Self, DomainError> {
        let is_valid = text.split_once(':').is_some_and(|(scheme, _)| {
            let is_http_scheme = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c))
                && !Self::RUNNABLE.iter().any(|known| scheme.eq_ignore_ascii_case(known))
                && (!is_http_scheme || is_http(text))
        });
        if is_valid && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
            Ok(Self(text.to_owned()))
        } else {
            Err(DomainError::InvalidRedirectUri)
        }
    }

    /// The address as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The addresses that an application has registered: at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUris(Vec<RedirectUri>);

impl RedirectUris {
    /// The most characters of all addresses together, with one between two.
    pub const MAX_CHARS: usize = 2_000;

    /// Reads addresses that stand in one text or several, with white space between two.
    ///
    /// # Errors
    /// [`DomainError::InvalidRedirectUri`] if one is none, if there is none, and beyond [`Self::MAX_CHARS`].
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, DomainError> {
        let uris = texts.into_iter().flat_map(str::split_whitespace).map(RedirectUri::parse);
        let uris = Self(uris.collect::<Result<_, _>>()?);
        if uris.0.is_empty() || uris.to_string().len() > Self::MAX_CHARS {
            return Err(DomainError::InvalidRedirectUri);
        }
        Ok(uris)
    }

    /// Each of them, as it was given.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(RedirectUri::as_str)
    }
}

/// The addresses with a line break between two, as Mastodon writes them.
impl fmt::Display for RedirectUris {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, uri) in self.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            f.write_str(uri)?;
        }
        Ok(())
    }
}

/// An application that is about to be stored.
#[derive(Debug, Clone)]
pub struct NewApplication {
    /// Shown to people.
    pub name: AppName,
    /// Its page, if it has one.
    pub website: Option<Website>,
    /// The name by which it calls itself: random, and no secret.
    pub client_id: String,
    /// The digest of the secret that it proves itself with.
    pub client_secret: SecretDigest,
    /// Where codes may be sent to.
    pub redirect_uris: RedirectUris,
    /// The most that it may ever ask for.
    pub scopes: Scopes,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
}

/// An application, as it was registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its number.
    pub id: AppId,
    /// Shown to people.
    pub name: String,
    /// Its page, if it has one.
    pub website: Option<String>,
    /// The name by which it calls itself.
    pub client_id: String,
    /// The digest of its secret.
    pub client_secret: SecretDigest,
    /// Where codes may be sent to: one a line.
    pub redirect_uris: String,
    /// The most that it may ever ask for.
    pub scopes: Scopes,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
}

impl Application {
    /// Whether codes may be sent to this address: one that was registered, byte by byte (RFC 9700, 2.1).
    #[must_use]
    pub fn has_redirect_uri(&self, uri: &str) -> bool {
        self.redirect_uris.lines().any(|registered| registered == uri)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn redirect_uris_of_apps_are_kept_byte_by_byte() {
        for text in [
            RedirectUri::OUT_OF_BAND,
            "https://elk.zone/api/elk.zone/oauth/miniter.example?x=%20",
            "http://localhost:3000/settings/instances/add",
            "http://127.0.0.1/",
            "HTTPS://App.Example",
            "com.keylesspalace.tusky://oauth-release",
            "icecubesapp://",
            "com.tapbots.Ivory.10217:/request_token",
            "mastodon-android-auth://callback",
            "mastodon://joinmastodon.org/oauth",
            "x-app+1.2:anything",
        ] {
            assert_eq!(RedirectUri::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_a_browser_would_run_and_what_is_no_address_is_refused() {
        for text in [
            "",
            "app",
            "/path",
            "//host/path",
            ":app",
            "1app://x",
            "a_b://x",
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "DATA:x",
            "vbscript:x",
            "blob:x",
            "file:///etc/passwd",
            "about:blank",
            "https://app.example/#fragment",
            "app://x#",
            "https:",
            "https://",
            "https:///path",
            "http:app.example",
            "https://:443/",
            "https://@app.example/",
            "https://app.example/a b",
            "https://app.example/\n",
            "https://app.example/\u{7f}",
            "https://bücher.example/",
            "\u{1}javascript:x",
        ] {
            assert_eq!(RedirectUri::parse(text), Err(DomainError::InvalidRedirectUri), "{text:?}");
        }
    }

    #[test]
    fn redirect_uris_stand_in_one_text_or_in_several() {
        for texts in [&["a://x\nb://y"][..], &["a://x", "b://y"], &[" a://x \r\n\tb://y "], &["a://x b://y"]]
        {
            let uris = RedirectUris::parse(texts.iter().copied()).unwrap();
            assert_eq!(uris.to_string(), "a://x\nb://y", "{texts:?}");
        }
        for texts in [&[][..], &[""], &[" \n"], &["a://x", "javascript:x"]] {
            assert!(RedirectUris::parse(texts.iter().copied()).is_err(), "{texts:?}");
        }
        let long = format!("a://{}", "x".repeat(RedirectUris::MAX_CHARS - 4));
        assert!(RedirectUris::parse([long.as_str()]).is_ok());
        assert!(RedirectUris::parse([long.as_str(), "b://y"]).is_err());
    }

    #[test]
    fn only_a_registered_address_is_one_of_the_application() {
        let application = Application {
            id: AppId::new(1),
            name: "app".into(),
            website: None,
            client_id: "id".into(),
            client_secret: SecretDigest([0; 32]),
            redirect_uris: "https://app.example/cb\napp://".into(),
            scopes: Scopes::default(),
            created_at: DateTime::UNIX_EPOCH,
        };
        for uri in ["https://app.example/cb", "app://"] {
            assert!(application.has_redirect_uri(uri), "{uri}");
        }
        for uri in [
            "",
            "https://app.example/cb\napp://",
            "https://app.example/cb/",
            "https://app.example/cb?x=1",
            "https://app.example/cb#x",
            "https://app.example/CB",
            "https://App.example/cb",
            "https://app.example",
            "app://x",
            "App://",
        ] {
            assert!(!application.has_redirect_uri(uri), "{uri}");
        }
    }

    #[test]
    fn a_website_is_an_address_of_http() {
        for text in ["https://app.example", "HTTP://app.example/ü?x#y"] {
            assert_eq!(Website::parse(text.into()).unwrap().as_str(), text);
        }
        for text in
            ["", "app.example", "javascript:alert(1)", "https://", "https:app", "https://a b", "ftp://a"]
        {
            assert_eq!(Website::parse(text.into()), Err(DomainError::InvalidWebsite), "{text}");
        }
        assert!(Website::parse(format!("https://{}", "x".repeat(1_992))).is_ok());
        assert!(Website::parse(format!("https://{}", "x".repeat(1_993))).is_err());
    }

    #[test]
    fn the_name_of_an_application_can_be_seen() {
        assert!(AppName::parse("🍣".repeat(60)).is_ok());
        for text in [String::new(), " ".into(), "a\0b".into(), "x".repeat(61)] {
            assert_eq!(AppName::parse(text), Err(DomainError::InvalidAppName));
        }
    }

    proptest! {
        #[test]
        fn a_redirect_uri_is_safe_in_a_header(text in r"(app|https|com\.x\.y|data)?:(//)?\PC{0,20}|\PC{0,20}") {
            if let Ok(uri) = RedirectUri::parse(&text) {
                prop_assert_eq!(uri.as_str(), &text);
                prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.contains('#'));
                prop_assert!(!text.to_ascii_lowercase().starts_with("data:"));
            }
        }
    }
}
