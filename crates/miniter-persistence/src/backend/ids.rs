//! A list of ids in a statement, of any length.

use diesel::QueryResult;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Text;

/// Ids in parentheses, for what follows `IN`. There must be at least one.
///
/// On SQLite it is a parameter, a list in JSON: as many parameters would make another statement, to be prepared anew, for each
/// length. On a server it is in the text of the statement, which is not kept by the connection.
pub(crate) struct Ids {
    json: String,
}

impl Ids {
    pub(crate) fn new(ids: &[i64]) -> Self {
        let mut json = String::with_capacity(ids.len() * 20 + 2);
        for id in ids {
            json.push(if json.is_empty() { '[' } else { ',' });
            json.push_str(&id.to_string());
        }
        json.push(']');
        Self { json }
    }
}

impl QueryId for Ids {
    type QueryId = Self;
}

impl QueryFragment<diesel::sqlite::Sqlite> for Ids {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, diesel::sqlite::Sqlite>) -> QueryResult<()> {
        out.push_sql("(SELECT value FROM json_each(");
        out.push_bind_param::<Text, _>(&self.json)?;
        out.push_sql("))");
        Ok(())
    }
}

#[cfg(feature = "mysql")]
impl QueryFragment<diesel::mysql::Mysql> for Ids {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, diesel::mysql::Mysql>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql("(");
        out.push_sql(self.json.trim_matches(['[', ']']));
        out.push_sql(")");
        Ok(())
    }
}
