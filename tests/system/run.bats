#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# run: a container without a file, in the foreground, gone at its end.
load terminal

ROOT=$T/rootfs/image
# Where the snapshot does not look.
NOTES=$T/conf.d/notes

prepare() {
	make_rootfs image
	machine mkdir -p $NOTES
}

# One in the background that runs until /end is there: its name is $1, the rest are options.
linger() {
	local name=$1

	shift
	chmod 777 "$(path $ROOT)"
	machine sh -c 'dir=$1 name=$2; shift 2
		sh -c "echo \$\$ >\"$dir/$name.pid\"; exec \"\$@\"" - "$@" >"$dir/$name.out" 2>"$dir/$name.err" </dev/null
		echo $? >"$dir/.$name.status"; mv "$dir/.$name.status" "$dir/$name.status"' - "$NOTES" "$name" \
		timeout -s KILL 100 "$CMAN" -c "$CONF" run --name "$name" "$@" $ROOT -- sh -c \
		"trap 'echo got TERM; exit 7' TERM; trap 'echo got USR1' USR1; echo started; until [ -e /end-$name ]; do sleep 0.1; done; exit 5" 3>&- &
	wait_until 20 grep -qs started "$(path "$NOTES/$name.out")" || { cat "$(path "$NOTES/$name.err")"; return 1; }
}
ended_with() { # NAME STATUS
	wait_until 30 test -e "$(path "$NOTES/$1.status")" || return 1
	assert_equal "$(<"$(path "$NOTES/$1.status")")" "$2"
}
is_state() { [ "$(cman status --json "$1" | jq -r .state)" = "$2" ]; }

@test "it prints what its command prints, to either stream, and ends as that does; nothing is left" {
	run_ok cman run $ROOT -- echo a word
	assert_equal "$output" "a word"
	run cman run $ROOT sh -c 'echo out; echo err >&2; exit 42'
	assert_equal "$status" 42
	assert_equal "$(cman run $ROOT sh -c 'echo out; echo err >&2' 2>/dev/null)" out
	assert_equal "$(cman run $ROOT sh -c 'echo out; echo err >&2' 2>&1 >/dev/null)" err
	run cman run $ROOT -- sh -c 'kill -KILL $$; exit 3'
	assert_equal "$status" 3
	run cman run -s init=true $ROOT -- sh -c 'kill -KILL $$'
	assert_equal "$status" 137
	run -125 cman run $ROOT -- /no/such/program
	assert_output_has "/no/such/program" "there is no such program in the root filesystem"
	assert_equal "$(machine ls -A $T/log)" ""
	refute machine test -e $T/data/history
	assert_unchanged
}

@test "what a file can say arguments can, and mistakes are shown in them" {
	export FROM_HERE=there
	run_ok cman run --name given -e COLOUR=blue -e FROM_HERE -w /tmp -u 1000:1001 -s hostname=other \
		-s limits.pids=33 -s limits.memory=64M -s rootfs.mode=overlay -s rootfs.upper=/run/test/conf.d/notes/upper \
		$ROOT -- sh -c 'echo $COLOUR $FROM_HERE; pwd; id -u; id -g; hostname'
	assert_equal "$output" "blue there
/tmp
1000
1001
other"
	run -125 cman run -s limits.memory=64X -s limts.pids=3 -s net.ip=10.83.0.300 $ROOT -- true
	assert_output_has "argument:1:" "limits : { memory = \"64X\"; };" "argument:2:" 'did you mean "limits"?' "argument:3:"
	run -125 cman run /no/such/rootfs -- true
	assert_output_has "/no/such/rootfs" "No such file or directory"
	run -2 cman run -s nothing $ROOT -- true
	assert_output_has '"nothing" is not KEY=VALUE'
	run -2 cman run -e NOT_SET_ANYWHERE $ROOT -- true
	assert_output_has "NOT_SET_ANYWHERE is not set here"
	run -2 cman run $ROOT
	run -125 cman run --name No_Name $ROOT -- true
	assert_output_has "cannot be the name of a container"
}

