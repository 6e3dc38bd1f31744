#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# Prints the user CPU seconds that compiling takes: the smallest embedding in blocking and in asynchronous mode, beside the
# headers they rest on. Each figure is the least of three runs, with --short of one that writes no code.
# usage: tests/bench/compile.sh [--short] [COMPILER] [OPTION]…        (default: g++ -O0)
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
runs="1 2 3"
output="-c -o $work/out.o"
if [ "${1-}" = --short ]; then
    runs=1 output=-fsyntax-only
    shift
fi
compiler=${1-g++}
[ $# -gt 0 ] && shift
options="-std=c++20 -Iinclude -DASIO_STANDALONE -DASIO_HAS_CO_AWAIT=1 -DASIO_HAS_STD_COROUTINE=1 -I/usr/share/include/llhttp"

seconds() {
    # shellcheck disable=SC2086  # options are words
    for _ in $runs; do
        bash -c 'TIMEFORMAT=%U; time "$@"' - "$compiler" $options "$@" $output >"$work/log" 2>&1 ||
            { cat "$work/log" >&2; return 1; }
        tail -n 1 "$work/log"
    done >"$work/seconds" || return 1
    sort -n "$work/seconds" | head -n 1
}
row() {
    name=$1
    shift
    least=$(seconds "$@")  # fails if it does not compile
    printf '%-58s %6s s\n' "$name" "$least"
}

echo '#include <simdjson.h>' >"$work/simdjson.cpp"
echo '#include <asio.hpp>' >"$work/asio.cpp"
echo "$compiler ${*:--O0}, user CPU"
row 'embed_minimal, blocking' "$@" examples/embed_minimal/main.cpp
row 'embed_minimal, blocking, PHONEAUTH_SEPARATE_COMPILATION' "$@" -DPHONEAUTH_SEPARATE_COMPILATION examples/embed_minimal/main.cpp
row 'embed_async, asynchronous with the HTTPS transport' "$@" examples/embed_async/main.cpp
row '… the same, PHONEAUTH_SEPARATE_COMPILATION' "$@" -DPHONEAUTH_SEPARATE_COMPILATION examples/embed_async/main.cpp
row 'simdjson.h alone' "$@" "$work/simdjson.cpp"
row 'asio.hpp alone' "$@" "$work/asio.cpp"
