#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# run.sh: one script in a throw-away virtual machine, with a stock Debian kernel, busybox as its
# root file system in memory, and the cgroups one wants; or a whole Debian with its own init, from a
# disk that image.sh has made; or with a bigger root, in a time of its own. Nothing of it touches this
# host.
#
# usage: run.sh [options] SCRIPT [ARGUMENT...]
#        run.sh -n               only get what it needs, and tell the kernel's directory; 125 and a
#                                message where that fails
#   -b FILE      also copy this program with the libraries it needs, to the same path
#   -d DIR       also copy this tree over the root
#   -c CGROUPS   what is mounted: v2 (default), v1, hybrid (v1 controllers and a bare v2 tree), none
#   -m MIB       memory (default 512)
#   -s NUMBER    processors (default 1)
#   -t SECONDS   give up after that long (default 120)
#   -k WORDS     more words for the kernel command line
#   -i IMAGE     boot this disk with its own init, which mounts what it thinks fit (-c has no meaning).
#                SCRIPT is run when that has come up; then the machine is shut down by its init
#   -N           a newer kernel, of Debian's backports for the release that runs here
#   -w           the disk keeps what the machine writes, so that it can be booted again; else nothing
#                is kept, and two machines may have one disk
#   -r IMAGE     this file system of ext4 as the root instead of busybox; it is mapped into the machine's
#                memory, and nothing is kept of what is written to it. Time is counted there: each
#                instruction is a nanosecond, and where nothing is to be done the next timer is due at
#                once. So a second is worth the same however busy this host is, and sleeping costs
#                none. One processor
# A script that ends the machine itself, without a shutdown, leaves its status with /etc/vm/status:
#   /etc/vm/status 0; echo b >/proc/sysrq-trigger     # the power is cut; what was not synced is lost
# exit: the script's own status (0 to 123), 124 out of time, 125 no machine or it died
#
# Needs qemu-system-x86 busybox-static cpio kmod. The kernel package is downloaded once (30 MB)
# and unpacked into a cache, $CMAN_VM_CACHE or /var/tmp/cman-vm; delete it as you like. Emulated
# in software (VM_ACCEL=kvm where that works): three seconds until the script begins.
set -eu -o pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
cache=${CMAN_VM_CACHE:-/var/tmp/cman-vm}
package=${VM_KERNEL:-linux-image-cloud-amd64}
modules="virtio_pci virtio_blk nfit nd_pmem overlay ext4 xfs quota_v2 veth bridge br_netfilter macvlan dummy tun loop ip_tables iptable_raw iptable_filter
	iptable_nat iptable_mangle ip6table_filter ip6table_nat xt_MASQUERADE xt_nat xt_conntrack
	xt_comment xt_addrtype xt_mac xt_tcpudp xt_multiport xt_REDIRECT xt_mark nf_conntrack nf_nat
	nf_tables nft_chain_nat nft_ct nft_masq nft_nat nft_fib_inet nft_compat
	sch_ingress cls_bpf sch_tbf"

fail() { echo "vm: $*" >&2; exit 125; }

programs=() trees=() cgroups=v2 memory=512 processors=1 limit=120 words='' only_get=''
image='' snapshot=on root_image='' newer='' apt=()
while getopts nNwb:d:c:m:s:t:k:i:r: option; do
	case $option in
	n) only_get=1 ;;
	N) newer=1 ;;
	b) programs+=("$OPTARG") ;;
	d) trees+=("$OPTARG") ;;
	c) cgroups=$OPTARG ;;
	m) memory=$OPTARG ;;
	s) processors=$OPTARG ;;
	t) limit=$OPTARG ;;
	k) words=$OPTARG ;;
	i) image=$OPTARG ;;
	w) snapshot=off ;;
	r) root_image=$OPTARG ;;
	*) exit 125 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || [ -n "$only_get" ] || fail "no script given"
case $cgroups in v2 | v1 | hybrid | none) ;; *) fail "-c v2, v1, hybrid or none" ;; esac
for file in $image $root_image; do
	[ -f "$file" ] || fail "no disk $file"
