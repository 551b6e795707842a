//! Threads: what a status replies to, and what replies to it.

use std::collections::HashMap;

use crate::StatusId;

/// A status of a conversation, and the status that it replies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThreadPart {
    /// Its number.
    pub status: StatusId,
    /// The number of the status that it replies to, if there still is one.
    pub in_reply_to: Option<StatusId>,
}

/// What stands around a status.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Thread {
    /// What it replies to, the first status of the thread first.
    pub ancestors: Vec<StatusId>,
    /// What replies to it: each before its own replies, and those before the next one.
    pub descendants: Vec<StatusId>,
}

impl Thread {
    /// The most statuses of a thread.
    pub const MOST: usize = 4_096;

    /// The thread around a status, from the parts of its conversation in any order.
    #[must_use]
    pub fn around(status: StatusId, parts: &[ThreadPart]) -> Self {
        let mut parents = HashMap::with_capacity(parts.len());
        let mut replies: HashMap<StatusId, Vec<StatusId>> = HashMap::new();
        for part in parts {
            let is_new = parents.insert(part.status, part.in_reply_to).is_none();
            if let (Some(parent), true) = (part.in_reply_to, is_new) {
                replies.entry(parent).or_default().push(part.status);
            }
        }
        let mut thread = Self::default();
        let mut position = status;
        // Other SQL may have made a circle.
        while let Some(Some(parent)) = parents.get(&position)
            && parents.contains_key(parent)
            && thread.ancestors.len() < Self::MOST
            && *parent != status
        {
            thread.ancestors.push(*parent);
            position = *parent;
        }
        thread.ancestors.reverse();
        // The next one is the last: the oldest replies come first.
        let mut open = vec![status];
        while let Some(next) = open.pop() {
            if next != status {
                thread.descendants.push(next);
            }
            if thread.ancestors.len() + thread.descendants.len() >= Self::MOST {
                break;
            }
            // Each is taken out, so that none comes twice.
            let mut children = replies.remove(&next).unwrap_or_default();
            children.sort_unstable_by(|a, b| b.cmp(a));
            open.extend(children);
        }
        thread
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(parts: &[(i64, i64)]) -> Vec<ThreadPart> {
        parts
            .iter()
            .map(|(status, parent)| ThreadPart {
                status: StatusId::new(*status),
                in_reply_to: (*parent != 0).then(|| StatusId::new(*parent)),
            })
            .collect()
    }

    fn around(status: i64, of: &[(i64, i64)]) -> (Vec<i64>, Vec<i64>) {
        let thread = Thread::around(StatusId::new(status), &parts(of));
        let numbers = |ids: Vec<StatusId>| ids.into_iter().map(StatusId::get).collect();
        (numbers(thread.ancestors), numbers(thread.descendants))
    }

    #[test]
    fn replies_come_after_what_they_reply_to_and_the_oldest_first() {
        let tree = [(1, 0), (7, 2), (2, 1), (3, 1), (4, 2), (5, 3), (6, 4), (8, 0), (9, 8)];
        assert_eq!(around(1, &tree), (vec![], vec![2, 4, 6, 7, 3, 5]));
        assert_eq!(around(2, &tree), (vec![1], vec![4, 6, 7]));
        assert_eq!(around(6, &tree), (vec![1, 2, 4], vec![]));
        assert_eq!(around(9, &tree), (vec![8], vec![]));
        assert_eq!(around(10, &tree), (vec![], vec![]));
    }

    #[test]
    fn a_thread_ends_where_a_status_is_missing_and_where_it_bites_its_tail() {
        assert_eq!(around(3, &[(3, 2), (2, 1)]), (vec![2], vec![]));
        assert_eq!(around(1, &[(1, 3), (2, 1), (3, 2)]), (vec![2, 3], vec![2, 3]));
        assert_eq!(around(4, &[(4, 3), (2, 3), (3, 2)]).0.len(), Thread::MOST);
    }

    #[test]
    fn what_is_there_twice_is_in_it_once() {
        assert_eq!(around(1, &[(1, 0), (2, 1), (2, 1)]), (vec![], vec![2]));
    }

    #[test]
    fn a_long_thread_is_cut() {
        let long: Vec<(i64, i64)> = (1..=10_000).map(|id| (id, id - 1)).collect();
        assert_eq!(around(1, &long).1, (2..=4_097).collect::<Vec<_>>());
        let (ancestors, descendants) = around(9_000, &long);
        assert_eq!((ancestors.len(), ancestors.last(), descendants.len()), (4_096, Some(&8_999), 0));
    }
}
