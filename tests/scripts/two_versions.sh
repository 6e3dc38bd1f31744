#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# two_versions.sh INCLUDE_DIR COMPILER FLAGS…
# Checks that version.hpp notices another version of itself: in one translation unit, and in one program.
set -eu
include=$1
shift
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0
failed=0
check() {  # check WHAT STATUS WANTED-STATUS [PATTERN]: of the command that has just run, and of what it printed
    if [ "$2" = "$3" ] && { [ $# -eq 3 ] || grep -q "$4" "$dir/log"; }; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$1: status $2"
        cat "$dir/log"
    fi
}
run() { "$@" >"$dir/log" 2>&1 && status=0 || status=1; }

mkdir -p "$dir/other/phoneauth"
sed 's/\<100\>/99900/' "$include/phoneauth/version.hpp" >"$dir/other/phoneauth/version.hpp"
cmp -s "$include/phoneauth/version.hpp" "$dir/other/phoneauth/version.hpp" && exit 1
cat >"$dir/main.cpp" <<'END'
#include <phoneauth/version.hpp>
int part();
int main() { return part() == PHONEAUTH_VERSION ? 0 : 1; }
END
cat >"$dir/part.cpp" <<'END'
#include <phoneauth/version.hpp>
int part();
int part() { return PHONEAUTH_VERSION; }
END
printf '#include <phoneauth/version.hpp>\n#include "%s"\n' "$dir/other/phoneauth/version.hpp" >"$dir/both.cpp"
printf '#include <phoneauth/version.hpp>\n#include <phoneauth/version.hpp>\n' >"$dir/twice.cpp"

for optimized in -O0 -O2; do
    "$@" $optimized -I"$include" -c "$dir/main.cpp" -o "$dir/main.o"
    "$@" $optimized -I"$include" -c "$dir/part.cpp" -o "$dir/part.o"
    "$@" $optimized -I"$dir/other" -c "$dir/part.cpp" -o "$dir/other.o"
    run "$@" "$dir/main.o" "$dir/part.o" -o "$dir/program"
    check "units of one version link ($optimized)" $status 0
    run "$dir/program"
    check "their program runs ($optimized)" $status 0
    run "$@" "$dir/main.o" "$dir/other.o" -o "$dir/program"
    check "units of two versions do not link ($optimized)" $status 1 phoneauth_version_
done
run "$@" -I"$include" -fsyntax-only "$dir/both.cpp"
check "two versions in one unit do not compile" $status 1 'after another version of phoneauth'
run "$@" -I"$include" -fsyntax-only "$dir/twice.cpp"
check "one version twice in one unit compiles" $status 0

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
