#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# run.sh KIND PHONEAUTH_SOURCE WORK_DIR COMPILER
# Builds the programs beside it as somebody else's project would, in one of several ways, and runs them.
set -eu
kind=$1
source=$2
work=$3
compiler=$4
here=$source/tests/consumers
strict="-std=c++20 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"

rm -rf "$work"
mkdir -p "$work"
cd "$work"

# Nothing of this environment helps: no variable that the library could be found by.
clean() { env -i PATH="$PATH" HOME="$work" CXX="$compiler" "$@"; }
install_phoneauth() {
    clean cmake -S "$source" -B install-build -G Ninja -DPHONEAUTH_BUILD_TESTS=OFF -DPHONEAUTH_BUILD_EXAMPLES=OFF
    clean cmake --build install-build
    clean cmake --install install-build --prefix "$work/prefix.first"
    mv prefix.first prefix  # an installed tree can be moved
    rm -rf install-build
    cmp "$source/examples/server/openapi.json" prefix/share/phoneauth/openapi.json
}
build_with_cmake() {
    # The compiler's flags are as strict as a consumer's may be: the library's headers must not raise a warning.
    clean cmake -S "$here/$kind" -B build -G Ninja -DCMAKE_CXX_FLAGS="$strict" "$@"
    clean cmake --build build
}
mkdir build

case $kind in
find_package)
    install_phoneauth
    build_with_cmake -DCMAKE_PREFIX_PATH="$work/prefix"
    build/compiled
    ;;
add_subdirectory)
    build_with_cmake -DPHONEAUTH_SOURCE="$source"
    ;;
fetch_content)
    build_with_cmake -DFETCHCONTENT_SOURCE_DIR_PHONEAUTH="$source" -DFETCHCONTENT_FULLY_DISCONNECTED=ON
    ;;
own_targets)  # only configured: see there
    configure() {  # configure NAME OPTIONS…
        name=$1
        shift
        clean cmake -S "$here/own_targets" -B "build/$name" -G Ninja -DPHONEAUTH_SOURCE="$source" "$@" >"build/$name.log" 2>&1
    }
    for way in llhttp_static llhttp_shared conan asio_target asio_fetched old_hiredis; do
        configure $way -DWAY=$way -DPHONEAUTH_REQUIRE="asio;redis" || { cat build/$way.log; exit 1; }
    done
    # What is left out is said, and is an error for who asks for it.
    configure without -DPHONEAUTH_ASIO_INCLUDE_DIR=OFF -DWAY=without || true
    grep -q 'phoneauth::asio is left out; missing: standalone Asio' build/without.log
    if configure asked -DPHONEAUTH_ASIO_INCLUDE_DIR=OFF -DPHONEAUTH_REQUIRE=asio; then exit 1; fi
    grep -q 'PHONEAUTH_REQUIRE asks for phoneauth::asio, which' build/asked.log
    if configure unknown -DPHONEAUTH_REQUIRE=mysql; then exit 1; fi
    grep -q 'there is no part "mysql"' build/unknown.log
    echo "all ways are configured"
    exit 0
    ;;
