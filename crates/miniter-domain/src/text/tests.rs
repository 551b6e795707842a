//! What is found in texts: tables of cases that other implementations are tested with, too (twitter-text's conformance, the
//! tests of Mastodon), and properties of any text.

use proptest::prelude::*;

use super::*;

fn links(text: &str) -> Vec<&str> {
    let spans = list_spans(text).into_iter();
    spans.filter(|span| span.kind == SpanKind::Link).map(|span| &text[span.range]).collect()
}

fn mentions(text: &str) -> Vec<&str> {
    let spans = list_spans(text).into_iter();
    spans.filter(|span| matches!(span.kind, SpanKind::Mention { .. })).map(|span| &text[span.range]).collect()
}

/// The tags of a text as they are typed.
fn tags(text: &str) -> Vec<&str> {
    list_spans(text)
        .into_iter()
        .filter_map(|span| match span.kind {
            SpanKind::Tag { typed, .. } => Some(typed),
            SpanKind::Link | SpanKind::Mention { .. } => None,
        })
        .collect()
}

#[test]
fn an_address_is_found_whole() {
    for address in [
        "http://example.com",
        "HTTPS://Example.COM/",
        "http://a.b.cd",
        "http://xo.com/~matthew+%ff-,.;x",
        "http://somehost.com:3000",
        "http://foobar.com/#",
        "http://foo.com?#foo",
        "https://example.com#about",
        "http://twitter.com/#search?q=iphone%20-filter%3Alinks",
        "http://somedomain.com/index.php?path=/abc/def/",
        "http://en.wikipedia.org/wiki/Primer_(film)",
        "https://ko.wikipedia.org/wiki/송_(성씨)",
        "http://msdn.microsoft.com/library/system.net.httpwebrequest(v=VS.100).aspx",
        "https://www.youtube.com/watch?v=LOxOAuDHzaw&list=PLPoq910Q9jXhuH6pit_KwIsck9fEz_9U-",
        "http://www.bestbuy.com/site/Currie+Technologies+-+Ezip+400+Scooter/9885188.p?id=1218189013070",
        "http://example.com/a+",
        "http://example.com/view/slug-url-?foo=bar",
        "https://en.m.wikipedia.org/wiki/Hatfield–McCoy_feud",
        "http://www.foo.com/foo/path-with-period./",
        "http://www.foo.com/bar-path/some.stm?param1=foo;param2=P1|0||P2|0",
        "http://foo.com/bar/123/foo_&_bar/",
        "http://www.foo.com?referer=https://t.co/abcde",
        "http://sub_domain-dash.twitter.com",
        "http://a_b.c-d.com",
        "http://word-and-a-number-8-ftw.domain.com/",
        "http://xn--ls8h.XN--ls8h.la/",
        "https://한국인터넷정보센터.한국",
        "https://nic.みんな/",
        "http://foobar.中国/",
        "http://foobar.پاکستان/",
        "https://sub.example.xn--3e0b707e/경로",
        "http://あ-あ.com",
        "http://✪df.ws/ejp",
        "http://ELPAÍS.com",
        "http://www.café.fr/menu",
        "http://192.168.0.1:8080/status",
        "https://ja.wikipedia.org/wiki/日本",
        "https://ko.wikipedia.org/wiki/대한민국",
        "https://example.com/입니다",
        "https://zh.wikipedia.org/wiki/臺灣",
        "https://www.ruby-toolbox.com/search?utf8=%E2%9C%93&utf81=✓&q=autolink",
        "https://fa.wikipedia.org/wiki/می\u{200c}خواهم",
        "https://web.archive.org/web/2020/https://example.com/@name/#tag",
        "https://example.com/#/@name:example.org",
        "https://example.com/o'reilly",
    ] {
        assert_eq!(links(address), [address]);
        for (before, after) in [
            ("보기: ", " 끝"),
            ("(", ")"),
            ("（", "）"),
            ("\"", "\""),
            ("'", "',"),
            ("“", "”"),
            ("<", ">"),
            ("「", "」"),
            ("『", "』"),
            ("[", "]"),
            ("**", "**"),
            ("봐", "."),
            ("\u{3000}", "\u{3000}abc"),
            ("\u{a0}", "\u{a0}x"),
            ("\n", "\n"),
            ("\u{2066}\u{202a}", "\u{202c}\u{2069}"),
            ("", "…"),
            ("", "!!!???"),
            ("", "~~"),
            ("", "。"),
            ("", "\u{200b}"),
        ] {
            let text = format!("{before}{address}{after}");
            assert_eq!(links(&text), [address], "{text:?}");
        }
    }
}

