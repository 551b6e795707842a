//! The HTML of what people write: statuses, notes and the fields of profiles, as clients of Mastodon expect it.
//!
//! It has nothing of the reader's, so one rendering serves all readers ([`Contents`]). All of the text is escaped, and only
//! the tags that stand in this folder are written.

mod cache;
mod html;
#[cfg(test)]
mod tests;

use miniter_domain::{SpanKind, list_spans};

pub use cache::Contents;

use html::{Html, Layout};

/// How many characters of an address are shown after its scheme.
const SHOWN_OF_ADDRESS: usize = 30;

/// The addresses that contents lead to. All of them are absolute.
pub trait ContentUrls {
    /// The host of this server, with its port if there is one.
    fn host(&self) -> &str;

    /// The page of an account.
    fn account_url(&self, username: &str) -> String;

    /// The page of a hashtag, given by its name without `#`.
    fn tag_url(&self, name: &str) -> String;
}

/// What contents are rendered with.
#[derive(Clone, Copy)]
pub struct Renderer<'a> {
    urls: &'a dyn ContentUrls,
    find_username: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> Renderer<'a> {
    /// Takes the addresses, and a function that finds the username of an account as its owner writes it, by a name in any
    /// case. A mention for which there is none stays text. The function is called while the text is rendered, so it must have
    /// the accounts in memory.
    #[must_use]
    pub fn new(urls: &'a dyn ContentUrls, find_username: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { urls, find_username }
    }

    /// The text of a status: paragraphs, or nothing if the text is blank.
    #[must_use]
    pub fn render_status(&self, text: &str) -> String {
        self.render(text, Layout::Paragraphs, "nofollow noopener")
    }

    /// The note of a profile: as a status.
    #[must_use]
    pub fn render_note(&self, note: &str) -> String {
        self.render(note, Layout::Paragraphs, "nofollow noopener")
    }

    /// The value of a profile's field: one line, whose links say that they lead to pages of the same person.
    #[must_use]
    pub fn render_field(&self, value: &str) -> String {
        self.render(value, Layout::Line, "me nofollow noopener")
    }

    fn render(&self, text: &str, layout: Layout, link_rel: &str) -> String {
        let mut html = Html::new(layout, text.len());
        let mut position = 0;
        for span in list_spans(text) {
            html.push_text(&text[position..span.range.start]);
            let typed = &text[span.range.clone()];
            match &span.kind {
                SpanKind::Link => push_link(&mut html, typed, link_rel),
                SpanKind::Mention { .. } => self.push_mention(&mut html, typed, &span.kind),
                SpanKind::Tag { typed, name } => {
                    let url = self.urls.tag_url(name.as_str());
                    html.push_tag("<a class=\"mention hashtag\" rel=\"tag\" href=\"");
                    html.push_text(&url);
                    html.push_tag("\">#<span>");
                    html.push_text(typed);
                    html.push_tag("</span></a>");
                }
            }
            position = span.range.end;
        }
        html.push_text(&text[position..]);
        html.finish()
    }

    fn push_mention(&self, html: &mut Html, typed: &str, mention: &SpanKind<'_>) {
        let Some(username) = mention.local_name(self.urls.host()).and_then(self.find_username) else {
            html.push_text(typed);
            return;
        };
        html.push_tag("<span class=\"h-card\"><a class=\"u-url mention\" href=\"");
        html.push_text(&self.urls.account_url(&username));
        html.push_tag("\">@<span>");
        html.push_text(&username);
        html.push_tag("</span></a></span>");
    }
}

/// An address of which clients show the middle: they hide the spans of class `invisible`, and put an ellipsis behind the one
/// of class `ellipsis`.
fn push_link(html: &mut Html, address: &str, rel: &str) {
    let scheme = address.find("://").map_or(0, |end| end + "://".len());
    let www = if address[scheme..].starts_with("www.") { "www.".len() } else { 0 };
    let (prefix, rest) = address.split_at(scheme + www);
    let shown = rest.char_indices().nth(SHOWN_OF_ADDRESS).map_or(rest.len(), |(position, _)| position);
    let (shown, hidden) = rest.split_at(shown);

    html.push_tag("<a href=\"");
    html.push_text(address);
    html.push_tag("\" rel=\"");
    html.push_tag(rel);
    html.push_tag("\" target=\"_blank\"><span class=\"invisible\">");
    html.push_text(prefix);
    html.push_tag(if hidden.is_empty() {
        "</span><span class=\"\">"
    } else {
        "</span><span class=\"ellipsis\">"
    });
    html.push_text(shown);
    html.push_tag("</span><span class=\"invisible\">");
    html.push_text(hidden);
    html.push_tag("</span></a>");
}
