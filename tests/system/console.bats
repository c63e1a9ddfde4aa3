#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# tty = true: a terminal of the container's own, and cman console, which attaches to it.
load terminal

DETACH='\x1d'

# A container whose command is a shell script on a terminal. Further lines for its file on standard input.
talker() { # NAME SCRIPT
	container "$1" <<-EOF
	rootfs = "@rootfs@";
	tty = true;
	command = [ "/bin/sh", "/script" ];
	stop_signal = "SIGKILL";
	$(cat)
	EOF
	echo "$2" >"$(path "$T/rootfs/$1/script")"
}

# An interactive shell.
shell() {
	container "$1" <<-EOF
	rootfs = "@rootfs@";
	tty = true;
	command = [ "/bin/sh", "-i" ];
	environment = [ "PS1=prompt> " ];
	stop_signal = "SIGKILL";
	$(cat)
	EOF
}

is() { [ "$(field "$1" "$2" 2>/dev/null)" = "$3" ]; }

@test "the command has a terminal of its own: three streams, /dev/console, /dev/tty, a session" {
	talker web 'tty; for i in 0 1 2; do test -t $i && echo fd $i; done
		echo to the console >/dev/console; echo to the tty >/dev/tty
		stat -c "%t:%T %u %a" /dev/console; readlink /proc/self/fd/0
		ps -o pid,sid,tty | grep -c "1 *1 *136,0"; echo error >&2; exec sleep 1000' </dev/null
	run_ok cman up web
	wait_until 20 logged web '^error$'
	# One stream, whole lines, without what a terminal makes of their ends.
	assert_equal "$(cman logs web 2>/dev/null)" "/dev/pts/0
fd 0
fd 1
fd 2
to the console
to the tty
88:0 0 620
/dev/pts/0
1
error"
	# Nothing of it is one of the host's, and nothing of ours is open inside.
	run_ok cman exec web -- sh -c 'ls /dev/pts; ls -l /proc/1/fd | grep -c " -> "'
	assert_equal "$output" "0
ptmx
3"
}

@test "below the init of cman, and as another user, who may open it" {
	talker web 'tty; echo again >/dev/console; echo and again >/dev/tty; id -u; stat -c %u /dev/console; kill -INT 0' \
		<<<'init = true; user = "33:33";'
	run_ok cman up web
	wait_until 20 is web state exited
	assert_equal "$(cman logs web 2>/dev/null)" "/dev/pts/0
again
and again
33
33"
	assert_equal "$(field web exit_status)" 130
}

@test "without a user namespace" {
	talker web 'tty; stat -c "%t:%T %u" /dev/console; exec sleep 1000' <<<'security : { userns = "none"; };'
	run_ok cman up web
	wait_until 20 logged web '^88:0 0$'
	run_ok on_terminal see /dev/pts/0 type "$DETACH" -- console web
}

@test "attached: what was written before, what is typed, job control, the way out" {
	shell web </dev/null
	run_ok cman up web
	wait_until 20 logged web 'prompt> '
	run_ok on_terminal see 'attached, ctrl-] detaches' see 'prompt> ' \
		type 'stty size; echo a$((1+1))b\r' see '24 80' see 'a2b' see 'prompt> ' \
		type 'sh -c "echo r$((0))uns; exec sleep 1000"\r' see r0uns type '\x03' see 'prompt> ' \
		type 'sleep 1000 & jobs\r' see 'Running' see 'prompt> ' type 'kill %1\r' \
		size 31x97 type 'stty size\r' see '31 97' see 'prompt> ' \
		type "$DETACH" see detached -- console web
	[[ $output != *"job control"* ]]
	assert_output_has "terminal: same"
	# The shell is still the same, and what it has shown is there for the next one.
	run_ok on_terminal see a2b see '31 97' type "$DETACH" see detached -- console web
	run_ok cman logs web
	assert_output_has a2b
}

