//! The extractor: one `T` from each kind of body, and one failure for each way to be wrong.

use std::fmt::Write as _;

use actix_web::HttpResponse;
use actix_web::test::TestRequest;
use serde::Deserialize;

use super::*;
use crate::http::auth::Access;
use crate::http::endpoint::{Endpoint, Method};
use crate::http::limits::{Limit, RateLimitHeaders};

/// The largest body of these tests.
const LIMIT: usize = 512 << 10;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=\"a b\"";

#[derive(Debug, Default, PartialEq, Deserialize)]
struct Profile {
    #[serde(default)]
    note: Option<String>,
    #[serde(default, deserialize_with = "lenient::boolean")]
    bot: Option<bool>,
    #[serde(default, deserialize_with = "lenient::boolean")]
    locked: Option<bool>,
    #[serde(default, deserialize_with = "lenient::integer")]
    expires_in: Option<u32>,
    #[serde(default, deserialize_with = "lenient::text")]
    in_reply_to_id: Option<String>,
    #[serde(default)]
    source: Source,
    #[serde(default, deserialize_with = "lenient::list")]
    fields_attributes: Vec<Attribute>,
    #[serde(default, deserialize_with = "lenient::list")]
    media_ids: Vec<String>,
    #[serde(default)]
    poll: Option<Poll>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
struct Source {
    #[serde(default)]
    privacy: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Attribute {
    name: String,
    value: String,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Poll {
    #[serde(deserialize_with = "lenient::list")]
    options: Vec<String>,
}

/// What a request with these headers and this body becomes.
async fn extract<T: DeserializeOwned + 'static>(
    policy: BodyPolicy,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Result<T, Failure> {
    let request = headers.iter().fold(TestRequest::post(), |request, header| request.insert_header(*header));
    let (request, mut payload) = request.set_payload(body).to_http_parts();
    let endpoint = Endpoint {
        method: Method::Post,
        path: "/",
        limit: Limit::Unlimited,
        rate_limit_headers: RateLimitHeaders::Standard,
        access: Access::Anyone,
        body: policy,
        render: |_, _, _| HttpResponse::NoContent().finish(),
        handle: |route| route,
    };
    RequestContext::begin(&request, endpoint);
    Body::from_request(&request, &mut payload).await.map(|Body(fields)| fields)
}

/// The same with the length of the body.
async fn read<T: DeserializeOwned + 'static>(
    media_type: &str,
    body: impl Into<Vec<u8>>,
) -> Result<T, Failure> {
    let body = body.into();
    let length = body.len().to_string();
    let headers = [("content-type", media_type), ("content-length", length.as_str())];
    extract(BodyPolicy::fields(LIMIT), &headers, body).await
}

/// What is meant, in JSON, and as the fields of a form.
type Case<'a> = (Profile, &'a str, &'a [(&'a str, &'a str)]);

/// The fields as parts between boundaries, the last one without an end.
fn parts(fields: &[(&str, &str)]) -> String {
    let mut parts = String::new();
    for (name, value) in fields {
        write!(parts, "--a b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").unwrap();
    }
    parts
}

fn multipart(fields: &[(&str, &str)]) -> String {
    parts(fields) + "--a b--\r\n"
}

fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// Both kinds of forms.
fn forms(fields: &[(&str, &str)]) -> [(&'static str, String); 2] {
    [(FORM, form(fields)), (MULTIPART, multipart(fields))]
}

fn is_malformed<T>(result: &Result<T, Failure>) -> bool {
    matches!(result, Err(Failure::MalformedBody { note }) if !note.is_empty() && note.chars().count() <= MAX_NOTE)
}

#[actix_web::test]
async fn json_forms_and_multipart_are_the_same_fields() {
    let attribute = |name: &str, value: &str| Attribute { name: name.into(), value: value.into() };
    let cases: Vec<Case<'_>> = vec![
        (Profile::default(), "{}", &[]),
        (Profile::default(), r#"{"other":{"a":[1]}}"#, &[("other[a][]", "1"), ("b", ""), ("[", "x")]),
        (
            Profile { note: Some("a+b & c=\r\n🍺 [x] 100%".into()), ..Profile::default() },
            r#"{"note":"a+b & c=\r\n🍺 [x] 100%"}"#,
            &[("note", "a+b & c=\r\n🍺 [x] 100%")],
        ),
        (Profile { note: Some(String::new()), ..Profile::default() }, r#"{"note":""}"#, &[("note", "")]),
        (
            Profile { bot: Some(true), locked: Some(false), expires_in: Some(300), ..Profile::default() },
            r#"{"bot":true,"locked":false,"expires_in":300}"#,
            &[("bot", "1"), ("locked", "off"), ("expires_in", "300")],
        ),
        (
            Profile { bot: Some(true), locked: Some(false), expires_in: Some(300), ..Profile::default() },
            r#"{"bot":"on","locked":"F","expires_in":"300"}"#,
            &[("bot", "0"), ("bot", "true"), ("locked", "FALSE"), ("expires_in", "300")],
        ),
        (
            Profile::default(),
            r#"{"note":null,"bot":null,"locked":"","expires_in":null,"media_ids":null,"poll":null}"#,
            &[("bot", ""), ("locked", ""), ("expires_in", ""), ("media_ids[]", "")],
        ),
        (
            Profile { in_reply_to_id: Some("12".into()), ..Profile::default() },
            r#"{"in_reply_to_id":12}"#,
            &[("in_reply_to_id", "12")],
        ),
        (
            Profile { media_ids: vec!["1".into(), "2".into()], ..Profile::default() },
            r#"{"media_ids":["1","2"]}"#,
            &[("media_ids[]", "1"), ("media_ids[]", "2")],
        ),
        (
            Profile { media_ids: vec!["1".into(), "2".into()], ..Profile::default() },
            r#"{"media_ids":{"10":"2","9":"1"}}"#,
            &[("media_ids[10]", "2"), ("media_ids[9]", "1")],
        ),
        (
            Profile { source: Source { privacy: Some("public".into()) }, ..Profile::default() },
            r#"{"source":{"privacy":"public"}}"#,
            &[("source[privacy]", "public")],
        ),
        (
            Profile {
                fields_attributes: vec![attribute("a", "b"), attribute("c", "d")],
                ..Profile::default()
            },
            r#"{"fields_attributes":[{"name":"a","value":"b"},{"name":"c","value":"d"}]}"#,
            &[
                ("fields_attributes[0][name]", "a"),
                ("fields_attributes[0][value]", "b"),
                ("fields_attributes[1][value]", "d"),
                ("fields_attributes[1][name]", "c"),
            ],
        ),
        (
            Profile { poll: Some(Poll { options: vec!["x".into(), "y".into()] }), ..Profile::default() },
            r#"{"poll":{"options":["x","y"]}}"#,
            &[("poll[options][]", "x"), ("poll[options][]", "y")],
        ),
    ];
    for (expected, json, fields) in cases {
        assert_eq!(read::<Profile>(JSON, json).await.unwrap(), expected, "{json}");
        for (media_type, body) in forms(fields) {
            assert_eq!(read::<Profile>(media_type, body.clone()).await.unwrap(), expected, "{body}");
        }
    }
}

#[actix_web::test]
async fn no_body_is_no_fields() {
    for headers in [
        &[][..],
        &[("content-length", "0")],
        &[("content-type", FORM)],
        &[("content-type", MULTIPART), ("content-length", "0")],
        &[("content-type", JSON), ("content-length", "0")],
        &[("content-type", "text/plain"), ("content-length", "0")],
        &[("content-type", FORM), ("transfer-encoding", "chunked")],
        &[("transfer-encoding", "chunked")],
    ] {
        let fields = extract::<Profile>(BodyPolicy::fields(LIMIT), headers, Vec::new()).await;
        assert_eq!(fields.unwrap(), Profile::default(), "{headers:?}");
    }
    let required = extract::<Attribute>(BodyPolicy::fields(LIMIT), &[], Vec::new()).await;
    assert!(matches!(required, Err(Failure::UnfitBody { .. })));
}

#[actix_web::test]
async fn an_endpoint_of_json_takes_nothing_else() {
    for headers in [&[][..], &[("content-length", "0")], &[("content-type", FORM), ("content-length", "0")]] {
        let result = extract::<Profile>(BodyPolicy::json(LIMIT), headers, Vec::new()).await;
        assert!(matches!(result, Err(Failure::UnsupportedMediaType)), "{headers:?}");
    }
    let headers = [("content-type", JSON), ("content-length", "0")];
    assert!(is_malformed(&extract::<Profile>(BodyPolicy::json(LIMIT), &headers, Vec::new()).await));
    for (media_type, body) in forms(&[("note", "x")]) {
        let headers = [("content-type", media_type)];
        let result = extract::<Profile>(BodyPolicy::json(LIMIT), &headers, body.into()).await;
        assert!(matches!(result, Err(Failure::UnsupportedMediaType)), "{media_type}");
    }
}

#[actix_web::test]
async fn a_body_of_no_known_kind_is_refused() {
    for headers in [
        &[("content-length", "6")][..],
        &[("transfer-encoding", "chunked")],
        &[("content-type", "text/plain"), ("content-length", "6")],
        &[("content-type", "multipart/mixed; boundary=x"), ("content-length", "6")],
        &[("content-type", "x"), ("content-length", "6")],
        &[("content-type", FORM), ("content-length", "6"), ("content-encoding", "gzip")],
    ] {
        let result = extract::<Profile>(BodyPolicy::fields(LIMIT), headers, b"note=x".to_vec()).await;
        assert!(matches!(result, Err(Failure::UnsupportedMediaType)), "{headers:?}");
    }
}

#[actix_web::test]
async fn a_body_has_at_most_as_many_bytes_as_the_endpoint_takes() {
    let text = "x".repeat(100);
    let [form, multipart] = forms(&[("note", &text)]);
    for (media_type, body) in [(JSON, format!(r#"{{"note":"{text}"}}"#)), form, multipart] {
        let length = body.len().to_string();
        for framing in [("content-length", length.as_str()), ("transfer-encoding", "chunked")] {
            let headers = [("content-type", media_type), framing];
            for (limit, is_taken) in [(body.len(), true), (body.len() - 1, false)] {
                let result =
                    extract::<Profile>(BodyPolicy::fields(limit), &headers, body.clone().into()).await;
                assert_eq!(result.is_ok(), is_taken, "{headers:?}");
                assert!(is_taken || matches!(result, Err(Failure::BodyTooLarge)), "{headers:?}");
            }
        }
    }
}

#[actix_web::test]
async fn contradictions_depth_and_number_are_refused_in_both_kinds_of_forms() {
    let deep = format!("a{}", "[b]".repeat(8));
    let very_deep = format!("a{}", "[b]".repeat(10_000));
    let names: Vec<String> = (0..10_000).map(|number| format!("a{number}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
    for fields in [&[("a", "1"), ("a[b]", "2")][..], &[(&deep, "1")], &[(&very_deep, "1")], &many] {
        for (media_type, body) in forms(fields) {
            // Ten thousand parts have more bytes than the limit of the other tests.
            let headers = [("content-type", media_type), ("transfer-encoding", "chunked")];
            let result = extract::<Profile>(BodyPolicy::fields(4 << 20), &headers, body.into()).await;
            assert!(is_malformed(&result), "{media_type} {:?}", fields[0]);
        }
    }
}

#[actix_web::test]
async fn a_value_of_the_wrong_type_does_not_fit() {
    for fields in [
        &[("expires_in", "x")][..],
        &[("expires_in[]", "1")],
        &[("bot[a]", "1")],
        &[("note[]", "x")],
        &[("media_ids", "1")],
        &[("media_ids[x]", "1")],
        &[("fields_attributes[][name]", "a")],
    ] {
        for (media_type, body) in forms(fields) {
            let result = read::<Profile>(media_type, body).await;
            assert!(matches!(result, Err(Failure::UnfitBody { .. })), "{media_type} {fields:?}");
        }
    }
}

#[actix_web::test]
async fn what_is_not_utf_8_or_badly_escaped_is_refused() {
    for body in ["note=%ff", "note=%zz", "note=%4", "other=%"] {
        assert!(is_malformed(&read::<Profile>(FORM, body).await), "{body}");
    }
    let mut body = parts(&[("note", "")]).into_bytes();
    body.truncate(body.len() - 2);
    body.extend(b"\xff\r\n--a b--\r\n");
    assert!(is_malformed(&read::<Profile>(MULTIPART, body).await));
    let named = b"--a b\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\nx\r\n--a b--\r\n";
    assert!(is_malformed(&read::<Profile>(MULTIPART, *named).await));
}

#[actix_web::test]
async fn the_character_u_0000_is_left_to_the_domain() {
    for (media_type, body) in forms(&[("note", "\0")]) {
        assert_eq!(read::<Profile>(media_type, body).await.unwrap().note.as_deref(), Some("\0"));
    }
}

#[actix_web::test]
async fn a_multipart_body_needs_its_boundary() {
    let body = multipart(&[("note", "x")]);
    for media_type in
        ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=other"]
    {
        let result = read::<Profile>(media_type, body.clone()).await;
        assert!(
            is_malformed(&result) || matches!(result, Err(Failure::UnsupportedMediaType)),
            "{media_type}: {result:?}"
        );
    }
}

#[actix_web::test]
async fn a_multipart_body_is_read_to_its_end() {
    let body = multipart(&[("note", "x"), ("bot", "1")]);
    // The end is `--a b--`, with or without a line break.
    let end = body.len() - 2;
    for length in (1..=end).chain([body.len()]) {
        let result = read::<Profile>(MULTIPART, &body.as_bytes()[..length]).await;
        if length < end {
            assert!(is_malformed(&result), "{length} {result:?}");
        } else {
            assert!(result.is_ok_and(|profile| profile.bot == Some(true)), "{length}");
        }
    }
}

#[actix_web::test]
async fn a_large_part_arrives_as_it_was_sent() {
    for text in ["x".repeat(300_000), "\r\n--a ".repeat(50_000), "\r".repeat(100_000)] {
        let profile = read::<Profile>(MULTIPART, multipart(&[("note", &text), ("bot", "1")])).await.unwrap();
        assert_eq!((profile.note.as_ref(), profile.bot), (Some(&text), Some(true)));
    }
}

#[actix_web::test]
async fn a_part_without_a_name_is_refused() {
    for head in ["Content-Disposition: form-data", "Content-Disposition: attachment; name=\"note\"", "A: b"] {
        let body = format!("--a b\r\n{head}\r\n\r\nx\r\n--a b--\r\n");
        assert!(is_malformed(&read::<Profile>(MULTIPART, body).await), "{head}");
    }
}

#[actix_web::test]
async fn a_file_is_refused() {
    for file in ["filename=\"a.png\"", "filename=a.png", "filename=\"\"", "filename*=UTF-8''a.png"] {
        let head =
            format!("Content-Disposition: form-data; name=\"note\"; {file}\r\nContent-Type: image/png");
        let body = format!("--a b\r\n{head}\r\n\r\nx\r\n--a b--\r\n");
        let result = read::<Profile>(MULTIPART, body).await;
        assert!(matches!(result, Err(Failure::UnfitBody { .. })), "{file}: {result:?}");
    }
}
