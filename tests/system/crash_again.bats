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
	machine kill -KILL "${init% *}"
	wait_until 10 has_gone "${init% *}"
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
	is_supervised() { supervisor=$(recorded web supervisor); machine kill -0 "${supervisor% *}"; }
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
			assert_equal "$(machine cat "/proc/${keeper% *}/comm")" cman-keeper
			assert_equal "$(machine pgrep -xc cman-keeper)" 1
			[ "$(recorded web init)" = "$pid" ]
			assert_running "$1"
		done
	}
	at_each "$BATS_TEST_TMPDIR/points" killed
}
