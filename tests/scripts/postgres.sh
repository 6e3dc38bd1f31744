#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# A private PostgreSQL server for tests, on a free port of 127.0.0.1, with whatever version is installed (Debian's
# package postgresql). It has nothing to do with the machine's own servers.
usage="usage: tests/scripts/postgres.sh command DIR
  start DIR    makes a server in the folder DIR, or starts the one that is there again, and prints its URL
  restart DIR  stops it as 'kill' does if it runs, starts it again on the same port and prints its URL
  stop DIR     stops it in good order
  kill DIR     stops it at once, as a crash does"
set -eu

[ $# = 2 ] || {
    echo "$usage" >&2
    exit 2
}
dir=$2
bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
[ -x "$bin/initdb" ] || {
    echo "postgres.sh: there is no PostgreSQL in /usr/lib/postgresql; install the package postgresql" >&2
    exit 1
}

# The server refuses to run as root.
server_user=
if [ "$(id -u)" = 0 ]; then
    server_user=nobody
    if id postgres >/dev/null 2>&1; then server_user=postgres; fi
fi
run() { # From / because the server's user may not be allowed to see the current folder.
    if [ "$server_user" ]; then
        (cd / && runuser -u "$server_user" -- "$bin/$@")
    else
        (cd / && "$bin/$@")
    fi
}

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

make() {
    [ -z "$server_user" ] || chown "$server_user" "$dir"
    # Only making the folder goes unsynchronised; the server itself has fsync on.
    run initdb -D "$dir/data" -U phoneauth --auth=trust --encoding=UTF8 --locale=C --no-sync >/dev/null
    cat >>"$dir/data/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
shared_buffers = 32MB
max_connections = 60
fsync = on
END
    # The server itself finds out whether a port is free.
    tries=0
    until start_on "$(shuf -i 20000-32000 -n 1)"; do
        tries=$((tries + 1))
        [ $tries -lt 20 ] && grep -q 'Address already in use' "$dir/log" || fail
    done
    run createdb -h 127.0.0.1 -p "$(cat "$dir/port")" -U phoneauth phoneauth
}

start_on() {
    echo "$1" >"$dir/port"
    run pg_ctl -D "$dir/data" -l "$dir/log" -w -t 60 -o "-p $1" start >/dev/null 2>&1
}

stop() {
    if run pg_ctl -D "$dir/data" status >/dev/null; then
        run pg_ctl -D "$dir/data" -w -t 60 -m "$1" stop >/dev/null
    fi
}

fail() {
    echo "postgres.sh: the server does not start:" >&2
    tail -n 20 "$dir/log" >&2
    exit 1
}

url() { echo "postgres://phoneauth@127.0.0.1:$(cat "$dir/port")/phoneauth"; }

case $1 in
start)
    if [ ! -f "$dir/port" ]; then
        make
    elif ! run pg_ctl -D "$dir/data" status >/dev/null; then
        start_on "$(cat "$dir/port")" || fail
    fi
    url
    ;;
restart)
    stop immediate
    start_on "$(cat "$dir/port")" || fail
    url
    ;;
stop) stop fast ;;
kill) stop immediate ;;
*)
    echo "$usage" >&2
    exit 2
    ;;
esac
