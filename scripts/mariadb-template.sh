#!/usr/bin/env bash
# Prints the path of an initialised MariaDB data directory, to be copied. It is made once a server version: copying it takes
# a moment, making it seconds.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# Debian keeps servers where only root looks for them.
PATH=$PATH:/usr/sbin:/usr/local/sbin

version=$(mariadbd --version | tr -c 'A-Za-z0-9.\n' '-')
template=$root/.tools/mariadb/$version
if [ ! -d "$template" ]; then
    mkdir -p "$root/.tools/mariadb"
    rm -rf "$template.new"
    # --force: also on a machine that cannot look its own name up.
    mariadb-install-db --no-defaults --datadir="$template.new" --auth-root-authentication-method=normal \
        --skip-test-db --force >"$root/.tools/mariadb/install.log" 2>&1 || {
        cat "$root/.tools/mariadb/install.log" >&2
        exit 1
    }
    mv "$template.new" "$template"
fi
echo "$template"
