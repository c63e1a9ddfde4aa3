#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# firewall.sh BUILD [KIND...]: which backend "auto" takes on a stock Debian kernel whose modules are
# not loaded yet, and whether a published port answers then. Kinds: both (iptables and nftables are
# there), nft (no modules of the legacy tables), manual (nftables where the kernel may not start
# modprobe). See run.sh.
set -eu

fail() { echo "FAILED: $*"; exit 1; }

fetch() { chroot /srv/web /bin/busybox wget -q -O - "$1"; }

# web BACKEND EXPECTED: up and down with that backend; the rules are where they should be.
web() {
	echo "firewall : { backend = \"$1\"; };" > /etc/cman/container.conf
	"$cman" up web || fail "up with $1"
	[ "$(cut -d' ' -f1 /run/cman/firewall)" = "$2" ] || fail "$1: $(cat /run/cman/firewall)"
	[ "$(fetch http://127.0.0.1:8080/)" = "a page" ] || fail "$1: localhost"
	[ "$(fetch http://192.0.2.7:8080/)" = "a page" ] || fail "$1: the host's address"
	"$cman" down web || fail "down with $1"
	[ ! -e /run/cman/firewall ] || fail "$1: left over"
}

inside() {
	cman=$1 kind=$2
	ip link set lo up
	ip address add 192.0.2.7/32 dev lo
	mkdir -p /srv /etc/cman/conf.d
	chmod 755 / /etc /etc/cman /etc/cman/conf.d /srv
	mount -o loop /rootfs.img /srv
	cat > /etc/cman/conf.d/web.conf <<-END
	rootfs = "/srv/web";
	command = [ "/bin/busybox", "httpd", "-f", "-p", "80", "-h", "/www" ];
	net    : { ports = [ "8080:80" ]; };
	END
	case $kind in
	nft) find /lib/modules -name 'ip_tables.ko*' -exec rm {} + ;;
	manual)
		modprobe bridge
		modprobe veth
		modprobe overlay
		echo /nothing > /proc/sys/kernel/modprobe ;;
	esac
	if [ "$kind" = nft ]; then
		web auto nftables
		if "$cman" -v check > /tmp/output 2>&1; then :; else cat /tmp/output; fail check; fi
		echo 'firewall : { backend = "iptables"; };' > /etc/cman/container.conf
		if "$cman" up web > /tmp/output 2>&1; then fail "iptables without its modules"; fi
		grep -q "legacy iptables table" /tmp/output || { cat /tmp/output; fail "no reason"; }
	elif [ "$kind" = both ]; then
		web auto iptables
		web nftables nftables
	else
		web nftables nftables
	fi
	echo "passed"
}

if [ "$1" = --inside ]; then
	inside "$2" "$3"
	exit 0
fi

here=$(dirname "$(realpath "$0")")
build=$(realpath "$1")
shift
[ $# -gt 0 ] || set -- both nft manual
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/files/web/bin" "$tree/files/web/www" "$tree/root"
for directory in proc sys dev etc tmp root; do mkdir "$tree/files/web/$directory"; done
cp /bin/busybox "$tree/files/web/bin/"
ln -s busybox "$tree/files/web/bin/sh"
echo "root:x:0:0::/root:/bin/sh" > "$tree/files/web/etc/passwd"
for file in hosts hostname resolv.conf; do : > "$tree/files/web/etc/$file"; done
echo "a page" > "$tree/files/web/www/index.html"
truncate -s 16M "$tree/root/rootfs.img"
mke2fs -q -F -t ext4 -d "$tree/files" "$tree/root/rootfs.img"
# cman opens these only when they are needed, so no other tool knows that it wants them.
for name in libkmod.so.2 libnftables.so.1; do
	library=$(ldconfig -p | sed -n "s/.*$name .* => //p" | head -1)
	for file in "$library" $(ldd "$library" | grep -o '/[^ )]*'); do
		mkdir -p "$tree/root$(dirname "$file")"
		cp -L "$file" "$tree/root$file"
	done
done
failed=
for kind; do
	echo "=== firewall: $kind"
	"$here/run.sh" -d "$tree/root" -b "$build/cman" -b "$build/cman-supervisor" \
		"$0" --inside "$build/cman" "$kind" || failed="$failed $kind"
done
[ -z "$failed" ] || { echo "failed with:$failed" >&2; exit 1; }
