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

# --- memory ------------------------------------------------------------------------------------

memory_is_v1() { [ -d /sys/fs/cgroup/memory ]; }

@test "memory_high, swap and cpu_weight stand in the kernel as in the file" {
	sleeper web <<<'limits : { memory = "64M"; memory_high = "48M"; swap = "16M"; cpu_weight = 200; };'
	run_ok cman up web
	assert_equal "$(limit web memory.soft_limit_in_bytes memory.high)" 50331648
	if memory_is_v1; then
		assert_equal "$(limit web memory.memsw.limit_in_bytes -)" 83886080
	else
		assert_equal "$(limit web - memory.swap.max)" 16777216
	fi
	assert_match "$(limit web cpu.shares cpu.weight)" '^(2048|200)$'
}

@test "with swap = 0 memory cannot be had in another way" {
	container eater <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "x=0123456789abcdef; while :; do x=\$x\$x; done" ];
	limits : { memory = "24M"; swap = 0; };
	EOF
	run_ok cman up eater
	# Its end is to be seen before the reason is: that is noted when all has been taken away.
	told() { cman status eater | grep -q "out of memory"; }
	wait_until 30 told
	run cman status eater
	assert_output_has "out of memory" "limits.memory = 24M" "$T/conf.d/eater.conf:3"
}

@test "what cgroup v1 cannot do is an error that names key and controller" {
	memory_is_v1 || skip "this host has cgroup v2"
	snapshot >"$BATS_TEST_TMPDIR/before"
	sleeper low <<<'limits : { memory_low = "16M"; };'
	sleeper group <<<'limits : { oom_group = true; };'
	sleeper swap <<<'limits : { swap = 0; };'
	sleeper raw <<<'limits : { raw = [ "memory.zswap.max=0" ]; };'
	run_fails cman up low
	assert_output_has "$T/conf.d/low.conf:3: limits.memory_low: the memory controller of cgroup v1"
	run_fails cman up group
	assert_output_has limits.oom_group "memory controller of cgroup v1"
	run_fails cman up swap
	assert_output_has limits.swap "together with limits.memory"
	run_fails cman up raw
	assert_output_has limits.raw "on v1"
	assert_unchanged
}

# --- processors --------------------------------------------------------------------------------

@test "cpuset and mems are what the container sees, exec included" {
	[ "$(nproc)" -gt 1 ] || skip "needs two processors"
	sleeper web <<<'limits : { cpuset = "1"; mems = "0"; };'
	sleeper free </dev/null
	run_ok cman up web free
	assert_equal "$(awk '/^Cpus_allowed_list/{ print $2 }' "/proc/$(host_pid web)/status")" 1
	assert_equal "$(within web awk '/^Cpus_allowed_list/{ print $2 }' /proc/self/status)" 1
	assert_equal "$(within web awk '/^Mems_allowed_list/{ print $2 }' /proc/self/status)" 0
	# It cannot widen them itself.
	run within web taskset -p 3 1
	assert_equal "$(within web awk '/^Cpus_allowed_list/{ print $2 }' /proc/1/status)" 1
	refute test "$(within free awk '/^Cpus_allowed_list/{ print $2 }' /proc/self/status)" = 1
}

@test "processors that are not there are an error of the file" {
	sleeper web <<<'limits : { cpuset = "0,4000"; };'
	run_fails cman check
	assert_output_has limits.cpuset 4000 "$T/conf.d/web.conf:3"
}

@test "only what has a limit of it is in the hierarchy of cpuset or blkio" {
	[ -d /sys/fs/cgroup/cpuset ] || skip "this host has no cpuset on cgroup v1"
	sleeper web </dev/null
	run_ok cman up web
	refute test -e "/sys/fs/cgroup/cpuset/$CGROUP"
	refute test -e "/sys/fs/cgroup/blkio/$CGROUP"
}

# --- block devices -----------------------------------------------------------------------------

