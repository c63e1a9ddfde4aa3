#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A supervisor that is killed takes nothing along: its container goes on, and the next command that
# comes by gives it another.
load lib

is() { [ "$(field "$1" "$2" 2>/dev/null)" = "$3" ]; }
logged() { machine grep -qF -- "$2" "$T/log/$1.log"; }

# Speaks once there is a file /speak in its rootfs, and ends with what is in /end.
speaker() {
	local name=$1

	shift
	container "$name" <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "echo started; trap 'echo last words; exit 0' TERM; until [ -e /end ]; do [ ! -e /speak ] || { rm /speak; echo spoken; }; sleep 0.1; done; s=\$(cat /end); rm /end; exit \$s" ];
	$*
	EOF
	chmod 777 "$(path "$T/rootfs/$name")"
}

tell() { # NAME FILE TEXT
	echo "$3" >"$(path "$T/rootfs/$1/new")"
	mv "$(path "$T/rootfs/$1/new")" "$(path "$T/rootfs/$1/$2")"
}

heard() { [ ! -e "$(path "$T/rootfs/$1/speak")" ]; }

is_supervised() {
	local supervisor

	supervisor=$(recorded "$1" supervisor)
	machine kill -0 "${supervisor%% *}" 2>/dev/null
}

# Linux 6.15 tells how a process ended that was another one's child.
knows_status() { [ "$(printf '6.15\n%s\n' "$(uname -r)" | sort -V | head -n 1)" = 6.15 ]; }

@test "the payload goes on, up gives it a supervisor, and nothing it has printed is lost" {
	speaker web ''
	run_ok cman up web
	wait_until 10 logged web started
	pid=$(pid_of web)
	kill_supervisor web
	tell web speak now
	wait_until 10 heard web
	refute logged web spoken
	run_ok cman up web
	assert_output_has "is running already"
	wait_until 10 logged web spoken
	assert_equal "$(pid_of web)" "$pid"
	machine kill -0 "$(field web supervisor_pid)"
	tell web end 7
	wait_until 10 is web state exited
	! knows_status || assert_equal "$(field web exit_status)" 7
	run_ok cman down web
	assert_unchanged
}

@test "whatever command comes by gives it a supervisor, once, and to no other" {
	speaker web ''
	speaker other ''
	run_ok cman up web other
	pid=$(pid_of web)
	kill_supervisor other
	for command in "ps web" "status web" "plan web" "exec web -- true" "logs web" "stats web" \
		"wait --state running web" "history web" "graph web" "kill -s CONT web" \
		"pause web" "resume web" "apply web" "up web"; do
		kill_supervisor web
		# shellcheck disable=SC2086 # words
		run cman $command
		[ "$status" = 0 ] || [ "$command" = "plan web" ] || { echo "$command: $output"; return 1; }
		supervisor=$(recorded web supervisor)
		is_supervised web || { echo "$command: none: $output"; return 1; }
		[[ $command = @(apply|up)* ]] || assert_output_has "web: its supervisor was gone, it has another"
		# shellcheck disable=SC2086 # words
		run cman $command
		[[ $output != *"supervisor"* ]] || { echo "$command: again: $output"; return 1; }
		[ "$(recorded web supervisor)" = "$supervisor" ] || { echo "$command: another"; return 1; }
	done
	assert_equal "$(pid_of web)" "$pid"
	refute is_supervised other
}

@test "top gives it a supervisor as well; check tells that it has none, and leaves it so" {
	speaker web ''
	run_ok cman up web
	kill_supervisor web
	run cman check
	assert_equal "$status" 3
	assert_match "$output" "web +supervisor +running +running +gone"
	refute is_supervised web
	machine env TERM=xterm timeout 30 script -qec "$CMAN -c $CONF top" /dev/null </dev/null >/dev/null 2>&1 3>&- &
	wait_until 20 is_supervised web
	machine pkill -TERM -x -f "$CMAN -c $CONF top" || true
	wait $! || true
	run_ok cman check
}

@test "a payload that fills the FIFO waits, and goes on with its new supervisor" {
	container loud <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "until [ -e /go ]; do sleep 0.1; done; seq 40000; echo that is all; exec sleep 1000" ];
	stop_signal = "SIGKILL";
	EOF
	chmod 777 "$(path $T/rootfs/loud)"
	run_ok cman up loud
	kill_supervisor loud
	tell loud go now
	run_ok cman up loud
	wait_until 30 logged loud "that is all"
	assert_equal "$(cman logs loud | grep -c '^[0-9]*$')" 40000
}

