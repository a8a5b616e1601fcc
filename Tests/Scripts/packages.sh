#!/bin/sh
# Installs the Debian packages that the build needs and this machine lacks; with the word `tests`, those of the tests
# too. Says which, and why.
# Touches nothing when they are all there.
set -eu

# Package, and what it is for.
needed='
git                  SwiftPM fetches the dependencies with it
ca-certificates      to check the servers that are spoken to over HTTPS
pkg-config           SwiftPM finds the C libraries with it
g++                  the linker and the C++ library that Swift links with
libxml2              the Swift tools run with it
libsqlite3-dev       SQLite: the databases
libcurl4-openssl-dev libcurl: HTTP to Telegram
libsystemd-dev       libsystemd: readiness and sockets from systemd
libpq-dev            libpq: PostgreSQL
libedit-dev          libedit: the terminal of make run
libutf8proc-dev      libutf8proc: the normal form of nicknames
libssl-dev           libcrypto: the checksums of backups
'
[ "${1:-}" != tests ] || needed="$needed
postgresql-15        the tests start PostgreSQL servers of their own, in /tmp
sqlite3              the tests read a database beside its service with its shell
pgbouncer            the tests put it between a store and its server
faketime             the tests set clocks back
systemd-container    the tests boot a system in a container, to install the package in
debootstrap          the tests make a root of Debian 13, to install the package in
dpkg-dev             the package learns with it which libraries the programs need
mandoc               the tests look for mistakes in the manual pages
man-db               the same
lintian              the tests look for mistakes in the package
nginx                the tests put it between Telegram and the webhook; no server is left running
curl                 the tests ask the webhook as strangers do
prometheus           its promtool checks metrics, alerts and dashboard in the tests; no server is started
perl                 the tests normalize text with it, to compare
tmux                 the tests look at the terminal of make run in it
perl-base            the tests call the services as another user
"

fail() {
    echo "$*" >&2
    exit 1
}

command -v swift >/dev/null 2>&1 || fail 'Swift 6.3 is not on the PATH. How to install it: https://www.swift.org/install/linux/'

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "This is no Debian: nothing is installed. The build needs what these packages hold:$needed"
    exit 0
fi

missing=
reasons=
while read -r package reason; do
    [ -n "$package" ] || continue
    status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) || status=
    [ "$status" = installed ] && continue
    missing="$missing $package"
    reasons="$reasons
  $package: $reason"
done <<END
$needed
END
[ -n "$missing" ] || exit 0

echo "Packages to install with apt-get:$reasons"
sudo=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || fail "You are not root and there is no sudo. Let root run: apt-get install$missing"
    sudo='sudo'
fi
$sudo apt-get update -q
# Unquoted: one word a package.
# shellcheck disable=SC2086
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
# The tests want the programs alone: the servers that come with them are not to run because of them.
for server in prometheus nginx; do
    case " $missing " in
    *" $server "*)
        $sudo systemctl disable --quiet "$server.service"
        [ ! -d /run/systemd/system ] || $sudo systemctl stop "$server.service"
        ;;
    esac
done
