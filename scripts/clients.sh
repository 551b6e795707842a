#!/usr/bin/env bash
# Installs the clients of make test-clients into .tools/clients, in the versions of tests/clients/requirements.txt and
# package-lock.json, and prints the folder. Does nothing if they are installed already.
set -euo pipefail
cd "$(dirname "$0")/../tests/clients"

pinned=$(cat requirements.txt package.json package-lock.json .npmrc | sha256sum | cut -c1-16)
parent=$(cd ../.. && pwd)/.tools/clients
folder=$parent/$pinned
if [ ! -e "$folder/complete" ]; then
    {
        echo "installing toot, Mastodon.py and masto.js"
        rm -rf "$parent"
        mkdir -p "$folder"
        python3 -m venv "$folder"
        "$folder/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement requirements.txt
        "$folder/bin/pip" check
        cp package.json package-lock.json .npmrc "$folder"
        # npm itself may run on an older Node than masto.js wants.
        npm ci --prefix "$folder" --ignore-scripts --silent
        # On another machine than Linux on x64 the package has no Node; there must be one.
        if [ ! -x "$folder/node_modules/.bin/node" ]; then
            mkdir -p "$folder/node_modules/.bin"
            ln -s "$(command -v node)" "$folder/node_modules/.bin/node"
        fi
        touch "$folder/complete"
    } >&2
fi
echo "$folder"
