//! Pages of a list, and the links to their neighbours.

use std::fmt::Display;

use actix_web::http::header::LINK;
use actix_web::{HttpRequest, HttpResponse};
use miniter_domain::PageRequest;
use serde::Serialize;

use crate::http::page::{Neighbours, PageRules, WantedPage};
use crate::http::public_url::PublicUrl;

/// Pages of statuses.
pub(super) const STATUSES: PageRules = PageRules { default: 20, cap: 40, keeps_parameters: true };

/// Pages of accounts.
pub(super) const ACCOUNTS: PageRules = PageRules { default: 40, cap: 80, keeps_parameters: true };

/// Pages of notifications.
pub(super) const NOTIFICATIONS: PageRules = PageRules { default: 40, cap: 80, keeps_parameters: true };

/// Which part of a list is wanted, as the OpenAPI document has it. [`MastodonPage`] reads it.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documented by it")]
pub(super) struct PageQuery {
    /// The most entries to return.
    #[param(minimum = 1, example = 20)]
    limit: Option<u32>,
    /// Only entries below this cursor. Cursors stand in the `Link` header; those of statuses are their ids.
    max_id: Option<String>,
    /// Only entries above this cursor, the uppermost of them.
    since_id: Option<String>,
    /// Only entries above this cursor, the lowest of them.
    min_id: Option<String>,
}

/// A page that a client asked for. No request for one is refused: see [`WantedPage::parse_leniently`].
pub(super) struct MastodonPage {
    wanted: WantedPage,
    /// The absolute URL of the list.
    target: String,
}

impl MastodonPage {
    /// The page that a request asks for.
    pub(super) fn of(request: &HttpRequest, public_url: &PublicUrl, rules: PageRules) -> Self {
        Self {
            wanted: WantedPage::parse_leniently(request.query_string(), rules),
            target: public_url.join(request.path()),
        }
    }

    /// Which entries. In a list whose cursors are not the ids of statuses, they are the cursors of that list.
    pub(super) fn request(&self) -> &PageRequest {
        &self.wanted.request
    }

    /// Answers with the entries of the page, the newest first. `neighbours` is `None` if there are no entries: then there is no
    /// `Link`, and the client knows that the list has ended.
    pub(super) fn respond<C: Display>(
        &self,
        entries: &impl Serialize,
        neighbours: Option<&Neighbours<C>>,
    ) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        if let Some(neighbours) = neighbours {
            response.insert_header((LINK, self.wanted.link_header(&self.target, neighbours)));
        }
        response.json(entries)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn page(uri: &str) -> MastodonPage {
        let public_url = "https://example.com".parse().unwrap();
        MastodonPage::of(&TestRequest::with_uri(uri).to_http_request(), &public_url, STATUSES)
    }

    #[test]
    fn links_are_absolute_with_the_older_page_first_and_keep_the_other_parameters() {
        let page = page("/api/v1/timelines/public?local=true&limit=100&max_id=9&types[]=a");
        assert_eq!(
            (page.request().limit, page.request().max_id.map(miniter_domain::StatusId::get)),
            (40, Some(9))
        );
        let response = page.respond(&["x"], Some(&Neighbours { oldest: 3, newest: 7, has_older: true }));
        let list = "https://example.com/api/v1/timelines/public?local=true&types%5B%5D=a&limit=40";
        assert_eq!(
            response.headers().get(LINK).unwrap().to_str().unwrap(),
            format!(r#"<{list}&max_id=3>; rel="next", <{list}&min_id=7>; rel="prev""#)
        );
    }

    #[test]
    fn an_empty_page_has_no_links() {
        let response = page("/api/v1/timelines/home").respond::<i64>(&[(); 0], None);
        assert!(!response.headers().contains_key(LINK));
    }
}
