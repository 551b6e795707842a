//! What the decoders of real clients require of each entity, as a table, and the check of an answer against it.
//!
//! Tusky, Mastodon for Android and iOS, Ice Cubes and Elk fail on a missing field, on a null where they expect a value, and on a
//! number where they expect a string. One bad element fails the whole list.

use chrono::{DateTime, NaiveDate};
use serde_json::Value;
use url::Url;

/// When a field is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    /// Always, and not null.
    Required,
    /// Always; it may be null.
    Nullable,
    /// Perhaps, but never null.
    Optional,
    /// Perhaps; it may be null.
    Loose,
}
use Presence::{Loose, Nullable, Optional, Required};

/// What a field holds.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Boolean,
    /// A JSON number without a fraction.
    Integer,
    Number,
    /// A string of decimal digits.
    Id,
    /// `YYYY-MM-DDTHH:MM:SS.mmmZ`
    Time,
    /// `YYYY-MM-DD`
    Day,
    /// Absolute.
    Url,
    /// One of these words.
    Word(&'static [&'static str]),
    /// An entity of the table.
    Entity(&'static str),
    /// An array of entities.
    Entities(&'static str),
    Texts,
    Words(&'static [&'static str]),
    Ids,
    Integers,
    Object,
}
use Kind::{
    Boolean, Day, Entities, Entity, Id, Ids, Integer, Integers, Number, Object, Text, Texts, Time, Word,
    Words,
};

