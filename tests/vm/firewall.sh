#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# firewall.sh BUILD [KIND...]: which backend "auto" takes on a stock Debian kernel whose modules are
# not loaded yet, and whether a published port answers then. Kinds: both (iptables and nftables are
# there), nft (no modules of the legacy tables), forbidden (the kernel's command line forbids them),
# manual (nftables where the kernel may not start modprobe), neither (no modules of either). See lib.sh.
set -eu
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
kinds="both nft forbidden manual neither"
cgroups=v2
libraries="$libraries libnftables.so.1"

words_of() {
	[ "$1" != forbidden ] || echo "module_blacklist=ip_tables,ip6_tables,iptable_raw,iptable_filter,iptable_nat"
}

# But for what cman keeps from its first command on.
had() { snapshot 2>/dev/null | grep -vE '^/run/cman/(events|networks.lock)$'; }

# refused BACKEND WORDS...: up fails with that backend, says so, and leaves nothing.
refused() {
	echo "firewall : { backend = \"$1\"; };" > /etc/cman/container.conf
	shift
	had > /tmp/before
	if "$cman" up web > /tmp/output 2>&1; then fail "up is possible"; fi
	cat /tmp/output
	! grep -q libkmod /tmp/output || fail "a library writes to the administrator"
	for words; do
		grep -q "$words" /tmp/output || fail "no word of $words"
	done
	had > /tmp/after
	cmp /tmp/before /tmp/after || { diff /tmp/before /tmp/after || :; fail "left over"; }
}

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
	neither) find /lib/modules '(' -name 'ip_tables.ko*' -o -name 'nf_tables.ko*' ')' -exec rm {} + ;;
	manual)
		modprobe bridge
		modprobe veth
		modprobe overlay
		echo /nothing > /proc/sys/kernel/modprobe ;;
	esac
	if [ -e /sys/module/ip_tables ] || [ -e /sys/module/nf_tables ]; then fail "loaded already"; fi
	remedy='firewall.backend = "nftables"'
	case $kind in
	both)
		web auto iptables
		web nftables nftables ;;
	nft)
		web auto nftables
		if "$cman" -v check > /tmp/output 2>&1; then :; else cat /tmp/output; fail check; fi
		refused iptables "legacy iptables table" "ip_tables" "$remedy" ;;
	forbidden)
		web auto nftables
		[ ! -e /sys/module/ip_tables ] || fail "loaded, though forbidden"
		refused iptables "legacy iptables table" "load module ip_tables" "command line forbids" "$remedy" ;;
	manual)
		web nftables nftables ;;
	neither)
		refused auto "neither" "nf_tables" "ip_tables" 'firewall.backend = "none"'
		refused nftables "nf_tables" ;;
	esac
	echo "passed"
}

outside() {
	mkdir "$tree/files/web/www"
	echo "a page" > "$tree/files/web/www/index.html"
}

run_test "$@"
