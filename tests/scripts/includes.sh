#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# includes.sh INCLUDE_DIR NEEDS_ASIO COMPILER FLAGS…
# Checks which headers reach Asio, llhttp and simdjson. NEEDS_ASIO is a regex for those of phoneauth::asio.
cd "$1" || exit 2
needs_asio=$2
shift 2
passed=0
failed=0
check() {  # check WHAT OFFENDERS
    if [ -z "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf '%s, but:\n%s\n' "$1" "$2"
    fi
}
users_of() { grep -rlE "^ *# *include *[<\"]$1" phoneauth | grep -vE "$2"; }

# What a user of the blocking mode compiles: exactly the headers that are not in phoneauth::asio.
blocking=$(find phoneauth -name '*.hpp' | grep -vE 'phoneauth/asio/|/testing/(async|fake_twilio)|/detail/http1|/src\.hpp')
dependencies=$(echo "$blocking" | sed 's/.*/#include <&>/' | "$@" -I. -M -x c++ -) || exit 1
check "the blocking mode includes neither Asio nor llhttp" "$(echo "$dependencies" | grep -oE '[^ ]*(/asio/|/asio\.hpp|llhttp)[^ ]*')"

check "only asio/, testing/async and testing/fake_twilio include Asio" "$(users_of 'asio[/.]' 'phoneauth/asio/|/testing/(impl/)?(async|fake_twilio)')"
check "only detail/http1 includes llhttp" "$(users_of 'llhttp' '/http1\.[hi]pp')"
check "only detail/json includes simdjson" "$(users_of 'simdjson' '/json\.[hi]pp')"

# Every body is compiled by one of the two src.hpp.
check "src.hpp includes every impl/*.ipp" "$(find phoneauth -name '*.ipp' | while read -r body; do
    grep -q "<$body>" phoneauth/src.hpp phoneauth/asio/src.hpp || echo "$body"
done)"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
