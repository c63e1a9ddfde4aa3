#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Killed anywhere: one further command leaves exactly what it is to leave. A build with points
# (src/base/fault.h) dies at each of them in turn.
load crash

@test "up is killed anywhere: down takes it back, up brings it up" {
	picture_of_running
	points 'up|supervisor|init|cman-supervisor' up web >"$BATS_TEST_TMPDIR/points"
	cman down web
	assert_unchanged
	killed() {
		machine rm -rf $T/data/history
		with_fault "$1=kill" up web
		run_ok cman down web
		assert_unchanged
		with_fault "$1=kill" up web
		run_ok cman up web
		assert_running "$1"
		run_ok cman down web
	}
	at_each "$BATS_TEST_TMPDIR/points" killed
}

@test "down is killed anywhere: down goes on, up brings it up" {
	picture_of_running
	cman up web
	points down down web >"$BATS_TEST_TMPDIR/points"
	assert_unchanged
	killed() {
		run_ok cman up web
		with_fault "$1=kill" down web
		run_ok cman down web
		assert_unchanged
		run_ok cman up web
		with_fault "$1=kill" down web
		run_ok cman up web
		assert_running "$1"
	}
	at_each "$BATS_TEST_TMPDIR/points" killed
}

@test "restart is killed anywhere: restart goes on" {
	picture_of_running
	cman up web
	points restart restart web >"$BATS_TEST_TMPDIR/points"
	killed() {
		with_fault "$1=kill" restart web
		run_ok cman restart web
		assert_running "$1"
	}
	at_each "$BATS_TEST_TMPDIR/points" killed
}

@test "apply is killed anywhere: apply goes on" {
	before() { server web <<<'net : { ports = [ "8080:80" ]; }; limits : { memory = "32M"; };'; }
	after() { server web <<<'net : { ports = [ "8081:80" ]; }; limits : { memory = "48M"; };'; }
	after
	picture_of_running
	before
	run_ok cman up web
	after
	points apply apply web >"$BATS_TEST_TMPDIR/points"
	killed() {
		before
		run_ok cman apply web
		after
		with_fault "$1=kill" apply web
		run_ok cman apply web
		assert_running "$1"
	}
	at_each "$BATS_TEST_TMPDIR/points" killed
	# Whichever looks at it takes back what is there.
	before
	run_ok cman apply web
	after
	with_fault "apply commit table nat 1=kill" apply web
	run_ok cman ps web
	assert_output_has "web: an apply was cut short: what it had changed is as before"
	run_ok cman ps web
	[[ $output != *"cut short"* ]]
	run_ok cman check
}

@test "an apply in which three exchange what they have is killed anywhere: all have changed, or none" {
	exchange_pictures
	points apply apply >"$BATS_TEST_TMPDIR/points"
	killed() {
		exchange 10 11 12
		run_ok cman apply web db mail
		exchange 11 12 10
		with_fault "$1=kill" apply
		run_ok cman up web db mail
		wait_until 20 is_whole || { diff -u "$BATS_TEST_TMPDIR/running" "$BATS_TEST_TMPDIR/now"; exit 1; }
		run_ok cman apply
		assert_running "$1"
	}
	at_each "$BATS_TEST_TMPDIR/points" killed
	cman down --all
}

# Two of three come up, one after the other; one fails.
chain() {
	machine rm -f "$T/conf.d/web.conf"
	server db <<<'autostart = true; net : { ip = "10.83.0.20"; };'
	server shop <<<'autostart = true; depends_on = "db"; after = "bad"; net : { ip = "10.83.0.21"; };'
	unstartable bad <<<'autostart = true;'
}
boot_says() { cman boot --json 2>/dev/null | jq -r "$1"; }

@test "up --boot is killed anywhere: the next one brings up what is to be, and its table tells so" {
	chain
	machine rm -f $T/rootfs/trace
	CMAN_FAULT_TRACE=$T/rootfs/trace run_fails cman up --boot
	picture >"$BATS_TEST_TMPDIR/running"
	run_ok cman down --shutdown
	assert_unchanged
	# What a boot has beside up: its record, and more than one wave.
	grep -E '^up (.* boot [0-9]+|started .*)$' "$(path $T/rootfs/trace)" | sort -u >"$BATS_TEST_TMPDIR/points"
	grep -q 'began the record of boot' "$BATS_TEST_TMPDIR/points"
	grep -q 'started shop' "$BATS_TEST_TMPDIR/points"
	grep -q 'end the record of boot' "$BATS_TEST_TMPDIR/points"
	killed() {
		local progress

		machine rm -f $T/data/boot
		with_fault "$1=kill" up --boot
		progress=$(boot_says .progress)
		# Once the end is written it is through, though it may not be on the disk yet.
		if [[ $1 = *" ended the record of boot "* ]]; then
			assert_equal "$progress" through
		else
			[ "$progress" != through ]
		fi
		# The next adds to a record that there is: killed as it does so.
		with_fault "up noted in the record of boot 1=kill" up --boot
		run_fails cman up --boot
		assert_output_has "bad: " "2 of 3 are up; bad failed"
		assert_running "$1"
		assert_equal "$(boot_says '.progress, (.containers[] | "\(.name) \(.state)")' | sed 's/ran already/up/')" \
			"$(printf '%s\n' through 'bad failed' 'db up' 'shop up')"
		run_ok cman down --shutdown
	}
	at_each "$BATS_TEST_TMPDIR/points" killed
	assert_unchanged
}

