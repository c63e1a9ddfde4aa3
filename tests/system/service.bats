#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What init systems run, by their own rules: exit statuses of LSB, services of runit, units of systemd.
load lib
load packages

# script NAME: init/NAME as make install writes it, for the manager file of the test.
script() {
	sed -e "s|@BINDIR@|$N/bin|g" -e "s|@SYSCONFDIR@|$N/etc|g" -e "s|@LOCALSTATEDIR@|$N/var|g" \
		"$SOURCE/init/$1" >"$(path "$2")"
	machine chmod 755 "$2"
}

prepare() {
	N=$T/conf.d/notes
	machine mkdir -p $N/bin $N/etc/cman
	# No service can hand a manager file over.
	printf '#!/bin/sh\nexport CMAN_CONFIG="${CMAN_CONFIG:-%s}"\nexec "%s" "$@"\n' "$CONF" "$CMAN" >"$(path $N/bin/cman)"
	machine chmod 755 $N/bin/cman
	cp "$(path $CONF)" "$(path $N/etc/cman/container.conf)"
	script cman.sysv $N/init
}

# sysv STATUS ACTION...: by the shells that hosts have.
sysv() {
	local wanted=$1

	shift
	run machine timeout -k 5 60 ${SHELL_OF_HOST:-} $N/init "$@"
	assert_equal "$status" "$wanted" || { echo "$output"; return 1; }
}

@test "SysV: start, status, reload, restart and stop" {
	sleeper web <<<'autostart = true;'
	sleeper idle <<<'autostart = false;'
	sysv 3 status
	sysv 7 reload
	sysv 7 force-reload
	sysv 0 try-restart
	sysv 3 status
	sysv 0 start
	sysv 0 status
	assert_output_has web running
	sysv 0 start
	old=$(pid_of web)
	sysv 0 reload
	sysv 0 force-reload
	assert_equal "$(pid_of web)" "$old"
	sysv 0 restart
	[ "$(pid_of web)" != "$old" ]
	old=$(pid_of web)
	sysv 0 try-restart
	[ "$(pid_of web)" != "$old" ]
	assert_equal "$(cman status --json idle | jq -r .state)" stopped
	sysv 0 stop
	sysv 0 stop
	sysv 3 status
}

@test "SysV: what is wrong has the exit status of LSB" {
	sleeper web <<<'autostart = true;'
	container broken <<-EOF
	rootfs = "@rootfs@";
	command = [ "/none-such" ];
	autostart = true;
	EOF
	sysv 2
	sysv 2 up
	sysv 2 start now
	sysv 1 start
	sysv 0 status
	sysv 0 stop
	run machine setpriv --reuid 65534 --clear-groups sh $N/init start
	assert_equal "$status" 4
	machine mv $N/etc/cman/container.conf $N/etc/cman/gone
	sysv 6 start
	machine mv $N/etc/cman/gone $N/etc/cman/container.conf
	machine rm $N/bin/cman
	sysv 5 start
	sysv 5 restart
	sysv 4 status
	# Its package was removed: the host goes down all the same.
	sysv 0 stop
}

@test "SysV: status 1 of what a killed command has left half way, 4 of what cannot be read" {
	container web <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "trap ':' TERM; until [ -e /go ]; do sleep 0.1; done" ];
	autostart = true;
	stop_timeout = "50s";
	EOF
	sysv 0 start
	cman_aside down web
	wait_until 20 is web stopping
	machine pkill -KILL -f -- ' down web$'
	wait "$ASIDE" || true
	sysv 1 status
	assert_output_has stopping
	machine touch $T/rootfs/web/go
	sysv 0 stop
	sysv 3 status
	machine rm $T/rootfs/web/go
	sysv 0 start
	machine cp $T/state/containers/web/record $N/record
	machine truncate -s 0 $T/state/containers/web/record
	sysv 4 status
	assert_output_has unknown
	machine cp $N/record $T/state/containers/web/record
	sysv 0 status
	machine touch $T/rootfs/web/go
	sysv 0 stop
}

@test "SysV: busybox ash and dash run it" {
	sleeper web <<<'autostart = true;'
	SHELL_OF_HOST="busybox ash"
	sysv 0 start
	sysv 0 status
	sysv 0 stop
	if command -v dash >/dev/null; then
		SHELL_OF_HOST=dash
		sysv 0 start
		sysv 0 stop
	fi
	sysv 3 status
}

