#!/usr/bin/env bash
# Starts the reference server, release build, on scratch data and puts load on it. Server and generator share the machine.
#
#   benches/load.sh [PART..]
#
#   sqlite     second steps a second at 16, 64 and 256 connections, SQLite with synchronous=FULL
#   postgres   the same on PostgreSQL and Redis, and on two instances
#   sign-ins   sign-ins per second of CPU time beside bare Argon2id
#   storm      500 sign-ins at once: memory, and second steps meanwhile
#   crowd      1,000 connections, busy on routes without a slow hash
#
# Without a PART, all of them; each takes one to two minutes. PostgreSQL and Redis are throw-away ones (scripts/services.sh).
# USERS is how many sign in for each figure of second steps: 20000.
set -euo pipefail
cd "$(dirname "$0")/.."

users=${USERS:-20000}
[ $# -gt 0 ] || set -- sqlite postgres sign-ins storm crowd

cargo build --release --locked --quiet -p countersign-server -p countersign-benches --bin countersign-server --bin load
bin=${CARGO_TARGET_DIR:-target}/release
scratch=$(mktemp -d)
# PostgreSQL, which does not run as root, finds its folder in there.
chmod 711 "$scratch"
pids=()
# A thousand connections are as many open files, on both sides.
ulimit -n 8192

cleanup() {
    stop
    [ ! -d "$scratch/services" ] || scripts/services.sh stop "$scratch/services"
    rm -rf "$scratch"
}
trap cleanup EXIT

# A new, empty house: sets $data and $database, and gives it a schema and keys.
house() {
    data=$(mktemp -d -p "$scratch")
    database=${1:-sqlite://$data/countersign.db}
    settings=(COUNTERSIGN_DATA_DIR="$data" COUNTERSIGN_KEYS="$data/keys" COUNTERSIGN_DATABASE_URL="$database"
        COUNTERSIGN_LISTEN=127.0.0.1:0 COUNTERSIGN_GENERAL_LIMIT=off)
    [ -z "${2:-}" ] || settings+=(COUNTERSIGN_REDIS_URL="$2")
    env "${settings[@]}" "$bin/countersign-server" migrate >"$data/migrate.log" 2>&1
}

# Starts an instance on the house; its process and address are put at the end of ${pids[@]} and ${servers[@]}.
serve() {
    local log=$data/server-${#pids[@]}.log tries=0 address=
    env "${settings[@]}" "$bin/countersign-server" serve >"$log" 2>"$log.err" &
    pids+=($!)
    while [ -z "$address" ]; do
        sleep 0.1
        address=$(sed -n 's|.*listens on http://\([0-9.:]*\).*|\1|p' "$log" | head -n 1)
        tries=$((tries + 1))
        [ $tries -lt 100 ] || { cat "$log.err" >&2; exit 1; }
    done
    servers+=("$address")
}

stop() {
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    pids=()
    servers=()
}

prepare() { # prepare HOW_MANY
    "$bin/load" prepare "$database" "$data/keys" "$1" "$data/people"
}

second_steps() { # second_steps CONNECTIONS
    prepare "$users"
    "$bin/load" second-steps "$data/people" --connections "$1" "${pids[@]/#/--pid=}" "${servers[@]}"
}

one_process() { # one_process HOW_MANY PART [OPTIONS]: a figure of one instance on a house of its own
    house
    prepare "$1"
    serve
    "$bin/load" "$2" "$data/people" "${@:3}" "${pids[0]}" "${servers[0]}"
    stop
}

for part in "$@"; do
    echo "== $part"
    case $part in
    sqlite)
        house
        serve
        for connections in 16 64 256; do second_steps "$connections"; done
        stop
        ;;
    postgres)
        scripts/services.sh start "$scratch/services"
        # shellcheck disable=SC1091
        . "$scratch/services/env"
        house "$COUNTERSIGN_TEST_POSTGRES_URL" "$COUNTERSIGN_TEST_REDIS_URL"
        serve
        for connections in 16 64 256; do second_steps "$connections"; done
        serve
        second_steps 64
        stop
        scripts/services.sh stop "$scratch/services"
        rm -rf "$scratch/services"
        ;;
    sign-ins) one_process 1100 sign-ins ;;
    storm) one_process 2500 storm ;;
    crowd)
        house
        prepare 2000
        serve
        for rest in 0 1000; do
            "$bin/load" crowd "$data/people" --rest "$rest" "${servers[0]}"
            prepare 2000
        done
        stop
        ;;
    *)
        sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
    esac
done
