#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# init = true: a process 1 of cman's own, with the command as its child.
load lib

PROBE=${PROBE:-$(dirname "$CMAN")/probe}

# below NAME COMMAND: the command (no double quotes in it) as a shell script under the built-in
# init. Standard input has more lines for its file.
below() {
	container "$1" <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "$2" ];
	init = true;
	$(cat)
	EOF
}

# An exit status of a container that has ended by itself.
assert_exit() { # NAME STATUS
	wait_until 10 has_exited "$1" || { cman status "$1"; return 1; }
	assert_equal "$(cman status --json "$1" | jq -r .exit_status)" "$2"
}
has_exited() { [ "$(cman status --json "$1" | jq -r .state)" = exited ]; }

# Field of the first process, as the host sees it.
of_init() { machine awk -v "field=$2:" '$1 == field{ print $2 }' "/proc/$(pid_of "$1")/status"; }

@test "the command is the child of a process 1 without rights, files and environment" {
	below web 'echo pid $$ parent $PPID; exec sleep 1000' </dev/null
	run_ok cman up web
	wait_until 10 logged web '^pid [0-9]* parent 1$'
	run_ok within web cat /proc/1/comm
	assert_equal "$output" cman-init
	pid=$(pid_of web)
	assert_equal "$(machine ls "/proc/$pid/fd")" ""
	assert_equal "$(machine cat "/proc/$pid/environ")" ""
	for set in CapInh CapBnd CapPrm CapEff; do
		value=0000000000000020 # CAP_KILL
		[ $set != CapInh ] || value=0000000000000000
		assert_equal "$set $(of_init web $set)" "$set $value"
	done
	assert_equal "$(of_init web CapAmb)" 0000000000000000
	assert_equal "$(of_init web NoNewPrivs)" 1
	assert_equal "$(of_init web Seccomp)" 2
	assert_equal "$(machine readlink "/proc/$pid/cwd")" /
	assert_equal "$(machine awk '/^Max core file size/{ print $6 }' "/proc/$pid/limits")" 0
	# 0 and 0: its own session, not one of the host.
	run_ok within web sh -c "cut -d' ' -f5,6 /proc/1/stat"
	assert_equal "$output" "1 1"
}

@test "its program is a sealed copy that nobody inside can open, and a few KiB" {
	below web 'exec sleep 1000' <<<'security : { cap_add = [ "ALL" ]; };'
	run_ok cman up web
	pid=$(pid_of web)
	run_ok machine readlink "/proc/$pid/exe"
	assert_match "$output" '^/memfd:cman-init'
	assert_equal "$(machine stat -L -c %a "/proc/$pid/exe")" 111
	for try in 'cat /proc/1/exe' 'true >>/proc/1/exe' 'cat /proc/1/maps' 'ls /proc/1/fd' \
		'chmod 777 /proc/1/exe' 'ls /proc/1/root'; do
		run_fails within web sh -c "$try"
	done
	# The host's root gets it open and yet cannot write.
	run_fails machine sh -c ": >>/proc/$pid/exe"
	run_ok machine awk '/^(Private|Shared)/{ kib += $2 } END{ print kib }' "/proc/$pid/smaps"
	[ "$output" -le 16 ] || { echo "$output KiB"; return 1; }
}

@test "without init nothing is different: the command is process 1" {
	below web 'exec sleep 1000' </dev/null
	machine sed -i '/^init/d' $T/conf.d/web.conf
	run_ok cman up web
	run_ok within web cat /proc/1/comm
	assert_equal "$output" sleep
}

@test "what is orphaned is reaped, by the thousand and by exec as well" {
	below web 'for i in 1 2 3 4 5 6 7 8 9 10; do for j in $(seq 100); do (true &); done; done; echo done; exec sleep 1000' </dev/null
	run_ok cman up web
	wait_until 60 logged web ^done
	run_ok within web sh -c '(sleep 0.1 >/dev/null 2>&1 &)'
	sleep 0.2
	none_left() { within web sh -c '! grep -l "^State:.Z" /proc/[0-9]*/status'; }
	wait_until 10 none_left || { within web ps; return 1; }
}

