//! Hashtags: where they are in a text, and the name that all spellings of one share.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::words::{before, is_word};
use super::{Span, SpanKind, steps};
use crate::user::is_longer_than;

/// The normal form of a hashtag, without `#`: what the database compares, and `tags[].name` of the client API.
///
/// Compatibility forms are one (NFKC: full width, half width, decomposed Hangul), letters are lower case, Latin
/// letters are without marks (`café` is `cafe`), and what makes no word is left out. Mastodon leaves the marks of some Latin
/// letters, such as the Vietnamese ones with two.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagName(String);

impl TagName {
    /// The longest tag, in code points, both as typed and as a name.
    pub const MAX_CHARS: usize = 100;

    /// Reads a tag as a client writes it in a path or a search, with or without its `#`. Returns nothing unless it is a
    /// whole tag.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let typed = text.strip_prefix(['#', '＃']).unwrap_or(text);
        if typed_length(typed) == typed.len() { Self::of(typed) } else { None }
    }

    /// The name of what was found in a text.
    fn of(typed: &str) -> Option<Self> {
        if !is_tag(typed) {
            return None;
        }
        let name = normalized(typed);
        (is_tag(&name) && typed_length(&name) == name.len()).then_some(Self(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name, owned.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for TagName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The tag that starts at a position, at which there is `hash`.
pub(super) fn find_at(text: &str, start: usize, hash: char) -> Option<Span<'_>> {
    // Behind a word, a slash, a bracket or an equals sign it is rather the end of something like an address.
    let glued = |previous: char| is_word(previous) || "/)=".contains(previous);
    if before(text, start).is_some_and(glued) {
        return None;
    }
    let begin = start + hash.len_utf8();
    let mut typed = &text[begin..begin + typed_length(&text[begin..])];
    if text[begin + typed.len()..].starts_with("://") {
        // "#taghttps://…" is a tag before an address, but "#https://…" is none.
        typed = ["https", "http"].into_iter().find_map(|scheme| typed.strip_suffix(scheme))?;
        typed = typed.trim_end_matches(is_separator);
    }
    let name = TagName::of(typed)?;
    Some(Span { range: start..begin + typed.len(), kind: SpanKind::Tag { typed, name } })
}

/// The length of the word at the start of a text, with separators inside.
fn typed_length(text: &str) -> usize {
    if !text.starts_with(is_word) {
        return 0;
    }
    let is_part = |character| is_word(character) || is_separator(character);
    let run = text.find(|character| !is_part(character)).unwrap_or(text.len());
    steps::count(run);
    text[..run].trim_end_matches(is_separator).len()
}

/// Middle dots (Catalan, Katakana) and the joiners that Persian, Sinhala and others write inside words.
fn is_separator(character: char) -> bool {
    matches!(character, '\u{b7}' | '\u{30fb}' | '\u{ff65}' | '\u{200c}' | '\u{200d}')
}

/// Whether a word with separators is a tag: not too long, and more than digits.
fn is_tag(word: &str) -> bool {
    if is_longer_than(word, TagName::MAX_CHARS) {
        return false;
    }
    // A letter anywhere, or a separator between two other characters.
    let mut characters = word.chars();
    characters.clone().any(char::is_alphabetic)
        || (characters.next().is_some()
            && characters.next_back().is_some()
            && characters.any(|character| character == '_' || is_separator(character)))
}

fn normalized(typed: &str) -> String {
    let mut plain = String::with_capacity(typed.len());
    let mut is_latin = false;
    for character in typed.nfkd().flat_map(char::to_lowercase).map(without_stroke) {
        let is_kept = is_word(character) || is_separator(character);
        if is_kept && !(is_latin && is_combining_mark(character)) {
            is_latin = character.is_ascii_alphabetic();
            plain.push(character);
        }
    }
    plain.trim_matches(is_separator).nfkc().collect()
}

/// The letter of the alphabet behind a Latin letter that Unicode does not decompose.
fn without_stroke(character: char) -> char {
    match character {
        'ð' | 'đ' => 'd',
        'ħ' => 'h',
        'ı' => 'i',
        'ĸ' => 'k',
        'ł' => 'l',
        'ŋ' => 'n',
        'ø' => 'o',
        'ŧ' => 't',
        _ => character,
    }
}
