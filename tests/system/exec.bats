#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# exec: a program inside a running container, with or without a terminal.
load lib

prepare() {
	sleeper web <<<'environment = [ "COLOUR=blue" ];'
}

@test "exit codes are those of the program" {
	run_ok cman up web
	run_ok cman exec web -- true
	for code in 1 3 42; do
		run cman exec web -- sh -c "exit $code"
		assert_equal "$status" $code
	done
	run cman exec web -- sh -c 'kill -TERM $$'
	assert_equal "$status" $((128 + 15))
	run -127 cman exec web -- /no/such/program
	run cman exec web -- /etc/passwd
	assert_equal "$status" 126
}

@test "the -- is not needed, and options of the program are the program's" {
	run_ok cman up web
	run_ok cman exec web echo -n -- --help
	assert_equal "$output" "-- --help"
}

@test "standard input, output and error are passed through, byte by byte" {
	run_ok cman up web
	head -c 300000 /dev/urandom >"$BATS_TEST_TMPDIR/bytes"
	cman exec web -- cat <"$BATS_TEST_TMPDIR/bytes" >"$BATS_TEST_TMPDIR/back"
	cmp "$BATS_TEST_TMPDIR/bytes" "$BATS_TEST_TMPDIR/back"
	assert_equal "$(cman exec web -- sh -c 'echo out; echo err >&2' 2>/dev/null)" out
	assert_equal "$(cman exec web -- sh -c 'echo out; echo err >&2' 2>&1 >/dev/null)" err
}

@test "it stands in the container's namespaces, cgroup, environment and directory" {
	run_ok cman up web
	run_ok cman exec web -- sh -c 'hostname; echo $COLOUR; pwd; readlink /proc/self/ns/net'
	assert_equal "$output" "web
blue
/
$(machine readlink "/proc/$(pid_of web)/ns/net")"
	machine timeout 20 "$CMAN" -c $CONF exec web -- sleep 77 3>&- &
	wait_until 5 machine pgrep -f "^sleep 77"
	for file in /sys/fs/cgroup/pids/"$CGROUP"/web/cgroup.procs /sys/fs/cgroup/"$CGROUP"/web/cgroup.procs; do
		[ ! -e "$file" ] || [ "$(wc -l <"$file")" -ge 3 ]
	done
	machine pkill -f "^sleep 77"
	wait
}

@test "no descriptor of cman comes along" {
	run_ok cman up web
	run_ok cman exec web -- sh -c 'ls /proc/self/fd | wc -l'
	assert_equal "$output" 4
}

@test "a signal to cman exec reaches the program" {
	run_ok cman up web
	machine timeout 20 "$CMAN" -c $CONF exec web -- sh -c \
		'trap "echo caught; exit 9" TERM; echo ready; while :; do sleep 0.1; done' \
		>"$BATS_TEST_TMPDIR/out" 3>&- &
	wait_until 10 grep -q ready "$BATS_TEST_TMPDIR/out"
	machine pkill -TERM -f "^$CMAN -c $CONF exec"
	wait_until 10 grep -q caught "$BATS_TEST_TMPDIR/out"
	wait
}

# script(1) is the terminal; what it runs is written to a file to have one level of quotes.
on_terminal() { # COMMANDS with $EXEC for "cman exec web --"
	printf 'EXEC="%s -c %s exec web --"\n%s\n' "$CMAN" "$CONF" "$1" >"$(path /run/tty.sh)"
	machine timeout 20 script -qec "sh /run/tty.sh" /dev/null </dev/null
	machine rm /run/tty.sh
}

@test "with a terminal there is a terminal inside, of the same size" {
	run_ok cman up web
	run_ok on_terminal 'stty rows 31 cols 97; $EXEC sh -c "test -t 0 && test -t 1 && stty size && tty"'
	assert_output_has "31 97" /dev/pts/
}

@test "without a terminal there is none inside" {
	run_ok cman up web
	run_ok cman exec web -- sh -c 'test -t 0 || test -t 1 || echo none'
	assert_equal "$output" none
}

@test "a change of the terminal's size is passed on" {
	run_ok cman up web
	run_ok on_terminal 'stty rows 20 cols 50
		(sleep 1; stty rows 44 cols 111 <$(tty 0<&2)) 2>&2 &
		$EXEC sh -c "trap \"stty size; exit\" WINCH; for i in 1 2 3 4 5 6 7 8 9; do sleep 0.3; done"'
	assert_output_has "44 111"
}

