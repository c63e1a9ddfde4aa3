#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What is wrong or has changed since a container came up does not keep it from going down.

load lib

@test "an OOM kill is told, not just a SIGKILL" {
	container hog <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "x=\$(tr '\\\\0' a < /dev/zero | head -c 64000000)" ];
	limits : { memory = "16M"; };
	EOF
	run_ok cman up hog
	ended() { ! cman status hog >/dev/null; }
	wait_until 20 ended
	gone() { cman ps | grep -q "^hog *oom-killed"; }
	wait_until 10 gone
}

@test "a manager file that has become faulty: down goes on with what of it is sound" {
	server web <<<'net : { ports = [ "8080:80" ]; };'
	run_ok cman up web
	echo 'hostnme = "x";' >> "$(path $CONF)"
	run_fails cman up web
	told_once() {
		[ "$(grep -c 'unknown key "hostnme"' <<<"$output")" = 1 ] || { echo "$output"; return 1; }
	}
	for command in ps graph events "logs web" "exec web -- true" "down web"; do
		# shellcheck disable=SC2086 # words
		run_ok cman $command
		told_once
	done
	assert_output_has "web: stopped"
	write_manager
}

state_is() { [ "$(cman ps --json "$1" | jq -r '.[0].state')" = "$2" ]; }
lost() { # BYTES: as far as somebody has written the manager file that supervisors know
	machine mkdir -p $T/conf.d/notes
	cp "$(path $CONF)" "$(path $T/conf.d/notes/whole.conf)"
	truncate -s "$1" "$(path $CONF)"
	CONF=$T/conf.d/notes/whole.conf
}
found() {
	CONF=$T/container.conf
	write_manager
}

@test "what a supervisor runs while the manager file names no directory, or is half of one" {
	local bytes

	for bytes in 0 7; do
		sleeper once </dev/null
		sleeper again <<<'restart : { policy = "always"; delay = "100ms"; };'
		sleeper checked <<<'health : { command = "true"; interval = "1s"; };'
		run_ok cman up once again checked
		lost $bytes
		old=$(pid_of again)
		machine kill -KILL "$(pid_of once)" "$old"
		is_healthy() { [ "$(cman ps --json checked | jq -r '.[0].health.condition')" = healthy ]; }
		wait_until 30 is_healthy
		# No command of ours is to do what theirs does.
		wait_until 40 machine grep -q '^phase stopped' $T/state/containers/once/record
		is_new() { machine grep '^init ' $T/state/containers/again/record | grep -qv "^init $old " && state_is again running; }
		wait_until 60 is_new
		printf 'nameserver %s\n' "192.0.2.7$bytes" >"$(path /etc/resolv.conf)"
		has_server() { within checked grep -q "192.0.2.7$bytes" /etc/resolv.conf; }
		wait_until 40 has_server
		refute machine test -e /run/cman
		found
		run_ok cman check
		run_ok cman down --all
	done
	printf 'nameserver %s\n' "$OUTSIDE_IP" >"$(path /etc/resolv.conf)"
}

@test "a prefix of chains that has changed: the rules of the old one go" {
	server web <<<'net : { ports = [ "8080:80" ]; };'
	server other <<<'net : { ports = [ "8081:80" ]; };'
	run_ok cman up web
	echo 'firewall : { prefix = "NEW"; };' >> "$(path $CONF)"
	run_ok cman up other
	machine iptables-legacy-save | grep -q -- '-A NEW-DNAT .*8080'
	refute machine sh -c "iptables-legacy-save | grep CMAN-"
	assert_page outside "http://$HOST_IP:8080/" "page of web"
	run_ok cman down --all
	write_manager
}

@test "restart keeps the bridge, and its other containers notice nothing" {
	server web <<<'net : { ports = [ "8080:80" ]; };'
	run_ok cman up web
	before=$(machine cat /sys/class/net/cman0/ifindex)
	run_ok cman restart web
	assert_equal "$(machine cat /sys/class/net/cman0/ifindex)" "$before"
	assert_page outside "http://$HOST_IP:8080/" "page of web"
}

@test "up and down killed at any moment: one more down leaves nothing, one more up works" {
	server web <<<'net : { ports = [ "8080:80" ]; };'
	run_ok cman up web
	run_ok cman down web
	for round in $(seq 1 24); do
		machine timeout -s KILL "0.0$((RANDOM % 3))$((RANDOM % 10))" "$CMAN" -c $CONF up web || true
		if [ $((round % 3)) = 0 ]; then
			run_ok cman up web
			assert_page outside "http://$HOST_IP:8080/" "page of web"
			machine timeout -s KILL "0.0$((RANDOM % 2))$((RANDOM % 10))" "$CMAN" -c $CONF down web || true
		fi
		run_ok cman down web
		assert_unchanged
	done
}
