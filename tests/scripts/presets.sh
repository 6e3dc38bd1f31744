#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# presets.sh: checks that every preset configures, and is there to build and to test.
set -eu
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
names=$(cmake --list-presets=configure | sed -n 's/^ *"\([^"]*\)".*/\1/p')
passed=0
failed=0
skipped=0
for name in $names; do
    if [ "$name" = clang ] && ! command -v clang++ >/dev/null; then
        echo "clang++ is not here: its preset is NOT checked"
        skipped=$((skipped + 1))
    elif cmake --preset "$name" -B "$dir/$name" >"$dir/log" 2>&1 &&
        cmake --list-presets=build | grep -q "\"$name\"" && cmake --list-presets=test | grep -q "\"$name\""; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "preset $name:"
        cat "$dir/log"
    fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
