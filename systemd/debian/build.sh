#!/bin/sh
# Makes a Debian package from the binaries of `make build`: .build/rivet_VERSION_ARCHITECTURE.deb. The last line of the
# output is its path.
#
#   build.sh
#
# Its version is the version of the programs: RivetVersion.swift. RIVET_BIN_DIR: the binaries, else .build/release.
set -eu
cd "$(dirname "$0")/../.."

if ! command -v dpkg-shlibdeps >/dev/null; then
    echo 'build.sh: there is no dpkg-shlibdeps: apt-get install dpkg-dev' >&2
    exit 1
fi
version=$("${RIVET_BIN_DIR:-.build/release}/rivetctl" --version)
architecture=$(dpkg --print-architecture)
maintainer=$(sed -n 's/^Maintainer: //p' systemd/debian/control)
# The build is reproducible: the same files give the same package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
umask 022

work=$(mktemp -d /tmp/rivet-deb.XXXXXX)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root/DEBIAN" "$work/debian" "$root/usr/share/doc/rivet"

DESTDIR=$root PREFIX=/usr systemd/install.sh install
find "$root/usr/share/man" -type f -exec gzip -9n {} +
cp systemd/debian/README.Debian "$root/usr/share/doc/rivet/README.Debian"
cp systemd/debian/copyright "$root/usr/share/doc/rivet/copyright"
# libutf8proc is linked into the programs statically.
cp /usr/share/doc/libutf8proc-dev/copyright "$root/usr/share/doc/rivet/copyright.libutf8proc"
gzip -9n >"$root/usr/share/doc/rivet/changelog.gz" <<END
rivet ($version) stable; urgency=medium

  * What changed is in CHANGELOG.md of its repository.

 -- $maintainer  $(date -R -u -d "@$SOURCE_DATE_EPOCH")
END
if [ -e systemd/debian/lintian-overrides ]; then
    install -D -m 644 systemd/debian/lintian-overrides "$root/usr/share/lintian/overrides/rivet"
fi

# The package depends on the libraries that the programs are linked with.
printf 'Source: rivet\n\nPackage: rivet\nArchitecture: %s\n' "$architecture" >"$work/debian/control"
libraries=$(cd "$work" && dpkg-shlibdeps -O root/usr/libexec/rivet/* root/usr/bin/rivetctl | sed -n 's/^shlibs:Depends=//p')
size=$(du -k -s --exclude=DEBIAN "$root" | cut -f 1)
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@INSTALLED_SIZE@/$size/" \
    -e "s/@LIBRARIES@/$libraries/" systemd/debian/control >"$root/DEBIAN/control"
for script in postinst prerm postrm; do install -m 755 "systemd/debian/$script" "$root/DEBIAN/$script"; done
install -m 644 systemd/debian/conffiles "$root/DEBIAN/conffiles"
(cd "$root" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | LC_ALL=C sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"

package=.build/rivet_${version}_$architecture.deb
mkdir -p .build
# xz would make the package a third smaller, but take minutes.
dpkg-deb --root-owner-group -Zgzip -z4 --uniform-compression --build "$root" "$package" >/dev/null
echo "$package"
