//! Pages of a list, of which a viewer may not see every row: parts are read until the page is full, or the list ends.

use std::collections::HashMap;

use miniter_domain::{PageRequest, StatusId, TimelinePage};

/// The fewest rows that are read at once after the first time.
const LEAST_ROWS: u32 = 40;

/// The most rows that are read at once after the first time.
const MOST_ROWS: u32 = 1_000;

/// Something on a page.
pub(crate) trait Item {
    /// Its place in the list.
    fn cursor(&self) -> i64;

    /// Of the items with the same mark a page has the newest.
    fn mark(&self) -> Option<i64>;
}

/// A list that is read in parts.
pub(crate) trait List {
    /// What is on its pages.
    type Item: Item;
    /// Why a part cannot be read.
    type Error;

    /// Reads a part: the rows of a page without regard to the viewer. Where `min_id` is given, `since_id` is the same.
    fn read(&mut self, rows: &PageRequest) -> Result<Part<Self::Item>, Self::Error>;
}

/// A part of a list.
pub(crate) struct Part<T> {
    /// What the viewer sees of it, in ascending order.
    pub(crate) items: Vec<T>,
    /// How many rows were read, and the cursors of the first and the last.
    pub(crate) rows: usize,
    pub(crate) ends: Option<(i64, i64)>,
    /// Whether there are more rows below the first.
    pub(crate) has_older: bool,
}

/// What a viewer sees of a page, in ascending order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) has_older: bool,
}

/// Reads a page. It ends early after [`TimelinePage::MOST_HIDDEN`] rows that are not on it, and says then that there are older ones.
pub(crate) fn page<L: List>(list: &mut L, wanted: &PageRequest) -> Result<Page<L::Item>, L::Error> {
    let mut reading = Reading { list, items: Vec::new(), marks: HashMap::new(), hidden: 0 };
    let limit = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    if wanted.is_oldest_first() {
        reading.read_up(wanted, limit)?;
        let Some(oldest) = reading.items.first() else {
            return Ok(Page { items: Vec::new(), has_older: false });
        };
        let max_id = Some(StatusId::new(oldest.cursor()));
        let below = PageRequest { max_id, since_id: wanted.since_id, min_id: None, limit: 0 };
        let mut items = std::mem::take(&mut reading.items);
        let has_older = reading.read_down(&below, 0)?;
        items.append(&mut reading.items);
        return Ok(Page { items, has_older });
    }
    let has_older = reading.read_down(wanted, limit)?;
    reading.items.reverse();
    Ok(Page { items: reading.items, has_older })
}

/// A page that is being read.
struct Reading<'a, L: List> {
    list: &'a mut L,
    items: Vec<L::Item>,
    /// The marks of the items, and where these stand.
    marks: HashMap<i64, i64>,
    /// How many rows were read that are not on the page.
    hidden: usize,
}

impl<L: List> Reading<'_, L> {
    /// Reads the newest items, newest first, and returns whether there are others below them.
    fn read_down(&mut self, wanted: &PageRequest, limit: usize) -> Result<bool, L::Error> {
        // One more than the page has tells whether there are older ones.
        let mut rows = PageRequest {
            limit: wanted.limit.saturating_add(1),
            since_id: wanted.lower_bound(),
            min_id: None,
            ..*wanted
        };
        loop {
            let part = self.list.read(&rows)?;
            self.hidden += part.rows - part.items.len();
            for item in part.items.into_iter().rev() {
                if item.mark().is_some_and(|mark| self.marks.contains_key(&mark)) {
                    self.hidden += 1;
                    continue;
                }
                if self.items.len() == limit {
                    return Ok(true);
                }
                if let Some(mark) = item.mark() {
                    self.marks.insert(mark, item.cursor());
                }
                self.items.push(item);
            }
            let (true, Some((oldest, _))) = (part.has_older, part.ends) else { return Ok(false) };
            if self.hidden >= TimelinePage::MOST_HIDDEN {
                return Ok(true);
            }
            rows.max_id = Some(StatusId::new(oldest));
            rows.limit = next_limit(rows.limit);
        }
    }

    /// Reads the oldest items above a bound, oldest first.
    fn read_up(&mut self, wanted: &PageRequest, limit: usize) -> Result<(), L::Error> {
        let above = wanted.lower_bound();
        let mut rows = PageRequest { since_id: above, min_id: above, ..*wanted };
        loop {
            let part = self.list.read(&rows)?;
            self.hidden += part.rows - part.items.len();
            for item in part.items {
                if let Some(mark) = item.mark()
                    && let Some(older) = self.marks.insert(mark, item.cursor())
                {
                    self.items.retain(|item| item.cursor() != older);
                    self.hidden += 1;
                }
                self.items.push(item);
                if self.items.len() == limit {
                    return Ok(());
                }
            }
            let is_over = part.rows < usize::try_from(rows.limit).unwrap_or(usize::MAX);
            let (false, Some((_, newest))) = (is_over, part.ends) else { return Ok(()) };
            if self.hidden >= TimelinePage::MOST_HIDDEN {
                return Ok(());
            }
            rows.since_id = Some(StatusId::new(newest));
            rows.min_id = rows.since_id;
            rows.limit = next_limit(rows.limit);
        }
    }
}

/// Twice as many, within bounds.
fn next_limit(limit: u32) -> u32 {
    limit.saturating_mul(2).clamp(LEAST_ROWS, MOST_ROWS)
}
