#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# build.sh deb|rpm VERSION DIR: packages out of a copy of this tree, into DIR.
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

build_rpm() {
	copy_source "$out/cman-$version"
	tar -C "$out" -czf "$out/cman-$version.tar.gz" "cman-$version"
	rm -rf "$out/cman-$version"
	sed "s/@VERSION@/$version/" init/packages/cman.spec >"$out/cman.spec"
	# Where rpm is not the system's own, what the build needs is looked for by make.
	nodeps=
	[ ! -e /etc/debian_version ] || nodeps=--nodeps
	rpmbuild -bb --define "_topdir $out/rpmbuild" --define "_sourcedir $out" \
		--define "_rpmdir $out" $nodeps "$out/cman.spec"
	rm -rf "$out/rpmbuild"
}

case $kind in
deb) build_deb ;;
rpm) build_rpm ;;
*)
	echo "build.sh: deb or rpm?" >&2
	exit 2
	;;
esac
