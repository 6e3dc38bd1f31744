# SPDX-License-Identifier: BSL-1.0
# For run.sh: install_missing WHAT=PACKAGE… installs, on Debian and Ubuntu, the package of each WHAT (a
# command, or a file by its full path) that is not there.

install_missing() {
    missing=
    for pair in "$@"; do
        case $pair in
        /*) [ -e "${pair%%=*}" ] || missing="$missing ${pair#*=}" ;;
        *) command -v "${pair%%=*}" >/dev/null || missing="$missing ${pair#*=}" ;;
        esac
    done
    [ -n "$missing" ] || return 0
    echo "Installing$missing"
    sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    if ! command -v apt-get >/dev/null || { [ -n "$sudo" ] && ! command -v sudo >/dev/null; }; then
        echo "This needs:$missing (names of Debian packages)" >&2
        exit 1
    fi
    $sudo apt-get update -qq
    # shellcheck disable=SC2086
    $sudo env DEBIAN_FRONTEND=noninteractive sh -c "${around_install-}"' "$@"' sh \
        apt-get install -y -qq --no-install-recommends $missing
}

# The same for servers that only tests start. Debian would start them itself, and make a first cluster for PostgreSQL.
install_missing_servers() {
    # shellcheck disable=SC2016
    around_install='
        conf=/etc/postgresql-common/createcluster.d
        mkdir -p $conf
        echo "create_main_cluster = false" >$conf/phoneauth-tests.conf
        policy=/usr/sbin/policy-rc.d
        if [ -e $policy ]; then policy=; else printf "#!/bin/sh\nexit 101\n" >$policy && chmod 755 $policy; fi
        trap "rm -f $conf/phoneauth-tests.conf $policy" EXIT
        trap "exit 130" INT TERM
    '
    install_missing "$@"
    around_install=
}

# What every build of phoneauth's own programs needs. llhttp is a library in newer releases; Debian 12 has its sources.
install_build_packages() {
    install_missing g++=g++ cmake=cmake ninja=ninja-build pkg-config=pkg-config \
        /usr/include/asio.hpp=libasio-dev /usr/include/simdjson.h=libsimdjson-dev \
        /usr/include/openssl/evp.h=libssl-dev /usr/include/httplib.h=libcpp-httplib-dev \
        /usr/include/sqlite3.h=libsqlite3-dev /usr/include/postgresql/libpq-fe.h=libpq-dev \
        /usr/include/hiredis/hiredis.h=libhiredis-dev /usr/include/crypt.h=libcrypt-dev \
        /usr/include/argon2.h=libargon2-dev "$@"
    if [ ! -e /usr/include/llhttp.h ] && [ ! -e /usr/share/llhttp/llhttp.c ]; then
        if apt-cache show libllhttp-dev >/dev/null 2>&1; then
            install_missing /usr/include/llhttp.h=libllhttp-dev
        else
            install_missing /usr/share/llhttp/llhttp.c=node-llhttp
        fi
    fi
}
