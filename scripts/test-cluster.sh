#!/usr/bin/env bash
# Runs the tests of the cluster, on a release build and one at a time. What they measure is printed as they go, and again at
# the end.
set -euo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
cargo test --release --locked --features mysql --package miniter --test cluster -- --test-threads=1 --nocapture 2>&1 | tee "$log"
echo
grep -o 'measured: .*' "$log"
