#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# limits.sh BUILD [CGROUPS...]: what this host may lack: each limit of a container on cgroup v2, or
# what v1 makes of it, overstepped by its payload, as root with every capability; and which devices
# open. See run.sh.
# shellcheck disable=SC3045 # the shell of busybox knows these of ulimit
set -eu
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
kinds="v2 v1 hybrid"
processors=2

# The value of a file of the container's cgroup, v2 or v1.
value() {
	for path in /sys/fs/cgroup/cman/web/"$1" /sys/fs/cgroup/*/cman/web/"$1"; do
		[ ! -e "$path" ] || { cat "$path"; return; }
	done
	echo "no $1"
}

is() { # FILE WANTED
	[ "$(value "$1")" = "$2" ] || fail "$1 is \"$(value "$1")\", not \"$2\""
}

# web LIMITS: the container anew, with these.
web() {
	"$cman" down web 2>/dev/null || true
	cat > /etc/cman/conf.d/web.conf <<-END
	rootfs = "/srv/web";
	command = [ "/bin/busybox", "sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done" ];
	limits : { $1 };
	END
}

up() { web "$1"; "$cman" up web || fail "up with $1"; }

refused() { # LIMITS WORDS
	web "$1"
	if "$cman" up web >/tmp/output 2>&1; then fail "up with $1 went well"; fi
	grep -q "$2" /tmp/output || { cat /tmp/output; fail "no word of $2"; }
}

run() { "$cman" exec web /bin/busybox sh -c "$1"; }

status_has() { # WORDS
	"$cman" status web >/tmp/output || true
	grep -q "$1" /tmp/output
}

milliseconds() { awk '{ print int($1 * 1000) }' /proc/uptime; }

was_held() { [ "$(value memory.events | awk '/^high/ { print $2 }')" -gt 0 ]; }

v2_only() {
	up 'memory = "64M"; memory_high = "16M"; swap = 0;'
	is memory.high 16777216
	is memory.swap.max 0
	# Twice of what it may have without being slowed down, and yet nothing is killed.
	run 'dd if=/dev/zero of=/dev/null bs=32M count=1' &
	within 60 was_held || fail "never held at memory_high"
	[ "$(value memory.events | awk '/^oom_kill / { print $2 }')" = 0 ] || fail "killed at memory_high"
	"$cman" status web | grep -q "times held back at memory_high" || fail "status on memory_high"

	up 'memory = "32M"; swap = 0; oom_group = true;'
	is memory.oom.group 1
	run 'dd if=/dev/zero of=/dev/null bs=64M count=1' || true
	within 60 status_has "out of memory" || { cat /tmp/output; fail "oom_group left the payload alive"; }
	grep -q "limits.memory = 32M, /etc/cman/conf.d/web.conf:3" /tmp/output ||
		{ cat /tmp/output; fail "no file and line"; }

	up 'io_weight = 200;'
	is io.weight "default 200"
	up 'memory_low = "8M";'
	is memory.low 8388608
	[ "$(cat /sys/fs/cgroup/cman/memory.low)" = 8388608 ] || fail "memory.low of the parent"

	refused 'raw = [ "memory.min=4096", "pids.none=1" ];' "limits.raw: the pids controller"
	up 'raw = [ "memory.min=4096", "cpu.idle=1" ];'
	is memory.min 4096
	is cpu.idle 1
}

v1_only() {
	up 'memory = "64M"; memory_high = "16M"; swap = "8M";'
	is memory.soft_limit_in_bytes 16777216
	is memory.memsw.limit_in_bytes 75497472
	# Where the scheduler is not there.
	[ -e /sys/fs/cgroup/blkio/cman/web/blkio.bfq.weight ] ||
		refused 'io_weight = 200;' "limits.io_weight: the blkio controller of cgroup v1 has no"
	refused 'memory_low = "8M";' "limits.memory_low: the memory controller of cgroup v1"
	refused 'oom_group = true;' "limits.oom_group: the memory controller of cgroup v1"
	refused 'raw = [ "memory.min=4096" ];' "limits.raw: these are files of cgroup v2"
}

both() {
	up 'cpu_weight = 300; cpuset = "1"; mems = "0"; nofile = "100:200"; oom_score_adj = -300;
	    ulimits = [ "memlock=1G", "nice=5", "sigpending=100" ];'
	case $(value cpu.weight)$(value cpu.shares) in *300* | *3072*) ;; *) fail cpu_weight ;; esac
	for status in /proc/1/status /proc/self/status; do
		[ "$(run "grep Cpus_allowed_list $status" | tr -dc 0-9)" = 1 ] || fail "cpuset: $status"
	done
	[ "$(run 'cat /proc/self/oom_score_adj')" = -300 ] || fail oom_score_adj
	[ "$(run 'cat /proc/1/oom_score_adj')" = -300 ] || fail "oom_score_adj of the payload"
	run 'echo -301 > /proc/self/oom_score_adj' 2>/dev/null && fail "the payload lowered it"
	[ "$(run 'ulimit -n; ulimit -H -n' | tr '\n' ' ')" = "100 200 " ] || fail nofile
	[ "$(run 'ulimit -l')" = 1048576 ] || fail "memlock: $(run 'ulimit -l')"
	refused 'nofile = 1073741816;' "limits.nofile (/etc/cman/conf.d/web.conf:3)"

	# Whoever calls: from the smallest hard limits up to the built-in ones.
	web 'pids = 100;'
	(ulimit -n 64; ulimit -s 2048; ulimit -f 100000; ulimit -u 50; "$cman" up web) || fail "up, limited"
	[ "$(run 'ulimit -n; ulimit -H -n; ulimit -s; ulimit -f; ulimit -c' | tr '\n' ' ')" = \
		"1024 524288 8192 unlimited 0 " ] || fail "the caller's limits leak in"
	(ulimit -n 64; ulimit -f 100000; [ "$(run 'ulimit -n; ulimit -f' | tr '\n' ' ')" = "1024 unlimited " ]) ||
		fail "the caller's limits leak into exec"

	truncate -s 32M /disk.img
	loop=$(losetup -f)
	losetup "$loop" /disk.img
	up "io = ( { device = \"$loop\"; rbps = \"2M\"; wiops = 100; } ); };
	    security : { devices = ( { path = \"$loop\"; } );"
	start=$(milliseconds)
	sh -c 'for tasks in /sys/fs/cgroup/cman/web/cgroup.procs /sys/fs/cgroup/*/cman/web/tasks; do
		[ ! -e $tasks ] || echo $$ > $tasks; done
		exec dd if='"$loop"' of=/dev/null bs=1M count=6 iflag=direct' || fail dd
	took=$(($(milliseconds) - start))
	[ $took -gt 2000 ] || fail "6 MB at 2 MB/s took $took ms"
	"$cman" down web
	losetup -d "$loop"
	refused 'io = ( { device = "/dev/null"; rbps = "1M"; } );' "limits.io: /dev/null"
	refused 'io = ( { device = "250:77"; rbps = "1M"; } );' "limits.io: write"
}

