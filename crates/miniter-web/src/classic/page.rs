//! Pages of a timeline on the wire: the query that asks for one, and the links to its neighbours.

use actix_web::web::Query;
use miniter_domain::{DomainError, PageRequest, TimelinePage, TweetId};
use miniter_service::Timelines;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::problem::{ApiError, Code};

/// Which part of a timeline is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// The most entries to return, from 1. Without it, and beyond it, the server's cap (1,000 unless set otherwise).
    #[param(schema_with = limit_schema, example = 20)]
    limit: Option<String>,
    /// A tweet id: only entries older than it, the newest of them.
    #[param(pattern = "^[0-8]?[0-9]{1,18}$")]
    max_id: Option<String>,
    /// A tweet id: only entries newer than it, the newest of them.
    #[param(pattern = "^[0-8]?[0-9]{1,18}$")]
    since_id: Option<String>,
    /// A tweet id: only entries newer than it, the oldest of them.
    #[param(pattern = "^[0-8]?[0-9]{1,18}$")]
    min_id: Option<String>,
}

/// In the OpenAPI document: an integer, of any size.
fn limit_schema() -> utoipa::openapi::schema::Object {
    use utoipa::openapi::schema::{ObjectBuilder, Type};
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).build()
}

/// A request for a page and whether the client named a limit, which the links then repeat.
pub(crate) struct WantedPage {
    pub(crate) request: PageRequest,
    names_limit: bool,
}

impl WantedPage {
    /// Reads a query string. Parameters that are not ours are ignored.
    ///
    /// # Errors
    /// `invalid_query` (a parameter stands twice), `invalid_limit`, `invalid_cursor`.
    pub(crate) fn parse(query: &str, timelines: &Timelines) -> Result<Self, ApiError> {
        let Query(query) = Query::<PageQuery>::from_query(query).map_err(|_| Code::InvalidQuery)?;
        let wanted = query.limit.as_deref().map(parse_limit).transpose()?;
        let cursor = |text: Option<String>| -> Result<Option<TweetId>, DomainError> {
            text.as_deref().map(TweetId::parse).transpose()
        };
        let request = PageRequest {
            limit: timelines.page_limit(wanted),
            max_id: cursor(query.max_id)?,
            since_id: cursor(query.since_id)?,
            min_id: cursor(query.min_id)?,
        };
        Ok(Self { request, names_limit: wanted.is_some() })
    }

    /// The `Link` header of a page at `path` (RFC 8288): `next` leads to older entries and is missing where there are
    /// none, `prev` to newer ones. `None` for an empty page, which has no neighbours to name.
    ///
    /// The targets are relative references: they hold behind any proxy that keeps the path.
    pub(crate) fn link_header(&self, path: &str, page: &TimelinePage) -> Option<String> {
        let (oldest, newest) = (page.entries.first()?, page.entries.last()?);
        let limit = if self.names_limit { format!("limit={}&", self.request.limit) } else { String::new() };
        let newer = format!("<{path}?{limit}min_id={}>; rel=\"prev\"", newest.tweet_id);
        if !page.has_older {
            return Some(newer);
        }
        // A lower bound bounds the walk to older pages too.
        let since =
            self.request.since_id.map_or_else(String::new, |since_id| format!("&since_id={since_id}"));
        Some(format!("<{path}?{limit}max_id={}{since}>; rel=\"next\", {newer}", oldest.tweet_id))
    }
}

