#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# health: a check that is run again and again, and what follows from it.
load lib

# checked NAME [LINE...]: is checked every second by /check in its rootfs, which this test writes.
checked() {
	local name=$1

	shift
	sleeper "$name" <<-EOF
	health : { command = "/bin/sh /check"; interval = "1s"; retries = 2; $* };
	EOF
}
check_is() { # NAME COMMANDS
	printf '%s\n' "$2" >"$(path "$T/rootfs/$1/check.new")"
	mv "$(path "$T/rootfs/$1/check.new")" "$(path "$T/rootfs/$1/check")"
}

health_of() { cman ps --json "$1" | jq -r '.[0].health.condition'; }
is() { [ "$(health_of "$1")" = "$2" ]; }
checks_of() { cman status --json "$1" | jq '.health.history | length'; }
has_checks() { [ "$(checks_of "$1")" -ge "$2" ]; }

@test "starting, healthy, unhealthy and healthy again; ps and status tell" {
	checked web
	check_is web 'echo fine'
	run_ok cman up web
	assert_match "$(cman ps web)" "running, starting|running, healthy"
	wait_until 20 is web healthy
	assert_match "$(cman ps web)" "running, healthy"
	run_ok cman status web
	assert_output_has "health     healthy" "passed, " ": fine"
	cman status --json web | jq -e '.health | .since > 0 and .failures == 0 and
		(.history[-1] | .passed and .exit_status == 0 and .text == "fine" and .at > 0)'
	check_is web 'echo no answer; echo more; exit 3'
	wait_until 20 is web unhealthy
	assert_match "$(cman ps web)" "running, unhealthy"
	run_ok cman status web
	assert_output_has "health     unhealthy" "failed, " "exit status 3: no answer"
	[[ $output != *more* ]]
	machine grep -q "web is unhealthy, 2 checks in a row have failed: exit status 3: no answer" $T/log/web.log
	check_is web true
	wait_until 20 is web healthy
}

tells() { machine grep -q -- "$2" "$T/log/$1.log"; }
state_of() { cman ps --json "$1" | jq -r '.[0].state'; }
state_is() { [ "$(state_of "$1")" = "$2" ]; }
instance_of() { cman ps --json "$1" | jq -r '.[0].instance'; }
# Where checks run: the cgroup below that of the container, in the tree used for tracking.
check_cgroups() { find /sys/fs/cgroup -type d -path "*/$CGROUP/$1/.health"; }

@test "failures of the start period do not count, a success ends it" {
	checked web 'start_period = "1h";'
	check_is web false
	run_ok cman up web
	wait_until 30 has_checks web 3
	is web starting
	cman status --json web | jq -e '.health.failures == 0'
	check_is web true
	wait_until 20 is web healthy
	check_is web false
	wait_until 20 is web unhealthy
	state_is web running
}

@test "a check that does not end, and what it leaves behind in any way, is killed" {
	checked web 'timeout = "1s";'
	check_is web '(setsid sleep 7101 &); (setsid sh -c "sleep 7102 & sleep 7103" &); sleep 7104'
	run_ok cman up web
	wait_until 30 has_checks web 2
	cman status --json web | jq -e '.health.history[0] | (.passed | not) and .text == "no end within 1s" and
		(has("exit_status") | not)'
	check_is web '(setsid sleep 7101 >/dev/null 2>&1 &); echo went; exit 0'
	wait_until 20 is web healthy
	check_is web true
	calm() { ! machine pgrep -f '^sleep 710' >/dev/null && [ -z "$(check_cgroups web)" ]; }
	wait_until 20 calm
}

@test "a check that writes without an end is stopped, one that writes much is not" {
	checked web
	check_is web 'yes'
	run_ok cman up web
	wait_until 30 is web unhealthy
	assert_equal "$(cman status --json web | jq -r '.health.history[-1].text')" "more than 1 MiB of output: y"
	check_is web 'head -c 500000 /dev/zero'
	wait_until 20 is web healthy
}

@test "odd bytes of a check reach no terminal" {
	checked web
	check_is web "printf '\\033[2Jx\\007\\377\\n'; exit 1"
	run_ok cman up web
	wait_until 30 is web unhealthy
	assert_equal "$(cman status --json web | jq -r '.health.history[-1].text')" "exit status 1: ?[2Jx??"
	run_ok cman status web
	[[ $output != *$'\033'* ]]
}