# In the cgroups of the container, but with all rights and the nodes of the host.
host_in_it() {
	sh -c 'for file in /sys/fs/cgroup/cman/web/cgroup.procs /sys/fs/cgroup/unified/cman/web/cgroup.procs \
			/sys/fs/cgroup/*/cman/web/tasks; do
		[ ! -e $file ] || echo $$ > $file || exit 9; done
		'"$1"
}

denied() { # COMMAND
	if host_in_it "$1" 2>/tmp/output; then fail "devices: $1"; fi
	grep -q "not permitted" /tmp/output || { cat /tmp/output; fail "devices: $1"; }
}

devices() {
	modprobe tun
	modprobe loop
	up 'pids = 100;'
	host_in_it ': <>/dev/null && : <>/dev/zero && : <>/dev/full && : </dev/urandom && : <>/dev/ptmx' ||
		fail "the usual devices"
	for node in kmsg net/tun loop-control mem; do
		: </dev/$node || fail "the host has no $node"
		denied ": </dev/$node"
	done
	denied "mknod /tmp/node c 1 3"
	denied "mknod /tmp/node b 7 0"
	run ': </dev/net/tun' 2>/dev/null && fail "a node that was not asked for"

	up 'pids = 100; }; security : { devices = ( { path = "/dev/net/tun"; },
	    { path = "/dev/loop0"; access = "r"; } );'
	run ': <>/dev/net/tun && : </dev/loop0' || fail "security.devices"
	run ': >>/dev/loop0' 2>/dev/null && fail "security.devices: more than its access"
	denied ": >>/dev/loop0"
	denied ": </dev/loop-control"
	[ "$(run 'stat -c %u:%g:%a /dev/net/tun /dev/loop0' | xargs)" = \
		"$(stat -c %u:%g:%a /dev/net/tun /dev/loop0 | xargs)" ] || fail "owners of nodes"
	"$cman" down web
}

inside() {
	cman=$build/cman
	modprobe bfq 2>/dev/null || true
	prepare_host
	web 'pids = 100;'
	before=$(find /sys/fs/cgroup -type d | sort)
	if [ -d /sys/fs/cgroup/memory ]; then v1_only; else v2_only; fi
	both
	devices
	"$cman" down web 2>/dev/null || true
	# The last supervisor takes .supervisors along when it ends.
	within 60 cgroups_are "$before" || { find /sys/fs/cgroup -type d; fail "cgroups are left"; }
	echo "passed"
}

run_test "$@"
