#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# answer_codes.sh PROGRAM: runs a program that prints messages, and types each code that it prints back to it.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkfifo "$dir/typed" "$dir/printed"

"$1" <"$dir/typed" >"$dir/printed" &
program=$!
exec 3>"$dir/typed"
while read -r line; do
    echo "$line"
    code=$(echo "$line" | grep -oE '\b[0-9]{6}\b' || true)
    [ -z "$code" ] || echo "$code" >&3
done <"$dir/printed"
wait $program
