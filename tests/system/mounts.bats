#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the file system of a container is made of.
load lib

@test "read_only: nothing in the rootfs can be changed, by init or by exec" {
	make_rootfs web
	machine mkdir $T/rootfs/web/data
	machine mount -t tmpfs sub $T/rootfs/web/data
	sleeper web <<<'read_only = true;'
	run_ok cman up web
	for path in /x /etc/x /tmp/x /data/x; do
		run_fails within web touch $path
		assert_output_has "Read-only file system"
	done
	run_fails within web sh -c 'echo x >/etc/passwd'
	run_fails within web mount -o remount,rw /
	run_ok within web sh -c 'touch /dev/shm/x && cat /etc/hostname'
	assert_equal "$output" web
	run_ok cman down web
	run_ok machine touch $T/rootfs/web/x $T/rootfs/web/data/x
	machine umount $T/rootfs/web/data
}

@test "read_only = false: the rootfs is writable" {
	sleeper web </dev/null
	run_ok cman up web
	run_ok within web touch /x
}
