//! A part of a home timeline without gaps.

use std::collections::VecDeque;

use miniter_domain::{PageRequest, StatusId};

/// The fewest ids that a window is filled with: a few pages of a common client.
const LEAST_DEPTH: usize = 128;

/// Ids of a timeline, of which every one within the window's bounds is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    /// Ascending.
    ids: VecDeque<i64>,
    /// Every id of the timeline above this one is in it,
    above: i64,
    /// up to this one.
    upto: i64,
    /// How many ids it was filled with at most.
    depth: usize,
}

/// The ids of a page, ascending.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FoundPage {
    pub(crate) ids: Vec<i64>,
    pub(crate) has_older: bool,
}

impl Window {
    /// How many ids to ask for, so that a page of this size and some more are among them.
    pub(super) fn depth_for(limit: u32) -> usize {
        // One more than the page has tells whether there are older ones.
        usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1).max(LEAST_DEPTH)
    }

    /// The newest `depth` ids of a timeline up to an id, newest first as the query returns them; fewer are all of them.
    pub(super) fn new(mut newest_first: Vec<i64>, depth: usize, upto: i64) -> Self {
        newest_first.reverse();
        let ids = VecDeque::from(newest_first);
        let above = match ids.front() {
            Some(oldest) if ids.len() >= depth => oldest - 1,
            _ => i64::MIN,
        };
        Self { ids, above, upto, depth }
    }

    /// How many ids there are.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The greatest id.
    pub(super) fn newest(&self) -> Option<i64> {
        self.ids.back().copied()
    }

    /// The page, if all of it is known.
    pub(super) fn page(&self, page: &PageRequest) -> Option<FoundPage> {
        let (above, upto) = (page.lower_bound().map_or(i64::MIN, StatusId::get), page.greatest().get());
        if upto > self.upto {
            return None;
        }
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let start = self.ids.partition_point(|id| *id <= above);
        let end = self.ids.partition_point(|id| *id <= upto).max(start);
        let reaches_down = self.above <= above;
        let (taken, has_older) = if page.is_oldest_first() {
            if !reaches_down {
                return None;
            }
            let lower = page.since_id.map_or(i64::MIN, StatusId::get);
            let taken = start..start.saturating_add(limit).min(end);
            let has_older = match start.checked_sub(1).and_then(|previous| self.ids.get(previous)) {
                _ if taken.is_empty() => false,
                Some(previous) => *previous > lower,
                None if self.above <= lower => false,
                None => return None,
            };
            (taken, has_older)
        } else if end - start > limit {
            (end - limit..end, true)
        } else if reaches_down {
            (start..end, false)
        } else {
            return None;
        };
        Some(FoundPage { ids: self.ids.range(taken).copied().collect(), has_older })
    }

    /// Puts an id in its place. One that the query has seen already is there once.
    pub(super) fn insert(&mut self, id: i64) {
        if id <= self.above || id > self.upto {
            return;
        }
        let place = self.ids.partition_point(|known| *known < id);
        if self.ids.get(place) == Some(&id) {
            return;
        }
        self.ids.insert(place, id);
        if self.ids.len() >= self.depth.saturating_mul(2) {
            self.ids.drain(..self.ids.len() - self.depth);
            self.above = self.ids.front().map_or(i64::MIN, |oldest| oldest - 1);
        }
    }

    /// Takes an id out.
    pub(super) fn remove(&mut self, id: i64) {
        if let Ok(place) = self.ids.binary_search(&id) {
            self.ids.remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window(ids: &[i64], depth: usize) -> Window {
        Window::new(ids.iter().rev().copied().collect(), depth, i64::MAX)
    }

    fn found(window: &Window, page: PageRequest) -> Option<(Vec<i64>, bool)> {
        window.page(&page).map(|FoundPage { ids, has_older }| (ids, has_older))
    }

    #[expect(clippy::unnecessary_wraps, reason = "cursors are optional")]
    fn id(id: i64) -> Option<StatusId> {
        Some(StatusId::new(id))
    }

    #[test]
    fn what_lies_below_the_known_part_is_not_guessed_at() {
        let newest = PageRequest::newest(2);
        let cut = window(&[10, 20, 30], 3);
        assert_eq!(found(&cut, newest), Some((vec![20, 30], true)));
        assert_eq!(found(&cut, PageRequest::newest(3)), None, "there may be a fourth");
        assert_eq!(found(&cut, PageRequest { since_id: id(10), ..newest }), Some((vec![20, 30], false)));
        assert_eq!(found(&cut, PageRequest { since_id: id(5), ..PageRequest::newest(4) }), None);
        assert_eq!(found(&cut, PageRequest { min_id: id(20), ..newest }), Some((vec![30], true)));
        assert_eq!(found(&cut, PageRequest { min_id: id(9), ..newest }), None, "has it older ones?");

        let all = window(&[10, 20, 30], 4);
        assert_eq!(found(&all, PageRequest::newest(3)), Some((vec![10, 20, 30], false)));
        assert_eq!(found(&all, PageRequest { min_id: id(9), ..newest }), Some((vec![10, 20], false)));
    }

    #[test]
    fn the_greatest_id_that_there_can_be_is_shown() {
        let window = window(&[1, i64::MAX], 4);
        assert_eq!(found(&window, PageRequest::newest(1)), Some((vec![i64::MAX], true)));
        assert_eq!(
            found(&window, PageRequest { max_id: id(i64::MAX), ..PageRequest::newest(1) }),
            Some((vec![1], false))
        );
    }

    #[test]
    fn a_timeline_that_grows_is_cut_at_its_old_end() {
        let mut window = window(&[1, 2, 3, 4], 4);
        for id in 5..=100 {
            window.insert(id);
        }
        assert_eq!(found(&window, PageRequest::newest(3)), Some((vec![98, 99, 100], true)));
        assert_eq!(found(&window, PageRequest::newest(8)), None);
        assert!(window.len() <= 8);
    }

    proptest! {
        #[test]
        fn ids_come_and_go_in_any_order_and_each_is_there_once(
            filled in prop::collection::btree_set(1..60_i64, 0..20),
            changes in prop::collection::vec((any::<bool>(), 1..60_i64), 0..60),
        ) {
            let mut window = Window::new(filled.iter().rev().copied().collect(), 1_000, i64::MAX);
            let mut model = filled;
            for (comes, id) in changes {
                if comes {
                    window.insert(id);
                    model.insert(id);
                } else {
                    window.remove(id);
                    model.remove(&id);
                }
            }
            let all = window.page(&PageRequest::newest(1_000)).unwrap();
            prop_assert_eq!(all.ids, model.into_iter().collect::<Vec<_>>());
        }
    }
}
