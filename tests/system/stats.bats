#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# stats: what running containers use, beside what they were made to use.
load lib

of() { cman stats --json "$1" | jq -r ".[0]$2"; } # NAME PATH
is_true() { cman stats --json "$1" | jq -e ".[0] | $2" >/dev/null; } # NAME CONDITION

@test "nothing runs: nothing is told, and who is asked for is named" {
	sleeper web </dev/null
	run_ok cman stats
	assert_equal "$output" ""
	run_ok cman stats --json
	assert_equal "$output" "[]"
	run_fails cman stats web
	assert_output_has "web does not run" "cman status web"
	run_fails cman stats wbe
	assert_output_has 'did you mean "web"'
	run_ok cman up web
	run_ok cman stats
	assert_output_has web
	run_ok cman down web
	run_fails cman stats web
	assert_output_has "web does not run"
}

@test "tasks and memory are told, with their limits" {
	container web <<-'EOF'
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "sleep 1000 & sleep 1000 & x=$(head -c 9000000 /dev/zero | tr '\\0' x); sleep 1000 & wait" ];
	limits : { pids = 40; memory = "64M"; };
	stop_signal = "SIGKILL";
	EOF
	sleeper free </dev/null
	run_ok cman up web free
	wait_until 20 is_true web '.pids.used == 4 and .memory.used > 9000000'
	is_true web '.pids.limit == 40 and .memory.limit == 67108864 and .memory.oom_kills == 0'
	is_true web '.memory.percent_of_limit > 13 and .memory.percent_of_limit < 100'
	run_ok cman stats web
	assert_match "$output" "memory     [0-9.]+ MiB of 64 MiB, [0-9.]+%"
	assert_match "$output" "tasks      4 of 40, 10.0%"
	is_true free '.memory.used > 0 and .cpu.percent >= 0'
	run_ok cman stats
	assert_equal "$(grep -c '^[a-z]' <<<"$output")" 2
	assert_equal "$(cman stats --json free web | jq -r '.[].name' | xargs)" "free web"
}

@test "cpu: time, share of its limit, and how it is held back" {
	container busy <<-'EOF'
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "while :; do :; done" ];
	limits : { cpus = 0.2; };
	stop_signal = "SIGKILL";
	EOF
	sleeper idle </dev/null
	run_ok cman up busy idle
	wait_until 20 is_true busy '.cpu.used_us > 100000 and .cpu.percent > 2 and
		.cpu.throttled_periods > 2 and .cpu.throttled_us > 1000 and .cpu.periods > 2'
	is_true busy '.cpu.quota_us == 20000 and .cpu.period_us == 100000'
	is_true busy '(.cpu.percent * 5 - .cpu.percent_of_limit) | fabs < 0.1'
	wait_until 20 is_true idle '.cpu.percent < 5 and .cpu.percent_of_limit == null'
	run_ok cman stats busy
	assert_match "$output" "cpu        [0-9.]+% of a processor, [0-9.]+% of limits.cpus = 0.2; [0-9.]+ s in all"
	assert_match "$output" "throttled  [0-9.]+ s in [0-9]+ of [0-9]+ periods"
}

@test "network: as the container sees it, received and sent are not mixed up" {
	server web <<<'net : { ip = "10.83.0.10"; };'
	head -c 300000 /dev/zero >"$(path "$T/rootfs/web/www/large")"
	run_ok cman up web
	wait_until 10 http_get machine http://10.83.0.10/large >/dev/null
	is_true web '.network[0].interface == "eth0" and (.network | length == 1)'
	is_true web '.network[0].sent_bytes > 300000 and .network[0].received_bytes < 200000'
	is_true web '.network[0].received_bytes > 100 and .network[0].received_packets > 2 and
		.network[0].sent_packets > 2 and .network[0].sent_dropped == 0'
	# the kernel's own word, inside
	for counter in rx_bytes:received_bytes tx_bytes:sent_bytes; do
		inside=$(within web cat "/sys/class/net/eth0/statistics/${counter%:*}")
		is_true web ".network[0].${counter#*:} >= $inside"
	done
	run_ok cman stats web
	assert_match "$output" "eth0       received [0-9.]+ KiB in [0-9]+ packets, [0-9]+ dropped"
	assert_match "$output" "           sent [0-9]+ KiB in [0-9]+ packets, 0 dropped"
	run_ok cman down web
	sleeper alone <<<'net = "none";'
	run_ok cman up alone
	is_true alone '.network == []'
}

@test "a link without an end on the host is looked at inside" {
	write_manager "networks : { wire : { parent = \"$UPLINK\"; subnet = \"192.0.2.0/24\"; pool = \"192.0.2.100-192.0.2.120\"; gateway = \"$OUTSIDE_IP\"; }; };"
	sleeper web <<<'net : { network = "wire"; };'
	run_ok cman up web
	within web ping -c 1 -W 5 192.0.2.1 >/dev/null 2>&1 || true
	wait_until 10 is_true web '.network[0].interface == "eth0" and .network[0].sent_packets >= 1'
}

@test "io of block devices is told where it is limited, and else not known" {
	sleeper free </dev/null
	run_ok cman up free
	run_ok cman stats free
	assert_output_has "  io         "
	sleeper web <<<'limits : { io_weight = 50; };'
	run cman up web
	if [ "$status" = 0 ]; then
		is_true web '.io.read_bytes >= 0 and .io.reads >= 0 and .io.written_bytes >= 0 and .io.writes >= 0'
	fi
}

@test "pressure is told where the kernel has it, as null where it has not" {
	sleeper web </dev/null
	run_ok cman up web
	file=$(find /sys/fs/cgroup -path "*/$CGROUP/web/cpu.pressure" | head -n 1)
	if [ -n "$file" ] && cat "$file" >/dev/null 2>&1; then
		is_true web '.pressure.cpu.some_percent >= 0 and .pressure.memory.some_us >= 0 and .pressure.io.full_us >= 0'
		run_ok cman stats web
		assert_match "$output" "pressure   cpu [0-9.]+%, memory [0-9.]+%, io [0-9.]+%"
	else
		is_true web '.pressure.cpu.some_percent == null and .pressure.io.full_us == null'
		run_ok cman stats web
		assert_output_has "pressure   cpu -, memory -, io -"
	fi
}

@test "processes killed at the memory limit are counted while it runs" {
	container web <<-'EOF'
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "sh -c 'x=a; while :; do x=$x$x; done'; sleep 1000" ];
	limits : { memory = "24M"; swap = "0"; };
	stop_signal = "SIGKILL";
	EOF
	run_ok cman up web
	wait_until 20 is_true web '.memory.oom_kills == 1'
	run_ok cman stats web
	assert_output_has "oom kills  1"
	run_ok cman pause web
	run_ok cman stats web
	assert_output_has "web (paused)"
	# told as an event at its end
	run_ok cman down web
	assert_equal "$(cman events --json web | jq -r .event | xargs)" "started paused oom stopped"
}
