#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# firewall.sh BUILD [KIND...]: which backend "auto" takes on a stock Debian kernel whose modules are
# not loaded yet, and whether a published port answers then. Kinds: both (iptables and nftables are
# there), nft (no modules of the legacy tables), manual (nftables where the kernel may not start
# modprobe). See lib.sh.
set -eu
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
kinds="both nft manual"
cgroups=v2
libraries="$libraries libnftables.so.1"

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
	cman=$build/cman
	prepare_host
	ip address add 192.0.2.7/32 dev lo
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

outside() {
	mkdir "$tree/files/web/www"
	echo "a page" > "$tree/files/web/www/index.html"
}

run_test "$@"
