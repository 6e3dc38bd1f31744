#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# with_servers.sh NAME… -- COMMAND…
# Runs a command beside private servers in a temporary folder and stops them when it has ended. NAME is postgres or redis;
# the URL is in PHONEAUTH_TEST_POSTGRES or PHONEAUTH_TEST_REDIS. If a server cannot be had, the command runs without its
# variable, or, when it is the only one, not at all: the exit status is then 77.
set -u
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
chmod 711 "$dir" # PostgreSQL may run as another user
started=
stop() {
    for name in $started; do "$here/$name.sh" stop "$dir/$name"; done
    rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM

while [ "$1" != -- ]; do
    if url=$("$here/$1.sh" start "$dir/$1"); then
        export "PHONEAUTH_TEST_$(echo "$1" | tr '[:lower:]' '[:upper:]')=$url"
        started="$started $1"
    else
        echo "THERE IS NO $1 SERVER: what needs one is NOT TESTED" >&2
        [ "$2" != -- ] || [ "$started" ] || exit 77
    fi
    shift
done
shift
"$@"
