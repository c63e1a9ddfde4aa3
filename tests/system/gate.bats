#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the host's end of a container's link lets through: net.antispoof, net.isolate, net.bandwidth.
# shellcheck disable=SC2154 # output and status are set by run

load lib
FORGE=${CMAN%/*}/probe_forge
RATE=${CMAN%/*}/probe_rate

# A container that sleeps, with both probes; further lines for its file on standard input.
prober() {
	[ -x "$FORGE" ] && [ -x "$RATE" ] || { echo "no $FORGE: run make check-system"; return 1; }
	sleeper "$1"
	machine cp "$FORGE" "$RATE" "$T/rootfs/$1/bin/"
}

NET6='networks : { cman0 : { subnet = "10.83.0.0/16"; subnet6 = "fd00:83::/64"; }; };'
OWN="own-arp own-ip4 own-ip6 own-ip6-local own-na own-na-options own-ns"
FORGED="arp-ip arp-mac arp-zero dad ethertype ip4 ip4-mac ip4-zero ip6 ip6-local ip6-mac na na-options ra redirect vlan"

sorted() { printf '%s\n' "$@" | sort | xargs; }

# What is heard on LINK while the container a sends one frame of each kind, to MAC or to all.
heard() { # LINK [MAC]
	local hearer

	machine timeout 20 "$FORGE" hear 1500 "$1" >"$BATS_TEST_TMPDIR/heard" \
		2>"$BATS_TEST_TMPDIR/hearer" 3>&- &
	hearer=$!
	wait_until 5 grep -q ready "$BATS_TEST_TMPDIR/hearer"
	within a probe_forge send eth0 10.83.0.10 fd00:83::a 10.83.0.11 fd00:83::b "${@:2}" >"$BATS_TEST_TMPDIR/sent"
	wait "$hearer"
	assert_equal "$(sort "$BATS_TEST_TMPDIR/sent" | xargs)" "$(sorted $OWN $FORGED)" >&2
	xargs <"$BATS_TEST_TMPDIR/heard"
}

@test "antispoof: with NET_RAW only what is its own gets out of a container" {
	write_manager "$NET6"
	prober a <<<'net : { ip = "10.83.0.10"; ip6 = "fd00:83::a"; }; security : { cap_add = [ "NET_RAW" ]; };'
	sleeper b <<<'net : { ip = "10.83.0.11"; ip6 = "fd00:83::b"; };'
	run_ok cman up a b
	assert_equal "$(heard c-b)" "$(sorted $OWN)"
	assert_equal "$(heard cman0)" "$(sorted $OWN)"
	# Not even what is for the host alone.
	assert_equal "$(heard c-b "$(machine cat /sys/class/net/cman0/address)")" ""
	run_ok machine tc -s qdisc show dev c-a clsact
	assert_match "$output" 'dropped [1-9]'
}

@test "antispoof = false: all of it does" {
	write_manager "$NET6"
	prober a <<<'net : { ip = "10.83.0.10"; ip6 = "fd00:83::a"; antispoof = false; }; security : { cap_add = [ "NET_RAW" ]; };'
	sleeper b <<<'net : { ip = "10.83.0.11"; ip6 = "fd00:83::b"; };'
	run_ok cman up a b
	assert_equal "$(heard c-b)" "$(sorted $OWN $FORGED)"
	run_ok machine tc qdisc show dev c-a
	[[ $output != *clsact* ]]
}

# Asking for a neighbour's MAC takes a link-local address that was tried for: flag 40 is gone.
has_link_local() { within a grep -q '^fe80.* 40 20 80 ' /proc/net/if_inet6; }

hears_freebind() {
	local hearer

	wait_until 10 has_link_local || { echo "no link-local address"; return 2; }
	machine timeout 20 "$FORGE" hear 700 c-b >"$BATS_TEST_TMPDIR/heard" \
		2>"$BATS_TEST_TMPDIR/hearer" 3>&- &
	hearer=$!
	wait_until 5 grep -q ready "$BATS_TEST_TMPDIR/hearer"
	run_ok within a probe_forge freebind fd00:83::99 fd00:83::b
	wait "$hearer"
	grep -q freebind "$BATS_TEST_TMPDIR/heard"
}

@test "antispoof: without a capability IPv6 can be forged, too, and is not" {
	write_manager "$NET6"
	prober a <<<'net : { ip = "10.83.0.10"; ip6 = "fd00:83::a"; };'
	server b <<<'net : { ip = "10.83.0.11"; ip6 = "fd00:83::b"; };'
	run_ok cman up a b
	run hears_freebind
	assert_equal "$status" 1
	assert_page a "http://[fd00:83::b]/" "page of b"
	prober a <<<'net : { ip = "10.83.0.10"; ip6 = "fd00:83::a"; antispoof = false; };'
	run_ok cman restart a
	hears_freebind
}

@test "antispoof on an external bridge, and its absence on a macvlan" {
	machine ip link add br9 type bridge
	machine ip address add 10.83.0.1/16 dev br9
	# A port of its own keeps its MAC and its carrier.
	machine ip link add p0 type veth peer name p1
	machine ip link set p0 up master br9
	machine ip link set p1 up
	machine sh -c 'for link in br9 p0 p1; do echo 1 >/proc/sys/net/ipv6/conf/$link/disable_ipv6; done'
	machine ip link set br9 address 02:00:5e:10:00:09 up
	wait_until 5 grep -q up "$(path /sys/class/net/br9/operstate)"
	snapshot >"$BATS_TEST_TMPDIR/before"
	write_manager 'networks : { lan : { external = true; bridge = "br9"; subnet = "10.83.0.0/16"; }; wire : { parent = "uplink0"; subnet = "192.0.2.0/24"; }; };'
	prober a <<<'net : { ip = "10.83.0.10"; }; security : { cap_add = [ "NET_RAW" ]; };'
	sleeper b <<<'net : { ip = "10.83.0.11"; };'
	sleeper c <<<'net : { network = "wire"; ip = "192.0.2.9"; }; security : { cap_add = [ "NET_RAW" ]; };'
	run_ok cman up a b c
	# It has no IPv6 address but the link-local one, so that fd00:83::a is a forged one, too.
	assert_equal "$(heard c-b)" "own-arp own-ip4 own-ip6-local"
	assert_match "$(cman show c)" 'antispoof = false'
}

# --- isolate -----------------------------------------------------------------------------------

no_bridge_netfilter() { machine sh -c 'for f in /proc/sys/net/bridge/bridge-nf-call-*; do [ ! -e $f ] || echo 0 >$f; done'; }

# FROM reaches the page of TO by its addresses, or not at all.
reaches() { # FROM TO NUMBER
	assert_page "$1" "http://10.83.0.$3/" "page of $2"
	assert_page "$1" "http://[fd00:83::$3]/" "page of $2"
}
reaches_not() { # FROM NUMBER
	assert_no_page "$1" "http://10.83.0.$2/"
	assert_no_page "$1" "http://[fd00:83::$2]/"
}

@test "isolate: parted from all others, which reach each other, and reached by host, outside and ports" {
	write_manager "$NET6"
	no_bridge_netfilter
	snapshot >"$BATS_TEST_TMPDIR/before"
	machine mkdir /run/outside
	machine sh -c 'echo page of outside >/run/outside/index.html'
	outside sh -c 'echo $$ >/run/outside/pid; exec busybox httpd -f -p 80 -h /run/outside' 3>&- &
	server a <<<'net : { ip = "10.83.0.10"; ip6 = "fd00:83::10"; isolate = true; ports = [ "8080:80" ]; };'
	server b <<<'net : { ip = "10.83.0.11"; ip6 = "fd00:83::11"; ports = [ "8081:80" ]; };'
	server c <<<'net : { ip = "10.83.0.12"; ip6 = "fd00:83::12"; };'
	server d <<<'net : { ip = "10.83.0.13"; ip6 = "fd00:83::13"; isolate = true; };'
	run_ok cman up a b c d
	reaches b c 12
	reaches c b 11
	for from in b c d; do reaches_not $from 10; done
	for to in 11 12 13; do reaches_not a $to; done
	reaches machine a 10
	reaches machine d 13
	assert_page a http://$OUTSIDE_IP/ "page of outside"
	assert_page outside http://$HOST_IP:8080/ "page of a"
	assert_page machine http://127.0.0.1:8080/ "page of a"
	assert_page b http://10.83.0.1:8080/ "page of a"
	assert_page a http://10.83.0.1:8081/ "page of b"
	assert_page a http://10.83.0.1:8080/ "page of a"
	machine sh -c 'kill $(cat /run/outside/pid); rm -r /run/outside'
}

# As if it were from inside, with what busybox does not have.
in_net() {
	local name=$1

	shift
	machine nsenter --net="/proc/$(pid_of "$name")/ns/net" "$@"
}

no_way_around() { # BACKEND
	write_manager "$NET6 firewall : { backend = \"$1\"; };"
	no_bridge_netfilter
	snapshot >"$BATS_TEST_TMPDIR/before"
	server a <<<'net : { ip = "10.83.0.10"; ip6 = "fd00:83::10"; isolate = true; };'
	server b <<<'net : { ip = "10.83.0.11"; ip6 = "fd00:83::11"; };'
	server c <<<'net : { ip = "10.83.0.12"; ip6 = "fd00:83::12"; };'
	run_ok cman up a b c
	# That these are ways is shown by c.
	for pair in "a 11 b" "b 10 a" "b 12 c" "c 11 b"; do
		read -r from number to <<<"$pair"
		in_net "$from" ip neighbour replace "10.83.0.$number" dev eth0 \
			lladdr "$(within "$to" cat /sys/class/net/eth0/address)"
	done
	assert_page b http://10.83.0.12/ "page of c"
	assert_no_page b http://10.83.0.10/
	assert_no_page a http://10.83.0.11/
	for pair in "a 11" "b 10" "b 12" "c 11"; do
		read -r from number <<<"$pair"
		in_net "$from" ip route add "10.83.0.$number/32" via 10.83.0.1
		in_net "$from" ip -6 route add "fd00:83::$number/128" via fd00:83::1
	done
	reaches b c 12
	reaches_not b 10
	reaches_not a 11
}

@test "isolate: neither routes by the host nor neighbours told by hand lead around it" {
	no_way_around iptables
}

@test "isolate with nftables: likewise" {
	no_way_around nftables
}

@test "isolate: a sibling that calls itself the bridge is not heard, and nothing of the container is" {
	write_manager "$NET6"
	no_bridge_netfilter
	snapshot >"$BATS_TEST_TMPDIR/before"
	prober a <<<'net : { ip = "10.83.0.10"; ip6 = "fd00:83::a"; antispoof = false; }; security : { cap_add = [ "NET_RAW", "NET_ADMIN" ]; };'
	sleeper b <<<'net : { ip = "10.83.0.11"; ip6 = "fd00:83::b"; isolate = true; };'
	sleeper c <<<'net : { ip = "10.83.0.12"; ip6 = "fd00:83::c"; };'
	run_ok cman up a b c
	mac=$(within b cat /sys/class/net/eth0/address)
	assert_equal "$(heard c-b)" ""
	assert_equal "$(heard c-b "$mac")" ""
	within a ip link set eth0 address "$(machine cat /sys/class/net/cman0/address)"
	assert_equal "$(heard c-c "$(within c cat /sys/class/net/eth0/address)")" "$(sorted $OWN $FORGED)"
	assert_equal "$(heard c-b)" ""
	assert_equal "$(heard c-b "$mac")" ""
	# The other way round: what an isolated one sends is for the bridge alone.
	prober a <<<'net : { ip = "10.83.0.10"; ip6 = "fd00:83::a"; antispoof = false; isolate = true; }; security : { cap_add = [ "NET_RAW" ]; };'
	run_ok cman restart a
	assert_equal "$(heard c-c)" ""
	assert_equal "$(heard c-c "$(within c cat /sys/class/net/eth0/address)")" ""
	assert_match "$(heard cman0 "$(machine cat /sys/class/net/cman0/address)")" 'ip4 '
}

@test "isolate of a network is the default of its containers" {
	write_manager 'networks : { cells : { subnet = "10.83.0.0/16"; isolate = true; }; };'
	server a </dev/null
	server b <<<'net : { isolate = false; };'
	server c <<<'net : { isolate = false; };'
	run_ok cman up a b c
	assert_page b "http://$(ip_of c)/" "page of c"
	assert_page machine "http://$(ip_of a)/" "page of a"
	assert_no_page b "http://$(ip_of a)/"
	assert_no_page a "http://$(ip_of b)/"
}

# --- bandwidth ---------------------------------------------------------------------------------

within_limit() { # KBITS LEAST MOST
	[ "$1" -ge "$2" ] && [ "$1" -le "$3" ] || { echo "$1 kbit/s, wanted: $2 to $3"; return 1; }
}

# kbit/s from the container a to the machine, or the other way.
rate_out() { # PROTOCOL MS
	local rate

	rate=$(machine timeout 30 "$RATE" receive "$1" 5001 "$2" 3>&- &
		within a probe_rate send "$1" 10.83.0.1 5001 $(($2 + 1500)) >/dev/null; wait)
	echo "# $1 out: $rate kbit/s" >&3
	echo "$rate"
}
rate_in() {
	local rate

	rate=$(cman exec a -- probe_rate receive "$1" 5001 "$2" 3>&- &
		machine timeout 30 "$RATE" send "$1" 10.83.0.10 5001 $(($2 + 1500)) >/dev/null; wait)
	echo "# $1 in: $rate kbit/s" >&3
	echo "$rate"
}

@test "bandwidth: what goes through is what the file says, both ways" {
	prober a <<<'net : { ip = "10.83.0.10"; bandwidth : { ingress = "40Mbit"; egress = "20Mbit"; }; };'
	prober b <<<'net : { ip = "10.83.0.11"; };'
	run_ok cman up a b
	within_limit "$(rate_out tcp 2000)" 16000 21500
	within_limit "$(rate_in tcp 2000)" 32000 43000
	within_limit "$(rate_out udp 1500)" 14000 21500
	within_limit "$(rate_in udp 1500)" 28000 43000
}

@test "bandwidth: a container that takes its own queue away is held all the same" {
	prober a <<<'net : { ip = "10.83.0.10"; bandwidth : { egress = "20Mbit"; }; }; security : { cap_add = [ "NET_ADMIN" ]; };'
	run_ok cman up a
	in_net a tc qdisc delete dev eth0 root
	within_limit "$(rate_out udp 2000)" 14000 23000
	within_limit "$(rate_out tcp 2000)" 2000 23000
}
