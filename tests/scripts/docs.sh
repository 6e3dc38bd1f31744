#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# docs.sh: checks the comments of what is public by Doxyfile, prints what is wrong and how much of it each file has.
cd "$(dirname "$0")/../.." || exit 2
if ! command -v doxygen >/dev/null; then
    echo "doxygen is not here: the comments are NOT checked"
    exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
{ cat Doxyfile; printf 'OUTPUT_DIRECTORY = %s\nGENERATE_HTML = NO\nGENERATE_XML = YES\n' "$dir"; } | doxygen - >"$dir/log" 2>&1
status=$?
grep -v 'tag .* has become obsolete' "$dir/log" | sed "s|^$PWD/||" | sort -u
if [ $status -ne 0 ]; then
    echo
    grep -oE '^[^: ]+:[0-9]+: ' "$dir/log" | cut -d: -f1 | sed "s|^$PWD/||" | sort | uniq -c | sort -rn
fi
exit $status
