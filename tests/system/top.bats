#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# top: a table that follows what runs, on a terminal that is as before once it has ended.
load lib

# terminal SCRIPT: runs it on a terminal of 24 by 80, in the background. What is typed goes to
# fd 7, all that is shown is in $SHOWN; "cman top" in it leaves its pid in $T/rootfs/top.pid.
terminal() {
	SHOWN=$BATS_TEST_TMPDIR/shown
	mkfifo "$BATS_TEST_TMPDIR/keys"
	{
		echo "stty rows 24 cols 80; tty >$T/rootfs/tty; stty -g >$T/rootfs/before"
		echo "top() { sh -c 'echo \$\$ >$T/rootfs/top.pid; exec $CMAN -c $CONF top \"\$@\"' top \"\$@\"; }"
		echo "$1"
		echo "stty -g >$T/rootfs/after; echo over >$T/rootfs/over"
	} >"$(path "$T/rootfs/session.sh")"
	rm -f "$(path "$T/rootfs/over")"
	machine env TERM=xterm timeout -k 5 60 script -qec "bash $T/rootfs/session.sh" /dev/null \
		<"$BATS_TEST_TMPDIR/keys" >"$SHOWN" 2>&1 3>&- &
	TERMINAL=$!
	exec 7>"$BATS_TEST_TMPDIR/keys"
}

type_keys() { printf '%b' "$1" >&7; }

is_over() { [ -e "$(path "$T/rootfs/over")" ]; }

# It has ended, and the terminal is as it was before.
assert_restored() {
	wait_until 20 is_over || { tail -c 2000 "$SHOWN" | cat -v; return 1; }
	exec 7>&-
	wait "$TERMINAL" || true
	assert_equal "$(cat "$(path "$T/rootfs/after")")" "$(cat "$(path "$T/rootfs/before")")"
	assert_equal "$(grep -ao $'\033\[?1049[hl]' "$SHOWN" | tail -n 1)" $'\033[?1049l'
	assert_equal "$(grep -ao $'\033\[?25[hl]' "$SHOWN" | tail -n 1)" $'\033[?25h'
}

# The last frame that is whole, without its sequences: it ends with the keys.
frame() {
	tr -d '\r' <"$SHOWN" | sed -E $'s/\033\\[H/\f/g; s/\033\\[[0-9;?]*[A-Za-z]//g' |
		awk 'BEGIN { RS = "\f" } /q quit/ { last = $0 } END { print last }'
}

# NAME...: the first column of the rows, in this order.
shows() { assert_equal "$(frame | sed -n '3,$p' | awk 'NF > 5 && !/^q quit/ { print $1 }' | xargs)" "$*" >/dev/null; }
has() { [[ $(frame) == *"$1"* ]]; }

top_pid() { cat "$(path "$T/rootfs/top.pid")"; }

# busy uses more cpu than the others, large more memory, many more tasks.
three() {
	container busy <<-'EOF'
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "while :; do :; done" ];
	limits : { cpus = 0.1; };
	stop_signal = "SIGKILL";
	EOF
	container large <<-'EOF'
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "x=$(head -c 9000000 /dev/zero | tr '\\0' x); sleep 1000 & wait" ];
	limits : { memory = "64M"; };
	stop_signal = "SIGKILL";
	EOF
	container many <<-'EOF'
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "for i in 1 2 3 4 5 6; do sleep 1000 & done; wait" ];
	stop_signal = "SIGKILL";
	EOF
	run_ok cman up busy large many
}

@test "without a terminal: an error that names stats" {
	run_fails cman top
	assert_output_has "no terminal" "cman stats"
	run -2 cman top -d 0
	assert_output_has "--delay"
	run -2 cman top -d soon
	assert_output_has "--delay"
}

