//! The language of texts for people.

use actix_web::HttpMessage;
use actix_web::http::header::{ACCEPT_LANGUAGE, LanguageTag, Preference, Quality, QualityItem};

/// How many languages of a request are looked at, and how many bytes of one. A browser names some five.
const MAX_RANGES: usize = 32;
const MAX_RANGE_BYTES: usize = 64;

/// A language that texts for people exist in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Korean,
}

impl Language {
    /// The language that `Accept-Language` prefers among those we have; English where it says nothing of use.
    pub(crate) fn of(request: &impl HttpMessage) -> Self {
        let lines = request.headers().get_all(ACCEPT_LANGUAGE).filter_map(|line| line.to_str().ok());
        let ranges = lines.flat_map(|line| line.split(',')).take(MAX_RANGES);
        let mut accepted: Vec<QualityItem<Preference<LanguageTag>>> = ranges
            .filter(|range| range.len() <= MAX_RANGE_BYTES)
            .filter_map(|range| range.trim().parse().ok())
            .collect();
        accepted.retain(|item| item.quality > Quality::ZERO);
        // Stable: of equals the first counts.
        accepted.sort_by_key(|item| std::cmp::Reverse(item.quality));
        accepted
            .iter()
            .find_map(|item| match &item.item {
                Preference::Any => Some(Self::English),
                Preference::Specific(tag) => match tag.primary_language() {
                    "en" => Some(Self::English),
                    "ko" => Some(Self::Korean),
                    _ => None,
                },
            })
            .unwrap_or(Self::English)
    }

    /// The language of a tag that an application passes on (`ko`, `ko-KR`), if there are texts in it.
    pub(crate) fn parse(tag: &str) -> Option<Self> {
        match tag.split(['-', '_']).next() {
            Some(primary) if primary.eq_ignore_ascii_case("en") => Some(Self::English),
            Some(primary) if primary.eq_ignore_ascii_case("ko") => Some(Self::Korean),
            Some(_) | None => None,
        }
    }

    /// The tag for `Content-Language` (RFC 5646).
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Korean => "ko",
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn korean_is_spoken_to_those_who_prefer_it() {
        for (header, language) in [
            ("ko", Language::Korean),
            ("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", Language::Korean),
            ("fr, ko;q=0.5, en;q=0.3", Language::Korean),
            ("en-US,en;q=0.9,ko;q=0.8", Language::English),
            ("ko;q=0.2, en;q=0.8", Language::English),
            ("ko;q=0", Language::English),
            ("*", Language::English),
            ("fr", Language::English),
            ("kok", Language::English),
            (";;;", Language::English),
            ("", Language::English),
        ] {
            let request = TestRequest::default().insert_header(("Accept-Language", header)).to_srv_request();
            assert_eq!(Language::of(&request), language, "{header:?}");
        }
        let lines = TestRequest::default()
            .append_header(("Accept-Language", "fr, x"))
            .append_header(("Accept-Language", "ko"));
        assert_eq!(Language::of(&lines.to_srv_request()), Language::Korean);
        assert_eq!(Language::of(&TestRequest::default().to_srv_request()), Language::English);
    }

    #[test]
    fn a_tag_names_a_language_that_we_have_or_none() {
        for (tag, language) in [
            ("ko", Some(Language::Korean)),
            ("ko-KR", Some(Language::Korean)),
            ("EN_us", Some(Language::English)),
            ("fr", None),
            ("kok", None),
            ("", None),
        ] {
            assert_eq!(Language::parse(tag), language, "{tag}");
        }
    }

    #[test]
    fn only_the_first_languages_are_looked_at() {
        for (before, language) in [
            ("fr,".repeat(MAX_RANGES - 1), Language::Korean),
            ("fr,".repeat(40_000), Language::English),
            (format!("fr;q=0.{},", "0".repeat(120_000)), Language::Korean),
        ] {
            let header = before + "ko";
            let request = TestRequest::default().insert_header(("Accept-Language", header)).to_srv_request();
            assert_eq!(Language::of(&request), language);
        }
    }
}
