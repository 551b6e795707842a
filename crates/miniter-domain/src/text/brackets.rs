//! Which brackets of a text belong together. An address may have pairs of them; one that has no partner stands around the
//! address: `(https://example.com/a_(b))`.

use std::collections::HashMap;

use super::link::ends_address;
use super::steps;

/// The pairs that are typed around addresses.
const PAIRS: [(char, char); 5] = [('(', ')'), ('[', ']'), ('{', '}'), ('（', '）'), ('【', '】')];

/// The partner of each bracket, by the position of either. No address contains the characters that end one, and so no pair
/// contains them.
pub(super) struct Brackets(HashMap<usize, usize>);

impl Brackets {
    /// Pairs the brackets of a text, in one pass.
    pub(super) fn of(text: &str) -> Self {
        let mut partners = HashMap::new();
        if !text.contains("://") {
            return Self(partners);
        }
        steps::count(text.len());
        let mut open: Vec<(usize, char)> = Vec::new();
        for (position, character) in text.char_indices() {
            if ends_address(character) {
                open.clear();
            } else if let Some((_, closing)) = PAIRS.iter().find(|(opening, _)| *opening == character) {
                open.push((position, *closing));
            } else if let Some((opened, _)) = open.pop_if(|(_, closing)| *closing == character) {
                partners.insert(opened, position);
                partners.insert(position, opened);
            } else if PAIRS.iter().any(|(_, closing)| *closing == character) {
                // An address ends here, and so has no pairs around this place: `[)]`.
                open.clear();
            }
        }
        Self(partners)
    }

    /// Whether a character of an address that starts at `start` is a bracket without a partner in that address.
    pub(super) fn is_single(&self, character: char, position: usize, start: usize) -> bool {
        PAIRS.iter().any(|(opening, closing)| [*opening, *closing].contains(&character))
            && self.0.get(&position).is_none_or(|partner| *partner < start)
    }
}
