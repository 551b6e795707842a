//! The length of a status as Mastodon counts it.

use unicode_segmentation::UnicodeSegmentation;

use super::{SpanKind, list_spans};

/// How many characters an address counts, however long it is: `characters_reserved_per_url` of the client API.
pub const URL_LENGTH: usize = 23;

/// What an address is counted as.
const URL_PLACEHOLDER: &str = "xxxxxxxxxxxxxxxxxxxxxxx";

/// The length of a content warning and a text together: characters as readers see them (grapheme clusters, UAX 29). An
/// address counts [`URL_LENGTH`], and a mention of an account of another server counts without the domain. In the warning
/// nothing is found, so all of it counts.
#[must_use]
pub fn counted_length(warning: &str, text: &str) -> usize {
    let mut counted = String::with_capacity(warning.len() + text.len());
    counted.push_str(warning);
    let mut position = 0;
    for span in list_spans(text) {
        counted.push_str(&text[position..span.range.start]);
        match span.kind {
            SpanKind::Link => counted.push_str(URL_PLACEHOLDER),
            SpanKind::Mention { name, domain: Some(_) } => {
                counted.push('@');
                counted.push_str(name);
            }
            SpanKind::Mention { domain: None, .. } | SpanKind::Tag { .. } => {
                counted.push_str(&text[span.range.clone()]);
            }
        }
        position = span.range.end;
    }
    counted.push_str(&text[position..]);
    counted.graphemes(true).count()
}
