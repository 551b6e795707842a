#!/usr/bin/env bash
# Makes an empty migration of the same name for both databases: scripts/migration.sh what_it_does
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ ! ${1-} =~ ^[a-z][a-z0-9_]*$ ]]; then
    echo "make migration NAME=what_it_does (small letters, digits and _)"
    exit 1
fi
name=$(date -u +%Y-%m-%d-%H%M%S)_$1
for database in sqlite mysql; do
    folder=migrations/$database/$name
    mkdir "$folder"
    # See "Write a migration" in CONTRIBUTING.md.
    echo "-- What changes, on $database. The previous release must go on working with it." >"$folder/up.sql"
    echo "-- The way back." >"$folder/down.sql"
    echo "$folder"
done
