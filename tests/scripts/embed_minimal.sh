#!/usr/bin/env bash
# Usage: embed_minimal.sh PROGRAM
# Plays the person at the terminal of examples/embed_minimal: types each code that the console transport prints.
set -eu
coproc example { "$1"; }
for step in register log_in; do
    while IFS= read -r -t 60 line <&"${example[0]}"; do
        [[ $line =~ \+14155550100:\ ([0-9]{6})\  ]] && break
    done
    echo "${BASH_REMATCH[1]}" >&"${example[1]}"
done
IFS= read -r -t 60 line <&"${example[0]}"
echo "$line"
[[ $line == *"Hello, ada@example.com" ]]
