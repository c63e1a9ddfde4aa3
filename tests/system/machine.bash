# SPDX-License-Identifier: GPL-2.0-or-later
# machine.bash DIR SECONDS ROOTFS: first process of a test's machine (lib.bash), already in its
# namespaces. Sets them up, says so in the FIFO DIR/ready and reaps orphans until SECONDS are over.
set -euo pipefail

dir=$1
seconds=$2
rootfs=$3

# Before Linux 6.3 tmpfs cannot be idmapped: there the root filesystems lie on disk.
idmaps_tmpfs() {
	local major minor

	IFS=.- read -r major minor _ </proc/sys/kernel/osrelease
	((major > 6 || (major == 6 && minor >= 3)))
}

# A /sys of this network namespace, with the cgroups of the old one.
exec 4<"$rootfs" 5<"$dir"
mkdir "$dir/cgroup"
mount --rbind /sys/fs/cgroup "$dir/cgroup"
mount -t sysfs sysfs /sys
mount --rbind "$dir/cgroup" /sys/fs/cgroup
umount -l "$dir/cgroup"

# Files of its own where cman writes and where it looks.
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/etc/upper /run/etc/work /run/test/{conf.d,rootfs} /run/rootfs /run/netns
mount -t overlay -o lowerdir=/etc,upperdir=/run/etc/upper,workdir=/run/etc/work overlay /etc
rm -f /etc/resolv.conf
echo "nameserver 192.0.2.1" >/etc/resolv.conf
mount --bind "/proc/self/fd/4" /run/rootfs
if ! idmaps_tmpfs; then
	mkdir -p "$dir/disk"
	mount --bind "$dir/disk" /run/test/rootfs
fi

echo machine >/proc/sys/kernel/hostname
echo 0 >/proc/sys/net/ipv4/ip_forward
for interface in all default; do
	echo 0 >/proc/sys/net/ipv6/conf/$interface/accept_dad
done
mount --make-rshared /run/netns 2>/dev/null || true
ip netns add outside
# The kernel puts off by up to a second what it tells of the carrier of a link whose number is that of
# its peer.
ip -batch - <<-'END'
	link set lo up
	link add uplink0 index 100 type veth peer name uplink1 netns outside
	address add 192.0.2.2/24 dev uplink0
	link set uplink0 up
	route add default via 192.0.2.1
END
ip -n outside -batch - <<-'END'
	link set lo up
	address add 192.0.2.1/24 dev uplink1
	link set uplink1 up
END

# A table exists in a network namespace from its first use on: not a change to be blamed on cman. A
# kernel may have none of them.
for family in iptables ip6tables; do
	printf '*%s\nCOMMIT\n' filter nat mangle raw | "$family-legacy-restore" -w --noflush || true
done

# The kernel tells the carrier a little later; a snapshot is not to see it come.
for ((try = 0; try < 200; try++)); do
	read -r state </sys/class/net/uplink0/operstate
	[ "$state" != up ] || break
	sleep 0.01
done

echo ready >"$dir/ready"
# With SIGCHLD ignored the kernel reaps whatever is reparented to us. When we end, all ends.
exec env --ignore-signal=CHLD sleep "$seconds"