type Field = (&'static str, Presence, Kind);

const VISIBILITIES: &[&str] = &["public", "unlisted", "private", "direct"];
const CONTEXTS: &[&str] = &["home", "notifications", "public", "thread", "account"];

/// The entities that routes answer with, and their parts.
const ENTITIES: &[(&str, &[Field])] = &[
    (
        "Account",
        &[
            ("id", Required, Id),
            ("username", Required, Text),
            ("acct", Required, Text),
            ("display_name", Required, Text),
            ("locked", Required, Boolean),
            ("bot", Required, Boolean),
            ("discoverable", Nullable, Boolean),
            ("group", Required, Boolean),
            ("created_at", Required, Time),
            ("note", Required, Text),
            ("url", Required, Kind::Url),
            ("uri", Required, Kind::Url),
            ("avatar", Required, Kind::Url),
            ("avatar_static", Required, Kind::Url),
            ("header", Required, Kind::Url),
            ("header_static", Required, Kind::Url),
            ("followers_count", Required, Integer),
            ("following_count", Required, Integer),
            ("statuses_count", Required, Integer),
            ("last_status_at", Nullable, Day),
            ("emojis", Required, Entities("CustomEmoji")),
            ("fields", Required, Entities("AccountField")),
            ("roles", Optional, Entities("AccountRole")),
            ("source", Optional, Entity("AccountSource")),
            ("role", Optional, Entity("Role")),
        ],
    ),
    (
        "CredentialAccount",
        &[("source", Required, Entity("AccountSource")), ("role", Required, Entity("Role"))],
    ),
    ("AccountField", &[("name", Required, Text), ("value", Required, Text), ("verified_at", Nullable, Time)]),
    ("AccountRole", &[("id", Required, Text), ("name", Required, Text), ("color", Required, Text)]),
    (
        "AccountSource",
        &[
            ("note", Required, Text),
            ("fields", Required, Entities("AccountField")),
            ("sensitive", Required, Boolean),
            ("privacy", Required, Word(VISIBILITIES)),
            ("language", Nullable, Text),
            ("follow_requests_count", Required, Integer),
        ],
    ),
    (
        "Role",
        &[
            ("id", Required, Text),
            ("name", Required, Text),
            ("color", Required, Text),
            ("permissions", Required, Text),
            ("highlighted", Required, Boolean),
        ],
    ),
    (
        "Status",
        &[
            ("id", Required, Id),
            ("uri", Required, Kind::Url),
            ("url", Nullable, Kind::Url),
            ("created_at", Required, Time),
            ("edited_at", Nullable, Time),
            ("account", Required, Entity("Account")),
            ("content", Required, Text),
            ("visibility", Required, Word(VISIBILITIES)),
            ("sensitive", Required, Boolean),
            ("spoiler_text", Required, Text),
            ("media_attachments", Required, Entities("MediaAttachment")),
            ("mentions", Required, Entities("Mention")),
            ("tags", Required, Entities("StatusTag")),
            ("emojis", Required, Entities("CustomEmoji")),
            ("reblogs_count", Required, Integer),
            ("favourites_count", Required, Integer),
            ("replies_count", Required, Integer),
            ("in_reply_to_id", Nullable, Id),
            ("in_reply_to_account_id", Nullable, Id),
            ("language", Nullable, Text),
            ("reblog", Nullable, Entity("Status")),
            ("application", Nullable, Entity("StatusApplication")),
            ("card", Nullable, Entity("PreviewCard")),
            ("poll", Nullable, Entity("Poll")),
            ("text", Optional, Text),
            ("favourited", Optional, Boolean),
            ("reblogged", Optional, Boolean),
            ("bookmarked", Optional, Boolean),
            ("muted", Optional, Boolean),
            ("pinned", Optional, Boolean),
            ("filtered", Optional, Entities("FilterResult")),
        ],
    ),
    (
        "Mention",
        &[
            ("id", Required, Id),
            ("username", Required, Text),
            ("url", Required, Kind::Url),
            ("acct", Required, Text),
        ],
    ),
    ("StatusTag", &[("name", Required, Text), ("url", Required, Kind::Url)]),
    ("StatusApplication", &[("name", Required, Text), ("website", Loose, Kind::Url)]),
    ("StatusSource", &[("id", Required, Id), ("text", Required, Text), ("spoiler_text", Required, Text)]),
    (
        "StatusEdit",
        &[
            ("account", Required, Entity("Account")),
            ("content", Required, Text),
            ("created_at", Required, Time),
            ("emojis", Required, Entities("CustomEmoji")),
            ("media_attachments", Required, Entities("MediaAttachment")),
            ("sensitive", Required, Boolean),
            ("spoiler_text", Required, Text),
        ],
    ),
    (
        "Context",
        &[("ancestors", Required, Entities("Status")), ("descendants", Required, Entities("Status"))],
    ),
    (
        "Instance",
        &[
            ("domain", Required, Text),
            ("title", Required, Text),
            ("version", Required, Text),
            ("source_url", Required, Kind::Url),
            ("description", Required, Text),
            ("usage", Required, Entity("InstanceUsage")),
            ("thumbnail", Required, Entity("Thumbnail")),
            ("icon", Required, Entities("Icon")),
            ("languages", Required, Texts),
            ("configuration", Required, Entity("Configuration")),
            ("registrations", Required, Entity("Registrations")),
            ("contact", Required, Entity("Contact")),
            ("rules", Required, Entities("Rule")),
        ],
    ),
    ("InstanceUsage", &[("users", Required, Entity("InstanceUsers"))]),
    ("InstanceUsers", &[("active_month", Required, Integer)]),
    (
        "Thumbnail",
        &[("url", Required, Kind::Url), ("blurhash", Optional, Text), ("versions", Optional, Object)],
    ),
    ("Icon", &[("src", Required, Kind::Url), ("size", Required, Text)]),
    ("Rule", &[("id", Required, Text), ("text", Required, Text)]),
    (
        "Configuration",
        &[
            ("urls", Required, Entity("ConfigurationUrls")),
            ("statuses", Required, Entity("StatusLimits")),
            ("media_attachments", Required, Entity("MediaLimits")),
            ("polls", Required, Entity("PollLimits")),
            ("accounts", Required, Entity("AccountLimits")),
            ("translation", Required, Entity("TranslationLimits")),
        ],
    ),
    ("ConfigurationUrls", &[("streaming", Required, Kind::Url)]),
    ("TranslationLimits", &[("enabled", Required, Boolean)]),
    ("AccountLimits", &[("max_featured_tags", Required, Integer)]),
    (
        "StatusLimits",
        &[
            ("max_characters", Required, Integer),
            ("max_media_attachments", Required, Integer),
            ("characters_reserved_per_url", Required, Integer),
        ],
    ),
    (
        "MediaLimits",
        &[
            ("supported_mime_types", Required, Texts),
            ("image_size_limit", Required, Integer),
            ("image_matrix_limit", Required, Integer),
            ("video_size_limit", Required, Integer),
            ("video_frame_rate_limit", Required, Integer),
            ("video_matrix_limit", Required, Integer),
        ],
    ),
    (
        "PollLimits",
        &[
            ("max_options", Required, Integer),
            ("max_characters_per_option", Required, Integer),
            ("min_expiration", Required, Integer),
            ("max_expiration", Required, Integer),
        ],
    ),
    (
        "Registrations",
        &[
            ("enabled", Required, Boolean),
            ("approval_required", Required, Boolean),
            ("message", Nullable, Text),
        ],
    ),
    ("Contact", &[("email", Required, Text), ("account", Nullable, Entity("Account"))]),
    (
        "V1Instance",
        &[
            ("uri", Required, Text),
            ("title", Required, Text),
            ("short_description", Required, Text),
            ("description", Required, Text),
            ("email", Required, Text),
            ("version", Required, Text),
            ("urls", Required, Entity("V1Urls")),
            ("stats", Required, Entity("Stats")),
            ("thumbnail", Required, Kind::Url),
            ("languages", Required, Texts),
            ("registrations", Required, Boolean),
            ("approval_required", Required, Boolean),
            ("invites_enabled", Required, Boolean),
            ("configuration", Required, Entity("V1Configuration")),
            ("contact_account", Nullable, Entity("Account")),
            ("rules", Required, Entities("Rule")),
        ],
    ),
    (
        "V1Configuration",
        &[
            ("statuses", Required, Entity("StatusLimits")),
            ("media_attachments", Required, Entity("MediaLimits")),
            ("polls", Required, Entity("PollLimits")),
        ],
    ),
    ("V1Urls", &[("streaming_api", Required, Kind::Url)]),
    (
        "Stats",
        &[
            ("user_count", Required, Integer),
            ("status_count", Required, Integer),
            ("domain_count", Required, Integer),
        ],
    ),
    (
        "Nodeinfo",
        &[
            ("version", Required, Word(&["2.0", "2.1"])),
            ("software", Required, Entity("NodeinfoSoftware")),
            ("protocols", Required, Texts),
            ("services", Required, Object),
            ("usage", Required, Entity("NodeinfoUsage")),
            ("openRegistrations", Required, Boolean),
            ("metadata", Required, Object),
        ],
    ),
    ("NodeinfoSoftware", &[("name", Required, Text), ("version", Required, Text)]),
    ("NodeinfoUsage", &[("users", Required, Object), ("localPosts", Required, Integer)]),
    (
        "Notification",
        &[
            ("id", Required, Id),
            ("type", Required, Text),
            ("created_at", Required, Time),
            ("account", Required, Entity("Account")),
            ("status", Optional, Entity("Status")),
            ("filtered", Optional, Boolean),
        ],
    ),
    (
        "NotificationGroup",
        &[
            ("group_key", Required, Text),
            ("notifications_count", Required, Integer),
            ("type", Required, Text),
            ("most_recent_notification_id", Required, Integer),
            ("sample_account_ids", Required, Ids),
            ("latest_page_notification_at", Required, Time),
        ],
    ),
    (
        "GroupedNotificationsResults",
        &[
            ("accounts", Required, Entities("Account")),
            ("statuses", Required, Entities("Status")),
            ("notification_groups", Required, Entities("NotificationGroup")),
        ],
    ),
    (
        "Relationship",
        &[
            ("id", Required, Id),
            ("following", Required, Boolean),
            ("showing_reblogs", Required, Boolean),
            ("notifying", Required, Boolean),
            ("languages", Loose, Texts),
            ("followed_by", Required, Boolean),
            ("blocking", Required, Boolean),
            ("blocked_by", Required, Boolean),
            ("muting", Required, Boolean),
            ("muting_notifications", Required, Boolean),
            ("requested", Required, Boolean),
            ("requested_by", Required, Boolean),
            ("domain_blocking", Required, Boolean),
            ("endorsed", Required, Boolean),
            ("note", Required, Text),
        ],
    ),
    (
        "MediaAttachment",
        &[
            ("id", Required, Id),
            ("type", Required, Word(&["image", "gifv", "video", "audio", "unknown"])),
            ("url", Required, Kind::Url),
            ("preview_url", Nullable, Kind::Url),
            ("description", Nullable, Text),
            ("blurhash", Nullable, Text),
        ],
    ),
    (
        "Poll",
        &[
            ("id", Required, Id),
            ("expires_at", Nullable, Time),
            ("expired", Required, Boolean),
            ("multiple", Required, Boolean),
            ("votes_count", Required, Integer),
            ("options", Required, Entities("PollOption")),
            ("emojis", Required, Entities("CustomEmoji")),
            ("own_votes", Required, Integers),
            ("voted", Optional, Boolean),
        ],
    ),
    ("PollOption", &[("title", Required, Text), ("votes_count", Nullable, Integer)]),
    (
        "Search",
        &[
            ("accounts", Required, Entities("Account")),
            ("statuses", Required, Entities("Status")),
            ("hashtags", Required, Entities("Tag")),
        ],
    ),
    (
        "Tag",
        &[
            ("name", Required, Text),
            ("url", Required, Kind::Url),
            ("history", Required, Entities("TagHistory")),
            ("following", Optional, Boolean),
        ],
    ),
    ("TagHistory", &[("day", Required, Id), ("uses", Required, Id), ("accounts", Required, Id)]),
    (
        "FeaturedTag",
        &[
            ("id", Required, Id),
            ("name", Required, Text),
            ("url", Required, Kind::Url),
            ("statuses_count", Required, Id),
            ("last_status_at", Nullable, Day),
        ],
    ),
    (
        "CustomEmoji",
        &[
            ("shortcode", Required, Text),
            ("url", Required, Kind::Url),
            ("static_url", Required, Kind::Url),
            ("visible_in_picker", Required, Boolean),
        ],
    ),
    (
        "Token",
        &[
            ("access_token", Required, Text),
            ("token_type", Required, Word(&["Bearer"])),
            ("scope", Required, Text),
            ("created_at", Required, Integer),
        ],
    ),
    ("Application", &[("name", Required, Text), ("website", Nullable, Text)]),
    (
        "CredentialApplication",
        &[
            ("id", Required, Id),
            ("name", Required, Text),
            ("website", Nullable, Text),
            ("client_id", Required, Text),
            ("client_secret", Required, Text),
            ("redirect_uri", Required, Text),
            ("vapid_key", Required, Text),
        ],
    ),
    (
        "Conversation",
        &[
            ("id", Required, Id),
            ("unread", Required, Boolean),
            ("accounts", Required, Entities("Account")),
            ("last_status", Nullable, Entity("Status")),
        ],
    ),
    (
        "List",
        &[
            ("id", Required, Id),
            ("title", Required, Text),
            ("replies_policy", Required, Word(&["followed", "list", "none"])),
            ("exclusive", Required, Boolean),
        ],
    ),
    (
        "Filter",
        &[
            ("id", Required, Id),
            ("title", Required, Text),
            ("context", Required, Words(CONTEXTS)),
            ("expires_at", Nullable, Time),
            ("filter_action", Required, Word(&["warn", "hide"])),
            ("keywords", Required, Entities("FilterKeyword")),
            ("statuses", Required, Entities("FilterStatus")),
        ],
    ),
    (
        "FilterKeyword",
        &[("id", Required, Id), ("keyword", Required, Text), ("whole_word", Required, Boolean)],
    ),
    ("FilterStatus", &[("id", Required, Id), ("status_id", Required, Id)]),
    (
        "FilterResult",
        &[
            ("filter", Required, Entity("Filter")),
            ("keyword_matches", Loose, Texts),
            ("status_matches", Loose, Ids),
        ],
    ),
    (
        "V1Filter",
        &[
            ("id", Required, Id),
            ("phrase", Required, Text),
            ("context", Required, Words(CONTEXTS)),
            ("expires_at", Nullable, Time),
            ("irreversible", Required, Boolean),
            ("whole_word", Required, Boolean),
        ],
    ),
    (
        "Marker",
        &[("last_read_id", Required, Id), ("version", Required, Integer), ("updated_at", Required, Time)],
    ),
    ("Markers", &[("home", Optional, Entity("Marker")), ("notifications", Optional, Entity("Marker"))]),
    (
        "Preferences",
        &[
            ("posting:default:visibility", Required, Word(VISIBILITIES)),
            ("posting:default:sensitive", Required, Boolean),
            ("posting:default:language", Nullable, Text),
            ("reading:expand:media", Required, Word(&["default", "show_all", "hide_all"])),
            ("reading:expand:spoilers", Required, Boolean),
        ],
    ),
    (
        "ScheduledStatus",
        &[
            ("id", Required, Id),
            ("scheduled_at", Required, Time),
            ("params", Required, Object),
            ("media_attachments", Required, Entities("MediaAttachment")),
        ],
    ),
    (
        "WebPushSubscription",
        &[
            ("id", Required, Integer),
            ("endpoint", Required, Kind::Url),
            ("alerts", Required, Object),
            ("server_key", Required, Text),
            ("policy", Optional, Text),
        ],
    ),
    ("FamiliarFollowers", &[("id", Required, Id), ("accounts", Required, Entities("Account"))]),
    (
        "PreviewCard",
        &[
            ("url", Required, Kind::Url),
            ("title", Required, Text),
            ("description", Required, Text),
            ("type", Required, Word(&["link", "photo", "video", "rich"])),
            ("authors", Optional, Entities("CardAuthor")),
            ("width", Optional, Number),
            ("height", Optional, Number),
        ],
    ),
    ("CardAuthor", &[("name", Required, Text), ("url", Required, Text)]),
    ("Error", &[("error", Required, Text)]),
];

/// Fails unless a value is what clients require of this entity.
#[track_caller]
pub fn check(entity: &str, value: &Value) {
    let mut faults = Vec::new();
    check_entity(entity, value, entity, &mut faults);
    assert!(faults.is_empty(), "{faults:#?} in {value:#}");
}

/// Fails unless a value is an array of what clients require of this entity. Returns its items.
#[track_caller]
pub fn check_all<'a>(entity: &str, value: &'a Value) -> &'a [Value] {
    let items = value.as_array().unwrap_or_else(|| panic!("{value:#} is no array"));
    for item in items {
        check(entity, item);
    }
    items
}

