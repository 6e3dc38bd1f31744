#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# dialects.sh programs|headers SOURCE WORK_DIR
# What the rest of the tests does not compile with: C++23, and libc++ instead of libstdc++.
#   programs   a blocking program and one on an event loop, built with Clang and libc++ as C++23, and run; compiled by g++ as
#              C++23
#   headers    each public header alone with Clang and libc++, as C++20; all of them at once in each dialect of each compiler
set -u
what=$1
source=$2
work=$3
clang=${PHONEAUTH_TEST_CLANG-clang++}
gcc=${PHONEAUTH_TEST_GCC-g++}
strict="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"
asio="-DASIO_STANDALONE -DASIO_HAS_CO_AWAIT=1 -DASIO_HAS_STD_COROUTINE=1 -DASIO_NO_DEPRECATED -pthread"
libraries="-lsimdjson -lssl -lcrypto"
passed=0
failed=0
skipped=0
check() {  # check WHAT COMMAND…
    name=$1
    shift
    if output=$("$@" 2>&1); then
        passed=$((passed + 1))
        echo "ok: $name"
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n%s\n' "$name" "$(echo "$output" | head -n 40)"
    fi
}
skip() {
    skipped=$((skipped + 1))
    echo "SKIPPED: $*"
}

rm -rf "$work"
mkdir -p "$work"
cd "$work" || exit 2
if llhttp=$(pkg-config --cflags libllhttp 2>/dev/null); then
    libraries="$libraries $(pkg-config --libs libllhttp)"
else
    cc -c -I/usr/share/include/llhttp /usr/share/llhttp/*.c || exit 2
    llhttp="-isystem /usr/share/include/llhttp"
    libraries="$libraries api.o http.o llhttp.o"
fi
# Headers of libraries that Debian builds with libstdc++, but whose functions take nothing of a standard library's.
clients=$(pkg-config --cflags sqlite3 libpq hiredis libxcrypt libargon2)
flags="$strict -I$source/include $asio $llhttp"
have() { echo '#include <coroutine>' | "$@" -fsyntax-only -x c++ - 2>/dev/null; }

libcxx="$clang -stdlib=libc++"
# shellcheck disable=SC2086
have $libcxx -std=c++20 || libcxx=
# shellcheck disable=SC2086
have $gcc -std=c++23 || gcc=

# shellcheck disable=SC2086
case $what in
programs)
    for program in blocking with_asio; do
        if [ "$libcxx" ]; then
            check "$program with libc++, C++23" \
                $libcxx -std=c++2b $flags "$source/tests/consumers/$program.cpp" -o $program $libraries
            [ ! -e $program ] || check "$program with libc++ runs" ./$program
        fi
        [ -z "$gcc" ] || check "$program with g++, C++23" \
            $gcc -std=c++23 $flags -fsyntax-only "$source/tests/consumers/$program.cpp"
    done
    ;;
headers)
    (cd "$source/include" && find phoneauth -name '*.hpp' ! -name src.hpp | sort) >all
    compile() { { sed 's/.*/#include <&>/' | "$@" -fsyntax-only -x c++ -; } <"$work/list"; }
    if [ "$libcxx" ]; then
        while read -r header; do
            echo "$header" >list
            check "$header alone with libc++, C++20" compile $libcxx -std=c++20 $flags $clients
        done <all
    fi
    cp all list
    for way in "$libcxx -std=c++2b" "$clang -std=c++20" "$clang -std=c++2b" "$gcc -std=c++23"; do
        case $way in ' '*) continue ;; esac
        check "all headers: $way" compile $way $flags $clients
    done
    ;;
*)
    exit 2
    ;;
esac
[ "$libcxx" ] || skip "there is no $clang with libc++ (Debian: clang libc++-14-dev libc++abi-14-dev)"
[ "$gcc" ] || skip "there is no g++ with C++23"

echo "$passed passed, $failed failed$([ $skipped = 0 ] || echo ", $skipped skipped")"
[ $failed = 0 ] || exit 1
[ $passed != 0 ] || exit 77
