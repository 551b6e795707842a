//! Addresses in a text.
//!
//! Own code, since the crates for this (`linkify` 0.11) find no address below a top-level domain in Hangul or Kana, take
//! what follows a host without a space for a part of it (`https://example.com입니다`), and go on after a full-width space.

use std::net::Ipv4Addr;

use unicode_normalization::char::is_combining_mark;

use super::brackets::Brackets;
use super::top_level_domains::length_of_top_level_domain;
use super::words::before;
use super::{Span, SpanKind, steps};

/// The longest host name, in bytes as typed (RFC 1035, 2.3.4). In another script it is longer as typed than it is as ASCII.
const MAX_HOST: usize = 253;

/// The longest label of a host name, in characters (RFC 1035, 2.3.4).
const MAX_LABEL: usize = 63;

/// The address that starts at a position, at which there is an `h`.
pub(super) fn find_at<'a>(text: &'a str, start: usize, brackets: &Brackets) -> Option<Span<'a>> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| {
        text.as_bytes()
            .get(start..start + scheme.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(scheme.as_bytes()))
    })?;
    let glued = |previous: char| previous.is_ascii_alphanumeric() || "_@$#＃".contains(previous);
    if before(text, start).is_some_and(glued) {
        return None;
    }
    let host = start + scheme.len();
    let mut end = host + host_length(&text[host..])?;
    end += port_length(&text[end..]);
    if text[end..].starts_with(['/', '?', '#']) {
        end = find_path_end(text, start, end, brackets);
    }
    Some(Span { range: start..end, kind: SpanKind::Link })
}

/// The length of the host at the start of `rest`: dotted labels of which the last is a top-level domain, or an IPv4 address.
fn host_length(rest: &str) -> Option<usize> {
    let typed = &rest[..rest.find(|character| !is_host_character(character)).unwrap_or(rest.len())];
    steps::count(typed.len());
    let ascii = &typed[..typed.find(|character: char| !character.is_ascii()).unwrap_or(typed.len())];
    let ascii = ascii.trim_end_matches('.');
    if ascii.parse::<Ipv4Addr>().is_ok() {
        return Some(ascii.len());
    }

    // What follows the host without a space may look like more labels, so the last one that can end a host is the end.
    let mut end = None;
    let mut position = 0;
    let mut previous: Option<&str> = None;
    for label in typed.split('.') {
        if let Some(above) = previous
            && is_registered_label(above)
            && let Some(length) = length_of_top_level_domain(label)
            && position + length <= MAX_HOST
        {
            end = Some(position + length);
        }
        if !is_label(label) {
            break;
        }
        previous = Some(label);
        position += label.len() + 1;
    }
    end
}

fn is_host_character(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric() || "-_.".contains(character);
    }
    // Also arrows, dingbats and emoji: there are such names.
    character.is_alphanumeric()
        || is_combining_mark(character)
        || matches!(character, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

/// A label that may stand before others.
fn is_label(label: &str) -> bool {
    !label.is_empty()
        && !label.starts_with(['-', '_'])
        && !label.ends_with(['-', '_'])
        && label.chars().count() <= MAX_LABEL
}

/// A label that may stand before a top-level domain: a name that can be registered.
fn is_registered_label(label: &str) -> bool {
    let is_punycode = label.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("xn--"));
    !label.contains('_') && (label.is_ascii() || !is_punycode)
}

/// The length of a port with its colon, or 0.
fn port_length(rest: &str) -> usize {
    let Some(digits) = rest.strip_prefix(':') else { return 0 };
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    if (1..=5).contains(&length) { length + 1 } else { 0 }
}

/// The end of path, query and fragment, which begin at `begin`.
fn find_path_end(text: &str, start: usize, begin: usize, brackets: &Brackets) -> usize {
    let end = text[begin..]
        .char_indices()
        .map(|(offset, character)| (begin + offset, character))
        .find(|(position, character)| {
            ends_address(*character) || brackets.is_single(*character, *position, start)
        })
        .map_or(text.len(), |(position, _)| position);
    steps::count(end - begin);
    begin + text[begin..end].trim_end_matches(is_trailing).len()
}

/// Characters that no address contains: white space, controls, what HTML and Markdown put around one, quotation marks of East
/// Asia, and marks of direction.
pub(super) fn ends_address(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(
            character,
            '<' | '>' | '"' | '`' | '\\' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2018}'..='\u{201f}'
                | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{3008}'..='\u{300f}'
        )
}

/// Characters that an address may have inside, but that belong to the sentence at its end.
fn is_trailing(character: char) -> bool {
    matches!(
        character,
        '?' | '!'
            | '.'
            | ','
            | ':'
            | ';'
            | '*'
            | '\''
            | '~'
            | '|'
            | '&'
            | '@'
            | '$'
            | '%'
            | '…'
            | '·'
            | '、'
            | '。'
            | '〜'
            | '・'
            | '！'
            | '，'
            | '．'
            | '：'
            | '；'
            | '？'
            | '～'
            | '｡'
            | '､'
    )
}
