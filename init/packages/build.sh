#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# build.sh deb|rpm|apk VERSION DIR: packages out of a copy of this tree, into DIR. apk-source: only what
# abuild(1) wants, in DIR/apk, to be taken to an Alpine.
set -eu

kind=$1 version=$2
# Those of a make that calls us are about another build.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
cd "$(dirname "$0")/../.."
top=$PWD
mkdir -p "$3"
out=$(cd "$3" && pwd)
# When the source was last changed; of a tree without history, today.
date=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}

copy_source() { # DIRECTORY
	rm -rf "$1"
	mkdir -p "$1"
	tar -C "$top" --exclude=./build --exclude=./.git -cf - . | tar -C "$1" -xf -
}

build_deb() {
	copy_source "$out/cman-$version"
	cd "$out/cman-$version"
	mv init/packages/debian debian
	cat >debian/changelog <<-END
	cman ($version) unstable; urgency=medium

	  * See the history of the source.

	 -- cman maintainers <maintainers@cman.invalid>  $(LC_ALL=C date -u -R -d "@$date")
	END
	dpkg-buildpackage --build=binary --no-sign
	cd "$out"
	rm -rf "cman-$version"
}

pack_source() { # DIRECTORY
	copy_source "$1/cman-$version"
	tar -C "$1" -czf "$1/cman-$version.tar.gz" "cman-$version"
	rm -rf "$1/cman-$version"
}

build_rpm() {
	pack_source "$out"
	sed "s/@VERSION@/$version/" init/packages/cman.spec >"$out/cman.spec"
	# Where rpm is not the system's own, what the build needs is looked for by make.
	nodeps=
	[ ! -e /etc/debian_version ] || nodeps=--nodeps
	rpmbuild -bb --define "_topdir $out/rpmbuild" --define "_sourcedir $out" \
		--define "_rpmdir $out" $nodeps "$out/cman.spec"
	rm -rf "$out/rpmbuild"
}

write_apk_source() {
	mkdir -p "$out/apk"
	cd "$out/apk"
	pack_source .
	sed "s/@VERSION@/$version/" "$top/init/packages/APKBUILD" >APKBUILD
	printf '\nsha512sums="\n%s\n"\n' "$(sha512sum "cman-$version.tar.gz")" >>APKBUILD
	cp "$top/init/packages/cman.pre-deinstall" .
}

build_apk() {
	command -v abuild >/dev/null || {
		echo "build.sh: abuild is missing: this is for Alpine, with alpine-sdk" >&2
		exit 1
	}
	write_apk_source
	# Root is no packager, unless he says so.
	force=
	[ "$(id -u)" != 0 ] || force=-F
	REPODEST=$out abuild $force -r
}

case $kind in
deb) build_deb ;;
rpm) build_rpm ;;
apk) build_apk ;;
apk-source) write_apk_source ;;
*)
	echo "build.sh: deb, rpm or apk?" >&2
	exit 2
	;;
esac
