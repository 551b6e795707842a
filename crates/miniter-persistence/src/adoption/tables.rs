//! The original's tables as they must become.

use crate::adoption::found::{FoundColumn, FoundIndex};

/// What a column must be to be adopted.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// A signed integer of 32 or 64 bits.
    Id,
    /// Text of at most this many characters, in any character set.
    Text(u64),
    /// A `TIMESTAMP` or a `DATETIME`.
    Moment,
}

/// A column as it must be, and as it becomes.
pub(super) struct Column {
    pub(super) name: &'static str,
    /// What it is called in databases with a known misspelling, the likelier first.
    pub(super) misspellings: &'static [&'static str],
    pub(super) kind: Kind,
    pub(super) may_be_null: bool,
    pub(super) definition: &'static str,
}

pub(super) const fn column(name: &'static str, kind: Kind, definition: &'static str) -> Column {
    Column { name, misspellings: &[], kind, may_be_null: false, definition }
}

/// A table as it becomes.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) primary_key: &'static [&'static str],
    pub(super) columns: &'static [Column],
    /// Its indexes beside the primary key: name, columns, and whether it is unique.
    pub(super) indexes: &'static [(&'static str, &'static [&'static str], bool)],
    /// Columns whose own indexes ours make superfluous.
    pub(super) superfluous: &'static [&'static [&'static str]],
    /// Its foreign keys: name and column. All of them refer to `users (id)` and cascade.
    pub(super) foreign_keys: &'static [(&'static str, &'static str)],
}

impl Table {
    /// Whether an index is no longer needed beside ours.
    pub(super) fn replaces(&self, index: &FoundIndex) -> bool {
        self.superfluous.iter().any(|columns| index.is_on(columns))
            || self.indexes.iter().any(|(_, columns, _)| index.is_on(columns))
    }
}

pub(super) const ID: &str = "BIGINT NOT NULL";
pub(super) const COUNTED_ID: &str = "BIGINT NOT NULL AUTO_INCREMENT";
pub(super) const CREATED_AT: Column = Column {
    name: "created_at",
    misspellings: &["crated_at", "create_at"],
    kind: Kind::Moment,
    may_be_null: false,
    definition: "DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6))",
};
pub(super) const VARCHAR_255: &str = "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL";

/// What the migration in `migrations/mysql` makes; a test compares the two.
pub(super) const TABLES: [Table; 3] = [
    Table {
        name: "users",
        primary_key: &["id"],
        columns: &[
            column("id", Kind::Id, COUNTED_ID),
            column("name", Kind::Text(255), VARCHAR_255),
            column("email", Kind::Text(255), VARCHAR_255),
            column("hashed_password", Kind::Text(255), VARCHAR_255),
            column(
                "profile",
                Kind::Text(2_000),
                "VARCHAR(2000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL",
            ),
            CREATED_AT,
            Column {
                name: "updated_at",
                misspellings: &["update_at"],
                kind: Kind::Moment,
                may_be_null: true,
                definition: "DATETIME(6) NULL",
            },
        ],
        indexes: &[("users_email_canonical", &["email_canonical"], true)],
        superfluous: &[&["email"]],
        foreign_keys: &[],
    },
    Table {
        name: "users_follow_list",
        primary_key: &["user_id", "follow_user_id"],
        columns: &[column("user_id", Kind::Id, ID), column("follow_user_id", Kind::Id, ID), CREATED_AT],
        indexes: &[("users_follow_list_followee", &["follow_user_id", "user_id"], false)],
        superfluous: &[&["follow_user_id"], &["user_id"]],
        foreign_keys: &[
            ("users_follow_list_user", "user_id"),
            ("users_follow_list_follow_user", "follow_user_id"),
        ],
    },
    Table {
        name: "tweets",
        primary_key: &["id"],
        columns: &[
            column("id", Kind::Id, COUNTED_ID),
            column("user_id", Kind::Id, ID),
            column(
                "tweet",
                Kind::Text(300),
                "VARCHAR(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL",
            ),
            CREATED_AT,
        ],
        indexes: &[("tweets_author", &["user_id", "id"], false)],
        superfluous: &[&["user_id"]],
        foreign_keys: &[("tweets_user", "user_id")],
    },
];

impl Kind {
    pub(super) fn takes(self, found: &FoundColumn) -> bool {
        match self {
            Self::Id => {
                ["int", "bigint"].contains(&found.data_type.as_str())
                    && !found.column_type.contains("unsigned")
            }
            Self::Text(most) => {
                ["char", "varchar"].contains(&found.data_type.as_str())
                    && found
                        .characters
                        .and_then(|length| u64::try_from(length).ok())
                        .is_some_and(|n| n <= most)
            }
            Self::Moment => ["timestamp", "datetime"].contains(&found.data_type.as_str()),
        }
    }

    pub(super) fn wanted(self) -> String {
        match self {
            Self::Id => "INT or BIGINT".to_owned(),
            Self::Text(most) => format!("VARCHAR({most}) or a shorter one"),
            Self::Moment => "TIMESTAMP or DATETIME".to_owned(),
        }
    }
}
