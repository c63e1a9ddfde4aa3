#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# cman history and rollback: what a container has run with is kept, told, and applied again.
load lib

web() { printf '%s\n' "$@" | server web; }

up() {
	web "$@"
	run_ok cman up web
	PID=$(pid_of web)
}

hostname_is() { assert_equal "$(within web hostname)" "$1"; }

numbers() { cman history --json web | jq -r 'map("\(.number) \(.how) \(.running)") | join(",")'; }

@test "history: what a container has run with, the newest first, none twice" {
	run_fails cman history web
	assert_output_has 'no container "web"'
	sleeper idle </dev/null
	run_ok cman history idle
	assert_output_has "idle: has not run yet"
	up
	web 'hostname = "one";'
	run_ok cman apply web
	web 'hostname = "two"; limits : { pids = 50; };'
	run_ok cman apply web
	run_ok cman restart web
	run_ok cman apply web
	assert_equal "$(numbers)" "3 apply true,2 apply false,1 up false"
	run_ok cman history web
	assert_match "${lines[0]}" '^\*    3  .* apply .* hostname, limits\.pids$'
	assert_match "${lines[2]}" '^     1  .* up$'
	assert_equal "$(machine stat -c %a $T/data/history/web $T/data/history/web/000003.apply/web.conf | tr '\n' ' ')" "700 600 "
	# It is told of what has gone, too.
	run_ok cman down web
	rm "$(path $T/conf.d/web.conf)"
	assert_equal "$(numbers)" "3 apply false,2 apply false,1 up false"
}

@test "history: no line ends in blanks" {
	up
	web 'hostname = "one";'
	run_ok cman apply web
	run_ok cman history web
	[ "${#lines[@]}" = 2 ]
	refute grep -q ' $' <<<"$output"
}

@test "history: rollback makes what runs what it was, and leaves the file" {
	up 'net : { ports = [ "8080:80" ]; };'
	web 'hostname = "one"; net : { ports = [ "8081:80" ]; };'
	run_ok cman apply web
	web 'hostname = "two"; net : { ports = [ "8082:80" ]; };'
	run_ok cman apply web
	hostname_is two
	run_ok cman rollback web
	assert_output_has "web: changed hostname, net.ports"
	hostname_is one
	assert_page outside "http://$HOST_IP:8081/" "page of web"
	assert_equal "$(pid_of web)" "$PID"
	run_ok cman check
	run -3 cman plan web
	assert_output_has hostname two
	run_ok cman ps web
	assert_match "${lines[1]}" ' changed$'
	run_ok cman rollback web 1
	hostname_is web
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	assert_equal "$(numbers)" "5 rollback true,4 rollback false,3 apply false,2 apply false,1 up false"
	run_fails cman rollback web 9
	assert_output_has "no number 9"
	run -2 cman rollback web x
	assert_output_has '"x" is not a number'
	run_ok cman apply web
	hostname_is two
	assert_equal "$(pid_of web)" "$PID"
}

@test "history: rollback may have to restart, and may be told not to" {
	up 'environment = [ "COLOUR=green" ];'
	web 'environment = [ "COLOUR=red" ];'
	run_ok cman restart web
	PID=$(pid_of web)
	run -3 cman rollback --no-restart web
	assert_output_has "these need a restart: environment"
	assert_equal "$(pid_of web)" "$PID"
	run_ok cman rollback web
	assert_output_has "web: restarted"
	assert_equal "$(within web sh -c 'echo $COLOUR')" green
	run_ok cman check
	run_ok cman down web
	run_fails cman rollback web
	assert_output_has "web does not run"
}

@test "history: rollback of what does not run tells where it is kept, or that nothing is" {
	sleeper idle </dev/null
	run -1 cman rollback idle
	assert_output_has "idle does not run" "nothing is kept yet"
	[[ $output != *"/history/"* ]]
	run_ok cman up idle
	run_ok cman down idle
	run -1 cman rollback idle
	assert_output_has "idle does not run" "is in $T/data/history/idle"
}

@test "history: an older configuration that clashes with what the others have now is refused" {
	up 'net : { ports = [ "8080:80" ]; };'
	web 'net : { ports = [ "8081:80" ]; };'
	run_ok cman apply web
	sleeper other <<<'net : { ports = [ "8080:80" ]; };'
	run_ok cman up other
	run_fails cman rollback web
	assert_output_has "nothing was done" "8080"
	assert_page outside "http://$HOST_IP:8081/" "page of web"
}
