#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# up.sh BUILD [CGROUPS...]: a container with network, limits and a published port, up and down on
# a stock Debian kernel with each kind of cgroups, whose modules are not loaded yet. See run.sh.
set -eu
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

# limit FILE-OF-V2 FILE-OF-V1: its value for the container web, wherever it stands.
limit() {
	for path in /sys/fs/cgroup/cman/web/"$1" /sys/fs/cgroup/*/cman/web/"$2"; do
		[ ! -e "$path" ] || { cat "$path"; return; }
	done
	echo "neither $1 nor $2"
}

# In a root without libraries: a static busybox that finds glibc's name service crashes in it.
fetch() { chroot /srv/web /bin/busybox wget -q -O - "$1"; }

inside() {
	cman=$build/cman
	prepare_host
	cat > /etc/cman/conf.d/web.conf <<-EOF
	rootfs = "/srv/web";
	command = [ "/bin/busybox", "httpd", "-f", "-p", "80", "-h", "/www" ];
	limits : { pids = 20; memory = "32M"; cpus = 0.5; };
	net    : { ip = "10.83.0.10"; ports = [ "8080:80" ]; };
	EOF
	"$cman" check || fail check
	"$cman" up web || fail "the first up"
	"$cman" down web || fail "the first down"
	before=$(snapshot)
	"$cman" up web || fail up
	[ "$(fetch http://127.0.0.1:8080/)" = "a page" ] || fail "localhost"
	[ "$(fetch http://10.83.0.10/)" = "a page" ] || fail "the container's address"
	[ "$(limit pids.max pids.max)" = 20 ] || fail "pids: $(limit pids.max pids.max)"
	[ "$(limit memory.max memory.limit_in_bytes)" = 33554432 ] || fail memory
	case $(limit cpu.max cpu.cfs_quota_us) in "50000 100000" | 50000) ;; *) fail cpus ;; esac
	code=0
	"$cman" exec web /bin/busybox dd if=/dev/zero of=/dev/null bs=64M count=1 || code=$?
	[ $code = 137 ] || fail "64 MB fit into 32: $code"
	"$cman" exec web /bin/busybox sh -c 'i=0; while [ $i -lt 40 ]; do sleep 60 & i=$((i+1)); done' \
		2>&1 | grep -q "can't fork" || fail "40 tasks fit into 20"
	"$cman" ps
	"$cman" status web || fail status
	"$cman" restart web || fail restart
	[ "$(fetch http://127.0.0.1:8080/)" = "a page" ] || fail "after a restart"
	"$cman" down web || fail down
	after=$(snapshot)
	[ "$before" = "$after" ] || { printf '%s\n--- then\n%s\n' "$before" "$after"; fail "left over"; }
	nesting
	echo "passed"
}

# A proc and a sysfs of their own for namespaces inside, and what a privileged container sees.
nesting() {
	nested="/bin/busybox unshare -r -m -p -f -n /bin/busybox sh -c"
	cat > /etc/cman/conf.d/nest.conf <<-EOF
	rootfs = "/srv/web"; command = "/bin/sleep 1000"; net = "none"; read_only = true; stop_signal = "SIGKILL";
	security : { nesting = true; };
	EOF
	"$cman" up nest || fail "up of nesting"
	found=$("$cman" exec nest $nested 'mount=/bin/busybox\ mount; $mount -t proc none /proc &&
		$mount -t sysfs -o ro none /sys && echo /proc/[0-9]* /sys/class/net/*')
	[ "$found" = "/proc/1 /sys/class/net/lo" ] || fail "inside of nesting: $found"
	"$cman" exec nest $nested '/bin/busybox mount -t sysfs none /sys' && fail "a writable sysfs"
	"$cman" down nest || fail "down of nesting"
	sed -i 's/nesting/privileged/' /etc/cman/conf.d/nest.conf
	"$cman" up nest || fail "up of privileged"
	found=$("$cman" exec nest $nested '/bin/busybox mount -t proc none /proc && head -c 1 /proc/kallsyms')
	[ "$found" = 0 ] || fail "inside of privileged: $found"
	"$cman" down nest || fail "down of privileged"
}

outside() {
	mkdir "$tree/files/web/www"
	echo "a page" > "$tree/files/web/www/index.html"
}

run_test "$@"
