#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# boot_systemd.sh BUILD [KIND...]: a Debian with systemd and the package. Boots of one disk: first (what
# comes up, what of systemd leaves containers alone, an upgrade, then an orderly shutdown), clean (how that
# went; then a power cut while ten containers start), after (all is up and nothing stale; then the
# package is removed, and installed anew). See lib_boot.sh.
set -eu
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/lib_boot.sh
. "$(dirname "$0")/lib_boot.sh"
image=systemd
kinds="first clean after"
memory=768
processors=2
seconds=1200

# ---- what is asked ----

is_up() { case $(systemctl is-system-running) in running | degraded) ;; *) false ;; esac; }
is_active() { systemctl is-active "$1" >/dev/null; }
begun() { systemctl show -P ActiveEnterTimestampMonotonic cman; }
started() { systemctl show -P ExecMainStartTimestampMonotonic "$1"; }
supervisor_of() { sed -n 's/^supervisor \([0-9]*\) .*/\1/p' "/run/cman/containers/$1/record"; }
# How often each has ended as it should, by its log on the disk.
ends() { for one in web db; do echo "$one $(grep -c ended /var/log/cman/$one.log)"; done; }

# untouched WHAT NAME PID: it runs on after that.
untouched() { [ -n "$3" ] && [ "$(pid_of "$2")" = "$3" ] || fail "$2 after $1: $(cman status "$2")"; }

limits_are() { # PIDS WHEN
	found=$(cd /sys/fs/cgroup/cman/web && cat memory.max cpu.max pids.max | tr '\n' ' ')
	[ "$found" = "67108864 50000 100000 $1 " ] || fail "limits $2: $found"
}

# ---- the containers ----

# Beside those of all such tests.
write_containers() {
	container session 8085 ''
	container byunit 8086 ''
	container solo 8087 ''
}

# ---- boot 1 ----

service_came_up() {
	# A firewall that flushes all rules as it starts, and nobody has to tell cman of it.
	is_active nftables || fail "nftables.service: $(systemctl status nftables)"
	[ "$(started nftables)" -lt "$(started cman)" ] || fail "the firewall came later"
	is_active cman || fail "cman.service: $(systemctl status cman)"
	came_up
	told 0 journalctl -u cman
	has "3 of 5 are up"
	limits_are 50 "after boot"
}

# systemd goes over all cgroups that it knows, and enables and disables controllers.
manager_reloads() {
	pid=$(pid_of web)
	systemctl daemon-reload
	limits_are 50 "after daemon-reload"
	systemctl daemon-reexec
	limits_are 50 "after daemon-reexec"
	systemd-run -q --wait -p MemoryMax=100M -p CPUWeight=50 -p TasksMax=10 -p AllowedCPUs=0 /bin/true
	systemctl daemon-reload
	limits_are 50 "after a unit with limits"
	untouched "reloads of systemd" web "$pid"
	sed -i 's/pids = 50/pids = 60/' /etc/cman/conf.d/web.conf
	# All else is done; what does not come up is told.
	told 1 systemctl reload cman
	is_active cman || fail "cman.service after reload: $(systemctl status cman)"
	limits_are 60 "after reload of cman.service"
	untouched "reload of cman.service" web "$pid"
}

session_is_gone() { ! loginctl show-session "$1" >/dev/null 2>&1; }

# By a login session of PAM, which is ended with all that is in it.
in_session() {
	# shellcheck disable=SC2016 # for the shell in it
	systemd-run -q --unit=login -p PAMName=login -p User=root /bin/sh -c \
		'cman up session && cat /proc/self/cgroup >/root/where && echo "$XDG_SESSION_ID" >/root/session; sleep 1000'
	within 120 test -s /root/session || fail "no session: $(systemctl status login)"
	grep -q session- /root/where || fail "not in a session: $(cat /root/where)"
	session=$(cat /root/session)
	pid=$(pid_of session)
	loginctl terminate-session "$session"
	within 60 session_is_gone "$session" || fail "session $session: $(loginctl)"
	untouched "the end of the session" session "$pid"
	serves session 8085
	is_running session || fail "session is not supervised"
}

is_restarted() { [ "$(systemctl show -P NRestarts cman@solo)" = 1 ] && is_active cman@solo; }

by_units() {
	systemd-run -q --unit=starter -p RemainAfterExit=yes cman up byunit
	within 120 is_running byunit || fail "byunit: $(systemctl status starter)"
	byunit=$(pid_of byunit)
	systemctl stop starter
	untouched "the end of its unit" byunit "$byunit"
	serves byunit 8086

	systemctl start cman@solo || fail "cman@solo: $(systemctl status cman@solo)"
	serves solo 8087
	pid=$(pid_of solo)
	systemctl kill -s KILL --kill-whom=main cman@solo
	within 60 is_restarted || fail "cman@solo, killed: $(systemctl status cman@solo)"
	untouched "its unit was killed" solo "$pid"
	systemctl stop cman@solo
	! is_running solo || fail "solo runs without its unit"
	untouched "another unit was stopped" byunit "$byunit"
}

