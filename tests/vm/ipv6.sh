#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# ipv6.sh BUILD [KIND...]: a network with a subnet6 on a stock Debian kernel whose modules for it are
# not loaded yet, with either backend; what has no IPv6 loads none of them. See lib.sh.
set -eu
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
kinds="iptables nftables"
cgroups=v2
libraries="$libraries libnftables.so.1"

fetch() { chroot /srv/web /bin/busybox timeout 60 /bin/busybox wget -q -O - "$1"; }
answers() { [ "$(fetch "$1")" = "a page" ]; }
is_loaded() { grep -q "^$1 " /proc/modules; }

inside() {
	cman=$build/cman
	prepare_host
	ip address add 192.0.2.7/32 dev lo
	ip -6 address add 2001:db8:9::7/128 dev lo
	cat > /etc/cman/container.conf <<-END
	firewall : { backend = "$kind"; };
	networks : { cman0 : { subnet = "10.83.0.0/16"; };
		six : { subnet = "10.91.0.0/24"; subnet6 = "fd00:91::/64"; }; };
	END
	for name in web six; do
		cat > /etc/cman/conf.d/$name.conf <<-END
		rootfs : { path = "/srv/web"; mode = "volatile"; };
		command = [ "/bin/busybox", "httpd", "-f", "-p", "[::]:80", "-h", "/www" ];
		stop_signal = "SIGKILL";
		END
	done
	echo 'net : { ports = [ "8080:80" ]; };' >> /etc/cman/conf.d/web.conf
	echo 'net : { network = "six"; ports = [ "8086:80" ]; };' >> /etc/cman/conf.d/six.conf
	for module in ip6_tables br_netfilter; do
		! is_loaded $module || fail "$module is loaded already"
	done
	"$cman" up web || fail "up of web"
	within 10 answers http://192.0.2.7:8080/ || fail "web does not answer"
	! is_loaded ip6_tables || fail "IPv4 alone loads ip6_tables"
	"$cman" up six || fail "up of six"
	for url in http://192.0.2.7:8086/ 'http://[2001:db8:9::7]:8086/' 'http://[::1]:8086/' 'http://[fd00:91::1]:8086/'; do
		within 10 answers "$url" || fail "six does not answer $url"
	done
	[ "$kind" = nftables ] || is_loaded ip6table_nat || fail "ip6table_nat is not loaded"
	"$cman" check > /tmp/output || { cat /tmp/output; fail "check"; }
	grep -q "nothing has drifted" /tmp/output || { cat /tmp/output; fail "drift"; }
	"$cman" down --all || fail "down"
	[ "$(cat /proc/sys/net/ipv6/conf/all/forwarding)" = 0 ] || fail "IPv6 is forwarded still"
	echo "passed"
}

outside() {
	mkdir "$tree/files/web/www"
	echo "a page" > "$tree/files/web/www/index.html"
}

run_test "$@"
