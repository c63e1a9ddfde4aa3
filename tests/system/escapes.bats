#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Known escapes that no check of the probe and no other file tries. docs/security.md has them all.
load lib

@test "nothing that is installed is setuid or has capabilities, and nothing unpacks" {
	dest=$BATS_TEST_TMPDIR/root
	install_as install
	[ -x "$dest/usr/local/sbin/cman" ]
	assert_equal "$(find "$dest" -type f \( -perm /6000 -o -perm /0022 \))" ""
	# xattrs are where file capabilities are.
	assert_equal "$(getcap -r "$dest" 2>/dev/null)" ""
	for command in pull load import build unpack cp commit; do
		run -2 cman $command x
		assert_output_has "$command"
	done
}

@test "state, data and logs are for root alone" {
	(umask 0; run_ok cman check)
	sleeper web <<<'rootfs : { path = "'$T'/rootfs/web"; mode = "overlay"; };'
	sed -i 1d "$(path $T/conf.d/web.conf)"
	[ -d "$(path $T/rootfs/web)" ] || make_rootfs web
	run_ok machine sh -c "umask 0; exec '$CMAN' -c $CONF up web"
	for dir in state data log data/overlays data/overlays/web; do
		assert_match "$dir $(machine stat -c %a:%u $T/$dir)" " 7(00|[0-7]0):0$|overlays/web 7.*"
	done
	run_fails machine setpriv --reuid 65534 --regid 65534 --clear-groups ls $T/state
	run_fails machine setpriv --reuid 65534 --regid 65534 --clear-groups ls $T/data/overlays
	run_fails machine setpriv --reuid 65534 --regid 65534 --clear-groups cat $T/log/web.log
	assert_equal "$(machine find $T/state $T/data $T/log -maxdepth 3 -not -type l -not -type p -perm /0022)" ""
}

# Descriptors and directories of a process that joins, seen by one that waits for it inside.
@test "a process that joins shows nothing of the host before it is the program" {
	container box <<-'EOF'
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "while :; do for p in /proc/[0-9]*; do ls -l $p/fd/ $p/cwd $p/root; cat $p/environ | tr '\\0' '\\n'; done; done >>/tmp/seen 2>/dev/null" ];
	stop_signal = "SIGKILL";
	EOF
	run_ok cman up box
	for _ in $(seq 40); do
		machine env SECRET_OF_CALLER=x "$CMAN" -c $CONF exec box -- /bin/sleep 0.03 </dev/null | cat
	done
	# It has seen what there is to see of those programs.
	run_ok machine grep -c ' 1 -> pipe:' $T/rootfs/box/tmp/seen
	# But for the FIFOs of both outputs, which are the payload's own.
	grep -v -e '/output$' -e '/error$' "$(path $T/rootfs/box/tmp/seen)" >"$BATS_TEST_TMPDIR/seen"
	run -1 grep -e "$T" -e "${CMAN%/*}" -e '-> /proc/[0-9]*/ns' -E \
		-e '-> (cgroup|ipc|mnt|net|pid|time|user|uts)[a-z_]*:' -e SECRET \
		-e '-> /sys' -e anon_inode "$BATS_TEST_TMPDIR/seen"
}

@test "router advertisements of a container change nothing of the host" {
	echo 1 >"$(path /proc)/sys/net/ipv6/conf/default/accept_ra"
	snapshot >"$BATS_TEST_TMPDIR/before"
	sleeper web </dev/null
	run_ok cman up web
	links=$(machine ls /sys/class/net | grep -vx -e lo -e "$UPLINK")
	[ "$(wc -w <<<"$links")" -ge 2 ]
	for link in $links; do
		assert_equal "$link $(machine cat "/proc/sys/net/ipv6/conf/$link/accept_ra")" "$link 0"
	done
}

@test "there is no socket with a name, abstract or not, while containers come up and run" {
	local sockets='NR > 1 && NF > 7 { print $8 }'

	before=$(machine awk "$sockets" /proc/net/unix | sort)
	sleeper web </dev/null
	machine sh -c "while [ ! -e $T/stop ]; do awk '$sockets' /proc/net/unix; done >$T/sockets" 3>&- &
	watcher=$!
	for _ in 1 2 3; do
		run_ok cman restart web
		run_ok within web true
	done
	assert_equal "$(machine awk "$sockets" /proc/net/unix | sort)" "$before"
	machine touch $T/stop
	wait $watcher
	assert_equal "$(comm -13 <(echo "$before") <(machine sort -u $T/sockets))" ""
	machine rm $T/stop $T/sockets
}

@test "the environment of a container or its image reaches no program of cman" {
	container web <<-'EOF'
	rootfs = "@rootfs@";
	environment = [ "LD_PRELOAD=/evil.so", "LD_LIBRARY_PATH=/lib", "PATH=/bin", "GCONV_PATH=/evil" ];
	command = [ "/bin/sh", "-c", "env; exec sleep 1000" ];
	stop_signal = "SIGKILL";
	EOF
	sleeper db <<<'environment = [ "PASSWORD=of-db" ];'
	run_ok machine env SECRET_OF_CALLER=x "$CMAN" -c $CONF up web db
	wait_until 10 machine grep -q LD_PRELOAD $T/log/web.log
	run_fails machine grep -e SECRET -e of-db $T/log/web.log
	for supervisor in $(machine pgrep cman-superviso); do
		run_fails machine grep -az -e evil -e of-db "/proc/$supervisor/environ"
	done
	[ "$(machine pgrep -c cman-superviso)" = 2 ]
	# Whoever takes it down is a program of cman's too, and it works.
	machine kill -KILL "$(pid_of web)"
	gone() { [ -z "$(machine ip -o link show type veth | grep -v "$UPLINK" | sed -n 2p)" ]; }
	wait_until 10 gone
	run_ok within db env
	[[ $output != *evil* ]]
}

@test "what exec prints is passed on, not kept" {
	# The sanitizers take memory of their own.
	case $CMAN in */sanitize/*) skip "no limit of memory with sanitizers" ;; esac
	sleeper web </dev/null
	run_ok cman up web
	assert_equal "$(machine prlimit --as=50331648 timeout 60 "$CMAN" -c $CONF exec web -- \
		head -c 300000000 /dev/zero | wc -c)" 300000000
}
