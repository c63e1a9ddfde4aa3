#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# security.nesting: what makes containers and sandboxes works inside of one, and the container
# itself keeps what it promises.
load lib

NESTED='unshare -r -m -p -f --mount-proc'

# with_program NAME PROGRAM: puts a program of this machine, with its libraries, into the rootfs.
with_program() {
	local root=$T/rootfs/$1 program file

	command -v "$2" >/dev/null || skip "needs $2"
	[ -d "$(path "$root")" ] || make_rootfs "$1"
	program=$(command -v "$2")
	machine cp -L "$program" "$root/bin/${program##*/}"
	ldd "$program" | grep -o '/[^ ]*' | while read -r file; do
		machine mkdir -p "$root${file%/*}"
		machine cp -L "$file" "$root$file"
	done
}

# nested NAME COMMAND: in new user, mount and pid namespaces of a running container.
nested() { within "$1" timeout 20 $NESTED sh -c "$2"; }

@test "without nesting there is none" {
	sleeper web </dev/null
	run_ok cman up web
	run nested web true
	[ "$status" = 1 ]
	assert_output_has "unshare" "ermitted"
	run_ok within web ls -a /dev
	[[ $output != *.nesting* ]]
}

@test "unshare inside: a proc of its own, mounts, a host name" {
	sleeper web <<<'security : { nesting = true; };'
	run_ok cman up web
	run_ok nested web 'id -u; set -- /proc/[0-9]*; echo $# $1'
	assert_equal "$output" $'0\n1 /proc/1'
	run_ok nested web 'mount -t tmpfs none /tmp; echo inside >/tmp/file; cat /tmp/file'
	assert_equal "$output" inside
	run_fails within web test -e /tmp/file
	run_ok within web timeout 20 $NESTED -u -n -i sh -c \
		'hostname inner; hostname; mount -t sysfs -o ro none /sys; ls /sys/class/net; ip link set lo up'
	assert_output_has inner lo
	assert_equal "$(within web hostname)" web
	# What it would be allowed to write is none of it.
	run_fails within web timeout 20 $NESTED -n sh -c 'mount -t sysfs none /sys'
	# Three deep.
	run_ok nested web "$NESTED $NESTED sh -c 'set -- /proc/[0-9]*; echo \$#'"
	assert_equal "$output" 1
}

@test "the payload and a user other than root can do it too" {
	container web <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "$NESTED sh -c 'id -u; echo /proc/[0-9]*' 2>&1; exec sleep 1000" ];
	stop_signal = "SIGKILL";
	user = "nobody";
	security : { nesting = true; };
	EOF
	run_ok cman up web
	wait_until 10 machine grep -q /proc/1 $T/log/web.log
	assert_equal "$(cman logs web)" $'0\n/proc/1'
	run_ok nested web id
	assert_output_has "uid=0(root)"
}

@test "the proc and sysfs that are there for the kernel alone are out of reach" {
	sleeper web <<<'security : { nesting = true; };'
	run_ok cman up web
	run_ok within web grep -c ' /dev/.nesting/.* - proc\| /dev/.nesting/.* - sysfs' /proc/self/mountinfo
	assert_equal "$output" 2
	for way in "within web sh -c" "nested web"; do
		run_ok $way 'ls -A /dev/.nesting'
		assert_equal "$output" ""
		run_fails $way 'ls /dev/.nesting/proc/1'
		run_fails $way 'umount /dev/.nesting'
		run_fails $way 'mount -o remount,bind,rw /dev/.nesting'
		run_fails $way 'mkdir /dev/.nesting/x'
	done
	# The container's own are covered as ever, and for whoever is inside without a proc of its own.
	run_ok within web cat /proc/kallsyms
	assert_equal "$output" ""
	run_fails within web unshare -r -m umount /proc/kallsyms
	run_fails within web unshare -r -m sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward'
	run_fails within web unshare -r -m sh -c 'mount -t proc none /proc' # of the container's processes
}

@test "bubblewrap runs inside" {
	with_program web bwrap
	sleeper web <<<'security : { nesting = true; };'
	run_ok cman up web
	run_ok within web timeout 20 bwrap --unshare-all --ro-bind / / --proc /proc --dev /dev --tmpfs /tmp \
		--hostname inner --die-with-parent sh -c 'hostname; set -- /proc/[0-9]*; echo $#; echo x >/tmp/x
			touch /bin/x 2>&1; ls /dev'
	assert_output_has $'inner\n2\n' "Read-only file system" urandom
}

@test "an OCI runtime runs inside" {
	with_program web crun
	sleeper web <<<'security : { nesting = true; };'
	run_ok cman up web
	# crun looks at what kind of file system is at /sys/fs/cgroup, be it without use for it.
	run_ok within web timeout 30 $NESTED -n sh -ec 'mount -t tmpfs none /sys/fs/cgroup
		mount -t tmpfs none /tmp; mount -t tmpfs none /run; mkdir -p /tmp/box/rootfs; cd /tmp/box
		for dir in bin lib lib64; do [ ! -e /$dir ] || cp -a /$dir rootfs; done
		mkdir rootfs/proc rootfs/sys rootfs/dev
		crun spec --rootless
		sed -i "s/\"terminal\": true/\"terminal\": false/; s/\"sh\"/\"hostname\"/" config.json
		crun --cgroup-manager=disabled run box'
	assert_equal "$output" crun
}

@test "system calls: what nesting opens, and how it hides keyrings" {
	[ -x "${CMAN%/*}/probe_seccomp" ] || { echo "no probe_seccomp: run make check-system"; return 1; }
	make_rootfs web
	cp "${CMAN%/*}/probe_seccomp" "$(path "$T/rootfs/web/bin/probe")"
	sleeper web <<<'security : { nesting = true; };'
	run_ok cman up web
	run_ok within web probe
	assert_output_has "unshare-user ok" "clone-user ok" "clone3 EINVAL" "setns E" \
		"keyctl ENOSYS" "add_key ENOSYS" "request_key ENOSYS" \
		"bpf EPERM" "userfaultfd EPERM" "io_uring_setup EPERM" "perf_event_open EPERM" \
		"kexec_load EPERM" "init_module EPERM" "open_by_handle_at EPERM" "swapon EPERM" \
		"tiocsti EPERM" "vsock EAFNOSUPPORT" "netlink-audit EPROTONOSUPPORT" "new-call ENOSYS"
	run_ok nested web probe
	assert_output_has "mount EFAULT" "fsopen EINVAL" "keyctl ENOSYS" "bpf EPERM" "tiocsti EPERM" \
		"vsock EAFNOSUPPORT" "userfaultfd EPERM"
}

@test "a file of calls goes together with nesting" {
	machine sh -c "echo @default >$T/calls"
	sleeper web <<<"security : { nesting = true; seccomp = \"$T/calls\"; };"
	run_ok cman up web
	run_ok nested web 'echo /proc/[0-9]*'
	assert_equal "$output" /proc/1
	machine rm $T/calls
}
