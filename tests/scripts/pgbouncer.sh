#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# A private PgBouncer for tests, on a free port of 127.0.0.1, in front of a PostgreSQL server that postgres.sh has made.
usage="usage: tests/scripts/pgbouncer.sh command …
  start DIR MODE URL [SESSIONS]  starts one in the folder DIR, with pool_mode MODE (session, transaction or statement)
                                 and at most SESSIONS (3) sessions of the server at URL for each database, and prints
                                 its URL
  stop DIR                       stops it at once
  installed                      whether there is one"
set -eu

PATH=$PATH:/usr/sbin
umask 022 # it may run as another user

fail() {
    echo "pgbouncer.sh: $*" >&2
    exit 1
}

# It refuses to run as root.
pooler_user=
if [ "$(id -u)" = 0 ]; then
    pooler_user=nobody
    if id postgres >/dev/null 2>&1; then pooler_user=postgres; fi
fi
run() {
    if [ "$pooler_user" ]; then
        runuser -u "$pooler_user" -- pgbouncer "$@"
    else
        pgbouncer "$@"
    fi
}

start() {
    command -v pgbouncer >/dev/null || fail "PgBouncer is not installed (Debian: pgbouncer)"
    mkdir -p "$1"
    dir=$(cd "$1" && pwd)
    [ -z "$pooler_user" ] || chown "$pooler_user" "$dir"
    server=${3#*@}
    port=${server#*:}
    echo '"phoneauth" ""' >"$dir/users"
    # The pooler itself finds out whether a port is free.
    for _ in 1 2 3 4 5 6 7 8 9; do
        shuf -i 20000-32000 -n 1 >"$dir/port"
        cat >"$dir/pgbouncer.ini" <<END
[databases]
* = host=${server%%:*} port=${port%%/*}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $(cat "$dir/port")
unix_socket_dir =
auth_type = trust
auth_file = $dir/users
pool_mode = $2
default_pool_size = $4
logfile = $dir/log
pidfile = $dir/pid
END
        rm -f "$dir/log"
        (cd / && run -q -d "$dir/pgbouncer.ini") 2>"$dir/errors" || break
        until grep -Eqs 'process up|FATAL' "$dir/log"; do sleep 0.02; done
        if ! grep -q FATAL "$dir/log"; then
            echo "postgres://phoneauth@127.0.0.1:$(cat "$dir/port")/${3##*/}"
            return
        fi
        grep -q 'Address already in use' "$dir/log" || break
    done
    cat "$dir/log" "$dir/errors" >&2
    fail "it does not start"
}

stop() {
    [ -s "$1/pid" ] || return 0
    pid=$(cat "$1/pid")
    kill -TERM "$pid" 2>/dev/null || return 0
    # It takes its file away in the end.
    while [ -e "$1/pid" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
}

case $#${1-} in
[45]start) start "$2" "$3" "$4" "${5-3}" ;;
2stop) stop "$2" ;;
1installed) command -v pgbouncer >/dev/null ;;
*)
    echo "$usage" >&2
    exit 2
    ;;
esac
