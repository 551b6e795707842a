#!/usr/bin/env bash
# Runs all tests on SQLite and, unless told otherwise, those that are about a database again on MariaDB, and says how
# many ran on each.
#   scripts/test.sh [--sqlite-only]
set -euo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# A program's own time zone must not matter, and neither must a server's.
export TZ=Asia/Seoul
# A snapshot that differs fails its test and is not written.
export INSTA_UPDATE=no

# run NAME COMMAND…: runs the command and adds up what its test runner says.
declare -A ran
run() {
    local name=$1
    shift
    echo "== the tests on $name"
    "$@" 2>&1 | tee "$log"
    ran[$name]=$(awk '/^test result: ok\./ { n += $4 } END { print n + 0 }' "$log")
    [ "${ran[$name]}" -gt 0 ] || { echo "no test ran on $name"; exit 1; }
}

if [ "${1-}" = --sqlite-only ]; then
    run SQLite env -u MINITER_TEST_MYSQL_URL cargo test --workspace --locked
    echo "${ran[SQLite]} tests passed on SQLite. NOT RUN on MySQL or MariaDB, as was asked for; make test runs both."
    exit 0
fi

run SQLite env -u MINITER_TEST_MYSQL_URL cargo test --workspace --locked --features mysql \
    --lib --bins --test contract --test sqlite --test api
run MariaDB scripts/with-mariadb.sh cargo test --workspace --locked --features mysql \
    --test contract --test api --test mysql
server=${MINITER_TEST_MYSQL_URL:+, the server in MINITER_TEST_MYSQL_URL}
echo "${ran[SQLite]} tests passed on SQLite, ${ran[MariaDB]} on MySQL/MariaDB$server."
