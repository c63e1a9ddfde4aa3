#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What becomes of a container's output: streams, times, sizes, and how it is read.
load lib

# printer NAME COMMANDS [SETTINGS]: a payload that runs COMMANDS once there is a file /go.
printer() {
	container "$1" <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "echo ready; until [ -e /go ]; do sleep 0.05; done; $2" ];
	stop_signal = "SIGKILL";
	$3
	EOF
}
go() { machine touch "$T/rootfs/$1/go"; }
ended() { ! cman status "$1" >/dev/null 2>&1; }
runs_to_its_end() { # NAME
	run_ok cman up "$1"
	go "$1"
	wait_until 60 ended "$1"
}
size_of() { machine stat -c %s "$T/log/$1"; }

@test "lines keep their stream, their time and their order, and parts of lines are joined" {
	printer web "echo one; echo bad >&2; printf a; sleep 0.3; printf 'b\\\\n'; printf end"
	runs_to_its_end web
	run --separate-stderr cman logs web
	assert_equal "$output" $'ready\none\nab\nend'
	# shellcheck disable=SC2154 # set by run
	assert_equal "$stderr" bad
	time='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z'
	run --separate-stderr cman logs -t web
	assert_equal "$(sed -E "s/^$time //" <<<"$output")" $'ready\none\nab\nend'
	[[ $stderr =~ ^$time\ bad$ ]]
	# As they stand in the file.
	assert_equal "$(machine grep -cE "^$time [oe][ +]" "$T/log/web.log")" 6
}

@test "the last lines: one that was written in parts is one" {
	printer web "echo one; printf a; sleep 0.3; printf 'b\\\\n'; printf c; sleep 0.3; printf d"
	runs_to_its_end web
	assert_equal "$(cman logs -n 0 web)" ""
	assert_equal "$(cman logs -n 1 web)" cd
	assert_equal "$(cman logs -n 2 web)" $'ab\ncd'
	assert_equal "$(cman logs -n 3 web)" $'one\nab\ncd'
	assert_equal "$(cman logs -n 9 web)" $'ready\none\nab\ncd'
}

@test "the last lines: none begins in the middle, whatever the other stream says in between" {
	machine mkdir -p "$T/log"
	moment() { echo "2026-11-22T18:30:05.00000$1Z"; }
	printer web "echo never"
	# Older and newer, with the first half of a line in the older one.
	printf '%s\n' "$(moment 1) o first" "$(moment 2) e early" "$(moment 3) o+left " |
		machine tee "$T/log/web.log.1" >/dev/null
	printf '%s\n' "$(moment 4) e between" "$(moment 5) e+half " "$(moment 6) o right" \
		"$(moment 7) e whole" | machine tee "$T/log/web.log" >/dev/null
	last() { cman logs -n "$1" web 2>/dev/null; }
	last_errors() { { cman logs -n "$1" web >/dev/null; } 2>&1; }
	assert_equal "$(last 1)" ""
	assert_equal "$(last_errors 1)" "half whole"
	assert_equal "$(last 2)" "left right"
	assert_equal "$(last_errors 2)" "half whole"
	assert_equal "$(last 3)" "left right"
	assert_equal "$(last_errors 3)" $'between\nhalf whole'
	assert_equal "$(last_errors 4)" $'early\nbetween\nhalf whole'
	assert_equal "$(last 4)" "left right"
	assert_equal "$(last 5)" $'first\nleft right'
	# A line has the time of its beginning.
	assert_equal "$(cman logs --since 2026-11-22T18:30:05.000006Z web 2>&1)" ""
	assert_equal "$(cman logs --since 2026-11-22T18:30:05.000004Z web 2>&1)" $'between\nhalf whole'
	assert_equal "$(cman logs --since 2026-11-22T18:30:05.000003Z web 2>/dev/null)" "left right"
}

@test "the log begins where it is asked to" {
	printer web "echo one"
	runs_to_its_end web
	assert_equal "$(cman logs --since 1h web)" $'ready\none'
	assert_equal "$(cman logs --since 2999-01-01 web)" ""
	second=$(cman logs -t web | sed -n '2s/ .*//p')
	assert_equal "$(cman logs --since "$second" web)" one
	assert_equal "$(cman logs --since 1h30m -n 1 web)" one
	run_fails cman logs --since yesterdays web
	assert_output_has --since yesterdays
}

@test "a log that an older cman has begun is printed as it is, and goes on" {
	machine mkdir -p "$T/log"
	printf 'old\nunfinished' | machine tee "$T/log/web.log" >/dev/null
	printer web "echo new"
	runs_to_its_end web
	run_ok cman logs web
	assert_equal "$output" $'old\nunfinished\nready\nnew'
	run_ok cman logs -n 3 web
	assert_equal "$output" $'unfinished\nready\nnew'
}

@test "a log never grows beyond its size, and nothing is missing of what is kept" {
	printer web "seq 1 40000" 'log : { max_size = "64K"; max_files = 3; };'
	runs_to_its_end web
	for file in web.log web.log.1 web.log.2; do
		[ "$(size_of $file)" -le 65536 ]
	done
	machine test ! -e "$T/log/web.log.3"
	cman logs web >"$BATS_TEST_TMPDIR/kept"
	# The first may be the second half of its line.
	first=$(sed -n 2p "$BATS_TEST_TMPDIR/kept")
	assert_equal "$(tail -n 1 "$BATS_TEST_TMPDIR/kept")" 40000
	sed 1d "$BATS_TEST_TMPDIR/kept" | cmp - <(seq "$first" 40000)
	# 64 KiB hold 1800 of these lines; far fewer would mean that files were left half empty.
	[ "$first" -lt 36500 ]
	[ "$first" -gt 30000 ]
	# Backwards across files.
	assert_equal "$(cman logs -n 3000 web)" "$(seq 37001 40000)"
}