@test "while it runs it is a container as any other, marked transient, and nobody's stray" {
	server web </dev/null
	run_ok cman up web
	linger job -p 8088:80
	is_state job running
	run_ok cman ps
	assert_match "$output" "job .*transient"
	[[ $output != *no-file* ]]
	run_ok cman exec job -- busybox hostname
	assert_equal "$output" job
	http_get job http://web/ | grep -q "page of web"
	run_ok cman plan
	[[ $output != *job* ]]
	run_ok cman apply --prune
	[[ $output != *job* ]]
	run_ok cman apply job
	run_ok cman check
	[[ $output != *job* ]]
	run_ok cman restart web
	is_state job running
	logged job started
	# Its address and port are its own.
	run -125 cman run -p 8088:80 $ROOT -- true
	assert_output_has "port 8088/tcp of the host is published by container job too (which has no file"
	run_ok cman run $ROOT -- sh -c 'ip -4 -o addr show eth0 | grep -o "inet [0-9.]*"'
	[ "$output" != "inet $(ip_of job)" ]
	within job touch /end-job
	ended_with job 5
	run_ok cman events
	assert_output_has "job"
	refute machine test -e $T/log/job.log
	machine test -e $T/log/web.log
	run_ok cman ps
	[[ $output != *job* ]]
}

@test "signals: TERM stops it, others are its own" {
	linger job
	machine pkill -USR1 -f "^$CMAN -c $CONF run"
	wait_until 10 grep -q "got USR1" "$(path $NOTES/job.out)"
	machine pkill -TERM -f "^$CMAN -c $CONF run"
	ended_with job 7
	grep -q "got TERM" "$(path $NOTES/job.out)"
	run cman status job
	assert_equal "$status" 4
}

@test "a name that is taken is an error, by a file, by what runs, by what was left" {
	sleeper web </dev/null
	run -125 cman run --name web $ROOT -- true
	assert_output_has "web, whose file is" "web.conf: File exists" "cman up web starts that"
	linger job
	run -125 cman run --name job $ROOT -- true
	assert_output_has "job: File exists" "cman down job"
	is_state job running
	run_ok cman down job
	ended_with job 0
	run_ok cman run --name job $ROOT -- true
}

@test "one whose run was killed goes on, and down takes it away" {
	linger job
	machine pkill -KILL -f "^$CMAN -c $CONF run"
	ended_with job 137
	is_state job running
	run_ok cman apply --prune
	is_state job running
	within job touch /end-job
	wait_until 20 is_state job exited
	run -125 cman run --name job $ROOT -- true
	run_ok cman down job
	run_fails cman status job
	run_ok cman run --name job $ROOT -- true
}

@test "two at a time have names and addresses of their own" {
	linger one
	linger two
	[ "$(ip_of one)" != "$(ip_of two)" ]
	within one touch /end-one /end-two
	ended_with one 5
	ended_with two 5
}

@test "on a terminal it has a terminal, of the same size, and ends with it" {
	run on_terminal see attached see '# ' type 'echo a$((1+1))b; stty size\r' see a2b see '24 80' \
		type 'exit 7\r' see 'has ended, exit status 7' -- run --name job $ROOT -- sh -i
	assert_equal "$status" 7
	assert_output_has "terminal: same"
	assert_equal "$(machine ls -A $T/log)" ""
	# Over before anybody could be attached, or not.
	run on_terminal see a2b end -- run $ROOT -- sh -c 'echo a$((1+1))b; exit 5'
	assert_equal "$status" 5
	run_ok on_terminal see 'not a tty' end -- run -T $ROOT -- sh -c 'tty; true'
	run on_terminal see attached see '# ' type 'echo a$((1+1))b\r' see a2b kill TERM end -- run --name job $ROOT -- sh -i
	assert_equal "$status" 143
	run_fails cman status job
	assert_unchanged
}
