//! Values as forms write them, which are strings, and as JSON writes them: functions for `#[serde(deserialize_with)]`, beside
//! `#[serde(default)]`.

use std::fmt::Display;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error};
use serde_json::{Number, Value};

/// What Rails takes for false; all else is true.
const FALSE: [&str; 7] = ["0", "f", "F", "false", "FALSE", "off", "OFF"];

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a boolean, a number or a string")]
enum Scalar {
    Boolean(bool),
    Number(Number),
    Text(String),
}

/// A boolean. An empty string is not given.
pub(crate) fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(match Option::deserialize(deserializer)? {
        None => None,
        Some(Scalar::Boolean(value)) => Some(value),
        Some(Scalar::Number(number)) => Some(number.as_f64() != Some(0.0)),
        Some(Scalar::Text(text)) => (!text.is_empty()).then(|| !FALSE.contains(&text.as_str())),
    })
}

/// An integer of any type. An empty string is not given.
pub(crate) fn integer<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    let digits = match Option::deserialize(deserializer)? {
        None => return Ok(None),
        Some(Scalar::Boolean(_)) => return Err(D::Error::custom("expected an integer")),
        Some(Scalar::Number(number)) => number.to_string(),
        Some(Scalar::Text(text)) => text,
    };
    if digits.is_empty() { Ok(None) } else { digits.parse().map(Some).map_err(D::Error::custom) }
}

/// A string, also an empty one. JSON may have a number for it, such as an id.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.map(|scalar| match scalar {
        Scalar::Boolean(value) => value.to_string(),
        Scalar::Number(number) => number.to_string(),
        Scalar::Text(text) => text,
    }))
}

/// An array, or an object whose keys are indices, in their order (`a[1]=…&a[0]=…`). Items that are null or empty are not
/// given.
pub(crate) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let items = match Option::deserialize(deserializer)? {
        None => Vec::new(),
        Some(Value::Array(items)) => items,
        Some(Value::Object(members)) => {
            let mut items = Vec::with_capacity(members.len());
            for (index, item) in members {
                items.push((index.parse::<u64>().map_err(D::Error::custom)?, item));
            }
            items.sort_by_key(|(index, _)| *index);
            items.into_iter().map(|(_, item)| item).collect()
        }
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            return Err(D::Error::custom("expected an array"));
        }
    };
    let given = items.into_iter().filter(|item| !item.is_null() && item.as_str() != Some(""));
    given.map(|item| serde_json::from_value(item).map_err(D::Error::custom)).collect()
}

/// The same, or one item alone (`id=1`).
pub(crate) fn list_or_item<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let value = match Value::deserialize(deserializer)? {
        item @ (Value::Bool(_) | Value::Number(_) | Value::String(_)) => Value::Array(vec![item]),
        value @ (Value::Null | Value::Array(_) | Value::Object(_)) => value,
    };
    list(value).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_boolean_is_what_rails_takes_it_for() {
        for value in ["0", "f", "F", "false", "FALSE", "off", "OFF"].map(Value::from) {
            assert_eq!(boolean(&value).unwrap(), Some(false), "{value}");
        }
        for value in ["1", "t", "true", "on", "yes", "no", "False", " ", "00"].map(Value::from) {
            assert_eq!(boolean(&value).unwrap(), Some(true), "{value}");
        }
        for (value, expected) in [
            (json!(false), Some(false)),
            (json!(0), Some(false)),
            (json!(true), Some(true)),
            (json!(1), Some(true)),
            (json!(-0.5), Some(true)),
            (json!(""), None),
            (json!(null), None),
        ] {
            assert_eq!(boolean(&value).unwrap(), expected, "{value}");
        }
        for value in [json!([]), json!({}), json!(["1"])] {
            assert!(boolean(&value).is_err(), "{value}");
        }
    }

    #[test]
    fn an_integer_is_a_number_or_its_digits() {
        for (value, expected) in
            [(json!(-7), Some(-7)), (json!("-7"), Some(-7)), (json!(""), None), (json!(null), None)]
        {
            assert_eq!(integer::<_, i32>(&value).unwrap(), expected, "{value}");
        }
        for value in [
            json!(1.5),
            json!("1.5"),
            json!("x"),
            json!(true),
            json!([]),
            json!(3_000_000_000_u64),
            json!(" 1"),
        ] {
            assert!(integer::<_, i32>(&value).is_err(), "{value}");
        }
        assert!(integer::<_, u8>(&json!("-1")).is_err());
    }

    #[test]
    fn a_text_may_be_a_number_in_json() {
        for (value, expected) in
            [(json!("x"), Some("x")), (json!(""), Some("")), (json!(12), Some("12")), (json!(null), None)]
        {
            assert_eq!(text(&value).unwrap().as_deref(), expected, "{value}");
        }
        assert!(text(&json!(["x"])).is_err());
    }

    #[test]
    fn one_item_alone_is_a_list_where_that_is_meant() {
        for (value, expected) in [
            (json!("a"), &["a"][..]),
            (json!(["a", "b"]), &["a", "b"]),
            (json!({"1": "b", "0": "a"}), &["a", "b"]),
            (json!(""), &[]),
            (json!(null), &[]),
        ] {
            assert_eq!(list_or_item::<_, String>(&value).unwrap(), expected, "{value}");
        }
    }

    #[test]
    fn a_list_is_an_array_or_has_indices() {
        for value in [json!(["a", "b"]), json!({"10": "b", "9": "a"}), json!([null, "a", "", "b"])] {
            assert_eq!(list::<_, String>(&value).unwrap(), ["a", "b"], "{value}");
        }
        for value in [json!(null), json!([]), json!({}), json!([""])] {
            assert!(list::<_, String>(&value).unwrap().is_empty(), "{value}");
        }
        for value in [json!("a"), json!(1), json!({"a": "b"}), json!({"-1": "b"}), json!([["a"]])] {
            assert!(list::<_, String>(&value).is_err(), "{value}");
        }
    }
}