@test "the terminal is as before afterwards, and the exit code comes through it" {
	run_ok cman up web
	run_ok on_terminal 'before=$(stty -g); $EXEC sh -c "exit 5"; code=$?
		[ "$(stty -g)" = "$before" ] && echo same $code'
	assert_output_has "same 5"
}

@test "it has no more rights than the payload" {
	run_ok cman up web
	run_ok cman exec web -- grep -e Cap -e NoNew /proc/self/status
	inside=$output
	run_ok cman exec web -- grep -e Cap -e NoNew /proc/1/status
	assert_equal "$inside" "$output"
}

@test "a container that does not run: an error with the way out" {
	run cman exec web -- true
	assert_equal "$status" 125
	assert_output_has web "cman up"
}

@test "a program that goes on after its cman exec has gone does not outlive the container" {
	run_ok cman up web
	run_ok cman exec web -- sh -c 'setsid sleep 1000 >/dev/null 2>&1 </dev/null &'
	run_ok cman down web
	assert_unchanged
}

@test "as another user: its home and groups, in another directory, with other variables" {
	machine sh -c "echo 'www:x:33:33::/srv/www:/bin/sh' >>$T/rootfs/web/etc/passwd
		echo 'www:x:33:' >>$T/rootfs/web/etc/group; echo 'log:x:4:www' >>$T/rootfs/web/etc/group"
	run_ok cman up web
	run_ok cman exec -u www -w /etc web -- sh -c 'id -u; id -g; id -G; pwd; echo $HOME $COLOUR'
	assert_equal "$output" "33
33
33 4
/etc
/srv/www blue"
	run_ok cman exec --user=5:6 web -- sh -c 'id -u; id -G; echo $HOME'
	assert_equal "$output" "5
6
/"
	run_ok machine env GIVEN=here timeout 20 "$CMAN" -c $CONF exec -e COLOUR=red -e A= -e GIVEN web -- \
		sh -c 'echo "$COLOUR [$A] $GIVEN"; env | grep -c COLOUR'
	assert_equal "$output" "red [] here
1"
	# No option weakens what holds of the container.
	run_ok cman exec -u root web -- grep -e CapBnd -e NoNewPrivs /proc/self/status
	assert_equal "$output" "$(cman exec web -- grep -e CapBnd -e NoNewPrivs /proc/1/status)"
}

@test "exec options that cannot be: an error before anything runs" {
	run_ok cman up web
	run -125 cman exec -u nobody-there web -- true
	assert_output_has nobody-there
	run -125 cman exec -w /no/such web -- true
	assert_output_has working_dir /no/such
	run -2 cman exec -w relative web -- true
	assert_output_has "not an absolute path"
	run -2 cman exec -e =x web -- true
	run -2 cman exec -e NOT_SET_ANYWHERE web -- true
	assert_output_has "NOT_SET_ANYWHERE is not set here"
	run -2 cman exec --usr www web -- true
	assert_output_has "--user"
}

@test "shell is that of the user, else one that is there" {
	run_ok cman up web
	assert_equal "$(echo 'readlink /proc/$$/exe; echo $0' | cman shell web | xargs)" "/bin/busybox /bin/sh"
	machine sh -c "ln -s busybox $T/rootfs/web/bin/ash; sed -i '/^root:/d' $T/rootfs/web/etc/passwd
		echo 'root:x:0:0::/root:/bin/ash' >>$T/rootfs/web/etc/passwd
		echo 'daemon:x:1:1::/:/usr/sbin/nologin' >>$T/rootfs/web/etc/passwd"
	assert_equal "$(echo 'echo $0; exit 7' | cman shell web)" /bin/ash
	run -7 cman shell web <<<"exit 7"
	assert_equal "$(echo 'echo $0; id -u' | cman shell -u daemon web | xargs)" "/bin/sh 1"
	# What the rootfs leads to counts as seen from inside.
	machine sh -c "sed -i '/^root:/d' $T/rootfs/web/etc/passwd; ln -s /proc/1/root/bin/sh $T/rootfs/web/bin/out
		echo 'root:x:0:0::/root:/bin/none' >>$T/rootfs/web/etc/passwd; mv $T/rootfs/web/bin/sh $T/rootfs/web/bin/hidden"
	run -125 cman shell web
	assert_output_has "web has no shell" "cman exec web"
	machine mv $T/rootfs/web/bin/hidden $T/rootfs/web/bin/sh
	run -125 cman shell nothere
}

@test "without a terminal where we have one, if that is asked for" {
	run_ok cman up web
	run_ok on_terminal '${EXEC% web --} -T web -- sh -c "test -t 0 && tty; echo over"'
	# Ours is none of the container's.
	assert_output_has "not a tty" over
}
