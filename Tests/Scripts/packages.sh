#!/bin/sh
# Installs the Debian packages that the build needs and this machine lacks; with the argument `tests`, those of the
# tests too. Prints each package and its purpose. Changes nothing if all are installed.
set -eu

# Each package and its purpose.
needed='
git                  SwiftPM fetches the dependencies with it
ca-certificates      to verify HTTPS servers
pkg-config           SwiftPM finds the C libraries with it
g++                  the linker and the C++ library that Swift links with
libxml2              the Swift tools need it
libsqlite3-dev       SQLite: the databases
libcurl4-openssl-dev libcurl: HTTP to Telegram
libsystemd-dev       libsystemd: readiness and sockets from systemd
libpq-dev            libpq: PostgreSQL
libedit-dev          libedit: the terminal of make run
libutf8proc-dev      libutf8proc: the normal form of nicknames
libssl-dev           libcrypto: the checksums of backups
'
[ "${1:-}" != tests ] || needed="$needed
postgresql-15        the tests start their own PostgreSQL servers, in /tmp
sqlite3              the tests read a database with its shell while the service runs
pgbouncer            the tests put it between a store and its server
faketime             the tests set clocks back
systemd-container    the tests boot a container and install the package in it
debootstrap          the tests make a Debian 13 root and install the package in it
dpkg-dev             it finds the libraries that the programs need, for the package
mandoc               the tests check the manual pages with it
man-db               the tests check the manual pages with it
lintian              the tests check the package with it
nginx                the tests put it between Telegram and the webhook; no server is left running
curl                 the tests call the webhook as a stranger
prometheus           its promtool checks metrics, alerts and dashboard in the tests; no server is started
perl                 the tests normalize text with it, to compare
tmux                 the tests read the terminal of make run with it
perl-base            the tests call the services as another user
"

fail() {
    echo "$*" >&2
    exit 1
}

command -v swift >/dev/null 2>&1 || fail 'Swift 6.3 is not on the PATH. How to install it: https://www.swift.org/install/linux/'

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "This system is not Debian, so nothing is installed. The build needs the content of these packages:$needed"
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
    command -v sudo >/dev/null 2>&1 || fail "You are not root and have no sudo. Run as root: apt-get install$missing"
    sudo='sudo'
fi
$sudo apt-get update -q
# Unquoted: each package is one word.
# shellcheck disable=SC2086
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
# The tests need only the programs, so the servers that the packages start are stopped and disabled.
for server in prometheus nginx; do
    case " $missing " in
    *" $server "*)
        $sudo systemctl disable --quiet "$server.service"
        [ ! -d /run/systemd/system ] || $sudo systemctl stop "$server.service"
        ;;
    esac
done
