#!/usr/bin/env bash
# Clients that know the description and the contract alone, against the real server:
#
# - pyotp goes through the whole flow, on a server whose codes have six digits;
# - schemathesis calls every route of /openapi.json as its schema says and as it does not, with all of its checks: once as
#   nobody, once in a full session (tests/clients/hooks.py gives it one).
#
#   tests/clients.sh [BINARY]    the server; by default the one of the dev profile, which is built first
#
# EXAMPLES is how many cases schemathesis makes up for each route and phase, SEED which (default: the same each time).
set -euo pipefail
cd "$(dirname "$0")/.."
binary=${1:-}
if [ -z "$binary" ]; then
    cargo build --locked --quiet -p countersign-server
    binary=${CARGO_TARGET_DIR:-target}/debug/countersign-server
fi
python=$PWD/tests/clients/.venv/bin
[ -x "$python/schemathesis" ] || { echo "scripts/setup.sh test installs the clients" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$scratch"' EXIT
COUNTERSIGN_LISTEN=127.0.0.1:0 COUNTERSIGN_DATA_DIR=$scratch/data COUNTERSIGN_LOG=warn COUNTERSIGN_GENERAL_LIMIT=off \
    "$binary" >"$scratch/said" 2>"$scratch/log" &
server=$!
url=
for _ in $(seq 300); do
    url=$(grep -om1 'http://127.0.0.1:[0-9]*' "$scratch/said" || true)
    [ -z "$url" ] || break
    kill -0 "$server" 2>/dev/null || { cat "$scratch/log" >&2; exit 1; }
    sleep 0.1
done

PYTHONDONTWRITEBYTECODE=1 "$python/python" tests/clients/flow.py "$url"

schemathesis() { # schemathesis WHO [VARIABLE=VALUE..]
    echo "schemathesis, $1"
    (cd "$scratch" && env "${@:2}" SERVER="$url" SCHEMATHESIS_HOOKS=hooks PYTHONDONTWRITEBYTECODE=1 \
        PYTHONPATH="$OLDPWD/tests/clients" "$python/schemathesis" run "$url/openapi.json" --checks all --seed "${SEED:-1}" \
        --max-examples "${EXAMPLES:-10}" --no-color --warnings off --suppress-health-check all)
}
schemathesis 'nobody'
schemathesis 'in a full session' SIGNED_IN=1
! grep -n panicked "$scratch/log" || { echo 'the server panicked' >&2; exit 1; }
