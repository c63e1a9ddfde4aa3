#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The init of a whole system as command: real ones out of their Debian packages, where those can
# be had, and tiny ones in their place, so that the rest is always looked at.
load lib
load packages

root() { path "$T/rootfs/$1"; }

# What an init that ends its container leaves to be seen: stopped in order, nobody killed.
assert_down() { # NAME
	run_ok cman down "$1"
	refute grep -q "did not end" <<<"$output"
}

@test "busybox: power off by USR2, in order" {
	make_rootfs web
	machine ln -sf /bin/busybox $T/rootfs/web/sbin/init 2>/dev/null ||
		{ machine mkdir -p $T/rootfs/web/sbin && machine ln -s /bin/busybox $T/rootfs/web/sbin/init; }
	printf '%s\n' '::sysinit:/bin/sh -c "echo booted >/dev/stdout; test -d /run/lock && echo lock"' \
		'::respawn:/bin/sleep 1000' '::shutdown:/bin/sh -c "echo in order >/stopped"' \
		>"$(root web)/etc/inittab"
	container web <<<'rootfs = "@rootfs@"; stop_timeout = 20;'
	run_ok cman show web
	assert_output_has 'stop_signal = "SIGUSR2"' 'no_new_privs = false' '"SYS_BOOT"' 'target = "/run/lock"'
	run_ok cman up web
	wait_until 10 within web pidof sleep
	run_ok within web sh -c 'grep ^NoNewPrivs /proc/1/status; grep -c cgroup /proc/mounts; echo $container'
	assert_output_has "NoNewPrivs:	0" cman
	assert_down web
	assert_equal "$(machine cat $T/rootfs/web/stopped)" "in order"
	# From inside as well, for which the call is there.
	run_ok cman up web
	wait_until 10 within web pidof sleep
	machine rm $T/rootfs/web/stopped
	run within web busybox poweroff
	ended() { [ "$(cman status --json web | jq -r .state)" = exited ]; }
	wait_until 20 ended
	assert_equal "$(machine cat $T/rootfs/web/stopped)" "in order"
}

@test "sysvinit: Ctrl-Alt-Del of its inittab, in order" {
	make_rootfs web
	with_packages "$(root web)" sysvinit-core
	# The lines of the package but for what they run, which is not here.
	sed -e 's|^si:.*|si::sysinit:/bin/sh -c "echo booted >/booted"|' -e '/^[0-9]:.*getty/d' \
		-e 's|^l6:.*|l6:6:wait:/bin/sh -c "echo in order >/stopped; /sbin/reboot -d -f -i"|' \
		-e 's|/etc/init.d/rc [0-5]|/bin/true|' "$(root web)/usr/share/sysvinit/inittab" >"$(root web)/etc/inittab"
	container web <<<'rootfs = "@rootfs@"; stop_timeout = 20;'
	run_ok cman show web
	assert_output_has 'stop_signal = "SIGINT"'
	run_ok cman up web
	wait_until 10 machine test -e $T/rootfs/web/booted
	run_ok within web cat /proc/1/comm
	assert_equal "$output" init
	sleep 1
	assert_down web
	assert_equal "$(machine cat $T/rootfs/web/stopped)" "in order"
}

@test "openrc-init: TERM, in order" {
	make_rootfs web
	with_packages "$(root web)" openrc libeinfo1 librc1
	ln -sf openrc-init "$(root web)/sbin/init"
	# What starts and stops the services is not looked at here.
	printf '%s\n' '#!/bin/sh' 'echo "$*" >>/levels' >"$(root web)/sbin/openrc"
	chmod 755 "$(root web)/sbin/openrc"
	container web <<<'rootfs = "@rootfs@"; stop_timeout = 20;'
	run_ok cman show web
	assert_output_has 'stop_signal = "SIGTERM"' '"SYS_BOOT"'
	run_ok cman up web
	wait_until 10 machine grep -qs default $T/rootfs/web/levels
	sleep 0.5
	assert_down web
	machine grep -qx shutdown $T/rootfs/web/levels
}

@test "runit: its ctrlaltdel by INT, in order" {
	make_rootfs web
	with_packages "$(root web)" runit-init runit
	printf '%s\n' '#!/bin/sh' 'echo booted >/booted' >"$(root web)/etc/runit/1"
	printf '%s\n' '#!/bin/sh' 'exec sleep 1000' >"$(root web)/etc/runit/2"
	printf '%s\n' '#!/bin/sh' 'echo in order >/stopped' >"$(root web)/etc/runit/3"
	# It would wait for 14 seconds, and as long as stop_timeout is by default.
	sed -i 's/sleep 14/sleep 1/' "$(root web)/etc/runit/ctrlaltdel"
	ln -sf /run/runit.stopit "$(root web)/etc/runit/stopit"
	ln -sf /run/runit.reboot "$(root web)/etc/runit/reboot"
	container web <<<'rootfs = "@rootfs@"; stop_timeout = 20;'
	run_ok cman show web
	assert_output_has 'stop_signal = "SIGINT"' '"SYS_BOOT"'
	run_ok cman up web
	wait_until 10 machine test -e $T/rootfs/web/booted
	sleep 0.5
	assert_down web
	assert_equal "$(machine cat $T/rootfs/web/stopped)" "in order"
}

