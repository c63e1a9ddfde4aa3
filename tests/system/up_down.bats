#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# up brings a container up from its file, down takes it away without a trace.
load lib

@test "up starts the payload as first process of its own world, down ends it" {
	sleeper web <<<'hostname = "www.example.org";'
	run_ok cman up web
	run_ok within web hostname
	assert_equal "$output" www.example.org
	run_ok within web cat /proc/1/comm
	assert_equal "$output" sh
	pid=$(pid_of web)
	run_ok machine cat "/proc/$pid/comm"
	assert_equal "$output" sh
	run_ok cman down web
	run_fails machine kill -0 "$pid"
}

@test "down leaves the host as it was before up, at once and not only in the end" {
	server web <<<'net : { ports = [ "8080:80" ]; }; limits : { pids = 20; memory = "32M"; };'
	for _ in 1 2 3; do
		run_ok cman up web
		assert_page machine "http://$HOST_IP:8080/" "page of web"
		run_ok cman down web
		assert_unchanged
	done
}

@test "up of what runs and down of what does not are success and change nothing" {
	sleeper web </dev/null
	run_ok cman down web
	run_ok cman up web
	pid=$(pid_of web)
	run_ok cman up web
	assert_equal "$(pid_of web)" "$pid"
	run_ok cman down web
	run_ok cman down web
}

@test "several names come up and go down in one command" {
	for name in a b c d; do sleeper $name </dev/null; done
	run_ok cman up a b c d
	for name in a b c d; do
		run_ok within $name hostname
		assert_equal "$output" $name
	done
	run_ok cman down b d
	run_ok cman status a
	run_fails cman status b
	run_ok cman down a c
}

@test "up --all and down --all are every container" {
	for name in one two three; do sleeper $name </dev/null; done
	run_ok cman up --all
	for name in one two three; do run_ok cman status $name; done
	run_ok cman down --all
	for name in one two three; do run_fails cman status $name; done
	assert_unchanged
}

@test "up --all where there is no container says so, and where files go" {
	for command in up restart; do
		run_ok cman $command --all
		assert_equal "$output" "there is no container: a container is a file NAME.conf in $T/conf.d"
	done
	sleeper web </dev/null
	run_ok cman up --all
	[[ $output != *"there is no container"* ]]
}

@test "restart starts the payload anew, as the file says now" {
	sleeper web <<<'hostname = "before";'
	run_ok cman up web
	pid=$(pid_of web)
	sleeper web <<<'hostname = "after";'
	run_ok within web hostname
	assert_equal "$output" before
	run_ok cman restart web
	[ "$(pid_of web)" != "$pid" ]
	run_ok within web hostname
	assert_equal "$output" after
}

@test "a container's file may change or go while it runs: down goes by what was done" {
	server web <<<'net : { ports = [ "8080:80" ]; };'
	run_ok cman up web
	rm "$(path $T/conf.d/web.conf)"
	run_ok cman down web
	assert_unchanged
}

@test "a payload that ends by itself takes everything with it and leaves its exit status" {
	container job <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "echo working; exit 7" ];
	net : { ports = [ "8080:80" ]; };
	EOF
	run_ok cman up job
	wait_until 10 machine grep -q working $T/log/job.log
	ended() { ! cman status job >/dev/null; }
	wait_until 10 ended
	run cman status job
	assert_equal "$status" 3
	assert_output_has 7
	for link in $(machine ip -o link | cut -d' ' -f2); do
		[[ $link == lo: || $link == $UPLINK* ]] || { echo "left: $link"; return 1; }
	done
	run_ok cman up job
}

@test "down sends the stop signal first" {
	container web <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "trap 'echo got usr1; exit 0' USR1; while :; do sleep 1000 & wait; done" ];
	stop_signal = "SIGUSR1";
	stop_timeout = 20;
	EOF
	run_ok cman up web
	run_ok machine timeout 10 "$CMAN" -c $CONF down web
	run_ok cman logs web
	assert_output_has "got usr1"
}

