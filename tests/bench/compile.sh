#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# Prints the user CPU seconds that compiling takes: the smallest embedding in blocking and in asynchronous mode, beside the
# headers they rest on. Each figure is the least of three runs.
# usage: tests/bench/compile.sh [COMPILER] [OPTION]…        (default: g++ -O0)
set -eu
cd "$(dirname "$0")/../.."
compiler=${1-g++}
[ $# -gt 0 ] && shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
options="-std=c++20 -Iinclude -DASIO_STANDALONE -DASIO_HAS_CO_AWAIT=1 -DASIO_HAS_STD_COROUTINE=1 -I/usr/share/include/llhttp"

seconds() {
    for _ in 1 2 3; do
        # shellcheck disable=SC2086  # options are words
        bash -c 'TIMEFORMAT=%U; time "$@"' - "$compiler" $options "$@" -c -o "$work/out.o" 2>&1 | tail -n 1
    done | sort -n | head -n 1
}
row() {
    name=$1
    shift
    printf '%-58s %6s s\n' "$name" "$(seconds "$@")"
}

echo '#include <simdjson.h>' >"$work/simdjson.cpp"
echo '#include <asio.hpp>' >"$work/asio.cpp"
echo "$compiler ${*:--O0}, user CPU"
row 'embed_minimal, blocking' "$@" examples/embed_minimal/main.cpp
row 'embed_minimal, blocking, PHONEAUTH_SEPARATE_COMPILATION' "$@" -DPHONEAUTH_SEPARATE_COMPILATION examples/embed_minimal/main.cpp
row 'embed_async, asynchronous with the HTTPS transport' "$@" tests/bench/embed_async.cpp
row '… the same, PHONEAUTH_SEPARATE_COMPILATION' "$@" -DPHONEAUTH_SEPARATE_COMPILATION tests/bench/embed_async.cpp
row 'simdjson.h alone' "$@" "$work/simdjson.cpp"
row 'asio.hpp alone' "$@" "$work/asio.cpp"
