#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# up --boot and down --shutdown: what comes up with the host, and how all goes down with it.
load order

# A container that does not end when it is told to.
deaf() {
	container "$1" <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "trap ':' TERM; while :; do sleep 1000 & wait; done" ];
	stop_timeout = "60s";
	$(cat)
	EOF
}

@test "boot starts what has autostart, with what that needs, and leaves alone what runs" {
	sleeper db </dev/null
	sleeper web <<<'autostart = true; depends_on = "db";'
	sleeper other </dev/null
	sleeper mine <<<'autostart = true;'
	run_ok cman up mine
	before=$(pid_of mine)
	run_ok cman up --boot
	assert_output_has "db: running" "web: running" "mine: is running already"
	is_running web
	refute is_running other
	assert_equal "$(pid_of mine)" "$before"
}

@test "what was stopped by hand stays so at boot with unless-stopped, and not with always" {
	sleeper stays <<<'autostart = true; restart : { policy = "unless-stopped"; };'
	sleeper comes <<<'autostart = true; restart : { policy = "always"; };'
	run_ok cman up --boot
	run_ok cman down --all
	run_ok cman up --boot
	is_running comes
	refute is_running stays
	# The host going down is no wish of anybody's.
	run_ok cman up stays
	run_ok cman down --shutdown
	run_ok cman up --boot
	is_running stays
}

@test "boot.group comes first, with what it needs, and start_delay passes at boot alone" {
	write_manager 'boot : { group = "onboot"; };'
	sleeper a <<<'autostart = true;'
	sleeper db </dev/null
	sleeper z <<<'autostart = true; groups = [ "onboot" ]; depends_on = "db";'
	sleeper slow <<<'autostart = true; start_delay = "2s";'
	run_ok cman up --boot
	assert_equal "$(happened started)" "$(printf 'started %s\n' db z a slow)"
	run_ok cman down --all
	began=$(date +%s%3N)
	sleeper slow <<<'autostart = true; start_delay = "40s";'
	run_ok cman up slow
	[ $(($(date +%s%3N) - began)) -lt 30000 ]
}

@test "boot.timeout is for all of it, and what is up stays so" {
	write_manager 'boot : { timeout = "2s"; };'
	container db <<-'EOF'
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done" ];
	ready : { file = "/never"; timeout = "50s"; };
	EOF
	sleeper web <<<'autostart = true; depends_on = "db";'
	sleeper other <<<'autostart = true;'
	run_fails cman up --boot
	assert_output_has "web: not started: boot.timeout is over, 2s" \
		"db: not ready when boot.timeout was over, 2s" "other: running"
	is_running other
	is_running db
}

@test "shutdown stops all in order within shutdown.timeout, also what was started by hand" {
	write_manager 'shutdown : { timeout = "4s"; };'
	deaf db </dev/null
	deaf web <<<'depends_on = "db";'
	sleeper other </dev/null
	run_ok cman up --all
	began=$(date +%s%3N)
	run_ok cman down --shutdown
	took=$(($(date +%s%3N) - began))
	# Each of the two has its share of the time before it is killed.
	[ $took -ge 3500 ] && [ $took -lt 30000 ]
	assert_output_has "web: stopped" "db: stopped" "other: stopped"
	assert_equal "$(happened stopped | grep -v other)" "$(printf 'stopped %s\n' web db)"
	assert_equal "$(cman ps --json | jq -r '.[] | select(.state == "running").name')" ""
}

@test "shutdown while they come up: what has not begun does not" {
	gated db <<<'autostart = true;'
	sleeper web <<<'autostart = true; depends_on = "db";'
	sleeper late <<<'autostart = true; start_delay = "50s";'
	cman_aside up --boot
	wait_until 20 is_running db
	run_ok cman down --shutdown
	assert_output_has "cman up --boot is not through" "db: stopped"
	# Nobody is left who would start one of them now.
	refute machine pgrep -f -- ' up --boot$'
	wait "$ASIDE" && return 1
	refute is_running late
	run cman boot
	assert_output_has "killed before it was through"
	# The next shutdown has nobody to end, and the next boot is one like others.
	open_gate db
	sleeper late <<<'autostart = true;'
	run_ok cman up --boot
	is_running late
	run_ok cman down --shutdown
	refute grep -q "not through" <<<"$output"
}

