#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Limits hold from the payload's first instruction on, on whatever cgroups the host has.
load lib

# limit NAME FILE_V1 FILE_V2: what the kernel says for a container, seen from the host.
limit() {
	local file

	for file in /sys/fs/cgroup/*/"$CGROUP/$1/$2" /sys/fs/cgroup/"$CGROUP/$1/$3" \
		/sys/fs/cgroup/unified/"$CGROUP/$1/$3"; do
		[ ! -e "$file" ] || { cat "$file"; return; }
	done
	echo "no $2 nor $3 for $1"
	return 1
}

@test "pids, memory and cpus stand in the kernel as in the file" {
	sleeper web <<<'limits : { pids = 33; memory = "64M"; cpus = 0.5; };'
	run_ok cman up web
	assert_equal "$(limit web pids.max pids.max)" 33
	assert_equal "$(limit web memory.limit_in_bytes memory.max)" 67108864
	assert_match "$(limit web cpu.cfs_quota_us cpu.max)" '^50000( 100000)?$'
}

@test "the built-in limit of tasks is in force where the file says nothing" {
	sleeper web </dev/null
	run_ok cman up web
	assert_equal "$(limit web pids.max pids.max)" 512
}

@test "defaults and templates set limits, the file wins" {
	write_manager 'defaults : { limits : { pids = 100; memory = "128M"; }; };' \
		'templates : { small : { limits : { pids = 50; cpus = 0.25; }; }; };'
	sleeper a </dev/null
	sleeper b <<<'extends = [ "small" ];'
	sleeper c <<<'extends = [ "small" ]; limits : { pids = 25; };'
	run_ok cman up a b c
	assert_equal "$(limit a pids.max pids.max)" 100
	assert_equal "$(limit b pids.max pids.max)" 50
	assert_match "$(limit b cpu.cfs_quota_us cpu.max)" '^25000( 100000)?$'
	assert_equal "$(limit c pids.max pids.max)" 25
	assert_equal "$(limit c memory.limit_in_bytes memory.max)" 134217728
}

@test "a fork bomb stops at pids" {
	container bomb <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "sh -c 'for i in \$(seq 100); do sleep 100 & done'; exec sleep 100" ];
	limits : { pids = 12; };
	stop_signal = "SIGKILL";
	EOF
	run_ok cman up bomb
	wait_until 10 machine grep -qi -e "can't fork" -e "resource temporarily" $T/log/bomb.log
	[ "$(limit bomb pids.current pids.current)" -le 12 ]
}

@test "memory beyond the limit is refused by killing, inside the container only" {
	container eater <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "x=0123456789abcdef; while :; do x=\$x\$x; done" ];
	limits : { memory = "24M"; };
	EOF
	sleeper other </dev/null
	run_ok cman up other eater
	ended() { ! cman status eater >/dev/null; }
	wait_until 30 ended
	run_ok cman status other
}

@test "cpus slow a busy payload down" {
	container busy <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "while :; do :; done" ];
	limits : { cpus = 0.1; };
	stop_signal = "SIGKILL";
	EOF
	run_ok cman up busy
	throttled() { [ "$(limit busy cpu.stat cpu.stat | awk '/nr_throttled/{ print $2 }')" -gt 3 ]; }
	wait_until 10 throttled
}

@test "the payload's first instruction is already inside" {
	container first <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/cat", "/proc/self/cgroup" ];
	EOF
	# Seen through its cgroup namespace, its own cgroup is the root of each hierarchy cman uses.
	run_ok cman up first
	wait_until 10 machine grep -q : $T/log/first.log
	run_ok cman logs first
	for controller in pids memory cpu; do
		refute grep -E "[:,]${controller}[:,].*[^/]\$" <<<"$output"
	done
	[[ $output != *"$CGROUP"* ]]
}

@test "a program of exec is held by the same limits" {
	sleeper web <<<'limits : { pids = 10; };'
	run_ok cman up web
	run within web sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 3 & done; wait'
	assert_output_has fork
}

@test "a controller that the host lacks is an error with the key that needs it" {
	machine umount -l /sys/fs/cgroup/pids 2>/dev/null || skip "no cgroup v1 hierarchy to take away"
	snapshot >"$BATS_TEST_TMPDIR/before"
	sleeper web <<<'limits : { pids = 10; };'
	run_fails cman up web
	assert_output_has pids
	assert_unchanged
}
