#!/usr/bin/env bash
# Makes crates/miniter-persistence/src/schema.rs from a database that the migrations have made.
#   scripts/schema.sh path/to/diesel [--check]
# With --check nothing is written: a difference fails, and so does a migration that cannot be undone and redone.
set -euo pipefail
cd "$(dirname "$0")/.."

diesel=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export DATABASE_URL="$folder/schema.db"

if [ "${2-}" = --check ]; then
    "$diesel" migration run --locked-schema
    "$diesel" migration redo --all --locked-schema
    echo "schema.rs is what the database says, and every migration can be undone"
else
    "$diesel" migration run
fi
