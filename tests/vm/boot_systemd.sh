#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# boot_systemd.sh BUILD [KIND...]: a Debian with systemd and the package. Boots of one disk: first (what
# comes up, what of systemd leaves containers alone, an upgrade, then an orderly shutdown), clean (how that
# went; then a power cut while ten containers start), after (all is up and nothing stale; then the
# package is removed). See lib.sh.
set -eu
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
image=systemd
kinds="first clean after"
memory=768
processors=2
seconds=600

ten="c0 c1 c2 c3 c4 c5 c6 c7 c8 c9"

# ---- what is asked ----

has() { # WORDS...: in the last output
	for words; do
		grep -qF -- "$words" /tmp/output || { cat /tmp/output; fail "no word of $words"; }
	done
}

# told STATUS COMMAND...
told() {
	wanted=$1 code=0
	shift
	"$@" >/tmp/output 2>&1 || code=$?
	[ $code = "$wanted" ] || { cat /tmp/output; fail "$*: status $code"; }
}

is_up() { case $(systemctl is-system-running) in running | degraded) ;; *) false ;; esac; }
# A static busybox crashes where it finds a name service of glibc.
# shellcheck disable=SC2016 # for the shell in it
page() {
	timeout 20 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0" && printf "GET / HTTP/1.0\r\n\r\n" >&3 && cat <&3' "$1" |
		tail -n 1
}
pid_of() { cman status "$1" | awk '/^ *process/ { print $2 + 0 }'; }
is_running() { cman status "$1" >/dev/null 2>&1; }
is_active() { systemctl is-active "$1" >/dev/null; }
begun() { systemctl show -P ActiveEnterTimestampMonotonic cman; }
started() { systemctl show -P ExecMainStartTimestampMonotonic "$1"; }
supervisor_of() { sed -n 's/^supervisor \([0-9]*\) .*/\1/p' "/run/cman/containers/$1/record"; }
uptime_now() { cut -d' ' -f1 /proc/uptime; }
# How often each has ended as it should, by its log on the disk.
ends() { for one in web db; do echo "$one $(grep -c ended /var/log/cman/$one.log)"; done; }
step() { echo "== $* ($(uptime_now) s)"; }

