#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Killed anywhere while a container is started again, or gets another supervisor: the next command that
# looks at it goes on.
load crash

# What is passed when a supervisor and then its payload are killed, and `ps` comes by.
end_unseen() {
	local init

	init=$(recorded web init)
	kill_supervisor web
	machine kill -KILL "${init%% *}"
	wait_until 10 has_gone "${init%% *}"
	machine rm -f $T/rootfs/trace
}

# It is dead by then; what it has started may be on its way.
is_hit() { has_passed "$1" && wait_until 20 is_settled; }
is_settled() { ! machine pgrep -x cman >/dev/null; }

# The next command that looks starts it again. Who watches for other name servers is asked by `up`.
assert_restarted() {
	run_ok cman ps
	wait_until 30 is_up web || { echo "$output"; return 1; }
	run_ok cman up web
	assert_output_has "is running already"
	assert_running "$1"
}

@test "a start by policy is killed anywhere: the next command that looks at it goes on" {
	flapping
	picture_of_running
	run_ok cman up web
	end_unseen
	CMAN_FAULT_TRACE=$T/rootfs/trace run_ok cman ps
	wait_until 30 is_running_again
	wait_until 20 has_passed "revive remove the parent 1"
	sort -u "$(path $T/rootfs/trace)" | grep -E '^(ps|revive|supervisor|init|cman-supervisor) ' |
		grep -vE 'make cgroup [3-9]' >"$BATS_TEST_TMPDIR/points"
	grep -q '^ps ' "$BATS_TEST_TMPDIR/points"
	grep -q '^revive ' "$BATS_TEST_TMPDIR/points"
	killed() {
		is_up web || cman up web
		end_unseen
		CMAN_FAULT_TRACE=$T/rootfs/trace with_fault "$1=kill" ps
		wait_until 30 is_hit "$1"
		assert_restarted "$1"
	}
	at_each "$BATS_TEST_TMPDIR/points" killed
}

@test "a supervisor that leaves its restart to another is killed anywhere" {
	flapping
	picture_of_running
	trace_end 'finish remove the parent 1'
	wait_until 30 is_running_again
	sort -u "$(path $T/rootfs/trace)" | grep -E '^finish |^cman-supervisor (init|reap|rename|finish)' \
		>"$BATS_TEST_TMPDIR/points"
	grep -q 'finish adopt 1' "$BATS_TEST_TMPDIR/points"
	cman down web
	killed() {
		machine rm -f $T/rootfs/trace
		CMAN_FAULT_TRACE=$T/rootfs/trace with_fault "$1=kill" up web
		machine kill -KILL "$(pid_of web)"
		wait_until 30 is_hit "$1"
		assert_restarted "$1"
		run_ok cman down web
		assert_unchanged
	}
	at_each "$BATS_TEST_TMPDIR/points" killed
}

@test "who gives a container another supervisor is killed anywhere: the next command does it" {
	picture_of_running
	run_ok cman up web
	kill_supervisor web
	machine rm -f $T/rootfs/trace
	CMAN_FAULT_TRACE=$T/rootfs/trace run_ok cman status web
	wait_until 20 has_passed "cman-supervisor begin 1"
	sort -u "$(path $T/rootfs/trace)" >"$BATS_TEST_TMPDIR/points"
	is_supervised() { supervisor=$(recorded web supervisor); machine kill -0 "${supervisor%% *}"; }
	killed() {
		is_up web || run_ok cman up web
		pid=$(recorded web init)
		kill_supervisor web
		machine rm -f $T/rootfs/trace
		CMAN_FAULT_TRACE=$T/rootfs/trace with_fault "$1=kill" status web
		wait_until 30 is_hit "$1"
		run_ok cman status web
		is_supervised
		[ "$(recorded web init)" = "$pid" ]
		run_ok cman up web
		assert_output_has "is running already"
		assert_running "$1"
	}
	at_each "$BATS_TEST_TMPDIR/points" killed
}

@test "who gives a terminal another keeper is killed anywhere, or fails: the next command does it" {
	local how

	server web <<<'tty = true; net : { ports = [ "8080:80" ]; };'
	picture_of_running
	run_ok cman up web
	kill_keeper web
	machine rm -f $T/rootfs/trace
	CMAN_FAULT_TRACE=$T/rootfs/trace run_ok cman status web
	sort -u "$(path $T/rootfs/trace)" >"$BATS_TEST_TMPDIR/points"
	grep -q 'replace the keeper' "$BATS_TEST_TMPDIR/points"
	killed() {
		is_up web || run_ok cman up web
		pid=$(recorded web init)
		for how in kill "$(errno_of "$1 ")"; do
			kill_keeper web
			with_fault "$1=$how" status web
			wait_until 20 is_settled
			run_ok cman status web
			keeper=$(recorded web keeper)
			assert_equal "$(machine cat "/proc/${keeper%% *}/comm")" cman-keeper
			assert_equal "$(machine pgrep -xc cman-keeper)" 1
			[ "$(recorded web init)" = "$pid" ]
			assert_running "$1"
		done
	}
	at_each "$BATS_TEST_TMPDIR/points" killed
}

# What is not confirmed goes back: 1s is the shortest time.
before() { server web <<<'net : { ports = [ "8080:80" ]; };'; }
after() { server web <<<'hostname = "www"; net : { ports = [ "8081:80" ]; };'; }
# Half a file that was being written for the first time is harmless, and replaced by the next apply.
has_gone_back() {
	cman ps >/dev/null 2>&1
	picture | grep -v '/\.pending\.new ' >"$BATS_TEST_TMPDIR/now"
	machine test ! -e $T/state/unconfirmed && cmp -s "$BATS_TEST_TMPDIR/as_before" "$BATS_TEST_TMPDIR/now"
}