@test "SysV: on a host where nobody has mounted cgroups" {
	container web <<-EOF
	rootfs = "@rootfs@";
	command = [ "/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done" ];
	autostart = true;
	limits : { pids = "max"; };
	security : { userns = "none"; }; # the kernel would refuse its /sys while ours is covered
	EOF
	# In the mount namespace of the test alone: over what is there.
	machine mount -t tmpfs none /sys/fs
	machine mkdir /sys/fs/cgroup
	assert_equal "$(machine stat -f -c %T /sys/fs/cgroup)" tmpfs
	sysv 0 start
	sysv 0 status
	assert_equal "$(machine stat -f -c %T /sys/fs/cgroup)" cgroup2fs
	sysv 0 stop
	machine umount /sys/fs/cgroup /sys/fs
}

# ---- runit ----

# service NAME: a directory of runit's, served by a runsv of ours; its pid in $N/NAME.runsv.
service() {
	machine sh -c 'cd "$1" && echo $$ >"$1.runsv" && exec runsv "$1" >"$1.log" 2>&1' - "$N/$1" 3>&- &
	wait_until 20 service_is "$1" run
}
service_is() { machine sv status "$N/$1" | grep -q "^$2"; }
end_service() {
	machine sv -w 30 exit "$N/$1"
	wait_until 30 refute machine kill -0 "$(<"$(path "$N/$1.runsv")")" 2>/dev/null
}
is() { [ "$(cman status --json "$1" | jq -r .state)" = "$2" ]; }
# No pid is there while none runs.
is_another_run() {
	local now

	now=$(<"$(path "$N/$1/supervise/pid")")
	[ -n "$now" ] && [ "$now" != "$2" ] && service_is "$1" run
}
stands_by() { machine grep -q '^SigBlk:.*[1-9a-f]' "/proc/$(<"$(path "$N/$1/supervise/pid")")/status"; }
is_over() { is "$1" exited || is "$1" stopped; }

all_as_service() {
	machine mkdir $N/cman
	script runit/cman/run $N/cman/run
	script runit/cman/finish $N/cman/finish
	service cman
}

@test "runit: containers come up, are there when what watches is killed, and go with the service" {
	command -v runsv >/dev/null || skip "needs runit"
	sleeper web <<<'autostart = true;'
	all_as_service
	wait_until 30 is web running
	old=$(pid_of web)
	machine sv kill $N/cman
	wait_until 30 service_is cman run
	assert_equal "$(pid_of web)" "$old"
	end_service cman
	is web stopped
}

@test "runit: a service that is to be down before all are up leaves nobody who would start the rest" {
	command -v runsv >/dev/null || skip "needs runit"
	sleeper web <<<'autostart = true;'
	sleeper late <<<'autostart = true; start_delay = "50s";'
	all_as_service
	wait_until 30 is web running
	end_service cman
	refute machine pgrep -f -- ' up --boot$'
	is web stopped
	is late stopped
}

@test "runit: one container as a service" {
	command -v runsv >/dev/null || skip "needs runit"
	sleeper web </dev/null
	machine mkdir $N/cman@web
	script runit/cman@/run $N/cman@web/run
	script runit/cman@/finish $N/cman@web/finish
	service cman@web
	wait_until 30 is web running
	old=$(pid_of web)
	# It is with it again.
	run=$(<"$(path $N/cman@web/supervise/pid)")
	machine sv kill $N/cman@web
	wait_until 30 is_another_run cman@web "$run"
	assert_equal "$(pid_of web)" "$old"
	wait_until 30 stands_by cman@web
	machine sv -w 30 down $N/cman@web
	wait_until 30 is web exited
	end_service cman@web
	# Whoever is there to get the signal, it is to be down.
	for ((i = 0; i < 4; i++)); do
		service cman@web
		wait_until 30 is web running
		run=$(<"$(path $N/cman@web/supervise/pid)")
		machine sv kill $N/cman@web
		wait_until 30 is_another_run cman@web "$run"
		machine sv -w 30 down $N/cman@web
		wait_until 30 is_over web
		end_service cman@web
	done
}

# ---- systemd ----

