#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The commands that look, and what they print where.
load lib

@test "ps lists name, state, address, ports and uptime" {
	server web <<<'net : { ip = "10.83.0.10"; ports = [ "8080:80" ]; };'
	sleeper idle </dev/null
	run_ok cman up web
	run_ok cman ps
	line=$(grep ^web <<<"$output")
	for text in running 10.83.0.10 8080:80; do [[ $line == *"$text"* ]]; done
	assert_match "$line" '[0-9]+s'
	assert_match "$(grep ^idle <<<"$output")" 'stopped|-'
}

@test "ps --json is JSON with the same" {
	server web <<<'net : { ip = "10.83.0.10"; ports = [ "8080:80" ]; };'
	sleeper idle </dev/null
	run_ok cman up web
	cman ps --json | jq -e . >/dev/null
	assert_equal "$(cman ps --json | jq -r '(.containers? // .)[] | select(.name == "web") | .state')" running
	assert_equal "$(cman ps --json | jq -r '(.containers? // .)[] | select(.name == "idle") | .state')" stopped
	assert_match "$(cman ps --json)" '10\.83\.0\.10'
}

@test "status has the exit codes of LSB" {
	sleeper web </dev/null
	run cman status web
	assert_equal "$status" 3
	run_ok cman up web
	run cman status web
	assert_equal "$status" 0
	assert_output_has running 10.83.
	run cman status nobody
	assert_equal "$status" 4
	cman status --json web | jq -e '.state == "running"'
}

@test "wait returns when a container has ended, or came to a state, or the time is up" {
	container brief <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "while [ ! -e /tmp/end ]; do sleep 0.01; done; exit 3" ];
	EOF
	sleeper web </dev/null
	run_ok cman wait brief
	assert_equal "$output" "brief: stopped"
	cman wait --state running web >"$BATS_TEST_TMPDIR/running" &
	waiting=$!
	run_ok cman up brief web
	wait $waiting
	assert_equal "$(cat "$BATS_TEST_TMPDIR/running")" "web: running"
	run_fails cman wait -t 100ms brief
	assert_output_has "brief: the time is up"
	cman wait brief >"$BATS_TEST_TMPDIR/ended" &
	waiting=$!
	run_ok cman exec brief touch /tmp/end
	wait $waiting
	assert_equal "$(cat "$BATS_TEST_TMPDIR/ended")" "brief: exited, exit status 3"
	cman wait --state paused --timeout=20s web >"$BATS_TEST_TMPDIR/paused" &
	waiting=$!
	run_ok cman pause web
	wait $waiting
	# A time without an end is not one that is over.
	cman wait --state stopped --timeout 18446744073709551615ms web >"$BATS_TEST_TMPDIR/stopped" &
	waiting=$!
	run_ok cman down web
	wait $waiting
	run cman wait --state runing web
	assert_equal "$status" 2
	assert_output_has 'did you mean "running"'
	run cman wait --timeout ten web
	assert_equal "$status" 2
	run_fails cman wait wbe
	assert_output_has web
}

@test "kill sends a signal" {
	container web <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "trap 'echo hup' HUP; trap 'exit 0' TERM; echo ready; while :; do sleep 1000 & wait; done" ];
	EOF
	run_ok cman up web
	wait_until 10 machine grep -q ready $T/log/web.log
	run_ok cman kill -s HUP web
	wait_until 10 machine grep -q hup $T/log/web.log
	run_ok cman kill -s SIGHUP web
	assert_equal "$output" ""
	run_ok cman kill -s USR1 web
	assert_equal "$output" "cman: warning: web: the kernel keeps SIGUSR1 away from its first process, which has no handler for it"
	run_ok cman kill -s CONT web
	assert_equal "$output" ""
	run_fails cman kill -s NOPE web
	assert_output_has NOPE
	run_ok cman kill -s KILL web
	ended() { ! cman status web >/dev/null; }
	wait_until 10 ended
	run_fails cman kill web
}

@test "logs prints what the payload has printed, and follows until it ends" {
	container web <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "for i in 1 2 3 4 5; do echo line \$i; echo error \$i >&2; sleep 0.3; done" ];
	EOF
	run_ok cman up web
	run_ok cman logs -f web
	assert_output_has "line 1" "line 5" "error 5"
	run_ok cman logs -n 2 web
	assert_equal "$(sort <<<"$output")" $'error 5\nline 5'
}

@test "a payload that prints a lot loses nothing" {
	container web <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "seq 1 50000" ];
	EOF
	run_ok cman up web
	ended() { ! cman status web >/dev/null; }
	wait_until 20 ended
	assert_equal "$(cman logs web | wc -l)" 50000
	assert_equal "$(cman logs -n 1 web)" 50000
}