@test "the key that detaches: another one, twice, none" {
	shell web </dev/null
	run_ok cman up web
	run_ok on_terminal see 'attached, ^a detaches' type 'stty -echo; echo r$((0))uns; cat -v; stty echo\r' see r0uns \
		type "x$DETACH\x01\x01y\r" see 'x^]^Ay' type '\x04' see 'prompt> ' type '\x01' \
		see detached -- console -k ^a web
	run on_terminal see 'no key detaches' type 'echo n$((0))ow; cat -v\r' see n0ow type "$DETACH\x01\r" see '^]^A' see '^]^A' \
		type '\x03' see 'prompt> ' type 'exit 7\r' see 'has ended, exit status 7' -- console -k none web
	assert_equal "$status" 7
	run -2 cman console -k q web
	assert_output_has "neither as ctrl-a or ^a, nor none"
}

@test "two at once see the same, and the size is that of the last one" {
	shell web </dev/null
	run_ok cman up web
	on_terminal see 'prompt> ' type 'echo o$((0))ne\r' see o0ne see t0wo type "$DETACH" -- console web \
		>"$BATS_TEST_TMPDIR/first" 3>&- &
	first=$!
	wait_until 30 logged web '^o0ne'
	run_ok on_terminal size 40x100 see o0ne size 41x101 type 'stty size\r' see '41 101' \
		type 'echo t$((0))wo\r' see t0wo type "$DETACH" -- console web
	wait $first
}

@test "a client that gets a signal leaves the terminal as it was" {
	shell web </dev/null
	run_ok cman up web
	for signal in TERM HUP INT QUIT; do
		run on_terminal see 'prompt> ' kill $signal end -- console web
		assert_equal "$status" $((128 + $(kill -l $signal)))
		assert_output_has "terminal: same"
	done
	run_ok on_terminal see 'prompt> ' type "$DETACH" -- console web
}

@test "input that is not typed is passed on, and its end detaches" {
	shell web </dev/null
	run_ok cman up web
	wait_until 20 logged web 'prompt> '
	echo 'echo o$((0))k' | cman console web >/dev/null
	wait_until 20 logged web '^o0k'
	run_ok cman console web </dev/null
	# What would have asked our terminal something is left out of it.
	assert_output_has 'prompt> echo o$((0))k' o0k
	[[ $output != *attached* ]]
	# A reader that has gone, too.
	cman console web </dev/null | head -c 1 >/dev/null
}

@test "without tty it says what to set, and what does not run is told so" {
	sleeper web </dev/null
	run cman console web
	assert_equal "$status" 125
	assert_output_has "web: it does not run" "cman up web"
	run_ok cman up web
	run cman console web
	assert_equal "$status" 125
	assert_output_has "started without a terminal" "tty = true;" "cman apply web"
	run cman console nosuch
	assert_equal "$status" 125
}

@test "the end is told, with what was printed last and how it ended" {
	talker web 'read line; echo "last: $line"; exit 3' </dev/null
	run_ok cman up web
	run on_terminal see attached type 'words\r' see 'last: words' see 'has ended, exit status 3' -- console web
	assert_equal "$status" 3
	assert_output_has "terminal: same"
	run_ok cman up web
	run_ok on_terminal see attached run "'$CMAN' -c $CONF down web" see 'was stopped' -- console web
	assert_output_has "terminal: same"
	assert_unchanged
}

@test "who is attached stays so over restarts, by policy and by command" {
	shell web <<<'restart : { policy = "always"; delay = "2s"; };'
	run_ok cman up web
	run_ok on_terminal see 'prompt> ' type 'echo f$((0))irst; exit 4\r' see f0irst \
		see 'has ended, exit status 4, it is started again in' see 'prompt> ' \
		type 'echo s$((0))econd; tty\r' see s0econd see /dev/pts/0 see 'prompt> ' \
		run "'$CMAN' -c $CONF restart web" see 'prompt> ' type 'echo t$((0))hird\r' see t0hird \
		type "$DETACH" see detached -- console web
	# What was printed before it is still there after a restart by policy.
	run_ok on_terminal see 'prompt> ' type 'exit 5\r' see 'has ended' see 'prompt> ' type "$DETACH" -- console web
	run_ok on_terminal see t0hird type "$DETACH" -- console web
	# Detached while it waits.
	run_ok on_terminal see 'prompt> ' type 'exit 6\r' see 'has ended' type "$DETACH" see detached -- console web
}

