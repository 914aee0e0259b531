#!/bin/sh
# Checks with valgrind that one-time codes are made, compared and decoded in constant time, and that the check would notice if
# they were not. Exits with 0 if both hold.
set -eu
cd "$(dirname "$0")/.."

command -v valgrind >/dev/null || { echo "constant-time: valgrind is not installed" >&2; exit 1; }
cargo build --quiet --release -p countersign-tests --bin constant-time
program="${CARGO_TARGET_DIR:-target}/release/constant-time"
memcheck() {
    valgrind --quiet --error-exitcode=99 --track-origins=no --suppressions=tests/constant-time.supp "$program" "$@"
}

if ! memcheck; then
    echo "constant-time: a branch or an address depends on a secret" >&2
    exit 1
fi
status=0
memcheck broken >/dev/null 2>&1 || status=$?
if [ "$status" -ne 99 ]; then
    echo "constant-time: the deliberately broken comparison was not reported; the check is blind" >&2
    exit 1
fi
echo "constant-time: no report, and the broken twin is reported"
