# SPDX-License-Identifier: GPL-2.0-or-later
# snapshot.bash DIR CGROUP: prints all that cman may touch on a host, in a stable order: two
# snapshots differ only where something was left behind. Counters and times are left out.
set -uo pipefail

dir=$1
cgroup=$2

section() { echo "== $1"; }

section links
ip -o link | sed -E 's/^[0-9]+: //; s/ qlen [0-9]+//' | sort
section addresses
ip -o address | sed -E 's/^[0-9]+: //; s/ tentative//' | sort
section routes
{ ip -4 route show table all; ip -6 route show table all; ip rule; } | sort
section firewall
for family in iptables ip6tables; do
	# "[packets:bytes]" and comments with the time
	"$family-legacy-save" 2>/dev/null | sed -E '/^#/d; s/ \[[0-9]+:[0-9]+\]$//'
done
nft list ruleset 2>/dev/null
section mounts
cut -d' ' -f3- /proc/self/mountinfo | sort
section cgroups
find /sys/fs/cgroup -type d -path "*/$cgroup*" 2>/dev/null | sort
cat /sys/fs/cgroup/cgroup.subtree_control /sys/fs/cgroup/unified/cgroup.subtree_control 2>/dev/null
section sysctls
grep -rs . /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf \
	/proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/bridge | sort
section locks
# Of this pid namespace alone; the number in front counts on. An OFDLCK is shown in all of them, and
# none is ours: qemu holds such.
cut -d: -f2- /proc/locks 2>/dev/null | grep -v ' OFDLCK ' | sort
section namespaces
readlink /proc/[0-9]*/ns/* 2>/dev/null | sort -u
section files
# What stays by intention: ids once given away, logs, the empty directories of the state and the
# file that locks it, what has happened. What a test writes itself: configuration and root filesystems.
find /run /etc/cman -xdev \( -path "$dir/log" -o -path "$dir/data" -o -path "$dir/conf.d" \
	-o -path "$dir/rootfs" -o -path /run/etc/work \) -prune -o \
	-not -path "$dir/container.conf" -not -path "$dir/state" \
	-not -path "$dir/state/containers" -not -path "$dir/state/networks" \
	-not -path "$dir/state/networks.lock" -not -path "$dir/state/events" \
	-not -path "$dir/state/events.1" -not -name xtables.lock -printf '%p %y %m %u\n' 2>/dev/null | sort
section processes
# No process but ours looks: what this shell starts would be seen as well. What a supervisor runs
# when the host's name servers change is there for a moment, and not without the supervisor: first as a child
# of its name, at last as one that has ended and has no arguments any more.
is_child_of_supervisor() { # ENTRY
	local parent name=

	read -r _ _ _ parent _ 2>/dev/null <"$1/stat" && read -r name 2>/dev/null <"/proc/$parent/comm"
	[ "$name" = cman-supervisor ]
}
for entry in /proc/[0-9]*; do
	pid=${entry#/proc/}
	[ "$pid" != $$ ] && [ "$pid" != "$PPID" ] || continue
	name=
	read -r name 2>/dev/null <"$entry/comm" || continue
	mapfile -d '' -t arguments 2>/dev/null <"$entry/cmdline" || continue
	[ "${arguments[0]:-} ${arguments[3]:-}" != "cman refresh" ] || continue
	case $name in
	cman | cman-supervisor) is_child_of_supervisor "$entry" || echo "$pid $name" ;;
	timeout | nsenter) ;;
	*) echo "$pid $name" ;;
	esac
done
