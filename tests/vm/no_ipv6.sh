#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# no_ipv6.sh BUILD [KIND...]: a kernel that was told ipv6.disable=1: networks of IPv4 are what they
# always are, with either backend and with net.egress; one with a subnet6 is refused before anything
# happens. See lib.sh.
set -eu
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
kinds="iptables nftables"
cgroups=v2
kernel_words=ipv6.disable=1
libraries="$libraries libnftables.so.1"

fetch() { chroot /srv/web /bin/busybox timeout 60 /bin/busybox wget -q -O - "$1"; }
answers() { [ "$(fetch "$1")" = "a page" ]; }

container() { # NAME NET
	cat > "/etc/cman/conf.d/$1.conf" <<-END
	rootfs : { path = "/srv/web"; mode = "volatile"; };
	command = [ "/bin/busybox", "httpd", "-f", "-p", "80", "-h", "/www" ];
	stop_signal = "SIGKILL";
	net : { $2 };
	END
}

inside() {
	cman=$build/cman
	prepare_host
	[ ! -e /proc/net/if_inet6 ] || fail "there is IPv6"
	ip address add 192.0.2.7/32 dev lo
	cat > /etc/cman/container.conf <<-END
	firewall : { backend = "$kind"; };
	networks : { cman0 : { subnet = "10.83.0.0/16"; };
		six : { subnet = "10.91.0.0/24"; subnet6 = "fd00:91::/64"; }; };
	END
	container web 'ports = [ "8080:80" ];'
	container kept 'egress : { default = "deny"; };'
	container six 'network = "six";'
	# The first command makes the state directory.
	"$cman" up web || fail "first up"
	"$cman" down web || fail "first down"
	snapshot > /tmp/before
	"$cman" up web kept || fail "up"
	within 10 answers http://192.0.2.7:8080/ || fail "web does not answer"
	answers http://127.0.0.1:8080/ || fail "web does not answer on 127.0.0.1"
	if "$cman" exec kept -- /bin/busybox timeout 2 /bin/busybox wget -q -O - http://10.83.0.1:8080/; then
		fail "what may call nothing does"
	fi
	"$cman" check > /tmp/output || { cat /tmp/output; fail "check"; }
	grep -q "nothing has drifted" /tmp/output || { cat /tmp/output; fail "drift"; }
	"$cman" trace web 192.0.2.7:8080 > /tmp/output || { cat /tmp/output; fail "trace"; }
	if "$cman" up six > /tmp/output 2>&1; then fail "six is up"; fi
	for words in "network six has a subnet6, and this kernel no IPv6" "take subnet6 out of networks.six"; do
		grep -q "$words" /tmp/output || { cat /tmp/output; fail "no reason"; }
	done
	"$cman" down --all || fail "down"
	snapshot > /tmp/after
	diff /tmp/before /tmp/after || fail "something is left"
	echo "passed"
}

outside() {
	mkdir "$tree/files/web/www"
	echo "a page" > "$tree/files/web/www/index.html"
}

run_test "$@"
