#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# cman up -f: a process that stands for a container.
load lib

# What the tests note, where nobody looks for what cman has left.
F=$T/conf.d/notes
prepare() { machine mkdir -p "$F"; }

# fore NAME [VARIABLE=VALUE...]: `cman up -f NAME` in the background, its pid in $pid. When it has ended
# its status is in $F/NAME.status, what it prints in $F/NAME.out and $F/NAME.err.
fore() {
	local name=$1

	shift
	machine rm -f "$F/$name.pid" "$F/$name.status"
	machine sh -c 'dir=$1 name=$2; shift 2
		sh -c "echo \$\$ >\"$dir/$name.pid\"; exec \"\$@\"" - "$@" >"$dir/$name.out" 2>"$dir/$name.err"
		echo $? >"$dir/.$name.status"; mv "$dir/.$name.status" "$dir/$name.status"' - \
		"$F" "$name" env "$@" "$CMAN" -c "$CONF" up -f "$name" </dev/null >"$BATS_TEST_TMPDIR/fore" 2>&1 3>&- &
	wait_until 10 test -s "$(path "$F/$name.pid")" || return 1
	pid=$(<"$(path "$F/$name.pid")")
}

signal() { machine kill -s "$1" "$2"; }

# What is not cman yet is ended by any.
holds_signals() { machine grep -q '^SigBlk:.*[1-9a-f]' "/proc/$pid/status"; }

# assert_ends NAME STATUS
assert_ends() {
	wait_until 30 test -e "$(path "$F/$1.status")" || { echo "up -f $1 does not end"; return 1; }
	assert_equal "$(<"$(path "$F/$1.status")")" "$2" || { cat "$(path "$F/$1.err")"; return 1; }
}
has_ended() { [ -e "$(path "$F/$1.status")" ]; }
is() { [ "$(cman status --json "$1" | jq -r .state)" = "$2" ]; }
printed() { grep -q "$2" "$(path "$F/$1.out")"; }
became_new() { [ "$(pid_of "$1")" != "$2" ] && is "$1" running; }

# A service manager: what it is told is in $F/told.
listen() {
	machine sh -c 'echo $$ >"$1/listener"; exec socat -u UNIX-RECV:"$1/notify" CREATE:"$1/told"' - $F 3>&- &
	wait_until 10 test -S "$(path $F/notify)"
}
stop_listening() {
	listener=$(<"$(path $F/listener)")
	machine kill "$listener"
	wait_until 10 refute machine kill -0 "$listener" >/dev/null 2>&1
}

# What ends with the status in /end, as soon as that is there, and tells of signals.
teller() {
	local name=$1

	shift
	container "$name" <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "trap 'echo got HUP' HUP; trap 'echo got USR1' USR1; trap 'echo got TERM; exit 7' TERM; trap 'exit 9' USR2; echo started; echo to error >&2; until [ -e /end ]; do sleep 0.1; done; s=\$(cat /end); rm /end; exit \$s" ];
	$*
	EOF
	chmod 777 "$(path "$T/rootfs/$name")"
}
end_with() { # NAME STATUS
	echo "$2" >"$(path "$T/rootfs/$1/end.new")"
	mv "$(path "$T/rootfs/$1/end.new")" "$(path "$T/rootfs/$1/end")"
}

@test "it prints what the container prints from now on, and ends with its status" {
	teller web
	# What an earlier run has printed is not told again.
	run_ok cman up web
	wait_until 10 logged web started
	run_ok cman down web
	fore web
	wait_until 20 printed web started
	wait_until 20 grep -q "to error" "$(path $F/web.err)"
	end_with web 5
	assert_ends web 5
	assert_equal "$(grep -c started "$(path $F/web.out)")" 1
	refute printed web "to error"
	refute printed web running
	is web exited
}