@test "the last 64 KiB are kept, from the beginning of a line on" {
	talker web 'i=10000; while [ $i -lt 40000 ]; do echo $i; i=$((i+1)); done; echo that is all; exec sleep 1000' </dev/null
	run_ok cman up web
	wait_until 60 logged web 'that is all'
	all_is_there() { cman console web </dev/null | grep -q 'that is all'; }
	wait_until 20 all_is_there
	cman console web </dev/null >"$BATS_TEST_TMPDIR/kept"
	size=$(stat -c %s "$BATS_TEST_TMPDIR/kept")
	[ "$size" -le 65536 ] && [ "$size" -gt 65000 ] || { echo "$size bytes"; return 1; }
	tr -d '\r' <"$BATS_TEST_TMPDIR/kept" | head -n -1 >"$BATS_TEST_TMPDIR/lines"
	diff "$BATS_TEST_TMPDIR/lines" <(seq "$(head -n 1 "$BATS_TEST_TMPDIR/lines")" 39999)
	assert_equal "$(cman logs web | grep -c '^[0-9]*$')" 30000
}

@test "at full speed nobody is waited for: without a reader, and with one that stands still" {
	talker web 'read line; head -c 30000000 /dev/zero | tr "\0" x; echo; echo that is all; exec sleep 1000' \
		<<<'log : { max_size = "1M"; };'
	run_ok cman up web
	echo | cman console web >/dev/null
	wait_until 60 logged web 'that is all'
	run_ok cman restart web
	run_ok on_terminal see attached type '\r' \
		run "timeout 60 sh -c 'until grep -q \"that is all\" $T/log/web.log; do sleep 0.1; done'" \
		see 'bytes came faster than they were read' see 'that is all' type "$DETACH" -- console web
	[ "$(machine du -k $T/state/containers/web/console | cut -f 1)" -le 88 ]
}

@test "a container that reads nothing does not keep the key from leading out" {
	talker web 'stty raw -echo; echo ready; exec sleep 1000' </dev/null
	run_ok cman up web
	long=$(head -c 3000 /dev/zero | tr '\0' x)
	for _ in 1 2 3 4 5; do long+=$long; done
	steps=()
	while [ -n "$long" ]; do
		steps+=(type "${long:0:3000}" run true)
		long=${long:3000}
	done
	run_ok on_terminal see ready "${steps[@]}" type "$DETACH" see detached -- console web
}

@test "a supervisor that is killed does not take the terminal along, and who is attached gives it another" {
	shell web </dev/null
	run_ok cman up web
	wait_until 20 logged web 'prompt> '
	pid=$(pid_of web)
	supervisor=$(recorded web supervisor)
	keeper=$(recorded web keeper)
	assert_equal "$(machine cat "/proc/${keeper%% *}/comm")" cman-keeper
	run_ok on_terminal see 'prompt> ' run "kill -KILL ${supervisor%% *}" see 'its supervisor was gone, it has another' \
		type 'echo b$((0))etween\r' see b0etween \
		type 'echo a$((0))fter\r' see a0fter see 'prompt> ' type "$DETACH" see detached -- console web
	assert_equal "$(pid_of web)" "$pid"
	assert_equal "$(recorded web keeper)" "$keeper"
	logged web '^b0etween'
	run_ok on_terminal see b0etween see a0fter type 'exit 3\r' see 'has ended' end -- console web || true
	wait_until 20 has_gone "${keeper%% *}"
	run_ok cman down web
	assert_unchanged
}