#[test]
fn a_host_ends_where_another_script_begins_behind_a_top_level_domain() {
    let sentence = "긴문장".repeat(200);
    assert_eq!(links(&format!("https://example.com{sentence}.다음")), ["https://example.com"]);
    for (text, address) in [
        ("https://example.com입니다", "https://example.com"),
        ("https://example.com에서 만나요", "https://example.com"),
        ("https://example.co.kr/에서", "https://example.co.kr/에서"),
        ("https://example.com입니다.그리고 또", "https://example.com"),
        ("https://example.com.그리고", "https://example.com"),
        ("https://정부.한국에서", "https://정부.한국"),
        ("http://twitter.みんなです", "http://twitter.みんな"),
        ("http://127.0.0.1입니다", "http://127.0.0.1"),
        ("http://example.comだよね", "http://example.com"),
        (
            "http://exampleこれは日本語です.com/path/index.html",
            "http://exampleこれは日本語です.com/path/index.html",
        ),
        // Known difference: twitter-text has a list of all top-level domains, and ends at the first ".com".
        ("http://example.comだよね.comtest/hogehoge", "http://example.comだよね.comtest/hogehoge"),
    ] {
        assert_eq!(links(text), [address], "{text:?}");
    }
}

#[test]
fn punctuation_behind_an_address_is_not_its_own() {
    for (text, address) in [
        ("http://www.google.com!", "http://www.google.com"),
        ("http://www.google.com'", "http://www.google.com"),
        ("http://example.com/path..........................", "http://example.com/path"),
        ("http://example.com/,,,,,,,,,,,,,,,,,,,,,,,,,,,,", "http://example.com/"),
        ("http://example.com:", "http://example.com"),
        ("http://example.com:x", "http://example.com"),
        ("http://example.com?", "http://example.com"),
        ("「[https://example.org/」", "https://example.org/"),
        ("(see https://example.com/a_(b).)", "https://example.com/a_(b)"),
        ("https://example.com/foo(see this)", "https://example.com/foo"),
        ("https://example.com/foo)bar(", "https://example.com/foo"),
        ("https://example.com/foo[)]", "https://example.com/foo"),
        ("https://example.com/foo[(]", "https://example.com/foo"),
        ("http://example.com/b<del>b</del>", "http://example.com/b"),
        ("https://user:secret@example.com/ https://example.org", "https://example.org"),
        ("https://example.com@example.org/", "https://example.com"),
    ] {
        assert_eq!(links(text), [address], "{text:?}");
    }
}

#[test]
fn what_only_looks_like_an_address_is_none() {
    for text in [
        "http://",
        "http://no-tld",
        "http://localhost:5000",
        "http://tld-too-short.x",
        "http://domain.com-that-you-should-have-put-a-space-after",
        "http://domain-dash_2314352345_dfasd.foo-cow_4352.com",
        "http://xn--はじめよう.com/index.html",
        "http://-leadingdash.twitter.com",
        "http://leadingdash.-twitter.com",
        "http://trailingdash-.twitter.com",
        "http://trailingdash.twitter-.com",
        "http://_leadingunderscore.twitter.com",
        "http://leadingunderscore._twitter.com",
        "http://trailingunderscore_.twitter.com",
        "http://trailingunderscore.twitter_.com",
        "http://twitter_underscore.com",
        "http://twitter.c_o_m",
        "http://www\\.google\\.com",
        "http:// example.com/path",
        "http://a..com",
        "http://.com",
        "http://1.2.3",
        "http://1.2.3.256",
        "#http://twitter.com",
        "@http://twitter.com",
        "$http://twitter.com",
        "xhttp://twitter.com",
        "ftp://example.com",
        "javascript://example.com/%0aalert(1)",
        "example.com",
        "long.test.tar.bz2",
    ] {
        assert_eq!(links(text), [""; 0], "{text:?}");
    }
    assert_eq!(links(&format!("http://{}comcom/path", "a.".repeat(124))), [""; 0]);
    let label = "あ".repeat(64);
    assert_eq!(links(&format!("http://{label}.com/path")), [""; 0]);
    assert_eq!(links(&format!("http://{}com/path", "a.".repeat(127))), [""; 0]);
}

