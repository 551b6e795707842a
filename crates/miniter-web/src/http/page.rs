//! Pages of a list that is cut by ids: the query that asks for one, and the links to its neighbours (RFC 8288).

use std::fmt::{Display, Write};

use miniter_domain::{DomainError, PageRequest, StatusId};
use miniter_service::ServiceError;
use url::form_urlencoded;

use crate::http::failure::Failure;

/// What a presentation decides about its pages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageRules {
    /// How many entries a page has for which the client names no limit.
    pub(crate) default: u32,
    /// The most entries of a page; a limit beyond it is taken for it.
    pub(crate) cap: u32,
    /// Whether links repeat the parameters that are not about the page.
    pub(crate) keeps_parameters: bool,
}

/// A request for a page, and what the links to its neighbours repeat.
#[derive(Debug)]
pub(crate) struct WantedPage {
    pub(crate) request: PageRequest,
    /// The beginning of their queries: each parameter with `&` after it.
    repeated: String,
}

/// What is known of a page that has entries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Neighbours<C = StatusId> {
    /// The cursor of the oldest entry.
    pub(crate) oldest: C,
    /// The cursor of the newest entry.
    pub(crate) newest: C,
    /// Whether there are entries below the oldest.
    pub(crate) has_older: bool,
}

impl WantedPage {
    /// Reads a query string as Rails would: of a parameter that stands twice the last counts, a cursor that is no number is not
    /// given, and a limit has no sign. A limit of nothing, and one that is no number, is not given either.
    pub(crate) fn parse_leniently(query: &str, rules: PageRules) -> Self {
        let [mut limit, mut max_id, mut since_id, mut min_id] = [const { None }; 4];
        let mut others = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "limit" => limit = lenient_number(value.strip_prefix('-').unwrap_or(&value)),
                "max_id" => max_id = lenient_number(&value),
                "since_id" => since_id = lenient_number(&value),
                "min_id" => min_id = lenient_number(&value),
                _ => {
                    others.append_pair(&name, &value);
                }
            }
        }
        let wanted = limit.filter(|limit| *limit > 0).map(|limit| u32::try_from(limit).unwrap_or(u32::MAX));
        let request = PageRequest {
            limit: wanted.unwrap_or(rules.default).min(rules.cap),
            max_id: max_id.map(StatusId::new),
            since_id: since_id.map(StatusId::new),
            min_id: min_id.map(StatusId::new),
        };
        Self { request, repeated: repeated(others, rules, wanted.map(|_| request.limit)) }
    }

    /// Reads a query string. Parameters that are not about the page are ignored.
    ///
    /// # Errors
    /// `InvalidQuery` (a parameter stands twice), `InvalidLimit`, and the domain's `InvalidTweetId`.
    pub(crate) fn parse(query: &str, rules: PageRules) -> Result<Self, Failure> {
        let [mut limit, mut max_id, mut since_id, mut min_id] = [const { None }; 4];
        let mut others = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let parameter = match &*name {
                "limit" => &mut limit,
                "max_id" => &mut max_id,
                "since_id" => &mut since_id,
                "min_id" => &mut min_id,
                _ => {
                    others.append_pair(&name, &value);
                    continue;
                }
            };
            if parameter.replace(value).is_some() {
                return Err(Failure::InvalidQuery);
            }
        }
        let wanted = limit.as_deref().map(parse_limit).transpose()?;
        let cursor = |text: Option<_>| -> Result<Option<StatusId>, ServiceError> {
            let id: Option<Result<_, DomainError>> = text.as_deref().map(StatusId::parse);
            Ok(id.transpose()?)
        };
        let request = PageRequest {
            limit: wanted.unwrap_or(rules.default).min(rules.cap),
            max_id: cursor(max_id)?,
            since_id: cursor(since_id)?,
            min_id: cursor(min_id)?,
        };
        Ok(Self { request, repeated: repeated(others, rules, wanted.map(|_| request.limit)) })
    }

    /// The `Link` header of a page that has entries: `next` leads to older ones and is missing where there are none, `prev` to
    /// newer ones. `target` is the list's address without a query, relative or absolute.
    pub(crate) fn link_header<C: Display>(&self, target: &str, page: &Neighbours<C>) -> String {
        let repeated = &self.repeated;
        let newer = format!("<{target}?{repeated}min_id={}>; rel=\"prev\"", page.newest);
        if !page.has_older {
            return newer;
        }
        // A lower bound bounds the walk to older pages too.
        let since =
            self.request.since_id.map_or_else(String::new, |since_id| format!("&since_id={since_id}"));
        format!("<{target}?{repeated}max_id={}{since}>; rel=\"next\", {newer}", page.oldest)
    }
}

/// What links repeat: the parameters that are not about the page, and the limit that was asked for.
fn repeated(
    mut others: form_urlencoded::Serializer<'_, String>,
    rules: PageRules,
    limit: Option<u32>,
) -> String {
    let mut repeated = if rules.keeps_parameters { others.finish() } else { String::new() };
    if !repeated.is_empty() {
        repeated.push('&');
    }
    if let Some(limit) = limit {
        // Writing to a string cannot fail.
        let _ = write!(repeated, "limit={limit}&");
    }
    repeated
}

/// Digits; more of them than there are ids are the greatest id.
fn lenient_number(text: &str) -> Option<i64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(i64::MAX))
}

