#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# events: what has happened to containers, in its order, for who asks and for who waits.
load lib

# ends NAME COMMAND [LINE...]: a container that runs COMMAND and ends by itself.
ends() {
	local name=$1 command=$2

	shift 2
	container "$name" <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "$command" ];
	$*
	EOF
	run_ok cman up "$name"
	run_ok cman wait -t 30s "$name"
}

events_of() { cman events --json "$@" | jq -r '"\(.name) \(.event)"'; }
last_event() { cman events --json "$1" | tail -n 1; }

@test "up, pause, resume, restart and down are told, with the instance" {
	sleeper web </dev/null
	sleeper db </dev/null
	run_ok cman events
	assert_equal "$output" ""
	run_ok cman up web db
	run_ok cman up web
	run_ok cman pause web
	run_ok cman pause web
	run_ok cman resume web
	run_ok cman resume web
	run_ok cman restart web
	run_ok cman down web db
	run_ok cman down web
	assert_equal "$(events_of web)" "web started
web paused
web resumed
web stopped
web started
web stopped"
	assert_equal "$(events_of db)" "db started
db stopped"
	assert_equal "$(events_of | sort)" "$(events_of web db | sort)"
	cman events --json web | jq -es '.[0].instance == .[3].instance and .[0].pid > 1 and
		.[0].instance != .[4].instance and .[4].instance == .[5].instance and
		([.[].time] | . == sort) and all(.time | test("^20[0-9T:.-]+Z$"))'
	run_ok cman events db
	assert_match "${lines[0]}" "^20[0-9]{2}-[0-9-]+ [0-9:]+\.[0-9]{3}  db               started     pid [0-9]+$"
	assert_match "${lines[1]}" "  db               stopped$"
}

@test "what ended by itself is told with its exit status or signal, by who cleans up" {
	ends status "exit 3"
	ends signal 'kill -SEGV $$; sleep 1000' 'init = true;'
	last_event status | jq -e '.event == "exited" and .exit_status == 3'
	last_event signal | jq -e '.event == "exited" and (.signal == "SIGSEGV" or .exit_status == 139)'
	run_ok cman events status
	assert_output_has "exit status 3"
	# down of what has ended takes its record, and is no event
	run_ok cman down status signal
	assert_equal "$(events_of status)" "status started
status exited"
}

@test "an OOM kill is told with the limit and its place, in status too" {
	ends greedy 'x=a; while :; do x=$x$x; done' 'limits : { memory = "16M"; swap = "0"; };'
	run_ok cman events greedy
	assert_output_has "oom" "kills 1, limit 16M, at $T/conf.d/greedy.conf:3"
	cman events --json greedy | jq -es '.[1].event == "oom" and .[1].kills == 1 and
		.[2].event == "exited" and .[2].signal == "SIGKILL" and .[1].instance == .[2].instance'
	# the file of today may say something else
	container greedy <<-'EOF'
	rootfs = "@rootfs@";


	limits : { memory = "512M"; };
	command = [ "/bin/true" ];
	EOF
	run -3 cman status greedy
	assert_output_has "killed by SIGKILL (out of memory)" "limits.memory = 16M, $T/conf.d/greedy.conf:3"
	run -3 cman status --json greedy
	jq -e '.oom_killed and .oom_kills == 1 and .memory_limit == 16777216 and
		(.memory_limit_at | endswith("greedy.conf:3"))' <<<"$output"
}

@test "what could not be started is told with the reason" {
	unstartable web </dev/null
	run_fails cman up web
	last_event web | jq -e '.event == "failed" and .action == "start" and
		(.error | test("/no/such/program"))'
	run_ok cman events
	assert_output_has "failed      action start, error "
	# and status says why it does not run
	run -3 cman status web
	assert_output_has "web: stopped" "last       failed, 20" "start: " "/no/such/program"
	run -3 cman status --json web
	jq -e '.last_event.event == "failed" and .waits_for == null' <<<"$output"
}

