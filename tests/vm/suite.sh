#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# suite.sh BUILD: the system tests (tests/system) in virtual machines with pure cgroup v2, AppArmor and
# every capability, as many side by side as there are processors. Its lines are those of the tests;
# what each machine has printed is kept in BUILD/check/vm-suite-N.
#
#   VM_SUITE="limits up_down"   these files of tests/system, "all" of them; else a choice of tests
#   VM_SUITE=2/10               every tenth test of all, from the second on; of the points at which the
#                               tests of crashes kill likewise
#   VM_FILTER=REGEX             of those the tests of that name alone
#   VM_SECONDS=SECONDS          as long may a machine take
#
# The machine's root has the packages of this host that the tests use, and this source with what is
# built of it, at the same place. A second is a thousand million instructions there (run.sh -r), so
# the time limits of tests hold however slow it is emulated.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
source=$(realpath "$here/../..")
PATH=$PATH:/usr/sbin:/sbin
# What is about cgroups, devices and capabilities, and of all else a little.
chosen="limits devices exec live pause adopt up_down"
chosen_tests=(
	"pids, memory and cpus stand" "the built-in limit of tasks" "defaults and templates set limits"
	"memory beyond the limit is refused" "memory_high, swap and cpu_weight" "io limits how fast"
	"what is not usual cannot be opened" "it stands in the container" "who was thawed by another"
	"up starts the payload as first" "a payload that does not listen"
	"live: every limit of the cgroup" "the payload goes on, up gives"
)
libraries="libkmod.so.2 libip4tc.so.2 libip6tc.so.2 libnftables.so.1 libext2fs.so.2"

inside() { # SOURCE FILTER POINT-SHARE FILE...
	local filter=$2 point_share=$3 controller

	# As an init leaves it to its services, of which this is one.
	for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
		echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
	done
	mkdir /sys/fs/cgroup/suite
	echo $$ >/sys/fs/cgroup/suite/cgroup.procs
	# Modules that change what there is in /dev and /proc/sys are no change to be blamed on a test.
	modprobe -a loop tun fuse br_netfilter
	cd "$1/tests/system"
	shift 3
	POINT_SHARE=$point_share CMAN=$PWD/../../build/cman bats --tap ${filter:+--filter "$filter"} "$@"
}

# The packages installed here that the tests use, and all those that they depend on.
packages() {
	# shellcheck disable=SC2016,SC2046 # a word of dpkg-query's; lists
	apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts --no-breaks \
		--no-replaces --no-enhances apparmor gawk hostname kmod libcap2-bin login make mawk mount netbase \
		$(dpkg-query -W -f '${Essential} ${Package}\n' | sed -n 's/^yes //p') \
		$("$source/tests/packages.sh" list quickstart tests proof |
			grep -vE -e '-dev$|^(clang|cppcheck|debhelper|lintian|rpm|shellcheck|valgrind)$') 2>/dev/null |
		sed -n 's/^\([a-z0-9][^:]*\).*/\1/p' | sort -u >"$work/names"
	# A name that none has is a virtual one.
	# shellcheck disable=SC2016 # dpkg-query's
	{ xargs dpkg-query -W -f '${Status} ${Package}\n' <"$work/names" 2>/dev/null || true; } |
		sed -n 's/^install ok installed //p'
}

# Files that are there, in the directories where they really are, without what nobody reads.
files() {
	{
		packages | xargs dpkg -L
		find /etc/alternatives /etc/ld.so.conf.d
		# What it can draw is written down when it is installed.
		find /usr/lib/*/graphviz -name 'config*' || true
		find /usr/bin /usr/sbin -lname '/etc/alternatives/*'
		{ echo "$build/cman"; ldconfig -p | awk -v wanted=" $libraries " \
			'index(wanted, " " $1 " ") { print $NF }'; } | xargs ldd | grep -o '/[^ )]*' |
			while read -r file; do echo "$file"; realpath "$file"; done
	} | sed -E 's,^/(bin|sbin|lib|lib64)/,/usr/\1/,' | sort -u |
		grep -E '^/' | grep -vE '^/usr/share/(doc|fonts|icons|info|lintian|locale|man|X11|zoneinfo)/' |
		while read -r file; do
			if [ -L "$file" ] || [ -f "$file" ]; then echo "${file#/}"; fi
		done
}

make_root() { # DIRECTORY
	local program kernel

	kernel=$("$here/run.sh" -N -n)
	mkdir -p "$1"/usr/{bin,sbin,lib,lib64} "$1"/{dev,etc,proc,run,srv,sys,root,tmp,var/lib,var/log,var/tmp} \
		"$1$source/build/faults"
	chmod 1777 "$1/tmp" "$1/var/tmp"
	ln -s usr/{bin,sbin,lib,lib64} "$1"
	ln -s /run "$1/var/"
	files >"$work/files"
	tar -C / -c --no-recursion -T "$work/files" | tar -C "$1" -x
	ldconfig -r "$1"
	cp -a "$kernel/lib/modules" "$1/usr/lib/"
	cp /etc/passwd /etc/group /etc/nsswitch.conf "$1/etc/"
	echo "127.0.0.1 localhost" >"$1/etc/hosts"
	: >"$1/etc/resolv.conf"
	tar -C "$source" -c --exclude=.git --exclude=./build . | tar -C "$1$source" -x
	for program in "$build"/{cman*,probe*,talk,contend,overwrite} "$build"/faults/cman*; do
		[ ! -f "$program" ] || cp "$program" "$1$source/build${program#"$build"}"
	done
}

# Every Nth test from the Kth on that VM_FILTER leaves: $filter by their names, $files that have them. What
# a file tests with either backend is one test.
choose() { # K/N
	local chosen

	chosen=$(cd "$source/tests/system" && awk -v k="${1%/*}" -v n="${1#*/}" '
		/^@test "/ {
			name = substr($0, 8, length($0) - 10)
			if (!(name in turn)) turn[name] = ++count
			if (turn[name] % n == k % n && name ~ ENVIRON["VM_FILTER"]) print FILENAME "\t" name
		}' ./*.bats)
	[ -n "$chosen" ] || { echo "not ok - suite: no test of VM_SUITE=$1 VM_FILTER=$filter"; exit 1; }
	mapfile -t files < <(cut -f1 <<<"$chosen" | sed 's,^\./,,' | uniq)
	filter="^($(cut -f2 <<<"$chosen" | sed -E 's/[^A-Za-z0-9]+/.+/g' | sort -u | paste -sd'|'))\$"
}