@test "a check runs as the container does, and counts for its limits" {
	checked web 'timeout = "5s";'
	check_is web 'id -u; test "$COLOUR" = blue && test ! -w /proc/sysrq-trigger'
	sed -i '1i user = "1000:1000"; environment = [ "COLOUR=blue" ];' "$(path $T/conf.d/web.conf)"
	run_ok cman up web
	wait_until 20 is web healthy
	assert_equal "$(cman status --json web | jq -r '.health.history[-1].text')" 1000
	checked db
	check_is db 'sleep 3'
	sed -i '1i limits : { pids = 4; }; security : { userns = "none"; };' "$(path $T/conf.d/db.conf)"
	run_ok cman up db
	wait_until 20 is db healthy
}

@test "who is paused is not checked" {
	checked web
	check_is web 'true'
	run_ok cman up web
	wait_until 20 is web healthy
	run_ok cman pause web
	before=$(cman status --json web | jq -c '.health')
	sleep 3
	assert_equal "$(cman status --json web | jq -c '.health')" "$before"
	run_ok cman resume web
	has_more() { [ "$(cman status --json web | jq -c '.health')" != "$before" ]; }
	wait_until 20 has_more
	is web healthy
}

@test "on_failure = kill: it ends as any that is killed" {
	checked web 'on_failure = "kill";'
	check_is web false
	run_ok cman up web
	wait_until 30 state_is web exited
	assert_equal "$(cman ps --json web | jq -r '.[0].signal')" SIGKILL
	tells web "web is unhealthy, 2 checks in a row have failed: exit status 1; on_failure: kill"
}

@test "on_failure = stop: it gets its stop signal, and then its time" {
	checked web 'on_failure = "stop";'
	check_is web false
	run_ok cman up web
	wait_until 30 state_is web exited
	assert_equal "$(cman ps --json web | jq -r '.[0].exit_status')" 0
	# One that does not heed it is killed.
	container web <<-'EOF2'
	rootfs = "@rootfs@"; stop_timeout = "1s";
	command = [ "/bin/sh", "-c", "trap 'echo no' TERM; while :; do sleep 1; done" ];
	health : { command = "false"; interval = "1s"; retries = 1; on_failure = "stop"; };
	EOF2
	run_ok cman up web
	wait_until 30 state_is web exited
	assert_equal "$(cman ps --json web | jq -r '.[0].signal')" SIGKILL
	tells web 'no$'
}

@test "on_failure = restart: it is started again, whatever its policy, as another instance" {
	checked web 'on_failure = "restart";'
	check_is web false
	run_ok cman up web
	instance=$(instance_of web)
	another() { [ "$(instance_of web)" != "$instance" ] && state_is web running; }
	wait_until 40 another
	check_is web true
	wait_until 30 is web healthy
	state_is web running
}

@test "none of it stands in the way of down, at any moment" {
	checked web 'timeout = "1h";'
	check_is web 'sleep 7201'
	for i in 0 0.3 0.9 1.2; do
		run_ok cman up web
		sleep "$i"
		run_ok cman down web
		assert_unchanged
	done
	run_ok cman up web
	wait_until 20 machine pgrep -f '^sleep 7201'
	run_ok cman down web
	assert_unchanged
	run -1 machine pgrep -f '^sleep 7201'
}

@test "apply changes it while it runs: begun, slower, and taken out" {
	checked web
	check_is web true
	sed -i 's/health : .*//' "$(path $T/conf.d/web.conf)"
	run_ok cman up web
	pid=$(pid_of web)
	assert_equal "$(health_of web)" null
	checked web
	run_ok cman apply web
	wait_until 20 is web healthy
	check_is web false
	wait_until 20 is web unhealthy
	sed -i 's/health : .*//' "$(path $T/conf.d/web.conf)"
	run_ok cman apply web
	assert_equal "$(health_of web)" null
	assert_match "$(cman ps web)" running
	run_ok cman plan web
	assert_equal "$(pid_of web)" "$pid"
}

@test "without a check its supervisor has no timer, and nothing of it is there" {
	sleeper web <<<'dns = "none";'
	run_ok cman up web
	supervisor=$(cman status --json web | jq .supervisor_pid)
	run -1 machine sh -c "ls -l /proc/$supervisor/fd | grep timerfd"
	run -1 machine test -e $T/state/containers/web/health
	checked db
	check_is db true
	run_ok cman up db
	supervisor=$(cman status --json db | jq .supervisor_pid)
	wait_until 10 machine sh -c "ls -l /proc/$supervisor/fd | grep -q timerfd"
}
