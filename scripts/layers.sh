#!/usr/bin/env bash
# Fails if a layer depends, directly or not, on a crate that it must not see. See docs/ARCHITECTURE.md.
set -euo pipefail
cd "$(dirname "$0")/.."

failed=0

# must_not_see CRATE PATTERN…: none of the patterns (shell globs) may match a dependency of the crate.
must_not_see() {
    local crate=$1 found=0 tree dependency pattern
    shift
    tree=$(cargo tree --locked --package "$crate" --edges normal,build --all-features --prefix none --format '{p}')
    # A tree without its root was not read.
    grep --quiet "^$crate " <<<"$tree"
    while read -r dependency; do
        [ "$dependency" = "$crate" ] && continue
        for pattern in "$@"; do
            # shellcheck disable=SC2053 # the pattern is a glob
            if [[ $dependency == $pattern ]]; then
                echo "$crate must not see $dependency"
                found=1
            fi
        done
    done < <(cut -d ' ' -f 1 <<<"$tree" | sort -u)
    if [ "$found" = 0 ]; then echo "$crate sees nothing of: $*"; else failed=1; fi
}

# In their default features they see no more than with all of them; mockall is for tests.
must_not_see miniter-domain miniter-\* serde serde_json 'diesel*' 'actix*' log
must_not_see miniter-service 'diesel*' r2d2 'actix*' miniter-persistence miniter-web miniter miniter-test-support
must_not_see miniter-persistence 'actix*' miniter-service miniter-web miniter miniter-test-support
must_not_see miniter-web 'diesel*' r2d2 'libsqlite3*' miniter-persistence miniter miniter-test-support
must_not_see miniter miniter-test-support ureq

exit "$failed"
