#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# pause and resume: nothing of a container gets any processor time, and nothing of it is lost.
load lib

# Prints a line every 10 ms, from a child of its first process.
ticker() { # NAME
	container "$1" <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "trap 'echo bye; exit 0' TERM; (while :; do echo tick; sleep 0.01; done) & wait" ];
	stop_timeout = 20;
	EOF
	run_ok cman up "$1"
	wait_until 10 ticks "$1"
}
ticks() { machine grep -q tick "$T/log/$1.log"; }
lines() { machine sh -c "wc -l <$T/log/$1.log"; }
more_than() { [ "$(lines "$1")" -gt "$2" ]; }

@test "a paused container stands still, and goes on where it was" {
	ticker web
	run_ok cman pause web
	assert_output_has "web: paused"
	before=$(lines web)
	sleep 0.3
	assert_equal "$(lines web)" "$before"
	assert_match "$(cman ps web)" paused
	run_ok cman status web
	assert_output_has paused
	cman status --json web | jq -e '.state == "paused" and .paused_at > 0 and .uptime_seconds >= 0'
	run_ok cman pause web
	assert_output_has "is paused already"
	run cman exec web true
	assert_equal "$status" 125
	assert_output_has "is paused" "cman resume web"
	run_ok cman resume web
	wait_until 10 more_than web "$before"
	assert_match "$(cman ps web)" running
	cman status --json web | jq -e '.state == "running" and (has("paused_at") | not)'
	run_ok cman resume web
	assert_output_has "is not paused"
	run_ok cman exec web true
}

@test "who was thawed by another hand is paused again, and resumed" {
	ticker web
	run_ok cman pause web
	if [ -e "/sys/fs/cgroup/unified/$CGROUP/web/cgroup.freeze" ]; then
		echo 0 >"/sys/fs/cgroup/unified/$CGROUP/web/cgroup.freeze"
	elif [ -e "/sys/fs/cgroup/$CGROUP/web/cgroup.freeze" ]; then
		echo 0 >"/sys/fs/cgroup/$CGROUP/web/cgroup.freeze"
	else
		echo THAWED >"/sys/fs/cgroup/freezer/$CGROUP/web/freezer.state"
	fi
	wait_until 10 more_than web "$(lines web)"
	run_ok cman pause web
	before=$(lines web)
	sleep 0.3
	assert_equal "$(lines web)" "$before"
	run_ok cman resume web
	wait_until 10 more_than web "$before"
}

@test "down of a paused container lets it take its last steps" {
	ticker web
	run_ok cman pause web
	run_ok cman down web
	machine grep -q bye "$T/log/web.log"
	make_rootfs waits
	machine cp "$(dirname "$CMAN")/probe_signals" $T/rootfs/waits/bin/
	container waits <<<'rootfs = "@rootfs@"; command = "/bin/probe_signals"; stop_timeout = "300ms";'
	run_ok cman up waits
	wait_until 10 logged waits ^ready
	run_ok cman pause waits
	run_ok cman down waits
	logged waits '^signal 15$'
}

@test "a paused container that is killed is cleaned up, and starts again unpaused" {
	ticker web
	run_ok cman pause web
	run_ok cman kill -s KILL web
	ended() { ! cman status web >/dev/null; }
	wait_until 10 ended
	run_ok cman up web
	assert_match "$(cman ps web)" running
	run_ok cman pause web
	run_ok cman restart web
	assert_match "$(cman ps web)" running
}

@test "pause --all takes what runs; who does not run, or is not there, is an error" {
	ticker web
	ticker db
	sleeper idle </dev/null
	run_fails cman pause idle
	assert_output_has "idle does not run"
	run_fails cman pause wbe
	assert_output_has wbe "web"
	run_fails cman pause
	run_ok cman pause --all
	assert_equal "$(cman ps --json | jq -r '[.[] | select(.state == "paused") | .name] | join(" ")')" "db web"
	run_ok cman resume --all
	assert_equal "$(cman ps --json | jq -r '[.[] | select(.state == "paused")] | length')" 0
}
