#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# gate.sh BUILD [KIND...]: antispoof, isolate and bandwidth on a stock Debian kernel. Kinds: modules
# (they are there, but not loaded yet), manual (the kernel may not start modprobe), lacking (they are
# not there: each key that needs one is an error with its name and the module's, and nothing is left
# behind). See lib.sh.
set -eu
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
kinds="modules manual lacking"
cgroups=v2
programs="$programs probe_forge probe_rate"

config() { # NET
	cat > /etc/cman/conf.d/web.conf <<-END
	rootfs   = "/srv/web";
	command  = [ "/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1 & wait; done" ];
	security : { cap_add = [ "NET_RAW" ]; };
	net      : { ip = "10.83.0.10"; $1 };
	END
}

is_ready() { grep -q ready /tmp/hearer; }

# Whether forged frames arrive; true ones do in any case.
forged() {
	"$build/probe_forge" hear 8000 cman0 > /tmp/heard 2> /tmp/hearer &
	hearer=$!
	within 60 is_ready || fail "$(cat /tmp/hearer)"
	"$cman" exec web -- /bin/probe_forge send eth0 10.83.0.10 fd00:83::a 10.83.0.11 fd00:83::b \
		> /tmp/sent || fail "forging"
	wait $hearer
	grep -q '^own-' /tmp/heard || fail "nothing was heard"
	tr '\n' ' ' < /tmp/heard
	grep -qv '^own-' /tmp/heard
}

# refused KEY MODULE NET: with that in the file it does not come up, and says why.
refused() {
	config "$3"
	snapshot > /tmp/before
	if "$cman" up web > /tmp/output 2>&1; then fail "$1 without $2"; fi
	cat /tmp/output
	grep -q "$1 .*web.conf" /tmp/output || fail "no $1"
	grep -q "no $2" /tmp/output || fail "no word of $2"
	snapshot > /tmp/after
	cmp /tmp/before /tmp/after || { diff /tmp/before /tmp/after || :; fail "$1: left over"; }
}

inside() {
	cman=$build/cman
	prepare_host
	if [ "$kind" = manual ]; then
		for module in af_packet bridge veth overlay ip_tables iptable_raw iptable_filter iptable_nat \
			xt_comment xt_conntrack xt_MASQUERADE xt_nat xt_addrtype; do
			modprobe $module 2>/dev/null || : # some are built in
		done
		echo /nothing > /proc/sys/kernel/modprobe
	fi
	if [ "$kind" != lacking ]; then
		config 'antispoof = false;'
		"$cman" up web || fail "up without"
		forged || fail "nothing is forged"
		[ ! -e /sys/module/cls_bpf ] || fail "loaded for nothing"
		"$cman" down web || fail "down"
		config 'bandwidth : { ingress = "20Mbit"; egress = "20Mbit"; };'
		"$cman" up web || fail "up"
		! forged || fail "forged"
		# How much more slowly depends on how fast the machine is emulated.
		"$cman" exec web -- /bin/probe_rate receive tcp 5001 1500 > /tmp/rate &
		"$build/probe_rate" send tcp 10.83.0.10 5001 3000 || fail "send"
		wait $!
		rate=$(cat /tmp/rate)
		echo "$rate kbit/s"
		[ "$rate" -gt 100 ] && [ "$rate" -lt 22000 ] || fail "rate"
		"$cman" down web || fail "down"
	else
		config 'antispoof = false;'
		"$cman" up web || fail "up without"
		"$cman" down web || fail "down"
		modules=$(echo /lib/modules/*/kernel/net/sched)
		mkdir /tmp/away
		mv "$modules"/sch_ingress.ko* "$modules"/cls_bpf.ko* "$modules"/sch_tbf.ko* /tmp/away/
		refused net.bandwidth.egress sch_ingress 'antispoof = false; bandwidth : { egress = "1Mbit"; };'
		refused net.bandwidth.ingress sch_tbf 'antispoof = false; bandwidth : { ingress = "1Mbit"; };'
		mv /tmp/away/sch_ingress.ko* "$modules/"
		refused net.antispoof cls_bpf 'antispoof = true;'
		refused net.isolate cls_bpf 'antispoof = false; isolate = true;'
	fi
	echo "passed"
}

outside() { cp "$build/probe_forge" "$build/probe_rate" "$tree/files/web/bin/"; }

run_test "$@"
