//! Links, mentions and hashtags in a text: found here once, for its length, its HTML, its notifications and its tags.
//!
//! The rules are those of Mastodon 4.3, as far as its clients depend on them; the tests of each file name the differences.
//! A text is read once from left to right: the work grows with its length and with nothing else.

mod brackets;
mod length;
mod link;
mod mention;
mod tag;
#[cfg(test)]
mod tests;
mod top_level_domains;
mod words;

use std::collections::HashSet;
use std::ops::Range;

pub use length::{URL_LENGTH, counted_length};
pub use tag::TagName;

use brackets::Brackets;

/// Something in a text that is shown as more than text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span<'a> {
    /// The bytes of the text that the span takes. Spans do not overlap.
    pub range: Range<usize>,
    /// The kind of span, with its parts as they are typed.
    pub kind: SpanKind<'a>,
}

/// The kinds of spans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpanKind<'a> {
    /// An address with the scheme `http` or `https`. It is the whole span.
    Link,
    /// `@name`, or `@name@domain`. Only the database knows whether there is such an account.
    Mention {
        /// The part after the first `@`. Without a domain it has the form of a username: `[A-Za-z0-9_]{1,30}`.
        name: &'a str,
        /// The part after the second `@`, if there is one.
        domain: Option<&'a str>,
    },
    /// `#tag`.
    Tag {
        /// The part after the `#`, as it is typed.
        typed: &'a str,
        /// The name under which all spellings of the tag are found.
        name: TagName,
    },
}

/// Finds the spans of a text, in their order.
#[must_use]
pub fn list_spans(text: &str) -> Vec<Span<'_>> {
    let brackets = Brackets::of(text);
    let mut spans = Vec::new();
    let mut position = 0;
    while let Some(start) = text[position..].find(['h', 'H', '@', '#', '＃']).map(|found| position + found) {
        steps::count(start + 1 - position);
        let first = text[start..].chars().next().unwrap_or_default();
        let found = match first {
            '@' => mention::find_at(text, start),
            '#' | '＃' => tag::find_at(text, start, first),
            _ => link::find_at(text, start, &brackets),
        };
        position = if let Some(span) = found {
            let end = span.range.end;
            spans.push(span);
            end
        } else {
            start + first.len_utf8()
        };
    }
    spans
}

/// The names of the accounts that a text mentions, each once without regard to ASCII case, in their order and as they are
/// typed first. `@name@domain` counts as `@name` if that is the domain of `own_host`, and is left out otherwise.
#[must_use]
pub fn list_mentioned<'a>(text: &'a str, own_host: &str) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    list_spans(text)
        .into_iter()
        .filter_map(|span| span.kind.local_name(own_host))
        .filter(|name| seen.insert(name.to_ascii_lowercase()))
        .collect()
}

/// The tags of a text, each once, in their order.
#[must_use]
pub fn list_tags(text: &str) -> Vec<TagName> {
    let mut seen = HashSet::new();
    list_spans(text)
        .into_iter()
        .filter_map(|span| match span.kind {
            SpanKind::Tag { name, .. } => Some(name),
            SpanKind::Link | SpanKind::Mention { .. } => None,
        })
        .filter(|name| seen.insert(name.clone()))
        .collect()
}

impl<'a> SpanKind<'a> {
    /// The username that a mention means on the server of `own_host`, whose port does not count: none for accounts of other
    /// servers, and for a name that no account here can have.
    #[must_use]
    pub fn local_name(&self, own_host: &str) -> Option<&'a str> {
        let own_domain = own_host.rsplit_once(':').map_or(own_host, |(domain, _)| domain);
        match self {
            Self::Mention { name, domain } => {
                let is_own = domain.is_none_or(|domain| domain.eq_ignore_ascii_case(own_domain));
                (is_own && mention::is_username(name)).then_some(*name)
            }
            Self::Link | Self::Tag { .. } => None,
        }
    }
}

/// In tests, counts how many bytes of a text were looked at, so that a test can tell linear from quadratic work without a
/// clock.
mod steps {
    #[cfg(test)]
    thread_local! {
        pub(super) static TAKEN: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }

    #[cfg(test)]
    pub(super) fn count(steps: usize) {
        TAKEN.with(|taken| taken.set(taken.get() + steps));
    }

    #[cfg(not(test))]
    pub(super) fn count(_steps: usize) {}
}
