#!/bin/sh
# Tests the units and the package in a container with its own systemd.
#
#   systemd.sh cannot   prints why this machine cannot run the tests, and succeeds; fails if it can
#   systemd.sh package  makes the package from .build/release, and checks it with lintian
#   systemd.sh test     also runs the tests, on Debian 12 and, with fewer restarts, on Debian 13
set -eu
cd "$(dirname "$0")/../.."

cannot() {
    if [ "$(id -u)" != 0 ]; then
        echo 'this needs root'
    elif ! command -v systemd-nspawn >/dev/null || ! command -v dpkg-deb >/dev/null; then
        echo 'systemd-nspawn (package systemd-container) or dpkg-deb is missing'
    elif ! unshare --mount --pid --net --fork true 2>/dev/null; then
        echo 'this machine does not allow namespaces'
    elif ! unshare --mount sh -c 'mount -t tmpfs tmpfs /mnt && mkdir /mnt/u /mnt/w /mnt/r &&
        mount -t overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w overlay /mnt/r' 2>/dev/null; then
        echo 'this machine does not allow an overlay file system over its root'
    elif ! grep -q '^VERSION_ID="12"' /etc/os-release; then
        echo "the first container uses this machine's system, which is not Debian 12"
    else
        return 1
    fi
}

package() {
    made=$(systemd/debian/build.sh)
    # lintian warns that root runs it, which is no fault of the package.
    found=$(lintian "$made" 2>&1 | grep -v '^running with root privileges') || :
    [ -z "$found" ] || echo "$found" >&2
    case $found in *[EW]:*) return 1 ;; esac
    check_manual "$made" >&2
    echo "$made"
}

# Checks the package's manual pages with the two programs that show manual pages.
check_manual() {
    pages=$(mktemp -d /tmp/rivet-pages.XXXXXX)
    dpkg-deb --fsys-tarfile "$1" | tar -x -C "$pages" ./usr/share/man
    find "$pages" -name '*.gz' -exec gunzip {} +
    wrong=$(find "$pages" -type f -exec mandoc -T lint -W warning {} \;
        find "$pages" -type f -exec env LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z {} \; 2>&1 >/dev/null)
    rm -rf "$pages"
    [ -z "$wrong" ] || { echo "$wrong" && return 1; }
}

case ${1:-} in
cannot) cannot ;;
package) package ;;
test)
    if why=$(cannot); then
        echo "systemd.sh: not on this machine: $why" >&2
        exit 1
    fi
    made=$(package)
    echo "$made"
    swift build --no-color-diagnostics --build-tests
    export RIVET_PACKAGE="$made"
    run='swift test --no-color-diagnostics --skip-build --disable-xctest --filter ^SystemdTests\.'
    $run
    RIVET_SYSTEMD_BASE=$(Tests/Scripts/trixie.sh) RIVET_RESTARTS=5 $run
    ;;
*) sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0" >&2 && exit 64 ;;
esac
