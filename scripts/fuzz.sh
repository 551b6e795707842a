#!/usr/bin/env bash
# Has schemathesis call a server with what its OpenAPI documents allow and what they do not, with a token: on SQLite, and
# on the server in MINITER_TEST_MYSQL_URL where there is one (scripts/with-mariadb.sh). Fails at the first surprise.
#   scripts/fuzz.sh [--max-examples NUMBER] [--seed NUMBER]
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

cargo build --quiet --locked --features mysql --bin miniter
program=${CARGO_TARGET_DIR:-target}/debug/miniter
[[ $program = /* ]] || program=$root/$program

tools=.tools/schemathesis-4.32.5
if ! "$tools/bin/python" -m schemathesis.cli --version >/dev/null 2>&1; then
    rm -rf "$tools"
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check schemathesis==4.32.5
fi

folder=$(mktemp -d)
server=
stop() {
    if [ -n "$server" ]; then
        kill -TERM "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$folder"
}
trap stop EXIT

# schemathesis DOCUMENT [ARGUMENT …]
schemathesis() {
    (cd tests/fuzz && PYTHONDONTWRITEBYTECODE=1 HYPOTHESIS_STORAGE_DIRECTORY="$folder/hypothesis" \
        "$root/$tools/bin/python" -m schemathesis.cli run "$@" --checks all --mode all \
        --phases examples,coverage,fuzzing,stateful --workers 1 --warnings off --no-color --seed 20261122)
}

# fuzz NAME DATABASE_URL [ARGUMENT …]
fuzz() {
    local name=$1 database=$2 port base account
    shift 2
    echo "== schemathesis on $name"
    port=$((20000 + RANDOM % 12000))
    base=http://127.0.0.1:$port
    MINITER_DATABASE_URL=$database MINITER_JWT_SECRET='a secret for tests, 32 bytes and more' MINITER_RATE_LIMITS=off \
        MINITER_LOG=warn "$program" --bind "127.0.0.1:$port" 2>"$folder/log" &
    server=$!
    until curl --silent --fail --output /dev/null "$base/readyz"; do
        kill -0 "$server" || { cat "$folder/log"; exit 1; }
        sleep 0.1
    done
    # Whoever is asked to follow a small number shall not be asked to follow themselves.
    for account in {1..40}; do
        curl --silent --fail --output /dev/null "$base/sign-up" -H 'Content-Type: application/json' \
            -d "{\"name\": \"$account\", \"email\": \"$account@fuzz.example\", \"password\": \"a horse of course\"}"
    done
    token=$(curl --silent --fail "$base/login" -H 'Content-Type: application/json' \
        -d '{"email": "37@fuzz.example", "password": "a horse of course"}' |
        sed 's/.*"access_token":"\([^"]*\)".*/\1/')
    schemathesis "$base/openapi.json" -H "Authorization: $token" "$@"
    # Mastodon ignores what it does not understand, answers 404 to other methods, and refuses apps that it does not know.
    schemathesis "$base/openapi/mastodon.json" -H "Authorization: Bearer $token" "$@" \
        --exclude-checks unsupported_method,negative_data_rejection,positive_data_acceptance
    kill -TERM "$server"
    wait "$server"
    server=
    # What a client sends is never our fault.
    if grep -E ' ERROR |panicked' "$folder/log"; then exit 1; fi
}

fuzz SQLite "sqlite:$folder/miniter.db" --max-examples 100 "$@"
if [ -n "${MINITER_TEST_MYSQL_URL-}" ]; then
    database=miniter_fuzz_$$
    mariadb=(mariadb --no-defaults --protocol=tcp --user=root --host=127.0.0.1)
    mariadb+=(--port="$(sed 's/.*:\([0-9]*\).*/\1/' <<<"$MINITER_TEST_MYSQL_URL")")
    "${mariadb[@]}" --execute "CREATE DATABASE $database"
    fuzz "MySQL or MariaDB" "$MINITER_TEST_MYSQL_URL/$database" --max-examples 100 "$@"
    "${mariadb[@]}" --execute "DROP DATABASE $database"
fi
