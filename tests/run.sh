#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# Installs what is missing (Debian 12, Ubuntu), builds everything and runs every test.
usage="usage: tests/run.sh [option]…
  --compiler=NAME      g++ (default), clang++, clang++-19, …
  --sanitize=NAME      address (with undefined behaviour) or thread
  --filter=REGEX       only the tests whose names match (see ctest -N); everything is built
  --only=NAME          only this test program, and nothing else is built: unit, flows, secrets or faults
  --no-e2e             without the clients' own code: no Node, no browser
  --long               the proofs about races and crashes as well, which take minutes each
  --tidy               clang-tidy over everything as well
  --fuzz SECONDS       only the fuzzers, looking for new inputs for so long; with Clang, by default clang++"
set -eu
cd "$(dirname "$0")/.."
. tests/scripts/install_missing.sh

die() {
    echo "run.sh: $*" >&2
    exit 1
}

compiler=g++
sanitize=
filter=.
only=
e2e=yes
long=OFF
tidy=
fuzz=
while [ $# -gt 0 ]; do
    option=$1
    shift
    case $option in
    --compiler=*) compiler=${option#*=} ;;
    --sanitize=address | --sanitize=thread) sanitize=${option#*=} ;;
    --filter=*) filter=${option#*=} ;;
    --only=unit | --only=flows | --only=secrets | --only=faults) only=${option#*=} filter="^$only(\\.network)?\$" e2e= ;;
    --no-e2e) e2e= ;;
    --long) long=ON ;;
    --tidy) tidy=yes compiler=clang++ ;;
    --fuzz)
        fuzz=${1-?}
        [ $# -eq 0 ] || shift
        ;;
    *)
        echo "$usage" >&2
        exit 2
        ;;
    esac
done

if [ "$fuzz" ]; then
    case $compiler in clang*) ;; *) compiler=clang++ ;; esac
    exec tests/scripts/fuzz.sh "$compiler" "$fuzz"
fi

# ---- What is missing ----

c_compiler=$(echo "$compiler" | sed 's/^g++/gcc/; s/^clang++/clang/')
install_build_packages ccache=ccache python3=python3 /usr/include/boost/test/unit_test.hpp=libboost-test-dev \
    /usr/include/boost/beast.hpp=libboost-dev meson=meson doxygen=doxygen \
    /usr/share/doxygen-awesome-css/doxygen-awesome.css=doxygen-awesome-css ld.lld=lld \
    dpkg-buildpackage=dpkg-dev dh=debhelper lintian=lintian lua5.4=lua5.4 clang++=clang \
    /usr/share/doc/libc++-dev=libc++-dev /usr/share/doc/libc++abi-dev=libc++abi-dev \
    "$compiler=$(echo "$c_compiler" | sed 's/^gcc/g++/')" \
    ${tidy:+run-clang-tidy=clang-tidy}
initdb=$(find /usr/lib/postgresql -name initdb 2>/dev/null | head -n 1)
install_missing_servers "${initdb:-initdb}=postgresql" redis-server=redis-server ps=procps \
    /usr/sbin/pgbouncer=pgbouncer
case $compiler$sanitize in
clang*address | clang*thread)
    package=libclang-rt${c_compiler#clang}-dev
    install_missing "/usr/share/doc/$package=$package"
    ;;
esac
if apt-cache show clang-format-14 >/dev/null 2>&1; then
    install_missing clang-format-14=clang-format-14
fi
if apt-cache show clang-19 >/dev/null 2>&1; then
    install_missing clang++-19=clang-19  # for the module
fi
if [ $e2e ]; then
    install_missing node=nodejs npm=npm /etc/ssl/certs/ca-certificates.crt=ca-certificates
    [ tests/e2e/node_modules/.package-lock.json -nt tests/e2e/package-lock.json ] || npm --prefix tests/e2e ci --no-audit --no-fund
    if ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null; then
        if apt-cache show chromium 2>/dev/null | grep -q '^Filename'; then
            install_missing chromium=chromium
        else  # Ubuntu has it only as a snap
            (cd tests/e2e && npx playwright-core install --with-deps chromium)
        fi
    fi
fi

# ---- Build ----

# Another clone, in another folder, finds what this one has compiled.
export CCACHE_BASEDIR="${CCACHE_BASEDIR-$PWD}" CCACHE_NOHASHDIR="${CCACHE_NOHASHDIR-1}"
export CCACHE_SLOPPINESS="${CCACHE_SLOPPINESS-pch_defines,time_macros}"
preset=dev
[ "$sanitize" = address ] && preset=asan
[ "$sanitize" = thread ] && preset=tsan
build=build
[ $c_compiler = gcc ] || build=$build-$c_compiler
[ $preset = dev ] || build=$build-$preset
cmake --preset $preset -B $build -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_C_COMPILER="$c_compiler" \
    -DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld -DPHONEAUTH_BUILD_TESTS=ON \
    -DPHONEAUTH_LONG_TESTS=$long
cmake --build $build --parallel "$(nproc)" ${only:+--target "phoneauth_$only"}

# ---- Run, and add up ----

report=$PWD/$build/ctest.xml
log=$PWD/$build/Testing/Temporary/LastTest.log
rm -f "$report" "$log"
secrets=$PWD/$build/secrets  # of this run; see tests/scripts/find_secrets.py
rm -rf "$secrets"
mkdir "$secrets"
PHONEAUTH_TEST_SECRETS=$secrets tests/scripts/with_servers.sh postgres redis -- \
    ctest --test-dir $build --parallel "$(nproc)" --output-on-failure --timeout 1500 -R "$filter" \
    ${e2e:--LE e2e} --output-junit "$report" --test-output-truncation head ||
    [ $? -eq 8 ] || die "ctest did not come to its end"  # 8: tests failed
[ -s "$report" ] || die "ctest has not reported"
printed=run  # 77 where nobody names a secret
tests/scripts/find_secrets.py "$secrets" "$log" || printed=$?
tidied=
if [ $tidy ]; then
    tidied=run
    run-clang-tidy -quiet -p $build -j "$(nproc)" "$PWD/(tests|examples)/" >$build/tidy.log 2>&1 ||
        { tidied=fail; grep -E '(error|warning): ' $build/tidy.log | sort -u; }
fi

# A test counts as what its closing line says ("N passed, N failed"), or else as one.
row() {  # its name, and run, fail or 77 (it could not be run)
    echo "<testcase name=\"$1\" status=\"$2\">"
    [ "$2" != 77 ] || echo '<skipped message="SKIP_"/>'
    echo '</testcase>'
}
{ cat "$report"; row printed $printed; [ ! $tidy ] || row tidy $tidied; } | awk '
    /<testcase / { p = f = s = 0; counted = 0; ok = /status="run"/; skip = 0 }
    /<skipped message="SKIP_/ { skip = 1 }
    /(^|>)[0-9]+ passed, [0-9]+ failed/ { sub(/<\/.*/, ""); sub(/.*>/, ""); p = $1; f = $3; s = /skipped/ ? $5 : 0; counted = 1 }
    /<\/testcase>/ {
        if (skip) { p = f = 0; s = 1 }
        else if (!ok && !f) f = 1
        else if (!counted) p = ok
        passed += p; failed += f; skipped += s
    }
    END {
        printf "%d passed, %d failed%s\n", passed, failed, skipped ? ", " skipped " skipped" : ""
        exit failed || !passed
    }'
