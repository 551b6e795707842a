#!/usr/bin/env bash
# Makes crates/miniter-persistence/src/schema.rs from a database that the migrations have made.
#   scripts/schema.sh path/to/diesel [--check]
# With --check nothing is written. It fails if schema.rs is not what SQLite says, if MariaDB says anything else than that
# (but for the spelling of types), if a migration cannot be undone and redone, or if the diesel tool and the migrations
# in the binary do not go together. For MariaDB it wants a server in MINITER_TEST_MYSQL_URL (scripts/with-mariadb.sh).
set -euo pipefail
cd "$(dirname "$0")/.."

diesel=$1
folder=$(mktemp -d)
database=miniter_schema_$$
trap 'rm -rf "$folder"' EXIT
sqlite=$folder/schema.db

if [ "${2-}" != --check ]; then
    "$diesel" --database-url "$sqlite" migration run
    exit
fi

mysql=$MINITER_TEST_MYSQL_URL/$database
on_mysql() { "$diesel" --config-file diesel.mysql.toml --database-url "$mysql" "$@"; }
drop() { on_mysql database drop >/dev/null 2>&1 || true; }
trap 'drop; rm -rf "$folder"' EXIT
miniter() { cargo run --quiet --locked --features mysql --bin miniter -- "$@"; }

echo "== SQLite"
"$diesel" --database-url "$sqlite" migration run --locked-schema
"$diesel" --database-url "$sqlite" migration redo --all --locked-schema

echo "== MariaDB"
on_mysql database setup
on_mysql migration redo --all
# Types have other names on the two, and one tells the length of a text.
normalise() {
    sed -e '/#\[max_length = [0-9]*\]/d' -e 's/\bBigint\b/BigInt/' -e 's/\bSmallint\b/SmallInt/' -e 's/\bVarchar\b/Text/' \
        -e 's/\bDatetime\b/Timestamp/' -e 's/\bVarbinary\b/Binary/'
}
on_mysql print-schema | normalise >"$folder/mysql.rs"
normalise <crates/miniter-persistence/src/schema.rs | diff - "$folder/mysql.rs" ||
    { echo "MariaDB has another schema"; exit 1; }

echo "== the diesel tool and the binary"
for url in "sqlite:$sqlite" "$mysql"; do
    said=$(miniter migrate --database-url "$url")
    [ "$(wc -l <<<"$said")" = 1 ] || { echo "after the diesel tool, the binary says: $said"; exit 1; }
done
# The other way round, on new databases.
rm "$sqlite"
drop
mkdir "$folder/none"
on_mysql database setup --migration-dir "$folder/none"
miniter migrate --database-url "sqlite:$sqlite"
miniter migrate --database-url "$mysql"
[ "$("$diesel" --database-url "$sqlite" migration pending)" = false ]
[ "$(on_mysql migration pending)" = false ]

echo "the two databases have one schema, it is that of schema.rs, and every migration can be undone"
