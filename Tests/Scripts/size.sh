#!/bin/sh
# Checks the size of the programs and of the package.
#
#   size.sh imports       no source of an installed program imports Foundation
#   size.sh programs      the four programs in .build/release (RIVET_BIN_DIR): no ICU, and a size limit for each
#   size.sh package FILE  the Debian package FILE: a limit for its size, and for the size of what it installs
#
# Foundation's ICU is 34 MB of tables. One call pulls it into a program: trimmingCharacters(in:), replacingOccurrences,
# precomposedStringWithCanonicalMapping, Thread, Process, String(format:), JSONSerialization, DateFormatter. With
# `import FoundationEssentials` instead of `import Foundation`, the compiler refuses them.
set -eu

program_bytes_max=26000000
package_bytes_max=36000000
installed_kibibytes_max=92773

fail() {
    echo "size.sh: $*" >&2
    exit 1
}

imports() {
    ! grep -rnE '^((public|package|internal|fileprivate|private) )?import Foundation$' Services Shared migrations ||
        fail "installed programs must import FoundationEssentials, not Foundation; size.sh says why"
}

# The size in bytes of a program without its symbols, as in the package.
stripped_bytes() {
    strip -o "$work/stripped" "$1"
    stat -c %s "$work/stripped"
}

programs() {
    bin=${RIVET_BIN_DIR:-.build/release}
    work=$(mktemp -d /tmp/rivet-size.XXXXXX)
    trap 'rm -rf "$work"' EXIT
    for name in rivet-gateway rivet-state rivet-library rivetctl; do
        [ -x "$bin/$name" ] || fail "there is no $bin/$name: 'make build' makes it"
        # The names of ICU's tables are in the symbols and in the tables themselves.
        if grep -q -a 'icudt[0-9]' "$bin/$name"; then
            fail "$name contains ICU: look for 'import Foundation' in its sources; size.sh says what pulls ICU in"
        fi
        bytes=$(stripped_bytes "$bin/$name")
        echo "$name: $bytes bytes"
        [ "$bytes" -le $program_bytes_max ] || fail "$name has $bytes bytes without symbols, more than $program_bytes_max"
    done
}

package() {
    [ -f "$1" ] || fail "there is no $1: 'make deb' makes it"
    bytes=$(stat -c %s "$1")
    installed=$(dpkg-deb -f "$1" Installed-Size)
    echo "$1: $bytes bytes, $installed KiB installed"
    [ "$bytes" -le $package_bytes_max ] || fail "$1 has $bytes bytes, more than $package_bytes_max"
    [ "$installed" -le $installed_kibibytes_max ] || fail "$1 installs $installed KiB, more than $installed_kibibytes_max"
}

case ${1:-}-$# in
imports-1) imports ;;
programs-1) programs ;;
package-2) package "$2" ;;
*) sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0" >&2 && exit 64 ;;
esac