@test "check tells that a supervisor is missing, check --repair starts one" {
	speaker web 'restart : { policy = "always"; delay = "100ms"; };'
	run_ok cman up web
	pid=$(pid_of web)
	kill_supervisor web
	run cman check
	assert_equal "$status" 3
	assert_match "$output" "web +supervisor +running +running +gone"
	run_ok cman check --repair
	assert_output_has mended
	run_ok cman check
	assert_equal "$(pid_of web)" "$pid"
	machine kill -0 "$(field web supervisor_pid)"
	# It knows what the first one knew: the policy.
	tell web end 1
	wait_until 20 is web restarts 1
	wait_until 20 is web state running
}

@test "down and restart without a supervisor: the last words are kept" {
	speaker web ''
	for command in down restart; do
		run_ok cman up web
		# Its shell has a handler by then.
		wait_until 10 logged web started
		kill_supervisor web
		run_ok cman $command web
		logged web "last words"
		machine truncate -s 0 $T/log/web.log
		run_ok cman down web
		machine truncate -s 0 $T/log/web.log
		assert_unchanged
	done
}

# ended_alone NAME: its supervisor is killed, then it ends.
ended_alone() {
	local pid

	pid=$(pid_of "$1")
	kill_supervisor "$1"
	tell "$1" end 1
	wait_until 10 has_gone "$pid"
}

@test "a payload that ended while nobody supervised it: cleaned up, or started again by its policy" {
	for command in check ps; do
		speaker stays ''
		speaker again 'restart : { policy = "always"; delay = "100ms"; };'
		run_ok cman up stays again
		ended_alone stays
		ended_alone again
		if [ $command = check ]; then
			run cman check
			assert_equal "$status" 3
			run_ok cman check --repair
		else
			run_ok cman ps
		fi
		wait_until 20 is again state running
		assert_equal "$(field again restarts)" 1
		run cman status stays
		assert_equal "$status" 3
		run_ok cman down --all
		assert_unchanged
	done
}

@test "up, down and restart of one that ended so do as always" {
	speaker web 'restart : { policy = "always"; delay = "1h"; max_delay = "1h"; };'
	for command in up restart down; do
		run_ok cman up web
		ended_alone web
		run_ok cman $command web
		if [ $command = down ]; then assert_unchanged; else assert_equal "$(field web state)" running; fi
	done
}

@test "a supervisor that waits for a restart is killed: check --repair replaces it, the time is kept" {
	speaker web 'restart : { policy = "always"; delay = "30m"; max_delay = "1h"; };'
	run_ok cman up web
	tell web end 1
	run_ok cman wait --state restarting --timeout 20s web
	due=$(recorded web restart-due-ms)
	kill_supervisor web
	run cman check
	assert_equal "$status" 3
	assert_match "$output" "web +supervisor +running +running +gone"
	run_ok cman check --repair
	assert_equal "$(field web state)" restarting
	assert_equal "$(recorded web restart-due-ms)" "$due"
	run_ok cman check
	kill_supervisor web
	run_ok cman up web
	assert_equal "$(field web state)" running
	run_ok cman down web
	assert_unchanged
}

@test "a time that passed while nobody waited: it is started at once" {
	speaker web 'restart : { policy = "always"; delay = "5s"; };'
	run_ok cman up web
	tell web end 1
	run_ok cman wait --state restarting --timeout 20s web
	kill_supervisor web
	due=$(recorded web restart-due-ms)
	wait_until 20 is_over "$due"
	run_ok cman check --repair
	wait_until 20 is web state running
	assert_equal "$(field web restarts)" 1
}

# Whether it is later than these milliseconds of uptime.
is_over() { [ "$(machine awk '{ print int($1 * 1000) }' /proc/uptime)" -gt "$1" ]; }

@test "two supervisors never: the one that is known is the one that is there" {
	speaker web ''
	run_ok cman up web
	kill_supervisor web
	jobs=()
	for _ in 1 2 3 4; do
		cman up web >/dev/null 2>&1 3>&- & jobs+=($!)
	done
	for job in "${jobs[@]}"; do wait "$job"; done
	run machine sh -c 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\0" "\n" | grep -c "^cman-supervisor$"'
	assert_equal "$output" 1
}
