//! The language of a status.

/// A language tag (BCP 47) in its usual spelling: `ko`, `pt-BR`, `zh-Hant-TW`, `ckb`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LanguageTag(String);

/// The languages with two letters (ISO 639-1). Nearly all that clients send is among them.
const TWO_LETTERS: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de \
     dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it \
     iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd \
     ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su \
     sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

impl LanguageTag {
    /// The longest tag, in ASCII characters (RFC 5646, 4.4.1).
    pub const MAX_CHARS: usize = 35;

    /// Reads a tag as clients send it: in any case, with hyphens or underscores. Returns nothing for anything else: a status is
    /// not refused for the language that an app guessed.
    ///
    /// A code of two letters must be one of ISO 639-1, one of three letters (ISO 639-3) only has to look like one. Of
    /// the subtags after it those that are malformed are left out with all that follows, as Mastodon does.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut subtags = text.split(['-', '_']);
        let language = subtags.next().unwrap_or_default().to_ascii_lowercase();
        let is_language = match language.len() {
            2 => TWO_LETTERS.split_ascii_whitespace().any(|code| code == language),
            3 => language.bytes().all(|byte| byte.is_ascii_lowercase()),
            _ => false,
        };
        if !is_language {
            return None;
        }
        let mut tag = language;
        for subtag in subtags {
            let is_subtag =
                (2..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if !is_subtag || tag.len() + 1 + subtag.len() > Self::MAX_CHARS {
                break;
            }
            tag.push('-');
            tag.push_str(&usual_case(subtag));
        }
        Some(Self(tag))
    }

    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag, owned.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Regions in upper case, scripts with an initial capital, all else in lower case (RFC 5646, 2.1.1).
fn usual_case(subtag: &str) -> String {
    let is_alphabetic = subtag.bytes().all(|byte| byte.is_ascii_alphabetic());
    match subtag.len() {
        2 if is_alphabetic => subtag.to_ascii_uppercase(),
        4 if is_alphabetic => {
            let (initial, rest) = subtag.split_at(1);
            initial.to_ascii_uppercase() + &rest.to_ascii_lowercase()
        }
        _ => subtag.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_language_is_spelled_in_one_way() {
        for (text, tag) in [
            ("ko", "ko"),
            ("KO", "ko"),
            ("pt_br", "pt-BR"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("zh-TW", "zh-TW"),
            ("ckb", "ckb"),
            ("es-419", "es-419"),
            ("de-1996", "de-1996"),
            ("en-US-posix", "en-US-posix"),
            // As far as it can be read.
            ("en-", "en"),
            ("en-US-!", "en-US"),
            ("ja-한국", "ja"),
            ("en-abcdefghi", "en"),
            ("en-x-private", "en"),
        ] {
            assert_eq!(LanguageTag::parse(text).unwrap().as_str(), tag, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_language_is_ignored() {
        for text in
            ["", "-", "k", "xx", "qq", "korean", "한국어", "k1", "1ab", "i-klingon", " ko", "null", "ＫＯ"]
        {
            assert_eq!(LanguageTag::parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_tag_is_short_and_stays_as_it_is(text in "[a-zA-Z]{2,3}([-_][a-zA-Z0-9]{1,9}){0,8}") {
            if let Some(tag) = LanguageTag::parse(&text) {
                prop_assert!(tag.as_str().len() <= LanguageTag::MAX_CHARS);
                prop_assert_eq!(LanguageTag::parse(tag.as_str()), Some(tag));
            }
        }
    }
}
