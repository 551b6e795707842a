#!/usr/bin/env bash
# Runs the tests of load, crashes and stops, on a release build and one at a time: on SQLite, and on MariaDB. What they
# measure is printed as they go, and again at the end.
set -euo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# run NAME COMMAND…
run() {
    local name=$1
    shift
    echo "== faults on $name" | tee -a "$log"
    "$@" cargo test --release --locked --features mysql --package miniter --test faults -- --test-threads=1 --nocapture 2>&1 |
        tee -a "$log"
}

run SQLite env -u MINITER_TEST_MYSQL_URL
run MariaDB scripts/with-mariadb.sh
echo
grep -o -E '^== .*|measured: .*|not measured: .*' "$log"
