#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Directories that take no more: what comes up is taken back, what runs goes on, and down always works.
export TEST_SECONDS=${TEST_SECONDS:-600}
load lib

prepare() { server web <<<'net : { ports = [ "8080:80" ]; }; limits : { memory = "32M"; };'; }

# on_tmpfs DIRECTORY OPTIONS: a file system of its own there, which goes with the machine's or by off_tmpfs.
on_tmpfs() {
	machine mkdir -p "$1"
	machine mount -t tmpfs -o "mode=700,$2" tmpfs "$1"
}
off_tmpfs() {
	machine umount "$1"
	machine rm -rf "$1"
}

fill() { machine sh -c "cat /dev/zero >$1/full 2>/dev/null; true"; }

is_serving() { [ "$(http_get outside "http://$HOST_IP:8080/" 2>/dev/null)" = "page of web" ]; }

change() { server web <<<'net : { ports = [ "8080:80" ]; }; limits : { memory = "48M"; };'; }

@test "a state directory that is full: what runs goes on, apply changes nothing, down works" {
	on_tmpfs $T/state nr_blocks=64
	run_ok cman up web
	wait_until 10 is_serving
	run_ok cman exec web -- true
	fill $T/state
	change
	run -1 cman apply web
	assert_output_has "No space left on device"
	run -3 cman plan web
	prepare
	run_ok cman plan web
	run_ok cman exec web -- true
	wait_until 5 is_serving
	run_ok cman ps
	run_ok cman logs web
	run_ok cman status web
	run_ok cman down web
	refute machine ip link show cman0
	refute machine test -e $T/state/containers/web
	off_tmpfs $T/state
	assert_unchanged
}

@test "a payload that ends while the state directory is full: down, up" {
	on_tmpfs $T/state nr_blocks=64
	run_ok cman up web
	fill $T/state
	machine kill -KILL "$(pid_of web)"
	has_ended() { ! cman status web >/dev/null 2>&1; }
	wait_until 10 has_ended
	run_ok cman down web
	refute machine ip link show cman0
	machine rm $T/state/full
	run_ok cman up web
	wait_until 10 is_serving
	run_ok cman down web
	off_tmpfs $T/state
	assert_unchanged
}

@test "no inode left at any moment of an up: taken back, or it runs" {
	local free

	on_tmpfs $T/state nr_inodes=64
	for ((free = 0; free < 30; free++)); do
		machine bash -c 'cd "$1" && mkdir -p full && cd full && while : >"f$RANDOM$RANDOM$RANDOM"; do :; done 2>/dev/null
			ls | head -n "$2" | xargs -r rm' inodes $T/state "$free" || true
		if cman up web; then
			wait_until 10 is_serving
			run_ok cman down web
		fi
		machine rm -rf $T/state/full
		run_fails cman status web
		refute machine test -e $T/state/containers/web
		refute machine ip link show cman0
	done
	run_ok cman up web
	run_ok cman down web
	off_tmpfs $T/state
	assert_unchanged
}

@test "a state directory that has become read-only: what runs goes on, the rest is told" {
	on_tmpfs $T/state nr_blocks=256
	run_ok cman up web
	wait_until 10 is_serving
	pid=$(pid_of web)
	machine mount -o remount,ro $T/state
	change
	for command in "up other" "apply web" "down web" "restart web" "pause web"; do
		[ "$command" != "up other" ] || sleeper other </dev/null
		# shellcheck disable=SC2086 # words
		run_fails cman $command
		assert_output_has error: "Read-only file system"
		[ "$command" != "up other" ] || assert_output_has "make directory $T/state/containers/other:"
		machine kill -0 "$pid"
	done
	run_ok cman ps
	run_ok cman status web
	run_ok cman exec web -- true
	run_ok cman logs web
	wait_until 10 is_serving
	machine mount -o remount,rw $T/state
	run_ok cman down --all
	off_tmpfs $T/state
	assert_unchanged
}

@test "a data directory that is full: what has ids runs, and its history is a warning; new ones are refused" {
	run_ok cman up web
	run_ok cman down web
	machine sh -c "cp -a $T/data $T/rootfs/kept"
	on_tmpfs $T/data nr_blocks=64
	machine sh -c "cp -a $T/rootfs/kept/. $T/data/"
	fill $T/data
	change
	run_ok cman up web
	assert_output_has "warning: web: history of web" "No space left on device"
	wait_until 10 is_serving
	prepare
	run_ok cman apply web
	wait_until 10 is_serving
	sleeper fresh </dev/null
	run cman up fresh
	[ "$status" = 0 ] || assert_output_has "No space left on device" fresh
	run_ok cman down --all
	machine umount $T/data
	machine rm -rf $T/rootfs/kept
	assert_unchanged
}

@test "a disk of logs that is full: the payload is not held up, what is lost is counted" {
	container loud <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "echo begun; until [ -e /full ]; do sleep 0.1; done; seq 200000; echo written >/done; until [ -e /free ]; do sleep 0.1; done; echo at last; exec sleep 1000" ];
	stop_signal = "SIGKILL";
	EOF
	chmod 777 "$(path $T/rootfs/loud)"
	on_tmpfs $T/log nr_blocks=16
	run_ok cman up loud
	fill $T/log
	machine touch $T/rootfs/loud/full
	wait_until 30 machine test -e $T/rootfs/loud/done
	run_ok cman status loud
	run_ok cman exec loud -- true
	machine rm $T/log/full
	machine touch $T/rootfs/loud/free
	wait_until 10 machine grep -q "at last" $T/log/loud.log
	run machine cat $T/log/loud.log
	assert_match "$output" "cman-supervisor: .*(lost|dropped)"
	run_ok cman down loud
	off_tmpfs $T/log
	assert_unchanged
}
