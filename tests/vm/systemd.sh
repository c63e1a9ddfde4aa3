#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# systemd.sh BUILD ROOT [CGROUPS...]: Debian's systemd, from a root filesystem in the directory ROOT
# (debootstrap --variant=minbase --include=systemd-sysv,dbus), booted by cman where version 2 has
# the controllers: they reach its services, its limits stay out of its reach. See run.sh.
set -eu

fail() { echo "FAILED: $*"; "$cman" status web || true; exit 1; }
run() { "$cman" exec web -- "$@"; }

inside() {
	cman=$1
	ip link set lo up
	mkdir -p /srv /etc/cman/conf.d
	chmod 755 / /etc /etc/cman /etc/cman/conf.d /srv
	mount -o loop /rootfs.img /srv
	: > /etc/cman/container.conf
	cat > /etc/cman/conf.d/web.conf <<-'END'
	rootfs = "/srv/web";
	stop_timeout = "2m";
	limits : { memory = "256M"; pids = 300; };
	END
	before=$(find /sys/fs/cgroup -type d | sort)
	"$cman" up web || fail "up"
	i=0
	until state=$(run /bin/systemctl is-system-running 2>/dev/null); [ "$state" = running ] || [ "$state" = degraded ]; do
		[ $i -lt 120 ] || fail "state $state"
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
	i=0
	until [ "$before" = "$(find /sys/fs/cgroup -type d | sort)" ]; do
		[ $i -lt 50 ] || { find /sys/fs/cgroup -type d; fail "cgroups are left"; }
		sleep 0.1
		i=$((i + 1))
	done
	echo "passed"
}

if [ "$1" = --inside ]; then
	inside "$2"
	exit 0
fi

here=$(dirname "$(realpath "$0")")
build=$(realpath "$1")
root=$(realpath "$2")
shift 2
[ $# -gt 0 ] || set -- v2 hybrid
tree=$(mktemp -d /var/tmp/cman-vm-systemd-XXXXXX)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/files" "$tree/root"
cp -a "$root" "$tree/files/web"
for directory in doc man locale info i18n zoneinfo perl common-licenses; do
	rm -rf "$tree/files/web/usr/share/$directory"
done
rm -rf "$tree/files/web/var/cache/apt" "$tree/files/web/var/lib/apt/lists" \
	"$tree"/files/web/usr/lib/*/perl* "$tree"/files/web/usr/lib/*/gconv
: > "$tree/files/web/etc/hosts"
unit=$tree/files/web/etc/systemd/system
cat > "$unit/mark.service" <<'END'
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
ExecStop=/bin/sh -c "echo in order >/stopped"
END
mkdir -p "$unit/multi-user.target.wants"
ln -s ../mark.service "$unit/multi-user.target.wants/mark.service"
truncate -s 320M "$tree/root/rootfs.img"
mke2fs -q -F -t ext4 -d "$tree/files" "$tree/root/rootfs.img"
rm -r "$tree/files"
libkmod=$(ldconfig -p | sed -n 's/.*libkmod.so.2 .* => //p' | head -1)
for file in "$libkmod" $(ldd "$libkmod" | grep -o '/[^ )]*'); do
	mkdir -p "$tree/root$(dirname "$file")"
	cp -L "$file" "$tree/root$file"
done
failed=
for kind; do
	echo "=== cgroups: $kind"
	"$here/run.sh" -c "$kind" -s 2 -m 2048 -t 400 -d "$tree/root" -b "$build/cman" \
		-b "$build/cman-supervisor" "$0" --inside "$build/cman" || failed="$failed $kind"
done
[ -z "$failed" ] || { echo "failed with cgroups:$failed" >&2; exit 1; }
