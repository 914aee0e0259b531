#!/usr/bin/env bash
# Installs what is missing, starts a throw-away PostgreSQL and Redis on free ports, and runs every test.
# Arguments go to `cargo test`.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test
scratch=$(mktemp -d)
trap 'scripts/services.sh stop "$scratch"; rm -rf "$scratch"' EXIT
scripts/services.sh start "$scratch"
# shellcheck disable=SC1091
. "$scratch/env"
# The end-to-end tests start the real binary; cargo builds it beside them only when told to.
cargo build --locked -p countersign-server
# Every feature: what only a feature has is tested too.
cargo test --locked --workspace --all-features "$@"
# The same server, asked by clients of other people's making.
tests/clients.sh
