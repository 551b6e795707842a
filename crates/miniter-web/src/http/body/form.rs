//! Bodies of `application/x-www-form-urlencoded`.

use percent_encoding::percent_decode;

use crate::http::body::fields::Fields;
use crate::http::body::note;
use crate::http::failure::Failure;

/// Reads the fields of a form, strictly: what would be decoded with loss is refused.
pub(super) fn parse(bytes: &[u8]) -> Result<Fields, Failure> {
    let mut fields = Fields::default();
    for pair in bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let mut half = || decode(halves.next().unwrap_or_default());
        let (name, value) = (half()?, half()?);
        fields.add(&name, value)?;
    }
    Ok(fields)
}

fn decode(text: &[u8]) -> Result<String, Failure> {
    let mut after_percent = text.split(|byte| *byte == b'%').skip(1);
    if !after_percent.all(|rest| rest.get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)))
    {
        return Err(Failure::MalformedBody { note: "a % is not followed by two hexadecimal digits".into() });
    }
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let decoded: Vec<u8> = percent_decode(&spaced).collect();
    String::from_utf8(decoded).map_err(|error| Failure::MalformedBody { note: note(&error) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn tree(form: &[u8]) -> Result<Value, Failure> {
        parse(form)?.parse()
    }

    #[test]
    fn a_form_is_decoded() {
        for (form, expected) in [
            ("", json!({})),
            ("&&", json!({})),
            ("a", json!({"a": ""})),
            ("a=b=c", json!({"a": "b=c"})),
            ("a+b=c+d%2B%26%3d", json!({"a b": "c d+&="})),
            ("text=%F0%9F%8D%BA", json!({"text": "🍺"})),
            ("text=🍺", json!({"text": "🍺"})),
            ("a%5Bb%5D=1&a[c]=2", json!({"a": {"b": "1", "c": "2"}})),
            // The domain's rule, for all kinds of bodies.
            ("text=%00", json!({"text": "\0"})),
        ] {
            assert_eq!(tree(form.as_bytes()).unwrap(), expected, "{form}");
        }
    }

    #[test]
    fn what_cannot_be_decoded_is_refused() {
        for form in ["a=%", "a=%4", "a=%zz", "a=%%41", "%=1", "other=%g0", "a=%ff", "a=%ED%A0%80", "%C3=1"] {
            assert!(matches!(tree(form.as_bytes()), Err(Failure::MalformedBody { .. })), "{form}");
        }
        assert!(matches!(tree(b"a=\xff"), Err(Failure::MalformedBody { .. })));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = tree(&bytes);
        }

        #[test]
        fn any_text_arrives_as_it_was_sent(text in any::<String>()) {
            let form: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("text", &text).finish();
            prop_assert_eq!(tree(form.as_bytes()).unwrap(), json!({"text": text}));
        }
    }
}
