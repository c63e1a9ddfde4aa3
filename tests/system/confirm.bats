#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# cman apply --confirm: what is not confirmed goes back by itself, also when whoever applied it is gone.
export TEST_SECONDS=${TEST_SECONDS:-300}
load lib

web() { printf '%s\n' "$@" | server web; }

up() {
	web
	run_ok cman up web
	PID=$(pid_of web)
	web 'hostname = "www"; net : { ports = [ "8080:80" ]; };'
}

hostname_is() { [ "$(within web hostname)" = "$1" ]; }
is_settled() { [ ! -e "$(path $T/state/unconfirmed)" ]; }
is_waiting() { [ -e "$(path $T/state/unconfirmed/waiter)" ] && hostname_is www; }

apply_in_background() { # TIME
	machine timeout -k 5 100 "$CMAN" -c $CONF apply --confirm "$1" web >"$BATS_TEST_TMPDIR/apply" 2>&1 3>&- &
	APPLIER=$!
	wait_until 30 is_waiting
}

@test "confirm: what is not confirmed goes back" {
	up
	run -1 cman apply --confirm 3s web
	assert_output_has "web: changed hostname, net.ports" "waiting 3s for: cman confirm" "not confirmed"
	hostname_is web
	assert_no_page outside "http://$HOST_IP:8080/"
	assert_equal "$(pid_of web)" "$PID"
	is_settled
	run_ok cman check
	run -3 cman plan web
	run_ok cman ps web
	assert_match "${lines[1]}" ' changed$'
	run_fails cman confirm
	assert_equal "$output" "cman: error: no apply waits to be confirmed"
}

@test "confirm: what is confirmed stays" {
	up
	apply_in_background 90s
	run_fails cman apply --confirm 90s web
	assert_output_has "an earlier apply has not been confirmed"
	# Not of the session, nor in the cgroup, of whoever called.
	read -r waiter _ <"$(path $T/state/unconfirmed/waiter)"
	grep -q "/$CGROUP/\.supervisors$" "$(path "/proc/$waiter/cgroup")"
	assert_equal "$(machine ps -o sid= -p "$waiter" | tr -d ' ')" "$waiter"
	run_ok cman confirm
	assert_output_has "web: confirmed hostname, net.ports"
	wait "$APPLIER"
	grep -q '^confirmed$' "$BATS_TEST_TMPDIR/apply"
	is_settled
	hostname_is www
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	run_ok cman plan web
}

@test "confirm: it goes back also when whoever applied it is gone" {
	up
	apply_in_background 30s
	# As the end of a session does it, and harder. Who waits is its child.
	read -r waiter _ <"$(path $T/state/unconfirmed/waiter)"
	parent=$(machine awk '/^PPid:/ { print $2 }' "/proc/$waiter/status")
	assert_equal "$(machine cat "/proc/$parent/comm")" cman
	machine kill -KILL "$parent"
	wait "$APPLIER" || true
	is_waiting
	wait_until 90 is_settled
	wait_until 10 hostname_is web
	assert_equal "$(pid_of web)" "$PID"
	run_ok cman check
}

kill_waiter() {
	local waiter

	read -r waiter _ <"$(path $T/state/unconfirmed/waiter)"
	machine kill -KILL "$waiter"
}

# Neither who called nor who waits is there any more.
kill_both() {
	local waiter

	read -r waiter _ <"$(path $T/state/unconfirmed/waiter)"
	machine kill -KILL "$(machine awk '/^PPid:/ { print $2 }' "/proc/$waiter/status")" "$waiter"
	wait "$APPLIER" || true
	wait_until 20 has_gone "$waiter"
}

time_is_over() { # as if the time were: END is the last word
	local file

	file=$(path $T/state/unconfirmed/waiter)
	sed -i 's/ [0-9]*$/ 1/' "$file"
}

@test "confirm: who waits was killed: the next command goes back when the time is over" {
	up
	apply_in_background 90s
	kill_both
	time_is_over
	run_ok cman ps
	assert_output_has "has not been confirmed in time"
	is_settled
	hostname_is web
	assert_no_page outside "http://$HOST_IP:8080/"
	assert_equal "$(pid_of web)" "$PID"
	run_ok cman check
}

@test "confirm: who waits was killed: with time left another one waits, and it can be confirmed" {
	up
	apply_in_background 90s
	read -r first _ <"$(path $T/state/unconfirmed/waiter)"
	kill_both
	run_ok cman ps
	read -r second _ <"$(path $T/state/unconfirmed/waiter)"
	[ "$first" != "$second" ]
	machine kill -0 "$second"
	hostname_is www
	run_ok cman confirm
	assert_output_has "web: confirmed hostname, net.ports"
	is_settled
	hostname_is www
}