@test "a payload that does not listen is killed after stop_timeout" {
	container deaf <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "trap '' TERM; while :; do sleep 1000 & wait; done" ];
	stop_timeout = "300ms";
	EOF
	run_ok cman up deaf
	pid=$(pid_of deaf)
	run_ok machine timeout 10 "$CMAN" -c $CONF down deaf
	run_fails machine kill -0 "$pid"
}

@test "who is killed is told also where another one took longer to end" {
	on_term db 'sleep 2; exit 0' <<<'stop_timeout = "1m";'
	on_term web : <<<'stop_timeout = "1s";'
	run_ok cman up db web
	run_ok cman down db web
	assert_output_has "web: did not end within 1000 ms of its stop signal, killing it"
	[[ $output != *"db: did not end"* ]]
}

@test "on a terminal a line tells who is being stopped and when it is killed, elsewhere none does" {
	on_term db 'sleep 1.5; exit 0' <<<'stop_timeout = "1m";'
	on_term web : <<<'stop_timeout = "3s";'
	run_ok cman up db web
	run_ok machine timeout 60 script -qec "$CMAN -c $CONF restart web" /dev/null
	[[ $output != *"after 3s), 0 s"* ]]
	assert_output_has $'\r\e[Kstopping web (killed after 3s), 1 s\r' $', 2 s\r\e[Kcman: '
	on_term web true <<<'stop_timeout = "3s";'
	run_ok machine timeout 60 script -qec "$CMAN -c $CONF apply web" /dev/null
	assert_output_has $'\r\e[Kstopping web (killed after 3s), 1 s\r'
	run_ok machine timeout 60 script -qec "$CMAN -c $CONF down --all" /dev/null
	assert_output_has "stopping db (killed after 1m), web (after 3s), 1 s" \
		$'stopping web (killed after 3s), 2 s\r\e[Kcman: ' "did not end within 3000 ms"
	run_ok cman up web
	run_ok machine timeout 60 script -qec "stty cols 30; $CMAN -c $CONF down --shutdown" /dev/null
	assert_output_has $'\r\e[Kstopping web (killed ..., 1 s\r'
	run_ok cman up web
	run_ok cman down web
	[[ $output != *"stopping"* ]]
}

@test "children that the payload left behind are gone after down" {
	container forker <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "trap 'exit 0' TERM; for i in 1 2 3 4 5; do (trap '' TERM; exec setsid sleep 1000) & done; while :; do sleep 1 & wait; done" ];
	EOF
	run_ok cman up forker
	run_ok cman down forker
	assert_unchanged
}

@test "command, environment, working directory and user are those of the file" {
	container env <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "echo \$GREETING in \$PWD as \$(id -u):\$(id -g) \$container; exec sleep 1000" ];
	environment = [ "GREETING=two words" ];
	working_dir = "/www";
	user = "www-data";
	stop_signal = "SIGKILL";
	EOF
	run_ok cman up env
	wait_until 10 machine grep -q words $T/log/env.log
	run_ok cman logs env
	assert_equal "$output" "two words in /www as 33:33 cman"
}

@test "user may be a number, or two" {
	for user in 1000:100 33:0; do
		container u${user%:*} <<-EOF
		rootfs = "@rootfs@";
		command = [ "/bin/sh", "-c", "echo ids \$(id -u):\$(id -g)" ];
		user = "$user";
		EOF
		run_ok cman up u${user%:*}
		wait_until 10 machine grep -q "ids $user" "$T/log/u${user%:*}.log"
	done
}

@test "one supervisor stands by each container, and no other process of cman" {
	for name in a b; do sleeper $name </dev/null; done
	run_ok cman up a b
	run machine sh -c 'cat /proc/[0-9]*/comm | grep -c ^cman'
	assert_equal "$output" 2
	run_ok cman down a
	# A child in which the kernel still takes the link away may be there for another moment.
	one_left() { [ "$(machine sh -c 'cat /proc/[0-9]*/comm | grep -c ^cman')" = 1 ]; }
	wait_until 5 one_left
}