@test "keys sort, what is named is shown, q ends" {
	three
	terminal "top -d 0.3"
	type_keys p
	wait_until 20 shows_first many
	type_keys N
	wait_until 20 shows busy large many
	type_keys r
	wait_until 20 shows many large busy
	type_keys 'rc'
	wait_until 20 shows_first busy
	has "3 running" && has "NAME" && has "CPU%"
	type_keys q
	assert_restored
	terminal_again "top many busy"
	type_keys N
	wait_until 20 shows busy many
	type_keys q
	assert_restored
}
shows_first() { [ "$(frame | sed -n 3p | awk '{ print $1 }')" = "$1" ]; }
terminal_again() {
	rm -f "$BATS_TEST_TMPDIR/keys"
	terminal "$1"
}

@test "containers come and go while it runs" {
	sleeper one </dev/null
	sleeper two </dev/null
	terminal "top -d 0.3"
	wait_until 20 has "nothing runs"
	type_keys N
	run_ok cman up two
	wait_until 20 shows two
	run_ok cman up one
	wait_until 20 shows one two
	run_ok cman pause one
	wait_until 20 has "one (paused)"
	has "1 running, 1 paused"
	run_ok cman restart two
	wait_until 20 shows one two
	run_ok cman down one two
	wait_until 20 has "nothing runs"
	type_keys q
	assert_restored
}

@test "the table follows the size of the window, and scrolls where there are more" {
	for i in 1 2 3 4 5 6 7; do sleeper "c$i" </dev/null; done
	run_ok cman up --all
	terminal "top -d 0.3"
	type_keys N
	wait_until 20 shows c1 c2 c3 c4 c5 c6 c7
	refute has UPTIME
	machine stty -F "$(cat "$(path "$T/rootfs/tty")")" rows 30 cols 200
	wait_until 20 has UPTIME
	machine stty -F "$(cat "$(path "$T/rootfs/tty")")" rows 7 cols 90
	wait_until 20 shows c1 c2 c3
	has "1-3 of 7"
	type_keys '\033[B'
	wait_until 20 shows c2 c3 c4
	type_keys '\033[6~'
	wait_until 20 shows c5 c6 c7
	type_keys '\033[5~\033[A'
	wait_until 20 shows c1 c2 c3
	type_keys '\033[F'
	wait_until 20 has "5-7 of 7"
	type_keys '\033OH'
	wait_until 20 has "1-3 of 7"
	type_keys q
	assert_restored
}

@test "the terminal is put back by whatever ends it" {
	sleeper web </dev/null
	run_ok cman up web
	for signal in INT TERM HUP QUIT ABRT; do
		rm -f "$BATS_TEST_TMPDIR/keys" "$(path "$T/rootfs/top.pid")"
		terminal "top -d 0.3"
		wait_until 20 shows web
		machine kill "-$signal" "$(top_pid)"
		assert_restored
	done
	# as typed
	rm -f "$BATS_TEST_TMPDIR/keys"
	terminal "trap : INT; top"
	wait_until 20 shows web
	type_keys '\003'
	assert_restored
}

@test "stopped and gone on with: the terminal is the shell's in between" {
	sleeper web </dev/null
	run_ok cman up web
	terminal "set -m; top -d 0.3; stty -g >$T/rootfs/stopped; fg >/dev/null"
	wait_until 20 shows web
	type_keys '\032'
	wait_until 20 test -s "$(path "$T/rootfs/stopped")"
	assert_equal "$(cat "$(path "$T/rootfs/stopped")")" "$(cat "$(path "$T/rootfs/before")")"
	run_ok cman pause web
	wait_until 20 has "web (paused)"
	type_keys q
	assert_restored
}

@test "colours only where they are wanted" {
	three
	terminal "NO_COLOR= top -d 0.3 busy"
	wait_until 20 shows_first busy
	wait_until 30 grep -qa $'\033\[1;3[13]m' "$SHOWN"
	type_keys q
	assert_restored
	rm -f "$BATS_TEST_TMPDIR/keys"
	terminal "NO_COLOR=1 top -d 0.3 busy"
	wait_until 20 shows_first busy
	wait_until 30 near_the_limit
	refute grep -qa $'\033\[1;3[13]m' "$SHOWN"
	type_keys q
	assert_restored
}
near_the_limit() { grep -qa $'\033\[1m[0-9]' "$SHOWN"; }