/// A limit from 1; one too large for us to count is over any cap.
fn parse_limit(text: &str) -> Result<u32, Code> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || text.bytes().all(|byte| byte == b'0') {
        return Err(Code::InvalidLimit);
    }
    Ok(text.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use miniter_domain::{RepositoryError, TimelineEntry, TimelineRepository, UserId};
    use proptest::prelude::*;

    use super::*;

    struct NoTimelines;

    impl TimelineRepository for NoTimelines {
        fn cached_home(&self, _: UserId, _: &PageRequest) -> Option<TimelinePage> {
            None
        }

        fn find_home(&self, _: UserId, _: &PageRequest) -> Result<Option<TimelinePage>, RepositoryError> {
            Ok(None)
        }
    }

    fn parse(query: &str) -> Result<WantedPage, ApiError> {
        WantedPage::parse(query, &Timelines::new(Arc::new(NoTimelines), 1_000))
    }

    fn page(ids: &[i64], has_older: bool) -> TimelinePage {
        let entry =
            |&id| TimelineEntry { tweet_id: TweetId::new(id), author: UserId::new(1), text: "".into() };
        TimelinePage { entries: ids.iter().map(entry).collect(), has_older }
    }

    #[test]
    fn a_limit_is_digits_from_1_and_never_over_the_cap() {
        for (query, limit) in [
            ("", 1_000),
            ("limit=1", 1),
            ("limit=020", 20),
            ("limit=5000", 1_000),
            ("limit=99999999999999999999", 1_000),
        ] {
            assert_eq!(parse(query).unwrap().request.limit, limit, "{query}");
        }
        for query in
            ["limit=", "limit=0", "limit=00", "limit=-1", "limit=%2B1", "limit=1.0", "limit=1e3", "limit=x"]
        {
            assert_eq!(parse(query).err().unwrap().to_string(), "invalid_limit", "{query}");
        }
    }

    #[test]
    fn a_cursor_is_a_tweet_id() {
        let request = parse("max_id=9&since_id=0&min_id=3&other=x").unwrap().request;
        assert_eq!(
            (request.max_id, request.since_id, request.min_id),
            (Some(TweetId::new(9)), Some(TweetId::new(0)), Some(TweetId::new(3)))
        );
        for name in ["max_id", "since_id", "min_id"] {
            for value in ["", "-1", "x", "1.0", "9223372036854775808"] {
                let refused = parse(&format!("{name}={value}")).err().unwrap();
                assert_eq!(refused.to_string(), "invalid_cursor", "{name}={value}");
            }
        }
        assert_eq!(parse("limit=1&limit=2").err().unwrap().to_string(), "invalid_query");
    }

    #[test]
    fn the_link_to_older_entries_comes_first_and_repeats_the_limit_and_the_lower_bound() {
        let wanted = parse("limit=2").unwrap();
        assert_eq!(
            wanted.link_header("/timeline", &page(&[5, 8], true)).unwrap(),
            r#"</timeline?limit=2&max_id=5>; rel="next", </timeline?limit=2&min_id=8>; rel="prev""#
        );
        let wanted = parse("since_id=3").unwrap();
        assert_eq!(
            wanted.link_header("/timeline/7", &page(&[5, 8], true)).unwrap(),
            r#"</timeline/7?max_id=5&since_id=3>; rel="next", </timeline/7?min_id=8>; rel="prev""#
        );
    }

    #[test]
    fn the_last_page_has_no_link_to_older_entries_and_an_empty_one_no_links() {
        let wanted = parse("").unwrap();
        assert_eq!(
            wanted.link_header("/timeline", &page(&[5, 8], false)).unwrap(),
            r#"</timeline?min_id=8>; rel="prev""#
        );
        assert_eq!(wanted.link_header("/timeline", &page(&[], false)), None);
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_refused_and_what_is_read_is_in_bounds(query in r"((limit|max_id|since_id|min_id|x)=[0-9+%a-fA-F&=\-]{0,24}&?){0,5}|\PC{0,40}") {
            if let Ok(wanted) = parse(&query) {
                prop_assert!((1..=1_000).contains(&wanted.request.limit));
                for cursor in [wanted.request.max_id, wanted.request.since_id, wanted.request.min_id] {
                    prop_assert!(cursor.is_none_or(|cursor| cursor.get() >= 0));
                }
            }
        }

        #[test]
        fn the_links_of_a_page_are_requests_for_its_neighbours(
            mut ids in prop::collection::btree_set(0..i64::MAX, 1..5), limit in 1_u32..2_000, since in 0..i64::MAX,
        ) {
            let page = page(&ids.iter().copied().collect::<Vec<_>>(), true);
            let wanted = parse(&format!("limit={limit}&since_id={since}")).unwrap();
            let header = wanted.link_header("/timeline", &page).unwrap();
            let targets: Vec<&str> = header.split(['<', '>']).filter(|part| part.starts_with('/')).collect();
            let [older, newer] = targets[..] else { panic!("{header}") };
            let read = |target: &str| parse(target.split_once('?').unwrap().1).unwrap().request;
            let (older, newer) = (read(older), read(newer));
            prop_assert_eq!(older.max_id.map(TweetId::get), ids.pop_first());
            prop_assert_eq!(older.since_id.map(TweetId::get), Some(since));
            prop_assert_eq!(newer.min_id.map(TweetId::get), ids.pop_last().or(older.max_id.map(TweetId::get)));
            prop_assert_eq!((older.limit, newer.limit), (limit.min(1_000), limit.min(1_000)));
        }
    }
}
