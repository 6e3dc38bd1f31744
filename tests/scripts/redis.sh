#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# Private Redis servers for tests, each in a folder of its own, on a free port of 127.0.0.1:
#
#   redis.sh start DIR [OPTION…]    starts one and prints its URL; OPTIONs are redis-server's (--appendonly yes)
#   redis.sh cluster DIR [OPTION…]  starts a cluster of three, in DIR/1 to DIR/3, and prints the URL of the first
#   redis.sh stop DIR               stops the server or the cluster in DIR
#   redis.sh kill DIR               the same by SIGKILL
#   redis.sh restart DIR            starts it again where it was, after stopping it if it runs; prints the URL
#
# If the first OPTION is "tls", they speak TLS only: DIR/ca.pem is what clients have to trust, DIR/client.pem and
# DIR/client.key are a certificate for them, which is asked for with --tls-auth-clients yes.
#
# start and restart return when the server answers. The folder is left behind for who made it.
set -u

fail() {
    echo "redis.sh: $*" >&2
    exit 1
}

url() { echo "redis$([ ! -e "$tls" ] || echo s)://127.0.0.1:$(cat "$1/port")/0"; }

# Makes an authority in folder $1, and certificates of a server and of a client.
certify() {
    command -v openssl >/dev/null || fail "openssl is not installed (Debian: openssl)"
    new="req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    (
        cd "$1" || exit 1
        # shellcheck disable=SC2086
        openssl $new -x509 -subj "/CN=Test CA" -days 2 -keyout ca.key -out ca.pem || exit 1
        for name in server client; do
            # shellcheck disable=SC2086
            openssl $new -subj "/CN=Test $name" -addext "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1" \
                -keyout $name.key -out $name.request &&
                openssl x509 -req -in $name.request -copy_extensions copy -days 2 -CA ca.pem -CAkey ca.key \
                    -CAcreateserial -out $name.pem || exit 1
        done
    ) >"$1/openssl.log" 2>&1 || { cat "$1/openssl.log" >&2 && fail "no certificates"; }
}

# redis-cli for the server on port $1.
client() {
    port=$1
    shift
    if [ -e "$tls" ]; then
        redis-cli --tls --cacert "$folder/ca.pem" -p "$port" "$@"
    else
        redis-cli -p "$port" "$@"
    fi
}

# A process that has ended but that nobody has waited for does not count.
runs() {
    case $(ps -o stat= -p "$1" 2>/dev/null) in
    '' | Z*) return 1 ;;
    esac
}

# Starts the server in folder $1; false if its port is taken.
launch() {
    : >"$1/log"
    if [ -e "$tls" ]; then
        redis-server "$1/redis.conf" --port 0 --tls-port "$(cat "$1/port")" >"$1/log" 2>&1 &
    else
        redis-server "$1/redis.conf" --port "$(cat "$1/port")" >"$1/log" 2>&1 &
    fi
    echo $! >"$1/pid"
    until grep -q 'Ready to accept connections' "$1/log"; do
        runs "$(cat "$1/pid")" || return 1
        sleep 0.02
    done
}

start() {
    command -v redis-server >/dev/null || fail "redis-server is not installed (Debian: redis-server)"
    dir=$1
    shift
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd) || exit 1
    {
        printf 'bind 127.0.0.1\nsave ""\ndir "%s"\n' "$dir"
        for word in "$@"; do
            case $word in
            --*) printf '\n%s' "${word#--}" ;;
            *) printf ' "%s"' "$word" ;;
            esac
        done
        echo
    } >"$dir/redis.conf"
    for _ in 1 2 3 4 5 6 7 8 9; do
        # Below the ports that systems give out by themselves, as is a cluster node's second port, 10000 above.
        echo $((10000 + $(od -An -N2 -tu2 /dev/urandom) % 12768)) >"$dir/port"
        launch "$dir" && return
        grep -q 'Address already in use' "$dir/log" || break
    done
    cat "$dir/log" >&2
    fail "the server does not start"
}

# Calls $1 with each server's folder in $2.
each() {
    if [ -e "$2/pid" ]; then
        "$1" "$2"
    else
        for node in "$2"/[0-9]*/; do [ ! -e "$node/pid" ] || "$1" "${node%/}"; done
    fi
}

end() {
    pid=$(cat "$1/pid")
    runs "$pid" || return 0
    kill "-$signal" "$pid"
    while runs "$pid"; do sleep 0.02; done
}

again() {
    end "$1"
    launch "$1" || { cat "$1/log" >&2 && fail "the server does not start again"; }
}

# Waits until the cluster node in folder $1 sees the whole cluster.
joined() {
    until client "$(cat "$1/port")" cluster info | grep -q cluster_state:ok; do sleep 0.05; done
}

signal=TERM
[ $# -ge 2 ] || fail "expected: start, cluster, stop, kill or restart, and a folder"
command=$1
folder=$2
tls=$folder/tls # is there if the servers speak TLS
shift 2
if [ "${1-}" = tls ]; then
    shift
    mkdir -p "$folder"
    folder=$(cd "$folder" && pwd) || exit 1
    certify "$folder"
    : >"$tls"
    set -- --tls-cert-file "$folder/server.pem" --tls-key-file "$folder/server.key" \
        --tls-ca-cert-file "$folder/ca.pem" --tls-auth-clients no --tls-cluster yes --tls-replication yes "$@"
fi
case $command in
start)
    start "$folder" "$@"
    url "$folder"
    ;;
cluster)
    nodes=
    for n in 1 2 3; do
        start "$folder/$n" --cluster-enabled yes --cluster-node-timeout 2000 "$@"
        nodes="$nodes 127.0.0.1:$(cat "$folder/$n/port")"
    done
    # shellcheck disable=SC2086
    client "$(cat "$folder/1/port")" --cluster create $nodes --cluster-yes >"$folder/log" 2>&1 || { cat "$folder/log" >&2 && fail "no cluster"; }
    each joined "$folder"
    url "$folder/1"
    ;;
stop) each end "$folder" ;;
kill)
    signal=KILL
    each end "$folder"
    ;;
restart)
    each again "$folder"
    if [ -e "$folder/port" ]; then
        url "$folder"
    else
        each joined "$folder"
        url "$folder/1"
    fi
    ;;
*) fail "unknown: $command" ;;
esac
