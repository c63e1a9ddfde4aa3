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
	run_fails cman confirm
	assert_output_has "no apply waits to be confirmed"
}

@test "confirm: what is confirmed stays" {
	up
	apply_in_background 90s
	run_fails cman apply --confirm 90s web
	assert_output_has "an earlier apply has not been confirmed"
	run_ok cman confirm
	assert_output_has confirmed
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

@test "confirm: nothing to do is nothing to confirm, and a time is a time" {
	up
	run_ok cman apply web
	run_ok cman apply --confirm 60s web
	is_settled
	run_fails cman apply --confirm soon web
	assert_output_has --confirm
	run_fails cman apply --confirm 2h web
	assert_output_has "1s to 1h"
	sleeper idle </dev/null
	run -3 cman apply --confirm 60s idle
	assert_output_has "idle: left as it is, it does not run"
	is_settled
}
