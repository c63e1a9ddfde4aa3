#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# lib.sh: what the tests in virtual machines have in common. Each of them is one script NAME.sh
# beside this file, found by `make check-vm`, of this form:
#
#   #!/bin/sh
#   # NAME.sh BUILD [CGROUPS...]: what it is about.
#   set -eu
#   # shellcheck source=tests/vm/lib.sh
#   . "$(dirname "$0")/lib.sh"
#   kinds="v2 v1"             # a machine for each of these cgroups: see run.sh -c
#   inside() { ...; }         # there: $build/cman up web || fail "up"
#   run_test "$@"
#
# Before run_test it may set more than kinds: programs (of $build, to be copied), libraries (that
# cman opens by itself, likewise), needs (programs without which it is skipped), memory, processors,
# seconds and kernel_words (run.sh -m -s -t -k), size (of the container's file system), and cgroups,
# where the kinds are something else; inside, $kind tells which. It may define outside(), which puts
# further files into $tree/root (the machine's root) and $tree/files/web (the container's), and
# lacks(), which prints what else it has to be skipped for, and words_of() KIND instead of kernel_words.
#
# One that is about a whole Debian, and not about cgroups, says which init it has:
#
#   image=systemd             # see image.sh; outside() puts what it needs into $tree/root
#   kinds="first again"       # boots of one disk, one after the other, which keeps what they write
#   inside() { ...; }         # run when its default target or runlevel is up; "cman" is in the PATH
#
# On the disk the package of cman is installed, and more_packages; $tree/root is copied over it before
# the first boot, and a container's root filesystem lies in $tree/root/srv/web. After inside() the
# machine is shut down by its init; cut_power ends it at once instead. What is told by $kind has to
# hold alone as well, so a kind that needs the one before says so.
#
# Run by itself it prints TAP, a line for each machine, and of one that failed its console. The
# consoles are kept in BUILD/check.
# shellcheck disable=SC2034 # set for, or by, those who read this in

kinds="v2 none v1 hybrid"
programs="cman cman-supervisor cman-init"
libraries="libkmod.so.2 libip4tc.so.2 libip6tc.so.2"
needs=
cgroups=
size=16M
memory=512
processors=1
seconds=600
kernel_words=
image=
more_packages=

fail() { echo "FAILED: $*"; exit 1; }

# ---- inside the machine ----

# A host with the container's root filesystem on /srv/web and no container file yet.
prepare_host() {
	mkdir -p /srv /etc/cman/conf.d
	chmod 755 / /etc /etc/cman /etc/cman/conf.d /srv
	mount -o loop /rootfs.img /srv
	: > /etc/cman/container.conf
}

# What cman could leave behind.
snapshot() {
	ip -o link | cut -d: -f2 | sort
	cut -d' ' -f2- /proc/self/mounts | sort
	find /sys/fs/cgroup -type d | sort
	cat /proc/sys/net/ipv4/ip_forward
	find /run/cman -type f | sort
}

# within SECONDS COMMAND...: until it goes well.
within() {
	tries=$(($1 * 10))
	shift
	until "$@"; do
		[ $tries -gt 0 ] || return 1
		tries=$((tries - 1))
		sleep 0.1
	done
}

cgroups_are() { [ "$1" = "$(find /sys/fs/cgroup -type d | sort)" ]; } # as find sorted them before

# Of a Debian: no process hears of it, nothing that is not on the disk yet gets there.
cut_power() {
	/etc/vm/status 0
	echo b > /proc/sysrq-trigger
	sleep 60
}

# ---- outside ----

outside() { :; }
words_of() { echo "$kernel_words"; } # KIND
lacks() { :; }

