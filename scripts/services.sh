#!/bin/sh
# A throw-away PostgreSQL and Redis on free loopback ports, for the tests that need them.
#
#   scripts/services.sh start FOLDER   starts both and writes FOLDER/env, to be read with `. FOLDER/env`
#   scripts/services.sh stop FOLDER    stops both; FOLDER may be deleted then
#   scripts/services.sh kill-postgres FOLDER     kills every process of that PostgreSQL with SIGKILL
#   scripts/services.sh run-postgres FOLDER      starts it again
#   scripts/services.sh crash-postgres FOLDER    both, one after the other
#   scripts/services.sh hang-postgres FOLDER     stops every process of that PostgreSQL with SIGSTOP: it answers nobody
#   scripts/services.sh cut-postgres FOLDER      lets them go on, but for those that serve a connection: those are ended
#
# FOLDER/env exports COUNTERSIGN_TEST_POSTGRES_URL and COUNTERSIGN_TEST_REDIS_URL.
set -eu

usage() {
    sed -n '2,12s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

[ $# -eq 2 ] || usage
mkdir -p "$2"
folder=$(cd "$2" && pwd)

# PostgreSQL refuses to run as root.
as_postgres() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid=postgres --regid=postgres --init-groups "$@"
    else
        "$@"
    fi
}

pg() {
    tool=$1
    shift
    bin=$(pg_config --bindir 2>/dev/null || true)
    [ -x "$bin/$tool" ] || bin=$(dirname "$(command -v "$tool")")
    as_postgres "$bin/$tool" "$@"
}

start_postgres() {
    data=$folder/postgres
    mkdir -p "$data"
    chmod 711 "$folder"
    [ "$(id -u)" -ne 0 ] || chown postgres: "$data"
    pg initdb --pgdata="$data/db" --username=countersign --auth=trust --encoding=UTF8 --locale=C >"$folder/initdb.log"
    for port in $(shuf -i 20000-45000 -n 20); do
        echo "$port" >"$folder/postgres-port"
        if run_postgres; then
            url="postgres://countersign@127.0.0.1:$port/postgres"
            {
                echo "export COUNTERSIGN_TEST_POSTGRES_URL='$url'"
                echo "export COUNTERSIGN_TEST_POSTGRES_DATA='$data/db'"
            } >>"$folder/env"
            return
        fi
    done
    echo "PostgreSQL did not start; see $data/log" >&2
    exit 1
}

run_postgres() {
    data=$folder/postgres
    options="-c listen_addresses=127.0.0.1 -c port=$(cat "$folder/postgres-port") -c unix_socket_directories= -c max_connections=200"
    pg pg_ctl start --wait --silent --pgdata="$data/db" --log="$data/log" --options="$options"
}

kill_postgres() {
    pid=$(head -n 1 "$folder/postgres/db/postmaster.pid")
    # Stopped first: it must neither have another child after they were counted, nor see them die and tidy up.
    kill -STOP "$pid"
    children=$(ps -o pid= --ppid "$pid")
    # shellcheck disable=SC2086
    kill -KILL "$pid" $children
    # A new one refuses to start while one of the old holds on to the shared memory.
    for each in $pid $children; do
        while kill -0 "$each" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$each/status" 2>/dev/null; do sleep 0.05; done
    done
    rm -f "$folder/postgres/db/postmaster.pid"
}

hang_postgres() {
    pid=$(head -n 1 "$folder/postgres/db/postmaster.pid")
    # The first of them first: it would give every new connection a process that is not stopped.
    kill -STOP "$pid"
    # shellcheck disable=SC2046
    kill -STOP $(ps -o pid= --ppid "$pid")
}

cut_postgres() {
    pid=$(head -n 1 "$folder/postgres/db/postmaster.pid")
    # A connection is cut in the orderly way (SIGTERM), which a stopped process meets when it goes on.
    ps -o pid=,args= --ppid "$pid" | while read -r child args; do
        case $args in *"postgres: countersign "*) kill -TERM "$child" ;; esac
    done
    go_on
}

go_on() {
    pid=$(head -n 1 "$folder/postgres/db/postmaster.pid")
    # shellcheck disable=SC2046
    kill -CONT $(ps -o pid= --ppid "$pid") "$pid" 2>/dev/null || true
}

start_redis() {
    mkdir -p "$folder/redis"
    for port in $(shuf -i 20000-45000 -n 20); do
        redis-server --bind 127.0.0.1 --port "$port" --dir "$folder/redis" --save '' --appendonly no \
            --daemonize yes --pidfile "$folder/redis/pid" --logfile "$folder/redis/log" >/dev/null
        tries=0
        while [ $tries -lt 50 ]; do
            if [ "$(redis-cli -p "$port" ping 2>/dev/null)" = PONG ] && [ -s "$folder/redis/pid" ]; then
                echo "export COUNTERSIGN_TEST_REDIS_URL='redis://127.0.0.1:$port/'" >>"$folder/env"
                return
            fi
            tries=$((tries + 1))
            sleep 0.1
        done
    done
    echo "Redis did not start; see $folder/redis/log" >&2
    exit 1
}

case $1 in
start)
    : >"$folder/env"
    start_postgres
    start_redis
    ;;
stop)
    [ ! -s "$folder/redis/pid" ] || kill "$(cat "$folder/redis/pid")" 2>/dev/null || true
    # It may be stopped by hang-postgres: then it would not hear that it is to end.
    [ ! -s "$folder/postgres/db/postmaster.pid" ] || go_on
    [ ! -d "$folder/postgres/db" ] || pg pg_ctl stop --wait --silent --mode=immediate --pgdata="$folder/postgres/db" || true
    ;;
kill-postgres) kill_postgres ;;
run-postgres) run_postgres ;;
crash-postgres)
    kill_postgres
    run_postgres
    ;;
hang-postgres) hang_postgres ;;
cut-postgres) cut_postgres ;;
*) usage ;;
esac
