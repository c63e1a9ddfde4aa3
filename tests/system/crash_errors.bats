#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Each point of a command fails once (src/base/fault.h), with an error that the call it stands for may
# end with: it is told, and the command itself, or the next one, leaves exactly what it is to leave.
load crash

# fails POINT COMMAND...: the command fails there. Its own exit status; 99 where nothing has been told.
# What it gets by without, or is only there to kill it at, is told as a warning or not at all.
fails() {
	local point=$1 errno

	shift
	errno=$(errno_of "$point ")
	CMAN_FAULT="$point=$errno" run cman "$@"
	printf '%s\n' "$output"
	[ "$status" -lt 124 ] || { echo "$point: exit status $status"; exit 1; }
	[ "$status" = 0 ] || [[ $output == *error:* ]] || { echo "$point: nothing is told"; exit 1; }
	if [ "$status" = 0 ] && [[ $output != *warning:* ]] && ! is_without_consequence "$point"; then
		echo "$point: swallowed"
		exit 1
	fi
	return "$status"
}

# Points for a kill alone, and files that are there for the next time or not at all.
is_without_consequence() { [[ $1 =~ ' release '|' remove the parent '|' took away '|' started '|' stopped '|' noted in ' ]]; }

@test "up --boot fails at its record anywhere: that is told, and what is to be up is" {
	echo 'autostart = true;' >>"$(path $T/conf.d/web.conf)"
	picture_of_running
	points up up --boot | grep ' boot [0-9]*$' >"$BATS_TEST_TMPDIR/points"
	cman down web
	grep -q 'end the record of boot' "$BATS_TEST_TMPDIR/points"
	failing() {
		machine rm -f $T/data/boot
		fails "$1" up --boot
		assert_running "$1"
		[[ $1 != *" end the record of boot "* ]] || run_fails cman boot
		run_ok cman down web
	}
	at_each "$BATS_TEST_TMPDIR/points" failing
	assert_unchanged
}

@test "up fails anywhere: it takes everything back itself" {
	points 'up|supervisor|init' up web >"$BATS_TEST_TMPDIR/points"
	cman down web
	assert_unchanged
	failing() {
		machine rm -rf $T/data/history
		if fails "$1" up web; then run_ok cman down web; fi
		assert_unchanged
		run_fails cman status web
	}
	at_each "$BATS_TEST_TMPDIR/points" failing
}

@test "down fails anywhere: down goes on" {
	picture_of_running
	cman up web
	points down down web >"$BATS_TEST_TMPDIR/points"
	failing() {
		run_ok cman up web
		fails "$1" down web || true
		run_ok cman down web
		assert_unchanged
	}
	at_each "$BATS_TEST_TMPDIR/points" failing
}

@test "restart fails anywhere: restart goes on" {
	picture_of_running
	cman up web
	points restart restart web >"$BATS_TEST_TMPDIR/points"
	failing() {
		fails "$1" restart web || true
		run_ok cman restart web
		assert_running "$1"
	}
	at_each "$BATS_TEST_TMPDIR/points" failing
}

before() { server web <<<'net : { ports = [ "8080:80" ]; }; limits : { memory = "32M"; };'; }
after() { server web <<<'net : { ports = [ "8081:80" ]; }; limits : { memory = "48M"; };'; }

@test "apply fails anywhere: what was changed is as before, or all of it is done" {
	change_pictures
	points apply apply web >"$BATS_TEST_TMPDIR/points"
	failing() {
		before
		run_ok cman apply web
		after
		if fails "$1" apply web; then
			assert_running "$1"
		elif [[ $output != *"the next command tries again"* ]]; then
			wait_until 5 is_picture "$BATS_TEST_TMPDIR/as_before" || { diff -u "$BATS_TEST_TMPDIR/as_before" "$BATS_TEST_TMPDIR/now" | grep "^[+-]"; exit 1; }
		fi
		run_ok cman apply web
		assert_running "$1"
	}
	at_each "$BATS_TEST_TMPDIR/points" failing
}

@test "an apply in which three exchange what they have fails anywhere: all have changed, or none, as it is told" {
	local name

	exchange_pictures
	points apply apply >"$BATS_TEST_TMPDIR/points"
	grep -q '^apply settle mail' "$BATS_TEST_TMPDIR/points"
	failing() {
		exchange 10 11 12
		run_ok cman apply web db mail
		exchange 11 12 10
		if fails "$1" apply; then
			assert_running "$1"
		elif [[ $output == *"the next command notes it"* ]]; then
			run_ok cman ps
			assert_running "$1"
		else
			for name in web db mail; do assert_output_has "error: $name: "; done
			[[ $output != *re-attached* ]]
			wait_until 20 is_picture "$BATS_TEST_TMPDIR/as_before" || { diff -u "$BATS_TEST_TMPDIR/as_before" "$BATS_TEST_TMPDIR/now" | grep "^[+-]"; exit 1; }
		fi
		run_ok cman apply
		assert_running "$1"
	}
	at_each "$BATS_TEST_TMPDIR/points" failing
	cman down --all
}

@test "rollback fails anywhere: what was changed is as before, and rollback does it" {
	before
	picture_of_running
	run_ok cman up web
	after
	run_ok cman apply web
	points rollback rollback web >"$BATS_TEST_TMPDIR/points"
	failing() {
		run_ok cman apply web
		fails "$1" rollback web && assert_running "$1" && return
		run_ok cman rollback web
		assert_running "$1"
	}
	at_each "$BATS_TEST_TMPDIR/points" failing
}

# Of what fails without a command to tell it the container's log does.
is_told() { machine grep -q "cman: " $T/log/web.log; }

@test "what cleans up after a payload fails anywhere: one down, one up, and the log says it" {
	picture_of_running
	trace_end 'finish remove the parent 1'
	grep -E '^finish ' "$(path $T/rootfs/trace)" | sort -u >"$BATS_TEST_TMPDIR/points"
	cman down web
	wait_until 5 is_unchanged
	failing() {
		machine rm -f $T/rootfs/trace $T/log/web.log
		CMAN_FAULT_TRACE=$T/rootfs/trace with_fault "$1=$(errno_of "$1 ")" up web
		machine kill -KILL "$(recorded web init | cut -d" " -f1)"
		wait_until 30 has_passed "$1"
		wait_until 30 has_settled
		is_told || is_without_consequence "$1 "
		run_ok cman up web
		assert_running "$1"
		run_ok cman down web
		assert_unchanged
	}
	at_each "$BATS_TEST_TMPDIR/points" failing
}
has_settled() { ! machine pgrep '^cman' >/dev/null; }

@test "a start by policy fails anywhere: it is tried again, or the next command does" {
	flapping
	picture_of_running
	trace_end 'revive remove the parent 1'
	wait_until 30 is_running_again
	grep -E '^revive ' "$(path $T/rootfs/trace)" | sort -u | grep -vE 'make cgroup [3-9]' \
		>"$BATS_TEST_TMPDIR/points"
	cman down web
	failing() {
		machine rm -f $T/rootfs/trace $T/log/web.log
		CMAN_FAULT_TRACE=$T/rootfs/trace with_fault "$1=$(errno_of "$1 ")" up web
		machine kill -KILL "$(recorded web init | cut -d" " -f1)"
		wait_until 30 has_passed "$1"
		is_told || is_without_consequence "$1 "
		wait_until 5 is_picture "$BATS_TEST_TMPDIR/running" || run_ok cman up web
		assert_running "$1"
		run_ok cman down web
		assert_unchanged
	}
	at_each "$BATS_TEST_TMPDIR/points" failing
}
