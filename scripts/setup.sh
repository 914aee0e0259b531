#!/usr/bin/env bash
# Installs what the server or the tests need and this machine lacks. Debian and its relatives; nothing is installed twice.
#
#   scripts/setup.sh serve    a C compiler, for the SQLite that is built in
#   scripts/setup.sh test     that, and the real parts the tests run against
set -euo pipefail

missing=()
need() { # need PROGRAM PACKAGE
    command -v "$1" >/dev/null || missing+=("$2")
}

need cc gcc
need ld binutils
if [ "${1:-serve}" = test ]; then
    need curl curl
    need oathtool oathtool
    need zbarimg zbar-tools
    need redis-server redis-server
    need valgrind valgrind
    need python3 python3
    need setpriv util-linux
    need strace strace
    need ps procps
    need openssl openssl
    need psql postgresql-client
    python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
    need chromium chromium
    need chromedriver chromium-driver
    need npm npm
    [ -x "$(pg_config --bindir 2>/dev/null)/initdb" ] || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
fi
# The accessibility checker of the browser tests, as its lock file names it.
axe() {
    [ "${1:-serve}" != test ] || [ -f tests/axe/node_modules/axe-core/axe.min.js ] || npm ci --prefix tests/axe --silent
}
# The clients of the tests that are written in Python, as their list names them.
clients() {
    [ "${1:-serve}" = test ] || return 0
    cmp -s tests/clients/requirements.txt tests/clients/.venv/installed.txt && return 0
    python3 -m venv tests/clients/.venv
    tests/clients/.venv/bin/pip install --quiet --disable-pip-version-check --requirement tests/clients/requirements.txt
    cp tests/clients/requirements.txt tests/clients/.venv/installed.txt
}

cd "$(dirname "$0")/.."
if [ ${#missing[@]} -eq 0 ]; then
    axe "$@"
    clients "$@"
    exit 0
fi

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
command -v apt-get >/dev/null || { echo "install these first: ${missing[*]}" >&2; exit 1; }
echo "installing: ${missing[*]}" >&2
# A package that starts a service on its own is kept from it: the tests start their own, on free ports.
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
axe "$@"
clients "$@"