# What cannot be had here, or nothing.
missing() {
	local tool told

	for tool in mke2fs bats dpkg-query apt-cache; do
		command -v "$tool" >/dev/null || { echo "$tool is missing"; return; }
	done
	[ "$(id -u)" = 0 ] || { echo "needs root"; return; }
	told=$("$here/run.sh" -N -n 2>&1) || echo "$told" | sed -n 's/^vm: //; $p'
}

# The lines of one machine, with "-" for their numbers, which are not those of all.
run_machine() { # NUMBER FILE...
	local number=$1 log=$build/check/vm-suite-$1 begun=$SECONDS status=0

	shift
	"$here/run.sh" -N -r "$work/disk" -m 1536 -t "${VM_SECONDS:-$seconds}" -k "apparmor=1 security=apparmor loglevel=1" \
		"$here/suite.sh" --inside "$source" "$filter" "$point_share" "$@" 2>&1 | sed -u 's,\r$,,' | tee "$log" |
		sed -Eun 's/^(not ok|ok) [0-9]+ /\1 - suite: /p; /^# /p' || status=$?
	if [ "$(sed -n 's/^1\.\.//p' "$log")" != "$(grep -cE '^(not )?ok [0-9]' "$log")" ]; then
		echo "not ok - suite: machine $number did not tell of all its tests, exit status $status"
		tail -n 30 "$log" | sed 's/^/# /'
	fi
	echo "# suite: machine $number, $*: $((SECONDS - begun)) s"
	return $status
}

if [ "${1:-}" = --inside ]; then
	shift
	inside "$@"
	exit
fi
build=$(realpath "$1")
reason=$(missing)
[ -z "$reason" ] || { echo "ok - suite # skip $reason"; exit 0; }
files=() filter=${VM_FILTER:-} point_share='' seconds=1800
case ${VM_SUITE:-} in
[0-9]*/[0-9]*)
	point_share=$VM_SUITE seconds=7200
	choose "$VM_SUITE" ;;
all)
	for file in "$source"/tests/system/*.bats; do files+=("${file##*/}"); done
	seconds=36000 ;;
*)
	for file in ${VM_SUITE:-$chosen}; do files+=("$file.bats"); done
	[ -n "${VM_SUITE:-}" ] || filter=${filter:-"^($(IFS="|"; echo "${chosen_tests[*]}"))"} ;;
esac
for file in "${files[@]}"; do
	[ -e "$source/tests/system/$file" ] || { echo "not ok - suite: no file tests/system/$file"; exit 1; }
done
work=$(mktemp -d /var/tmp/cman-suite.XXXXXX)
trap 'rm -rf "$work"' EXIT
make_root "$work/root"
truncate -s 2G "$work/disk"
# A file system of memory needs no journal.
mke2fs -q -F -t ext4 -O ^has_journal -d "$work/root" "$work/disk"
rm -r "$work/root"
mkdir -p "$build/check"
machines=$(nproc)
[ $machines -le ${#files[@]} ] || machines=${#files[@]}
failed=0 pids=()
for ((machine = 0; machine < machines; machine++)); do
	share=()
	for ((i = machine; i < ${#files[@]}; i += machines)); do share+=("${files[i]}"); done
	run_machine $((machine + 1)) "${share[@]}" &
	pids+=($!)
done
for pid in "${pids[@]}"; do
	wait "$pid" || failed=1
done
exit $failed