@test "below its size a log is whole, and whoever follows sees all of it across its files" {
	printer web "seq 1 30000; seq 30001 30100 >&2" 'log : { max_size = "64K"; max_files = 100; };'
	run_ok cman up web
	cman logs -f web >"$BATS_TEST_TMPDIR/followed" 2>"$BATS_TEST_TMPDIR/errors" 3>&- &
	follower=$!
	wait_until 20 grep -q ready "$BATS_TEST_TMPDIR/followed"
	go web
	wait_until 60 ended web
	wait "$follower"
	machine test -e "$T/log/web.log.9"
	(echo ready; seq 1 30000) | cmp - "$BATS_TEST_TMPDIR/followed"
	seq 30001 30100 | cmp - "$BATS_TEST_TMPDIR/errors"
	cman logs web 2>/dev/null | cmp - "$BATS_TEST_TMPDIR/followed"
}

@test "a payload that writes as fast as it can fills no disk and is not held up for ever" {
	printer web "timeout 3 yes 'a line that is as long as many others are, as it happens'; printf '\\\\nover\\\\n'; exec sleep 1000" \
		'log : { max_size = "1M"; max_files = 2; };'
	run_ok cman up web
	go web
	wait_until 60 logged web -x over
	[ "$(size_of web.log)" -le 1048576 ]
	[ "$(size_of web.log.1)" -le 1048576 ]
	machine test ! -e "$T/log/web.log.2"
	run_ok cman down web
}

@test "a disk that is full costs lines, which are counted, and nothing else" {
	machine mkdir -p "$T/log"
	machine mount -t tmpfs -o size=128k tmpfs "$T/log"
	printer web "seq 1 20000; until [ -e /room ]; do sleep 0.05; done; echo after; exec sleep 1000"
	run_ok cman up web
	go web
	full() { [ "$(size_of web.log)" -ge 126976 ]; }
	wait_until 30 full
	wait_until 30 pipe_is_empty web
	machine sh -c ": >$T/log/web.log; touch $T/rootfs/web/room"
	wait_until 30 logged web -x after
	run_ok cman logs web
	assert_match "$output" "the log file could not be written, bytes of output lost: [0-9]+"
	run_ok cman down web
	machine umount "$T/log"
}

# Its shell has gone on to wait for the next file.
pipe_is_empty() { machine pgrep -f 'until \[ -e /room' >/dev/null && ! machine pgrep -x seq >/dev/null; }

@test "what is kept can be changed while it runs" {
	every="i=0; while :; do i=\$((i+1)); echo line \$i; sleep 0.01; done"
	printer web "$every" 'log : { driver = "none"; };'
	run_ok cman up web
	pid=$(pid_of web)
	go web
	printer web "$every" 'log : { driver = "file"; };'
	run_ok cman apply web
	assert_output_has log.driver
	wait_until 30 logged web "^line [0-9]"
	printer web "$every" 'log : { driver = "none"; };'
	run_ok cman apply web
	# The supervisor has it once the log stands still.
	stands_still() { local before; before=$(size_of web.log); sleep 1; [ "$(size_of web.log)" = "$before" ]; }
	wait_until 30 stands_still
	assert_equal "$(pid_of web)" "$pid"
}

@test "syslog gets lines under the name of the container, none gets nothing" {
	# A /dev of the machine's own, with a daemon that listens there.
	machine mkdir -p "$T/dev"
	machine mount -t tmpfs tmpfs "$T/dev"
	machine mkdir "$T/dev/upper" "$T/dev/work"
	machine mount -t overlay -o "lowerdir=/dev,upperdir=$T/dev/upper,workdir=$T/dev/work" overlay /dev
	machine busybox syslogd -O "$T/dev/messages" 3>&-
	wait_until 10 machine test -S /dev/log
	printer web "echo hello; echo bad >&2; printf '\\\\n'" 'log : { driver = "syslog"; };'
	runs_to_its_end web
	wait_until 10 machine grep -q 'daemon.err web\[[0-9]*\]: bad$' "$T/dev/messages"
	machine grep -q 'daemon.info web\[[0-9]*\]: hello$' "$T/dev/messages"
	assert_equal "$(size_of web.log)" 0
	run_ok cman logs web
	assert_output_has 'log.driver = "syslog"' "journalctl -t web"
	assert_equal "$(cman logs web 2>/dev/null)" ""
	printer mute "echo hello" 'log : { driver = "none"; };'
	runs_to_its_end mute
	assert_equal "$(size_of mute.log)" 0
	run_ok cman logs mute
	assert_output_has 'log.driver = "none"' "kept nowhere"
	run machine grep mute "$T/dev/messages"
	assert_equal "$status" 1
	machine sh -c 'kill $(cat /run/syslogd.pid)'
	refute_daemon() { ! machine pgrep -x busybox >/dev/null; }
	wait_until 10 refute_daemon
	machine sh -c "umount -l /dev; umount -l $T/dev; rmdir $T/dev; rm -f /run/syslogd.pid"
}
