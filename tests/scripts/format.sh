#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# Checks that the sources are formatted; `format.sh --fix` formats them. Another version of clang-format
# formats differently, so it must be version 14.
cd "$(dirname "$0")/../.." || exit 2
for program in clang-format-14 clang-format none; do
    "$program" --version 2>/dev/null | grep -q 'version 14\.' && break
done
if [ $program = none ]; then
    echo "clang-format 14 is not here: the format is NOT checked"
    exit 77
fi
mode="--dry-run -Werror"
[ "${1-}" = --fix ] && mode=-i
find include tests examples -name node_modules -prune -o -type f -name '*.?pp' -print | xargs $program $mode
