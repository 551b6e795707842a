//! JSON request bodies.

use std::collections::HashSet;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev, web};
use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::error::Category;
use tokio::time::timeout;

use crate::http::connection::Connection;
use crate::http::connections::Full;
use crate::http::problem::{ApiError, Code};

/// The buffer into which a body is read grows to up to so many times its length.
const GROWTH: usize = 2;

/// How long a body may take to arrive. At 7 KiB a second the largest is through.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// The longest note on what is wrong with a body, in characters; it may quote the body.
const MAX_NOTE: usize = 200;

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The largest body, in bytes. The longest sign-up is a fifth of it.
pub(crate) const MAX_BYTES: usize = 64 << 10;

/// The JSON object in the body of a request. Keys that `T` does not have are ignored.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for JsonBody<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let checked = check_head(request);
        let length = announced(request).and_then(|length| length.try_into().ok());
        let length = length.map_or(MAX_BYTES, |length: usize| length.min(MAX_BYTES));
        let reserved = Connection::of(request)
            .map_or(Ok(None), |connection| connection.place().reserve(GROWTH * length));
        let payload = web::Payload::from_request(request, payload);
        Box::pin(async move {
            checked?;
            // As long as it may become: all of it is kept until it is parsed.
            let _reserved = reserved.map_err(|Full| Code::Unavailable)?;
            let payload = payload.await.map_err(|_| Code::BadRequest)?;
            let bytes = timeout(MAX_WAIT, payload.to_bytes_limited(MAX_BYTES))
                .await
                .map_err(|_| Code::BodyTimeout)?
                .map_err(|_| Code::BodyTooLarge)?
                // The client left, or its chunks were malformed.
                .map_err(|_| Code::BadRequest)?;
            parse(&bytes).map(Self)
        })
    }
}

/// Refuses what need not be read.
fn check_head(request: &HttpRequest) -> Result<(), ApiError> {
    let is_json = request.mime_type().ok().flatten().is_some_and(|mime| {
        mime.type_() == "application"
            && (mime.subtype() == "json" || mime.suffix().is_some_and(|s| s == "json"))
    });
    let is_plain = request
        .headers()
        .get_all(CONTENT_ENCODING)
        .all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if !is_json || !is_plain {
        return Err(Code::UnsupportedMediaType.into());
    }
    if announced(request).is_some_and(|length| length > MAX_BYTES as u64) {
        return Err(Code::BodyTooLarge.into());
    }
    Ok(())
}

/// How long the body is to be; a chunked one does not say.
fn announced(request: &HttpRequest) -> Option<u64> {
    request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok())
}

/// Reads a `T` from strict JSON. A byte order mark before it is ignored (RFC 8259, 8.1): some clients write one.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    serde_json::from_slice::<StrictObject>(bytes)
        .map_err(|error| ApiError::from(Code::InvalidJson).with_note(&note(&error)))?;
    serde_json::from_slice(bytes).map_err(|error| {
        let code = match error.classify() {
            Category::Data => Code::InvalidBody,
            Category::Io | Category::Syntax | Category::Eof => Code::InvalidJson,
        };
        ApiError::from(code).with_note(&note(&error))
    })
}

/// What a parser says, cut to a length that nobody can blow up.
fn note(error: &serde_json::Error) -> String {
    error.to_string().chars().take(MAX_NOTE).collect()
}

/// Accepts an object and nothing else; a derived `Deserialize` would take an array of its fields as well.
struct StrictObject;

impl<'de> Deserialize<'de> for StrictObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(StrictVisitor).map(|()| Self)
    }
}

/// Walks any JSON value and keeps nothing of it.
///
/// It refuses what parsers disagree about or databases cut off: a key that stands twice in an object (RFC 8259, 4) and
/// the character U+0000, also where the value is of no interest to the route. Skipping such values, as `serde_json`
/// does with unknown keys, would leave lone surrogates and any depth of nesting unseen; walking them does not.
struct StrictValue;

