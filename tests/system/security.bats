#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The group security: what a payload may do, seen as the payload and again through exec.
load lib

ZERO=0000000000000000
DEFAULT=00000000800405fb

# both NAME COMMAND: starts a container whose payload runs the command (no quotes in it) and
# stays; then runs it through exec too: what they print is in $payload and $exec, a line each.
# Standard input has more lines for its file.
both() {
	container "$1" <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "{ $2; } 2>&1; echo end; exec sleep 1000" ];
	stop_signal = "SIGKILL";
	$(cat)
	EOF
	run_ok cman up "$1"
	wait_until 10 logged "$1" -x end
	payload=$(cman logs "$1" | grep -vx end | xargs)
	exec=$(within "$1" sh -c "{ $2; } 2>&1" | xargs)
}

assert_both() { # TEXT
	assert_equal "$payload" "$1"
	assert_equal "$exec" "$1"
}

# inheritable, permitted, effective, bounding, ambient
SETS='grep ^Cap /proc/self/status | cut -f 2'

@test "capabilities by default: eleven, none inheritable or ambient" {
	both web "$SETS" </dev/null
	assert_both "$ZERO $DEFAULT $DEFAULT $DEFAULT $ZERO"
}

@test "cap_drop comes first, then cap_add" {
	both web "$SETS" <<<'security : { cap_drop = [ "ALL" ]; cap_add = [ "CHOWN", "NET_RAW" ]; };'
	assert_both "$ZERO 0000000000002001 0000000000002001 0000000000002001 $ZERO"
	both db "$SETS" <<<'security : { cap_drop = [ "CHOWN", "KILL" ]; cap_add = [ "CHOWN" ]; };'
	assert_both "$ZERO 00000000800405db 00000000800405db 00000000800405db $ZERO"
}

@test "a file adds to what defaults say" {
	write_manager 'defaults : { security : { cap_drop = [ "ALL" ]; cap_add = [ "KILL" ]; }; };'
	both web "$SETS" <<<'security : { cap_add = [ "+", "CHOWN" ]; };'
	assert_both "$ZERO 0000000000000021 0000000000000021 0000000000000021 $ZERO"
}

@test "cap_drop ALL leaves nothing" {
	both web "$SETS; touch /tmp/x; chown 1 /tmp/x 2>/dev/null || echo refused" \
		<<<'security : { cap_drop = "ALL"; };'
	assert_both "$ZERO $ZERO $ZERO $ZERO $ZERO refused"
}

@test "cap_add ALL is what the host has" {
	host=$(awk '/^CapBnd:/{ print $2 }' /proc/self/status)
	both web "$SETS" <<<'security : { cap_add = [ "ALL" ]; };'
	assert_both "$ZERO $host $host $host $ZERO"
}

@test "a capability that the host lacks is an error with its place" {
	sleeper web <<<'security : { cap_add = [ "SYS_PACCT" ]; };'
	run_fails machine timeout -k 5 60 setpriv --bounding-set -sys_pacct "$CMAN" -c $CONF up web
	assert_output_has CAP_SYS_PACCT "web.conf:3" security.cap_add
	assert_unchanged
}

