# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# packages.bash: root filesystems with programs out of their Debian packages, for tests that need
# the real ones. Packages are unpacked once for all runs: delete that directory as you like.

CACHE=${CMAN_TEST_CACHE:-/var/tmp/cman-test-packages}

# unpacked PACKAGE...: $unpacked has the files of all of them; skips where there are none.
unpacked() {
	local dir deb

	dir=$CACHE/$1-$(cksum <<<"$*" | cut -d' ' -f1)
	unpacked=$dir/root
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
		skip "needs apt-get and dpkg-deb"
	[ ! -e "$dir/complete" ] || return 0
	rm -rf "$dir"
	mkdir -p "$dir/root" "$dir/debs"
	(cd "$dir/debs" && timeout 100 apt-get -qq -o APT::Sandbox::User=root download "$@") >&2 ||
		skip "apt-get cannot download $*"
	for deb in "$dir"/debs/*.deb; do dpkg-deb -x "$deb" "$dir/root"; done
	rm -r "$dir/debs"
	touch "$dir/complete"
}

# with_packages ROOT PACKAGE...: unpacks them over a root filesystem, with the libraries that their
# programs need: those of this host, where they are not in a package.
with_packages() {
	local root=$1

	shift
	unpacked "$@"
	cp -a --remove-destination "$unpacked/." "$root/"
	find "$root" -type f -perm /111 \( -path '*sbin/*' -o -name '*-init' \) -o \
		-type f -path '*/systemd/systemd*' -o -type f -path '*/systemd/*.so' |
		while read -r program; do
			for library in $(ldd "$program" 2>/dev/null | grep -o '/[^ )]*'); do
				[ ! -e "$root$library" ] || continue
				mkdir -p "$root${library%/*}"
				cp -L "$library" "$root$library"
			done
		done
}

# systemd_in ROOT: as much of Debian as boots.
systemd_in() {
	with_packages "$1" systemd systemd-sysv libsystemd-shared libsystemd0 dbus dbus-daemon \
		dbus-system-bus-common libdbus-1-3 libapparmor1 libaudit1 libcap-ng0 libcap2 \
		libcryptsetup12 libdevmapper1.02.1 libjson-c5 libargon2-1 libfdisk1 libkmod2 \
		libseccomp2 libip4tc2 libpam0g libmount1 libblkid1 libselinux1 libpcre2-8-0 \
		libacl1 libgcrypt20 libgpg-error0 liblz4-1 liblzma5 libzstd1 libcrypt1 libssl3 \
		libuuid1 libexpat1 mount
	mkdir -p "$1"/var/{log,tmp,lib}
	echo 'messagebus:x:100:100::/nonexistent:/bin/false' >>"$1/etc/passwd"
	echo 'messagebus:x:100:' >>"$1/etc/group"
	echo 0123456789abcdef0123456789abcdef >"$1/etc/machine-id"
}
