#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# compile_fail.sh FILE COMPILER FLAGS…
# A file whose first lines hold `// EXPECT: regex` must fail to compile with a message that matches (one
# regex a line, all must match); a file without such a line is a positive control and must compile.
file=$1
shift
output=$("$@" -fsyntax-only "$file" 2>&1)
status=$?
expected=$(sed -n '1,10s,^// EXPECT: ,,p' "$file")

if [ -z "$expected" ]; then
    [ $status -eq 0 ] && exit 0
    echo "$file must compile, but:"
    echo "$output"
    exit 1
fi
if [ $status -eq 0 ]; then
    echo "$file compiles, but must fail with: $expected"
    exit 1
fi
echo "$expected" | while read -r regex; do
    # Only lines with diagnostics count: a compiler also quotes the source, and with it the regex.
    if ! echo "$output" | grep -E '(error|note|required)' | grep -Eq -e "$regex"; then
        echo "no message of the compiler matches: $regex"
        echo "$output"
        exit 1
    fi
done
