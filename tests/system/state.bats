#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The record of a container is believed only as far as the kernel agrees.
load lib

record_file() { path "$T/state/containers/$1/record"; }

@test "the record says who, and is for root only" {
	sleeper web </dev/null
	run_ok cman up web
	assert_match "$(cat "$(record_file web)")" '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
	grep -q "$(pid_of web)" "$(record_file web)"
	grep -q "$(cat /proc/sys/kernel/random/boot_id)" "$(record_file web)"
	assert_equal "$(machine stat -c %a $T/state)" 700
}

@test "a record of an earlier boot is cleaned up, not believed" {
	server web <<<'net : { ports = [ "8080:80" ]; };'
	run_ok cman up web
	# A reboot: everything gone but the record, which was not on a tmpfs.
	cp -a "$(path $T/state)" "$BATS_TEST_TMPDIR/state"
	run_ok cman down web
	machine rm -rf $T/state
	cp -a "$BATS_TEST_TMPDIR/state" "$(path $T/state)"
	sed -i "s/$(cat /proc/sys/kernel/random/boot_id)/00000000-1111-2222-3333-444444444444/" "$(record_file web)"
	run_fails cman status web
	run_ok cman ps
	refute grep -q "web.*running" <<<"$output"
	run_ok cman up web
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	run_ok cman down web
	assert_unchanged
}

@test "a pid that belongs to another process now is not believed, and not harmed" {
	sleeper web </dev/null
	run_ok cman up web
	pid=$(pid_of web)
	cp -a "$(path $T/state)" "$BATS_TEST_TMPDIR/state"
	run_ok cman down web
	machine sh -c 'exec sleep 500' 3>&- &
	wait_until 5 machine pgrep -f 'sleep 500'
	other=$(machine pgrep -o -f 'sleep 500')
	machine rm -rf $T/state
	cp -a "$BATS_TEST_TMPDIR/state" "$(path $T/state)"
	sed -i "s/\b$pid\b/$other/g" "$(record_file web)"
	run_fails cman status web
	run_ok cman down web
	run_ok machine kill -0 "$other"
	machine kill "$other"
	run_ok cman up web
}

@test "a record that is garbage: told, cleaned up by what carries our mark" {
	server web <<<'net : { ports = [ "8080:80" ]; };'
	run_ok cman up web
	echo garbage >"$(record_file web)"
	run_ok cman ps
	run_ok cman down web
	assert_unchanged
}

@test "a record of a newer cman: what runs is left alone until it is taken down" {
	server web <<<'net : { ports = [ "8080:80" ]; };'
	run_ok cman up web
	pid=$(pid_of web)
	sed -i 's/^version 1$/version 2/' "$(record_file web)"
	run_fails cman status web
	run_ok cman ps
	assert_match "$output" "web +unknown"
	run_ok machine kill -0 "$pid"
	run_ok cman down web
	assert_output_has "record of web"
	assert_unchanged
}

@test "a record cut off anywhere: told, and cleaned up by what carries our mark" {
	server web <<<'net : { ports = [ "8080:80" ]; };'
	for size in 0 1 40 200; do
		run_ok cman up web
		truncate -s $size "$(record_file web)"
		run_fails cman status web
		run_ok cman down web
		assert_output_has "record of web"
		assert_unchanged
	done
}

# The state of before is there, on a disk; of the kernel's nothing is.
@test "after a power cut the next command of any kind cleans up, and up starts anew" {
	server web <<<'net : { ports = [ "8080:80" ]; };'
	sleeper half </dev/null
	run_ok cman up web half
	cp -a "$(path $T/state)" "$BATS_TEST_TMPDIR/state"
	run_ok cman down --all
	for look in "ps" "up web"; do
		machine rm -rf $T/state
		cp -a "$BATS_TEST_TMPDIR/state" "$(path $T/state)"
		machine sh -c "sed -i 's/$(cat /proc/sys/kernel/random/boot_id)/00000000-1111-2222-3333-444444444444/' \
			$T/state/containers/*/record $T/state/networks/*/record $T/state/firewall"
		sed -i 's/^phase running/phase created/' "$(record_file half)"
		# shellcheck disable=SC2086 # words
		run_ok cman $look
		[ "$look" != ps ] || refute machine test -e $T/state/containers/half
	done
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	run_ok cman down --all
	assert_unchanged
}

@test "a record that is not there: what was left is found all the same" {
	server web <<<'net : { ports = [ "8080:80" ]; };'
	run_ok cman up web
	machine rm -rf $T/state/containers/web
	run_ok cman down web
	assert_unchanged
	run_ok cman up web
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	run_ok cman down web
	assert_unchanged
}

@test "how an earlier run has ended is not told of the one that runs" {
	container web <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "test -e /again || exit 3; exec sleep 1000" ];
	EOF
	run_ok cman up web
	run_ok cman wait web
	wait_until 10 machine test -e $T/state/containers/web/exit
	assert_equal "$(cman status --json web | jq -r .exit_status)" 3
	machine touch $T/rootfs/web/again
	run_ok cman up web
	assert_equal "$(cman status --json web | jq -r '.state, .exit_status')" "running
null"
}

@test "ids once given stay with their container" {
	sleeper a </dev/null
	sleeper b </dev/null
	run_ok cman up a
	first=$(machine cat "/proc/$(pid_of a)/uid_map")
	run_ok cman down a
	run_ok cman up b
	run_ok cman up a
	assert_equal "$(machine cat "/proc/$(pid_of a)/uid_map")" "$first"
}

@test "the effective configuration it was started with is kept" {
	sleeper web <<<'hostname = "first";'
	run_ok cman up web
	grep -q first "$(path $T/state/containers/web/spec)"
}