@test "logs on a terminal: colours, and nothing else that it would obey" {
	container web <<-'EOF'
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "printf 'x\\033[31mred\\033[0m\\033]0;title\\007\\302\\n'; head -c 65510 /dev/zero | tr '\\0' a; printf '\\302\\2332Jend\\n'; exec sleep 1000" ];
	stop_signal = "SIGKILL";
	EOF
	run_ok cman up web
	wait_until 10 machine grep -aq end $T/log/web.log
	machine script -qec "$CMAN -c $CONF logs web" /dev/null </dev/null >"$BATS_TEST_TMPDIR/shown"
	grep -aq $'^x\e\[31mred\e\[0m?]0;title?' "$BATS_TEST_TMPDIR/shown"
	grep -aq 'a??2Jend' "$BATS_TEST_TMPDIR/shown"
	run -1 grep -ac $'\302\233' "$BATS_TEST_TMPDIR/shown"
}

@test "unknown commands and names get the nearest match, on stderr" {
	sleeper webserver </dev/null
	run_fails cman upp webserver
	assert_output_has upp '"up"'
	run_fails cman up webservr
	assert_output_has webservr webserver
	assert_equal "$(cman up webservr 2>/dev/null || true)" ""
	for name in webserver.conf "$T/conf.d/webserver.conf" ./webserver; do
		run_fails cman up "$name"
		assert_output_has "no container \"$name\"" 'did you mean "webserver"?'
	done
	run -2 cman new Webserver
	assert_output_has '"Webserver" cannot be the name of a container' "small letters"
}

@test "check that is given a name or a directory says what it takes" {
	sleeper web </dev/null
	run_fails cman check web
	assert_output_has "web: No such file or directory" "check takes files: cman check $T/conf.d/web.conf"
	run_fails cman check $T/conf.d
	assert_output_has "$T/conf.d: Is a directory" "without any it is about all"
	run_ok cman check $T/conf.d/web.conf
}

@test "ps and status mark a file with errors, whether its container runs or not" {
	sleeper web </dev/null
	run_ok cman up web
	container web <<<'rootfs = 5;'
	for command in true "cman down web"; do
		run_ok $command
		run_ok cman ps web
		assert_match "${lines[1]}" ' file-errors$'
		run cman status web
		assert_output_has "file-errors"
	done
}

@test "messages go to stderr, results to stdout" {
	sleeper web </dev/null
	container broken <<<'rootfs = 5;'
	assert_equal "$(cman up broken 2>/dev/null || true)" ""
	run_ok cman up web
	assert_match "$(cman ps 2>/dev/null)" web
	assert_match "$(cman show web 2>/dev/null)" rootfs
}

@test "help: of the program and of each command, on stdout" {
	run_ok cman help
	for command in up down restart ps status exec logs kill graph trace firewall check show version help; do
		assert_output_has "  $command"
	done
	for command in up down restart ps status exec logs kill graph trace firewall check show version help; do
		run_ok cman $command --help
		assert_output_has "cman $command"
		run_ok cman help $command
	done
	# Those that EXIT STATUS in cman(8) names.
	while read -r command; do
		run_ok cman "$command" --help
		assert_output_has "xit status"
	done < <(sed -n '/^\.Sh EXIT STATUS/,/^have others/s/^\.Ic \([a-z]*\).*/\1/p' "$SOURCE/docs/cman.8")
	run_ok cman version
	assert_match "$output" '^cman [0-9]+\.[0-9]+'
	run_fails cman
}

@test "the manager file may come from the environment" {
	sleeper web </dev/null
	run_ok machine env CMAN_CONFIG=$CONF timeout 30 "$CMAN" up web
	run_ok cman status web
}

@test "every command works while another container is wedged" {
	container deaf <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "trap '' TERM; while :; do sleep 1000 & wait; done" ];
	stop_timeout = 5;
	EOF
	sleeper web </dev/null
	run_ok cman up deaf
	cman down deaf >/dev/null 2>&1 3>&- & down=$!
	sleep 0.3
	run_ok machine timeout 3 "$CMAN" -c $CONF ps
	run_ok machine timeout 3 "$CMAN" -c $CONF up web
	run_ok machine timeout 3 "$CMAN" -c $CONF down web
	wait $down
}

# With a thousand files that is most of what such a command costs.
@test "a command on what runs reads no container's file" {
	sleeper web </dev/null
	sleeper other </dev/null
	run_ok cman up web
	while read -r command; do
		# shellcheck disable=SC2086 # split at blanks
		run traced -e trace=openat "$CMAN" -c $CONF $command
		run_ok machine cat $T/calls
		assert_output_has "$CONF"
		[[ $output != *web.conf* && $output != *other.conf* ]] || {
			echo "$command reads:"
			grep -F conf.d <<<"$output"
			return 1
		}
	done <<-END
	exec web -- true
	kill -s CONT web
	logs web
	finish web 00000000-0000-0000-0000-000000000000
	down web
	END
	run_ok cman ps web
	assert_output_has stopped
	machine rm $T/calls
	# A name without a record may be one of a file.
	run cman exec other -- true
	assert_output_has "other does not run"
	run cman exec othr -- true
	assert_output_has 'did you mean "other"?'
}
