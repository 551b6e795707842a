//! Mentions in a text.

use super::words::{before, is_word};
use super::{Span, SpanKind, steps};

/// The longest username.
const MAX_USERNAME: usize = 30;

/// The longest domain of a mention, in bytes (RFC 1035, 2.3.4).
const MAX_DOMAIN: usize = 253;

/// Whether accounts of this server may have this name.
pub(super) fn is_username(name: &str) -> bool {
    (1..=MAX_USERNAME).contains(&name.len()) && name.bytes().all(is_name_byte)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The mention that starts at a position, at which there is an `@`.
pub(super) fn find_at(text: &str, start: usize) -> Option<Span<'_>> {
    // Behind a word it is an e-mail address, behind a slash or an equals sign a part of an address.
    let glued = |previous: char| is_word(previous) || "/=@＠".contains(previous);
    if before(text, start).is_some_and(glued) {
        return None;
    }
    let rest = &text[start + 1..];
    let (name, domain) = find_remote(rest).or_else(|| find_local(rest))?;
    let end = start + 1 + name.len() + domain.map_or(0, |domain| domain.len() + 1);
    if goes_on(&text[end..]) {
        return None;
    }
    Some(Span { range: start..end, kind: SpanKind::Mention { name, domain } })
}

fn find_local(rest: &str) -> Option<(&str, Option<&str>)> {
    let name = &rest[..run_length(rest, |character| character.is_ascii() && is_word(character))];
    steps::count(name.len());
    is_username(name).then_some((name, None))
}

/// `name@domain`; other servers also have names with dots and hyphens inside.
fn find_remote(rest: &str) -> Option<(&str, Option<&str>)> {
    let is_ascii_word = |character: char| character.is_ascii() && is_word(character);
    let name = &rest[..joined_length(rest, is_ascii_word)];
    let after = rest[name.len()..].strip_prefix('@')?;
    let domain = &after[..joined_length(after, is_word)];
    steps::count(name.len() + domain.len());
    let fits = !name.is_empty() && (1..=MAX_DOMAIN).contains(&domain.len());
    fits.then_some((name, Some(domain)))
}

/// The length of the characters that are like this, at the start of a text.
fn run_length(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    text.find(|character| !is_part(character)).unwrap_or(text.len())
}

/// The length of such characters at the start of a text, with dots and hyphens between them.
fn joined_length(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    if !text.starts_with(&is_part) {
        return 0;
    }
    let run = &text[..run_length(text, |character| is_part(character) || ".-".contains(character))];
    run.trim_end_matches(['.', '-']).len()
}

/// Whether what follows a name shows that it is no mention: a second `@` without a domain, a scheme's `://`, or a Latin letter
/// that no username has. Letters of other scripts may follow: particles of Korean and Japanese do.
fn goes_on(rest: &str) -> bool {
    rest.starts_with("://")
        || rest.starts_with(|character| matches!(character, '@' | '＠' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' if !"×÷".contains(character)))
}
