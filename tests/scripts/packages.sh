#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# packages.sh SOURCE WORK_DIR
# The recipes for vcpkg, Conan and xmake in examples/packaging, filled in for an archive of this tree. vcpkg's runs, with its
# functions replaced by what they do; those of Conan and xmake are read and asked what they would do.
set -eu
source=$1
work=$2
here=$source/tests/consumers/packages
rm -rf "$work"
mkdir -p "$work"
cd "$work"
version=$(awk -F'"' '/VERSION_STRING/ { print $2 }' "$source/include/phoneauth/version.hpp")
tree=phoneauth-$version
mkdir "$tree"
(cd "$source" && tar -c CMakeLists.txt LICENSE include examples/server/openapi.json) | tar -x -C "$tree"
tar -czf "$tree.tar.gz" "$tree"
rm -r "$tree"
"$source/examples/packaging/release.sh" "$tree.tar.gz" "file://$work/$tree.tar.gz" registries
if grep -rE '@(url|sha[0-9]+)@' registries; then exit 1; fi

python3 "$here/manifests.py" "$source" registries
passed=1
for features in core "core asio sqlite"; do
    name=$(echo "$features" | tr ' ' _)
    cmake -DWORK="$work/vcpkg_$name" -DPORT_DIR="$work/registries/vcpkg/ports/phoneauth" -DVERSION="$version" \
        -DFEATURES="$(echo "$features" | tr ' ' ';')" -P "$here/vcpkg.cmake" >"vcpkg_$name.log" 2>&1 ||
        { cat "vcpkg_$name.log"; exit 1; }
    passed=$((passed + 1))
done
skipped=
if command -v lua5.4 >/dev/null; then
    lua5.4 "$here/xmake.lua" registries/xmake/packages/p/phoneauth/xmake.lua
    passed=$((passed + 1))
else
    echo "SKIPPED: xmake's package is not read, there is no lua5.4"
    skipped=", 1 skipped"
fi
python3 "$here/conan.py" registries/conan/recipes/phoneauth/all "$work"
passed=$((passed + 1))
echo "$passed passed, 0 failed$skipped"