fn check_entity(entity: &str, value: &Value, path: &str, faults: &mut Vec<String>) {
    let Some((_, fields)) = ENTITIES.iter().find(|(name, _)| *name == entity) else {
        faults.push(format!("{path}: the table has no {entity}"));
        return;
    };
    let Some(members) = value.as_object() else {
        faults.push(format!("{path}: no object"));
        return;
    };
    for (name, presence, kind) in *fields {
        let path = format!("{path}.{name}");
        match members.get(*name) {
            None if matches!(presence, Required | Nullable) => faults.push(format!("{path}: missing")),
            Some(Value::Null) if matches!(presence, Required | Optional) => {
                faults.push(format!("{path}: null"));
            }
            None | Some(Value::Null) => {}
            Some(value) => check_kind(*kind, value, &path, faults),
        }
    }
}

fn check_kind(kind: Kind, value: &Value, path: &str, faults: &mut Vec<String>) {
    let text = value.as_str();
    let is_right = match kind {
        Text => value.is_string(),
        Boolean => value.is_boolean(),
        Integer => value.is_i64() || value.is_u64(),
        Number => value.is_number(),
        Id => text.is_some_and(is_id),
        Time => text.is_some_and(is_time),
        Day => text.is_some_and(|day| day.len() == 10 && NaiveDate::parse_from_str(day, "%Y-%m-%d").is_ok()),
        Kind::Url => text.is_some_and(|url| Url::parse(url).is_ok_and(|url| url.has_host())),
        Word(words) => text.is_some_and(|text| words.contains(&text)),
        Object => value.is_object(),
        Texts => items(value).is_some_and(|items| items.iter().all(Value::is_string)),
        Ids => items(value).is_some_and(|items| items.iter().all(|item| item.as_str().is_some_and(is_id))),
        Integers => items(value).is_some_and(|items| items.iter().all(Value::is_u64)),
        Words(words) => items(value).is_some_and(|items| {
            items.iter().all(|item| item.as_str().is_some_and(|item| words.contains(&item)))
        }),
        Entity(entity) => return check_entity(entity, value, path, faults),
        Entities(entity) => {
            let Some(items) = items(value) else {
                return faults.push(format!("{path}: no array"));
            };
            for (index, item) in items.iter().enumerate() {
                check_entity(entity, item, &format!("{path}[{index}]"), faults);
            }
            true
        }
    };
    if !is_right {
        faults.push(format!("{path}: {value} has the wrong form"));
    }
}