# A loop device on a file in memory: LOOP, and NUMBER, its numbers.
loop_device() {
	truncate -s 32M "$(path $T)/disk"
	LOOP=$(losetup --direct-io=off -f --show "$(path $T)/disk" 2>/dev/null) ||
		skip "no loop device here"
	NUMBER=$((16#$(stat -c %t "$LOOP"))):$((16#$(stat -c %T "$LOOP")))
}

@test "io limits how fast a device is read" {
	local start end

	loop_device
	sleeper web <<<"limits : { io = ( { device = \"$LOOP\"; rbps = \"2M\"; wiops = 100; } ); };
		security : { devices = ( { path = \"$LOOP\"; access = \"r\"; } ); };"
	run cman up web
	[ "$status" = 0 ] || losetup -d "$LOOP"
	[ "$status" = 0 ] || { echo "$output"; return 1; }
	assert_match "$(limit web blkio.throttle.read_bps_device io.max)" "^$NUMBER (2097152$|rbps=2097152 wbps=max riops=max wiops=100)"
	start=$(date +%s%N)
	within web busybox dd if="$LOOP" of=/dev/null bs=1M count=6 iflag=direct || status=$?
	end=$(date +%s%N)
	losetup -d "$LOOP"
	rm "$(path $T)/disk"
	assert_equal "$status" 0
	# 6 MB at 2 MB/s: not less than 2 s, and not for ever.
	[ $((end - start)) -gt 2000000000 ] || { echo "$((end - start)) ns"; return 1; }
}

@test "io_weight stands in the kernel, or is refused with the name of what is missing" {
	sleeper web <<<'limits : { io_weight = 1090; };'
	run cman up web
	if [ "$status" = 0 ]; then
		assert_match "$(limit web blkio.bfq.weight io.weight)" '^(190|default 1090)'
	else
		assert_output_has limits.io_weight controller CONFIG_
	fi
}

@test "a device that is none is an error with the key and its line" {
	sleeper web <<<'limits : { io = ( { device = "/dev/null"; rbps = "1M"; } ); };'
	run_fails cman up web
	assert_output_has "limits.io" "/dev/null"
	sleeper web <<<'limits : { io = ( { device = "/dev/none"; rbps = "1M"; } ); };'
	run_fails cman up web
	assert_output_has "limits.io" "/dev/none: No such file or directory"
	machine test -b /dev/loop0 || return 0
	sleeper web <<<'limits : { io = ( { device = "/dev/loop0"; rbps = "1M"; }, { device = "7:0"; wbps = "1M"; } ); };'
	run_fails cman up web
	assert_output_has "limits.io" "/dev/loop0 and 7:0 are the same device"
}

# --- limits of processes -----------------------------------------------------------------------

host_pid() { # NAME: its first process, as this test sees it
	local files

	files=(/sys/fs/cgroup/*/"$CGROUP/$1/cgroup.procs" /sys/fs/cgroup/"$CGROUP/$1/cgroup.procs")
	for file in "${files[@]}"; do
		[ ! -e "$file" ] || { head -n 1 "$file"; return; }
	done
}

# The limits of a process as "soft hard", by the words of /proc/PID/limits.
rlimit() { sed -n "s/^$2  *\([^ ]*\)  *\([^ ]*\).*/\1 \2/p" <<<"$1"; }

@test "the limits of processes are the built-in ones, whoever calls" {
	container web <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "cat /proc/self/limits; exec sleep 1000" ];
	stop_signal = "SIGKILL";
	EOF
	(
		ulimit -c 4096 2>/dev/null || true
		ulimit -S -n 64 && ulimit -S -u 3000 && ulimit -S -f 900000 && ulimit -S -t 900 &&
			ulimit -S -s 4096
		cman up web && within web cat /proc/self/limits >"$BATS_TEST_TMPDIR/exec"
	)
	wait_until 10 machine grep -q "Max realtime timeout" $T/log/web.log
	for limits in "$(cman logs web)" "$(<"$BATS_TEST_TMPDIR/exec")"; do
		assert_equal "$(rlimit "$limits" "Max core file size")" "0 0"
		assert_equal "$(rlimit "$limits" "Max open files" | cut -d' ' -f1)" 1024
		assert_equal "$(rlimit "$limits" "Max cpu time")" "unlimited unlimited"
		assert_equal "$(rlimit "$limits" "Max file size")" "unlimited unlimited"
		assert_equal "$(rlimit "$limits" "Max stack size" | cut -d' ' -f1)" 8388608
		assert_equal "$(rlimit "$limits" "Max processes" | cut -d' ' -f1)" \
			"$(rlimit "$limits" "Max processes" | cut -d' ' -f2)"
		assert_equal "$(rlimit "$limits" "Max nice priority")" "0 0"
	done
}

@test "nofile: no more files can be opened, by the payload nor by exec" {
	container web <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "ulimit -n; ulimit -H -n; exec sleep 1000" ];
	stop_signal = "SIGKILL";
	limits : { nofile = 64; };
	EOF
	run_ok cman up web
	wait_until 10 machine grep -q 64 $T/log/web.log
	assert_equal "$(cman logs web | tr '\n' ' ')" "64 64 "
	run within web sh -c 'exec 63</dev/null && echo one; exec 64</dev/null && echo two'
	assert_output_has one
	[[ $output != *two* ]]
	run within web sh -c 'ulimit -n 65'
	[ "$status" != 0 ]
}

@test "ulimits: nproc and fsize hold, core can be asked for" {
	sleeper web <<<'user = "1000"; limits : { ulimits = [ "nproc=6", "fsize=1M", "core=0:4K", "stack=1M:2M" ]; };'
	run_ok cman up web
	run within web sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 2 & done; wait'
	assert_output_has fork
	run within web sh -c 'head -c 2000000 /dev/zero >/tmp/big; stat -c %s /tmp/big; ulimit -f'
	assert_output_has 1048576
	assert_equal "$(rlimit "$(within web cat /proc/self/limits)" "Max stack size")" "1048576 2097152"
	assert_equal "$(rlimit "$(within web cat /proc/self/limits)" "Max core file size")" "0 4096"
}

@test "a limit above what the host allows is an error with key, file and line" {
	snapshot >"$BATS_TEST_TMPDIR/before"
	sleeper web <<<'limits : { nofile = 1073741816; };'
	run_fails cman up web
	assert_output_has "limits.nofile ($T/conf.d/web.conf:3)" 1073741816
	assert_unchanged
}

@test "a hard limit of the caller cannot be raised without CAP_SYS_RESOURCE, and that is said" {
	capsh --has-p=cap_sys_resource 2>/dev/null && skip "this host has CAP_SYS_RESOURCE"
	sleeper web <<<'limits : { ulimits = [ "memlock=1G" ]; };'
	refused() { (ulimit -l 1024 && cman up web); }
	run_fails refused
	assert_output_has "limits.ulimits ($T/conf.d/web.conf:3)" "memlock=1G" CAP_SYS_RESOURCE
}

@test "oom_score_adj is that of the payload and of exec, not of the supervisor" {
	sleeper web <<<'limits : { oom_score_adj = 300; };'
	run_ok cman up web
	assert_equal "$(cat "/proc/$(host_pid web)/oom_score_adj")" 300
	assert_equal "$(within web cat /proc/self/oom_score_adj)" 300
	supervisor=$(cman status --json web | jq -r .supervisor_pid)
	assert_equal "$(machine cat "/proc/$supervisor/oom_score_adj")" 0
	# Nobody in there gets it down, if the kernel took it from one with CAP_SYS_RESOURCE.
	capsh --has-p=cap_sys_resource 2>/dev/null || return 0
	run within web sh -c 'echo 0 >/proc/self/oom_score_adj; cat /proc/self/oom_score_adj'
	[[ $output == *300 ]]
}

@test "oom_score_adj below that of the caller needs CAP_SYS_RESOURCE, and that is said" {
	capsh --has-p=cap_sys_resource 2>/dev/null && skip "this host has CAP_SYS_RESOURCE"
	sleeper web <<<'limits : { oom_score_adj = -10; };'
	run_fails cman up web
	assert_output_has "limits.oom_score_adj ($T/conf.d/web.conf:3)" CAP_SYS_RESOURCE
}

@test "status shows limits and use" {
	sleeper web <<<'limits : { memory = "64M"; memory_high = "48M"; cpu_weight = 50; nofile = 99; oom_score_adj = 7; ulimits = [ "nproc=70" ]; };'
	run_ok cman up web
	run_ok cman status web
	assert_output_has "of 64 MiB" 'memory_high = "48M"' "cpu_weight = 50" "nofile = 99" "nproc=70" "oom_score_adj = 7"
	assert_equal "$(cman status --json web | jq -r '.limits.memory_high, .limits.ulimits[0]' | tr '\n' ' ')" "50331648 nproc=70 "
}
