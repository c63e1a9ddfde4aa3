#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What a payload can see and do, looked at from inside and from outside.
load lib

namespace() { machine readlink "/proc/$1/ns/$2"; }

@test "each kind of namespace is its own" {
	sleeper web </dev/null
	run_ok cman up web
	pid=$(pid_of web)
	for kind in user pid mnt uts ipc net cgroup; do
		[ "$(namespace "$pid" $kind)" != "$(namespace 1 $kind)" ] || { echo "shared: $kind"; return 1; }
	done
}

@test "two containers share no namespace and no range of ids" {
	sleeper a </dev/null
	sleeper b </dev/null
	run_ok cman up a b
	for kind in user pid mnt uts ipc net cgroup; do
		[ "$(namespace "$(pid_of a)" $kind)" != "$(namespace "$(pid_of b)" $kind)" ]
	done
	read -r _ base_a size_a <<<"$(machine cat "/proc/$(pid_of a)/uid_map")"
	read -r _ base_b size_b <<<"$(machine cat "/proc/$(pid_of b)/uid_map")"
	assert_equal "$size_a" 65536
	[ $((base_a + size_a)) -le "$base_b" ] || [ $((base_b + size_b)) -le "$base_a" ]
	[ "$base_a" -ge 65536 ]
	[ "$base_b" -ge 65536 ]
}

@test "root inside is nobody outside, and files on disk keep their owners" {
	sleeper web </dev/null
	run_ok cman up web
	pid=$(pid_of web)
	uid=$(machine stat -c %u "/proc/$pid")
	[ "$uid" -ge 65536 ] || { echo "payload runs as $uid"; return 1; }
	run_ok within web sh -c 'id -u; stat -c %u /bin/busybox; touch /root/made; stat -c %u /root/made'
	assert_equal "$output" $'0\n0\n0'
	assert_equal "$(machine stat -c %u $T/rootfs/web/root/made)" 0
	run_ok within web sh -c 'touch /tmp/www && chown 33:33 /tmp/www'
	assert_equal "$(machine stat -c %u:%g $T/rootfs/web/tmp/www)" 33:33
}

@test "the payload sees its own processes only" {
	sleeper web </dev/null
	run_ok cman up web
	run_ok within web sh -c 'ls /proc | grep -c "^[0-9]"'
	[ "$output" -le 6 ] || { echo "$output processes"; return 1; }
	run_ok within web cat /proc/1/comm
	assert_equal "$output" sh
}

@test "nothing of the host's file system is within reach" {
	sleeper web </dev/null
	echo secret >"$(path $T/secret)"
	run_ok cman up web
	run_fails within web cat $T/secret
	run_fails within web cat /../../../$T/secret
	run_fails within web sh -c "cat /proc/1/root/$T/secret"
	run_ok within web cat /proc/self/mountinfo
	[[ $output != *"$T/state"* ]]
	# Every mount is below the one root that there is.
	assert_equal "$(awk '$5 == "/"' <<<"$output" | wc -l)" 1
	run_fails within web ls /.old /oldroot /put_old
	machine rm $T/secret
}

@test "mounts inside do not show outside, and the other way round" {
	sleeper web </dev/null
	run_ok cman up web
	machine mkdir $T/late
	machine mount -t tmpfs late $T/late
	run_ok within web cat /proc/self/mountinfo
	[[ $output != *late* && $output != *"shared:"* && $output != *"master:"* ]]
	machine umount $T/late
	machine rmdir $T/late
	run_ok machine cat "/proc/$(pid_of web)/mountinfo"
	[[ $output != *" shared:"* ]]
}

@test "/proc, /sys, /dev are its own: the usual nodes, read-only /sys" {
	sleeper web </dev/null
	run_ok cman up web
	run_ok within web sh -c 'for node in null zero full random urandom tty; do [ -c /dev/$node ] || echo no $node; done'
	assert_equal "$output" ""
	run_ok within web sh -c 'echo x >/dev/null && head -c 4 /dev/zero | wc -c && head -c 8 /dev/urandom | wc -c'
	assert_equal "$output" $'4\n8'
	run_ok within web sh -c 'ls -l /dev/fd /dev/stdin /dev/stdout /dev/ptmx && ls -d /dev/pts /dev/shm'
	run_ok within web sh -c 'echo shared >/dev/shm/x && cat /dev/shm/x'
	run_fails within web mknod /dev/sda b 8 0
	run_fails within web sh -c 'echo 1 >/sys/class/net/lo/mtu'
	run_ok within web sh -c 'grep " /sys " /proc/mounts'
	assert_match "$output" ' ro,'
	run_fails within web sh -c 'echo x >/proc/sysrq-trigger'
	run_fails within web sh -c 'echo 1 >/proc/sys/kernel/panic'
	# Not every kernel has it; where there is one it is covered by what is always empty.
	assert_equal "$(within web head -c 1 /proc/kcore 2>/dev/null | wc -c)" 0
}

@test "no descriptor of cman is left in the payload" {
	container fds <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "ls /proc/self/fd | wc -l; exec sleep 1000" ];
	stop_signal = "SIGKILL";
	EOF
	run_ok cman up fds
	wait_until 10 machine grep -q . $T/log/fds.log
	# 0, 1, 2 and the directory that ls reads
	run_ok cman logs fds
	assert_equal "$output" 4
	run_ok within fds sh -c 'ls /proc/1/fd'
	assert_equal "$output" $'0\n1\n2'
}

@test "capabilities are the default set at most, and no_new_privs is on" {
	sleeper web </dev/null
	run_ok cman up web
	status=$(machine cat "/proc/$(pid_of web)/status")
	# CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE SYS_CHROOT SETFCAP
	wanted=$((1 << 0 | 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 18 | 1 << 31))
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		value=$((16#$(awk "/^$set:/{ print \$2 }" <<<"$status")))
		[ $((value & ~wanted)) = 0 ] || { echo "$set: $(printf %x $value)"; return 1; }
	done
	assert_equal "$(awk '/^CapBnd:/{ print $2 }' <<<"$status")" "$(printf %016x $wanted)"
	assert_match "$status" $'NoNewPrivs:\t1'
	run_ok within web sh -c 'grep -e NoNewPrivs -e CapBnd /proc/self/status'
	assert_output_has $'NoNewPrivs:\t1' "$(printf %016x $wanted)"
}

@test "a user of the file has no capabilities at all" {
	sleeper web <<<'user = "nobody";'
	run_ok cman up web
	run_ok machine awk '/^Cap(Prm|Eff|Amb)/{ print $2 }' "/proc/$(pid_of web)/status"
	assert_equal "$output" $'0000000000000000\n0000000000000000\n0000000000000000'
	run_ok within web id -u
	assert_equal "$output" 65534
}

@test "what a container may not do" {
	sleeper web </dev/null
	run_ok cman up web
	run_fails within web mount -t tmpfs none /tmp
	run_fails within web umount /proc
	run_fails within web hostname other
	run_fails within web ip link set eth0 down
	run_fails within web ip address add 10.83.0.99/16 dev eth0
	run within web date -s 2001-01-01
	assert_output_has "not permitted"
	run_fails within web reboot -f
	run_ok machine hostname
	assert_equal "$output" machine
}

@test "System V memory and queues are its own" {
	sleeper web </dev/null
	run_ok cman up web
	machine ipcmk -Q >/dev/null
	run_ok within web sh -c 'wc -l </proc/sysvipc/msg'
	assert_equal "$output" 1
	machine ipcrm --all=msg
}