/// A limit from 1; one too large for us to count is over any cap.
fn parse_limit(text: &str) -> Result<u32, Failure> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || text.bytes().all(|byte| byte == b'0') {
        return Err(Failure::InvalidLimit);
    }
    Ok(text.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULES: PageRules = PageRules { default: 1_000, cap: 1_000, keeps_parameters: false };

    fn parse(query: &str) -> Result<WantedPage, Failure> {
        WantedPage::parse(query, RULES)
    }

    fn page(oldest: i64, newest: i64, has_older: bool) -> Neighbours {
        Neighbours { oldest: StatusId::new(oldest), newest: StatusId::new(newest), has_older }
    }

    #[test]
    fn a_presentation_sets_the_default_the_cap_and_what_its_links_look_like() {
        let rules = PageRules { default: 20, cap: 40, keeps_parameters: true };
        for (query, limit) in [("", 20), ("limit=30", 30), ("limit=41", 40)] {
            assert_eq!(WantedPage::parse(query, rules).unwrap().request.limit, limit, "{query}");
        }
        let wanted = WantedPage::parse("only_media=true&limit=2&max_id=9&id[]=%C3%A9+1", rules).unwrap();
        assert_eq!(
            wanted.link_header("https://example.com/api/v1/timelines/home", &page(5, 8, true)),
            r#"<https://example.com/api/v1/timelines/home?only_media=true&id%5B%5D=%C3%A9+1&limit=2&max_id=5>; rel="next", "#
                .to_owned()
                + r#"<https://example.com/api/v1/timelines/home?only_media=true&id%5B%5D=%C3%A9+1&limit=2&min_id=8>; rel="prev""#
        );
    }

    #[test]
    fn leniently_what_is_no_number_is_not_given() {
        let rules = PageRules { default: 20, cap: 40, keeps_parameters: true };
        let parse = |query: &str| WantedPage::parse_leniently(query, rules).request;
        for (query, limit) in [
            ("", 20),
            ("limit=1", 1),
            ("limit=-1", 1),
            ("limit=0", 20),
            ("limit=", 20),
            ("limit=x", 20),
            ("limit=1.5", 20),
            ("limit=1000000", 40),
            ("limit=99999999999999999999999", 40),
            ("limit=3&limit=5", 5),
        ] {
            assert_eq!(parse(query), PageRequest::newest(limit), "{query}");
        }
        for name in ["max_id", "since_id", "min_id"] {
            for value in ["", "abc", "-1", "1.0", "12abc"] {
                assert_eq!(parse(&format!("{name}={value}")), PageRequest::newest(20), "{name}={value}");
            }
        }
        let far = parse("max_id=9223372036854775808&since_id=1&min_id=1&min_id=2");
        assert_eq!(
            (far.max_id, far.since_id, far.min_id),
            (Some(StatusId::MAX), Some(StatusId::new(1)), Some(StatusId::new(2)))
        );
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
            assert!(matches!(parse(query), Err(Failure::InvalidLimit)), "{query}");
        }
    }

    #[test]
    fn a_cursor_is_a_tweet_id() {
        let request = parse("max_id=9&since_id=0&min_id=3&other=x").unwrap().request;
        assert_eq!(
            (request.max_id, request.since_id, request.min_id),
            (Some(StatusId::new(9)), Some(StatusId::new(0)), Some(StatusId::new(3)))
        );
        for name in ["max_id", "since_id", "min_id"] {
            for value in ["", "-1", "x", "1.0", "9223372036854775808"] {
                let Err(Failure::Service(ServiceError::Invalid(error))) = parse(&format!("{name}={value}"))
                else {
                    panic!("{name}={value}")
                };
                assert_eq!(error, DomainError::InvalidTweetId, "{name}={value}");
            }
        }
        assert!(matches!(parse("limit=1&limit=2"), Err(Failure::InvalidQuery)));
    }

    #[test]
    fn the_link_to_older_entries_comes_first_and_repeats_the_limit_and_the_lower_bound() {
        let wanted = parse("limit=2").unwrap();
        assert_eq!(
            wanted.link_header("/timeline", &page(5, 8, true)),
            r#"</timeline?limit=2&max_id=5>; rel="next", </timeline?limit=2&min_id=8>; rel="prev""#
        );
        let wanted = parse("since_id=3").unwrap();
        assert_eq!(
            wanted.link_header("/timeline/7", &page(5, 8, true)),
            r#"</timeline/7?max_id=5&since_id=3>; rel="next", </timeline/7?min_id=8>; rel="prev""#
        );
    }

    #[test]
    fn the_last_page_has_no_link_to_older_entries() {
        let wanted = parse("").unwrap();
        assert_eq!(
            wanted.link_header("/timeline", &page(5, 8, false)),
            r#"</timeline?min_id=8>; rel="prev""#
        );
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
            let page = page(*ids.first().unwrap(), *ids.last().unwrap(), true);
            let wanted = parse(&format!("limit={limit}&since_id={since}")).unwrap();
            let header = wanted.link_header("/timeline", &page);
            let targets: Vec<&str> = header.split(['<', '>']).filter(|part| part.starts_with('/')).collect();
            let [older, newer] = targets[..] else { panic!("{header}") };
            let read = |target: &str| parse(target.split_once('?').unwrap().1).unwrap().request;
            let (older, newer) = (read(older), read(newer));
            prop_assert_eq!(older.max_id.map(StatusId::get), ids.pop_first());
            prop_assert_eq!(older.since_id.map(StatusId::get), Some(since));
            prop_assert_eq!(newer.min_id.map(StatusId::get), ids.pop_last().or(older.max_id.map(StatusId::get)));
            prop_assert_eq!((older.limit, newer.limit), (limit.min(1_000), limit.min(1_000)));
        }
    }
}
