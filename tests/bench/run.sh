#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# What phoneauth costs, in one table: what, ours, a rival or a floor, its figure, and ours as a multiple of it. Each figure
# is a median, with the least and the most of all rounds in brackets; rivals take turns within a round, so that what else
# the machine does hits all of them. Instructions, which valgrind counts, hardly depend on that. It judges nothing.
usage="usage: tests/bench/run.sh [option]…
  --save FILE       writes the table to FILE as well
  --compare FILE    prints what has changed since FILE was saved, too
  --only NAMES      only these, separated by commas: flow, memory, sending, login, cells
  --programs DIR    does not build: the programs are in this build directory
  --short           a moment each, only to see that it works"
set -eu
cd "$(dirname "$0")/../.."

save=
compare=
only=flow,memory,sending,login,cells
programs=
short=
while [ $# -gt 0 ]; do
    case $1 in
    --short) short=--short ;;
    --save | --compare | --only | --programs)
        [ $# -gt 1 ] || { echo "$usage" >&2; exit 2; }
        case $1 in
        --save) save=$2 ;;
        --compare) compare=$2 ;;
        --only) only=$2 ;;
        --programs) programs=$2 ;;
        esac
        shift
        ;;
    *)
        echo "$usage" >&2
        exit 2
        ;;
    esac
    shift
done
if [ "$compare" ] && [ ! -r "$compare" ]; then
    echo "run.sh: there is no $compare" >&2
    exit 2
fi
names=$(echo "$only" | tr , ' ')
for name in $names; do
    case $name in
    flow | memory | sending | login | cells) ;;
    *) echo "run.sh: there is no benchmark $name" >&2; exit 2 ;;
    esac
done

# ---- Build: optimized, with names for a profiler ----

if [ -z "$programs" ]; then
    . tests/scripts/install_missing.sh
    install_build_packages /usr/include/boost/test/unit_test.hpp=libboost-test-dev \
        /usr/include/boost/beast.hpp=libboost-dev curl-config=libcurl4-openssl-dev node=nodejs valgrind=valgrind
    programs=build-bench
    targets=$(echo "$names" | sed 's/[a-z]*/bench_&/g; s/bench_login/bench_login phoneauth_server/')
    cache=
    if command -v ccache >/dev/null; then cache=-DCMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
    # shellcheck disable=SC2086  # lists
    { cmake -S . -B $programs -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O2 -g1 -DNDEBUG" \
        -DPHONEAUTH_TESTS_PRECOMPILED=OFF $cache && cmake --build $programs --target $targets; } >&2
fi

# ---- Run ----

table=$(mktemp)
trap 'rm -f "$table" "$table.failed"' EXIT
trap 'exit 130' INT TERM

# The figures of bench_cells for the stores that need no server, as lines of the table.
cells() {
    env -u PHONEAUTH_TEST_POSTGRES -u PHONEAUTH_TEST_REDIS "$programs/tests/bench_cells" $short >"$table.cells" || return 1
    awk '$1 == "memory" || $1 == "SQLite" && NF == 5 {
            split("one taken of 3|8 taken of 9|9 asked for|the last of 9 refused", what, "|")
            for (i = 1; i <= 4; ++i)
                printf "%-62s | %-22s | %-40s | %-22s | %s\n", "cells in " $1 ", " what[i] ", us", $(i + 1), "-", "-", "-"
        }' "$table.cells"
    rm -f "$table.cells"
}

run() {
    case $1 in
    login) "$programs/tests/bench_login" --server "$programs/examples/phoneauth_server" $short ;;
    cells) cells ;;
    *) "$programs/tests/bench_$1" $short ;;
    esac
}

row='%-62s | %-22s | %-40s | %-22s | %s\n'
{
    echo "# $(date -u +%Y-%m-%d), $(git describe --always --dirty 2>/dev/null || echo 'unknown version'), $(nproc) processors:" \
        "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), load $(cut -d ' ' -f 1 /proc/loadavg)"
    # shellcheck disable=SC2059
    printf "$row" what ours 'rival or floor' theirs 'ours/theirs'
    for name in $names; do
        run "$name" || echo "$name" >>"$table.failed"
    done
} | tee "$table"
failed=
[ ! -e "$table.failed" ] || failed=$(tr "\n" " " <"$table.failed")

# ---- What has changed ----

if [ "$compare" ]; then
    echo
    echo "since $(head -n 1 "$compare")"
    awk -F ' *[|] *' '
        function value(text) {
            sub(/ .*/, "", text)
            return text ~ /k$/ ? 1000 * substr(text, 1, length(text) - 1) : text + 0
        }
        BEGIN { printf "%-62s | %-40s | %-18s | %-8s | %s\n", "what", "rival or floor", "ours", "changed", "ours/theirs" }
        NF != 5 || $1 == "what" { next }
        NR == FNR { ours[$1, $3] = $2; ratio[$1, $3] = $5; next }
        ($1, $3) in ours {
            before = value(ours[$1, $3])
            now = value($2)
            old = ours[$1, $3]; sub(/ .*/, "", old)
            new = $2; sub(/ .*/, "", new)
            old_ratio = ratio[$1, $3]; sub(/ .*/, "", old_ratio)
            new_ratio = $5; sub(/ .*/, "", new_ratio)
            printf "%-62s | %-40s | %-18s | %-8s | %s\n", $1, $3, old " -> " new,
                before ? sprintf("%+.1f %%", 100 * (now / before - 1)) : "-", old_ratio " -> " new_ratio
        }' "$compare" "$table"
fi
[ -z "$save" ] || cp "$table" "$save"
[ -z "$failed" ] || { echo "run.sh: FAILED, so that figures are missing: $failed" >&2; exit 1; }
