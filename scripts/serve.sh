#!/usr/bin/env bash
# Builds the reference server and starts it. Settings are read from the environment (README.md, "Settings").
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh serve
exec cargo run --release --locked --quiet -p countersign-server -- "$@"
