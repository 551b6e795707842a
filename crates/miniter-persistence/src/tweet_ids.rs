//! The ids that tweets have in the database.

/// The greatest id of a tweet that leaves room above it. Other programs number their tweets "greatest + 1", and may leave none.
macro_rules! greatest_id {
    ($connection:expr) => {{
        let below = |connection: &mut _, end: StatusId| -> QueryResult<StatusId> {
            let newest: Option<i64> =
                tweets::table.filter(tweets::id.lt(end.get())).select(max(tweets::id)).first(connection)?;
            Ok(StatusId::new(newest.unwrap_or(0)))
        };
        let connection = &mut *$connection;
        match below(connection, StatusId::END) {
            Ok(newest) if !newest.has_room() => below(connection, StatusId::CLOCK_END),
            newest => newest,
        }
    }};
}

pub(crate) use greatest_id;
