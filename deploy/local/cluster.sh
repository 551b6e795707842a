#!/usr/bin/env bash
# Starts two miniter nodes behind HAProxy, over MariaDB or a Galera cluster of three behind another HAProxy, all on this
# machine. Ctrl-C stops all of it and removes its data.
#   deploy/local/cluster.sh path/to/miniter
# Whatever ends meanwhile is started again, as systemd would: kill what you like. In the environment:
#   DB       mariadb (one server, the default) or galera (three)
#   ADDRESS  where the balancer listens, 127.0.0.1:5000
#   BASE     the first of the other ports, 21000 (up to BASE + 39)
#   FOLDER   where data, logs and NAME.pid files are; a new folder under /tmp that is removed at the end
# MINITER_… variables are handed to the nodes.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
miniter=$(realpath "$1")
DB=${DB:-mariadb}
ADDRESS=${ADDRESS:-127.0.0.1:5000}
BASE=${BASE:-21000}
# Debian keeps servers where only root looks for them.
PATH=$PATH:/usr/sbin:/usr/local/sbin
export HERE ADDRESS NODE_A_PORT=$((BASE + 1)) NODE_B_PORT=$((BASE + 2)) DATABASE_PORT=$((BASE + 3)) DB1_PORT=$((BASE + 10))
case $DB in
    mariadb) databases=(1) ;;
    galera)
        databases=(1 2 3)
        export DB2_PORT=$((BASE + 20)) DB3_PORT=$((BASE + 30))
        ;;
    *) echo "DB is mariadb or galera, and not $DB" >&2; exit 2 ;;
esac

is_temporary=
if [ -z "${FOLDER-}" ]; then
    FOLDER=$(mktemp -d "${TMPDIR:-/tmp}/miniter-cluster.XXXXXX")
    is_temporary=yes
fi
export FOLDER
# Others than its owner may look into it: servers that are started by root run as somebody else.
chmod 711 "$FOLDER"
owner=$(id -un)
if [ "$owner" = root ]; then owner=mysql; fi
cluster=miniter-$$-$RANDOM

# keep NAME PAUSE COMMAND…: runs it in the background, and again whenever it ends, after so many seconds, until `stop NAME`.
declare -A keepers
keep() {
    local name=$1 pause=$2
    shift 2
    (
        trap '' INT
        child=
        trap 'trap "" TERM; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null; wait "$child" 2>/dev/null; exit 0' TERM
        while :; do
            "$@" >>"$FOLDER/$name.log" 2>&1 &
            child=$!
            echo "$child" >"$FOLDER/$name.pid.new"
            mv "$FOLDER/$name.pid.new" "$FOLDER/$name.pid"
            status=0
            wait "$child" || status=$?
            echo "$name has ended with $status: starting it again"
            sleep "$pause"
        done
    ) &
    keepers[$name]=$!
}

# stop NAME…: all at once, and waits for them.
stop() {
    local name
    for name in "$@"; do [ -z "${keepers[$name]-}" ] || kill -TERM "${keepers[$name]}" 2>/dev/null || true; done
    for name in "$@"; do [ -z "${keepers[$name]-}" ] || wait "${keepers[$name]}" 2>/dev/null || true; done
}

# Those in front first, so that nobody asks what is gone.
stop_all() {
    trap '' INT TERM
    echo "stopping"
    stop balancer
    stop a b
    stop database
    # The one that is stopped last knows all that was written.
    stop db2 db3
    stop db1
    if [ -n "$is_temporary" ]; then rm -rf "$FOLDER"; fi
}
trap stop_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# until_so SECONDS WHAT COMMAND…: waits until the command succeeds.
until_so() {
    local deadline=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        if [ $SECONDS -ge $deadline ]; then
            echo "$what: not in time; the logs:" >&2
            tail -n 20 "$FOLDER"/*.log >&2
            exit 1
        fi
        sleep 0.1
    done
}

on_db() {
    local port=$((BASE + 10 * $1))
    shift
    mariadb --no-defaults --host=127.0.0.1 --port="$port" --user=root --connect-timeout=2 "$@"
}

# run_db NUMBER: becomes the database server.
run_db() {
    local data=$FOLDER/db$1 port=$((BASE + 10 * $1)) options=() galera
    [ -d "$data" ] || { cp -r "$template" "$data.new" && chown -R "$owner" "$data.new" && mv "$data.new" "$data"; }
    # A server that starts deletes the temporary tables of every server that shares its folder for them.
    mkdir -p "$data.tmp" && chown "$owner" "$data.tmp"
    options+=(--no-defaults --datadir="$data" --tmpdir="$data.tmp" --user="$owner"
        --bind-address=127.0.0.1 --port="$port" --socket="$data/socket" --pid-file="$data/pid" --max-connections=500
        --innodb-buffer-pool-size=128M --innodb-log-file-size=48M)
    if [ "$DB" = galera ]; then
        galera=$(ls /usr/lib*/galera*/libgalera_smm.so /usr/lib/libgalera_smm.so 2>/dev/null | head -n 1 || true)
        options+=(--binlog-format=ROW --innodb-autoinc-lock-mode=2
            # Reads wait until what others have committed is here. (Whoever has become the writer may not have all of it yet.)
            --wsrep-sync-wait=1
            --wsrep-on=ON --wsrep-provider="$galera" --wsrep-cluster-name="$cluster" --wsrep-node-name="db$1"
            --wsrep-node-address=127.0.0.1 --wsrep-sst-method=rsync --wsrep-sst-receive-address="127.0.0.1:$((port + 3))"
            # One that does not answer for a second is left behind; Galera's own patience is 5 s, and nobody can commit
            # meanwhile. Between machines a network needs more of it than a loopback does.
            --wsrep-provider-options="gmcast.listen_addr=tcp://127.0.0.1:$((port + 1));ist.recv_addr=127.0.0.1:$((port + 2));gcache.size=64M;evs.keepalive_period=PT0.3S;evs.inactive_check_period=PT0.2S;evs.suspect_timeout=PT1S;evs.inactive_timeout=PT2S;evs.install_timeout=PT1.5S")
        local members=gcomm://127.0.0.1:$((BASE + 11)),127.0.0.1:$((BASE + 21)),127.0.0.1:$((BASE + 31))
        options+=(--wsrep-cluster-address="$members")
        # The first of all, or the one that was stopped last.
        if [ "$1" = 1 ] && { [ ! -e "$data/grastate.dat" ] || grep -q '^safe_to_bootstrap: 1' "$data/grastate.dat"; }; then
            options+=(--wsrep-new-cluster)
        elif [ -e "$data/grastate.dat" ]; then
            # Where it was when it was killed, so that it need only be told what came after (as Debian's unit does).
            local position
            position=$(mariadbd "${options[@]}" --wsrep-recover --log-error="$data/recovery.log" >/dev/null 2>&1
                sed -n 's/.*Recovered position:* *//p' "$data/recovery.log" | tail -n 1)
            rm -f "$data/recovery.log"
            if [ -n "$position" ]; then options+=(--wsrep-start-position="$position"); fi
        fi
    fi
    exec setsid mariadbd "${options[@]}"
}