impl<'de> Deserialize<'de> for StrictValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(|()| Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        if text.contains('\0') { Err(E::custom("a string contains the character U+0000")) } else { Ok(()) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element::<StrictValue>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            StrictVisitor.visit_str::<A::Error>(&key)?;
            if !keys.insert(key) {
                return Err(A::Error::custom("a key stands twice in an object"));
            }
            entries.next_value::<StrictValue>()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Note {
        text: String,
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse::<Note>(&bytes);
        }

        #[test]
        fn nearly_json_is_read_as_serde_reads_it_or_refused(text in r#"[{}\[\]",:\\untrealfs0-9eE.+\- \x00-\x1f\u{e9}]{0,60}"#) {
            let json = format!("{{\"text\":\"x\",{text}");
            if let Ok(note) = parse::<Note>(json.as_bytes()) {
                prop_assert_eq!(note.text, "x");
                prop_assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok_and(|value| value.is_object()));
            }
        }

        #[test]
        fn any_text_without_nul_arrives_as_it_was_sent(text in any::<String>()) {
            let json = serde_json::json!({"text": text}).to_string();
            match parse::<Note>(json.as_bytes()) {
                Ok(note) => prop_assert_eq!(note.text, text),
                Err(_) => prop_assert!(text.contains('\0')),
            }
        }
    }

    fn refusal(json: &str) -> String {
        parse::<Note>(json.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn an_object_is_read_and_its_unknown_keys_are_ignored() {
        let note: Note =
            parse(r#" {"id":1,"text":"🍺","more":{"a":[null,true,-1,1.5,"x"]}} "#.as_bytes()).unwrap();
        assert_eq!(note.text, "🍺");
    }

    #[test]
    fn one_byte_order_mark_before_it_is_ignored() {
        let note: Note = parse("\u{feff}{\"text\":\"\u{feff}x\"}".as_bytes()).unwrap();
        assert_eq!(note.text, "\u{feff}x");
        for text in [
            "\u{feff}",
            "\u{feff}\u{feff}{\"text\":\"x\"}",
            "{\"text\":\"x\"}\u{feff}",
            " \u{feff}{\"text\":\"x\"}",
        ] {
            assert_eq!(refusal(text), "invalid_json", "{text:?}");
        }
    }

    #[test]
    fn what_is_not_one_strict_object_is_refused() {
        let deep = format!(r#"{{"text":"x","more":{}{}}}"#, "[".repeat(200), "]".repeat(200));
        for json in [
            "",
            "text",
            r#"["x"]"#,
            r#""x""#,
            "null",
            r#"{"text":"x""#,
            r#"{"text":"x"} {}"#,
            r#"{"text":"x"}x"#,
            r#"{"text":"x","text":"y"}"#,
            r#"{"text":"x","more":1,"more":2}"#,
            r#"{"text":"x","more":{"a":1,"a":2}}"#,
            r#"{"text":"\u0000"}"#,
            r#"{"text":"x","more":["\u0000"]}"#,
            r#"{"text":"x","\u0000":1}"#,
            r#"{"text":"\ud800"}"#,
            r#"{"text":"x","more":"\ud800"}"#,
            r#"{"text":"x","more":1e999}"#,
            r#"{text:"x"}"#,
            "{\"text\":\"\u{1}\"}",
            deep.as_str(),
        ] {
            assert_eq!(refusal(json), "invalid_json", "{json}");
        }
        assert_eq!(parse::<Note>(b"{\"text\":\"\xff\"}").unwrap_err().to_string(), "invalid_json");
    }

    #[test]
    fn an_object_without_the_keys_or_types_that_a_route_needs_is_refused() {
        for json in ["{}", r#"{"text":1}"#, r#"{"text":null}"#, r#"{"text":["x"]}"#, r#"{"Text":"x"}"#] {
            assert_eq!(refusal(json), "invalid_body", "{json}");
        }
    }
}
