#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# fuzz.sh COMPILER SECONDS: builds the fuzzers with Clang's libFuzzer and sanitizers and lets all of them look for inputs
# that violate a property, for SECONDS altogether, beginning with tests/fuzz/corpus. What they find that is new stays in
# the build folder, and the next run begins with it, too. Fails on any finding.
set -eu
cd "$(dirname "$0")/../.."
. tests/scripts/install_missing.sh
compiler=$1
seconds=$2
case $seconds in
'' | *[!0-9]*)
    echo "fuzz.sh: SECONDS is a whole number" >&2
    exit 2
    ;;
esac

# ---- Build ----

c_compiler=$(echo "$compiler" | sed 's/^clang++/clang/')
install_build_packages ccache=ccache "$compiler=$c_compiler" /usr/include/boost/test/unit_test.hpp=libboost-test-dev
resources=$("$compiler" --print-resource-dir)
if [ -z "$(find "$resources" -name 'libclang_rt.fuzzer*')" ]; then
    version=$(basename "$resources" | cut -d. -f1)
    install_missing "/usr/share/doc/libclang-rt-$version-dev=libclang-rt-$version-dev"
fi
build=$PWD/build-fuzz
checks="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1 -g"
flags=$checks
# False alarms on coroutines before Clang 15.
[ "$(echo | "$compiler" -dM -E - | awk '/__clang_major__/ { print $3 }')" -ge 15 ] || flags="$checks -fno-sanitize=function"
cmake -S . -B "$build" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_C_COMPILER="$c_compiler" \
    -DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_FLAGS="$flags" -DCMAKE_C_FLAGS="$checks" \
    -DPHONEAUTH_BUILD_TESTS=ON -DPHONEAUTH_FUZZ=ON >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
mv "$build.log" "$build/configure.log"
cmake --build "$build" --target fuzz --parallel "$(nproc)"

# ---- Run: as many at a time as there are processors, each equally long ----

names=$(cd tests/fuzz && ls ./*.cpp | sed 's|^\./||; s|\.cpp$||' | grep -v '^replay$')
count=$(echo "$names" | wc -l)
cores=$(nproc)
[ "$cores" -le "$count" ] || cores=$count
rounds=$(((count + cores - 1) / cores))
each=$((seconds / rounds))
[ "$each" -gt 0 ] || each=1
echo "$count fuzzers, $cores at a time, $each s each"
for name in $names; do
    mkdir -p "$build/corpus/$name"
    rm -rf "$build/findings/$name"
    mkdir -p "$build/findings/$name"
done
export build each
# shellcheck disable=SC2016
echo "$names" | xargs -P "$cores" -I NAME sh -c '
    # Memory that grows beyond 1 GB, and inputs that take longer than 20 s, are findings, too.
    "$build/tests/fuzz_NAME" -max_total_time="$each" -rss_limit_mb=1024 -timeout=20 -print_final_stats=1 \
        -artifact_prefix="$build/findings/NAME/" "$build/corpus/NAME" tests/fuzz/corpus/NAME \
        >"$build/findings/NAME.log" 2>&1 || echo "ended with $?" >"$build/findings/NAME/failed"
'

# ---- Report ----

printf '%-20s %12s %10s %15s %8s %6s %s\n' fuzzer executions per_second edges_covered features new findings
bad=0
for name in $names; do
    log=$build/findings/$name.log
    findings=$(find "$build/findings/$name" -type f ! -name failed | sort)
    found=$(echo "$findings" | grep -c . || true)
    [ -e "$build/findings/$name/failed" ] && [ "$found" = 0 ] && found=1
    [ "$found" = 0 ] || bad=1
    awk -v name="$name" -v found="$found" '
        /^INFO: Loaded 1 modules/ { match($0, /\([0-9]+ inline/); total = substr($0, RSTART + 1, RLENGTH - 8) }
        / cov: / { for (i = 1; i < NF; ++i) { if ($i == "cov:") cov = $(i + 1); if ($i == "ft:") ft = $(i + 1) } }
        /^stat::number_of_executed_units/ { runs = $2 }
        /^stat::average_exec_per_sec/ { rate = $2 }
        /^stat::new_units_added/ { new = $2 }
        END { printf "%-20s %12d %10d %15s %8d %6d %d\n", name, runs, rate, cov "/" total, ft, new, found }' "$log"
done
[ $bad = 0 ] || for name in $names; do
    [ -e "$build/findings/$name/failed" ] || continue
    echo
    echo "== $name"
    grep -E 'property violated|ERROR: |runtime error:|SUMMARY: ' "$build/findings/$name.log" || tail -n 20 "$build/findings/$name.log"
    find "$build/findings/$name" -type f ! -name failed | while read -r file; do
        echo "   $file"
        echo "   again: $build/tests/fuzz_$name $file"
    done
done
exit $bad
