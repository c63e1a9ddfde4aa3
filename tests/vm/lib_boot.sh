#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# lib_boot.sh: what the tests that boot a whole Debian have in common, whatever its init. Each boots one
# disk three times: first (what comes up, what the init's own commands do, then an orderly shutdown), clean
# (how that went; then a power cut while ten containers start), after (all is up and nothing stale). For a
# test that has read lib.sh:
#
#   outside() { put_containers; }  # base <- db <- web serve their names; bad fails, needy needs bad
#   first() { came_up; ...; ten_from_now_on; }
#   clean() { went_down; all_came_up; ...stop...; cut_while_ten_start COMMAND; }
#   after() { nothing_stale; ...; }
#   inside() { "$kind"; echo "passed"; }
# shellcheck disable=SC2154 # set by lib.sh

ten="c0 c1 c2 c3 c4 c5 c6 c7 c8 c9"
conf=/etc/cman/conf.d

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
	[ $code = "$wanted" ] || { cat /tmp/output; fail "$*: status $code, not $wanted"; }
}

# A static busybox crashes where it finds a name service of glibc.
# shellcheck disable=SC2016 # for the shell in it
page() {
	timeout 20 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0" && printf "GET / HTTP/1.0\r\n\r\n" >&3 && cat <&3' "$1" |
		tail -n 1
}
pid_of() { cman status "$1" | awk '/^ *process/ { print $2 + 0 }'; }
is_running() { cman status "$1" >/dev/null 2>&1; }
uptime_now() { cut -d' ' -f1 /proc/uptime; }
step() { echo "== $* ($(uptime_now) s)"; }

serves() { # NAME PORT...
	while [ $# -gt 0 ]; do
		[ "$(page "$2")" = "$1" ] || { cman ps; fail "$1 does not serve its page"; }
		shift 2
	done
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

# Outside: into $tree/root.
put_containers() {
	root=$tree/root
	conf=$root/etc/cman/conf.d
	mkdir -p "$root/root" "$conf" "$root/srv/web/www"
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
	container base 8082 'stop_timeout = "10m";'
	container db 8081 'depends_on = "base";'
	container web 8080 'autostart = true; depends_on = "db";
		limits : { memory = "64M"; pids = 50; cpus = 0.5; };'
	container bad 8083 'autostart = true;'
	sed -i 's|/serve|/no-such-program|' "$conf/bad.conf"
	container needy 8084 'autostart = true; depends_on = "bad";'
}

# ---- the first boot ----

came_up() {
	serves base 8082 db 8081 web 8080
	told 1 cman boot
	cat /tmp/output
	has "bad: " "no-such-program" "needy: not started: needs bad, which failed"
	told 0 cman ps
	for name in base db web; do
		grep -qE "^$name +running" /tmp/output || fail "$name does not run: $(cat /tmp/output)"
	done
	! grep -E '^(bad|needy) +(running|starting)|stale|unknown' /tmp/output || fail "$(cat /tmp/output)"
}

# The end of it. For the next boots, and for the shutdown: base hears no signal.
ten_from_now_on() {
	rm -f $conf/bad.conf $conf/needy.conf
	port=8100
	for name in $ten; do
		port=$((port + 1))
		container "$name" $port "autostart = true; $([ "$name" = c0 ] || echo 'after = "c0";')"
	done
	cman exec base touch /deaf
	: > /root/stops
	uptime_now > /root/down
	step "shutdown"
}

# ---- the second ----

went_down() {
	step "how the shutdown went"
	[ -e /root/down ] || fail "this goes on from the boot \"first\""
	cat /root/stops
	cut -d' ' -f1 /root/stops > /tmp/stops
	in_order /tmp/stops web db base
	awk -v down="$(cat /root/down)" '$1 == "base" { exit !($2 - down >= 10 && $2 - down < 200) }' /root/stops ||
		fail "shutdown.timeout has not ended the wait"
	grep -q ended /var/log/cman/web.log || fail "web was not told"
	grep -q ended /var/log/cman/db.log || fail "db was not told"
}

all_came_up() {
	serves base 8082 db 8081 web 8080
	port=8100
	for name in $ten; do
		port=$((port + 1))
		serves "$name" $port
	done
}

half_is_there() { [ "$(ip -o link show master cman0 2>/dev/null | wc -l)" -ge 6 ]; }

# With what all of them are made of on the disk, for the next boot.
cut_while_ten_start() { # COMMAND...
	sync
	"$@" > /dev/null 2>&1 &
	within 100 half_is_there || fail "the containers do not start"
	cut_power
}

# ---- the third ----

nothing_stale() {
	[ -e /root/clean ] || fail "this goes on from the boot \"clean\""
	told 0 cman boot
	cat /tmp/output
	has "cut off"
	all_came_up
	made > /tmp/made
	diff /root/clean /tmp/made || fail "something is stale"
}
