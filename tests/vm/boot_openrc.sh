#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# boot_openrc.sh BUILD [KIND...]: a Debian whose services are OpenRC's, with the package and the script for
# OpenRC in the place of that for SysV. Boots of one disk: first (what comes up; start, status, stop, reload
# and restart of the service; an orderly shutdown), clean (how that went, and what came up). See lib_boot.sh.
set -eu
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/lib_boot.sh
. "$(dirname "$0")/lib_boot.sh"
image=openrc
kinds="first clean"
memory=768
processors=2
seconds=1200

script() { told "$1" rc-service cman "$2"; } # STATUS ACTION

is_started() {
	told 0 rc-status default
	grep -qE '^ *cman .*started' /tmp/output || fail "cman is not started: $(cat /tmp/output)"
}

first() {
	head -n 1 /etc/init.d/cman | grep -q openrc-run || fail "not the script for OpenRC"
	step "what came up"
	is_started
	came_up
	step "the service"
	script 0 status
	has running
	mv $conf/bad.conf $conf/needy.conf /root
	script 0 reload
	mkdir -p /etc/conf.d
	mv /etc/cman/container.conf /etc/cman/mine.conf
	script 1 reload
	echo CMAN_CONFIG=/etc/cman/mine.conf > /etc/conf.d/cman
	script 0 reload
	mv /etc/cman/mine.conf /etc/cman/container.conf
	rm /etc/conf.d/cman
	script 0 stop
	script 3 status
	nothing_left "after stop"
	script 0 start
	script 0 status
	serves base 8082 db 8081 web 8080
	pid=$(pid_of web)
	script 0 restart
	[ "$(pid_of web)" != "$pid" ] || fail "restart has not restarted web"
	serves web 8080
	ten_from_now_on
}

clean() {
	went_down
	step "what came up"
	is_started
	told 0 cman boot
	all_came_up
	step "shutdown"
}

inside() {
	# What ifupdown would do.
	ip link set lo up
	"$kind"
	echo "passed"
}

outside() {
	put_containers
	mkdir -p "$tree/root/etc/init.d" "$tree/root/etc/runlevels/default"
	sed "s|@BINDIR@|/usr/sbin|g" "$here/../../init/cman.openrc" > "$tree/root/etc/init.d/cman"
	chmod 755 "$tree/root/etc/init.d/cman"
	ln -s /etc/init.d/cman "$tree/root/etc/runlevels/default/cman"
}

run_test "$@"
