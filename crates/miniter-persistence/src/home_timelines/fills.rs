//! Queries that are under way. What is committed meanwhile may be missing in what they find.

use std::collections::{HashMap, HashSet};

use crate::feed::Event;
use crate::home_timelines::window::Window;

/// The most events that a fill puts aside. A query that takes longer than so many is not kept.
const MOST_ARRIVED: usize = 10_000;

/// The fills that are under way, by reader.
#[derive(Default)]
pub(super) struct Fills {
    by_reader: HashMap<i64, Fill>,
    /// How many fills were started; numbers them.
    started: u64,
}

struct Fill {
    number: u64,
    arrived: Vec<Event>,
}

impl Fills {
    /// Starts a fill and returns its number: from now on no event is missed. `None` while another one for this reader is under
    /// way.
    pub(super) fn start(&mut self, reader: i64) -> Option<u64> {
        if self.by_reader.contains_key(&reader) {
            return None;
        }
        self.started += 1;
        self.by_reader.insert(reader, Fill { number: self.started, arrived: Vec::new() });
        Some(self.started)
    }

    /// Applies to a window what has arrived while it was queried. `false` if the fill was forgotten: the reader's follows may
    /// have changed, and the window is not to be kept.
    pub(super) fn finish(&mut self, reader: i64, number: u64, authors: &[i64], window: &mut Window) -> bool {
        let arrived = match self.by_reader.get_mut(&reader) {
            Some(fill) if fill.number == number => std::mem::take(&mut fill.arrived),
            _ => return false,
        };
        let authors: HashSet<i64> =
            if arrived.is_empty() { HashSet::new() } else { authors.iter().copied().collect() };
        for event in arrived {
            match event {
                Event::Published { author, tweet } if authors.contains(&author) => window.insert(tweet),
                Event::Deleted { author, tweet } if authors.contains(&author) => window.remove(tweet),
                Event::Published { .. }
                | Event::Deleted { .. }
                | Event::Followed { .. }
                | Event::Unfollowed { .. }
                | Event::AccountDeleted { .. }
                | Event::StatusChanged { .. }
                | Event::InteractionChanged { .. }
                | Event::Notified { .. }
                | Event::AccountChanged { .. }
                | Event::CircleChanged { .. }
                | Event::ForeignWrites
                | Event::TokensRenewed { .. }
                | Event::AccessTokenRevoked { .. } => {}
            }
        }
        true
    }

    /// Puts an event aside for all fills: whose authors they have is not known yet.
    pub(super) fn put_aside(&mut self, event: Event) {
        self.by_reader.retain(|_, fill| {
            fill.arrived.push(event);
            fill.arrived.len() <= MOST_ARRIVED
        });
    }

    /// Forgets a reader's fill, if it is the one with this number.
    pub(super) fn end(&mut self, reader: i64, number: u64) {
        if self.by_reader.get(&reader).is_some_and(|fill| fill.number == number) {
            self.by_reader.remove(&reader);
        }
    }

    pub(super) fn forget(&mut self, reader: i64) {
        self.by_reader.remove(&reader);
    }

    pub(super) fn forget_all(&mut self) {
        self.by_reader.clear();
    }
}