@test "a zombie of the command's own stays the command's" {
	below web 'sleep 0.1 & exec sleep 1000' </dev/null
	run_ok cman up web
	zombie() { within web sh -c 'grep -l "^State:.Z" /proc/[0-9]*/status' >/dev/null; }
	wait_until 10 zombie
}

@test "each signal that can be passed on is" {
	make_rootfs web
	machine cp "$(dirname "$CMAN")/probe_signals" $T/rootfs/web/bin/
	container web <<-'EOF'
	rootfs = "@rootfs@";
	command = [ "/bin/probe_signals" ];
	init = true;
	EOF
	run_ok cman up web
	wait_until 10 logged web ^ready
	for number in $(seq 64); do
		# KILL and STOP cannot be caught, CHLD is init's own.
		case $number in 9 | 17 | 19) continue ;; esac
		machine kill -s "$number" "$(pid_of web)"
		wait_until 10 logged web "^signal $number\$" || { echo "signal $number is lost"; return 1; }
	done
	# From inside, and by the command for it.
	run_ok within web kill -USR1 1
	twice() { [ "$(cman logs web | grep -c "^signal $1\$")" = "$2" ]; }
	wait_until 10 twice 10 2
	run_ok cman kill -s USR1 web
	wait_until 10 twice 10 3
	# Of many that come at once only real-time signals are counted, by the kernel.
	machine sh -c "for i in 1 2 3 4 5; do kill -s 40 $(pid_of web); done"
	wait_until 10 twice 40 6
}

@test "it ends as the command: status, or 128 and the signal" {
	below zero 'exit 0' </dev/null
	below seven 'exit 7' </dev/null
	below killed 'kill -KILL $$' </dev/null
	below segv 'kill -SEGV $$' </dev/null
	for name in zero seven killed segv; do run_ok cman up $name; done
	assert_exit zero 0
	assert_exit seven 7
	assert_exit killed 137
	assert_exit segv 139
}

@test "kill -9 -1 inside ends the command, not process 1 before it" {
	below web 'exec sleep 1000' </dev/null
	run_ok cman up web
	run within web sh -c 'kill -9 1; kill -9 -1; sleep 0.2'
	assert_exit web 137
}

@test "what the command leaves behind ends with it" {
	below web '(sleep 1000 &); sleep 0.3; exit 3' </dev/null
	run_ok cman up web
	pid=$(pid_of web)
	assert_exit web 3
	refute machine test -e "/proc/$pid"
	assert_equal "$(cat /sys/fs/cgroup{,/unified}/"$CGROUP"/web/cgroup.procs 2>/dev/null)" ""
}

@test "the command executes another program: it is still the one" {
	below web 'exec sh -c \"exec sleep 0.3\"' </dev/null
	run_ok cman up web
	assert_exit web 0
}

@test "down: the stop signal reaches the command, which has its time" {
	below web 'trap \"echo bye; sleep 0.5; exit 0\" USR1; echo up; while :; do sleep 0.1; done' <<-EOF
	stop_signal = "USR1"; stop_timeout = 20;
	EOF
	run_ok cman up web
	wait_until 10 logged web ^up
	run_ok cman down web
	assert_output_has ""
	logged web ^bye
}

@test "down: a command without a handler ends at once, one that ignores the signal is killed" {
	below plain 'exec sleep 1000' <<<'stop_timeout = 30;'
	below deaf 'trap : TERM; while :; do sleep 0.1; done' <<<'stop_timeout = "300ms";'
	run_ok cman up plain deaf
	start=$SECONDS
	run_ok cman down plain
	[ $((SECONDS - start)) -lt 15 ]
	run_ok cman down deaf
	assert_output_has "did not end within 300 ms"
}

# tini does so, and many others: what they wait for is then not shown as blocked.
@test "down: a process 1 that waits in sigtimedwait gets the stop signal" {
	make_rootfs web
	machine cp "$(dirname "$CMAN")/probe_signals" $T/rootfs/web/bin/
	container web <<<'rootfs = "@rootfs@"; command = "/bin/probe_signals"; stop_timeout = "300ms";'
	run_ok cman up web
	wait_until 10 logged web ^ready
	run_ok cman down web
	assert_output_has "did not end within 300 ms"
	logged web '^signal 15$'
}