@test "a supervisor that was killed: who cleans up tells that the container ended" {
	sleeper web </dev/null
	run_ok cman up web
	pid=$(pid_of web)
	machine kill -KILL "$(cman status --json web | jq .supervisor_pid)"
	machine kill -KILL "$pid"
	wait_until 10 has_gone "$pid"
	run_ok cman down web
	last_event web | jq -e '.event == "exited" and .exit_status == null and (has("signal") | not)'
}
@test "--follow goes on with what happens, across a change of files" {
	sleeper web </dev/null
	sleeper db </dev/null
	run_ok cman up db
	machine sh -c "echo \$\$ >$T/rootfs/follow.pid; exec '$CMAN' -c $CONF events --follow --json web" \
		>"$BATS_TEST_TMPDIR/followed" 3>&- &
	follower=$!
	run_ok cman up web
	wait_until 10 followed 1
	# the file is full: what comes now is in a new one
	machine sh -c "yes '{\"time\":\"2026-11-22T18:30:05Z\",\"name\":\"old\",\"event\":\"started\"}' |
		head -n 20000 >>$T/state/events"
	run_ok cman down web
	wait_until 10 followed 2
	machine test -s "$T/state/events.1"
	machine sh -c "kill -TERM \$(cat $T/rootfs/follow.pid)"
	wait "$follower" || true
	assert_equal "$(jq -r .event "$BATS_TEST_TMPDIR/followed" | xargs)" "started stopped"
}
followed() { [ "$(grep -c . "$BATS_TEST_TMPDIR/followed")" = "$1" ]; }

@test "--since leaves out what was before; times and names that are none are refused" {
	ends web "exit 0"
	run_ok cman events --since 1h web
	assert_output_has started exited
	run_ok cman events --since 2099-01-01 web
	assert_equal "$output" ""
	after=$(cman events --json web | jq -r 'select(.event == "exited").time')
	assert_equal "$(events_of --since "$after" web)" "web exited"
	run -2 cman events --since yesterday
	assert_output_has '--since: "yesterday" is no time' "18:30"
	run_fails cman events wbe
	assert_output_has 'wbe' 'web'
}

@test "status says what a container waits for, and who works on it" {
	container slow <<-'EOF'
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "trap : TERM; echo ready; while :; do sleep 1000 & wait; done" ];
	stop_timeout = 40;
	EOF
	run_ok cman up slow
	wait_until 10 machine grep -qs ready "$T/log/slow.log"
	run_ok cman pause slow
	run_ok cman status slow
	assert_output_has "waits for  \"cman resume slow\""
	run_ok cman resume slow
	run_ok cman status slow
	[[ $output != *"waits for"* ]]
	cman down slow >"$BATS_TEST_TMPDIR/down" 2>&1 3>&- &
	down=$!
	wait_until 20 is_stopping slow
	run_ok cman status slow
	assert_output_has "waits for  its end after SIGTERM; it is killed 40s after that" "works on it"
	assert_match "$output" "since 20[0-9-]+ [0-9:]+ [+-][0-9]{4} \([0-9]+s\)"
	cman status --json slow | jq -e '.worked_on_by > 1 and (.waits_for | test("SIGTERM"))'
	machine kill -KILL "$(pid_of slow)"
	wait "$down"
	run -3 cman status slow
	assert_output_has "slow: stopped" "last       stopped, 20"
}
is_stopping() { cman status --json "$1" | jq -e '.state == "stopping"' >/dev/null; }

@test "restarts are told with their delay, and where they end" {
	container flaps <<-'EOF'
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "exit 7" ];
	restart : { policy = "on-failure"; delay = "100ms"; max_retries = 2; };
	EOF
	run_ok cman up flaps
	wait_until 30 has_given_up flaps
	assert_equal "$(cman events --json flaps | jq -r .event | xargs)" \
		"started exited restarting started exited restarting started failed exited"
	cman events --json flaps | jq -es '.[2].delay == "100ms" and .[2].retries == 1 and
		.[5].retries == 2 and .[1].exit_status == 7 and .[7].action == "restart" and
		.[0].instance != .[3].instance and .[3].instance == .[4].instance'
	run -3 cman status flaps
	assert_output_has "exit status 7"
}
has_given_up() { events_of "$1" | tail -n 1 | grep -q exited && cman events "$1" | grep -q "giving up"; }

