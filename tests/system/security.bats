#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The group security: what a payload may do, seen as the payload and again through exec.
load lib

ZERO=0000000000000000
DEFAULT=00000000800405fb

# both NAME COMMAND: starts a container whose payload runs the command (no quotes in it) and
# stays; then runs it through exec too: what they print is in $payload and $exec, a line each.
# Standard input has more lines for its file.
both() {
	container "$1" <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "{ $2; } 2>&1; echo end; exec sleep 1000" ];
	stop_signal = "SIGKILL";
	$(cat)
	EOF
	run_ok cman up "$1"
	wait_until 10 machine grep -qx end "$T/log/$1.log"
	payload=$(cman logs "$1" | grep -vx end | xargs)
	exec=$(within "$1" sh -c "{ $2; } 2>&1" | xargs)
}

assert_both() { # TEXT
	assert_equal "$payload" "$1"
	assert_equal "$exec" "$1"
}

# inheritable, permitted, effective, bounding, ambient
SETS='grep ^Cap /proc/self/status | cut -f 2'

@test "capabilities by default: eleven, none inheritable or ambient" {
	both web "$SETS" </dev/null
	assert_both "$ZERO $DEFAULT $DEFAULT $DEFAULT $ZERO"
}

@test "cap_drop comes first, then cap_add" {
	both web "$SETS" <<<'security : { cap_drop = [ "ALL" ]; cap_add = [ "CHOWN", "NET_RAW" ]; };'
	assert_both "$ZERO 0000000000002001 0000000000002001 0000000000002001 $ZERO"
	both db "$SETS" <<<'security : { cap_drop = [ "CHOWN", "KILL" ]; cap_add = [ "CHOWN" ]; };'
	assert_both "$ZERO 00000000800405db 00000000800405db 00000000800405db $ZERO"
}

@test "cap_drop ALL leaves nothing" {
	both web "$SETS; touch /tmp/x; chown 1 /tmp/x 2>/dev/null || echo refused" \
		<<<'security : { cap_drop = "ALL"; };'
	assert_both "$ZERO $ZERO $ZERO $ZERO $ZERO refused"
}

@test "cap_add ALL is what the host has" {
	host=$(awk '/^CapBnd:/{ print $2 }' /proc/self/status)
	both web "$SETS" <<<'security : { cap_add = [ "ALL" ]; };'
	assert_both "$ZERO $host $host $host $ZERO"
}

@test "a capability that the host lacks is an error with its place" {
	sleeper web <<<'security : { cap_add = [ "SYS_PACCT" ]; };'
	run_fails machine timeout -k 5 60 setpriv --bounding-set -sys_pacct "$CMAN" -c $CONF up web
	assert_output_has CAP_SYS_PACCT "web.conf:3" security.cap_add
	assert_unchanged
}

@test "a user has the capabilities of cap_add alone, and his programs keep them" {
	both web "$SETS; sh -c 'grep ^CapEff /proc/self/status' | cut -f 2" \
		<<<'user = "nobody"; security : { cap_add = [ "NET_BIND_SERVICE" ]; };'
	set=0000000000000400
	assert_both "$set $set $set $DEFAULT $set $set"
	both db "$SETS" <<<'user = "nobody";'
	assert_both "$ZERO $ZERO $ZERO $DEFAULT $ZERO"
}

@test "no_new_privs is on unless the file says otherwise" {
	both web 'grep ^NoNewPrivs /proc/self/status | cut -f 2' </dev/null
	assert_both 1
	both db 'grep ^NoNewPrivs /proc/self/status | cut -f 2' <<<'security : { no_new_privs = false; };'
	assert_both 0
}
