#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# image.sh: disks with a whole Debian 12 and its own init on them, to be booted by run.sh -i.
#
# usage: image.sh tree KIND       make the root of that kind if it is not there, tell its directory
#        image.sh package         make the Debian package of this source if it is older than that,
#                                 tell its file
#        image.sh disk KIND IMAGE [-s MIB] [-d DIR]... [PACKAGE.deb...]
#                                 make IMAGE, a file system of ext4 (1024 MiB) with that root, the
#                                 modules of run.sh's kernel, these packages installed, and these trees
#                                 copied over it
# KIND: systemd, sysvinit, openrc
# exit: 0; 125 and a message where what it needs cannot be had (not the right Debian, no debootstrap,
#       no mirror); otherwise what failed is said before
#
# A root is made by debootstrap and apt once and kept in $CMAN_VM_CACHE or /var/tmp/cman-vm; it has all
# that the package of cman depends on or recommends. Its directory is named for the hash of what makes
# it, so another list is another root. Nobody writes to it: a disk is made of a copy, without mounting
# anything. Delete the cache as you like.
#
# The root: no password, host "vm", no file system in fstab (so none is checked at boot), no getty on
# any terminal, no bootlogd. When its init has come up (systemd: multi-user.target; else runlevel 2)
# it runs /etc/vm/run, which run.sh -i puts there.
set -eu -o pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
top=$(realpath "$here/../..")
cache=${CMAN_VM_CACHE:-/var/tmp/cman-vm}
suite=bookworm
export TMPDIR=${TMPDIR:-/var/tmp} # a root, twice
PATH=$PATH:/usr/sbin:/sbin

# debootstrap takes the first of alternatives, whatever conflicts with that; so the init comes by apt.
common="iproute2 iptables nftables kmod procps busybox-static libcap2 libconfig9 libext2fs2
	libip4tc2 libip6tc2 libjansson4 libkmod2 libnftables1 libnl-3-200 libnl-route-3-200 libuuid1"

fail() { echo "vm: $*" >&2; exit 125; }

packages_of() { # KIND
	case $1 in
	base) echo "$common" ;;
	systemd) echo "systemd-sysv dbus libpam-systemd" ;;
	sysvinit) echo "sysvinit-core sysv-rc" ;;
	openrc) echo "sysvinit-core openrc" ;;
	*) fail "$1: systemd, sysvinit or openrc" ;;
	esac
}

# Process 1 of its own is not in there, by which packages see that nothing is to be started.
in_root() { # DIRECTORY COMMAND...
	# shellcheck disable=SC2016 # for the shell in it
	unshare -m -p -f --mount-proc="$1/proc" sh -c 'env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		${http_proxy:+http_proxy="$http_proxy"} DEBIAN_FRONTEND=noninteractive chroot "$@"; exit $?' in "$@"
}

