#!/usr/bin/env bash
# Checks the Dockerfile without building it: hadolint's rules, those of ours that it has none for, and the command of the
# health check, which is run against servers that are well, that are not, and that are not there.
#   scripts/docker-check.sh HADOLINT
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "docker-check: $*" >&2; exit 1; }

# Its own information, too: but for what is let through by name, with the reason.
"$1" --no-color --failure-threshold info Dockerfile

# The instructions of the last stage, one a line.
last=$(awk '
    /^[ \t]*(#|$)/   { next }
    /^FROM /         { stage = "" }
                     { stage = stage $0; if (sub(/\\$/, "", stage)) next; stage = stage "\n" }
    END              { printf "%s", stage }
' Dockerfile)
last_of() { sed -n "s/^$1 //p" <<<"$last" | tail -n 1; }

grep -q '^FROM ' Dockerfile || fail "no image to begin with"
if grep '^FROM ' Dockerfile | grep -qvx 'FROM [a-z]*:[a-z0-9.-]*\( AS [a-z]*\)\?'; then fail "an image without a tag"; fi
[[ $(last_of USER) =~ ^[1-9][0-9]*:[1-9][0-9]*$ ]] || fail "the last USER is not the number of somebody who is not root"
[[ $(last_of ENTRYPOINT) == \[* && $(last_of CMD) == \[* ]] || fail "a shell would be given the signals, and not miniter"
[ "$(last_of STOPSIGNAL)" = SIGTERM ] || fail "SIGTERM is what stops miniter without losing a request"

asked=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
used=$(sed -n 's/^FROM rust:\([0-9.]*\)-.*/\1/p' Dockerfile)
[[ $used == "$asked" || $used == "$asked".* ]] || fail "Cargo.toml asks for Rust $asked, and the image has ${used:-none}"

# What the build is given is named, and enough for cargo to know what to build.
[ "$(grep -v '^#' .dockerignore | head -n 1)" = '*' ] || fail ".dockerignore does not begin with *: secrets and data would go into the build"
folder=$(mktemp -d)
server=
stop() {
    if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi
    rm -rf "$folder"
}
trap stop EXIT
mapfile -t given < <(sed -n 's/^!//p' .dockerignore)
tar --create --exclude-from=<(sed -n 's/^\*\*\///p' .dockerignore) "${given[@]}" | tar --extract --directory="$folder"
[ -z "$(find "$folder" -name '.env' -o -name '*.db' -o -name target)" ] || fail ".dockerignore lets secrets, data or what was built through"
(cd "$folder" && cargo tree --locked --package miniter --features mysql >/dev/null) || fail "the build would lack something; see .dockerignore"

# The health check's command, as the engine runs it.
mapfile -t health < <(last_of HEALTHCHECK | sed 's/.* CMD \[/[/' | python3 -c 'import json, sys; print(*json.load(sys.stdin), sep="\n")')
[ "${health[0]-}" = bash ] || fail "there is no health check that needs nothing but bash"
cat >"$folder/server.py" <<'PYTHON'
# Answers /livez with the status that the file has, and everything else with 404.
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(int(open(sys.argv[1]).read()) if self.path == "/livez" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_): pass
for port in range(20000, 21000):
    try:
        server = http.server.HTTPServer(("127.0.0.1", port), Handler)
    except OSError:
        continue
    print(port, flush=True)
    server.serve_forever()
PYTHON
is_well() { MINITER_BIND=0.0.0.0:$port timeout 3 "${health[@]}" 2>/dev/null; }
echo 200 >"$folder/status"
python3 "$folder/server.py" "$folder/status" >"$folder/port" &
server=$!
until [ -s "$folder/port" ]; do kill -0 "$server"; sleep 0.1; done
port=$(cat "$folder/port")
is_well || fail "the health check fails with a server that is well"
echo 503 >"$folder/status"
if is_well; then fail "the health check does not see that a server is not well"; fi
kill "$server"
wait "$server" 2>/dev/null || true
server=
if is_well; then fail "the health check does not see that there is no server"; fi
echo "the Dockerfile is as it should be, as far as can be seen without building it"
