//! Bodies of JSON: strict, an object, and nothing that parsers disagree about.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::error::Category;

use crate::http::body::note;
use crate::http::failure::Failure;

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Reads a `T` from strict JSON. A byte order mark before it is ignored (RFC 8259, 8.1): some clients write one.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    serde_json::from_slice::<StrictObject>(bytes)
        .map_err(|error| Failure::MalformedBody { note: note(&error) })?;
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        Category::Data => Failure::UnfitBody { note: note(&error) },
        Category::Io | Category::Syntax | Category::Eof => Failure::MalformedBody { note: note(&error) },
    })
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
/// It alone refuses, also where a value is of no interest to the route, what parsers disagree about or databases cut off: a key
/// that stands twice in an object (RFC 8259, 4) and the character U+0000. Skipping such values, as `serde_json` does with
/// unknown keys, would leave lone surrogates and any depth of nesting unseen as well; walking them does not.
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

    fn is_malformed(json: &[u8]) -> bool {
        matches!(parse::<Note>(json), Err(Failure::MalformedBody { .. }))
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
            assert!(is_malformed(text.as_bytes()), "{text:?}");
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
            assert!(is_malformed(json.as_bytes()), "{json}");
        }
        assert!(is_malformed(b"{\"text\":\"\xff\"}"));
    }

    #[test]
    fn an_object_without_the_keys_or_types_that_a_route_needs_is_refused() {
        for json in ["{}", r#"{"text":1}"#, r#"{"text":null}"#, r#"{"text":["x"]}"#, r#"{"Text":"x"}"#] {
            assert!(matches!(parse::<Note>(json.as_bytes()), Err(Failure::UnfitBody { .. })), "{json}");
        }
    }
}
