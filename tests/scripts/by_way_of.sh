#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# by_way_of.sh WAY COMMAND…
# Runs a command, with the URL of a private store at its end, where the store is reached in another way than directly.
# WAY is pgbouncer-session, pgbouncer-transaction, postgres-tls (the server's certificate and name are verified) or
# redis-tls. The exit status is 77 if there is no such store.
set -u
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
chmod 711 "$dir" # servers may run as another user
stop() {
    [ ! -e "$dir/pooler" ] || "$here/pgbouncer.sh" stop "$dir/pooler"
    [ ! -e "$dir/postgres" ] || "$here/postgres.sh" stop "$dir/postgres"
    [ ! -e "$dir/redis" ] || "$here/redis.sh" stop "$dir/redis"
    rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM
skip() {
    echo "THERE IS NO $1: what needs it is NOT TESTED" >&2
    exit 77
}

way=$1
shift
case $way in
pgbouncer-*)
    server=$("$here/postgres.sh" start "$dir/postgres") || skip PostgreSQL
    "$here/pgbouncer.sh" installed || skip PgBouncer
    # In session mode each connection of each process keeps one of the sessions.
    url=$("$here/pgbouncer.sh" start "$dir/pooler" "${way#*-}" "$server" 20) || exit 1
    ;;
postgres-tls)
    "$here/postgres.sh" start "$dir/postgres" >/dev/null || skip PostgreSQL
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -x509 -days 2 -subj "/CN=Test server" \
        -addext "subjectAltName=IP:127.0.0.1" -keyout "$dir/server.key" -out "$dir/server.pem" 2>"$dir/log" ||
        { cat "$dir/log" >&2 && exit 1; }
    cat "$dir/server.pem" >"$dir/postgres/data/server.crt"
    cat "$dir/server.key" >"$dir/postgres/data/server.key"
    chmod 600 "$dir/postgres/data/server.key"
    chown "$(stat -c %u "$dir/postgres/data")" "$dir/postgres/data/server.key"
    echo "ssl = on" >>"$dir/postgres/data/postgresql.conf"
    echo "hostssl all all 127.0.0.1/32 trust" >"$dir/postgres/data/pg_hba.conf" # nothing else
    url=$("$here/postgres.sh" restart "$dir/postgres") || exit 1
    url="$url?sslmode=verify-full&sslrootcert=$dir/server.pem"
    ;;
redis-tls)
    url=$("$here/redis.sh" start "$dir/redis" tls) || skip Redis
    export SSL_CERT_FILE="$dir/redis/ca.pem" # as if the system trusted it
    ;;
*)
    echo "by_way_of.sh: unknown: $way" >&2
    exit 2
    ;;
esac
"$@" "$url"