done
[ -z "$root_image" ] || { [ -z "$image" ] && [ "$processors" = 1 ]; } || fail "-r goes without -i and -s"
for tool in qemu-system-x86_64 busybox cpio depmod flock apt-get dpkg; do
	command -v $tool >/dev/null || fail "$tool is missing"
done

# Backports are had from where the release itself is, by lists of their own: those of this host stay.
use_backports() {
	local own=$cache/backports release uri

	# shellcheck source=/dev/null
	release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	# shellcheck disable=SC2016 # words of apt-get's
	uri=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Identifier: Packages' |
		sed -n "s/^$release //p" | head -1)
	[ -n "$uri" ] || fail "no archive of $release in the sources of apt-get"
	mkdir -p "$own"/lists/partial "$own"/cache/archives/partial
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $release-backports main" \
		>"$own/sources.list"
	apt=(-o "Dir::Etc::SourceList=$own/sources.list" -o Dir::Etc::SourceParts=/dev/null
		-o "Dir::State::Lists=$own/lists" -o "Dir::Cache=$own/cache")
}

newest_kernel() {
	local deb

	deb=$(apt-cache ${apt[@]+"${apt[@]}"} depends "$package" 2>/dev/null |
		awk '/Depends: linux-image-/ { print $2; exit }') || true
	deb=${deb:-$package}
	kernel=$cache/$deb
}