# systemd_with_units NAME: a container in which systemd has ours, and a cman that notes how it is called; its
# `up --boot` and `up -f` go on until there is a file /go with an exit status, or SIGTERM ends them.
systemd_with_units() {
	local root

	root=$(path "$T/rootfs/$1")
	make_rootfs "$1"
	systemd_in "$root"
	for unit in cman.service cman@.service; do
		sed -e 's|@BINDIR@|/usr/bin|g; s|@SYSCONFDIR@|/etc|g; s|@LOCALSTATEDIR@|/var|g' "$SOURCE/init/$unit" \
			>"$root/etc/systemd/system/$unit"
	done
	cat >"$root/usr/bin/cman" <<-'EOF'
	#!/bin/sh
	echo "$*${CMAN_CONFIG:+ of $CMAN_CONFIG}" >>/called
	[ "$1" = up ] || exit 0
	until [ -e /go ]; do sleep 0.1; done
	exit "$(cat /go)"
	EOF
	chmod 755 "$root/usr/bin/cman"
	# Its failure has nothing to do with this.
	ln -s /dev/null "$root/etc/systemd/system/systemd-logind.service"
	container "$1" <<<'rootfs = "@rootfs@"; stop_timeout = 30;'
	run_ok cman up "$1"
	wait_until 60 has_booted "$1"
}
has_booted() { [ "$(within "$1" systemctl is-system-running 2>&1)" = running ]; }
systemctl() { run_ok within web systemctl "$@"; }
calls() { paste -sd, "$(path $T/rootfs/web/called)"; }
has_called() { [ "$(calls)" = "$1" ]; }
forget_calls() { rm -f "$(path $T/rootfs/web)"/called "$(path $T/rootfs/web)"/go; }
may_go() { echo "$1" >"$(path $T/rootfs/web/go)"; }
is_state() { [ "$(within web systemctl show -P ActiveState "$2")" = "$1" ]; }

@test "systemd: what cman.service has started is stopped, however far it has come" {
	grep -q ' cgroup2 ' /proc/mounts || skip "needs a cgroup2 tree"
	systemd_with_units web
	may_go 0
	systemctl start cman
	systemctl reload cman
	systemctl stop cman
	assert_equal "$(calls)" "up --boot,apply --no-restart,down --shutdown"
	# Some have failed: that is told by other means.
	forget_calls
	may_go 1
	systemctl start cman
	is_state active cman
	systemctl stop cman
	assert_equal "$(calls)" "up --boot,down --shutdown"
	# It is not up yet.
	forget_calls
	systemctl start --no-block cman
	wait_until 20 has_called "up --boot"
	is_state activating cman
	systemctl stop cman
	assert_equal "$(calls)" "up --boot,down --shutdown"
	is_state inactive cman
	# Killed: what is up stays so, and is stopped with the others.
	forget_calls
	systemctl start --no-block cman
	wait_until 20 has_called "up --boot"
	systemctl kill -s KILL cman
	wait_until 20 is_state active cman
	assert_equal "$(calls)" "up --boot"
	systemctl stop cman
	assert_equal "$(calls)" "up --boot,down --shutdown"
	assert_equal "$(within web systemctl --failed --plain --no-legend)" ""
}

# before TARGET NAME: a service that comes before it, and goes on until there is a file /NAME.
before() {
	cat >"$(path $T/rootfs/web)/etc/systemd/system/$2.service" <<-EOF
	[Unit]
	Wants=$1
	Before=$1
	[Service]
	Type=oneshot
	ExecStart=/bin/sh -c 'echo $2 >>/called; until [ -e /$2 ]; do sleep 0.1; done'
	EOF
}

@test "systemd: a firewall and file systems of the network come first; /etc/default/cman says where the files are" {
	grep -q ' cgroup2 ' /proc/mounts || skip "needs a cgroup2 tree"
	systemd_with_units web
	may_go 0
	echo CMAN_CONFIG=/mine.conf >"$(path $T/rootfs/web)/etc/default/cman"
	before network-pre.target firewall
	before remote-fs.target far
	systemctl daemon-reload
	for first in firewall far; do
		forget_calls
		may_go 0
		systemctl stop remote-fs.target network-pre.target
		systemctl start --no-block $first cman
		wait_until 20 has_called $first
		is_state inactive cman
		touch "$(path $T/rootfs/web)/$first"
		wait_until 20 is_state active cman
		systemctl stop cman
		assert_equal "$(calls)" "$first,up --boot of /mine.conf,down --shutdown of /mine.conf"
	done
}