@test "with nftables: up and down are killed around the commit" {
	write_manager 'firewall : { backend = "nftables"; };'
	points up up web | grep -E ' firewall| table| rules|bridge' >"$BATS_TEST_TMPDIR/up"
	points down down web | grep -E ' network | table| rules|firewall' >"$BATS_TEST_TMPDIR/down"
	assert_unchanged
	sed 's/^/up web:/' "$BATS_TEST_TMPDIR/up" >"$BATS_TEST_TMPDIR/points"
	sed 's/^/down web:/' "$BATS_TEST_TMPDIR/down" >>"$BATS_TEST_TMPDIR/points"
	killed() {
		local which=${1%%:*}

		[ "$which" = "up web" ] || run_ok cman up web
		# shellcheck disable=SC2086 # words
		with_fault "${1#*:}=kill" $which
		run_ok cman down web
		assert_unchanged
	}
	at_each "$BATS_TEST_TMPDIR/points" killed
}

# Of a container without a supervisor there is none: it has not come up.
end_payload() {
	local pid

	pid=$(pid_of web)
	[ "$pid" = null ] || machine kill -KILL "$pid"
	wait_until 10 has_ended
}
has_ended() { ! cman status web; }

@test "a supervisor is killed anywhere when its payload has ended: one down, one up" {
	picture_of_running
	trace_end 'finish remove the parent 1'
	grep -E '^(cman-supervisor|finish) ' "$(path $T/rootfs/trace)" | sort -u >"$BATS_TEST_TMPDIR/points"
	cman down web
	wait_until 5 is_unchanged
	killed() {
		with_fault "$1=kill" up web
		end_payload
		run_ok cman down web
		assert_unchanged
		with_fault "$1=kill" up web
		end_payload
		run_ok cman up web
		assert_running "$1"
		run_ok cman down web
	}
	at_each "$BATS_TEST_TMPDIR/points" killed
}

# Whichever looks at a container: what nobody is about to finish is finished.
is_quiet() { ! machine pgrep '^cman' >/dev/null; }

