//! Renderings: cases of Mastodon's own tests, and properties of any text.

use miniter_domain::{Profile, StatusText};
use proptest::prelude::*;

use super::*;

struct Urls;

impl ContentUrls for Urls {
    fn host(&self) -> &'static str {
        "social.example"
    }

    fn account_url(&self, username: &str) -> String {
        format!("https://social.example/@{username}")
    }

    fn tag_url(&self, name: &str) -> String {
        format!("https://social.example/tags/{name}")
    }
}

/// There are Alice and all names of one letter.
fn find_username(name: &str) -> Option<String> {
    if name.eq_ignore_ascii_case("alice") {
        Some("Alice".to_owned())
    } else {
        (name.len() == 1).then(|| name.to_owned())
    }
}

fn renderer() -> Renderer<'static> {
    Renderer::new(&Urls, &find_username)
}

fn status(text: &str) -> String {
    renderer().render_status(text)
}

#[test]
fn lines_and_paragraphs_are_kept() {
    for (text, html) in [
        ("text", "<p>text</p>"),
        ("line\nfeed", "<p>line<br />feed</p>"),
        ("line\r\nfeed\rreturn", "<p>line<br />feed<br />return</p>"),
        ("one\n\ntwo", "<p>one</p><p>two</p>"),
        ("one\r\n\r\ntwo", "<p>one</p><p>two</p>"),
        ("one\n\n\n\ntwo\nthree", "<p>one</p><p>two<br />three</p>"),
        ("\n\none\n", "<p>one</p>"),
        ("one\n \ntwo", "<p>one<br /> <br />two</p>"),
        ("  two  spaces", "<p>  two  spaces</p>"),
        ("", ""),
        (" \n\r\n\t\u{3000}", ""),
    ] {
        assert_eq!(status(text), html, "{text:?}");
        assert_eq!(renderer().render_note(text), html, "{text:?}");
    }
    assert_eq!(renderer().render_field("one\r\n\r\ntwo\n"), "one two");
    assert_eq!(renderer().render_field("\nvalue"), "value");
    assert_eq!(renderer().render_field(" "), "");
}

