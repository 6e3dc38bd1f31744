#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# release.sh ARCHIVE URL OUT_DIR
# Writes the packages beside it as their registries want them, with the URL and the hashes of a release's ARCHIVE (.tar.gz):
# OUT_DIR/vcpkg/ports/phoneauth, OUT_DIR/conan/recipes/phoneauth, OUT_DIR/xmake/packages/p/phoneauth.
set -eu
if [ $# -ne 3 ] || [ ! -f "$1" ]; then
    sed -n '3,5s/^# //p' "$0" >&2
    exit 2
fi
archive=$1
url=$2
out=$3
here=$(cd "$(dirname "$0")" && pwd)
header=$(tar -tzf "$archive" | grep -E '^[^/]+/include/phoneauth/version\.hpp$')
version=$(tar -xzOf "$archive" "$header" | awk -F'"' '/VERSION_STRING/ { print $2 }')
sha256=$(sha256sum "$archive" | cut -d' ' -f1)
sha512=$(sha512sum "$archive" | cut -d' ' -f1)
for file in vcpkg/phoneauth/vcpkg.json conan/config.yml conan/all/conandata.yml xmake/packages/p/phoneauth/xmake.lua; do
    grep -q "\"$version\"" "$here/$file" || { echo "$file is not about $version, which $archive is" >&2; exit 1; }
done

mkdir -p "$out/vcpkg/ports" "$out/conan/recipes" "$out/xmake"
cp -r "$here/vcpkg/phoneauth" "$out/vcpkg/ports/"
cp -r "$here/conan" "$out/conan/recipes/phoneauth"
cp -r "$here/xmake/packages" "$out/xmake/"
find "$out" -type f -exec sed -i "s|@url@|$url|; s|@sha256@|$sha256|; s|@sha512@|$sha512|" {} +
echo "phoneauth $version is in $out"