fn items(value: &Value) -> Option<&Vec<Value>> {
    value.as_array()
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_time(text: &str) -> bool {
    text.len() == "2019-12-05T11:34:47.196Z".len()
        && text.as_bytes()[19] == b'.'
        && text.ends_with('Z')
        && DateTime::parse_from_rfc3339(text).is_ok()
}

mod tests {
    use serde_json::json;

    use super::*;

    fn faults(entity: &str, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        check_entity(entity, value, "", &mut faults);
        faults
    }

    #[test]
    fn what_a_client_would_fail_on_is_found() {
        let marker = json!({"last_read_id": "1", "version": 1, "updated_at": "2019-12-05T11:34:47.196Z"});
        assert_eq!(faults("Marker", &marker), Vec::<String>::new());
        for (name, wrong) in [
            ("last_read_id", json!(1)),
            ("last_read_id", json!("")),
            ("version", json!("1")),
            ("version", json!(1.5)),
            ("updated_at", json!("2019-12-05T11:34:47Z")),
            ("updated_at", json!("2019-12-05T11:34:47.196123Z")),
            ("updated_at", json!("2019-12-05T11:34:47.196+00:00")),
            ("updated_at", Value::Null),
        ] {
            let mut marker = marker.clone();
            marker[name] = wrong;
            assert_eq!(faults("Marker", &marker).len(), 1, "{marker}");
        }
        assert_eq!(faults("Markers", &json!({})), Vec::<String>::new());
        assert_eq!(faults("Markers", &json!({"home": null})).len(), 1);
        assert_eq!(faults("Markers", &json!({"home": {}})).len(), 3);
        assert_eq!(faults("Context", &json!({"ancestors": [{}], "descendants": null})).len(), 25);
    }

    #[test]
    fn every_entity_that_a_field_names_is_in_the_table() {
        for (entity, fields) in ENTITIES {
            for (name, _, kind) in *fields {
                if let Entity(part) | Entities(part) = kind {
                    assert!(ENTITIES.iter().any(|(found, _)| found == part), "{entity}.{name}");
                }
            }
        }
    }
}
