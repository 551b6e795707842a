#!/usr/bin/env bash
# Runs a command with a MariaDB server of its own, whose address is in MINITER_TEST_MYSQL_URL:
#   scripts/with-mariadb.sh COMMAND [ARGUMENT …]
# The data directory is thrown away, and the server is stopped, however the command ends. Where MINITER_TEST_MYSQL_URL
# is set already, that server is used instead. MINITER_MARIADB_PARENT is a folder for the data where memory is not
# wanted, MINITER_MARIADB_OPTIONS are more options for the server.
set -euo pipefail

if [ -n "${MINITER_TEST_MYSQL_URL-}" ]; then
    echo "using the server in MINITER_TEST_MYSQL_URL" >&2
    exec "$@"
fi

# Debian keeps servers where only root looks for them.
PATH=$PATH:/usr/sbin:/usr/local/sbin

template=$("$(dirname "$0")"/mariadb-template.sh)

# In memory where there is room for it.
parent=${TMPDIR:-/tmp}
if [ -w /dev/shm ] && [ "$(df --output=avail -k /dev/shm | tail -n 1)" -gt 1500000 ]; then parent=/dev/shm; fi
parent=${MINITER_MARIADB_PARENT:-$parent}
folder=$(mktemp -d "$parent/miniter-mariadb.XXXXXX")
server=
command=
stop() {
    if [ -n "$command" ]; then kill -TERM "$command" 2>/dev/null || true; fi
    if [ -n "$server" ]; then
        kill -CONT "$server" 2>/dev/null || true
        kill -TERM "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cp -r "$template" "$folder/data"
# A server that starts deletes the temporary tables of every server that shares its folder for them.
mkdir "$folder/tmp"

# Its time zone is not ours, so that whatever depends on it shows.
start_on() {
    mariadbd --no-defaults --datadir="$folder/data" --tmpdir="$folder/tmp" --user="$(id -un)" \
        --bind-address=127.0.0.1 --port="$1" \
        --socket="$folder/socket" --pid-file="$folder/pid" --default-time-zone=+09:00 --max-connections=1000 \
        --innodb-buffer-pool-size=256M --innodb-log-file-size=64M ${MINITER_MARIADB_OPTIONS-} \
        >"$folder/log" 2>&1 &
    server=$!
    until mariadb-admin --no-defaults --socket="$folder/socket" --user=root ping >/dev/null 2>&1; do
        kill -0 "$server" 2>/dev/null || return 1
        sleep 0.05
    done
}

# A free port below those that outgoing connections take.
for _ in 1 2 3 4 5 6 7 8 9 10; do
    port=$((20000 + RANDOM % 12000))
    if start_on "$port"; then break; fi
    server=
done
if [ -z "$server" ]; then
    echo "MariaDB does not start:" >&2
    cat "$folder/log" >&2
    exit 1
fi

export MINITER_TEST_MYSQL_URL="mysql://root@127.0.0.1:$port" MINITER_TEST_MYSQL_SOCKET=$folder/socket
# In the background, so that a signal ends the server at once and not when the command has ended.
"$@" <&0 &
command=$!
status=0
wait "$command" || status=$?
command=
exit "$status"
