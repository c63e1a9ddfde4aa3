#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# egress.sh BUILD [KIND...]: net.egress on a stock Debian kernel whose br_netfilter is not loaded yet: it
# is, and looks at no bridge but the one that needs it. Kinds: iptables, nftables, and without (no
# such module). See lib.sh.
set -eu
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
kinds="iptables nftables without"
cgroups=v2
libraries="$libraries libnftables.so.1"

nf=/proc/sys/net/bridge/bridge-nf-call
# asks SECONDS NAME ADDRESS: that long for an answer.
asks() { "$cman" exec "$2" -- /bin/busybox timeout "$1" /bin/busybox wget -q -O - "http://$3/"; }
filters() { cat "/sys/class/net/$1/bridge/nf_call_iptables" "/sys/class/net/$1/bridge/nf_call_ip6tables" | tr -d '\n'; }
switches() { cat $nf-iptables $nf-ip6tables $nf-arptables | tr -d '\n'; }

container() { # NAME ADDRESS MORE
	cat > "/etc/cman/conf.d/$1.conf" <<-END
	rootfs : { path = "/srv/web"; mode = "volatile"; };
	command = [ "/bin/busybox", "httpd", "-f", "-p", "80", "-h", "/www" ];
	stop_signal = "SIGKILL";
	net : { ip = "10.83.0.$2"; $3 };
	END
}

kept() {
	"$cman" up web other || fail "up"
	[ "$(switches)" = 000 ] || fail "other bridges are looked at: $(switches)"
	[ "$(filters cman0) $(filters foreign)" = "11 00" ] || fail "$(filters cman0) $(filters foreign)"
	[ "$(asks 60 other 10.83.0.10)" = "a page" ] || fail "other does not reach web"
	if asks 2 web 10.83.0.11; then fail "web reaches other"; fi
	if asks 2 web 10.83.0.1; then fail "web reaches the host"; fi
	"$cman" exec web -- /bin/busybox timeout 60 /bin/busybox wget -q -O - http://10.83.0.11:81/ 2>&1 |
		grep -q refused || fail "what is allowed does not arrive"
	"$cman" down web || fail "down"
	[ "$(filters cman0)" = 00 ] || fail "still looked at"
	# Somebody wants all bridges looked at, now that the module is there: that stays.
	echo 1 > $nf-iptables
	"$cman" up web || fail "up again"
	[ "$(switches)" = 100 ] || fail "switches of others: $(switches)"
	"$cman" down web other || fail "down of both"
}

inside() {
	cman=$build/cman
	prepare_host
	ip link add foreign type bridge
	if [ "$kind" = without ]; then
		find /lib/modules -name 'br_netfilter.ko*' -exec rm {} +
	else
		echo "firewall : { backend = \"$kind\"; };" > /etc/cman/container.conf
	fi
	container web 10 'egress : { default = "deny"; allow = [ "tcp:81" ]; };'
	container other 11 ''
	[ ! -e /proc/sys/net/bridge ] || fail "br_netfilter is there already"
	if [ "$kind" = without ]; then
		if "$cman" up web > /tmp/output 2>&1; then fail "up without br_netfilter"; fi
		grep -q "net.egress.*br_netfilter" /tmp/output || { cat /tmp/output; fail "no reason"; }
		grep -q "networks.cman0.icc = false" /tmp/output || { cat /tmp/output; fail "no way out"; }
		! ip link show cman0 2> /tmp/output || fail "a bridge is left"
	else
		kept
	fi
	echo "passed"
}

outside() {
	mkdir "$tree/files/web/www"
	echo "a page" > "$tree/files/web/www/index.html"
}

run_test "$@"
