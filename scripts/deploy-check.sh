#!/usr/bin/env bash
# Looks at deploy/aws/miniter.yaml: cfn-lint, then deploy/aws/check.py, which makes its stack on a simulated AWS.
#   scripts/deploy-check.sh [TEMPLATE]
set -euo pipefail
template=$(realpath "${1:-$(dirname "$0")/../deploy/aws/miniter.yaml}")
cd "$(dirname "$0")/.."

# Named after what is in it, so that another version is another folder.
tools=.tools/deploy-$(sha256sum deploy/aws/requirements.txt | cut -c1-12)
if ! [ -e "$tools/complete" ] || ! "$tools/bin/python" -m moto.server --help >/dev/null 2>&1; then
    rm -rf "$tools"
    python3 -m venv "$tools"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check --requirement deploy/aws/requirements.txt
    touch "$tools/complete"
fi

echo "== cfn-lint"
"$tools/bin/python" "$tools/bin/cfn-lint" --include-checks I -- "$template"

echo "== a stack on moto"
PYTHONDONTWRITEBYTECODE=1 "$tools/bin/python" deploy/aws/check.py "$template"
