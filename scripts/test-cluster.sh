#!/usr/bin/env bash
# Runs the tests of the cluster, on a release build and one at a time. What they measure is printed as they go, and again at
# the end.
set -euo pipefail
cd "$(dirname "$0")/.."

# The databases in memory, where there is room for them: what is tested are processes that die, and nobody should wait for
# a disk that others keep busy.
if [ -w /dev/shm ] && [ "$(df --output=avail -k /dev/shm | tail -n 1)" -gt 4000000 ]; then export TMPDIR=/dev/shm; fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
cargo test --release --locked --features mysql --package miniter --test cluster -- --test-threads=1 --nocapture 2>&1 | tee "$log"
echo
grep -o 'measured: .*' "$log"
