#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# includes.sh INCLUDE_DIR NEEDS_ASIO NEEDS_CLIENT COMPILER FLAGS…
# Checks which headers reach Asio, llhttp, simdjson and the databases' client libraries. NEEDS_ASIO is a regex for those
# of phoneauth::asio, NEEDS_CLIENT for those of the stores and password schemes with a library of their own.
cd "$1" || exit 2
needs_asio=$2
needs_client=$3
shift 3
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

# What a user of the blocking mode compiles: exactly the headers that are not in phoneauth::asio. Of the stores, too; their
# libraries need not be here (-MG).
blocking=$(find phoneauth -name '*.hpp' | grep -vE "$needs_asio|/src\.hpp")
dependencies=$(echo "$blocking" | sed 's/.*/#include <&>/' | "$@" -I. -M -MG -x c++ -) || exit 1
check "the blocking mode includes neither Asio nor llhttp" "$(echo "$dependencies" | grep -oE '[^ ]*(/asio/|/asio\.hpp|llhttp)[^ ]*')"

check "only asio/, testing/posting and testing/fake_twilio include Asio" "$(users_of "asio[/.]" "phoneauth/asio/|/testing/(posting|fake_twilio)")"
for store in sqlite:sqlite3 postgres:libpq redis:hiredis crypt:crypt.h argon2:argon2.h; do
    check "only ${store%:*}'s own headers include ${store#*:}" "$(users_of "${store#*:}" "/(storage|asio|secrets)/(detail/)?${store%:*}[^/]*\.hpp")"
    check "nothing else includes ${store%:*}'s headers" "$(users_of "phoneauth/(storage|asio|secrets)/(detail/)?${store%:*}" "$needs_client")"
done
check "only asio/detail/http1 includes llhttp" "$(users_of 'llhttp' '/http1\.[hi]pp')"
check "only detail/json includes simdjson" "$(users_of 'simdjson' '/json\.[hi]pp')"

# What C++, the libraries and nothing else have. What a system has keeps the rest from no other system.
own='llhttp|simdjson|sqlite3|libpq-fe|crypt|argon2|openssl/[a-z0-9_]+|hiredis/[a-z0-9_]+'
check "only detail/inet, secrets/random and the stores include what POSIX has" "$(
    grep -rhoE '^ *# *include *[<"][^">]+\.h[">]' phoneauth | sed -E 's/.*[<"](.*)\.h[">]/\1/' | sort -u | grep -vxE "$own" | while read -r name; do
        users_of "$name\.h[>\"]" '/(detail/inet\.hpp|secrets/random\.ipp|storage/detail/(sqlite|postgres|redis)_[a-z]+\.hpp)$'
    done
)"

# Every header notices another version, so each reaches version.hpp.
reaching=$(find phoneauth -name 'version.hpp')
before=
while [ "$reaching" != "$before" ]; do
    before=$reaching
    pattern=$(echo "$before" | tr '\n' '|' | sed 's/|$//')
    reaching=$({ echo "$before"; grep -rlE --include='*.hpp' "^ *# *include *<($pattern)>" phoneauth; } | sort -u)
done
check "every public header includes version.hpp, through others or itself" "$(find phoneauth -name '*.hpp' |
    grep -vE '/detail/|/src\.hpp' | while read -r header; do echo "$reaching" | grep -qx "$header" || echo "$header"; done)"
check "fwd.hpp includes nothing else" "$(grep -E '^ *# *include' phoneauth/fwd.hpp | grep -v '<phoneauth/version.hpp>')"

# Every body is compiled by one of the two src.hpp.
check "src.hpp includes every .ipp" "$(find phoneauth -name '*.ipp' | while read -r body; do
    grep -q "<$body>" phoneauth/src.hpp phoneauth/asio/src.hpp phoneauth/flows/bodies.hpp || echo "$body"
done)"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
