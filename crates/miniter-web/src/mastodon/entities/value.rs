//! Numbers and times, as this API writes them.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use miniter_domain::{NotificationId, StatusId, UserId};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// A number that is a string of decimal digits on the wire: JavaScript loses digits beyond 2^53.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ToSchema)]
#[schema(value_type = String, pattern = "^[0-9]+$", example = "103254962155278888")]
pub(crate) struct Id(pub(crate) i64);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl From<UserId> for Id {
    fn from(id: UserId) -> Self {
        Self(id.get())
    }
}

impl From<NotificationId> for Id {
    fn from(id: NotificationId) -> Self {
        Self(id.get())
    }
}

impl From<StatusId> for Id {
    fn from(id: StatusId) -> Self {
        Self(id.get())
    }
}

/// A moment, with exactly three digits after the second: some clients take any other form for the present moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2019-12-05T11:34:47.196Z")]
pub(crate) struct Timestamp(pub(crate) DateTime<Utc>);

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// A day, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = Date, example = "2019-12-05")]
pub(crate) struct Day(pub(crate) NaiveDate);

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.format("%Y-%m-%d"))
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(moment: DateTime<Utc>) -> Self {
        Self(moment)
    }
}

impl From<DateTime<Utc>> for Day {
    fn from(moment: DateTime<Utc>) -> Self {
        Self(moment.date_naive())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_is_digits_and_a_time_has_three_of_them_after_the_second() {
        assert_eq!(json!(Id(i64::MAX)), json!("9223372036854775807"));
        for (micros, text) in [
            (1_575_545_687_196_999, "2019-12-05T11:34:47.196Z"),
            (1_575_545_687_000_000, "2019-12-05T11:34:47.000Z"),
        ] {
            let moment = DateTime::from_timestamp_micros(micros).unwrap();
            assert_eq!(json!(Timestamp(moment)), json!(text));
            assert_eq!(json!(Day::from(moment)), json!("2019-12-05"));
        }
    }
}