#[test]
fn a_mention_is_a_name_behind_no_word() {
    for (text, found) in [
        ("@username reply", vec!["@username"]),
        ("mention @12345 @user_name", vec!["@12345", "@user_name"]),
        ("(@username)", vec!["@username"]),
        (".@username", vec!["@username"]),
        ("@username님, @other에게", vec!["@username", "@other"]),
        ("@username\n@mention", vec!["@username", "@mention"]),
        ("@username's @username.", vec!["@username", "@username"]),
        ("@username/list-name", vec!["@username"]),
        ("@a.b", vec!["@a"]),
        ("\u{3000}@username", vec!["@username"]),
        ("안녕!@username", vec!["@username"]),
        ("Current Status: @_@ (cc: @username)", vec!["@username"]),
        ("@username email me @test@example.com", vec!["@username", "@test@example.com"]),
        ("@alice.b-c@social.example.com.", vec!["@alice.b-c@social.example.com"]),
        ("@a@b@c", vec![]),
        ("a@b.c", vec![]),
        ("first.last@example.com", vec![]),
        ("안녕@username", vec![]),
        ("の@username", vec![]),
        ("_@username", vec![]),
        ("@@username", vec![]),
        ("@aliceìnheiro", vec![]),
        ("@http://twitter.com", vec![]),
        ("/@username", vec![]),
        ("?q=@username", vec![]),
        ("https://example.com/@username", vec![]),
        ("@", vec![]),
        ("@ name", vec![]),
        ("@한글", vec![]),
    ] {
        assert_eq!(mentions(text), found, "{text:?}");
    }
    assert_eq!(mentions(&format!("@{}", "a".repeat(30))).len(), 1);
    assert_eq!(mentions(&format!("@{}", "a".repeat(31))).len(), 0);
}

#[test]
fn mentioned_accounts_are_listed_once_and_only_those_of_this_server() {
    let text = "@Song @lee @song @kim@example.com @LEE@Example.COM @other@elsewhere.org @a.b@example.com";
    assert_eq!(list_mentioned(text, "example.com"), ["Song", "lee", "kim"]);
    assert_eq!(list_mentioned(text, "example.com:5000"), ["Song", "lee", "kim"]);
    assert_eq!(list_mentioned(text, "elsewhere.org"), ["Song", "lee", "other"]);
}

#[test]
fn a_tag_is_a_word_of_any_script() {
    for tag in [
        "hashtag",
        "hashtag1",
        "1hashtag",
        "3d",
        "l33ts35k",
        "_test",
        "test_",
        "one_two_three",
        "1_2",
        "___",
        "a",
        "mañana",
        "café",
        "트위터",
        "ﾣﾦﾰ",
        "ашок",
        "カタカナ",
        "ひらがな",
        "漢字",
        "日本語ハッシュタグ",
        "サッカー",
        "ｻｯｶｰ",
        "ﾊﾟﾋﾟﾌﾟﾍﾟﾎﾟ",
        "学問のすゝめ",
        "各〻",
        "ştu",
        "İn",
        "ın",
        "ａｅｓｔｈｅｔｉｃ",
        "one·two·three",
        "il·lusió",
        "ぼっち・ざ・ろっく",
        "نرم\u{200c}افزار",
        "سیاست",
        "برنامه_نویسی",
        "ســـلام_عليكم_٤٠٦",
        "۳۴۵هشتگ",
        "महात्मा_१२३४",
        "বাংলা",
        "മലയാളം",
        "ଓଡ଼ିଆ",
        "ශ්\u{200d}රීලංකා",
        "ผู้เริ่ม",
        "မြင့်မြတ်သော",
        "Μαχάτμα_Γκάντι",
        "მაჰათმა",
        "mûǁae",
        "한글",
        "한국_2026",
        "\u{20021}",
        "\u{16f04}\u{16f51}",
    ] {
        for (before, hash, after) in [
            ("", "#", ""),
            ("이것은 ", "#", " 태그"),
            ("", "＃", "。"),
            ("(", "#", ")"),
            ("문장.", "#", ", "),
            ("できましたよー！", "＃", "!"),
            ("\u{a0}", "#", "?"),
            ("✌\u{fe0f}", "#", "\u{fe0f}"),
            ("\n", "#", "\n"),
            ("", "#", "·"),
            ("#", "#", ":"),
        ] {
            let text = format!("{before}{hash}{tag}{after}");
            assert_eq!(tags(&text), [tag], "{text:?}");
        }
    }
}

