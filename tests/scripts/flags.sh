#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# flags.sh INCLUDE_DIR ALL_HEADERS FOLDERS COMPILER FLAGS…
# What compilers are told not to do: without exceptions there is one sentence rather than pages, without RTTI the headers
# compile. ALL_HEADERS includes all of them; FOLDERS, separated by semicolons, is where what they include is.
include=$1
all_headers=$2
folders=$(echo "$3" | sed 's/^/-I/; s/;/ -I/g')
shift 3
passed=0
failed=0
check() {  # check WHAT STATUS PRINTED: the status of a condition, and what to print if it is not 0
    if [ "$2" -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf '%s, but:\n%s\n' "$1" "$3"
    fi
}

for header in phoneauth/phoneauth.hpp phoneauth/fwd.hpp phoneauth/asio/http_server.hpp; do
    printed=$(echo "#include <$header>" | "$@" -fno-exceptions -fsyntax-only -I"$include" $folders -x c++ - 2>&1)
    [ $? -ne 0 ] && echo "$printed" | grep -q 'error:.*phoneauth needs exceptions' && [ "$(echo "$printed" | grep -c 'error:')" -le 2 ]
    check "$header says in a sentence that it needs exceptions" $? "$printed"
done
printed=$("$@" -fno-rtti -DASIO_NO_TYPEID -fsyntax-only -I"$include" $folders -x c++ "$all_headers" 2>&1)
check "all headers compile without RTTI" $? "$printed"

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
