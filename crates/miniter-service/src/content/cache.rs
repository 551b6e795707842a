//! The HTML of statuses that were shown lately, in memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use lru::LruCache;
use miniter_domain::StatusId;

/// How many bytes are kept: the contents that were read longest ago go first.
const CAPACITY: usize = 16 << 20;

/// What a content takes beside its texts, in bytes.
const OVERHEAD: usize = 160;

/// A status, and when it was edited last.
type Key = (StatusId, Option<DateTime<Utc>>);

/// The contents of statuses, each rendered once for all readers.
pub struct Contents(Mutex<Kept>);

struct Kept {
    contents: LruCache<Key, Content>,
    bytes: usize,
    capacity: usize,
}

struct Content {
    /// What was rendered. Other programs change a text without a time.
    text: Box<str>,
    html: Arc<str>,
}

impl Default for Contents {
    fn default() -> Self {
        Self::with_capacity(CAPACITY)
    }
}

impl Contents {
    fn with_capacity(capacity: usize) -> Self {
        Self(Mutex::new(Kept { contents: LruCache::unbounded(), bytes: 0, capacity }))
    }

    /// The HTML of a status: kept, or what `render` makes of the text. The accounts that a status mentions must be found when it
    /// is written or edited, and be the same ones at each reading: they are no part of what is compared.
    pub fn find_or_render(
        &self,
        status: StatusId,
        edited_at: Option<DateTime<Utc>>,
        text: &str,
        render: impl FnOnce(&str) -> String,
    ) -> Arc<str> {
        let key = (status, edited_at);
        let found =
            self.kept().contents.get(&key).filter(|content| &*content.text == text).map(Content::html);
        found.unwrap_or_else(|| {
            // Without the lock: no other reader has to wait for it.
            let html: Arc<str> = render(text).into();
            self.kept().keep(key, Content { text: text.into(), html: Arc::clone(&html) });
            html
        })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Each change is complete before anything can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn keep(&mut self, key: Key, content: Content) {
        self.bytes += content.bytes();
        if let Some(replaced) = self.contents.put(key, content) {
            self.bytes -= replaced.bytes();
        }
        while self.bytes > self.capacity
            && let Some((_, dropped)) = self.contents.pop_lru()
        {
            self.bytes -= dropped.bytes();
        }
    }
}

impl Content {
    fn html(&self) -> Arc<str> {
        Arc::clone(&self.html)
    }

    fn bytes(&self) -> usize {
        OVERHEAD + self.text.len() + self.html.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a status had to be rendered.
    fn renders(contents: &Contents, id: i64, edited_at: Option<DateTime<Utc>>, text: &str) -> bool {
        let mut rendered = false;
        let html = contents.find_or_render(StatusId::new(id), edited_at, text, |text| {
            rendered = true;
            format!("<p>{text}</p>")
        });
        assert_eq!(&*html, format!("<p>{text}</p>"));
        rendered
    }

    #[test]
    fn a_status_is_rendered_once_until_it_changes() {
        let contents = Contents::default();
        assert!(renders(&contents, 1, None, "a"));
        assert!(!renders(&contents, 1, None, "a"));
        assert!(renders(&contents, 2, None, "a"), "another status");
        assert!(renders(&contents, 1, Some(DateTime::UNIX_EPOCH), "a"), "edited");
        assert!(renders(&contents, 1, None, "b"), "changed by another program");
        assert!(!renders(&contents, 1, None, "b"));
    }

    #[test]
    fn the_contents_read_longest_ago_go_first_and_bytes_are_bounded() {
        let contents = Contents::with_capacity(3 * (OVERHEAD + 2 + 9));
        for id in 1..=3 {
            assert!(renders(&contents, id, None, "xy"));
        }
        assert!(!renders(&contents, 1, None, "xy"));
        assert!(renders(&contents, 4, None, "xy"));
        assert!(!renders(&contents, 1, None, "xy"));
        assert!(renders(&contents, 2, None, "xy"));
        for id in 5..1_000 {
            renders(&contents, id, None, &"z".repeat(usize::try_from(id % 300).unwrap()));
            renders(&contents, id, None, "edited by another program");
            let kept = contents.kept();
            assert!(kept.bytes <= kept.capacity);
        }
        let kept = contents.kept();
        assert_eq!(kept.bytes, kept.contents.iter().map(|(_, content)| content.bytes()).sum::<usize>());
    }
}
