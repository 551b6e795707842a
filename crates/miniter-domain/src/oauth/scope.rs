//! What an access token allows, in OAuth's words (RFC 6749, 3.3).

use std::fmt::{self, Write};
use std::str::FromStr;

macro_rules! scopes {
    ($($variant:ident $name:literal)+) => {
        /// One thing that a token may allow. `read` and `write` are parents: each includes its children (`read:statuses`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Scope {
            $(#[doc = concat!("`", $name, "`")] $variant),+
        }

        impl Scope {
            /// All of them, parents before their children.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

scopes! {
    Read "read"
    ReadAccounts "read:accounts"
    ReadBlocks "read:blocks"
    ReadBookmarks "read:bookmarks"
    ReadFavourites "read:favourites"
    ReadFilters "read:filters"
    ReadFollows "read:follows"
    ReadLists "read:lists"
    ReadMutes "read:mutes"
    ReadNotifications "read:notifications"
    ReadSearch "read:search"
    ReadStatuses "read:statuses"
    Write "write"
    WriteAccounts "write:accounts"
    WriteBlocks "write:blocks"
    WriteBookmarks "write:bookmarks"
    WriteConversations "write:conversations"
    WriteFavourites "write:favourites"
    WriteFilters "write:filters"
    WriteFollows "write:follows"
    WriteLists "write:lists"
    WriteMedia "write:media"
    WriteMutes "write:mutes"
    WriteNotifications "write:notifications"
    WriteReports "write:reports"
    WriteStatuses "write:statuses"
    Follow "follow"
    Push "push"
    Profile "profile"
}

impl Scope {
    const fn bit(self) -> u64 {
        1 << self as u32
    }

    /// All that it includes, itself among them.
    fn included(self) -> u64 {
        let children = |prefix: &str| {
            Self::ALL
                .iter()
                .filter(|scope| scope.name().strip_prefix(prefix).is_some_and(|rest| rest.starts_with(':')))
                .fold(self.bit(), |bits, scope| bits | scope.bit())
        };
        match self {
            Self::Read => children("read"),
            Self::Write => children("write"),
            // The only scope of older clients that is spread over two parents.
            Self::Follow => [
                Self::ReadBlocks,
                Self::ReadFollows,
                Self::ReadMutes,
                Self::WriteBlocks,
                Self::WriteFollows,
                Self::WriteMutes,
            ]
            .iter()
            .fold(self.bit(), |bits, scope| bits | scope.bit()),
            Self::ReadAccounts
            | Self::ReadBlocks
            | Self::ReadBookmarks
            | Self::ReadFavourites
            | Self::ReadFilters
            | Self::ReadFollows
            | Self::ReadLists
            | Self::ReadMutes
            | Self::ReadNotifications
            | Self::ReadSearch
            | Self::ReadStatuses
            | Self::WriteAccounts
            | Self::WriteBlocks
            | Self::WriteBookmarks
            | Self::WriteConversations
            | Self::WriteFavourites
            | Self::WriteFilters
            | Self::WriteFollows
            | Self::WriteLists
            | Self::WriteMedia
            | Self::WriteMutes
            | Self::WriteNotifications
            | Self::WriteReports
            | Self::WriteStatuses
            | Self::Push
            | Self::Profile => self.bit(),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such scope")]
pub struct UnknownScope;

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(name: &str) -> Result<Self, UnknownScope> {
        Self::ALL.iter().find(|scope| scope.name() == name).copied().ok_or(UnknownScope)
    }
}

/// A set of scopes, as they were named: `read` stays `read`, and [`Self::include`] knows what it includes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u64);

impl Scopes {
    /// Every scope. The token of a log-in by password has them.
    pub const ALL: Self = Self((1 << Scope::ALL.len()) - 1);

    /// These.
    #[must_use]
    pub const fn of(scopes: &[Scope]) -> Self {
        let (mut bits, mut i) = (0, 0);
        while i < scopes.len() {
            bits |= scopes[i].bit();
            i += 1;
        }
        Self(bits)
    }

    /// Those among some names that are scopes. For what is stored: a name that this release does not know allows nothing.
    #[must_use]
    pub fn known_in(names: &str) -> Self {
        let known = names.split_ascii_whitespace().filter_map(|name| name.parse::<Scope>().ok());
        Self(known.fold(0, |bits, scope| bits | scope.bit()))
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of `required` is allowed, each scope by itself or by a parent.
    #[must_use]
    pub fn include(self, required: Self) -> bool {
        // Every request of a person whose token allows everything comes here.
        if required.0 & !self.0 == 0 {
            return true;
        }
        let included = self.iter().fold(0, |bits, scope| bits | scope.included());
        required.0 & !included == 0
    }

    /// Each of them, as they were named.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |scope| self.0 & scope.bit() != 0)
    }
}

/// The names with a space between two.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, scope) in self.iter().enumerate() {
            if i > 0 {
                f.write_char(' ')?;
            }
            f.write_str(scope.name())?;
        }
        Ok(())
    }
}

/// Names with white space between them.
impl FromStr for Scopes {
    type Err = UnknownScope;

    fn from_str(names: &str) -> Result<Self, UnknownScope> {
        names.split_ascii_whitespace().try_fold(Self::default(), |scopes, name| {
            let scope: Scope = name.parse()?;
            Ok(Self(scopes.0 | scope.bit()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(names: &str) -> Scopes {
        names.parse().unwrap()
    }

    #[test]
    fn a_parent_includes_its_children_and_no_child_its_parent() {
        for (has, required, includes) in [
            ("read", "read", true),
            ("read", "read:statuses", true),
            ("read", "read:accounts read:search", true),
            ("read", "write:statuses", false),
            ("read:statuses", "read", false),
            ("read:statuses", "read:accounts", false),
            ("write", "write:media write:reports", true),
            ("read write", "read:lists write:lists", true),
            ("read", "read:lists write:lists", false),
            ("follow", "read:follows write:follows write:blocks write:mutes", true),
            ("follow", "read:statuses", false),
            ("follow", "write", false),
            ("read write", "follow", false),
            ("write", "push", false),
            ("push profile", "profile", true),
            ("profile", "read:accounts", false),
            ("", "profile", false),
            ("", "", true),
        ] {
            assert_eq!(scopes(has).include(scopes(required)), includes, "{has:?} and {required:?}");
        }
    }

    #[test]
    fn all_scopes_include_each_and_only_they_include_all() {
        for scope in Scope::ALL {
            assert!(Scopes::ALL.include(Scopes::of(&[*scope])), "{scope}");
        }
        assert!(Scopes::ALL.include(Scopes::ALL));
        assert!(!scopes("read write push profile").include(Scopes::ALL));
    }

    #[test]
    fn every_child_has_a_parent_that_includes_it() {
        for scope in Scope::ALL.iter().filter(|scope| scope.name().contains(':')) {
            let parent = scope.name().split(':').next().unwrap();
            assert!(scopes(parent).include(Scopes::of(&[*scope])), "{scope}");
        }
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for scope in Scope::ALL {
            assert_eq!(scope.name().parse(), Ok(*scope));
        }
        assert_eq!(scopes(" write:statuses  read ").to_string(), "read write:statuses");
        assert_eq!(Scopes::ALL.to_string().parse(), Ok(Scopes::ALL));
        assert_eq!(Scopes::known_in("read admin:read write:statuses").to_string(), "read write:statuses");
        assert!(Scopes::known_in("").is_empty() && !Scopes::ALL.is_empty());
        for names in ["admin", "READ", "read:", "read,write", "read:statuses:1"] {
            assert_eq!(names.parse::<Scopes>(), Err(UnknownScope), "{names:?}");
        }
    }
}
