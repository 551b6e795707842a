//! What can be seen of a text.

use std::ops::RangeInclusive;

/// `Default_Ignorable_Code_Point` of Unicode 16.0, <https://www.unicode.org/Public/16.0.0/ucd/DerivedCoreProperties.txt>: soft
/// hyphens, joiners, fillers, variation selectors, tags, and what is set aside for more of them.
const DEFAULT_IGNORABLE: [RangeInclusive<char>; 17] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{202a}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fff8}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

/// What has no ink although Unicode counts it neither as white space nor as ignorable: the pattern of no dots, marks around
/// annotations, hieroglyphs' format controls and blanks, and the note without a head.
const BLANK: [RangeInclusive<char>; 5] = [
    '\u{2800}'..='\u{2800}',
    '\u{fff9}'..='\u{fffb}',
    '\u{13430}'..='\u{1343f}',
    '\u{13441}'..='\u{13442}',
    '\u{1d159}'..='\u{1d159}',
];

/// Whether nothing of a text can be seen: it is empty, or all of it is white space, what is ignored unless it changes
/// something else, and blanks. One visible character is enough, whatever stands around it. Control characters are shown (CSS
/// Text 3, 4.1: as visible glyphs).
pub(crate) fn is_invisible(text: &str) -> bool {
    text.chars().all(|character| {
        character.is_whitespace()
            || DEFAULT_IGNORABLE.iter().chain(&BLANK).any(|range| range.contains(&character))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        // The library behind these patterns has Unicode's tables.
        #[test]
        fn what_unicode_ignores_or_calls_white_space_is_invisible(
            text in r"[\p{Default_Ignorable_Code_Point}--\u{e0000}-\u{e0fff}]{0,20}[\p{White_Space}\u{2800}]{0,5}\p{Default_Ignorable_Code_Point}{0,5}",
        ) {
            prop_assert!(is_invisible(&text), "{:?}", text);
        }

        #[test]
        fn letters_marks_digits_punctuation_and_symbols_are_visible(
            // But for the four blanks that Unicode has among them.
            character in r"[\p{L}\p{M}\p{N}\p{P}\p{S}--\p{Default_Ignorable_Code_Point}\u{2800}\u{1d159}\u{13441}\u{13442}]",
            around in r"[\p{Default_Ignorable_Code_Point}\p{White_Space}]{0,3}",
        ) {
            let text = format!("{around}{character}{around}");
            prop_assert!(!is_invisible(&text), "{:?}", text);
        }
    }
}
