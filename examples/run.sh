#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# Installs what is missing (Debian 12, Ubuntu), builds the example server and starts it; see --help for its options.
#   examples/run.sh [option]…    starts the server
#   examples/run.sh --once [--storage URL]
#       registers and logs in as a client would, on two servers that share a storage (a SQLite file, unless a URL names
#       another; memory: one server), prints every request and reply, and ends
#   examples/run.sh --in asio|beast|httplib
#       does so in a server of that framework, examples/with_…, and asks for a route of its own, GET /me
set -eu
cd "$(dirname "$0")/.."
. tests/scripts/install_missing.sh
install_build_packages

program=phoneauth_server
if [ "${1-}" = --in ]; then
    case ${2-} in
    asio | httplib) ;;
    beast) install_missing /usr/include/boost/beast.hpp=libboost-dev ;;
    *)
        echo "run.sh: --in asio, beast or httplib" >&2
        exit 2
        ;;
    esac
    program=with_$2
fi

build=${PHONEAUTH_BUILD_DIR-build}
set_up_build() {
    if [ ! -e "$build/build.ninja" ]; then
        cmake --preset dev -B "$build" -DPHONEAUTH_BUILD_TESTS=OFF
    elif [ ! -e "$build/examples/$program" ]; then
        cmake "$build" # what it needs may have been installed since
    fi
    cmake --build "$build" --target $program phoneauth_journey
}
set_up_build >&2

if [ "${1-}" = --once ]; then
    shift
    exec "$build/examples/phoneauth_journey" --server "$build/examples/phoneauth_server" "$@"
fi
if [ "${1-}" = --in ]; then
    exec "$build/examples/phoneauth_journey" --in "$build/examples/$program"
fi
exec "$build/examples/phoneauth_server" "$@"
