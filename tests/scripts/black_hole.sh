#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# black_hole.sh COMMAND…
# Runs a command in a network of its own, where nothing but its loopback answers, and where some names have addresses from
# which nothing ever comes back, not even a refusal, as behind a firewall that drops packets:
#
#   dead-first.test     2001:db8::dead, which is dead, then 127.0.0.1
#   dead-first-v4.test  192.0.2.66, which is dead, then 127.0.0.1
#   dead.test           both dead ones
#
# Servers that it is to reach have to be started by the command: black_hole.sh with_servers.sh redis -- COMMAND…
# PHONEAUTH_TEST_BLACK_HOLE is set for it. If the system does not let make such a network, the exit status is 77, and
# the command is not run.
set -u

skip() {
    echo "NOT TESTED, for want of a network of its own: $*" >&2
    exit 77
}

if [ "${1-}" != --inside ]; then
    [ "$(uname)" = Linux ] || skip "this is not Linux"
    command -v ip >/dev/null || skip "ip is not installed (Debian: iproute2)"
    command -v unshare >/dev/null || skip "unshare is not installed (Debian: util-linux)"
    as_root=-r
    [ "$(id -u)" != 0 ] || as_root= # then there may be other users inside, as PostgreSQL needs
    # shellcheck disable=SC2086
    unshare $as_root -nm true 2>/dev/null || skip "unshare is not permitted"
    # shellcheck disable=SC2086
    exec unshare $as_root -nm "$0" --inside "$(id -u)" "$(id -g)" "$@"
fi
user=$2
group=$3
shift 3

# A cable whose other end listens to nobody: the neighbours that are said to be there do not exist.
ip link set lo up || skip "there is no loopback"
{
    ip link add hole type veth peer name nowhere && ip link set nowhere up || ip link add hole type dummy
} 2>/dev/null || skip "there is neither veth nor dummy"
ip link set hole up &&
    ip addr add 192.0.2.1/24 dev hole &&
    ip neigh add 192.0.2.66 lladdr 02:00:00:00:00:66 nud permanent dev hole || skip "there is no IPv4"
ip addr add 2001:db8::1/64 dev hole nodad &&
    ip neigh add 2001:db8::dead lladdr 02:00:00:00:00:66 nud permanent dev hole || skip "there is no IPv6"

# Which of a host's addresses comes first is the resolver's choice (RFC 6724), and here ours.
files=$(mktemp -d)
cat >"$files/hosts" <<END
127.0.0.1 localhost
2001:db8::dead dead-first.test dead.test
192.0.2.66 dead-first-v4.test dead.test
127.0.0.1 dead-first.test dead-first-v4.test
END
cat >"$files/gai.conf" <<END
precedence ::1/128 50
precedence ::/0 40
precedence ::ffff:192.0.2.0/120 38
precedence ::ffff:0:0/96 35
END
mount --bind "$files/hosts" /etc/hosts && mount --bind "$files/gai.conf" /etc/gai.conf
mounted=$?
rm -r "$files"
[ $mounted = 0 ] || skip "/etc/hosts and /etc/gai.conf cannot be replaced"

expect() {
    found=$(getent ahosts "$1" | awk '/STREAM/ { print $1 }' | xargs)
    [ "$found" = "$2" ] || skip "$1 is at \"$found\" instead of \"$2\""
}
expect dead-first.test "2001:db8::dead 127.0.0.1"
expect dead-first-v4.test "192.0.2.66 127.0.0.1"
expect dead.test "2001:db8::dead 192.0.2.66"

export PHONEAUTH_TEST_BLACK_HOLE=1
[ "$user" != 0 ] || exec "$@"
# Nobody but root any more, but PostgreSQL does not run as root.
exec unshare -U --map-user="$user" --map-group="$group" "$@"
