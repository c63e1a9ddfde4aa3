# SPDX-License-Identifier: GPL-2.0-or-later
# snapshot.bash DIR CGROUP: prints all that cman may touch on a host, in a stable order: two
# snapshots differ only where something was left behind. Counters and times are left out.
set -uo pipefail

dir=$1
cgroup=$2

section() { echo "== $1"; }

# Lines of one file, the kernel's own, without a process for each.
lines_of() { # FILE
	local lines=()

	mapfile -t lines 2>/dev/null <"$1"
	[ ${#lines[@]} = 0 ] || printf '%s\n' "${lines[@]}"
}

# Each line behind the name of its section, in one order, and without what differs from one look to
# the next.
tidy() {
	awk '
	/^== / { section = $2; row = 0; next }
	section == "links" || section == "addresses" { sub(/^[0-9]+: /, "") }
	section == "links" { sub(/ qlen [0-9]+/, "") }
	section == "addresses" { sub(/ tentative/, "") }
	# "[packets:bytes]" and comments with the time
	section == "firewall" { if (/^#/) next; sub(/ \[[0-9]+:[0-9]+\]$/, "") }
	# One for all that have the cgroups mounted, and there from the first mount on that asks for it.
	section == "mounts" { sub(/^[^ ]+ [^ ]+ /, ""); if (/ cgroup2 /) sub(/,nsdelegate/, "") }
	# The number in front counts on. An OFDLCK is shown in all pid namespaces, and none is ours: qemu
	# holds such.
	section == "locks" { if (/ OFDLCK /) next; sub(/^[^:]*:/, "") }
	section == "namespaces" { if (seen[$0]++) next }
	# Rules mean what they mean in their order.
	{ print section ": " (section == "firewall" ? sprintf("%4d ", ++row) : "") $0 }' | sort
}

look() {
	section links
	ip -o link
	section addresses
	ip -o address
	section routes
	ip route show table all
	ip rule
	section firewall
	iptables-legacy-save 2>/dev/null
	ip6tables-legacy-save 2>/dev/null
	nft list ruleset 2>/dev/null
	section mounts
	lines_of /proc/self/mountinfo
	section cgroups
	find /sys/fs/cgroup -type d -path "*/$cgroup*" 2>/dev/null
	lines_of /sys/fs/cgroup/cgroup.subtree_control
	lines_of /sys/fs/cgroup/unified/cgroup.subtree_control
	section sysctls
	grep -rs . /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf \
		/proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/bridge
	section locks
	lines_of /proc/locks
	section namespaces
	readlink /proc/[0-9]*/ns/* 2>/dev/null
	section files
	# What stays by intention: ids once given away, logs, the empty directories of the state and the
	# file that locks it, what has happened. What a test writes itself: configuration and root filesystems.
	find /run /etc/cman -xdev \( -path "$dir/log" -o -path "$dir/data" -o -path "$dir/conf.d" \
		-o -path "$dir/rootfs" -o -path /run/etc/work \) -prune -o \
		-not -path "$dir/container.conf" -not -path "$dir/state" \
		-not -path "$dir/state/containers" -not -path "$dir/state/networks" \
		-not -path "$dir/state/networks.lock" -not -path "$dir/state/events" \
		-not -path "$dir/state/events.1" -not -name xtables.lock -printf '%p %y %m %u\n' 2>/dev/null
}

# No process but ours looks: what this shell starts would be seen as well. What a supervisor runs
# when the host's name servers change is there for a moment, and not without the supervisor: first as a child
# of its name, at last as one that has ended and has no arguments any more, or is gone when one looks again.
is_child_of_supervisor() { # ENTRY
	local parent name=

	read -r _ _ _ parent _ 2>/dev/null <"$1/stat" || return 0
	read -r name 2>/dev/null <"/proc/$parent/comm"
	[ "$name" = cman-supervisor ]
}
rest=$(look)
processes=()
for entry in /proc/[0-9]*; do
	pid=${entry#/proc/}
	# The first is the machine itself, which takes another name when it is ready.
	[ "$pid" != 1 ] && [ "$pid" != $$ ] && [ "$pid" != "$PPID" ] || continue
	name=
	read -r name 2>/dev/null <"$entry/comm" || continue
	mapfile -d '' -t arguments 2>/dev/null <"$entry/cmdline" || continue
	[ "${arguments[0]:-} ${arguments[3]:-}" != "cman refresh" ] || continue
	case $name in
	cman | cman-supervisor) is_child_of_supervisor "$entry" || processes+=("$pid $name") ;;
	timeout | nsenter) ;;
	*) processes+=("$pid $name") ;;
	esac
done

{
	echo "$rest"
	section processes
	printf '%s\n' "${processes[@]}"
} | tidy