# What makes a root of what debootstrap leaves.
settle() { # DIRECTORY
	local directory unit

	for directory in doc man locale info i18n zoneinfo common-licenses; do
		rm -rf "$1/usr/share/${directory:?}"
	done
	rm -rf "$1/var/cache/apt" "$1/var/lib/apt/lists" "$1"/usr/lib/*/gconv
	mkdir -p "$1/var/cache/apt/archives/partial" "$1/var/lib/apt/lists/partial"
	echo vm >"$1/etc/hostname"
	echo "127.0.0.1 localhost vm" >"$1/etc/hosts"
	: >"$1/etc/fstab"
	: >"$1/etc/resolv.conf"
	if [ -e "$1/lib/systemd/systemd" ]; then
		echo 0123456789abcdef0123456789abcdef >"$1/etc/machine-id"
		# Without udev nobody tells that a terminal is there: 90 s are waited for it.
		for unit in serial-getty@ttyS0.service getty@tty1.service console-getty.service getty.target; do
			ln -sf /dev/null "$1/etc/systemd/system/$unit"
		done
		cat >"$1/etc/systemd/system/vm.service" <<-'END'
		[Unit]
		After=multi-user.target
		[Service]
		ExecStart=/etc/vm/run
		StandardOutput=null
		END
		mkdir -p "$1/etc/systemd/system/multi-user.target.wants"
		ln -s ../vm.service "$1/etc/systemd/system/multi-user.target.wants/vm.service"
	else
		sed -i '/getty/d' "$1/etc/inittab"
		echo "vm:2345:once:/etc/vm/run" >>"$1/etc/inittab"
	fi
}

make_base() { # DIRECTORY
	local mirror

	# apt's mirror, which may be another than debootstrap's.
	# shellcheck disable=SC2016 # apt's own variable
	mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' "Codename: $suite" \
		2>/dev/null | head -1)
	timeout 500 debootstrap --variant=minbase --include="$(echo "$common" | tr -s " \t\n" , | sed "s/,\$//")" \
		"$suite" "$1/files" "${mirror:-http://deb.debian.org/debian}" >"$1/log" 2>&1 ||
		fail "debootstrap: $(tail -n 1 "$1/log")"
	printf 'force-unsafe-io\npath-exclude=/usr/share/doc/*\n' >"$1/files/etc/dpkg/dpkg.cfg.d/vm"
}

make_root() { # KIND DIRECTORY
	local base

	base=$(tree base) || exit 125
	cp -a --reflink=auto "$base" "$2/files"
	# shellcheck disable=SC2046 # a list
	in_root "$2/files" timeout 300 apt-get -q -y --no-install-recommends -o Dpkg::Use-Pty=0 \
		install $(packages_of "$1") >"$2/log" 2>&1 ||
		fail "apt-get: $(grep '^E:' "$2/log" | tail -n 1)"
	settle "$2/files"
}

check_tools() {
	local tool

	for tool in "$@"; do
		command -v "$tool" >/dev/null || fail "$tool is missing"
	done
	[ "$(id -u)" = 0 ] || fail "a root filesystem can only be made by root"
}

# What it is made from; it is named by a hash of that.
recipe() { # KIND
	echo "$suite $common"
	declare -f make_base
	[ "$1" = base ] || { packages_of "$1"; declare -f make_root settle in_root; }
}

tree() { # KIND
	local sum root lock

	check_tools debootstrap flock chroot unshare
	sum=$(recipe "$1" | sha256sum | cut -c 1-12)
	root=$cache/root-$1-$sum
	mkdir -p "$cache"
	exec {lock}>"$cache/root-$1.lock"
	flock $lock
	if [ ! -e "$root/complete" ]; then
		rm -rf "$root"
		mkdir "$root"
		case $1 in
		base) make_base "$root" {lock}>&- ;;
		*) make_root "$1" "$root" {lock}>&- ;;
		esac
		touch "$root/complete"
	fi
	exec {lock}>&-
	echo "$root/files"
}

# Where it runs is Debian 12, so that is where it has to be made.
package() {
	local deb lock

	check_tools dh dpkg-buildpackage flock
	grep -q "^VERSION_CODENAME=$suite\$" /etc/os-release || fail "this is not Debian $suite"
	mkdir -p "$top/build/packages"
	exec {lock}>"$top/build/packages/lock"
	flock $lock
	deb=$(newest_package)
	if [ -z "$deb" ] || [ -n "$(cd "$top" && find Makefile src init docs conf.d container.conf.sample \
		README.md tests/install.sh -newer "$deb" | head -1)" ]; then
		make -C "$top" deb >"$top/build/packages/log" 2>&1 {lock}>&- ||
			{ tail -n 30 "$top/build/packages/log" >&2; echo "vm: make deb failed" >&2; exit 1; }
		deb=$(newest_package)
	fi
	exec {lock}>&-
	echo "$deb"
}

newest_package() { # shellcheck disable=SC2012 # names of ours
	ls -t "$top"/build/packages/cman_*.deb 2>/dev/null | head -1 || true # none yet
}

disk() { # KIND IMAGE OPTION... PACKAGE...
	local root kernel work file kind=$1 image=$2 size=1024 trees=()

	shift 2
	while getopts s:d: option; do
		case $option in
		s) size=$OPTARG ;;
		d) trees+=("$OPTARG") ;;
		*) exit 125 ;;
		esac
	done
	shift $((OPTIND - 1))
	check_tools mke2fs
	root=$(tree "$kind")
	kernel=$("$here/run.sh" -n)
	work=$(mktemp -d)
	# shellcheck disable=SC2064 # the one of now
	trap "rm -rf '$work'" EXIT
	cp -a --reflink=auto "$root/." "$work"
	cp -a --reflink=auto "$kernel/lib/modules" "$work/lib/"
	if [ $# -gt 0 ]; then
		mkdir "$work/packages"
		cp "$@" "$work/packages/"
		for file in "$work"/packages/*.deb; do
			in_root "$work" dpkg -i "/packages/${file##*/}" >&2
		done
		rm -r "$work/packages"
	fi
	for file in ${trees[@]+"${trees[@]}"}; do
		cp -a "$file/." "$work/"
	done
	rm -f "$image"
	truncate -s "${size}M" "$image"
	mke2fs -q -F -t ext4 -L root -d "$work" "$image"
}

case ${1:-}:$# in
tree:2) tree "$2" ;;
package:1) package ;;
disk:[3-9] | disk:[1-9][0-9]) shift && disk "$@" ;;
*) sed -n '5,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 125 ;;
esac
