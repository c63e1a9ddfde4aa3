#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs of the administrator that run while a container comes up and goes down.
load lib

HOOKS=$T/conf.d/hooks

# hook NAME <<EOF: a program of root's, in a directory of root's; what it tells goes to $HOOKS/told.
prepare() {
	machine mkdir -p $HOOKS
	forget
}
hook() {
	{ echo "#!/bin/sh"; cat; } >"$(path "$HOOKS/$1")"
	machine chmod 755 "$HOOKS/$1"
}
told() { machine cat $HOOKS/told; }
forget() { : >"$(path $HOOKS/told)"; }

# Each of the four tells its name.
four_hooks() {
	local kind

	for kind in pre_start post_start pre_stop post_stop; do
		hook $kind <<<"echo \$CMAN_HOOK \$CMAN_NAME >>$HOOKS/told"
	done
	sleeper "$1" <<-END
	hooks : { pre_start = [ "$HOOKS/pre_start" ]; post_start = [ "$HOOKS/post_start" ];
	          pre_stop = [ "$HOOKS/pre_stop" ]; post_stop = [ "$HOOKS/post_stop" ]; };
	END
}

@test "hooks run in their order, on the host, with what they need to know" {
	four_hooks web
	hook pre_start <<-END
	echo "\$CMAN_HOOK \$CMAN_NAME \$CMAN_ROOTFS \$CMAN_STATE \$CMAN_CONFIG [\$CMAN_PID] \$PWD \$# \$(id -u)" >>$HOOKS/told
	ls \$CMAN_STATE >/dev/null || exit 1
	[ -z "\$(find /sys/fs/cgroup -path "*/$CGROUP/web")" ] || exit 2
	ls -l /proc/self/fd | grep -c -- '->' >>$HOOKS/told
	read -r line || echo nothing to read >>$HOOKS/told
	END
	hook post_start <<-END
	echo "\$CMAN_HOOK \$(tr '\0' ' ' <"/proc/\$CMAN_PID/cmdline" | cut -d' ' -f1)" >>$HOOKS/told
	END
	run_ok cman up web
	run_ok told
	# 0, 1, 2 and the directory that ls reads
	assert_equal "$output" "pre_start web $T/rootfs/web $T/state/containers/web $CONF [] / 0 0
4
nothing to read
post_start /bin/sh"
	forget
	run_ok cman down web
	assert_equal "$(told)" "pre_stop web
post_stop web"
}

@test "a failing pre_start keeps the container down, and says where it is asked for" {
	four_hooks web
	hook pre_start <<<"exit 3"
	run_fails cman up web
	assert_output_has "web: hooks.pre_start ($T/conf.d/web.conf:3): $HOOKS/pre_start: exit status 3"
	# What it may have made is taken back; what comes later never was.
	assert_equal "$(told)" "post_stop web"
	run -3 cman status web
}

@test "a failing post_start undoes the start; programs behind one that fails are not run" {
	four_hooks web
	hook post_start <<<"echo made >>$HOOKS/told; kill -TERM \$\$"
	hook behind <<<"echo behind >>$HOOKS/told"
	sed -i 's|/post_start"|&, "'$HOOKS'/behind"|' "$(path $T/conf.d/web.conf)"
	run_fails cman up web
	assert_output_has "$HOOKS/post_start: ended by SIGTERM"
	assert_equal "$(told | xargs)" "pre_start web made pre_stop web post_stop web"
	run -3 cman status web
}

@test "one that takes too long is killed, with what it has started" {
	four_hooks web
	hook pre_start <<<"sleep 1000 & echo \$! >>$HOOKS/told; wait"
	sleeper web <<<"hooks : { pre_start = [ \"$HOOKS/pre_start\" ]; timeout = \"1s\"; };"
	run_fails cman up web
	assert_output_has "$HOOKS/pre_start: did not end within 1000 ms, and was killed"
	refute machine kill -0 "$(told)"
}

@test "what fails on the way down is told, and keeps nothing" {
	four_hooks web
	hook pre_stop <<<"exit 5"
	hook post_stop <<<"exit 6"
	run_ok cman up web
	run_ok cman down web
	assert_output_has "warning: web: hooks.pre_stop: $HOOKS/pre_stop: exit status 5" \
		"hooks.post_stop: $HOOKS/post_stop: exit status 6" "web: stopped"
}

@test "a payload that ends by itself has its post_stop, and no pre_stop" {
	four_hooks web
	run_ok cman up web
	forget
	machine kill -KILL "$(pid_of web)"
	wait_until 10 grep -q post_stop "$(path $HOOKS/told)"
	assert_equal "$(told)" "post_stop web"
	wait_until 10 ended web
}
ended() { [ "$(cman status --json "$1" | jq -r .state)" = exited ]; }

@test "down goes by the hooks it was started with, not by today's file" {
	four_hooks web
	run_ok cman up web
	sleeper web </dev/null
	forget
	run_ok cman down web
	assert_equal "$(told | xargs)" "pre_stop web post_stop web"
}

@test "hooks of many containers run side by side" {
	# Each waits for the others: one after the other they would wait until their time is up.
	hook meet <<-END
	: >$HOOKS/here.\$CMAN_NAME
	for i in \$(seq 200); do
		set -- $HOOKS/here.*
		[ \$# -lt 3 ] || exit 0
		sleep 0.1
	done
	exit 1
	END
	for name in one two three; do
		sleeper $name <<<"hooks : { pre_start = [ \"$HOOKS/meet\" ]; };"
	done
	run_ok cman up one two three
	run_ok cman down --all
}

@test "a program that others may write is refused, by check and by up" {
	four_hooks web
	machine chmod 777 $HOOKS/pre_start
	run_fails cman check
	assert_output_has "web.conf:3:" "hooks.pre_start[0]: $HOOKS/pre_start"
	run_fails cman up web
	machine chmod 755 $HOOKS/pre_start
	machine chmod 777 $HOOKS
	run_fails cman up web
	assert_output_has "web.conf:3:" "$HOOKS"
	assert_equal "$(told)" ""
}

@test "a command that is killed takes its hook along, and the next one takes all back" {
	four_hooks web
	hook pre_start <<<"echo \$\$ >>$HOOKS/told; exec sleep 1000"
	cman up web >/dev/null 2>&1 3>&- & up=$!
	wait_until 20 test -s "$(path $HOOKS/told)"
	hook_pid=$(told)
	machine kill -KILL "$(machine awk '/^PPid:/ { print $2 }' "/proc/$(machine awk '/^PPid:/ { print $2 }' /proc/$hook_pid/status)/status")"
	wait $up || true
	gone() { refute machine kill -0 "$hook_pid" 2>/dev/null; }
	wait_until 10 gone
	forget
	run_ok cman down web
	assert_equal "$(told)" "post_stop web"
}