@test "SIGTERM stops the container: its stop signal, hooks, and its own status" {
	printf '#!/bin/sh\necho "$CMAN_HOOK" >>%s/hooks\n' "$F" >"$(path $F/hook)"
	machine chmod 755 $F/hook
	teller web "hooks : { pre_stop = [ \"$F/hook\" ]; post_stop = [ \"$F/hook\" ]; };
		restart : { policy = \"always\"; };"
	fore web
	wait_until 20 printed web started
	signal TERM "$pid"
	assert_ends web 7
	printed web "got TERM"
	assert_equal "$(tr '\n' ' ' <"$(path $F/hooks)")" "pre_stop post_stop "
	is web exited
}

@test "SIGINT does as well; what takes no notice is killed after stop_timeout, at once where it cannot" {
	container deaf <<-EOF
	rootfs = "@rootfs@";
	stop_timeout = "1s";
	command = [ "/bin/sh", "-c", "trap 'echo no' TERM; echo started; while :; do sleep 1; done" ];
	EOF
	container none <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sleep", "1000" ];
	EOF
	fore deaf
	wait_until 20 printed deaf started
	signal INT "$pid"
	assert_ends deaf 137
	printed deaf no
	grep -q "did not end within 1000 ms" "$(path $F/deaf.err)"
	fore none
	wait_until 20 is none running
	signal TERM "$pid"
	assert_ends none 137
	refute grep -q "did not end" "$(path $F/none.err)"
}

@test "other signals go to the first process of the container" {
	teller web
	fore web
	wait_until 20 printed web started
	signal HUP "$pid"
	wait_until 20 printed web "got HUP"
	signal USR1 "$pid"
	wait_until 20 printed web "got USR1"
	refute has_ended web
	signal USR2 "$pid"
	assert_ends web 9
}

@test "a paused container is stopped, too" {
	teller web
	fore web
	wait_until 20 printed web started
	run_ok cman pause web
	signal TERM "$pid"
	assert_ends web 7
}

@test "it stays through restarts, by its policy and by cman restart, and ends when cman gives up" {
	teller web 'restart : { policy = "on-failure"; delay = "100ms"; max_retries = 1; };'
	fore web
	wait_until 20 printed web started
	old=$(pid_of web)
	end_with web 3
	wait_until 30 became_new web "$old"
	refute has_ended web
	old=$(pid_of web)
	run_ok cman restart web
	became_new web "$old"
	refute has_ended web
	old=$(pid_of web)
	end_with web 3
	wait_until 30 became_new web "$old"
	end_with web 4
	assert_ends web 4
}

@test "SIGTERM while it waits for a restart: there will be none" {
	container flap <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/false" ];
	restart : { policy = "always"; delay = "1h"; max_delay = "1h"; };
	EOF
	fore flap
	wait_until 20 is flap restarting
	signal TERM "$pid"
	assert_ends flap 0
	is flap stopped
}

@test "cman down ends it with status 0" {
	teller web
	fore web
	wait_until 20 printed web started
	run_ok cman down web
	assert_ends web 0
}

@test "killed, it leaves the container running; up -f once more is with it again" {
	teller web
	fore web
	wait_until 20 printed web started
	payload=$(pid_of web)
	signal KILL "$pid"
	assert_ends web 137
	is web running
	fore web
	wait_until 20 holds_signals
	signal HUP "$pid"
	wait_until 20 printed web "got HUP"
	refute printed web started
	assert_equal "$(pid_of web)" "$payload"
	signal TERM "$pid"
	assert_ends web 7
}

# Its own first open(2), long before it reads a file. What looks for leaks can do that alone.
early_term() {
	echo ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" strace -qq -o "$F/calls" -P /dev/null \
		-e trace=openat -e inject=openat:signal=TERM:when=1
}

@test "SIGTERM as it begins: what runs is stopped, what does not comes up and is stopped" {
	teller web
	run_ok cman up web
	wait_until 20 logged web started
	# shellcheck disable=SC2046 # words
	fore web $(early_term)
	assert_ends web 7
	grep -q /dev/null "$(path "$F/calls")"
	is web exited
	# shellcheck disable=SC2046 # words
	fore web $(early_term)
	wait_until 30 has_ended web
	is web exited
}

@test "what it starts holds no signal back" {
	printf '#!/bin/sh\ngrep SigBlk /proc/self/status >>%s/blocked\n' "$F" >"$(path $F/hook)"
	machine chmod 755 $F/hook
	teller web "hooks : { pre_start = [ \"$F/hook\" ]; post_start = [ \"$F/hook\" ]; };"
	fore web
	wait_until 20 printed web started
	within web grep SigBlk /proc/1/status >>"$(path $F/blocked)"
	assert_equal "$(sort -u "$(path $F/blocked)" | tr '\t' ' ')" "SigBlk: 0000000000000000"
	signal TERM "$pid"
	assert_ends web 7
}

@test "nobody who reads what it prints: the container goes on" {
	teller web
	machine sh -c "'$CMAN' -c $CONF up -f web 2>$F/web.err | head -n 1 >$F/web.out; echo through >$F/through" 3>&- &
	wait_until 20 printed web started
	run_ok cman kill -s HUP web
	run_ok cman kill -s USR1 web
	wait_until 20 logged web "got USR1"
	is web running
	run_ok cman down web
	wait_until 20 test -e "$(path $F/through)"
}

@test "what does not come up is status 125; what is asked for wrongly is said" {
	container broken <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/none-such" ];
	EOF
	run cman up -f broken
	assert_equal "$status" 125
	assert_output_has "none-such"
	run cman up -f unknown
	assert_equal "$status" 125
	run cman up -f
	assert_equal "$status" 2
	run cman up -f --all
	assert_equal "$status" 2
	run cman up -f broken other
	assert_equal "$status" 2
}

@test "a service manager is told when it is ready, and that it stops" {
	teller web 'ready : { file = "/up"; };'
	listen
	fore web NOTIFY_SOCKET=$F/notify
	wait_until 20 printed web started
	# Not ready: nothing is told, whatever the time that passes.
	[ ! -s "$(path $F/told)" ]
	touch "$(path $T/rootfs/web/up)"
	wait_until 20 grep -q READY=1 "$(path $F/told)"
	signal TERM "$pid"
	assert_ends web 7
	wait_until 10 grep -q STOPPING=1 "$(path $F/told)"
	grep -q EXTEND_TIMEOUT_USEC=40000000 "$(path $F/told)"
	stop_listening
}

@test "a container without ready is ready once it runs; a manager that is gone is told of" {
	sleeper web </dev/null
	listen
	fore web NOTIFY_SOCKET=$F/notify
	wait_until 20 grep -q READY=1 "$(path $F/told)"
	signal TERM "$pid"
	assert_ends web 0
	stop_listening
	fore web NOTIFY_SOCKET=$F/gone
	wait_until 20 grep -q "tell NOTIFY_SOCKET $F/gone" "$(path $F/web.err)"
	signal TERM "$pid"
	assert_ends web 0
}

@test "of another log driver it says that nothing will be shown" {
	sleeper web <<<'log : { driver = "none"; };'
	fore web
	wait_until 20 grep -q 'log.driver is not "file"' "$(path $F/web.err)"
	signal TERM "$pid"
	assert_ends web 0
}