@test "signals reach a command of another user, with CAP_KILL only where one may change" {
	for user in 1000 nobody; do
		below "u$user" 'trap \"echo bye; exit 0\" TERM; echo up; while :; do sleep 0.1; done' <<-EOF
		user = "$user"; stop_timeout = 20;
		EOF
		run_ok cman up "u$user"
		wait_until 10 logged "u$user" ^up
		assert_equal "$(of_init "u$user" CapEff)" 0000000000000000
		uid=$(machine awk '/^Uid:/{ print $2 }' "/proc/$(pid_of "u$user")/status")
		run_ok within "u$user" id -u
		base=$(machine awk '{ print $2 }' "/proc/$(pid_of "u$user")/uid_map")
		assert_equal "$uid" $((base + output))
		run_ok cman down "u$user"
		logged "u$user" ^bye
	done
	below may 'exec sleep 1000' <<<'user = "nobody"; security : { no_new_privs = false; };'
	run_ok cman up may
	assert_equal "$(of_init may CapEff)" 0000000000000020
	# Root that becomes another: the command's own user is not that of process 1.
	below su 'exec su -s /bin/sh nobody -c \"trap \\\"echo bye; exit 0\\\" TERM; echo up; while :; do sleep 0.1; done\"' \
		<<<'stop_timeout = 20;'
	run_ok cman up su
	wait_until 10 logged su ^up
	run_ok machine kill -TERM "$(pid_of su)"
	wait_until 10 logged su ^bye
}

@test "what is wrong with the command is told as without init" {
	for init in true false; do
		: >"$BATS_TEST_TMPDIR/$init"
		while read -r lines <&4; do
			container web <<<"rootfs = \"@rootfs@\"; init = $init; $lines"
			run_fails cman up web
			assert_output_has "web.conf:1"
			echo "$output" >>"$BATS_TEST_TMPDIR/$init"
		done 4<<-'EOF'
			command = [ "/bin/missing" ];
			command = [ "/etc" ];
			command = [ "nothing" ];
			command = [ "/bin/sh" ]; user = "whoever";
			command = [ "/bin/sh" ]; working_dir = "/nowhere";
		EOF
	done
	run_ok diff "$BATS_TEST_TMPDIR/true" "$BATS_TEST_TMPDIR/false"
	assert_unchanged
}

@test "limits.pids = 2 is enough for both" {
	below web 'echo here; exec sleep 1000' <<<'limits : { pids = 2; };'
	run_ok cman up web
	wait_until 10 logged web ^here
}

@test "the filter of process 1 is cman's own, whatever the command may call" {
	printf '%s\n' execve brk mmap munmap mprotect arch_prctl set_tid_address set_robust_list rseq \
		prlimit64 readlink readlinkat getrandom nanosleep clock_nanosleep exit_group getuid prctl \
		ioctl rt_sigaction uname futex newfstatat >"$(path $T/calls)"
	below list 'exec sleep 1000' <<<"security : { seccomp = \"$T/calls\"; };"
	machine sed -i 's|^command.*|command = [ "/bin/sleep", "1000" ];|' $T/conf.d/list.conf
	below open 'exec sleep 1000' <<<'security : { seccomp = "none"; };'
	run_ok cman up list open
	for name in list open; do assert_equal "$(of_init $name Seccomp)" 2; done
	run_ok within open awk '$1 == "Seccomp:"{ print $2 }' /proc/self/status
	assert_equal "$output" 0
	run_ok machine kill -TERM "$(pid_of list)"
	assert_exit list 143
	machine rm $T/calls
}

@test "every promise holds for a command below init" {
	make_rootfs box
	machine cp "$PROBE" $T/rootfs/box/bin/probe
	container box <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/probe", "--failed" ];
	init = true;
	EOF
	run_ok cman up box
	assert_exit box 0
	assert_equal "$(machine cat $T/log/box.log)" ""
}

@test "a file that holds no program of cman: told, and nothing is left" {
	below web 'exec sleep 1000' </dev/null
	machine sh -c "mkdir /run/half && cp '$CMAN' '${CMAN%/*}/cman-supervisor' /run/half"
	run_fails machine timeout -k 5 60 /run/half/cman -c $CONF up web
	assert_output_has cman-init "make install"
	machine rm -r /run/half
	assert_unchanged
}
