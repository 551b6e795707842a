//! Which characters make words. `char` knows letters and numbers; combining marks come from a table of Unicode's.

use unicode_normalization::char::is_combining_mark;

/// The connector punctuation of Unicode (`Pc`).
const CONNECTORS: [char; 10] = [
    '_', '\u{203f}', '\u{2040}', '\u{2054}', '\u{fe33}', '\u{fe34}', '\u{fe4d}', '\u{fe4e}', '\u{fe4f}',
    '\u{ff3f}',
];

/// A letter, a number, a mark or a connector: `\w` of Unicode (UTS 18, Annex C), without variation selectors, which only
/// change how the character before them looks.
pub(super) fn is_word(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric() || character == '_';
    }
    character.is_alphanumeric()
        || CONNECTORS.contains(&character)
        || (is_combining_mark(character) && !is_variation_selector(character))
}

fn is_variation_selector(character: char) -> bool {
    matches!(character, '\u{fe00}'..='\u{fe0f}' | '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{e0100}'..='\u{e01ef}')
}

/// The character before a position, if there is one.
pub(super) fn before(text: &str, position: usize) -> Option<char> {
    text[..position].chars().next_back()
}