is_synced() {
    [ "$DB" = mariadb ] || [ "$(on_db "$1" --skip-column-names --batch --execute="SHOW STATUS LIKE 'wsrep_local_state'" | cut -f 2)" = 4 ]
}
answers() { on_db "$1" --execute='SELECT 1' && is_synced "$1"; }

# run_node NAME PORT: becomes the node.
run_node() {
    mkdir -p "$FOLDER/node-$1"
    cd "$FOLDER/node-$1"
    export MINITER_BIND=127.0.0.1:$2 MINITER_METRICS_BIND=127.0.0.1:$(($2 + 4)) MINITER_TRUSTED_PROXIES=127.0.0.1
    exec setsid "$miniter"
}

is_ready() { curl --silent --fail --max-time 2 "http://$1/readyz"; }

echo "starting $DB in $FOLDER"
template=$("$HERE/../../scripts/mariadb-template.sh")
for number in "${databases[@]}"; do
    # The pause of Debian's unit. One that comes back at once meets the others while they still agree that it is gone.
    keep "db$number" 5 run_db "$number"
    until_so 60 "the database server db$number" answers "$number"
    if [ "$number" = 1 ]; then
        on_db 1 --execute="
            CREATE DATABASE IF NOT EXISTS miniter CHARACTER SET utf8mb4;
            CREATE USER IF NOT EXISTS miniter@localhost IDENTIFIED BY 'miniter';
            GRANT ALL PRIVILEGES ON miniter.* TO miniter@localhost;
            CREATE USER IF NOT EXISTS \`check\`@localhost"
    fi
done
keep database 1 setsid haproxy -db -f "$HERE/database.cfg"
export MINITER_DATABASE_URL=mysql://miniter:miniter@127.0.0.1:$DATABASE_PORT/miniter
until_so 20 "the way to the database" mariadb --no-defaults --host=127.0.0.1 --port="$DATABASE_PORT" --user=check --execute='SELECT 1'
# The same on both nodes: what clients are told, and what signs tokens.
export MINITER_PUBLIC_URL="${MINITER_PUBLIC_URL:-http://$ADDRESS}"
if [ -z "${MINITER_JWT_SECRET-}" ]; then
    MINITER_JWT_SECRET=$(head -c 32 /dev/urandom | base64)
    export MINITER_JWT_SECRET
fi
keep a 1 run_node a "$NODE_A_PORT"
keep b 1 run_node b "$NODE_B_PORT"
for port in "$NODE_A_PORT" "$NODE_B_PORT"; do until_so 60 "the node on port $port" is_ready "127.0.0.1:$port"; done
keep balancer 1 setsid haproxy -db -f "$HERE/balancer.cfg"
until_so 20 "the balancer" is_ready "$ADDRESS"

echo "the cluster serves on http://$ADDRESS"
echo "  nodes      a: 127.0.0.1:$NODE_A_PORT  b: 127.0.0.1:$NODE_B_PORT  (their metrics: $((NODE_A_PORT + 4)), $((NODE_B_PORT + 4)))"
echo "  database   127.0.0.1:$DATABASE_PORT, in front of$(printf ' db%s' "${databases[@]}")"
echo "  processes  kill -9 \$(cat $FOLDER/a.pid), or b, $(printf 'db%s, ' "${databases[@]}")database, balancer: it comes back"
echo "  logs       $FOLDER/*.log"
echo "Ctrl-C stops all of it"
wait
