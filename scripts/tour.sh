#!/usr/bin/env bash
# Takes the README's tour: starts the server with `make run` and runs the tour's commands as they stand, comparing what
# they print with what the README says. "…" in the README stands for anything. toot, which the tour uses, comes from
# scripts/clients.sh; its page in the browser is filled in by tests/clients/pages.py.
#   scripts/tour.sh [--running]   with the server that listens on port 5000 already, whose database is empty
set -euo pipefail
cd "$(dirname "$0")/.."

clients=$(scripts/clients.sh)
folder=$(mktemp -d)
server=
stop() {
    if [ -n "$server" ]; then
        kill -TERM -- "-$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$folder"
}
trap stop EXIT

if [ "${1-}" != --running ]; then
    if curl --silent --output /dev/null http://127.0.0.1:5000/; then
        echo "another program listens on port 5000; the tour needs it"
        exit 1
    fi
    # In a process group of its own, so that make, cargo and the server can be told to stop together.
    set -m
    MINITER_DATABASE_URL="sqlite:$folder/data/miniter.db" make run >"$folder/server.log" 2>&1 &
    server=$!
    set +m

    echo "building and starting the server"
    until curl --silent --fail --output /dev/null http://127.0.0.1:5000/ping; do
        if ! kill -0 "$server" 2>/dev/null; then
            cat "$folder/server.log"
            exit 1
        fi
        sleep 0.2
    done
fi

# Each command block (```sh) goes to NN.sh, the block after it (```text) to NN.txt.
awk -v folder="$folder" '
    /^## /                 { inside = ($0 == "## A five-minute tour") }
    !inside                { next }
    /^```sh$/              { file = sprintf("%s/%02d.sh", folder, ++n); next }
    /^```text$/            { file = sprintf("%s/%02d.txt", folder, n); next }
    /^```/                 { file = ""; next }
    file != ""             { print > file }
' README.md

# toot keeps no settings in the home folder of the person who runs this.
export PATH=$clients/bin:$PATH XDG_CONFIG_HOME=$folder/config
# toot opens its page in this "browser", which logs Song in and types the code that the page shows.
mkfifo "$folder/typed"
export BROWSER="python3 tests/clients/pages.py --to $folder/typed %s song@example.com 'correct horse'"

steps=0
for commands in "$folder"/[0-9][0-9].sh; do
    cat "$commands"
    # In this shell: later steps use the variables of earlier ones.
    # shellcheck source=/dev/null
    if grep -q '^toot login' "$commands"; then
        # The empty line answers whether to open the browser.
        source "$commands" >"$folder/printed" < <(echo && cat "$folder/typed")
    else
        source "$commands" >"$folder/printed" </dev/null
    fi
    printed=$(cat "$folder/printed")
    echo "$printed"
    expected=${commands%.sh}.txt
    if [ -e "$expected" ]; then
        pattern=$(sed -e 's/[][*?\\]/\\&/g' -e 's/…/*/g' "$expected")
        # shellcheck disable=SC2053 # the pattern is a glob
        if [[ $printed != $pattern ]]; then
            echo "The README says:"
            cat "$expected"
            exit 1
        fi
    fi
    steps=$((steps + 1))
done
[ "$steps" -ge 8 ] || { echo "the tour has only $steps steps; is its heading still the same?"; exit 1; }
echo "the tour's $steps steps are as the README says"
