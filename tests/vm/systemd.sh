#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# systemd.sh BUILD [CGROUPS...]: Debian's systemd, booted by cman where version 2 has the
# controllers: they reach its services, its limits stay out of its reach. Its root filesystem is that
# of image.sh. See lib.sh.
set -eu
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
kinds="v2 hybrid"
memory=2048
processors=2
seconds=900
size=320M
export TMPDIR=/var/tmp # a root filesystem, twice

fail() { echo "FAILED: $*"; "$cman" status web || true; exit 1; }
run() { "$cman" exec web -- "$@"; }

inside() {
	cman=$build/cman
	prepare_host
	cat > /etc/cman/conf.d/web.conf <<-'END'
	rootfs = "/srv/web";
	stop_timeout = "2m";
	limits : { memory = "256M"; pids = 300; };
	END
	before=$(find /sys/fs/cgroup -type d | sort)
	"$cman" up web || fail "up"
	i=0
	until state=$(run /bin/systemctl is-system-running 2>/dev/null); [ "$state" = running ] || [ "$state" = degraded ]; do
		[ $i -lt 300 ] || fail "state $state"
		sleep 1
		i=$((i + 1))
	done
	echo "state: $state"
	failed=$(run /bin/systemctl --failed --plain --no-legend | awk '{ print $1 }')
	[ -z "$(echo "$failed" | grep -v '^systemd-logind.service$')" ] || fail "failed units: $failed"
	run /bin/cat /proc/self/cgroup | grep -qx 0::/init.scope || fail "exec is not in init.scope"
	if [ -e /sys/fs/cgroup/cman/web/memory.max ]; then
		# It has passed them on to its services, which has made its own root a place for none.
		grep -q memory /sys/fs/cgroup/cman/web/cgroup.subtree_control || fail "no controllers"
		[ "$(cat /sys/fs/cgroup/cman/web/memory.max)" = 268435456 ] || fail "memory.max"
		for file in memory.max pids.max cgroup.max.depth; do
			run /bin/sh -c "echo max > /sys/fs/cgroup/$file" 2>/dev/null && fail "$file can be written"
		done
		run /bin/sh -c 'echo 1000000 > /sys/fs/cgroup/system.slice/memory.high' || fail "not its own"
		run /bin/sh -c 'echo max > /sys/fs/cgroup/system.slice/memory.high' || fail "not its own"
	fi
	"$cman" down web > /tmp/output 2>&1 || { cat /tmp/output; fail "down"; }
	! grep "did not end" /tmp/output || fail "it was killed"
	grep -q "in order" /srv/web/stopped || fail "its service was not stopped"
	within 60 cgroups_are "$before" || { find /sys/fs/cgroup -type d; fail "cgroups are left"; }
	echo "passed"
}

lacks() { told=$("$here/image.sh" tree systemd 2>&1) || echo "$told" | sed -n 's/^vm: //; $p'; }

outside() {
	rm -r "$tree/files/web"
	cp -a "$("$here/image.sh" tree systemd)" "$tree/files/web"
	rm -rf "$tree"/files/web/usr/lib/*/perl* "$tree"/files/web/etc/systemd/system/*/vm.service
	: > "$tree/files/web/etc/hosts"
	unit=$tree/files/web/etc/systemd/system
	cat > "$unit/mark.service" <<-'END'
	[Service]
	Type=oneshot
	RemainAfterExit=yes
	ExecStart=/bin/true
	ExecStop=/bin/sh -c "echo in order >/stopped"
	END
	mkdir -p "$unit/multi-user.target.wants"
	ln -s ../mark.service "$unit/multi-user.target.wants/mark.service"
}

run_test "$@"