@test "an up --boot that was killed is made good by the next" {
	local name

	for name in a b c d; do
		sleeper "$name" <<<'autostart = true;'
	done
	sleeper e <<<'autostart = true; depends_on = [ "a", "b" ];'
	for delay in 0.02 0.05 0.1 0.2; do
		machine timeout -s KILL "$delay" "$CMAN" -c "$CONF" up --boot >/dev/null 2>&1 || true
		run_ok cman up --boot
		for name in a b c d e; do
			is_running "$name"
		done
		run_ok cman down --shutdown
	done
}

# ---- cman boot ----

boots() { cman boot --json | jq -r "$1"; }

@test "that a boot has begun is on the disk, and its end, also of the second before the host goes down" {
	sleeper web <<<'autostart = true;'
	for _ in first second; do
		run_ok traced -y -e trace=fsync,fdatasync "$CMAN" -c $CONF up --boot
		# Before it has its name, or is gone on with.
		assert_equal "$(machine grep -cE '^(fsync|fdatasync)\([0-9]+<.*/data/(\.boot\.new|boot)>\) += 0' $T/calls)" 2
		machine rm $T/calls
		run_ok cman down --shutdown
	done
}

@test "cman boot tells when each came up, after what, and why some did not" {
	run_fails cman boot
	assert_output_has "no boot has been recorded"
	container db <<-'EOF'
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "trap 'exit 0' TERM; sleep 1; touch /go; while :; do sleep 1000 & wait; done" ];
	ready : { file = "/go"; };
	EOF
	sleeper web <<<'autostart = true; depends_on = "db"; after = "bad";'
	unstartable bad <<<'autostart = true;'
	sleeper worse <<<'autostart = true; depends_on = "bad";'
	sleeper mine <<<'autostart = true;'
	run_ok cman up mine
	run_fails cman up --boot
	run cman boot
	assert_equal "$status" 1
	assert_output_has "boot of " "after the kernel, through after " "critical path, " \
		"worse: not started: needs bad, which failed" "db, bad"
	assert_match "$output" $'\nmine +ran already +- +-'
	assert_match "$output" $'\ndb +up +\+[0-9.]+ s +[0-9.]+ s\n'
	assert_match "$output" $'\nbad: .*no/such/program'
	assert_equal "$(boots '.containers[] | "\(.name) \(.state)"')" \
		"$(printf '%s\n' 'bad failed' 'db up' 'mine ran already' 'web up' 'worse not started')"
	assert_equal "$(boots '.critical_path | join(" ")')" "db web"
	cman boot --json | jq -e '.progress == "through" and .took_ms >= 1000 and
		(.containers | map({key: .name, value: .}) | from_entries |
		 .db.took_ms >= 1000 and .web.begun_ms >= .db.ready_ms and .worse.begun_ms == null)'
	# What was mended and tried again belongs to the same boot.
	sleeper bad <<<'autostart = true;'
	run_ok cman up --boot
	run_ok cman boot
	assert_equal "$(boots '.containers[] | "\(.name) \(.state)"')" \
		"$(printf '%s\n' 'bad up' 'db up' 'mine ran already' 'web up' 'worse up')"
}

@test "cman boot tells that there was nothing to start, and no empty table" {
	sleeper web </dev/null
	run_ok cman up --boot
	run_ok cman boot
	assert_output_has "through after" "there was nothing to start: what has autostart = true"
	[[ $output != *NAME* ]]
	run_ok cman boot --json
	assert_equal "$(jq '.containers | length' <<<"$output")" 0
}

@test "cman boot tells of a boot that goes on, was killed, or ended with the power" {
	gated db <<<'autostart = true;'
	sleeper web <<<'autostart = true; depends_on = "db";'
	cman_aside up --boot
	wait_until 20 is_running db
	wait_until 20 test "$(boots '.containers[] | select(.name == "db").state')" = starting
	run cman boot
	assert_output_has "and it goes on"
	assert_equal "$(boots '.containers[] | select(.name == "web").state')" waiting
	machine pkill -KILL -f -- ' up --boot$'
	wait "$ASIDE" || true
	run cman boot
	assert_output_has "killed before it was through"
	# The record of a boot that nobody has ended, seen in the next one.
	sed -i 's/^boot [^ ]* /boot 01234567-89ab-cdef-0123-456789abcdef /' "$(path "$T/data/boot")"
	run cman boot
	assert_equal "$status" 1
	assert_output_has "cut off, as the host went down before it was through" \
		"cman up --boot has not run"
	open_gate db
	run_ok cman up --boot
	run_ok cman boot
	assert_output_has "the boot before that was cut off"
}