@test "up and down need no program of the host" {
	server web <<<'net : { ports = [ "8080:80" ]; };'
	# An empty PATH would not stop an absolute one: hide the usual directories as well.
	machine sh -c "mkdir /run/empty && cp '$CMAN' '${CMAN%/*}/cman-supervisor' /run/empty"
	run_ok machine busybox timeout 60 unshare -m busybox sh -c "
		for name in ip iptables iptables-legacy mount umount sysctl modprobe ifconfig nft; do
			for dir in /bin /sbin /usr/bin /usr/sbin; do
				[ ! -e \$dir/\$name ] || busybox mount --bind /dev/null \$dir/\$name
			done
		done
		/run/empty/cman -c $CONF up web && /run/empty/cman -c $CONF down web"
	machine rm -r /run/empty
}

@test "two commands on one container at a time: one after the other, and both succeed" {
	sleeper web </dev/null
	cman up web >"$BATS_TEST_TMPDIR/first" 2>&1 3>&- & first=$!
	run_ok cman up web
	wait $first || { cat "$BATS_TEST_TMPDIR/first"; return 1; }
	run_ok cman status web
	cman down web >"$BATS_TEST_TMPDIR/first" 2>&1 3>&- & first=$!
	run_ok cman restart web
	wait $first || { cat "$BATS_TEST_TMPDIR/first"; return 1; }
}

@test "many commands at a time leave nothing out and nothing behind" {
	for i in 1 2 3 4 5 6; do server w$i <<<"net : { ports = [ \"808$i:80\" ]; };"; done
	jobs=()
	for i in 1 2 3 4 5 6; do
		cman up w$i >"$BATS_TEST_TMPDIR/up$i" 2>&1 3>&- & jobs+=($!)
	done
	for job in "${jobs[@]}"; do wait "$job" || { cat "$BATS_TEST_TMPDIR"/up?; return 1; }; done
	for i in 1 2 3 4 5 6; do assert_page outside "http://$HOST_IP:808$i/" "page of w$i"; done
	jobs=()
	for i in 1 2 3 4 5 6; do
		cman down w$i >"$BATS_TEST_TMPDIR/down$i" 2>&1 3>&- & jobs+=($!)
	done
	for job in "${jobs[@]}"; do wait "$job" || { cat "$BATS_TEST_TMPDIR"/down?; return 1; }; done
	assert_unchanged
}

# Of a login shell it is 1024, which a few hundred containers are more than.
@test "more containers than a process may usually have files open; hooks get its limit as it was" {
	make_rootfs many
	machine mkdir -p "$T/conf.d/hooks"
	printf '#!/bin/sh\necho $(ulimit -Sn) $(ulimit -Hn) >%s\n' "$T/conf.d/hooks/limit" |
		machine tee "$T/conf.d/hooks/pre_start" >/dev/null
	machine chmod 755 "$T/conf.d/hooks/pre_start"
	names=()
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		container many$i <<-END
		rootfs = "$T/rootfs/many";
		read_only = true;
		command = [ "/bin/sleep", "1000" ];
		stop_signal = "SIGKILL";
		hooks : { pre_start = [ "$T/conf.d/hooks/pre_start" ]; };
		END
		names+=("many$i")
	done
	run_ok machine prlimit --nofile=40:4000 timeout 60 "$CMAN" -c $CONF up "${names[@]}"
	assert_equal "$(machine cat $T/conf.d/hooks/limit)" "40 4000"
	run_ok machine prlimit --nofile=40:4000 timeout 60 "$CMAN" -c $CONF check
	run_ok machine prlimit --nofile=40:4000 timeout 60 "$CMAN" -c $CONF down "${names[@]}"
	machine rm -r "$T/conf.d/hooks"
}

@test "a supervisor that has nothing to do is not woken up" {
	sleeper web <<<'net = "none";'
	run_ok cman up web
	supervisor=$(cman status web | sed -n 's/.*supervised by //p')
	woken() { machine awk '/^voluntary_ctxt_switches/ { print $2 }' "/proc/$supervisor/status"; }
	stands_still() { local before; before=$(woken); sleep 1; [ "$(woken)" = "$before" ]; }
	wait_until 30 stands_still # what there is to do at the start
	before=$(woken)
	[ -n "$before" ]
	sleep 3
	assert_equal "$(woken)" "$before"
}
