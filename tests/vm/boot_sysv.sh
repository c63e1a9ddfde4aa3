#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# boot_sysv.sh BUILD [KIND...]: a Debian with SysV init and the package, on which nobody mounts cgroups. The
# boots are those of lib_boot.sh; in the first the links of the init script are looked at, and its statuses.
set -eu
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/lib_boot.sh
. "$(dirname "$0")/lib_boot.sh"
image=sysvinit
kinds="first clean after"
memory=768
processors=2
seconds=1200

script() { told "$1" /etc/init.d/cman "$2"; } # STATUS ACTION

# Which number its link has among all that are run; those of one number are run side by side.
place() { # LEVEL NAME
	find "/etc/rc$1.d" -name "[SK][0-9][0-9]$2" | sed 's|.*/[SK]\(..\).*|\1|'
}

links_are_right() { # WHEN
	for level in 2 3 4 5; do
		[ -L "/etc/rc$level.d/S$(place $level cman)cman" ] || fail "runlevel $level $1: $(ls /etc/rc$level.d)"
	done
	for level in 0 6; do
		for name in sendsigs umountfs umountroot; do
			[ "$(place $level cman)" -lt "$(place $level $name)" ] ||
				fail "$name in runlevel $level $1: $(ls /etc/rc$level.d)"
		done
	done
	[ -L "/etc/rc1.d/K$(place 1 cman)cman" ] || fail "runlevel 1 $1: $(ls /etc/rc1.d)"
}

links() {
	links_are_right "as installed"
	update-rc.d cman remove
	[ -z "$(find /etc/rc?.d -name '*cman')" ] || fail "links after update-rc.d remove"
	insserv cman
	links_are_right "by insserv"
	update-rc.d cman remove
	update-rc.d cman defaults
	links_are_right "by update-rc.d"
}

statuses() {
	script 0 status
	script 2 unheard-of
	script 1 restart # two of them cannot
	has no-such-program
	serves web 8080
	mv $conf/bad.conf $conf/needy.conf /root
	script 0 restart
	script 0 reload
	script 0 force-reload
	script 0 try-restart
	script 0 stop
	script 0 stop
	script 3 status
	script 7 reload
	nothing_left "after stop"
	! pgrep cman-supervisor || fail "supervisors after stop"
	mv /etc/cman/container.conf /etc/cman/away
	script 6 start
	mv /etc/cman/away /etc/cman/container.conf
}

# Not by the boot, and not for the next start.
without_cgroups() {
	umount /sys/fs/cgroup
	! grep cgroup /proc/self/mountinfo || fail "somebody has mounted cgroups"
	script 0 start
	grep cgroup /proc/self/mountinfo
	script 0 start
	script 0 status
	serves base 8082 db 8081 web 8080
	[ "$(cat /sys/fs/cgroup/cman/web/pids.max)" = 50 ] || fail "pids.max"
}

first() {
	[ "$(cat /proc/1/comm)" = init ] || fail "this is no SysV init"
	step "what came up"
	came_up
	step "links"
	links
	step "statuses of LSB"
	statuses
	step "no cgroups"
	without_cgroups
	ten_from_now_on
}

clean() {
	went_down
	step "what came up"
	told 0 cman boot
	all_came_up
	made > /root/clean
	script 0 stop
	nothing_left "after stop"
	step "power cut"
	cut_while_ten_start /etc/init.d/cman start
}

after() {
	nothing_stale
	script 0 status
	step "shutdown"
}

inside() {
	# What ifupdown would do.
	ip link set lo up
	"$kind"
	echo "passed"
}

outside() { put_containers; }

run_test "$@"