stopped_by_service() {
	systemctl start cman@solo || fail "cman@solo: $(systemctl status cman@solo)"
	: > /root/stops
	systemctl stop cman cman@solo
	cut -d' ' -f1 /root/stops > /tmp/stops
	in_order /tmp/stops solo web db base
	grep -qx session /tmp/stops && grep -qx byunit /tmp/stops || fail "started by hand and not stopped"
	nothing_left "after systemctl stop"
	stopped_before_all_are_up
	systemctl start cman
	serves base 8082 db 8081 web 8080
}

# One that never gets ready.
stopped_before_all_are_up() {
	container gate 8088 'autostart = true;'
	sed -i 's|"/serve"|[ "/bin/sleep", "1000" ]|' $conf/gate.conf
	: > /root/stops
	systemctl start --no-block cman
	within 120 is_running gate || fail "gate: $(cman status gate)"
	within 120 is_running web || fail "web: $(cman status web)"
	[ "$(systemctl show -P ActiveState cman)" = activating ] || fail "not on its way: $(systemctl status cman)"
	systemctl stop cman
	cut -d' ' -f1 /root/stops > /tmp/stops
	in_order /tmp/stops web db base
	nothing_left "after it was stopped on its way"
	rm $conf/gate.conf
}

upgraded() {
	web=$(pid_of web)
	db=$(pid_of db)
	begun=$(begun)
	old=$(cman --version)
	told 0 dpkg -i /root/new.deb
	[ "$(cman --version)" != "$old" ] || fail "it is the old version"
	[ "$(begun)" = "$begun" ] || fail "cman.service was restarted"
	[ "$(systemctl show -P Description cman)" = "The newer unit" ] || fail "its unit is the old one"
	untouched "the upgrade" web "$web"
	untouched "the upgrade" db "$db"
	limits_are 60 "after the upgrade"
	# A supervisor that is killed has one of the new version for a successor.
	kill -KILL "$(supervisor_of web)"
	cman up web
	[ "$(readlink "/proc/$(supervisor_of web)/exe")" = /usr/libexec/cman/cman-supervisor ] || fail "supervisor"
	untouched "its supervisor was killed" web "$web"
	serves web 8080
	cman restart web || fail "restart by the new version"
	serves web 8080 db 8081
	untouched "restart of another" db "$db"
}

first() {
	step "what came up"
	service_came_up
	step "systemd is reloaded"
	manager_reloads
	step "a login session"
	in_session
	step "units"
	by_units
	step "the service is stopped"
	stopped_by_service
	step "upgrade"
	upgraded
	ends > /root/ends
	ten_from_now_on
}

# ---- boot 2 ----

clean() {
	went_down
	ends > /tmp/ends
	awk '{ print $1, $2 + 1 }' /root/ends | cmp - /tmp/ends || { cat /root/ends /tmp/ends; fail "not told to stop"; }
	step "what came up"
	told 0 cman boot
	all_came_up
	made > /root/clean
	systemctl stop cman
	nothing_left "after systemctl stop"
	step "power cut"
	cut_while_ten_start systemctl start cman
}

# ---- boot 3 ----

after() {
	nothing_stale
	step "removal"
	told 0 dpkg -r cman
	nothing_left "after the removal"
	! is_active cman || fail "cman.service is active"
	[ ! -e /usr/sbin/cman ] || fail "it is there"
	[ -e /etc/cman/conf.d/web.conf ] || fail "its files are gone"
	step "installed anew"
	told 0 dpkg -P cman
	rm $conf/*.conf
	told 0 dpkg -i /root/new.deb
	is_active cman || fail "cman.service: $(systemctl status cman)"
	step "shutdown"
}

inside() {
	within 120 is_up || fail "$(systemctl is-system-running): $(systemctl list-jobs)"
	step "$(systemctl is-system-running)"
	[ -z "$(systemctl --failed --plain --no-legend)" ] || fail "$(systemctl --failed)"
	"$kind"
	echo "passed"
}

# The same with another version, and so other files.
newer_package() {
	old=$("$here/image.sh" package)
	version=$(dpkg-deb -f "$old" Version)
	dpkg-deb -R "$old" "$tree/new"
	newer=$(echo "$version" | tr '[:digit:]' 9)
	LC_ALL=C sed -i "s/$version/$newer/g" "$tree/new/DEBIAN/control" "$tree/new/usr/sbin/cman"
	sed -i 's/^Description=.*/Description=The newer unit/' "$tree/new/lib/systemd/system/cman.service"
	dpkg-deb -Znone --root-owner-group -b "$tree/new" "$tree/root/root/new.deb" >/dev/null
	rm -r "$tree/new"
}

outside() {
	put_containers
	newer_package
	mkdir -p "$root/etc/systemd/system/sysinit.target.wants"
	ln -s /lib/systemd/system/nftables.service "$root/etc/systemd/system/sysinit.target.wants/"
	write_containers
}

run_test "$@"