@test "confirm: one that waits in the place of another has no signal blocked, whoever has started it" {
	up
	sleeper idle </dev/null
	apply_in_background 90s
	kill_both
	machine timeout -k 5 100 "$CMAN" -c $CONF up -f idle >"$BATS_TEST_TMPDIR/idle" 2>&1 3>&- &
	is_idle_up() { [ "$(cman status --json idle | jq -r .state)" = running ]; }
	# `status` would be the one that does it.
	wait_until 30 machine test -e $T/state/containers/idle/spec
	read -r waiter _ <"$(path $T/state/unconfirmed/waiter)"
	machine kill -0 "$waiter"
	run_ok cman confirm
	assert_output_has "web: confirmed hostname, net.ports"
	# Nobody has waited for it yet.
	waiter_has_ended() { ! machine grep '^State:' "/proc/$waiter/status" 2>/dev/null | grep -qv Z; }
	wait_until 20 waiter_has_ended
	wait_until 30 is_idle_up
	run_ok cman down idle
	wait $!
	hostname_is www
}

@test "confirm: after the time it is too late, also where nobody waited" {
	up
	apply_in_background 90s
	kill_both
	time_is_over
	run_fails cman confirm
	assert_output_has "too late"
	is_settled
	hostname_is web
}

@test "confirm: another boot is no time left" {
	up
	apply_in_background 90s
	kill_both
	sed -i 's/ [0-9a-f]*-[0-9a-f-]* / 00000000-0000-0000-0000-000000000000 /' "$(path $T/state/unconfirmed/waiter)"
	run_ok cman status web
	is_settled
	hostname_is web
}

@test "confirm: who called starts another one itself when who waits is killed" {
	up
	apply_in_background 90s
	read -r first _ <"$(path $T/state/unconfirmed/waiter)"
	kill_waiter
	is_another() { read -r second _ <"$(path $T/state/unconfirmed/waiter)" && [ "$first" != "$second" ]; }
	wait_until 20 is_another
	run_ok cman confirm
	wait "$APPLIER"
	grep -q '^confirmed$' "$BATS_TEST_TMPDIR/apply"
	hostname_is www
}

@test "confirm: nothing is left when all of it was stopped meanwhile" {
	up
	apply_in_background 90s
	run_ok cman down web
	run_ok cman confirm
	wait "$APPLIER"
	is_settled
	assert_unchanged
}

@test "confirm: nothing to do is nothing to confirm, and a time is a time" {
	up
	run_ok cman apply web
	run_ok cman apply --confirm 60s web
	is_settled
	# That is told before anything that is wrong in the files, or that they are not there.
	run -2 cman apply --confirm soon none
	assert_output_has --confirm
	[[ $output != *"no container"* ]]
	run -2 cman apply --confirm 2h none
	assert_output_has "1s to 1h"
	sleeper idle </dev/null
	run -3 cman apply --confirm 60s idle
	assert_output_has "idle: left as it is, it does not run"
	is_settled
}

# Who waits has read the files, and sleeps: poll(NULL, 0, MS).
waits_for_time() {
	local waiter

	read -r waiter _ <"$(path $T/state/unconfirmed/waiter)"
	machine grep -qE '^[0-9]+ 0x0 0x0 ' "/proc/$waiter/syscall"
}

@test "confirm: the manager file is half of one, or gone, when it goes back: what it said before counts" {
	local bytes file

	file=$(path $CONF)
	up
	for bytes in 7 gone; do
		apply_in_background 30s
		wait_until 15 waits_for_time
		cp "$file" "$file.whole"
		if [ $bytes = gone ]; then rm "$file"; else truncate -s $bytes "$file"; fi
		wait "$APPLIER" || true
		mv "$file.whole" "$file"
		grep -q 'going on with what it said before$' "$BATS_TEST_TMPDIR/apply"
		grep -q 'not confirmed: what ran before runs again$' "$BATS_TEST_TMPDIR/apply"
		is_settled
		hostname_is web
		assert_no_page outside "http://$HOST_IP:8080/"
		assert_equal "$(pid_of web)" "$PID"
		refute machine test -e /run/cman
		run_ok cman history web
		assert_match "${lines[0]}" '^\* .* rollback .*hostname, net.ports'
		run_ok cman check
	done
}