serves() { # NAME PORT...
	while [ $# -gt 0 ]; do
		[ "$(page "$2")" = "$1" ] || fail "$1 does not serve its page"
		shift 2
	done
}

# untouched WHAT NAME PID: it runs on after that.
untouched() { [ "$(pid_of "$2")" = "$3" ] || fail "$2 after $1: $(cman status "$2")"; }

limits_are() { # PIDS WHEN
	found=$(cd /sys/fs/cgroup/cman/web && cat memory.max cpu.max pids.max | tr '\n' ' ')
	[ "$found" = "67108864 50000 100000 $1 " ] || fail "limits $2: $found"
}

# in_order FILE NAME...: these lines, in this order.
in_order() {
	file=$1
	shift
	[ "$(grep -xE "$(echo "$*" | tr ' ' '|')" "$file" | tr '\n' ' ')" = "$* " ] || { cat "$file"; fail "not in order"; }
}

nothing_left() { # WHEN
	[ ! -e /sys/fs/cgroup/cman ] || fail "cgroups $1: $(find /sys/fs/cgroup/cman -type d)"
	! ip link show cman0 2>/dev/null || fail "a bridge $1"
	[ -z "$(ls /run/cman/containers 2>/dev/null)" ] || fail "records $1: $(ls /run/cman/containers)"
}

# What ten containers and the others are made of, wherever they stand.
made() {
	ip -o link | cut -d: -f2 | cut -d@ -f1 | sort
	cut -d' ' -f2-4 /proc/self/mounts | grep -v '^/run/credentials\|binfmt' | sort
	find /sys/fs/cgroup/cman -type d | sort
	find /run/cman /var/lib/cman | sort
	cat /proc/sys/net/ipv4/ip_forward
	iptables-legacy-save | grep -v '^[#:]'
	nft list ruleset
}

# ---- the containers ----

# container NAME PORT LINE...: a page with its name; its end is noted on the disk.
container() {
	file=$conf/$1.conf port=$2
	shift 2
	cat > "$file" <<-END
	rootfs  : { path = "/srv/web"; mode = "volatile"; };
	command = "/serve";
	net     : { ports = [ "$port:80" ]; };
	ready   : { port = 80; timeout = "5m"; };
	hooks   : { post_stop = "/root/mark"; };
	$*
	END
}

write_containers() {
	container base 8082 ''
	container db 8081 'depends_on = "base";'
	container web 8080 'autostart = true; depends_on = "db";
		limits : { memory = "64M"; pids = 50; cpus = 0.5; };'
	container bad 8083 'autostart = true;'
	sed -i 's|/serve|/no-such-program|' "$conf/bad.conf"
	container needy 8084 'autostart = true; depends_on = "bad";'
	container session 8085 ''
	container byunit 8086 ''
	container solo 8087 ''
}

# ---- boot 1 ----

came_up() {
	# A firewall that flushes all rules as it starts, and nobody has to tell cman of it.
	is_active nftables || fail "nftables.service: $(systemctl status nftables)"
	[ "$(started nftables)" -lt "$(started cman)" ] || fail "the firewall came later"
	is_active cman || fail "cman.service: $(systemctl status cman)"
	serves base 8082 db 8081 web 8080
	told 1 cman boot
	has "bad: " "no-such-program" "needy: not started: needs bad, which failed"
	told 0 journalctl -u cman
	has "3 of 5 are up"
	told 0 cman ps
	grep -qE '^bad +(running|starting)' /tmp/output && fail "bad runs"
	grep -qE '^needy +(running|starting)' /tmp/output && fail "needy runs"
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
	systemctl reload cman
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
	pid=$(pid_of byunit)
	systemctl stop starter
	untouched "the end of its unit" byunit "$pid"
	serves byunit 8086

	systemctl start cman@solo || fail "cman@solo: $(systemctl status cman@solo)"
	serves solo 8087
	pid=$(pid_of solo)
	systemctl kill -s KILL --kill-whom=main cman@solo
	within 60 is_restarted || fail "cman@solo, killed: $(systemctl status cman@solo)"
	untouched "its unit was killed" solo "$pid"
	systemctl stop cman@solo
	! is_running solo || fail "solo runs without its unit"
	untouched "another unit was stopped" byunit "$(pid_of byunit)"
}

stopped_by_service() {
	: > /root/stops
	systemctl stop cman
	cut -d' ' -f1 /root/stops > /tmp/stops
	in_order /tmp/stops web db base
	grep -qx session /tmp/stops && grep -qx byunit /tmp/stops || fail "started by hand and not stopped"
	nothing_left "after systemctl stop"
	systemctl start cman
	serves base 8082 db 8081 web 8080
}

upgraded() {
	web=$(pid_of web)
	db=$(pid_of db)
	begun=$(begun)
	old=$(cman --version)
	told 0 dpkg -i /root/new.deb
	[ "$(cman --version)" != "$old" ] || fail "it is the old version"
	[ "$(begun)" = "$begun" ] || fail "cman.service was restarted"
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
	came_up
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
	# For the next boots, and for the end of this one: base hears no signal.
	rm /etc/cman/conf.d/bad.conf /etc/cman/conf.d/needy.conf
	port=8100
	for name in $ten; do
		port=$((port + 1))
		container "$name" $port "autostart = true; $([ "$name" = c0 ] || echo 'after = "c0";')"
	done
	cman exec base touch /deaf
	: > /root/stops
	ends > /root/ends
	uptime_now > /root/down
	step "shutdown"
}

# ---- boot 2 ----

serve_all() {
	serves base 8082 db 8081 web 8080
	port=8100
	for name in $ten; do
		port=$((port + 1))
		serves "$name" $port
	done
}

half_is_there() { [ "$(ip -o link show master cman0 2>/dev/null | wc -l)" -ge 6 ]; }

clean() {
	step "how the shutdown went"
	cat /root/stops
	cut -d' ' -f1 /root/stops > /tmp/stops
	in_order /tmp/stops web db base
	awk -v down="$(cat /root/down)" '$1 == "base" { exit !($2 - down >= 10 && $2 - down < 200) }' /root/stops ||
		fail "shutdown.timeout has not ended the wait"
	ends > /tmp/ends
	awk '{ print $1, $2 + 1 }' /root/ends | cmp - /tmp/ends || { cat /root/ends /tmp/ends; fail "not told to stop"; }
	step "what came up"
	told 0 cman boot
	serve_all
	made > /root/clean
	sync
	systemctl stop cman
	nothing_left "after systemctl stop"
	step "power cut"
	systemctl start --no-block cman
	within 100 half_is_there || fail "the containers do not start"
	cut_power
}

# ---- boot 3 ----

after() {
	[ -e /root/clean ] || fail "this goes on from the boot \"clean\""
	told 0 cman boot
	cat /tmp/output
	has "cut off"
	serve_all
	made > /tmp/made
	diff /root/clean /tmp/made || fail "something is stale"
	step "removal"
	told 0 dpkg -r cman
	nothing_left "after the removal"
	! is_active cman || fail "cman.service is active"
	[ ! -e /usr/sbin/cman ] || fail "it is there"
	[ -e /etc/cman/conf.d/web.conf ] || fail "its files are gone"
	step "shutdown"
}

inside() {
	conf=/etc/cman/conf.d
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
	dpkg-deb -Znone --root-owner-group -b "$tree/new" "$tree/root/root/new.deb" >/dev/null
	rm -r "$tree/new"
}

outside() {
	root=$tree/root
	mkdir -p "$root/root" "$root/etc/cman/conf.d"
	newer_package
	mkdir "$root/srv/web/www"
	ln -s busybox "$root/srv/web/bin/touch"
	cat > "$root/srv/web/serve" <<-'END'
	#!/bin/sh
	busybox() { /bin/busybox "$@"; }
	told() { echo told; [ -e /deaf ] || { echo ended; exit 0; }; }
	trap told TERM
	busybox hostname > /www/index.html
	busybox httpd -p 80 -h /www
	while :; do sleep 1000 & wait; done
	END
	cat > "$root/root/mark" <<-'END'
	#!/bin/sh
	echo "$CMAN_NAME $(cut -d' ' -f1 /proc/uptime)" >> /root/stops
	END
	chmod 755 "$root/srv/web/serve" "$root/root/mark"
	echo 'boot : { timeout = "10m"; }; shutdown : { timeout = "15s"; };' > "$root/etc/cman/container.conf"
	mkdir -p "$root/etc/systemd/system/sysinit.target.wants"
	ln -s /lib/systemd/system/nftables.service "$root/etc/systemd/system/sysinit.target.wants/"
	conf=$root/etc/cman/conf.d
	write_containers
}

run_test "$@"