# A script that goes by the name of systemd, for what cman does around it.
fake_systemd() { # NAME
	make_rootfs "$1"
	mkdir -p "$(root "$1")/lib/systemd" "$(root "$1")/sbin"
	cat >"$(root "$1")/lib/systemd/systemd" <<-'EOF'
	#!/bin/sh
	trap 'echo in order >/stopped; exit 0' 37
	cd /sys/fs/cgroup
	mkdir init.scope && echo 0 >init.scope/cgroup.procs && echo moved
	echo up
	while :; do sleep 0.1; done
	EOF
	chmod 755 "$(root "$1")/lib/systemd/systemd"
	ln -sf /lib/systemd/systemd "$(root "$1")/sbin/init"
	container "$1" <<<'rootfs = "@rootfs@"; stop_timeout = 20;'
}

has_v2() { grep -q ' cgroup2 ' /proc/mounts; }

@test "systemd: its signal, a cgroup tree of its own, and exec beside it" {
	has_v2 || skip "needs a cgroup2 tree"
	fake_systemd web
	run_ok cman show web
	assert_output_has 'stop_signal = "SIGRTMIN+3"' 'no_new_privs = false'
	refute grep -q SYS_BOOT <<<"$output"
	run_ok cman up web
	wait_until 10 logged web ^up
	logged web ^moved
	run_ok within web cat /proc/self/cgroup
	assert_output_has "0::/init.scope"
	# What is given away is these and nothing else.
	run_ok within web sh -c 'cd /sys/fs/cgroup; for f in *; do [ ! -f $f ] || (: >>$f) 2>/dev/null && [ -f $f ] && echo $f; done; true'
	assert_equal "$(sort <<<"$output" | xargs)" "cgroup.procs cgroup.subtree_control cgroup.threads"
	for try in 'echo max >cgroup.max.depth' 'echo 1 >cgroup.kill' 'chmod 666 cgroup.max.depth' \
		'chown 0 cgroup.max.depth' 'echo 1 >../cgroup.procs'; do
		run_fails within web sh -c "cd /sys/fs/cgroup; $try"
	done
	assert_down web
	assert_equal "$(machine cat $T/rootfs/web/stopped)" "in order"
}

@test "nobody but systemd has a writable cgroup tree" {
	sleeper web </dev/null
	run_ok cman up web
	run within web sh -c 'mkdir /sys/fs/cgroup/x'
	[ "$status" != 0 ]
	run within web sh -c 'grep " cgroup" /proc/mounts | grep -w rw'
	assert_equal "$output" ""
}

@test "cgroups of hostile names, depth and number are taken away" {
	has_v2 || skip "needs a cgroup2 tree"
	fake_systemd web
	run_ok cman up web
	wait_until 10 logged web ^up
	cat >"$(root web)/nest" <<-'EOF'
	cd /sys/fs/cgroup
	mkdir .hidden ..more '...' ' ' '*' '-rf' 'a b' 'ä' "$(printf 'x%.0s' $(seq 255))" cman
	for dir in .hidden ..more '*'; do (sleep 1000 & echo $! >"$dir/cgroup.procs"); done >/dev/null 2>&1
	depth=0
	while mkdir .d 2>/dev/null && cd .d; do depth=$((depth + 1)); done
	(sleep 1000 & echo $! >cgroup.procs) >/dev/null 2>&1
	echo "depth $depth"
	cd /sys/fs/cgroup
	made=0
	while mkdir n$made 2>/dev/null; do made=$((made + 1)); done
	echo "made $made"
	EOF
	run_ok within web sh /nest
	assert_output_has "depth 32"
	made=${output##*made }
	[ "$made" -gt 3000 ] && [ "$made" -lt 4097 ] || { echo "$output"; return 1; }
	assert_down web
}

@test "init = true below an init of its own is refused, with both places" {
	fake_systemd web
	echo 'init = true;' >>"$(path $T/conf.d/web.conf)"
	run_fails cman up web
	assert_output_has "web.conf:2" "/sbin/init is an init of its own (systemd)"
}

@test "systemd boots, runs what it is told to, and stops it in order" {
	has_v2 || skip "needs a cgroup2 tree"
	make_rootfs web
	systemd_in "$(root web)"
	cat >"$(root web)/etc/systemd/system/mark.service" <<-'EOF'
	[Service]
	Type=oneshot
	RemainAfterExit=yes
	ExecStart=/bin/true
	ExecStop=/bin/sh -c "echo in order >/stopped"
	EOF
	mkdir -p "$(root web)/etc/systemd/system/multi-user.target.wants"
	ln -s ../mark.service "$(root web)/etc/systemd/system/multi-user.target.wants/mark.service"
	container web <<<'rootfs = "@rootfs@"; stop_timeout = 30;'
	run_ok cman up web
	booted() { [[ $(within web systemctl is-system-running 2>&1) =~ ^(running|degraded)$ ]]; }
	wait_until 60 booted
	# The one thing that may fail: logind wants the kernel's device events, which are closed.
	run within web systemctl --failed --plain --no-legend
	assert_equal "$(awk '{ print $1 }' <<<"$output" | grep -v systemd-logind.service | xargs)" ""
	run_ok within web systemctl is-active mark.service dbus.service
	run_ok within web cat /proc/self/cgroup
	assert_output_has "0::/init.scope"
	assert_down web
	assert_equal "$(machine cat $T/rootfs/web/stopped)" "in order"
	# Without that one, all is well.
	ln -s /dev/null "$(root web)/etc/systemd/system/systemd-logind.service"
	run_ok cman up web
	wait_until 60 booted
	run_ok within web systemctl is-system-running
	assert_equal "$output" running
}
