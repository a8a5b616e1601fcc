#!/bin/bash
# Makes a root of Debian 13 (trixie) with what the package needs, for the tests to boot in a container. The last line is
# its path. Takes root.
#
#   trixie.sh
#
# The root is .build/debian-13. It is made once, and again when the list of its packages changes. Its packages come from
# the mirror that this machine's apt uses.
set -euo pipefail
cd "$(dirname "$0")/../.."

suite=trixie
# What a container boots with, what the package depends on, and what the tests call.
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

# The repository of this machine's own release.
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
    # In a mount namespace of its own: what it mounts is gone with it, even when it is killed.
    unshare --mount --propagation private \
        debootstrap --variant=minbase --include="$(IFS=,; echo "${included[*]}")" "$suite" "$new" "$uri" >"$new.log" ||
        fail "debootstrap failed: $(tail -n 5 "$new.log")"
    rm -rf "$new"/var/cache/apt/archives/*.deb "$new"/var/lib/apt/lists/*_* "$new/usr/share/doc" "$new/usr/share/locale"
    echo "$wanted" >"$new/etc/${list##*/}"
    rm -rf --one-file-system "$root"
    mv "$new" "$root"
    rm -f "$new.log"
}

[ "$(id -u)" = 0 ] || fail 'that takes root'
command -v debootstrap >/dev/null || fail 'there is no debootstrap: apt-get install debootstrap'
mkdir -p "${root%/*}"
exec 9>"$root.lock"
flock 9
is_complete || make_root >&2
echo "$root"
