#!/usr/bin/env bash
# Tests a release server with real clients of Mastodon's API: Mastodon.py, toot and masto.js, on SQLite and on MariaDB. Prints
# which client has called which route, and fails if a route of tests/clients/routes.txt was called by none.
#   scripts/test-clients.sh [sqlite|mariadb]
# MINITER_BINARY is a program to test instead of a release build.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
only=${1-}

if [ "${1-}" = on-mariadb ]; then
    databases=mariadb
else
    databases=${1:-sqlite mariadb}
    if [ -z "${MINITER_BINARY-}" ]; then
        cargo build --release --locked --features mysql --bin miniter
        export MINITER_BINARY=${CARGO_TARGET_DIR:-target}/release/miniter
    fi
fi
clients=$(scripts/clients.sh)
node=$clients/node_modules/.bin/node

folder=$(mktemp -d)
server=
stop() {
    if [ -n "$server" ]; then
        kill -TERM "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
        server=
    fi
}
trap 'stop; rm -rf "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A port that nobody else has, below those that outgoing connections take.
start() {
    local database=$1 try port
    for try in 1 2 3 4 5; do
        port=$((20000 + RANDOM % 12000))
        export MINITER_TEST_SERVER=http://127.0.0.1:$port
        # The limits are wider than the tests, but there: clients read the headers about them.
        MINITER_DATABASE_URL=$database MINITER_BIND=127.0.0.1:$port MINITER_PUBLIC_URL=$MINITER_TEST_SERVER \
            MINITER_JWT_SECRET='a secret for tests, 32 bytes and more' MINITER_LOG=warn,miniter::access=info \
            MINITER_LOG_IN_LIMIT=10000/1m MINITER_SIGN_UP_LIMIT=10000/1m MINITER_WRITE_LIMIT=100000/1m \
            MINITER_READ_LIMIT=100000/1m "$MINITER_BINARY" 2>"$folder/log" &
        server=$!
        until curl --silent --fail --output /dev/null "$MINITER_TEST_SERVER/readyz"; do
            if ! kill -0 "$server" 2>/dev/null; then
                wait "$server" || true
                server=
                break
            fi
            sleep 0.05
        done
        if [ -n "$server" ]; then return; fi
    done
    echo "the server does not start (try $try):"
    cat "$folder/log"
    exit 1
}

# suite NAME COMMAND…: runs the tests of a client; what the server logs meanwhile goes to $folder/NAME.log.
suite() {
    local name=$1 status=0 before started=$SECONDS
    shift
    before=$(stat --format=%s "$folder/log")
    "$@" >"$folder/$name.out" 2>&1 || status=$?
    tail --bytes="+$((before + 1))" "$folder/log" >"$folder/$name.log"
    if [ "$status" = 0 ]; then
        echo "$name: $(grep -E '^Ran |^# pass ' "$folder/$name.out" | tail -n 1 | sed -E 's/ in .*//; s/^# pass (.*)/Ran \1 tests/') in $((SECONDS - started)) s"
    else
        cat "$folder/$name.out"
        failed+=("$name on $database")
    fi
}

failed=()
python=("$clients/bin/python" -W error::ResourceWarning -m unittest)
export PYTHONDONTWRITEBYTECODE=1 MINITER_TEST_CLIENTS=$clients MINITER_TEST_COMPARISON=$folder/comparison.json
test_on() {
    database=$1
    echo "== clients on $database"
    start "$2"
    cd "$root/tests/clients"
    export PYTHONPATH=$PWD
    suite Mastodon.py "${python[@]}" discover --start-directory mastodon_py
    suite toot "${python[@]}" toot_test
    suite masto.js "$node" --test --test-reporter=tap --test-concurrency=1 masto_js/*.test.mjs
    cd "$root"
    stop
    "$clients/bin/python" tests/clients/routes.py "Mastodon.py=$folder/Mastodon.py.log" "toot=$folder/toot.log" \
        "masto.js=$folder/masto.js.log" >"$folder/routes" || failed+=("routes on $database")
    # Of both databases the table of the second is enough.
    if [ -n "$only" ] || [ "${#failed[@]}" -gt 0 ]; then cat "$folder/routes"; fi
    # What a client sends is never our fault.
    if grep -E ' ERROR |panicked' "$folder/log"; then failed+=("the log on $database"); fi
}

for one in $databases; do
    if [ "$one" = sqlite ]; then
        test_on SQLite "sqlite:$folder/miniter.db"
    elif [ "${1-}" = on-mariadb ]; then
        mariadb --no-defaults --protocol=tcp --user=root --host=127.0.0.1 \
            --port="${MINITER_TEST_MYSQL_URL##*:}" --execute 'CREATE DATABASE miniter_clients'
        test_on MariaDB "$MINITER_TEST_MYSQL_URL/miniter_clients"
    else
        scripts/with-mariadb.sh "$0" on-mariadb || failed+=("MariaDB")
    fi
done
if [ "${#failed[@]}" -gt 0 ]; then
    printf 'failed: %s\n' "${failed[@]}"
    exit 1
fi