#[test]
fn what_only_looks_like_a_tag_is_none() {
    for text in [
        "#",
        "# tag",
        "#0",
        "On the #16 bus",
        "#0123456",
        "#१२३४",
        "#_",
        "#__",
        "#1_",
        "#·one",
        "#・",
        "#!",
        "日本語#日本語",
        "한글#태그",
        "a#b",
        "/#tag",
        ")#tag",
        "=#tag",
        "#http://twitter.com",
        "#https://twitter.com",
        "https://example.com/#tag",
        "https://en.wikipedia.org/wiki/Ghostbusters_(song)#Lawsuit",
        "https://gcc.gnu.org/bugzilla/show_bug.cgi?id=111895#c4",
        "https://en.wikipedia.org/wiki/Ghostbusters_(song)?foo=#Lawsuit",
        "https://en.wikipedia.org/wiki/Google_LLC_v._Oracle_America,_Inc.#Decision",
        "https://example.org/testé#foo",
        "#\u{fe0f}\u{20e3}abc",
    ] {
        assert_eq!(tags(text), [""; 0], "{text:?}");
    }
    assert_eq!(tags(&format!("#{}", "가".repeat(100))).len(), 1);
    assert_eq!(tags(&format!("#{}", "가".repeat(101))).len(), 0);
    // A ligature of 18 letters.
    assert_eq!(tags(&format!("#{}", "\u{fdfa}".repeat(50))).len(), 0);
    assert_eq!(tags("#one #two#three #four"), ["one", "two", "four"]);
    assert_eq!(tags("#태그https://example.com"), ["태그"]);
    assert_eq!(tags("#a·https://example.com"), ["a"]);
}

#[test]
fn all_spellings_of_a_tag_have_one_name() {
    for (name, spellings) in [
        ("hashtag", vec!["hashtag", "HashTag", "ＨａｓｈＴａｇ", "hashtag\u{301}"]),
        ("cafe", vec!["café", "CAFÉ", "cafe\u{301}", "Cafe"]),
        ("lodz", vec!["Łódź"]),
        ("tieng", vec!["tiếng"]),
        ("ateş".replace('ş', "s").as_str(), vec!["Ateş"]),
        ("한국", vec!["한국", "한국"]),
        ("カメラ", vec!["カメラ", "ｶﾒﾗ"]),
        ("パ", vec!["パ", "ハ\u{309a}", "ﾊﾟ"]),
        ("один", vec!["ОДИН"]),
        ("strasse".replace("ss", "ß").as_str(), vec!["Straße", "straẞe"]),
        ("한글_2026", vec!["한글_２０２６"]),
    ] {
        for spelling in spellings {
            assert_eq!(TagName::parse(spelling).unwrap().as_str(), name, "{spelling:?}");
            assert_eq!(TagName::parse(&format!("#{spelling}")).unwrap().as_str(), name, "{spelling:?}");
        }
    }
    for text in ["", "#", "a b", "##a", "1", "a·", ".a", "a/b"] {
        assert_eq!(TagName::parse(text), None, "{text:?}");
    }
    let names: Vec<_> = list_tags("#Café #한국 #cafe #한국").into_iter().map(TagName::into_string).collect();
    assert_eq!(names, ["cafe", "한국"]);
}

#[test]
fn addresses_and_foreign_domains_count_little() {
    for (text, length) in [
        ("", 0),
        ("가나다", 3),
        ("e\u{301}", 1),
        ("👨\u{200d}👩\u{200d}👧\u{200d}👦🇰🇷", 2),
        ("a\r\nb", 3),
        ("http://example.com", 23),
        ("https://example.com/a/very/long/path?that=goes&on=and#on x", 25),
        ("@alice", 6),
        ("@alice@social.example.com", 6),
        ("x @alice@social.example.com!", 9),
        ("#tag", 4),
        ("alice@example.com", 17),
        ("https://", 8),
    ] {
        assert_eq!(counted_length("", text), length, "{text:?}");
        assert_eq!(counted_length("경고", text), length + 2, "{text:?}");
    }
    assert_eq!(counted_length("https://example.com/long/path/", ""), 30);
}