@test "ready, not ready in time, healthy and unhealthy are told, with what was found" {
	sleeper web <<-'EOF'
	ready : { file = "/run/up"; timeout = "1s"; };
	health : { command = [ "/bin/sh", "/check" ]; interval = "1s"; retries = 2; };
	EOF
	machine sh -c "echo 'echo no answer; exit 3' >$T/rootfs/web/check"
	run_fails cman up web
	told() { cman events --json web | jq -e "select(.event == \"$1\")" >/dev/null; }
	wait_until 30 told unhealthy
	machine sh -c "echo exit 0 >$T/rootfs/web/check"
	wait_until 30 told healthy
	within web touch /run/up
	run_ok cman wait --state ready -t 30s web
	run_ok cman wait --state ready -t 30s web
	assert_equal "$(events_of web | grep -c '[^-]ready')" 1
	cman events --json web | jq -es '
		([.[] | select(.event == "not-ready")] | length == 1 and
			(.[0].reason | test("file /run/up is not there, for 1s"))) and
		([.[] | select(.event == "ready")] | length == 1 and .[0].awaited == "file /run/up") and
		([.[] | select(.event == "unhealthy")] | length == 1 and .[0].failures == 2 and
			.[0].on_failure == "none" and (.[0].reason | test("exit status 3: no answer"))) and
		([.[].instance] | unique | length == 1)'
	run_ok cman events web
	assert_output_has "unhealthy   failures 2, reason exit status 3: no answer, on failure none" \
		"not-ready   reason file /run/up is not there, for 1s" "ready       awaited file /run/up"
}

@test "status says what a container is waited for, and since when" {
	sleeper web <<<'ready : { file = "/run/up"; };'
	run_ok cman up --no-wait web
	run_ok cman status web
	assert_output_has "waits for  file /run/up"
	assert_match "$output" "since 20[0-9-]+ [0-9:]+ [+-][0-9]{4} \([0-9]+s\)"
	cman status --json web | jq -e '.waits_for == "file /run/up" and .waits_since > 1000000000'
	within web touch /run/up
	run_ok cman wait --state ready -t 30s web
	run_ok cman status web
	[[ $output != *"waits for"* ]]
	assert_output_has "(file /run/up)"
	cman status --json web | jq -e '.waits_for == null and .waits_since == null'
}

@test "a change of what runs is told with its keys" {
	sleeper web <<<'limits : { pids = 50; };'
	run_ok cman up web
	sleeper web <<<'limits : { pids = 60; };'
	run_ok cman apply web
	last_event web | jq -e '.event == "changed" and .keys == ["limits.pids"]'
	run_ok cman events web
	assert_output_has "changed     keys limits.pids"
	run_ok cman apply web
	assert_equal "$(events_of web)" "web started
web changed"
}

@test "eight commands at once: no event is lost" {
	for i in 1 2 3 4 5 6 7 8; do
		sleeper "c$i" </dev/null
	done
	pids=
	for i in 1 2 3 4 5 6 7 8; do
		{
			for _ in 1 2 3; do cman up "c$i" && cman pause "c$i" && cman resume "c$i" &&
				cman down "c$i" || exit 1; done
		} >"$BATS_TEST_TMPDIR/log.$i" 2>&1 3>&- &
		pids+=" $!"
	done
	for pid in $pids; do
		wait "$pid" || { cat "$BATS_TEST_TMPDIR"/log.*; return 1; }
	done
	for i in 1 2 3 4 5 6 7 8; do
		assert_equal "$(cman events --json "c$i" | jq -r .event | xargs)" \
			"$(printf 'started paused resumed stopped %.0s' 1 2 3 | xargs)"
	done
	cman events --json | jq -es 'length == 96 and ([.[].time] | . == sort)'
}