# The kernel, out of its package without being installed: $kernel/root, $version.
get_kernel() {
	[ -z "$newer" ] || use_backports
	newest_kernel
	if [ -n "$newer" ] && ! [ -e "$kernel/complete" ]; then
		apt-get "${apt[@]}" -qq -o APT::Sandbox::User=root update ||
			fail "no kernel: apt-get update failed for backports"
		newest_kernel
	fi
	if ! [ -e "$kernel/complete" ]; then
		rm -rf "$kernel"
		mkdir -p "$kernel/package"
		(cd "$kernel/package" && apt-get ${apt[@]+"${apt[@]}"} -qq -o APT::Sandbox::User=root download "${kernel##*/}") ||
			fail "no kernel: apt-get download ${kernel##*/} failed"
		dpkg -x "$kernel"/package/*.deb "$kernel/root"
		rm -r "$kernel/package"
		depmod -b "$kernel/root" "$(ls "$kernel/root/lib/modules")"
		touch "$kernel/complete"
	fi
	version=$(ls "$kernel/root/lib/modules")
}

# Stage 1: out of the initramfs, in which pivot_root(2) does not work.
first_stage() {
	cat <<'EOF'
#!/bin/sh
[ ! -d /payload ] || exec /sbin/to-disk
mount -t tmpfs -o mode=755 root /new
for entry in /*; do
	[ "$entry" = /new ] || cp -a "$entry" /new/
done
exec switch_root /new /sbin/second-stage
EOF
}

# The other one: over to the disk and its own init, which is to run /etc/vm/run; or to ours there.
to_disk() {
	cat <<'EOF'
#!/bin/sh
mount -t devtmpfs dev /dev
mount -t proc proc /proc
if [ -e /payload/etc/vm/in-memory ]; then
	drivers="nfit nd_pmem" disk=/dev/pmem0
else
	drivers="virtio_pci virtio_blk" disk=/dev/vda
fi
for module in $drivers ext4; do
	modprobe $module
done
i=0
until mount -t ext4 -o noatime $disk /new || [ $i -gt 20 ]; do
	i=$((i + 1))
	sleep 0.2
done
[ -d /new/etc ] || { echo "no root on the disk"; poweroff -f; }
mkdir -p /new/etc/vm
cp -a /payload/. /new/
cp /sbin/when-up /new/etc/vm/run
cp /sbin/tell-status /new/etc/vm/status
umount /proc
if [ -e /new/etc/vm/in-memory ]; then
	umount /dev
	cp /sbin/second-stage /new/etc/vm/init
	exec switch_root /new /etc/vm/init
fi
mount --move /dev /new/dev
exec switch_root /new /sbin/init
EOF
}

when_up() {
	cat <<'EOF'
#!/bin/sh
exec </dev/null >/dev/ttyS0 2>&1
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb
cd /root
status=0
/etc/vm/start || status=$?
/etc/vm/status $status
poweroff
EOF
}

# A serial port of its own. What is written there is with qemu when this returns.
tell_status() {
	cat <<'EOF'
#!/bin/sh
echo $1 >/dev/ttyS1
EOF
}

# Stage 2: a plain host, then the script, then power off.
second_stage() {
	cat <<'EOF'
#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
ln -s /proc/self/fd /dev/fd
mkdir -p /dev/pts /dev/shm /dev/mqueue
mount -t devpts -o ptmxmode=666,gid=0 devpts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t tmpfs -o mode=755 run /run
chmod 1777 /tmp
mount -t mqueue mqueue /dev/mqueue
mount -t securityfs security /sys/kernel/security
mount_v1() { # DIRECTORY OPTIONS
	mkdir -p /sys/fs/cgroup/$1
	mount -t cgroup -o $2 cgroup /sys/fs/cgroup/$1
}
case $(cat /etc/vm/cgroups) in
v2)
	mount -t cgroup2 -o nsdelegate cgroup2 /sys/fs/cgroup ;;
v1 | hybrid)
	mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
	mount_v1 systemd none,name=systemd
	mount_v1 cpu,cpuacct cpu,cpuacct
	for controller in pids memory devices freezer cpuset blkio; do
		mount_v1 $controller $controller
	done
	if [ "$(cat /etc/vm/cgroups)" = hybrid ]; then
		mkdir /sys/fs/cgroup/unified
		mount -t cgroup2 -o nsdelegate cgroup2 /sys/fs/cgroup/unified
	fi ;;
esac
mount --make-rshared /
ip link set lo up
hostname vm
cd /root
status=0
/etc/vm/start </dev/null || status=$?
sync
echo $status >/dev/ttyS1
/bin/busybox poweroff -f
EOF
}

# What is the same for each machine: static busybox and modules, packed once.
pack_base() {
	local root=$kernel/base sum module file
	base=$kernel/base.cpio
	sum=$(sha256sum "${BASH_SOURCE[0]}" "$(command -v busybox)")
	[ "$(cat "$base.sum" 2>/dev/null)" != "$sum" ] || return 0
	rm -rf "$root"
	mkdir -p "$root"/{bin,sbin,usr,etc/vm,proc,sys,dev,run,tmp,root,new,var/lib,var/log}
	mkdir -p "$root/lib/modules/$version"
	cp "$(command -v busybox)" "$root/bin/busybox"
	busybox --list-full | while read -r file; do
		file=$root/${file#usr/}
		mkdir -p "${file%/*}"
		[ -e "$file" ] || ln -s /bin/busybox "$file"
	done
	ln -s ../bin ../sbin "$root/usr/"
	for module in $modules; do
		modprobe -d "$kernel/root" -S "$version" --show-depends "$module" 2>/dev/null || true
	done | awk '$1 == "insmod" { print $2 }' | sort -u | while read -r file; do
		mkdir -p "$root/$(dirname "${file#"$kernel"/root/}")"
		cp "$file" "$root/${file#"$kernel"/root/}"
	done
	cp "$kernel/root/lib/modules/$version"/modules.{order,builtin,builtin.modinfo} \
		"$root/lib/modules/$version/"
	depmod -b "$root" "$version"
	printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n' >"$root/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
	first_stage >"$root/init"
	second_stage >"$root/sbin/second-stage"
	to_disk >"$root/sbin/to-disk"
	when_up >"$root/sbin/when-up"
	tell_status >"$root/sbin/tell-status"
	chmod 755 "$root/init" "$root"/sbin/{second-stage,to-disk,when-up,tell-status}
	(cd "$root" && find . | cpio -o -H newc --quiet) >"$base"
	rm -rf "$root"
	echo "$sum" >"$base.sum"
}

# What this machine is for: a second archive, which the kernel unpacks over the first.
pack_payload() { # SCRIPT ARGUMENT...
	local root=$work/root${disk:+/payload} name program tree file
	mkdir -p "$root/etc/vm"
	[ -z "$root_image" ] || touch "$root/etc/vm/in-memory"
	for tree in ${trees[@]+"${trees[@]}"}; do
		cp -a "$tree/." "$root/"
	done
	for name in ${programs[@]+"${programs[@]}"}; do
		program=$(command -v "$name") || fail "no program $name"
		program=$(realpath "$program")
		{ echo "$program"; ldd "$program" 2>/dev/null | grep -o '/[^ )]*' || true; } |
			while read -r file; do
				mkdir -p "$root$(dirname "$file")"
				cp -L "$file" "$root$file"
			done
	done
	echo "$cgroups" >"$root/etc/vm/cgroups"
	install -m 755 "$1" "$root/etc/vm/script"
	install -m 644 "$here"/lib*.sh "$root/etc/vm/"
	shift
	{ echo '#!/bin/sh'; printf 'exec /etc/vm/script'; [ $# -eq 0 ] || printf ' %q' "$@"; echo; } \
		>"$root/etc/vm/start"
	chmod 755 "$root/etc/vm/start"
	(cd "$work/root" && find . -mindepth 1 | cpio -o -H newc --quiet)
}

mkdir -p "$cache"
# One at a time: several machines may be started side by side.
exec 9>"$cache/lock"
flock 9
get_kernel
[ -z "$only_get" ] || { echo "$kernel/root"; exit 0; }
work=$(mktemp -d "$cache/run.XXXXXX")
trap 'rm -rf "$work"' EXIT
pack_base
cp "$base" "$work/initrd"
exec 9>&-

# The TSC is this host's own here, and may jump where the host is a machine that was held: no clock.
clock="tsc=unstable clocksource=hpet"
disk=() cpu=max
# What the machine has written is safe while this host runs: a power cut is one of the machine.
[ -z "$image" ] || disk=(-drive "file=$image,if=virtio,format=raw,cache=unsafe,snapshot=$snapshot")
if [ -n "$root_image" ]; then
	bytes=$(stat -c %s "$root_image")
	# Not a disk: who waits for one does nothing, so that hours of the machine would go by. A page
	# is cleared faster without the instructions that are fast where they are not emulated.
	# shellcheck disable=SC2054 # commas of qemu
	disk=(-machine nvdimm=on -icount shift=0,sleep=off
		-object "memory-backend-file,id=root,share=off,mem-path=$root_image,size=$bytes"
		-device nvdimm,id=nvdimm,memdev=root,unarmed=off)
	memory=$memory,slots=1,maxmem=$((memory + bytes / 1048576 + 1024))M
	clock="tsc=reliable clearcpuid=rep_good init_on_alloc=0"
	# cmpxchg16b, on which newer kernels build, spoils the flags (seen with qemu 7.2).
	cpu=qemu64,+rdrand,-cx16
fi
pack_payload "$@" >>"$work/initrd"

result=0
# What has been translated of a program is used again only where it lies at the same address: norandmaps
# makes a machine two to three times as fast.
timeout -k 2 "$limit" qemu-system-x86_64 -nodefaults -no-user-config -no-reboot -display none \
	-machine "q35,accel=${VM_ACCEL:-tcg}" -cpu $cpu -m "$memory" -smp "$processors" \
	-kernel "$kernel/root/boot/vmlinuz-$version" -initrd "$work/initrd" \
	-append "console=ttyS0 quiet panic=-1 oops=panic mitigations=off nokaslr norandmaps no_timer_check
		randomize_kstack_offset=off hardened_usercopy=off nowatchdog $clock $words" ${disk[@]+"${disk[@]}"} \
	-serial stdio -serial "file:$work/status" </dev/null || result=$?
case $result in
0) ;;
124 | 137) echo "vm: no end within $limit s" >&2; exit 124 ;;
*) exit 125 ;;
esac
status=$(tr -dc 0-9 <"$work/status")
exit "${status:-125}"
