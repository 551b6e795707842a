#!/usr/bin/env bash
# Measures a release server on SQLite and on a MariaDB of its own, both with their data on the disk, and writes
# target/bench/{sqlite,mariadb}.{md,json,svg}. Settings: BENCH_SCALE (1 is 20,000 users and 3 million tweets),
# BENCH_SECONDS (a measurement's length), BENCH_ONLY (sqlite or mariadb) and BENCH_PUBLISH (not empty: copy the reports to
# docs/bench-*).
set -euo pipefail
cd "$(dirname "$0")/.."

scale=${BENCH_SCALE:-1}
seconds=${BENCH_SECONDS:-6}
command -v wrk >/dev/null || { echo "make bench needs wrk (on Debian: apt install wrk)"; exit 1; }
cargo build --release --locked --package miniter --features mysql
cargo build --release --locked --package miniter-bench --features mysql

folder=$(mktemp -d "$PWD/target/bench.XXXXXX")
trap 'rm -rf "$folder"' EXIT
measure() {
    local name=$1 url=$2
    echo "== $name, scale $scale"
    target/release/miniter-bench run --database-url "$url" --scale "$scale" --seconds "$seconds" \
        --out "target/bench/$name"
    cat "target/bench/$name.md"
    if [ -n "${BENCH_PUBLISH-}" ]; then
        cp "target/bench/$name.svg" "docs/bench-$name.svg"
        sed "s/($name.svg)/(bench-$name.svg)/" "target/bench/$name.md" >"docs/bench-$name.md"
    fi
}
if [ "${1-}" = on-mariadb ]; then
    mariadb --no-defaults --socket="$MINITER_TEST_MYSQL_SOCKET" --user=root --execute='CREATE DATABASE bench CHARACTER SET utf8mb4'
    measure mariadb "$MINITER_TEST_MYSQL_URL/bench"
    exit
fi
if [ "${BENCH_ONLY:-sqlite}" = sqlite ]; then measure sqlite "sqlite:$folder/bench.db"; fi
if [ "${BENCH_ONLY:-mariadb}" = mariadb ]; then
    unset MINITER_TEST_MYSQL_URL
    MINITER_MARIADB_PARENT=$folder MINITER_MARIADB_OPTIONS="--innodb-buffer-pool-size=2G --innodb-log-file-size=512M" \
        scripts/with-mariadb.sh "$0" on-mariadb
fi
