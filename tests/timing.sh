#!/usr/bin/env bash
# Prints how long the release build takes to refuse an unknown address and a known one, a wrong code and a used one
# (tests/clients/timing.py says how). Not a test: a figure wants a machine that does nothing else.
#
#   tests/timing.sh [PAIRS]    2,000 if nothing is said
set -euo pipefail
cd "$(dirname "$0")/.."
binary=${CARGO_TARGET_DIR:-target}/release/countersign-server
[ -n "${NO_BUILD:-}" ] || cargo build --locked --quiet --release -p countersign-server
scratch=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$scratch"' EXIT
# Limits that are not in the way. That of codes stays: timing.py takes another account for every four wrong ones.
COUNTERSIGN_LISTEN=127.0.0.1:0 COUNTERSIGN_DATA_DIR=$scratch/data COUNTERSIGN_LOG=warn COUNTERSIGN_GENERAL_LIMIT=off \
    COUNTERSIGN_LOGIN_LIMIT=100000/1m "$binary" >"$scratch/said" 2>&1 &
server=$!
url=
while [ -z "$url" ]; do
    kill -0 "$server" 2>/dev/null || { cat "$scratch/said" >&2; exit 1; }
    sleep 0.1
    url=$(grep -om1 'http://127.0.0.1:[0-9]*' "$scratch/said" || true)
done
PYTHONDONTWRITEBYTECODE=1 tests/clients/.venv/bin/python tests/clients/timing.py "$url" "${1:-2000}"