@test "after a killed up or down any command takes back what is left" {
	commands=("ps" "status web" "logs web" "exec web -- true" "kill web" "wait -t 5s web" "graph" "pause web"
		"plan" "stats" "history web")
	points up up web >"$BATS_TEST_TMPDIR/up"
	points down down web >"$BATS_TEST_TMPDIR/down"
	assert_unchanged
	sed -nE '/ start 1$/d; s/^up (begin|begun) [a-z]+ 1$/up web:&/p' "$BATS_TEST_TMPDIR/up" >"$BATS_TEST_TMPDIR/points"
	sed -nE 's/^down (undo|undone) (network|cgroup|files) 1$/down web:&/p' "$BATS_TEST_TMPDIR/down" \
		>>"$BATS_TEST_TMPDIR/points"
	healed() {
		local which=${1%%:*} point=${1#*:} number

		# Another for each point, and the same each time.
		number=$(cksum <<<"$1")
		[ "$which" = "up web" ] || run_ok cman up web
		# shellcheck disable=SC2086 # words
		with_fault "$point=kill" $which
		# Who has lost its command is about to end, and a supervisor cleans up by itself.
		wait_until 10 is_quiet || true
		# shellcheck disable=SC2086 # words
		run cman ${commands[${number% *} % ${#commands[@]}]}
		[ "$status" -lt 124 ] || [ "$status" = 125 ]
		assert_unchanged
	}
	at_each "$BATS_TEST_TMPDIR/points" healed
}

@test "what a killed down has asked to end has the time for it, and no more" {
	sleeper slow <<<'stop_timeout = "2s";'
	sed -i "s/exit 0/:/" "$(path $T/conf.d/slow.conf)"
	run_ok cman up slow
	with_fault "down undone start 1=kill" down slow
	run_ok cman ps slow
	assert_match "$output" "slow +stopping"
	ended() { cman ps slow 2>&1 | grep -q "slow: cleaned up"; }
	wait_until 10 ended
	assert_unchanged
}

@test "up of what a killed down has asked to end: anew" {
	sleeper slow <<<'stop_timeout = "1s";'
	sed -i "s/exit 0/:/" "$(path $T/conf.d/slow.conf)"
	run_ok cman up slow
	pid=$(pid_of slow)
	with_fault "down undone start 1=kill" down slow
	run_ok cman up slow
	is_up slow
	refute machine kill -0 "$pid" 2>/dev/null
}

@test "nobody is healed whose supervisor or command is at work" {
	run_ok cman up web
	pid=$(pid_of web)
	machine flock $T/state/containers/web/lock sleep 5 3>&- &
	wait_until 5 machine grep -q FLOCK /proc/locks
	machine kill -KILL "$(cman status --json web | jq -r .supervisor_pid)" "$pid"
	wait_until 5 has_gone "$pid"
	run cman ps web
	[[ $output != *"cleaned up"* ]]
	machine test -e $T/state/containers/web/spec
	wait $!
	run_ok cman ps web
	assert_output_has "web: cleaned up what a killed process had left"
	run_ok cman ps web
	assert_match "$output" "web +(stopped|exited)"
	run_ok cman down web
}

# With any number of free blocks: each is missing where another file is to be written.
@test "a state directory that fills up at any moment of an up" {
	machine mkdir -p $T/state
	machine mount -t tmpfs -o nr_blocks=64,mode=700 tmpfs $T/state
	for ((free = 0; free < 24; free++)); do
		machine sh -c "head -c $(((64 - free) * 4096)) /dev/zero >$T/state/full" 2>/dev/null || true
		if cman up web; then
			machine rm -f $T/state/full
			run_ok cman down web
		fi
		machine rm -f $T/state/full
		run_fails cman status web
		refute machine test -e $T/state/containers/web
		refute machine ip link show cman0
	done
	machine umount $T/state
	machine rm -rf $T/state
	assert_unchanged
}

@test "no more processes: whoever is missing, everything is taken back" {
	local pids=/sys/fs/cgroup/pids max

	machine test -e $pids/cgroup.procs || pids=/sys/fs/cgroup
	machine mkdir $pids/$CGROUP-few
	for max in 1 2 3 4; do
		machine sh -c "echo $max >$pids/$CGROUP-few/pids.max" || skip "no pids controller"
		# What looks for leaks makes a process for it.
		run machine env ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" \
			timeout -k 5 60 sh -c \
			"echo \$\$ >$pids/$CGROUP-few/cgroup.procs; exec $CMAN -c $CONF up web"
		[ "$status" -lt 124 ] || { echo "$max: $status"; return 1; }
		run_ok cman down web
	done
	machine rmdir $pids/$CGROUP-few
	assert_unchanged
}

@test "every point there is has been passed, and a build for use has none" {
	local point

	refute grep -q CMAN_FAULT "${CMAN%/faults/cman}/cman"
	refute grep -q CMAN_FAULT "${CMAN%/faults/cman}/cman-supervisor"
	machine rm -f $T/rootfs/trace
	export CMAN_FAULT_TRACE=$T/rootfs/trace
	make_rootfs other
	container other <<<"rootfs : { path = \"$T/rootfs/other\"; mode = \"overlay\"; }; command = [ \"/bin/sleep\", \"1000\" ]; stop_signal = \"SIGKILL\";"
	run_ok cman up web other
	run_ok cman down other
	kill_supervisor web
	run_ok cman restart web
	machine kill -KILL "$(pid_of web)"
	wait_until 10 machine grep -q '^finish remove the parent' $T/rootfs/trace
	run_ok cman up web
	run_ok cman down web
	printf '#!/bin/sh\n' >"$(path $T/rootfs/hook)"
	machine chmod 755 $T/rootfs/hook
	extras="tty = true; hooks : { pre_start = [ \"$T/rootfs/hook\" ]; }; health : { command = \"true\"; interval = \"1s\"; };"
	server web <<<"hostname = \"www\"; $extras"
	run_ok cman up web
	wait_until 30 has_passed "health checked 1"
	server web <<<"hostname = \"web\"; $extras"
	run -1 cman apply --confirm 1s web
	machine timeout -k 5 100 "$CMAN" -c $CONF apply --confirm 60s web >"$BATS_TEST_TMPDIR/apply" 2>&1 3>&- &
	wait_until 30 grep -q 'waiting 60s' "$BATS_TEST_TMPDIR/apply"
	run_ok cman confirm
	wait $!
	kill_keeper web
	run_ok cman ps
	run_ok cman down web
	echo 'autostart = true;' >>"$(path $T/conf.d/web.conf)"
	run_ok cman up --boot
	run_ok cman down web
	unset CMAN_FAULT_TRACE
	{
		CMAN_FAULT=list cman
		CMAN_FAULT=list machine "${CMAN}-supervisor"
	} | sort -u >"$BATS_TEST_TMPDIR/list"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/list")" -gt 20 ]
	while read -r point; do
		machine grep -qE "^([a-z]+ )?$point( |$)" $T/rootfs/trace ||
			{ echo "nothing passes: $point"; return 1; }
	done <"$BATS_TEST_TMPDIR/list"
}