# The caller of exec may have more than that of up.
@test "exec has the capabilities that the container was started with" {
	for userns in auto none; do
		sleeper web <<<"security : { userns = \"$userns\"; cap_add = [ \"ALL\" ]; };"
		run_ok machine timeout -k 5 60 setpriv --bounding-set -sys_pacct,-kill "$CMAN" -c $CONF up web
		started=$(machine awk '/^CapBnd/{ print $2 }' "/proc/$(pid_of web)/status")
		[ "$((16#$started & 1 << 5 | 16#$started & 1 << 20))" = 0 ]
		run_ok within web sh -c "$SETS"
		assert_equal "$(xargs <<<"$output")" "$ZERO $started $started $started $ZERO"
		run_ok cman down web
	done
	# Nor more than its own, where nothing is the container's alone.
	sleeper web <<<'security : { userns = "none"; };'
	run_ok cman up web
	run_ok machine timeout -k 5 60 setpriv --bounding-set -chown "$CMAN" -c $CONF exec web sh -c "$SETS"
	less=$(printf %016x $((16#$DEFAULT & ~1)))
	assert_equal "$(xargs <<<"$output")" "$ZERO $less $less $less $ZERO"
}

@test "a user has the capabilities of cap_add alone, and his programs keep them" {
	both web "$SETS; sh -c 'grep ^CapEff /proc/self/status' | cut -f 2" \
		<<<'user = "nobody"; security : { cap_add = [ "NET_BIND_SERVICE" ]; };'
	set=0000000000000400
	assert_both "$set $set $set $DEFAULT $set $set"
	both db "$SETS" <<<'user = "nobody";'
	assert_both "$ZERO $ZERO $ZERO $DEFAULT $ZERO"
}

@test "no_new_privs is on unless the file says otherwise" {
	both web 'grep ^NoNewPrivs /proc/self/status | cut -f 2' </dev/null
	assert_both 1
	both db 'grep ^NoNewPrivs /proc/self/status | cut -f 2' <<<'security : { no_new_privs = false; };'
	assert_both 0
}

# --- privileged --------------------------------------------------------------------------------

HOST=$(awk '/^CapBnd:/{ print $2 }' /proc/self/status)

@test "privileged: all capabilities of the host, no filter, nothing covered" {
	local look="$SETS; grep ^Seccomp: /proc/self/status; head -c 1 /proc/kallsyms; echo;"

	look+=" grep -c -e ' /proc/' -e ' /sys/[^f]' -e ' /sys/fi' /proc/self/mountinfo;"
	look+=" test -w /proc/sys/net/ipv4/ip_forward && echo sysctl"
	both web "$look" \
		<<<'security : { privileged = true; };'
	assert_both "$ZERO $HOST $HOST $HOST $ZERO Seccomp: 0 0 0 sysctl"
	run_ok within web grep ' /sys rw,nosuid,nodev,noexec' /proc/self/mountinfo
	run_ok within web sh -c 'mount -t tmpfs none /tmp && mount -t proc none /proc && umount /proc /tmp'
	# It still is nobody on the host.
	run_fails within web sh -c 'echo b >/proc/sysrq-trigger'
	run_fails within web sh -c 'echo x >/proc/sys/kernel/core_pattern'
	run_fails within web mknod /tmp/null c 1 3
}

@test "privileged, less what the file takes away" {
	both web "$SETS; cat /proc/kallsyms; touch /proc/sys/net 2>/dev/null || echo covered" <<-'EOF'
	security : { privileged = true; cap_drop = [ "NET_RAW", "CHOWN" ];
	             masked_paths = [ "/proc/kallsyms" ]; readonly_paths = [ "/proc/sys" ]; };
	EOF
	less=$(printf %016x $((0x$HOST & ~0x2001)))
	assert_both "$ZERO $less $less $less $ZERO covered"
	both db 'grep ^Seccomp: /proc/self/status; grep ^NoNewPrivs /proc/self/status | cut -f 2' \
		<<<'security : { privileged = true; seccomp = "default"; };'
	assert_both "Seccomp: 2 1"
	write_manager 'defaults : { security : { seccomp = "default"; }; };'
	both job 'grep ^Seccomp: /proc/self/status' <<<'security : { privileged = true; };'
	assert_both "Seccomp: 2"
}

@test "privileged: a user other than root still has what cap_add names alone" {
	both web "$SETS" <<<'user = "nobody"; security : { privileged = true; };'
	assert_both "$ZERO $ZERO $ZERO $HOST $ZERO"
	both db "$SETS" <<<'user = "nobody"; security : { privileged = true; cap_add = [ "KILL" ]; };'
	set=0000000000000020
	assert_both "$set $set $set $HOST $set"
}

@test "what the host lacks is not missed by ALL and by privileged" {
	sleeper web <<<'security : { privileged = true; };'
	sleeper db <<<'security : { cap_add = [ "ALL" ]; };'
	less=$(printf %016x $((0x$HOST & ~(1 << 20))))
	for name in web db; do
		run_ok machine timeout -k 5 60 setpriv --bounding-set -sys_pacct "$CMAN" -c $CONF up $name
		[[ $output != *warning* ]]
		assert_equal "$(machine awk '/^CapBnd:/{ print $2 }' "/proc/$(pid_of $name)/status")" "$less"
	done
}

@test "privileged where the host's sysfs is read-only: so is the container's" {
	sleeper web <<<'security : { privileged = true; };'
	machine mount -o remount,bind,ro /sys
	run cman up web
	machine mount -o remount,bind,rw /sys
	assert_equal "$status" 0
	run_ok within web grep ' /sys ro,' /proc/self/mountinfo
	run_ok within web head -c 1 /proc/kallsyms
	assert_equal "$output" 0
}

@test "privileged is shown by ps, status and check, of what runs and of what would" {
	sleeper web <<<'security : { privileged = true; };'
	sleeper db </dev/null
	run_ok cman check
	assert_equal "$output" $'web: privileged\n2 containers, no errors'
	run_ok cman check $T/conf.d/db.conf
	assert_equal "$output" "1 container, no errors"
	run_ok cman ps
	assert_match "$output" 'UPTIME +MARKS'
	assert_match "$output" $'\nweb .* privileged$'
	assert_match "$output" $'\ndb .* -\n'
	run_ok cman up --all
	sed -i 's/privileged = true;//' "$(path $T/conf.d/web.conf)"
	assert_equal "$(cman ps --json | jq -c '[.[].marks]')" '[[],["privileged","changed"]]'
	assert_equal "$(cman status --json web | jq -c .marks)" '["privileged","changed"]'
	run_ok cman status web
	assert_match "$output" 'mark +privileged'
	run_ok cman status db
	[[ $output != *mark* ]]
	run_ok cman down web
	assert_equal "$(cman ps --json | jq -c '[.[].marks]')" '[[],[]]'
}

# --- groups ------------------------------------------------------------------------------------

@test "supplementary groups: of the group file and of the file, in exec too" {
	both web 'id -G' <<<'user = "www-data"; supplementary_groups = ( "tty", 4711 );'
	assert_both "33 5 100 4711"
	both db 'id -G' <<<'supplementary_groups = [ "users" ];'
	assert_both "0 100"
	both job 'id -G' <<<'user = "1000:1000"; supplementary_groups = [ 5, 100 ];'
	assert_both "1000 5 100"
}

@test "a group that the rootfs does not have is an error with its place" {
	sleeper web <<-'EOF'
	supplementary_groups = [ "tty",
	                         "audio" ];
	EOF
	run_fails cman up web
	assert_output_has "supplementary_groups[1]" "web.conf:4" 'no group "audio" in /etc/group'
	assert_unchanged
	# The file of a running container may change: what joins it then is not a member of less.
	sleeper db <<<'supplementary_groups = [ "users" ];'
	run_ok cman up db
	machine sed -i /^users/d $T/rootfs/db/etc/group
	run -125 within db true
	assert_output_has "supplementary_groups[0]" 'no group "users"'
	machine rm $T/rootfs/db/etc/group
	machine mkfifo $T/rootfs/db/etc/group
	run -125 within db true
	assert_output_has "/etc/group in the root filesystem is a FIFO"
}

# --- system calls ------------------------------------------------------------------------------

PROBE=${CMAN%/*}/probe_seccomp

with_probe() { # NAME: a root filesystem with the probe in it
	[ -x "$PROBE" ] || { echo "no $PROBE: run make check-system"; return 1; }
	make_rootfs "$1"
	cp "$PROBE" "$(path "$T/rootfs/$1/bin/probe")"
}

# What a probe of a call has to say, one "CALL RESULT" a line.
assert_calls() { # LINE...
	local line

	for line in "$@"; do
		[[ " $payload " == *" $line "* ]] || { echo "payload: not \"$line\": $payload"; return 1; }
		[[ " $exec " == *" $line "* ]] || { echo "exec: not \"$line\": $exec"; return 1; }
	done
}

@test "without a filter the probe gets through: its checks can fail" {
	with_probe web
	both web probe <<<'security : { seccomp = "none"; };'
	assert_calls "getpid ok" "keyctl EOPNOTSUPP" "bpf EINVAL" "unshare-user ok" "clone-user ok" \
		"mount EFAULT" "userfaultfd EINVAL" "personality-odd ok" "tiocsti EBADF" \
		"clone3 EINVAL" "vsock ok" "netlink-uevent ok" "settimeofday EFAULT"
	both db 'grep ^Seccomp: /proc/self/status' <<<'security : { seccomp = "none"; };'
	assert_both "Seccomp: 0"
}

@test "the default filter is in force, once" {
	both web 'grep ^Seccomp /proc/self/status' </dev/null
	assert_both "Seccomp: 2 Seccomp_filters: 1"
}

@test "the default filter refuses what the field refuses" {
	with_probe web
	both web probe </dev/null
	assert_calls "add_key EPERM" "keyctl EPERM" "request_key EPERM" "bpf EPERM" \
		"perf_event_open EPERM" "userfaultfd EPERM" "io_uring_setup EPERM" \
		"io_uring_enter EPERM" "io_uring_register EPERM" "kexec_load EPERM" \
		"init_module EPERM" "finit_module EPERM" "delete_module EPERM" \
		"open_by_handle_at EPERM" "mount EPERM" "umount2 EPERM" "pivot_root EPERM" \
		"fsopen EPERM" "fsmount EPERM" "open_tree EPERM" "move_mount EPERM" \
		"mount_setattr EPERM" "unshare EPERM" "unshare-user EPERM" "setns EPERM" \
		"clone-user EPERM" "swapon EPERM" "settimeofday EPERM"
	# Newer than the list: as an older kernel says it. What is listed and newer is let through.
	assert_calls "clone3 ENOSYS" "new-call ENOSYS" "no-call ENOSYS" "process_mrelease EINVAL"
	assert_calls "getpid ok" "clone ok" "ptrace ESRCH" "personality ok" "personality-odd EPERM"
}

@test "no way to type into a terminal, whatever the upper half of the request" {
	with_probe web
	both web probe </dev/null
	assert_calls "tiocgwinsz EBADF" "tiocsti EPERM" "tiocsti-high EPERM" "tioclinux EPERM"
	assert_calls "clone-user-high EPERM" "personality-odd-high EPERM"
}

@test "families of sockets" {
	with_probe web
	both web probe </dev/null
	assert_calls "unix ok" "inet ok" "inet6 ok" "netlink-route ok" "netlink-audit EPROTONOSUPPORT" \
		"netlink-uevent EPROTONOSUPPORT" "packet EAFNOSUPPORT" "vsock EAFNOSUPPORT" \
		"vsock-high EAFNOSUPPORT" "alg EAFNOSUPPORT" "xdp EAFNOSUPPORT" "tipc-pair EAFNOSUPPORT"
	with_probe db
	both db probe <<<'security : { cap_add = [ "NET_RAW", "NET_ADMIN" ]; };'
	assert_calls "packet ok" "netlink-uevent ok" "vsock EAFNOSUPPORT"
}

@test "i386 and x32 are no way around" {
	[ "$(uname -m)" = x86_64 ] || skip "x86-64 only"
	with_probe web
	both web probe </dev/null
	assert_calls "i386:getpid ok" "i386:mount EPERM" "i386:keyctl EPERM" "i386:bpf EPERM" \
		"i386:unshare EPERM" "i386:clone-user EPERM" "i386:clone3 ENOSYS" \
		"i386:io_uring_setup EPERM" "i386:inet ok" "i386:vsock EAFNOSUPPORT" \
		"i386:socketcall EPERM" "i386:socketcall-shutdown EFAULT" "i386:tiocsti EPERM" \
		"i386:vm86 EPERM" "i386:new-call ENOSYS" "x32:getpid killed" "x32:mount killed"
}

@test "a capability opens the calls it is for" {
	with_probe web
	both web probe <<<'security : { cap_add = [ "SYS_ADMIN" ]; };'
	assert_calls "mount EFAULT" "fsopen EINVAL" "fsmount EINVAL" "move_mount EINVAL" "unshare ok" \
		"clone-user ok" "clone3 EINVAL" "bpf EINVAL" \
		"keyctl EPERM" "userfaultfd EPERM" "io_uring_setup EPERM" "init_module EPERM"
	with_probe db
	both db probe <<<'security : { cap_add = [ "BPF" ]; cap_drop = [ "SYS_CHROOT" ]; };'
	assert_calls "bpf EINVAL" "mount EPERM" "perf_event_open EPERM"
}

@test "the filter holds for a user, and without no_new_privs" {
	with_probe web
	both web "probe keyctl mount unshare-user getpid; $SETS" \
		<<<'user = "nobody"; security : { no_new_privs = false; };'
	assert_calls "keyctl EPERM" "mount EPERM" "unshare-user EPERM" "getpid ok"
	# The capability that is needed to set it up is gone.
	assert_match "$payload" "$ZERO $ZERO $ZERO $DEFAULT $ZERO$"
	assert_match "$exec" "$ZERO $ZERO $ZERO $DEFAULT $ZERO$"
	both db "$SETS; grep ^Seccomp: /proc/self/status" <<<'security : { no_new_privs = false; };'
	assert_both "$ZERO $DEFAULT $DEFAULT $DEFAULT $ZERO Seccomp: 2"
}

seccomp_file() { cat >"$(path $T/calls)"; }

@test "a file of calls: what stands in it is allowed, nothing else" {
	seccomp_file <<-'EOF'
	# the usual, a keyring, all of socket
	@default
	@keyring   # add_key keyctl request_key
	socket any
	EOF
	with_probe web
	both web probe <<<"security : { seccomp = \"$T/calls\"; };"
	assert_calls "keyctl EOPNOTSUPP" "mount EPERM" "netlink-uevent ok" "vsock ok" "clone-user EPERM" \
		"tipc-pair EAFNOSUPPORT" "new-call ENOSYS" "x32:getpid killed"
	# exec goes by what the container was started with
	seccomp_file <<<"@start"
	exec=$(within web probe keyctl mount | xargs)
	assert_equal "$exec" "keyctl EOPNOTSUPP mount EPERM"
	machine rm $T/calls
	exec=$(within web probe keyctl mount | xargs)
	assert_equal "$exec" "keyctl EOPNOTSUPP mount EPERM"
}

@test "a program that the file does not let start tells so" {
	seccomp_file <<<'getpid'
	sleeper web <<<"command = [ \"/bin/none\" ]; security : { seccomp = \"$T/calls\"; };"
	sed -i '/trap/d' "$(path $T/conf.d/web.conf)"
	run_fails cman up web
	assert_output_has /bin/none "no such program"
	machine rm $T/calls
}

@test "faults of a file of calls are shown with their place" {
	seccomp_file <<-'EOF'
	@default
	  mout   # typo
	@mont
	mount read
	@mount any
	mount any more
	EOF
	sleeper web <<<"security : { seccomp = \"$T/calls\"; };"
	run_fails cman check
	assert_output_has "$T/calls:2:3: error: there is no system call \"mout\"" 'did you mean "mount"?' \
		"$T/calls:3:1: error: there is no group \"@mont\"" 'did you mean "@mount"?' \
		"$T/calls:4:7:" "$T/calls:5:8:" "$T/calls:6:11:"
	machine rm $T/calls
	run_fails cman check
	assert_output_has "web.conf:3:" "security.seccomp: $T/calls: No such file"
	machine mkfifo $T/calls
	run_fails cman check
	assert_output_has FIFO
	machine rm $T/calls
	seccomp_file <<<@default
	machine chmod 666 $T/calls
	run_fails cman up web
	assert_output_has writ
	machine rm $T/calls
}

# With one, tests/vm/apparmor.sh is about it.
without_apparmor() {
	[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" != Y ] ||
		skip "this kernel has AppArmor"
}

@test "a profile on a kernel without AppArmor is an error with its place, and no profile is none" {
	without_apparmor
	sleeper web <<<'security : { apparmor = "web"; };'
	run_fails cman check
	assert_output_has "web.conf:3:25:" "security.apparmor: this host's kernel has no AppArmor" \
		"apparmor=1 security=apparmor"
	run_fails cman up web
	assert_output_has "web.conf:3:25:" "security.apparmor"
	assert_unchanged
	both db 'echo here' <<<'security : { apparmor = "unconfined"; };'
	assert_both here
}