meson)
    cp "$here/meson/meson.build" "$here"/*.cpp .
    mkdir subprojects
    ln -s "$source" subprojects/phoneauth
    clean meson setup build -Dbuildtype=plain -Dwarning_level=3 -Dwerror=true
    clean ninja -C build
    ;;
pkg_config)
    install_phoneauth
    flags() { PKG_CONFIG_PATH=$(echo "$work"/prefix/lib*/pkgconfig "$work"/prefix/lib/*/pkgconfig | tr ' ' ':') pkg-config "$@"; }
    "$compiler" $strict "$here/blocking.cpp" -o build/blocking $(flags --cflags --libs phoneauth)
    "$compiler" $strict "$here/with_asio.cpp" -o build/with_asio $(flags --cflags --libs phoneauth-asio)
    "$compiler" $strict "$here/with_stores.cpp" -o build/with_stores \
        $(flags --cflags --libs phoneauth-sqlite phoneauth-postgres phoneauth-redis phoneauth-crypt phoneauth-argon2)
    ;;
debian)  # examples/packaging/debian: built, checked by lintian, unpacked beside the system, and used as its own tests do
    for tool in dpkg-buildpackage dh lintian; do
        command -v $tool >/dev/null || { echo "SKIPPED: there is no $tool (Debian: dpkg-dev, debhelper, lintian)"; exit 77; }
    done
    version=$(awk -F'"' '/VERSION_STRING/ { print $2 }' "$source/include/phoneauth/version.hpp")
    tree=$work/phoneauth-$version
    mkdir "$tree" tmp
    (cd "$source" && tar -c CHANGELOG.md CMakeLists.txt LICENSE README.md include examples tests/consumers) | tar -x -C "$tree"
    mv "$tree/examples/packaging/debian" "$tree"
    cd "$tree"
    packaged=$(dpkg-parsechangelog -S Version)
    [ "${packaged%-*}" = "$version" ] || { echo "debian/changelog is about $packaged, the library is $version"; exit 1; }
    clean env DEB_BUILD_OPTIONS=nocheck LC_ALL=C.UTF-8 dpkg-buildpackage -b -us -uc >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
    found=$(clean env LC_ALL=C.UTF-8 lintian --allow-root --info --fail-on error,warning --show-overrides "$work"/*.changes 2>&1) ||
        { echo "$found"; exit 1; }
    echo "lintian finds nothing. ${found:-}"
    dpkg -x "$work"/libphoneauth-dev_*.deb "$work/root"
    rm -r include debian/libphoneauth-dev*/  # only what is in the package is left
    libraries=$(echo "$work"/root/usr/lib/*-linux-*)
    for test in cmake pkg-config; do
        clean env CXXFLAGS="$strict" AUTOPKGTEST_TMP="$work/tmp" CMAKE_PREFIX_PATH="$work/root/usr" \
            PKG_CONFIG_PATH="$libraries/pkgconfig" debian/tests/$test || { echo "debian/tests/$test fails"; exit 1; }
        echo "debian/tests/$test has passed"
    done
    exit 0
    ;;
module)  # a program without an include, by the first compiler of these that has modules
    for compiler in "$compiler" ${PHONEAUTH_TEST_MODULE_CXX-clang++-19 clang++-18 clang++-17 clang++-16}; do
        case $("$compiler" --version 2>/dev/null) in
        *clang\ version\ 1[6-9].* | *clang\ version\ [2-9][0-9].*) break ;;
        esac
        compiler=
    done
    [ "$compiler" ] || { echo "SKIPPED: there is no Clang from 16 on, whose modules are good enough (Debian: clang-19)"; exit 77; }
    modules="-std=c++20 -pthread -I$source/single_include"
    "$compiler" $modules -x c++-module "$source/single_include/phoneauth/phoneauth.cppm" --precompile -o phoneauth.pcm
    "$compiler" $modules -Wall -Wextra -Werror -fmodule-file=phoneauth=phoneauth.pcm -DCONSUMER_OF_THE_MODULE "$here/blocking.cpp" phoneauth.pcm \
        -o build/module -lsimdjson -lcrypto
    build/module
    echo "build/module has run"
    exit 0
    ;;
single_header | by_hand)
    headers=include
    [ "$kind" = by_hand ] || headers=single_include
    if ! llhttp=$(pkg-config --cflags --libs libllhttp 2>/dev/null); then
        cc -c -I/usr/share/include/llhttp /usr/share/llhttp/*.c
        llhttp="-I/usr/share/include/llhttp api.o http.o llhttp.o"
    fi
    asio="-DASIO_STANDALONE -DASIO_HAS_CO_AWAIT=1 -DASIO_HAS_STD_COROUTINE=1 -pthread"
    "$compiler" $strict -I"$source/$headers" "$here/blocking.cpp" -o build/blocking -lsimdjson -lcrypto
    "$compiler" $strict -I"$source/$headers" $asio "$here/with_asio.cpp" -o build/with_asio $llhttp -lsimdjson -lssl -lcrypto
    "$compiler" $strict -I"$source/$headers" "$here/with_stores.cpp" -o build/with_stores -lsimdjson -lssl -lcrypto \
        $(pkg-config --cflags --libs sqlite3 libpq hiredis libxcrypt libargon2)
    ;;
*)
    echo "no such kind of consumer: $kind" >&2
    exit 2
    ;;
esac

for program in build/blocking build/with_asio build/with_stores; do
    "$program"
    echo "$program has run"
done
