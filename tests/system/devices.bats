#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Which devices a container may open: the usual ones and those of security.devices.
load lib

# A node of the machine that is not a usual one, and may be opened for reading and writing.
prepare() {
	local node

	for node in /dev/fuse /dev/net/tun /dev/loop-control; do
		[ -c "$node" ] || continue
		DEVICE=$node
		return
	done
	skip "none of /dev/fuse, /dev/net/tun and /dev/loop-control"
}

# The machine anew without some of its cgroups: what is unmounted here is no change to be blamed.
without_cgroups() { # DIRECTORY...
	local directory

	for directory; do
		machine mountpoint -q "/sys/fs/cgroup/$directory" || skip "no /sys/fs/cgroup/$directory"
		machine umount "/sys/fs/cgroup/$directory"
	done
	snapshot >"$BATS_TEST_TMPDIR/before"
}

# in_cgroups NAME COMMAND: as root of the machine, with its /dev, but in the container's cgroups.
in_cgroups() {
	machine sh -c 'for file in /sys/fs/cgroup/*/'"$CGROUP/$1"'/tasks \
		/sys/fs/cgroup/unified/'"$CGROUP/$1"'/cgroup.procs \
		/sys/fs/cgroup/'"$CGROUP/$1"'/cgroup.procs; do
		[ ! -e "$file" ] || echo $$ >"$file" || exit 99
	done
	eval "$1"' sh "$2"
}

# What the host may do anyway, and what its processes may do in the container's cgroups.
check_policy() { # NAME
	run_ok machine sh -c ": <$DEVICE; : >>$DEVICE"
	run_ok in_cgroups "$1" 'for name in null zero full random urandom; do : <>/dev/$name || exit; done'
	run_fails in_cgroups "$1" ": <$DEVICE"
	assert_output_has "peration not permitted"
	run_fails in_cgroups "$1" ": >>$DEVICE"
	assert_output_has "peration not permitted"
	for device in "c 1 3" "c 1 11" "b 7 0"; do
		run_fails in_cgroups "$1" "mknod $T/node $device"
		assert_output_has "peration not permitted"
	done
}

# With DEVICE in its list.
check_added() {
	sleeper web <<<"security : { devices = ( { path = \"$DEVICE\"; } ); };"
	sleeper db <<<"security : { devices = { path = \"$DEVICE\"; access = \"r\"; }; };"
	run_ok cman up web db
	run_ok within web sh -c ": <$DEVICE && : >>$DEVICE && : <>$DEVICE"
	run_ok within db sh -c ": <$DEVICE"
	run_fails within db sh -c ": >>$DEVICE"
	assert_output_has "peration not permitted"
	run_ok in_cgroups web ": <>$DEVICE"
	run_fails in_cgroups db ": <>$DEVICE"
	assert_output_has "peration not permitted"
	# Nodes of it cannot be made, though it may be opened.
	run_fails in_cgroups web "mknod $T/node c 10 229"
	assert_output_has "peration not permitted"
}

@test "what is not usual cannot be opened, nor made" {
	sleeper web </dev/null
	run_ok cman up web
	check_policy web
	run_ok cman down web
	check_added
}

@test "the same by a program on the v2 cgroup" {
	without_cgroups devices
	sleeper web </dev/null
	run_ok cman up web
	check_policy web
	run_ok cman down web
	check_added
}

@test "privileged has no policy, and still no nodes but its own" {
	make_rootfs web
	machine mknod -m 666 "$T/rootfs/web/node" c 10 229
	sleeper web <<<'security : { privileged = true; };'
	run_ok cman up web
	run_ok in_cgroups web ": <>$DEVICE && mknod $T/node c 1 3 && rm $T/node"
	run_fails within web sh -c ': </node'
	run_fails within web mknod /tmp/node c 10 229
	run_fails within web ls "$DEVICE"
}

@test "the list of the v1 controller" {
	list=/sys/fs/cgroup/devices/$CGROUP/web/devices.list
	[ -d /sys/fs/cgroup/devices ] || skip "needs the devices controller of v1"
	sleeper web </dev/null
	run_ok cman up web
	assert_equal "$(xargs <"$list")" \
		"c 1:3 rw c 1:5 rw c 1:7 rw c 1:8 rw c 1:9 rw c 5:0 rw c 5:2 rw c 136:* rw"
}

@test "the payload and its terminals live with it" {
	container web <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", ": <>$DEVICE && : <>/dev/ptmx && head -c 3 /dev/urandom | wc -c; echo end; exec sleep 1000" ];
	stop_signal = "SIGKILL";
	security : { devices = ( { path = "$DEVICE"; } ); };
	EOF
	run_ok cman up web
	wait_until 10 logged web -x end
	assert_equal "$(cman logs web | xargs)" "3 end"
	run_ok machine script -qec "$CMAN -c $CONF exec web tty" /dev/null
	assert_output_has /dev/pts/
}

@test "the node has the permissions and owners of the host's, and is the container's own" {
	machine sh -c "mkdir /run/nodes && mknod /run/nodes/node c 10 229 &&
		chown 7:44 /run/nodes/node && chmod 620 /run/nodes/node && mount --bind /run/nodes/node $DEVICE"
	snapshot >"$BATS_TEST_TMPDIR/before"
	sleeper web <<<"security : { devices = ( { path = \"$DEVICE\"; } ); };"
	run_ok cman up web
	assert_equal "$(within web stat -c '%F %t:%T %u:%g %a' "$DEVICE")" \
		"character special file a:e5 7:44 620"
	run_ok within web chown 5:6 "$DEVICE"
	run_ok within web chmod 666 "$DEVICE"
	assert_equal "$(machine stat -c '%u:%g %a' "$DEVICE")" "7:44 620"
	# Nothing else came along with it.
	assert_equal "$(within web ls -A /dev | grep -c '^\.')" 0
	run_fails within web mknod /dev/other c 10 229
	run_fails within web ls /dev/.devices
}

@test "nodes elsewhere stay closed, whatever is allowed and added" {
	make_rootfs web
	machine mknod -m 666 "$T/rootfs/web/node" c 10 229
	machine mknod -m 666 "$T/rootfs/web/null" c 1 3
	sleeper web <<<"security : { devices = ( { path = \"$DEVICE\"; access = \"rwm\"; } );
		cap_add = [ \"MKNOD\" ]; };"
	run_ok cman up web
	run_fails within web sh -c ': </node'
	run_fails within web sh -c ': </null'
	run_fails within web mknod /tmp/node c 10 229
	run_fails within web mknod /dev/shm/node c 1 3
}

@test "a kernel without any control of devices: a warning, an error where it matters" {
	without_cgroups devices unified
	sleeper web </dev/null
	run_ok cman up web
	assert_output_has warning security.devices "no devices controller"
	run_ok cman down web
	sleeper web <<<"security : { devices = ( { path = \"$DEVICE\"; } ); };"
	run_fails cman up web
	assert_output_has "web.conf:3" security.devices "no devices controller" "mount it"
	assert_unchanged
}

@test "devices that are none" {
	sleeper web <<<'security : { devices = ( { path = "/dev/nowhere"; }, { path = "/dev/stdin"; },
		{ path = "/dev/shm/x"; }, { path = "/dev/mqueue/x"; } ); };'
	run_fails cman up web
	assert_output_has "web.conf:3:" "web.conf:4:" "cman fills this part of /dev by itself"
	sleeper web <<<'security : { devices = ( { path = "/dev/nowhere"; } ); };'
	run_fails cman up web
	assert_output_has "web.conf:3:" "security.devices[0].path" "No such file or directory"
	assert_unchanged
}