#[test]
fn markup_is_text() {
    for (text, html) in [
        (
            r#"<script>alert("Hello")</script>"#,
            "<p>&lt;script&gt;alert(&quot;Hello&quot;)&lt;/script&gt;</p>",
        ),
        (
            r#"<img src="javascript:alert('XSS');">"#,
            "<p>&lt;img src=&quot;javascript:alert(&#39;XSS&#39;);&quot;&gt;</p>",
        ),
        ("&lt;", "<p>&amp;lt;</p>"),
        ("a\0b", "<p>a\u{fffd}b</p>"),
        (r"http://www\.google\.com", r"<p>http://www\.google\.com</p>"),
    ] {
        assert_eq!(status(text), html, "{text:?}");
    }
    let html = status(r#"http://example.com/b<script>alert("Hello")</script>"#);
    assert!(html.contains(r#"href="http://example.com/b" "#) && html.contains("&lt;script&gt;"), "{html}");
    let html = status("http://example.com/?a='onclick=alert(1)'&b=\"x\"");
    assert!(html.contains(r#"href="http://example.com/?a=&#39;onclick=alert(1)&#39;&amp;b=" "#), "{html}");
}

#[test]
fn a_link_shows_its_middle() {
    let link = |href: &str, spans: &str| {
        format!(r#"<p><a href="{href}" rel="nofollow noopener" target="_blank">{spans}</a></p>"#)
    };
    for (address, spans) in [
        (
            "https://example.com/",
            r#"<span class="invisible">https://</span><span class="">example.com/</span><span class="invisible"></span>"#,
        ),
        (
            "https://www.example.com/56789012345678901",
            r#"<span class="invisible">https://www.</span><span class="">example.com/56789012345678901</span><span class="invisible"></span>"#,
        ),
        (
            "http://example.com/345678901234567890123",
            r#"<span class="invisible">http://</span><span class="ellipsis">example.com/345678901234567890</span><span class="invisible">123</span>"#,
        ),
        (
            "https://nic.みんな/",
            r#"<span class="invisible">https://</span><span class="">nic.みんな/</span><span class="invisible"></span>"#,
        ),
    ] {
        assert_eq!(status(address), link(address, spans));
    }
    assert_eq!(
        renderer().render_field("내 집: https://example.com"),
        "내 집: <a href=\"https://example.com\" rel=\"me nofollow noopener\" target=\"_blank\"><span class=\"invisible\">\
         https://</span><span class=\"\">example.com</span><span class=\"invisible\"></span></a>"
    );
}

#[test]
fn a_mention_leads_to_the_account_if_there_is_one() {
    let alice = "<span class=\"h-card\"><a class=\"u-url mention\" href=\"https://social.example/@Alice\">\
                 @<span>Alice</span></a></span>";
    for (text, html) in [
        ("@alice님", format!("<p>{alice}님</p>")),
        ("@ALICE@Social.Example", format!("<p>{alice}</p>")),
        ("@alice@elsewhere.example", "<p>@alice@elsewhere.example</p>".to_owned()),
        ("@nobody &", "<p>@nobody &amp;</p>".to_owned()),
        ("alice@social.example", "<p>alice@social.example</p>".to_owned()),
        ("hi\n\n@alice", format!("<p>hi</p><p>{alice}</p>")),
        ("@alice\n@alice", format!("<p>{alice}<br />{alice}</p>")),
    ] {
        assert_eq!(status(text), html, "{text:?}");
    }
}

#[test]
fn a_tag_leads_to_its_name_and_is_shown_as_typed() {
    assert_eq!(
        status("＃Café."),
        "<p><a class=\"mention hashtag\" rel=\"tag\" href=\"https://social.example/tags/cafe\">#<span>Café</span></a>.</p>"
    );
    assert_eq!(status("#1 a#b"), "<p>#1 a#b</p>");
}

#[test]
fn three_hundred_mentions_and_the_longest_html_are_bounded() {
    let note = Profile::parse("@a @b ".repeat(150)).unwrap();
    let html = renderer().render_note(note.as_str());
    assert_eq!(html.matches("h-card").count(), 300);
    assert!(html.len() < 300 * 120, "{}", html.len());
    check_markup(&html);

    // What takes most: a character that is escaped, in an address, which is written twice.
    let address = format!("https://a.kr/{}x", "&".repeat(4_986));
    let text = StatusText::parse(address, None).unwrap();
    let html = status(text.as_str());
    assert!((45_000..51_000).contains(&html.len()), "{}", html.len());
    check_markup(&html);

    // Or many tags.
    let text = StatusText::parse("#a ".repeat(100), None).unwrap();
    assert!(status(text.as_str()).len() < 100 * 110);
}

/// Every tag is one of ours and is closed in its order; outside of tags nothing can be taken for one. Returns the text that a
/// reader sees, with line breaks.
fn check_markup(html: &str) -> String {
    let (mut open, mut text, mut rest) = (Vec::new(), String::new(), html);
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        let end = start + rest[start..].find('>').expect("a tag has an end");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{html}");
            continue;
        }
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        match name {
            "p" | "br" => {
                assert!(open.is_empty() || name == "br", "{html}");
                text.push_str(if text.is_empty() {
                    ""
                } else if name == "p" {
                    "\n\n"
                } else {
                    "\n"
                });
            }
            "a" | "span" => assert!(!attributes.contains("onclick="), "{html}"),
            _ => panic!("{name} in {html}"),
        }
        if name != "br" {
            open.push(name);
        }
        // Each attribute has a quoted value: an even number of quotation marks, and an equals sign for every pair.
        assert!(attributes.matches('"').count().is_multiple_of(2), "{html}");
    }
    text.push_str(rest);
    assert!(open.is_empty() && !text.contains(['>', '"', '\'']), "{html}");
    let escapes = text.matches('&').count();
    let known: usize =
        ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"].map(|known| text.matches(known).count()).iter().sum();
    assert_eq!(escapes, known, "{html}");
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

fn any_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "(?s).{0,6}",
        "[<>&\"'/a=. \n]{0,8}",
        Just("https://example.com/".to_owned()),
        Just("https://www.".to_owned()),
        Just("@a".to_owned()),
        Just("@alice@elsewhere.example ".to_owned()),
        Just("#태그".to_owned()),
        Just("\n\n".to_owned()),
        Just("<a href=\"".to_owned()),
    ];
    prop::collection::vec(part, 0..20).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_text_becomes_balanced_markup_that_shows_all_of_it(text in any_text()) {
        // With each name shown as it is typed.
        let find_username = |name: &str| Some(name.to_owned());
        let renderer = Renderer::new(&Urls, &find_username);
        let html = renderer.render_status(&text);
        let shown = check_markup(&html);
        let lines = |text: &str| {
            let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{fffd}").replace('＃', "#");
            text.split('\n').filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        };
        if text.trim().is_empty() {
            prop_assert_eq!(html, "");
        } else {
            prop_assert_eq!(lines(&shown), lines(&text));
        }
        prop_assert!(check_markup(&renderer.render_field(&text)).len() <= text.len() + 3 * text.matches('\0').count());
    }

    #[test]
    fn the_length_is_bounded_by_the_text_and_its_entities(text in any_text()) {
        let spans = list_spans(&text).len();
        prop_assert!(status(&text).len() <= 12 * text.len() + 200 * spans + "<p></p>".len());
    }
}
