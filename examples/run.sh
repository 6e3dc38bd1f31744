#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# Installs what is missing (Debian 12, Ubuntu), builds the example server and starts it; see --help for its options.
#   examples/run.sh [option]…    starts the server
#   examples/run.sh --once [--storage URL]
#       registers and logs in as a client would, on two servers that share a storage (a SQLite file, unless a URL names
#       another; memory: one server), prints every request and reply, and ends
set -eu
cd "$(dirname "$0")/.."
. tests/scripts/install_missing.sh
install_build_packages

build=${PHONEAUTH_BUILD_DIR-build}
set_up_build() {
    [ -e "$build/build.ninja" ] || cmake --preset dev -B "$build" -DPHONEAUTH_BUILD_TESTS=OFF
    cmake --build "$build" --target phoneauth_server phoneauth_journey
}
set_up_build >&2

if [ "${1-}" = --once ]; then
    shift
    exec "$build/examples/phoneauth_journey" --server "$build/examples/phoneauth_server" "$@"
fi
exec "$build/examples/phoneauth_server" "$@"