# The root filesystem of a container as an image, busybox in it, and libraries that cman opens only
# when they are needed, so that no other tool knows that it wants them.
make_tree() {
	tree=$(mktemp -d)
	trap 'rm -rf "$tree"' EXIT
	mkdir -p "$tree/files/web/bin" "$tree/root"
	for directory in proc sys dev etc tmp root; do mkdir "$tree/files/web/$directory"; done
	cp /bin/busybox "$tree/files/web/bin/"
	for program in sh head tr sleep cat grep timeout dd stat; do
		ln -s busybox "$tree/files/web/bin/$program"
	done
	echo "root:x:0:0::/root:/bin/sh" > "$tree/files/web/etc/passwd"
	for file in hosts hostname resolv.conf; do : > "$tree/files/web/etc/$file"; done
	[ -z "$image" ] || mv "$tree/files" "$tree/root/srv"
	outside
	if [ -n "$image" ]; then
		make_disk
		return
	fi
	truncate -s "$size" "$tree/root/rootfs.img"
	mke2fs -q -F -t ext4 -d "$tree/files" "$tree/root/rootfs.img"
	rm -r "$tree/files"
	for soname in $libraries; do
		library=$(ldconfig -p | sed -n "s/.*$soname .* => //p" | head -1)
		for file in "$library" $(ldd "$library" | grep -o '/[^ )]*'); do
			mkdir -p "$tree/root$(dirname "$file")"
			cp -L "$file" "$tree/root$file"
		done
	done
}

make_disk() {
	mkdir -p "$build/check"
	# shellcheck disable=SC2086 # a list of files
	"$here/image.sh" disk "$image" "$tree/disk" -d "$tree/root" "$("$here/image.sh" package)" $more_packages \
		>"$build/check/vm-$name-disk" 2>&1 ||
		{ echo "not ok - $name: its disk"; sed 's/^/# /' "$build/check/vm-$name-disk"; exit 1; }
	rm -r "$tree/root"
}

# Why no machine can be started, or nothing.
what_is_missing() {
	for tool in mke2fs $needs; do
		command -v "$tool" >/dev/null || { echo "$tool is missing"; return; }
	done
	told=$("$here/run.sh" -n 2>&1) || { echo "$told" | sed -n 's/^vm: //; $p'; return; }
	[ -n "$image" ] || return 0
	for want in "tree $image" package; do
		# shellcheck disable=SC2086 # words
		told=$("$here/image.sh" $want 2>&1) || [ $? != 125 ] || { echo "$told" | sed -n 's/^vm: //; $p'; return; }
	done
}

run_machine() { # KIND
	kind=$1
	if [ -n "$image" ]; then
		"$here/run.sh" -i "$tree/disk" -w -m "$memory" -s "$processors" -t "$seconds" \
			-k "$(words_of "$kind")" "$0" --inside "$build" "$kind"
		return
	fi
	set -- -c "${cgroups:-$kind}" -m "$memory" -s "$processors" -t "$seconds" \
		-k "$(words_of "$kind")" -d "$tree/root"
	for program in $programs; do set -- "$@" -b "$build/$program"; done
	for program in $needs; do set -- "$@" -b "$program"; done
	"$here/run.sh" "$@" "$0" --inside "$build" "$kind"
}

run_test() {
	if [ "$1" = --inside ]; then
		build=$2
		kind=$3
		inside
		exit 0
	fi
	PATH=$PATH:/usr/sbin:/sbin
	here=$(dirname "$(realpath "$0")")
	name=$(basename "$0" .sh)
	build=$(realpath "$1")
	shift
	# shellcheck disable=SC2086 # a list of words
	[ $# -gt 0 ] || set -- $kinds
	missing=$(what_is_missing)
	[ -n "$missing" ] || missing=$(lacks)
	[ -n "$missing" ] || make_tree
	mkdir -p "$build/check"
	what="cgroups "
	[ -z "$cgroups$image" ] || what=
	failed=0
	for kind; do
		log=$build/check/vm-$name-$kind
		begun=$(date +%s)
		if [ -n "$missing" ]; then
			echo "ok - $name: $what$kind # skip $missing"
		elif run_machine "$kind" >"$log" 2>&1; then
			echo "ok - $name: $what$kind ($(($(date +%s) - begun)) s)"
		else
			echo "not ok - $name: $what$kind"
			sed 's/^/# /' "$log"
			failed=1
		fi
	done
	exit $failed
}