@test "apply --confirm is killed anywhere, or fails, or who waits is killed: it goes back by the next command" {
	local how

	change_pictures
	machine rm -f $T/rootfs/trace
	CMAN_FAULT_TRACE=$T/rootfs/trace run -1 cman apply --confirm 1s web
	sort -u "$(path $T/rootfs/trace)" | grep -E '^(apply|revert) ' >"$BATS_TEST_TMPDIR/points"
	grep -q '^revert take back' "$BATS_TEST_TMPDIR/points"
	grep -q '^apply noted who waits' "$BATS_TEST_TMPDIR/points"
	killed() {
		for how in kill "$(errno_of "$1 ")"; do
			# What cannot go back is told, and stays: nobody tries for ever.
			[[ $how = kill || $1 != revert* ]] || continue
			before
			run_ok cman apply web
			after
			with_fault "$1=$how" apply --confirm 1s web
			wait_until 40 has_gone_back || { diff -u "$BATS_TEST_TMPDIR/as_before" "$BATS_TEST_TMPDIR/now"; exit 1; }
		done
	}
	at_each "$BATS_TEST_TMPDIR/points" killed
}

is_stopped() { machine pgrep -x -r T cman >/dev/null; }

@test "another command comes by while apply --confirm has not got its lock: it is made once more" {
	local applier point

	change_pictures
	for point in "made what waits" "lock what waits"; do
		CMAN_FAULT="apply $point 1=stop" machine timeout -k 5 100 "$CMAN" -c $CONF apply --confirm 1s web \
			>"$BATS_TEST_TMPDIR/apply" 2>&1 3>&- &
		applier=$!
		wait_until 30 is_stopped
		machine test -d $T/state/unconfirmed
		run_ok cman ps
		machine test ! -e $T/state/unconfirmed
		machine kill -CONT "$(machine pgrep -x -r T cman)"
		wait "$applier" || true
		grep -q '^waiting 1s for' "$BATS_TEST_TMPDIR/apply" || { cat "$BATS_TEST_TMPDIR/apply"; exit 1; }
		grep -q 'not confirmed: what ran before runs again$' "$BATS_TEST_TMPDIR/apply"
		machine test ! -e $T/state/unconfirmed
	done
}

@test "confirm is killed anywhere, or fails: the next one confirms" {
	local how

	change_pictures
	apply_in_background() {
		before
		run_ok cman apply web
		after
		machine timeout -k 5 100 "$CMAN" -c $CONF apply --confirm 60s web >"$BATS_TEST_TMPDIR/apply" 2>&1 3>&- &
		applier=$!
		wait_until 30 grep -q 'waiting 60s' "$BATS_TEST_TMPDIR/apply"
	}
	apply_in_background
	points confirm confirm >"$BATS_TEST_TMPDIR/points"
	wait "$applier"
	grep -q '^confirm told who waits' "$BATS_TEST_TMPDIR/points"
	killed() {
		for how in kill "$(errno_of "$1 ")"; do
			apply_in_background
			with_fault "$1=$how" confirm
			run cman confirm
			[ "$status" = 0 ] || [[ $output == *"no apply waits"* ]]
			wait "$applier" || true
			grep -q '^confirmed$' "$BATS_TEST_TMPDIR/apply"
			machine test ! -e $T/state/unconfirmed
			assert_running "$1"
		done
	}
	at_each "$BATS_TEST_TMPDIR/points" killed
}

@test "a health check is killed anywhere, or fails: the next one tells, and nothing is left of it" {
	local how

	server web <<<'health : { command = "true"; interval = "1s"; };'
	is_healthy() { [ "$(cman ps --json web | jq -r '.[0].health.condition')" = healthy ]; }
	machine rm -f $T/rootfs/trace
	CMAN_FAULT_TRACE=$T/rootfs/trace run_ok cman up web
	wait_until 30 is_healthy
	wait_until 30 has_passed "health checked 1"
	grep '^health ' "$(path $T/rootfs/trace)" | sort -u >"$BATS_TEST_TMPDIR/points"
	run_ok cman down web
	killed() {
		for how in kill "$(errno_of "$1 ")"; do
			machine rm -f $T/rootfs/trace
			CMAN_FAULT_TRACE=$T/rootfs/trace with_fault "$1=$how" up web
			wait_until 30 has_passed "$1"
			wait_until 30 is_healthy
			run_ok cman down web
			assert_unchanged
		done
	}
	at_each "$BATS_TEST_TMPDIR/points" killed
}

@test "up and down are killed anywhere around hooks, or these fail: the next command goes on" {
	local how

	printf '#!/bin/sh\n' >"$(path $T/rootfs/hook)"
	machine chmod 755 $T/rootfs/hook
	server web <<-EOT
	hooks : { pre_start = [ "$T/rootfs/hook" ]; post_start = [ "$T/rootfs/hook" ];
		pre_stop = [ "$T/rootfs/hook" ]; post_stop = [ "$T/rootfs/hook" ]; };
	EOT
	picture_of_running
	points 'up|hooks' up web | grep hook | sed 's/^/up web:/' >"$BATS_TEST_TMPDIR/all"
	points 'down|hooks' down web | grep hook | sed 's/^/down web:/' >>"$BATS_TEST_TMPDIR/all"
	grep -q 'down web:down run hooks hooks.post_stop 1' "$BATS_TEST_TMPDIR/all"
	killed() {
		local which=${1%%:*}

		for how in kill 5; do
			[ "$which" = "up web" ] || run_ok cman up web
			# shellcheck disable=SC2086 # words
			with_fault "${1#*:}=$how" $which
			run_ok cman up web
			assert_running "$1"
			run_ok cman down web
			assert_unchanged
		done
	}
	at_each "$BATS_TEST_TMPDIR/all" killed
}
