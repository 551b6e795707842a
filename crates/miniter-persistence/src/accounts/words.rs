//! The words of display names, as a search finds them.
//!
//! A table has the beginnings by which a name is found, so that an index answers a search. Latin names are found by the beginning of
//! each word. Names in Korean, Chinese or Japanese are found by any part: 은우 finds 송은우.

/// The longest word that is stored, in characters: as much of a search is compared.
pub(crate) const LONGEST: usize = 30;

/// The most words of a name.
const MOST: usize = 64;

/// The words by which a name is found, in small letters, each once.
pub(crate) fn words_of(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in split(name) {
        let starts = word
            .char_indices()
            .enumerate()
            .filter(|(place, (_, character))| *place == 0 || is_without_spaces(*character));
        words.extend(starts.map(|(_, (at, _))| word[at..].chars().take(LONGEST).collect::<String>()));
    }
    words.truncate(MOST);
    words.sort_unstable();
    words.dedup();
    words
}

/// The terms of a search, in small letters, the longest first.
pub(crate) fn terms_of(query: &str) -> Vec<String> {
    let mut terms: Vec<String> =
        split(query).into_iter().map(|term| term.chars().take(LONGEST).collect()).collect();
    terms.sort_unstable_by_key(|term| std::cmp::Reverse(term.chars().count()));
    terms.truncate(MOST);
    terms
}

/// Whether a name has all the terms of a search.
pub(crate) fn has_all(name: &str, terms: &[String]) -> bool {
    let words = words_of(name);
    terms.iter().all(|term| words.iter().any(|word| word.starts_with(term.as_str())))
}

fn split(text: &str) -> Vec<String> {
    // In small letters first: some of them are more than one character.
    text.to_lowercase()
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Whether a character is of a script whose words may stand together: Hangul, kana, Han.
fn is_without_spaces(character: char) -> bool {
    matches!(character,
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{9fff}' | '\u{a960}'..='\u{a97f}' | '\u{ac00}'..='\u{d7ff}'
        | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ffdc}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latin_name_is_found_by_its_words_and_a_korean_one_by_any_part() {
        assert_eq!(words_of("Song Eun-woo"), ["eun", "song", "woo"]);
        assert_eq!(words_of("송은우"), ["송은우", "우", "은우"]);
        assert_eq!(words_of("🍺 beer🍺"), ["beer"]);
        assert_eq!(words_of("…"), [""; 0]);
        assert_eq!(words_of(&"x".repeat(255)), ["x".repeat(LONGEST)]);
        assert!(words_of(&"가나다라".repeat(60)).len() <= MOST);
    }

    #[test]
    fn a_search_finds_names_that_have_all_of_its_terms() {
        for (name, query, is_found) in [
            ("Song Eunwoo", "eun", true),
            ("Song Eunwoo", "EUN song", true),
            ("Song Eunwoo", "woo", false),
            ("Song Eunwoo", "eun kim", false),
            ("송은우", "은우", true),
            ("송은우", "송", true),
            ("송은우", "김", false),
        ] {
            assert_eq!(has_all(name, &terms_of(query)), is_found, "{name} {query}");
        }
        assert_eq!(terms_of("a longer one"), ["longer", "one", "a"]);
    }
}
