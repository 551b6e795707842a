//! The fields of a profile: pairs of a label and a text.
//!
//! The display name and the note of the client API have no types of their own. They are [`UserName`](crate::UserName) (255
//! characters, where Mastodon has 30) and [`Profile`](crate::Profile) (2,000, where Mastodon has 500): an app sends back both
//! with every change of the profile, so what the classic API took must be taken there, too.

use crate::DomainError;
use crate::user::is_longer_than;
use crate::visible::is_invisible;

/// One field of a profile. [`ProfileFields`] are checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileField {
    /// The label.
    pub name: String,
    /// The text, as it is typed; may be empty.
    pub value: String,
}

impl ProfileField {
    /// The longest name and the longest value, in code points.
    pub const MAX_CHARS: usize = 255;

    /// Checks a field.
    ///
    /// # Errors
    /// [`DomainError::InvalidProfileField`] if nothing of the name can be seen, if either part is longer than
    /// [`Self::MAX_CHARS`], or if either contains U+0000.
    fn parse(name: String, value: String) -> Result<Self, DomainError> {
        let fits = |part: &str| !is_longer_than(part, Self::MAX_CHARS) && !part.contains('\0');
        if is_invisible(&name) || !fits(&name) || !fits(&value) {
            return Err(DomainError::InvalidProfileField);
        }
        Ok(Self { name, value })
    }
}

/// All fields of a profile, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileFields(Vec<ProfileField>);

impl ProfileFields {
    /// How many fields a profile may have: `max_profile_fields` of the client API.
    pub const MAX: usize = 4;

    /// Checks the fields that a client sends, as pairs of name and value. Clients send the rows of a form, and so empty
    /// pairs are left out.
    ///
    /// # Errors
    /// [`DomainError::InvalidProfileField`] if one of them has a value without a name, is too long or contains U+0000;
    /// [`DomainError::TooManyProfileFields`] if more than [`Self::MAX`] are left.
    pub fn parse(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, DomainError> {
        let mut fields = Vec::new();
        for (name, value) in pairs {
            if is_invisible(&name) && is_invisible(&value) {
                continue;
            }
            if fields.len() == Self::MAX {
                return Err(DomainError::TooManyProfileFields);
            }
            fields.push(ProfileField::parse(name, value)?);
        }
        Ok(Self(fields))
    }

    /// The fields.
    #[must_use]
    pub fn as_slice(&self) -> &[ProfileField] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pairs: &[(&str, &str)]) -> Result<Vec<(String, String)>, DomainError> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let fields = ProfileFields::parse(pairs)?;
        Ok(fields.as_slice().iter().map(|field| (field.name.clone(), field.value.clone())).collect())
    }

    #[test]
    fn empty_rows_of_a_form_are_left_out() {
        let fields = parse(&[("", ""), ("홈페이지", "https://example.com"), (" ", "\u{3164}"), ("비고", "")]);
        let expected = [("홈페이지", "https://example.com"), ("비고", "")];
        assert_eq!(fields.unwrap(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_profile_has_four_fields() {
        let pairs = [("1", "a"), ("2", "b"), ("", ""), ("3", "c"), ("4", "d"), ("", ""), ("5", "e")];
        assert_eq!(parse(&pairs[..6]).unwrap().len(), 4);
        assert_eq!(parse(&pairs), Err(DomainError::TooManyProfileFields));
    }

    #[test]
    fn a_field_has_a_name_and_parts_of_255_code_points() {
        let (longest, longer) = ("가".repeat(255), "가".repeat(256));
        assert!(parse(&[(&longest, &longest)]).is_ok());
        for (name, value) in
            [("", "a"), (longer.as_str(), "a"), ("a", longer.as_str()), ("a\0", "a"), ("a", "\0")]
        {
            assert_eq!(parse(&[(name, value)]), Err(DomainError::InvalidProfileField), "{name:?} {value:?}");
        }
    }
}