/// The steps that a text takes.
fn steps(text: &str) -> usize {
    steps::TAKEN.with(|taken| taken.set(0));
    drop(list_spans(text));
    steps::TAKEN.with(std::cell::Cell::get)
}

#[test]
fn no_text_takes_more_than_linear_work() {
    for part in [
        "h",
        "@",
        "#",
        "@a",
        "#a",
        "@a@",
        "@a@a",
        "a@a.",
        "@a.",
        "@a-",
        "#a·",
        "#·",
        "#1",
        "#1·a",
        "://",
        "http://",
        "http://a",
        "http://a.",
        "http://a.kr",
        "http://a.kr/",
        "http://a.kr/(",
        "http://a.kr/)",
        "http://a.kr/[(",
        "http://a.kr/.",
        "http://a.kr/?@#",
        "https://a.kr/'",
        "http://a@",
        "http://1.1.1.1",
        "#ahttp://",
        "한",
        "(",
        "https://한국.한국",
        "@a#a",
        "#e\u{301}",
    ] {
        let of = |chars: usize| {
            let text: String = part.chars().cycle().take(chars).collect();
            let glued: String = format!("http://a.kr/{text}");
            steps(&text).max(steps(&glued))
        };
        assert!(of(5_000) <= 60 * 5_000, "{part:?}: {}", of(5_000));
        assert!(of(10_000) <= 3 * of(5_000), "{part:?}: {} and {}", of(5_000), of(10_000));
    }
}

/// Texts that are likely to have spans.
fn rich_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "\\PC{0,4}",
        "[a-z0-9_@#/:.()\\[\\] ·\u{200c}가-힣é\n]{0,12}",
        Just("https://".to_owned()),
        Just("http://example.com/".to_owned()),
        Just(".com".to_owned()),
        Just("@name".to_owned()),
        Just("#태그".to_owned()),
        Just(" ".to_owned()),
    ];
    prop::collection::vec(part, 0..20).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn entities_are_in_order_and_have_the_parts_of_their_spans(text in rich_text()) {
        let mut position = 0;
        for Span { range, kind } in list_spans(&text) {
            prop_assert!(position <= range.start && range.start < range.end);
            position = range.end;
            let typed = &text[range];
            match kind {
                SpanKind::Link => {
                    prop_assert!(typed.to_ascii_lowercase().starts_with("http"));
                    prop_assert!(!typed.contains(|c: char| c.is_whitespace() || "<>\"`".contains(c)), "{}", typed);
                    prop_assert_eq!(links(typed), [typed], "an address is found alone, too");
                }
                SpanKind::Mention { name, domain: None } => {
                    prop_assert!(mention::is_username(name));
                    prop_assert_eq!(typed, format!("@{name}"));
                }
                SpanKind::Mention { name, domain: Some(domain) } => {
                    prop_assert_eq!(typed, format!("@{name}@{domain}"));
                }
                SpanKind::Tag { typed: tag, name } => {
                    prop_assert_eq!(&typed[typed.chars().next().unwrap().len_utf8()..], tag);
                    prop_assert_eq!(TagName::parse(tag), Some(name));
                }
            }
        }
    }

    #[test]
    fn the_name_of_a_tag_is_its_own_name(text in "[\\w·・\u{200c}\u{200d}]{0,12}") {
        if let Some(name) = TagName::parse(&text) {
            prop_assert!(name.as_str().chars().count() <= TagName::MAX_CHARS);
            prop_assert_eq!(TagName::parse(name.as_str()), Some(name));
        }
    }

    #[test]
    fn a_text_without_entities_counts_what_readers_see(text in "[a-z가-힣 .!é]{0,40}", warning in "\\PC{0,5}") {
        prop_assert_eq!(counted_length("", &text), text.chars().count());
        prop_assert!(counted_length(&warning, &text) <= counted_length(&warning, "") + text.chars().count());
    }

    #[test]
    fn any_text_takes_linear_work(text in rich_text()) {
        prop_assert!(steps(&text) <= 60 * (text.len() + 10));
    }
}
