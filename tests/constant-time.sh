#!/bin/sh
# Checks with valgrind that one-time codes, sealed values and backup codes are made, compared and decoded in constant time, and
# that the check would notice if they were not. Exits with 0 if both hold.
set -eu
cd "$(dirname "$0")/.."

command -v valgrind >/dev/null || { echo "constant-time: valgrind is not installed" >&2; exit 1; }
cargo build --quiet --release -p countersign-tests --bins
memcheck() {
    name=$1
    shift
    valgrind --quiet --error-exitcode=99 --track-origins=no --suppressions=tests/constant-time.supp \
        "${CARGO_TARGET_DIR:-target}/release/$name" "$@"
}

for name in constant-time constant-time-vault; do
    if ! memcheck "$name"; then
        echo "$name: a branch or an address depends on a secret" >&2
        exit 1
    fi
    status=0
    memcheck "$name" broken >/dev/null 2>&1 || status=$?
    if [ "$status" -ne 99 ]; then
        echo "$name: the deliberately broken comparison was not reported; the check is blind" >&2
        exit 1
    fi
    echo "$name: no report, and the broken twin is reported"
done
