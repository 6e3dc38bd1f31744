#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# site.sh FOLDER: makes the documentation's site, a folder of HTML, out of the Markdown files and the comments of all that
# is public; by Doxygen, with the theme doxygen-awesome-css (Debian's packages of these names). Whatever Doxygen warns of
# is an error.
set -eu
[ $# -eq 1 ] || { sed -n 3,5p "$0" >&2; exit 2; }
for need in /usr/share/doxygen-awesome-css/doxygen-awesome.css "$(command -v doxygen || echo doxygen)"; do
    [ -e "$need" ] || { echo "$need is not here: the site is NOT made"; exit 77; }
done
exec "$(dirname "$0")/site.py" "$1"
