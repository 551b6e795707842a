//! How far users have read, in the database.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use miniter_domain::{MarkedTimeline, Marker, MarkerRepository, RepositoryError, UserId};

use crate::database::{read, write};
use crate::schema::markers;
use crate::store::Store;

impl MarkerRepository for Store {
    fn list(&self, user: UserId) -> Result<Vec<Marker>, RepositoryError> {
        let rows: Vec<(String, i64, i64, NaiveDateTime)> = read!(self, |connection| {
            markers::table
                .filter(markers::user_id.eq(user.get()))
                .order(markers::timeline)
                .select((markers::timeline, markers::last_read_id, markers::version, markers::updated_at))
                .load(connection)
        })?;
        let marker = |(timeline, last_read_id, version, updated_at): (String, i64, i64, NaiveDateTime)| {
            let timeline = MarkedTimeline::of_name(&timeline)?;
            Some(Marker { timeline, last_read_id, version, updated_at: updated_at.and_utc() })
        };
        Ok(rows.into_iter().filter_map(marker).collect())
    }

    fn set(
        &self,
        user: UserId,
        positions: &[(MarkedTimeline, i64)],
        now: DateTime<Utc>,
    ) -> Result<Vec<Marker>, RepositoryError> {
        let (user, positions, moment) = (user.get(), positions.to_vec(), now.naive_utc());
        write!(self, |connection, _events| {
            let mut moved = Vec::with_capacity(positions.len());
            for (timeline, last_read_id) in positions.iter().copied() {
                let row = markers::table.find((user, timeline.name()));
                let known: Option<i64> = row.select(markers::version).first(connection).optional()?;
                let version = known.unwrap_or(0).saturating_add(1);
                if known.is_some() {
                    diesel::update(row)
                        .set((
                            markers::last_read_id.eq(last_read_id),
                            markers::version.eq(version),
                            markers::updated_at.eq(moment),
                        ))
                        .execute(connection)?;
                } else {
                    diesel::insert_into(markers::table)
                        .values((
                            markers::user_id.eq(user),
                            markers::timeline.eq(timeline.name()),
                            markers::last_read_id.eq(last_read_id),
                            markers::version.eq(version),
                            markers::updated_at.eq(moment),
                        ))
                        .execute(connection)?;
                }
                moved.push(Marker { timeline, last_read_id, version, updated_at: moment.and_utc() });
            }
            Ok(moved)
        })
    }
}