@test "a keeper that is killed or stopped: the container goes on, and nothing is left of it" {
	shell web </dev/null
	run_ok cman up web
	wait_until 20 logged web 'prompt> '
	keeper=$(recorded web keeper)
	machine kill -STOP "${keeper%% *}"
	run_ok on_terminal see 'prompt> ' type 'echo o$((0))k\r' see o0k type "$DETACH" -- console web
	run_ok cman restart web
	wait_until 10 has_gone "${keeper%% *}"
	keeper=$(recorded web keeper)
	machine kill -KILL "${keeper%% *}"
	wait_until 10 has_gone "${keeper%% *}"
	run_ok cman exec web -- true
	run_ok cman down web
	assert_unchanged
}

@test "a keeper that is killed has another by the next command, and that one does as well" {
	local command

	shell web </dev/null
	run_ok cman up web
	wait_until 20 logged web 'prompt> '
	pid=$(pid_of web)
	for command in "status web" "ps" "up web" "check --repair" "console"; do
		old=$(recorded web keeper)
		machine kill -KILL "${old%% *}"
		wait_until 10 has_gone "${old%% *}"
		# shellcheck disable=SC2086 # words
		[ "$command" = console ] || run_ok cman $command
		run_ok on_terminal see 'prompt> ' type 'echo o$((0))k\r' see o0k type "$DETACH" see detached -- console web
		keeper=$(recorded web keeper)
		[ "${keeper%% *}" != "${old%% *}" ] || { echo "$command: no other"; return 1; }
		assert_equal "$(machine cat "/proc/${keeper%% *}/comm")" cman-keeper
	done
	# It holds what the first one did: the supervisor goes, and then comes another.
	supervisor=$(recorded web supervisor)
	machine kill -KILL "${supervisor%% *}"
	wait_until 10 has_gone "${supervisor%% *}"
	run_ok cman ps web
	run_ok on_terminal see o0k type 'echo s$((0))till\r' see s0till type "$DETACH" see detached -- console web
	assert_equal "$(pid_of web)" "$pid"
	run_ok cman check
	run_ok cman down web
	wait_until 10 has_gone "${keeper%% *}"
	assert_unchanged
}

@test "a terminal whose keeper and supervisor are killed is lost, status says so, and a restart mends it" {
	talker web 'trap "" HUP; while :; do sleep 1000; done' </dev/null
	run_ok cman up web
	keeper=$(recorded web keeper)
	supervisor=$(recorded web supervisor)
	machine kill -KILL "${keeper%% *}" "${supervisor%% *}"
	wait_until 10 has_gone "${supervisor%% *}"
	wait_until 10 has_gone "${keeper%% *}"
	run_ok cman status web
	assert_output_has "its terminal is lost" "terminal   lost, what held it was killed: cman restart web"
	cman status --json web | jq -e .terminal_lost
	run_ok cman status web
	[[ $output != *warning* ]]
	run cman console web
	assert_equal "$status" 125
	assert_output_has "terminal is lost" "cman restart web"
	run_ok cman restart web
	run_ok cman status web
	[[ $output != *lost* ]]
	run_ok cman down web
	assert_unchanged
}

@test "the init of a whole system gives the console to its shells, with job control" {
	make_rootfs web
	machine ln -sf /bin/busybox $T/rootfs/web/sbin/init 2>/dev/null ||
		{ machine mkdir -p $T/rootfs/web/sbin && machine ln -s /bin/busybox $T/rootfs/web/sbin/init; }
	echo 'console::respawn:/bin/sh' >"$(path $T/rootfs/web/etc/inittab)"
	container web <<<'rootfs = "@rootfs@"; tty = true; environment = [ "PS1=prompt> " ];'
	run_ok cman up web
	run_ok on_terminal see 'prompt> ' type 'sh -c "echo r$((0))uns; exec sleep 1000"\r' see r0uns type '\x03' \
		see 'prompt> ' type 'echo o$((0))k >/dev/tty; exit\r' see o0k see 'prompt> ' type "$DETACH" see detached -- console web
	[[ $output != *"job control"* ]]
	run_ok cman down web
	refute machine pgrep cman-keeper
	assert_unchanged
}

@test "a start that fails leaves no keeper" {
	talker web 'exit 0' <<<'working_dir = "/no/such";'
	run_fails cman up web
	refute machine pgrep cman-keeper
	assert_unchanged
}
