#!/bin/bash
# Makes a root of Debian 13 (trixie) with the package's dependencies, which the tests boot in a container. The last line
# of the output is its path. Needs root.
#
#   trixie.sh
#
# The root is .build/debian-13. The script makes it once, and again when the list of its packages changes. The packages
# come from the mirror that this machine's apt uses.
set -euo pipefail
cd "$(dirname "$0")/../.."

suite=trixie
# The packages to boot a container, the dependencies of Rivet's package, and the programs that the tests call.
included=(systemd systemd-sysv dbus libpam-systemd ca-certificates libcurl4t64 libpq5 libsqlite3-0 libsystemd0 libstdc++6
    libgcc-s1 zlib1g procps bash-completion postgresql-17 pgbouncer nginx curl openssl)

root=$PWD/.build/debian-13
# Written last, so a root without it is incomplete.
list=$root/etc/test-packages
wanted="$suite ${included[*]}"

fail() {
    echo "trixie.sh: $*" >&2
    exit 1
}

is_complete() { [ "$(cat "$list" 2>/dev/null)" = "$wanted" ]; }

# Prints the URL of the repository of this machine's release.
mirror() {
    local codename
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    apt-get indextargets --no-release-info --format '$(REPO_URI)' "Release: $codename" 'Created-By: Packages' \
        'Component: main' | head -n 1
}

make_root() {
    local new=$root.new uri
    uri=$(mirror)
    [ -n "$uri" ] || fail "apt has no sources of this machine's release to take the mirror from"
    rm -rf --one-file-system "$new"
    # In a new mount namespace, so that its mounts disappear with it, even if it is killed.
    unshare --mount --propagation private \
        debootstrap --variant=minbase --include="$(IFS=,; echo "${included[*]}")" "$suite" "$new" "$uri" >"$new.log" ||
        fail "debootstrap failed: $(tail -n 5 "$new.log")"
    rm -rf "$new"/var/cache/apt/archives/*.deb "$new"/var/lib/apt/lists/*_* "$new/usr/share/doc" "$new/usr/share/locale"
    echo "$wanted" >"$new/etc/${list##*/}"
    rm -rf --one-file-system "$root"
    mv "$new" "$root"
    rm -f "$new.log"
}

[ "$(id -u)" = 0 ] || fail 'this script needs root'
command -v debootstrap >/dev/null || fail 'there is no debootstrap: apt-get install debootstrap'
mkdir -p "${root%/*}"
exec 9>"$root.lock"
flock 9
is_complete || make_root >&2
echo "$root"
